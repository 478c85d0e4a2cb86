"""OWASP ASVS 5.0.0, chapters V6 Authentication, V7 Session Management, V8 Authorization."""

from tests.contract.evidence import (
    AUTHORIZE,
    ID_TOKENS,
    PASSWORDS,
    POLICY,
    SESSIONS,
    SIGN_IN,
    THROTTLE,
    apart,
    missing,
    shown,
    told,
)

V6 = (
    told(
        "6.1.1",
        "How guessing is slowed down, without locking anybody out, is written",
        THROTTLE,
        "nobody can lock somebody else out",
    ),
    missing(
        "6.1.2",
        "Words that make a password easy to guess here are listed",
        "the password policy of the contacts room",
    ),
    told("6.1.3", "Every way to sign in is written down with its strength", POLICY, "## Ways to sign in"),
    shown(
        "6.2.1", "A password has at least 8 characters", PASSWORDS + "test_a_password_has_8_to_128_characters"
    ),
    missing("6.2.2", "One can change one's password", "/account/security of the contacts room"),
    missing("6.2.3", "Changing it asks for the old one", "/account/security of the contacts room"),
    missing("6.2.4", "Common passwords are refused", "the password policy of the contacts room"),
    shown("6.2.5", "Any characters will do", PASSWORDS + "test_a_password_may_be_made_of_any_characters"),
    shown(
        "6.2.6",
        "The field hides what is typed",
        SESSIONS + "test_the_password_field_hides_what_is_typed_and_helps_password_managers",
    ),
    shown(
        "6.2.7",
        "Pasting and password managers work",
        SESSIONS + "test_the_password_field_hides_what_is_typed_and_helps_password_managers",
    ),
    shown(
        "6.2.8", "The whole password counts, as it was typed", PASSWORDS + "test_a_password_is_compared_whole"
    ),
    shown("6.2.9", "64 characters are allowed", PASSWORDS + "test_a_password_is_compared_whole"),
    apart(
        "6.2.10",
        "No password expires by itself",
        "there is no such rule: local_credential has no date after which it ends",
    ),
    missing("6.2.11", "The listed words are refused", "the password policy of the contacts room"),
    missing("6.2.12", "Breached passwords are refused", "the breached-password list of the contacts room"),
    shown(
        "6.3.1",
        "Guessing is slowed down as written",
        "identity/test_throttle.py::test_guessing_one_name_gets_slower",
        "identity/test_throttle.py::test_an_address_that_tries_many_names_gets_slower_for_seconds",
        "identity/test_throttle.py::test_guessing_from_everywhere_gets_slower_but_not_where_the_person_signs_in",
        "identity/test_token_races.py::test_guesses_at_the_same_moment_are_all_counted",
        "access/test_limits.py::test_two_server_processes_admit_no_more_than_one_quota",
    ),
    shown(
        "6.3.2", "There are no accounts from the start", SESSIONS + "test_a_new_platform_has_nobodys_account"
    ),
    missing("6.3.3", "Two factors are asked for", "the factors room: who must, and why others need not"),
    missing("6.3.4", "No way to sign in is weaker than the others", "the factors room, over every way"),
    missing(
        "6.4.1",
        "First passwords and codes are random, short-lived and used once",
        "registration and invitations",
    ),
    apart("6.4.2", "No hints, no secret questions", "there are none: an account keeps nothing of the kind"),
    missing("6.4.3", "Recovery does not go around the second factor", "recovery of the contacts room"),
    missing(
        "6.4.4",
        "A lost factor is replaced with as much proof as it took",
        "recovery codes of the factors room",
    ),
    missing("6.5.1", "Codes count once", "the factors room"),
    missing("6.5.2", "Recovery codes are kept as digests", "the factors room"),
    missing("6.5.3", "Codes and seeds are random", "the factors room"),
    missing("6.5.4", "Codes have at least 20 bits", "the factors room"),
    missing("6.5.5", "Codes are short-lived", "the factors room"),
    apart(
        "6.6.1",
        "No codes by telephone without stronger ways",
        "no factor goes over the telephone network: TOTP, passkeys and recovery codes only",
    ),
    apart("6.6.2", "Out-of-band codes belong to one request", "no out-of-band authentication is offered"),
    apart("6.6.3", "Out-of-band codes are not to be guessed", "no out-of-band authentication is offered"),
    shown(
        "6.8.1",
        "A person is known by provider and subject together",
        "identity/test_independent_clients.py::test_a_provinces_provider_does_not_open_accounts_of_another",
    ),
    shown(
        "6.8.2",
        "Unsigned or wrongly signed statements sign nobody in",
        ID_TOKENS + "test_a_bad_token_signs_nobody_in",
    ),
    apart("6.8.3", "A SAML statement counts once", "SAML is not spoken"),
    missing(
        "6.8.4", "What is asked of a provider's strength is checked", "acr and amr of the federation room"
    ),
)
V7 = (
    told("7.1.1", "Idle time and longest life of a session are written, with reasons", POLICY, "## Sessions"),
    told("7.1.2", "How many sessions one may have is written", POLICY, "as many sessions as"),
    told(
        "7.1.3",
        "How our sessions and those of providers and clients end together is written",
        POLICY,
        "## Sessions elsewhere",
    ),
    shown(
        "7.2.1",
        "The server judges the session",
        "identity/test_recognition.py::test_a_session_that_ended_makes_a_visitor",
        "identity/test_recognition.py::test_an_unknown_cookie_makes_a_visitor",
    ),
    shown(
        "7.2.2",
        "Session tokens are made anew, never fixed keys",
        SIGN_IN + "test_the_session_is_a_new_one_after_signing_in",
    ),
    shown(
        "7.2.3",
        "A session token has 128 random bits at least",
        SESSIONS + "test_a_session_is_256_random_bits_of_which_the_server_keeps_the_digest",
    ),
    shown(
        "7.2.4",
        "Signing in makes a new session and ends the old one",
        SIGN_IN + "test_the_session_is_a_new_one_after_signing_in",
    ),
    shown(
        "7.3.1",
        "An unused session ends",
        "identity/test_recognition.py::test_a_session_that_ended_makes_a_visitor",
    ),
    shown(
        "7.3.2",
        "Every session ends some day, used or not",
        SESSIONS + "test_use_does_not_lengthen_a_sessions_life",
        "identity/test_recognition.py::test_a_session_that_ended_makes_a_visitor",
    ),
    shown(
        "7.4.1",
        "A session that was ended is of no more use",
        SIGN_IN + "test_sign_out_ends_the_session",
        SESSIONS + "test_a_session_that_ended_is_not_resumed_by_its_cookie",
    ),
    shown(
        "7.4.2",
        "Suspending an account ends its sessions",
        "identity/appointments/test_suspension.py::test_sessions_and_tokens_end_and_do_not_come_back",
    ),
    missing("7.4.3", "Changing a factor offers to end the other sessions", "the contacts and factors rooms"),
    shown(
        "7.4.4",
        "Every page offers to sign out",
        SESSIONS + "test_every_page_of_a_signed_in_person_offers_to_sign_out",
    ),
    shown(
        "7.4.5",
        "Admins can end a person's sessions",
        "identity/appointments/test_suspension.py::test_sessions_and_tokens_end_and_do_not_come_back",
    ),
    missing(
        "7.5.1", "Changing what one signs in with asks who one is again", "the contacts and factors rooms"
    ),
    missing(
        "7.5.2",
        "One sees one's sessions and ends them, having signed in again",
        "the device list of the factors room; identity/test_account.py::test_sessions_are_listed_and_ended without a new sign-in",
    ),
    missing(
        "7.6.1",
        "Sessions here and at the provider end as written",
        "back-channel logout of the federation room",
    ),
    shown(
        "7.6.2",
        "Nobody is signed in without doing something for it",
        SIGN_IN + "test_a_callback_without_its_browser_is_refused",
        AUTHORIZE + "test_the_password_form_is_never_skipped_for_our_own_client",
    ),
)
V8 = (
    shown(
        "8.1.1",
        "Who may do what is written, by function and by thing",
        "identity/appointments/test_roles_page.py::test_the_page_is_the_matrix",
        "identity/appointments/test_roles_page.py::test_every_role_and_permission_has_words",
    ),
    told("8.1.2", "Which fields who may see and change is written", POLICY, "## Fields"),
    shown(
        "8.2.1",
        "A function is for those who hold its permission",
        "isolation/test_guarded.py::test_every_route_is_guarded",
        "access/test_guards.py::test_a_caller_without_the_permission_is_told_in_words_who_has_it",
    ),
    shown(
        "8.2.2",
        "A thing is for those it is meant for, whatever its id",
        "isolation/test_endpoints.py::test_reading_by_id",
        "isolation/test_endpoints.py::test_changing_by_id",
        "isolation/test_endpoints.py::test_ids_in_bodies",
    ),
    shown(
        "8.2.3",
        "A field is for those it is meant for",
        "instruments/test_booking_busy.py::test_a_visitor_is_told_a_time_is_taken_and_nothing_else",
        "identity/test_members.py::test_login_names_are_shown_to_who_manages_the_person",
        "contract/test_openapi.py::test_bodies_refuse_what_they_do_not_know",
    ),
    shown(
        "8.3.1",
        "The server decides, not the page",
        "isolation/test_guarded.py::test_changes_ask_for_more_than_looking",
        "isolation/test_tables.py::test_no_province_changes_anothers_rows",
    ),
    shown(
        "8.4.1",
        "No province touches another's rows",
        "isolation/test_tables.py::test_each_province_sees_its_own_and_what_is_shared",
        "isolation/test_tables.py::test_no_province_changes_anothers_rows",
    ),
)
