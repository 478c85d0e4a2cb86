from app.web.static import FOR_EVER, digest, static
from tests.web.conftest import Visit
from tests.web.preview import platform

NAME = "css/tokens.css"


def test_an_address_names_the_content() -> None:
    assert static(NAME) == f"/static/{NAME}?v={digest(NAME)}"
    assert static("css/none.css") == "/static/css/none.css"


async def test_only_the_hashed_address_is_kept_for_ever(visit: Visit) -> None:
    async with visit(platform()) as browser:
        hashed = await browser.get(static(NAME))
        plain = await browser.get(f"/static/{NAME}")
        old = await browser.get(f"/static/{NAME}?v=000000000000")
        again = await browser.get(static(NAME), headers={"if-none-match": hashed.headers["etag"]})
    assert hashed.headers["cache-control"] == FOR_EVER
    assert plain.headers["cache-control"] == old.headers["cache-control"] == "public, no-cache"
    assert hashed.headers["content-encoding"] == "gzip"
    assert again.status_code == 304


async def test_nothing_outside_the_folders_is_served(visit: Visit) -> None:
    async with visit(platform()) as browser:
        for path in (
            "/static/../page.py",
            "/static/%2e%2e/page.py",
            "/static/..%2f..%2fsettings.py",
            "/static/css",
        ):
            assert (await browser.get(path)).status_code == 404
