"""`commons login`, `logout`, `whoami` and `api`: the platform's API from a terminal, as the person who signed in.

Signing in is the device grant (RFC 8628): the password is typed in a browser, never here. The tokens lie in one file that
only its owner may read; whoever refreshes them holds a lock, for a refresh token counts once.
"""

import contextlib
import fcntl
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx2

from app.launch.errors import LaunchError

CLIENT_ID = "commons-cli"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
TIMEOUT_SECONDS = 30.0
EARLY_SECONDS = 30
"""An access token is refreshed this long before it expires."""
SLOWER_SECONDS = 5
"""RFC 8628 §3.5."""
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
CONTENT = "application/json"


@dataclass(frozen=True, slots=True)
class Login:
    """Where one is signed in, and with what."""

    server: str
    access_token: str
    refresh_token: str
    expires_at: float


def _folder() -> Path:
    """XDG Base Directory Specification: $XDG_CONFIG_HOME, else ~/.config."""
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "delta-commons"


@contextlib.contextmanager
def _held() -> Iterator[Path]:
    """The file of the login, with nobody else at it."""
    folder = _folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / "lock").open("w") as mutex:
        fcntl.flock(mutex, fcntl.LOCK_EX)
        yield folder / "login.json"


def _read(file: Path) -> Login:
    try:
        return Login(**json.loads(file.read_text()))
    except (OSError, ValueError, TypeError):
        raise LaunchError(
            "尚未登录；请先运行 ./commons login", "not signed in; run ./commons login first"
        ) from None


def _write(file: Path, login: Login) -> None:
    """Replace the file whole: it is the owner's alone from its first byte."""
    new = file.with_suffix(".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        json.dump(asdict(login), out)
    new.replace(file)


def login(server: str) -> None:
    """Show a code, wait for the person's yes in a browser, and keep the tokens.

    Raises:
        LaunchError: the server is none of ours, or the person said no or nothing.
    """
    server = _checked(server)
    with _http() as http:
        endpoints = _discovered(http, server)
        asked = _call(http, "POST", endpoints["device_authorization_endpoint"], data={"client_id": CLIENT_ID})
        if "device_code" not in asked:
            raise _refused(asked)
        _say(
            f"请在浏览器中打开 / Open in a browser: {asked['verification_uri']}",
            f"并输入代码 / and enter the code:    {asked['user_code']}",
        )
        answer = _waited(http, endpoints["token_endpoint"], asked)
        with _held() as file:
            _write(file, _login(server, answer))
    _say("已登录 / Signed in")


def _waited(http: httpx2.Client, address: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    seconds = float(asked.get("interval", SLOWER_SECONDS))
    form = {"grant_type": DEVICE_GRANT, "device_code": asked["device_code"], "client_id": CLIENT_ID}
    while True:
        time.sleep(seconds)
        answer = _call(http, "POST", address, data=form)
        match answer.get("error"):
            case None:
                return answer
            case "authorization_pending":
                continue
            case "slow_down":
                seconds += SLOWER_SECONDS
            case _:
                raise _refused(answer)


def logout() -> None:
    """Revoke the tokens and forget them; forgotten they are also where the server does not answer.

    Raises:
        LaunchError: nobody was signed in, or the server could not be told.
    """
    with _held() as file:
        known = _read(file)
        file.unlink()
    with _http() as http:
        address = _discovered(http, known.server)["revocation_endpoint"]
        answer = http.post(address, data={"token": known.refresh_token, "client_id": CLIENT_ID})
        if answer.status_code != httpx2.codes.OK:
            raise _unreachable(known.server)
    _say("已退出登录 / Signed out")


def whoami() -> None:
    """Print who is signed in, and where."""
    with _http() as http:
        known = _fresh(http)
        me = _get(http, known, "/api/v1/me")
        sys.stdout.write(f"{me['name']} ({me['province']}) @ {known.server}\n")


def api(method: str, path: str, *, data: str | None) -> int:
    """Call the API; prints the answer. Returns 0 for success, else 1.

    Raises:
        LaunchError: nobody is signed in, or the path leads elsewhere.
    """
    if not path.startswith("/") or path.startswith("//"):
        raise LaunchError(f"路径须以 / 开头：{path}", f"the path must begin with /: {path}")
    with _http() as http:
        known = _fresh(http)
        headers = {"Authorization": f"Bearer {known.access_token}"}
        if data is not None:
            headers["Content-Type"] = CONTENT
        answer = _sent(http, method.upper(), known.server + path, headers=headers, content=data)
    sys.stdout.write(_pretty(answer))
    return 0 if answer.is_success else 1


def _pretty(answer: httpx2.Response) -> str:
    try:
        return json.dumps(answer.json(), ensure_ascii=False, indent=2) + "\n"
    except ValueError:
        return answer.text if answer.text.endswith("\n") or not answer.text else answer.text + "\n"


def _fresh(http: httpx2.Client) -> Login:
    """The login, with an access token that is still good for a moment."""
    with _held() as file:
        known = _read(file)
        if known.expires_at - EARLY_SECONDS > time.time():
            return known
        address = _discovered(http, known.server)["token_endpoint"]
        form = {
            "grant_type": "refresh_token",
            "refresh_token": known.refresh_token,
            "client_id": CLIENT_ID,
        }
        answer = _call(http, "POST", address, data=form)
        if answer.get("error") == "invalid_grant":
            file.unlink()
            raise LaunchError(
                "登录已失效；请重新运行 ./commons login", "the login is over; run ./commons login again"
            )
        if "access_token" not in answer:
            raise _refused(answer)
        known = _login(known.server, answer)
        _write(file, known)
        return known


def _login(server: str, answer: Mapping[str, Any]) -> Login:
    return Login(server, answer["access_token"], answer["refresh_token"], time.time() + answer["expires_in"])


def _checked(server: str) -> str:
    """The address without a slash at its end; https, but on this machine."""
    parts = urlsplit(server)
    plain = parts.scheme == "http" and parts.hostname in LOOPBACK
    if not parts.hostname or not (parts.scheme == "https" or plain):
        raise LaunchError(f"服务器地址须为 https：{server}", f"the server's address must be https: {server}")
    return server.rstrip("/")


def _discovered(http: httpx2.Client, server: str) -> dict[str, Any]:
    """The server's endpoints; all must be its own (RFC 8414 §3.3)."""
    known = _call(http, "GET", f"{server}/.well-known/oauth-authorization-server")
    names = ("token_endpoint", "device_authorization_endpoint", "revocation_endpoint")
    if known.get("issuer") != server or not all(
        urljoin(str(known.get(name)), "/") == urljoin(server, "/") for name in names
    ):
        raise LaunchError(f"该地址不是本平台：{server}", f"this is not the platform's address: {server}")
    return known


def _get(http: httpx2.Client, known: Login, path: str) -> dict[str, Any]:
    answer = _sent(
        http, "GET", known.server + path, headers={"Authorization": f"Bearer {known.access_token}"}
    )
    if answer.status_code == httpx2.codes.UNAUTHORIZED:
        raise LaunchError(
            "登录已失效；请重新运行 ./commons login", "the login is over; run ./commons login again"
        )
    if not answer.is_success:
        raise _unreachable(known.server)
    return _object(answer)


def _call(http: httpx2.Client, method: str, address: str, **values: Any) -> dict[str, Any]:
    return _object(_sent(http, method, address, **values))


def _object(answer: httpx2.Response) -> dict[str, Any]:
    try:
        found = answer.json()
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise _unreachable(str(answer.request.url))
    return found


def _sent(http: httpx2.Client, method: str, address: str, **values: Any) -> httpx2.Response:
    try:
        return http.request(method, address, **values)
    except (httpx2.HTTPError, httpx2.InvalidURL):
        raise _unreachable(address) from None


def _http() -> httpx2.Client:
    return httpx2.Client(timeout=TIMEOUT_SECONDS, headers={"Accept": CONTENT})


def _refused(answer: Mapping[str, Any]) -> LaunchError:
    if answer.get("error") == "access_denied":
        return LaunchError("登录被拒绝", "the sign-in was denied")
    if answer.get("error") == "expired_token":
        return LaunchError("代码已过期；请重新运行", "the code has expired; run it again")
    told = answer.get("error_description") or answer.get("title") or answer.get("error")
    return LaunchError(f"服务器拒绝了请求：{told}", f"the server refused: {told}")


def _unreachable(address: str) -> LaunchError:
    return LaunchError(
        f"服务器没有正常应答：{address}", f"the server does not answer as it should: {address}"
    )


def _say(*lines: str) -> None:
    for line in lines:
        sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
