from app.settings import Settings
from app.web.security import content_security_policy, headers
from tests.web.conftest import Visit
from tests.web.preview import SECRET, platform


async def test_every_answer_carries_the_headers(visit: Visit) -> None:
    async with visit(platform()) as browser:
        for path in ("/", "/static/css/tokens.css", "/nowhere"):
            answer = await browser.get(path)
            assert answer.headers["content-security-policy"] == content_security_policy()
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["referrer-policy"] == "same-origin"
            assert "strict-transport-security" not in answer.headers


def test_the_policy_allows_nothing_inline_and_no_frames() -> None:
    policy = content_security_policy()
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "http" not in policy


def test_a_page_may_name_where_its_form_ends() -> None:
    policy = content_security_policy(form_action=["https://idp.example"])
    assert "form-action 'self' https://idp.example" in policy


def test_tls_is_remembered_for_two_years_where_there_is_tls() -> None:
    settings = Settings(environment="production", secret_key=SECRET, base_url="https://delta.example")
    assert headers(settings)["strict-transport-security"] == "max-age=63072000; includeSubDomains"
    assert headers(settings)["content-security-policy"].endswith("; upgrade-insecure-requests")
    alone = settings.model_copy(update={"hsts_subdomains": False})
    assert headers(alone)["strict-transport-security"] == "max-age=63072000"


async def test_templates_have_no_inline_script_or_style(visit: Visit) -> None:
    async with visit(platform()) as browser:
        for path in ("/", "/styleguide", "/docs"):
            page = (await browser.get(path)).text
            assert "<script>" not in page
            assert "<style" not in page
            assert " style=" not in page
            assert "javascript:" not in page
            assert not [
                word for word in page.split() if word.startswith(("onclick=", "onchange=", "onsubmit="))
            ]
