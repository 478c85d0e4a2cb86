"""A provider that lies as it is told, on a real port: what an attacker who runs one, or stands in its place, could send."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey

from tests.support.idp import CLIENT


def new_key() -> ECKey:
    return ECKey.generate_key("P-256", {"use": "sig"}, auto_kid=True)


@dataclass
class Rogue:
    """What it answers at each path; a test changes it as it likes."""

    issuer: str
    key: ECKey = field(default_factory=new_key)
    answers: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def say(self, path: str, body: Any, status: int = 200, **headers: str) -> None:
        """Answer a path with JSON, or with bytes as they are."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.answers[path] = (status, {"Content-Type": "application/json"} | headers, raw)

    def behave(self) -> None:
        """Discovery and keys as they should be."""
        self.say(
            "/.well-known/openid-configuration",
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/jwks",
                "authorization_response_iss_parameter_supported": True,
            },
        )
        self.publish(self.key)

    def publish(self, *keys: ECKey) -> None:
        self.say("/jwks", {"keys": [key.as_dict(private=False) for key in keys]})

    def claims(self, **changes: Any) -> dict[str, Any]:
        now = int(time.time())
        given = {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": "u-1",
            "iat": now,
            "exp": now + 60,
            "name": "许清禾",
        }
        return {name: value for name, value in (given | changes).items() if value is not None}

    def sign(self, *, key: ECKey | None = None, header: dict[str, Any] | None = None, **changes: Any) -> str:
        """A token of its own making."""
        key = key or self.key
        heads = {"alg": "ES256", "kid": key.kid} | (header or {})
        return jwt.encode(
            {n: v for n, v in heads.items() if v is not None}, self.claims(**changes), key, ["ES256"]
        )

    def give(self, id_token: str, **more: Any) -> None:
        """What the token endpoint gives for any code."""
        self.say("/token", {"access_token": "at", "token_type": "Bearer", "id_token": id_token, **more})


@asynccontextmanager
async def rogue() -> AsyncIterator[Rogue]:
    """One that behaves until it is told otherwise."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        path = head.split(" ")[1]
        told.asked.append(path)
        status, headers, body = told.answers.get(path, (404, {}, b""))
        lines = [f"HTTP/1.1 {status} X", *(f"{n.replace('_', '-')}: {v}" for n, v in headers.items())]
        writer.write(
            "\r\n".join([*lines, f"Content-Length: {len(body)}", "Connection: close", "", ""]).encode()
        )
        writer.write(body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    told = Rogue(f"http://127.0.0.1:{port}")
    told.behave()
    async with server:
        yield told
