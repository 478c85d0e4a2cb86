"""The API's description, generated from the code, committed, and compared with it by a test."""

from typing import Any

import yaml

from app.launch.bootstrap import ROOT
from app.main import create_app
from app.settings import Settings

FILE = ROOT / "openapi" / "openapi.yaml"


class _Readable(yaml.SafeDumper):
    """Repeats what repeats, instead of pointing at it with anchors; keeps sentences of several lines as they are."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML's signature
        return True


def _text(dumper: _Readable, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Readable.add_representer(str, _text)


def document() -> str:
    """The description as YAML; needs no database."""
    app = create_app(Settings(database_url="postgresql+asyncpg://localhost/none"))
    return yaml.dump(app.openapi(), Dumper=_Readable, allow_unicode=True, sort_keys=False, width=110)


def write() -> None:
    """Bring the committed file to what the code says."""
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(document(), encoding="utf-8")
