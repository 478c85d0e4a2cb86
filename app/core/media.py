"""What a file is by its first bytes; its name and what its sender calls it say nothing."""

_SIGNATURES = (
    (0, b"%PDF-", "application/pdf"),  # ISO 32000-2 §7.5.2
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),  # PNG specification §5.2
    (0, b"\xff\xd8\xff", "image/jpeg"),  # ITU-T T.81 §B.1.1.3: SOI, then a marker
    (8, b"WEBP", "image/webp"),  # RFC 9649 §2.4, after the RIFF header
)
HEAD_BYTES = max(start + len(signature) for start, signature, _ in _SIGNATURES)


def media_type(head: bytes) -> str | None:
    """The media type by the first `HEAD_BYTES` bytes, or None when it is none of these."""
    found = (kind for start, signature, kind in _SIGNATURES if head[start:].startswith(signature))
    return next(found, None)
