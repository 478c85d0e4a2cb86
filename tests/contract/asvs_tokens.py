"""OWASP ASVS 5.0.0, chapters V9 Self-contained Tokens, V10 OAuth and OIDC."""

from tests.contract.evidence import (
    ACCOUNT,
    AUTHORIZE,
    ENDPOINTS,
    FORGED,
    ID_TOKENS,
    LINKING,
    PROVIDER_LOGOUT,
    ROGUE,
    SIGN_IN,
    STRONG_ROLES,
    TOKENS,
    apart,
    shown,
)

V9 = (
    shown(
        "9.1.1",
        "A token's signature is checked first",
        TOKENS + "test_a_bad_access_token_is_told_so",
        FORGED + "test_a_header_brings_no_key",
    ),
    shown(
        "9.1.2",
        "We choose the algorithm, and never none",
        TOKENS + "test_a_bad_access_token_is_told_so",
        ID_TOKENS + "test_a_bad_token_signs_nobody_in",
    ),
    shown(
        "9.1.3",
        "Keys come from where we look, never from the token",
        FORGED + "test_a_header_brings_no_key",
        ID_TOKENS + "test_keys_that_are_none_sign_nobody_in",
    ),
    shown(
        "9.2.1",
        "A token counts within its times",
        FORGED + "test_a_token_counts_within_its_times_only",
        ID_TOKENS + "test_a_bad_token_signs_nobody_in",
    ),
    shown(
        "9.2.2",
        "A token of one kind is none of another",
        FORGED + "test_a_token_of_another_kind_is_no_access_token",
        ENDPOINTS + "test_an_access_token_is_no_proof_for_logout",
    ),
    shown("9.2.3", "A token for others is refused", FORGED + "test_a_token_for_another_service_is_refused"),
    shown(
        "9.2.4", "Our tokens name whom they are for", TOKENS + "test_tokens_verify_with_the_published_keys"
    ),
)
V10 = (
    shown(
        "10.1.1",
        "Tokens stay where they are needed: browsers get none",
        SIGN_IN + "test_session_cookie_is_out_of_reach_of_scripts",
        AUTHORIZE + "test_an_access_token_is_no_browser_session",
    ),
    shown(
        "10.1.2",
        "An answer counts only in the browser that asked",
        SIGN_IN + "test_a_callback_without_its_browser_is_refused",
        SIGN_IN + "test_an_answer_to_another_question_is_refused",
    ),
    shown(
        "10.2.1",
        "Nobody is made to sign in as somebody else",
        SIGN_IN + "test_an_answer_to_another_question_is_refused",
        SIGN_IN + "test_a_forged_state_cookie_is_refused",
    ),
    shown(
        "10.2.2",
        "Providers are not mixed up",
        ROGUE + "test_an_answer_that_was_not_asked_for_is_refused",
        "identity/test_provinces.py::test_an_answer_of_the_other_province_is_refused",
        "identity/test_independent_clients.py::test_a_provider_that_names_another_issuer_is_refused",
    ),
    shown(
        "10.3.1",
        "The API takes tokens for itself only",
        FORGED + "test_a_token_for_another_service_is_refused",
    ),
    shown(
        "10.3.2",
        "A token opens what it was granted, and no more",
        TOKENS + "test_a_token_opens_no_more_than_its_scopes",
        "access/test_principal.py::test_scopes_only_take_away",
    ),
    shown(
        "10.3.3",
        "A token's person is an id that is never given again",
        TOKENS + "test_tokens_verify_with_the_published_keys",
        ENDPOINTS + "test_userinfo_says_who_and_where",
    ),
    shown(
        "10.3.4",
        "Where strength or recency is asked for, the token's is checked",
        STRONG_ROLES + "test_a_token_is_as_strong_as_the_session_it_came_from",
        ACCOUNT + "test_an_access_token_ends_no_sessions",
    ),
    shown(
        "10.4.1",
        "Redirects go to registered addresses, letter by letter",
        AUTHORIZE + "test_an_unregistered_redirect_uri_is_never_redirected_to",
    ),
    shown(
        "10.4.2",
        "A code counts once; its second use ends its tokens",
        TOKENS + "test_a_code_is_good_once_and_its_replay_kills_the_tokens",
        "identity/test_token_races.py::test_one_code_is_exchanged_once",
    ),
    shown("10.4.3", "A code lives a minute", TOKENS + "test_a_code_lives_a_minute"),
    shown(
        "10.4.4",
        "A client has the grants it needs; implicit and password grants are gone",
        TOKENS + "test_grant_types_are_per_client",
        AUTHORIZE + "test_a_bad_request_is_answered_to_the_client",
    ),
    shown(
        "10.4.5",
        "A refresh token used twice ends its family",
        TOKENS + "test_a_stolen_refresh_token_kills_the_family",
        TOKENS + "test_a_refresh_token_turns_into_the_next",
    ),
    shown(
        "10.4.6",
        "PKCE with S256, always",
        TOKENS + "test_a_code_wants_its_verifier_and_redirect_uri",
        AUTHORIZE + "test_a_bad_request_is_answered_to_the_client",
    ),
    apart(
        "10.4.7",
        "Strangers cannot register clients unseen",
        "there is no dynamic registration: clients are registered by signed-in people, and developers' own are reviewed",
    ),
    shown(
        "10.4.8",
        "A family of refresh tokens ends some day",
        "identity/test_grant_life.py::test_refreshing_does_not_lengthen_a_grants_life",
    ),
    shown(
        "10.4.9",
        "A person ends what an application was given",
        "identity/test_account.py::test_a_connected_application_is_disconnected",
    ),
    shown(
        "10.4.10",
        "A client with a secret shows it everywhere",
        TOKENS + "test_a_client_with_a_secret_must_show_it",
        ENDPOINTS + "test_revocation_wants_a_client_and_a_token",
    ),
    shown(
        "10.4.11",
        "A client has the scopes it needs",
        TOKENS + "test_a_scope_beyond_the_registration_is_clipped",
        AUTHORIZE + "test_a_bad_request_is_answered_to_the_client",
    ),
    shown("10.5.1", "An ID token answers our question alone", ID_TOKENS + "test_a_bad_token_signs_nobody_in"),
    shown(
        "10.5.2",
        "A person is known by the subject, whatever else is said of them",
        LINKING + "test_an_email_links_nothing",
        ROGUE + "test_what_userinfo_says_of_another_person_signs_nobody_in",
        LINKING + "test_one_subject_of_two_issuers_is_two_people",
        ID_TOKENS + "test_a_good_token_names_its_subject",
    ),
    shown(
        "10.5.3",
        "A provider that describes itself as another is refused",
        "identity/test_independent_clients.py::test_a_provider_that_names_another_issuer_is_refused",
    ),
    shown("10.5.4", "An ID token is for us", ID_TOKENS + "test_a_bad_token_signs_nobody_in"),
    shown(
        "10.5.5",
        "A logout token is one, and nothing else",
        PROVIDER_LOGOUT + "test_a_token_that_is_none_ends_nothing",
        PROVIDER_LOGOUT + "test_an_id_token_is_no_logout_token",
        PROVIDER_LOGOUT + "test_a_token_counts_once",
    ),
    shown(
        "10.6.1", "Codes are all we answer with", AUTHORIZE + "test_a_bad_request_is_answered_to_the_client"
    ),
    shown(
        "10.6.2", "Nobody is signed out by a link", ENDPOINTS + "test_logout_without_proof_asks_the_person"
    ),
    shown(
        "10.7.1",
        "A person consents to each application; one that cannot prove who it is asks every time",
        AUTHORIZE + "test_consent_gives_a_code_to_the_client",
        AUTHORIZE + "test_an_application_without_a_secret_always_asks",
        AUTHORIZE + "test_what_was_allowed_before_is_not_asked_again",
        AUTHORIZE + "test_another_site_cannot_consent_for_the_person",
    ),
    shown(
        "10.7.2",
        "Consent says in words what, to whom",
        AUTHORIZE + "test_consent_says_in_words_what_is_allowed",
        AUTHORIZE + "test_every_scope_has_plain_words",
    ),
    shown(
        "10.7.3",
        "A person sees and ends consents",
        "identity/test_account.py::test_a_connected_application_is_disconnected",
    ),
)
