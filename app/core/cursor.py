"""Keyset cursors: opaque, signed, and bound to the list and filter they were made for."""

import base64
import binascii
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from app.core.crypto import sign, verify
from app.core.errors import FieldError, Invalid
from app.core.i18n import msg

Position = Sequence[str | int | float | None]
PURPOSE = "cursor"


@dataclass(frozen=True, slots=True)
class Cursors:
    """Makes and reads cursors with the platform's secret."""

    secret: str

    def encode(self, position: Position, *, bound_to: object) -> str:
        """The cursor of the row at `position` in the list described by `bound_to` (its name, filter and order)."""
        payload = json.dumps(list(position), ensure_ascii=False, separators=(",", ":")).encode()
        signature = sign(self.secret, PURPOSE, _digest(bound_to) + payload)
        return f"{base64.urlsafe_b64encode(payload).decode().rstrip('=')}.{signature}"

    def decode(self, cursor: str, *, bound_to: object) -> list[str | int | float | None]:
        """The position a cursor names.

        Raises:
            Invalid: the cursor is forged, or of another list or filter.
        """
        encoded, _, signature = cursor.partition(".")
        try:
            payload = base64.b64decode(encoded + "=" * (-len(encoded) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            payload = b""
        if not verify(self.secret, PURPOSE, _digest(bound_to) + payload, signature):
            raise Invalid(
                errors=[FieldError("cursor", "cursor_invalid", msg("分页标记无效，或属于另一个查询条件"))]
            )
        position: list[str | int | float | None] = json.loads(payload)
        return position


def _digest(bound_to: object) -> bytes:
    return hashlib.sha256(
        json.dumps(bound_to, sort_keys=True, default=str, ensure_ascii=False).encode()
    ).digest()
