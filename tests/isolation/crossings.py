"""Everything that crosses a province's border in the database, with its purpose: the one list to review.

A new crossing stands here or the catalogue test fails. `login` and `broker` are roles nobody logs in as.
"""

SIGN_IN = "the sign-in code looks for an account in every province before it knows whose it is"
RULES = "who sees an instrument may know the rules and days it is booked by"
RECOGNISE = "a request's caller is found by a session or grant, in whatever province"
KEEP = "a file that a row of any province holds is not purged"
REGISTER = "a credit code is unique on the platform: who applies for one that is taken is told so at once"
COUNT = "how many people sign in by each provider of the own province, never who"
PURGE = "rows past their time are deleted for every province at once"
SUSPEND = (
    "an admin who suspends an account of the own province ends what is signed in with it, without reading it"
)
QUALIFIED = "an instrument's province, the holder's and the granting one are told what a person holds towards running it"
DISABLE = "an admin who disables a provider ends what own people have opened through it, without reading it"

POLICIES: dict[tuple[str, str], tuple[str, str, str]] = {
    ("account_closing", "sign_in"): ("login", "ALL", SIGN_IN),
    ("account", "recognise"): ("broker", "SELECT", RECOGNISE),
    ("account", "sign_in"): ("login", "ALL", SIGN_IN),
    ("authenticator", "sign_in"): ("login", "ALL", SIGN_IN),
    ("booking", "settle"): (
        "broker",
        "UPDATE",
        "a request ends at its time whoever looks, and each is announced once",
    ),
    ("booking", "busy"): ("broker", "SELECT", "who sees an instrument may know when it is taken"),
    ("booking_policy", "rules"): ("broker", "SELECT", RULES),
    ("browser_session", "recognise"): ("broker", "SELECT", RECOGNISE),
    ("browser_session", "seen"): ("broker", "UPDATE", "a session notes when it was last seen"),
    ("browser_session", "sign_in"): ("login", "ALL", SIGN_IN),
    ("calendar_day", "rules"): ("broker", "SELECT", RULES),
    ("delegation", "recognise"): ("broker", "SELECT", RECOGNISE),
    ("delegation", "sign_in"): ("login", "ALL", SIGN_IN),
    ("external_identity", "count"): ("broker", "SELECT", COUNT),
    ("device_code", "sign_in"): ("login", "ALL", SIGN_IN),
    ("email_address", "sign_in"): ("login", "ALL", SIGN_IN),
    ("external_identity", "sign_in"): ("login", "ALL", SIGN_IN),
    ("idempotency_key", "housekeeping"): ("broker", "SELECT", PURGE),
    ("idempotency_key", "housekeeping_delete"): ("broker", "DELETE", PURGE),
    ("identity_provider", "count"): ("broker", "SELECT", COUNT),
    ("identity_provider", "sign_in"): ("login", "ALL", SIGN_IN),
    ("instrument", "busy_and_search"): ("broker", "SELECT", "search by an index that a policy would disable"),
    ("instrument_import", "housekeeping"): ("broker", "SELECT", PURGE),
    ("instrument_import", "housekeeping_delete"): ("broker", "DELETE", PURGE),
    ("instrument_import_row", "housekeeping"): ("broker", "SELECT", PURGE),
    ("instrument_import_row", "housekeeping_delete"): ("broker", "DELETE", PURGE),
    ("instrument_unit", "lock"): ("broker", "UPDATE", "FOR UPDATE needs the right to update"),
    ("instrument_unit", "lock_read"): ("broker", "SELECT", "a booking locks another province's unit"),
    ("journal_event", "sign_in"): ("login", "INSERT", "signing in and out is news of the account's province"),
    ("kept_file", "kept"): ("broker", "SELECT", KEEP),
    ("local_credential", "sign_in"): ("login", "ALL", SIGN_IN),
    ("login_attempt", "sign_in"): ("login", "ALL", SIGN_IN),
    ("mailed_link", "sign_in"): (
        "login",
        "ALL",
        "an address is looked for in every province before it is known whose it is",
    ),
    ("mobile_code", "sign_in"): ("login", "ALL", SIGN_IN),
    ("mobile_number", "sign_in"): ("login", "ALL", SIGN_IN),
    ("membership", "recognise"): ("broker", "SELECT", RECOGNISE),
    ("membership", "sign_in"): ("login", "ALL", SIGN_IN),
    ("oauth_client", "recognise"): ("broker", "SELECT", RECOGNISE),
    ("oauth_client", "sign_in"): ("login", "ALL", SIGN_IN),
    ("oauth_code", "sign_in"): ("login", "ALL", SIGN_IN),
    ("oauth_grant", "end"): ("broker", "UPDATE", SUSPEND),
    ("oauth_grant", "recognise"): ("broker", "SELECT", RECOGNISE),
    ("oauth_grant", "sign_in"): ("login", "ALL", SIGN_IN),
    ("outgoing_mail", "sign_in"): (
        "login",
        "ALL",
        "mails of signing in are written, and every mail is sent, for any province",
    ),
    ("qualification", "standing"): ("broker", "SELECT", QUALIFIED),
    ("qualification_recognition", "standing"): ("broker", "SELECT", QUALIFIED),
    ("qualification_requirement", "standing"): ("broker", "SELECT", QUALIFIED),
    ("outgoing_sms", "sign_in"): (
        "login",
        "ALL",
        "text messages are of signing in, and every one is sent, for any province",
    ),
    ("recovery_code", "sign_in"): ("login", "ALL", SIGN_IN),
    ("organisation", "registered"): ("broker", "SELECT", REGISTER),
    ("organisation", "vouched"): ("login", "SELECT", "a provider names the organisation of who signs in"),
    ("provider_logout", "sign_in"): ("login", "ALL", SIGN_IN),
    ("pushed_request", "sign_in"): ("login", "ALL", SIGN_IN),
    ("refresh_token", "sign_in"): ("login", "ALL", SIGN_IN),
    ("role_grant", "recognise"): ("broker", "SELECT", RECOGNISE),
    ("role_grant", "sign_in"): ("login", "ALL", SIGN_IN),
    ("signing_key", "sign_in"): ("login", "ALL", SIGN_IN),
    ("spent_challenge", "sign_in"): ("login", "ALL", SIGN_IN),
    ("stewardship", "recognise"): ("broker", "SELECT", RECOGNISE),
    ("stewardship", "sign_in"): ("login", "ALL", SIGN_IN),
    ("used_proof", "sign_in"): ("login", "ALL", "a proof counts once, wherever it is shown"),
}
"""Policies beside the declared one: (table, name) -> (role, command, purpose)."""

FUNCTIONS: dict[str, tuple[str, str]] = {
    "booking_busy(uuid[],timestamp with time zone,timestamp with time zone)": (
        "app",
        "when units are taken, of instruments the province may see",
    ),
    "booking_settle_due(uuid[])": (
        "app",
        "what time has ended is ended before units are judged; tells nothing",
    ),
    "booking_to_announce()": (
        "app",
        "the job learns whose requests time has ended, by ids, to tell them once",
    ),
    "booking_rules_of(uuid,date,date)": ("app", RULES),
    "booking_lock_units(uuid[])": ("app", "units are locked in one order; gives a count"),
    "identity_end_sessions(uuid)": ("app", SUSPEND),
    "identity_end_sessions_through(uuid,uuid)": ("app", DISABLE),
    "identity_live_sessions_through(uuid)": (
        "app",
        "an admin is told how many own people's sessions a provider opened, nothing of them",
    ),
    "identity_live_sessions(uuid)": (
        "app",
        "an admin is told a count of an own person's sessions, nothing of them",
    ),
    "files_kept(text[])": ("app", KEEP),
    "identity_principal_of_grant(uuid)": ("app", RECOGNISE),
    "identity_principal_of_session(bytea)": ("app", RECOGNISE),
    "identity_provider_links()": ("app", COUNT),
    "instruments_matching(tsquery)": ("app", "the visibility predicate stands inside, so the index works"),
    "organisation_is_registered(text)": ("app", REGISTER),
    "qualification_standing(uuid,uuid)": ("app", QUALIFIED),
    "purge_idempotency_keys()": ("app", PURGE),
    "purge_instrument_imports()": ("app", PURGE),
}
"""SECURITY DEFINER functions: signature -> (who may call it, purpose)."""

PLAIN_KEYS: dict[str, str] = {
    "fk_browser_session_identity_provider_id": "the built-in provider of one province signs people of every province in",
    "fk_oauth_code_client_id": "a person of one province signs in to another's client",
    "fk_oauth_grant_client_id": "a person of one province signs in to another's client",
}
"""Foreign keys between provinces' tables on the id alone: name -> reason."""

WITHOUT: dict[str, set[str]] = {
    "journal_anchor": {"UPDATE", "DELETE"},
    "journal_event": {"UPDATE", "DELETE"},
    "journal_seal": {"UPDATE", "DELETE"},
    "booking": {"DELETE"},
    "booking_approval": {"UPDATE", "DELETE"},
    "booking_policy": {"UPDATE", "DELETE"},
    "alembic_version": {"INSERT", "UPDATE", "DELETE"},
}
"""What the application may not do to a table at all, whatever the row."""

QUEUE: dict[str, str] = {
    "pgqueuer": "jobs waiting, by id; a job opens its own province's transaction",
    "pgqueuer_log": "jobs done",
    "pgqueuer_schedules": "periodic jobs",
    "pgqueuer_statistics": "counts of jobs",
}
"""Tables of schema `jobs`, which hold no province's data."""

TOLD: dict[str, str] = {
    "organisations.uscc_taken": "a 统一社会信用代码 is in the public national register and unique on the platform: who "
    "registers or applies for one that exists learns that it is registered here, not where, by whom or with what",
    "identity.address_taken": "told only to who follows a link that was sent to the address",
    "identity.login_name_taken": "login names are unique on the built-in provider, which serves every province",
}
"""Refusals that tell of a row the caller may not see: code -> why the answer cannot be the same."""
