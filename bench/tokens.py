"""What our OAuth endpoints add to the cryptography they rest on: ours beside bare joserfc, in one run.

    python -m bench.tokens --seconds 5 --rounds 3

One process, no network: the token endpoint, introspection and a request with an access token are called over ASGI, one
after the other; the library signs or verifies the same token with the same key. Rounds alternate, so that a noisy
neighbour troubles both alike. The ratio says how many bare operations one of ours costs this process in processor time:
parsing, the client's secret, the transaction and its statements; PostgreSQL's own share is only in the rate.
"""

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx2
from joserfc import jwt
from joserfc.jwk import ECKey

from app.access.limits.policies import POLICIES
from app.core import logs
from app.core.db import Database
from app.identity.provider.keys import key_ring
from app.identity.provider.tokens import read_access_token
from app.launch.postgres import running
from app.main import create_app
from app.settings import Settings
from bench import world
from tests.support.oauth import make_client
from tests.support.server import SECRET, migrated, on

Work = Callable[[], Awaitable[object]]


async def spent(work: Work, seconds: float) -> tuple[float, float]:
    """Runs a second, and milliseconds of this process's processor time for each."""
    begun, used, done = time.perf_counter(), time.process_time(), 0
    while time.perf_counter() - begun < seconds:
        await work()
        done += 1
    return done / (time.perf_counter() - begun), 1000 * (time.process_time() - used) / done


async def measure(settings: Settings, seconds: float, rounds: int) -> None:
    database = Database(settings.url_for("app"), pool_size=2)
    app = create_app(settings, database)
    system = await make_client(database, settings, "system", scopes=("organisations.read",))
    auth = (system.client_id, str(system.secret))
    key: ECKey = await key_ring(app).signing()
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url=settings.base_url) as http:

        async def token() -> str:
            answer = await http.post("/oauth/token", data={"grant_type": "client_credentials"}, auth=auth)
            assert answer.status_code == httpx2.codes.OK, answer.text
            return str(answer.json()["access_token"])

        value = await token()
        decoded = jwt.decode(value, key, ["ES256"])
        header, claims = {"alg": "ES256", "kid": key.kid, "typ": "at+jwt"}, dict(decoded.claims)

        async def introspection() -> None:
            answer = await http.post("/oauth/introspect", data={"token": value}, auth=auth)
            assert answer.json()["active"] is True, answer.text

        async def request() -> None:
            answer = await http.get("/api/v1/me", headers={"Authorization": f"Bearer {value}"})
            assert answer.status_code == httpx2.codes.FORBIDDEN, answer.text  # a system has no `profile`

        async def nothing() -> None:
            assert (await http.get("/healthz")).status_code == httpx2.codes.OK

        async def check() -> None:
            await read_access_token(value, key_ring(app), settings)

        async def bare_sign() -> None:
            jwt.encode(header, claims, key, ["ES256"])

        async def bare_verify() -> None:
            jwt.decode(value, key, ["ES256"])

        for name, ours, bare in (
            ("JWT check", check, bare_verify),
            ("token endpoint", token, bare_sign),
            ("introspection", introspection, bare_verify),
            ("request with a token", request, bare_verify),
            ("request without, floor", nothing, bare_verify),
        ):
            report(name, [(await spent(ours, seconds), await spent(bare, seconds)) for _ in range(rounds)])
    await database.close()


def report(name: str, rounds: list[tuple[tuple[float, float], tuple[float, float]]]) -> None:
    rate = statistics.median(ours[0] for ours, _ in rounds)
    ours, bare = (statistics.median(side[1] for side in sides) for sides in zip(*rounds, strict=True))
    print(
        f"  {name:22} {rate:7.0f} a second   {ours:6.2f} ms   joserfc alone {bare:5.2f} ms   {ours / bare:5.1f}"
    )
    print(json.dumps({"case": name, "rate": round(rate), "ms": round(ours, 3), "bare_ms": round(bare, 3)}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    logs.configure("WARNING")
    with tempfile.TemporaryDirectory(prefix="commons-bench-") as folder, running(Path(folder)) as admin:
        asyncio.run(world.create_database(admin))
        settings = Settings(
            database_url=on(admin, world.NAME),
            database_roles="commons_bench",
            secret_key=SECRET,
            rate_limits={policy.name: "off" for policy in POLICIES},
        )
        migrated(settings)
        asyncio.run(measure(settings, arguments.seconds, arguments.rounds))


if __name__ == "__main__":
    main()
