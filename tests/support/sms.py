"""A real HTTP server that takes text messages as a province's gateway would."""

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from pydantic import SecretStr

from app.core.db import Database
from app.settings import Settings
from tests.support.jobs import run_jobs

TOKEN = "the-gateways-own-token"
_CODE = re.compile(r"验证码 (\d{6})，")


@dataclass
class Gateway:
    """Everybody's telephone."""

    port: int = 0
    messages: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    """What the server says to the next messages instead of taking them."""
    delay: float = 0
    """Seconds before an answer."""

    def settings(self, settings: Settings) -> Settings:
        """The settings with this gateway."""
        url = SecretStr(f"http://127.0.0.1:{self.port}/messages")
        return settings.model_copy(update={"sms_url": url, "sms_token": SecretStr(TOKEN)})

    async def collect(self, database: Database, settings: Settings) -> list[dict[str, Any]]:
        """Run the jobs that wait; the messages they sent."""
        before = len(self.messages)
        await run_jobs(database, self.settings(settings))
        return self.messages[before:]


def code_of(message: dict[str, Any]) -> str:
    """The code in a message."""
    found = _CODE.search(message["text"])
    assert found is not None, message
    return found[1]


@contextmanager
def sms_gateway() -> Iterator[Gateway]:
    """A gateway on a free port until the end of the block."""
    gateway = Gateway()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            time.sleep(gateway.delay)
            status = gateway.answers.pop(0) if gateway.answers else 202
            if status == 202:
                gateway.headers.append({name.lower(): value for name, value in self.headers.items()})
                gateway.messages.append(json.loads(body))
            self.send_response(status)
            self.send_header("location", "/messages")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_words: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        gateway.port = server.server_address[1]
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield gateway
        finally:
            server.shutdown()
            thread.join()
