"""The attacks of RFC 9700 §4 (Best Current Practice for OAuth 2.0 Security), by section."""

from tests.contract.evidence import AUTHORIZE, DPOP, ENDPOINTS, FORGED, ROGUE, SIGN_IN, TOKENS, apart, shown

RFC9700 = (
    shown(
        "4.1",
        "Redirects to addresses that only look registered",
        AUTHORIZE + "test_an_unregistered_redirect_uri_is_never_redirected_to",
    ),
    shown(
        "4.2",
        "Codes and state leaked by the Referer",
        "web/test_every_route.py::test_every_answer_is_hardened",
    ),
    shown(
        "4.3",
        "Codes and tokens kept by the browser",
        "web/test_caching.py::test_sign_in_leaves_nothing_behind",
        TOKENS + "test_tokens_are_not_to_be_cached",
    ),
    shown(
        "4.4",
        "Providers mixed up",
        ROGUE + "test_an_answer_that_was_not_asked_for_is_refused",
        "identity/test_provinces.py::test_an_answer_of_the_other_province_is_refused",
        "identity/test_independent_clients.py::test_a_provider_that_names_another_issuer_is_refused",
        "identity/test_rfc9700.py::test_4_4_answers_name_their_issuer",
    ),
    shown(
        "4.5",
        "A stolen code brought to another session",
        TOKENS + "test_a_code_wants_its_verifier_and_redirect_uri",
        TOKENS + "test_a_code_of_another_client_is_refused_and_stays_good",
        SIGN_IN + "test_an_answer_to_another_question_is_refused",
    ),
    apart(
        "4.6",
        "Access tokens injected in the browser",
        "the implicit grant is not offered, and as a relying party we take codes only",
    ),
    shown(
        "4.7",
        "Forged requests to the callback",
        SIGN_IN + "test_a_callback_without_its_browser_is_refused",
        SIGN_IN + "test_a_forged_state_cookie_is_refused",
    ),
    shown(
        "4.8",
        "PKCE talked away",
        AUTHORIZE + "test_a_bad_request_is_answered_to_the_client",
        TOKENS + "test_a_code_wants_its_verifier_and_redirect_uri",
    ),
    shown(
        "4.9",
        "Tokens leaked at a resource server",
        FORGED + "test_a_token_for_another_service_is_refused",
        TOKENS + "test_a_token_opens_no_more_than_its_scopes",
    ),
    shown(
        "4.10",
        "Stolen access tokens used by others",
        DPOP + "test_a_bound_token_is_no_bearer_token",
        DPOP + "test_one_proof_of_the_right_key",
        DPOP + "test_every_part_of_a_proof_counts",
        DPOP + "test_a_proof_counts_once_in_all_processes",
        "identity/test_rfc9700.py::test_4_10_a_token_for_another_audience_opens_nothing",
    ),
    shown(
        "4.11",
        "Open redirects, of clients and of ours",
        "web/test_hostile_hosts.py::test_no_way_back_leads_elsewhere",
        AUTHORIZE + "test_an_unknown_client_is_never_redirected_to",
        ENDPOINTS + "test_logout_goes_to_registered_addresses_only",
    ),
    shown(
        "4.12",
        "A 307 that hands on what was typed",
        "web/test_every_route.py::test_every_redirect_forgets_what_was_posted",
    ),
    shown(
        "4.13",
        "Headers a proxy should have made",
        "web/test_hostile_hosts.py::test_no_other_name_is_answered",
    ),
    shown(
        "4.14",
        "Refresh tokens stolen",
        TOKENS + "test_a_stolen_refresh_token_kills_the_family",
        TOKENS + "test_a_refresh_token_belongs_to_its_client",
    ),
    shown(
        "4.15",
        "A client that passes for a person",
        TOKENS + "test_a_system_gets_a_token_of_its_own",
        ENDPOINTS + "test_userinfo_wants_an_access_token_with_openid",
    ),
    shown("4.16", "Pages framed to steal a click", "web/test_every_route.py::test_every_answer_is_hardened"),
    apart(
        "4.17", "Answers by postMessage", "no answer is given by postMessage: codes travel by redirect only"
    ),
)
