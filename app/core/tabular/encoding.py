"""Which encoding a text file has: proven where that is possible, asked where it is a guess.

A byte-order mark or strict UTF-8 is proof. GB18030 accepts nearly every pair of bytes, Big5 included, so strict decoding
proves little: it is believed when the text so read keeps to the characters of GB 2312. One stray byte in a hundred
characters does not change what the rest is; it is kept as U+DC00 + byte, and named at its cell when the row is read.
What the sender says is believed unless the file plainly says otherwise: a byte-order mark, or more lost than read.
"""

import codecs
import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NoReturn

from app.core.i18n import Message, msg
from app.core.tabular.errors import Candidate, EncodingUnclear, TableError, shown
from app.core.tabular.source import Source

KEEP_BYTES = "commons-keep-bytes"
"""Error handler of `bytes.decode`: a byte that cannot be decoded becomes the lone surrogate U+DC00 + byte."""
KEPT = re.compile("[\udc00-\udcff]")
BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
ENCODINGS: Mapping[str, Message] = {
    "utf-8": msg("UTF-8"),
    "gb18030": msg("GB18030（含 GBK、GB2312）"),
    "big5": msg("Big5（繁体中文）"),
    "utf-16": msg("UTF-16（Unicode 文本）"),
    "cp1252": msg("Windows-1252（西欧）"),
    "mac_roman": msg("Mac Roman（旧 Mac 电脑）"),
    "cp1250": msg("Windows-1250（中欧）"),
    "shift_jis": msg("Shift_JIS（日文）"),
    "euc_kr": msg("EUC-KR（韩文）"),
}
"""What a sender may choose."""
WIDE: Mapping[str, tuple[str, ...]] = {
    "utf-16": ("utf-16-le", "utf-16-be"),
    "utf-16-le": ("utf-16-le",),
    "utf-16-be": ("utf-16-be",),
    "utf-32": ("utf-32-le", "utf-32-be"),
    "utf-32-le": ("utf-32-le",),
    "utf-32-be": ("utf-32-be",),
}
"""The codecs a wide encoding may stand for where the file has no byte-order mark."""
KNOWN_AS: Mapping[str, str] = {
    **{codecs.lookup(name).name: name for name in (*ENCODINGS, *WIDE)},
    "utf-8": "utf-8-sig",
    "utf-8-sig": "utf-8-sig",
    "gbk": "gb18030",
    "gb2312": "gb18030",
    "iso8859-1": "cp1252",
}
"""The codec that reads each accepted encoding, under Python's name for it; each reads what its forerunners wrote."""
CHUNK = 1024 * 1024
BELIEVED = 0.9
"""Share of characters inside GB 2312 above which GB18030 is believed; real files have 0.97 and more."""
STRAYS_PER_CHARACTER = 0.01
JUDGED = 500_000
"""Characters outside ASCII after which more of them would not change the judgement."""
SAMPLE = 64 * 1024
SAMPLE_LINES = 3
SAMPLE_CHARACTERS = 60
ASKED = tuple(name for name in ENCODINGS if name not in WIDE)
"""What the sender is asked about; charset-normalizer only orders them."""
BIG5_FREQUENT = range(0xA4, 0xC7)
"""Lead bytes of Big5's frequently used characters."""


def _keep_bytes(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)  # the handler is for reading only
    return "".join(chr(0xDC00 + byte) for byte in error.object[error.start : error.end]), error.end


codecs.register_error(KEEP_BYTES, _keep_bytes)


@dataclass(slots=True)
class Reading:
    """What came of decoding a file with one encoding."""

    strays: int = 0
    foreign: int = 0
    """Characters outside ASCII."""
    simplified: int = 0
    """Those of them that GB 2312 has."""

    def mostly_clean(self) -> bool:
        return self.strays <= max(1, int(self.foreign * STRAYS_PER_CHARACTER))

    def mostly_lost(self) -> bool:
        """Whether more could not be decoded than could, so that the encoding is plainly another."""
        return self.strays > max(1, self.foreign)

    def looks_simplified(self) -> bool:
        return self.foreign > 0 and self.simplified >= BELIEVED * self.foreign


def encoding_of(source: Source, given: str | None) -> str:
    """The name of the Python codec to read the file with.

    Raises:
        EncodingUnclear: it cannot be told; the sender has to choose.
        TableError: the encoding that was given is not known or plainly another, or the content is binary.
    """
    if given is not None:
        return _given(source, given)
    head = source.head()
    found = _marked(head) or _wide(head)
    if found:
        return found
    if _is_binary(head):
        raise TableError("not_a_table", msg("这不是表格文件，请上传 CSV 或 XLSX"))
    return _proven(source) or _ask(source)


def _marked(head: bytes) -> str | None:
    """The codec a byte-order mark proves."""
    return next((name for mark, name in BOMS if head.startswith(mark)), None)


def _given(source: Source, name: str) -> str:
    """The codec for the encoding the sender says it is."""
    codec, head = _known(name), source.head()
    marked = _marked(head)
    found: str | None
    if marked is not None:
        found = marked if codec.startswith(marked) else None
    elif codec in WIDE:
        found = _wide_without_mark(head, codec)
    else:
        found = None if _is_binary(head) or _decode(source, codec).mostly_lost() else codec
    if found is None:
        reason = msg("按「{name}」读不出文字，请换一种文字编码，或选自动判断", name=shown(name))
        raise TableError("encoding_wrong", reason)
    return found


def _proven(source: Source) -> str | None:
    utf8 = _decode(source, "utf-8")
    if utf8.strays == 0:
        return "utf-8"
    gb18030 = _decode(source, "gb18030")
    if gb18030.strays == 0 and gb18030.looks_simplified():
        return "gb18030"
    if utf8.mostly_clean():
        return "utf-8"
    if gb18030.mostly_clean() and gb18030.looks_simplified():
        return "gb18030"
    return None


def _known(name: str) -> str:
    try:
        info = codecs.lookup(name)
    except (LookupError, ValueError):
        info = None
    if info is None or info.name not in KNOWN_AS:
        raise TableError("encoding_unknown", msg("不认识的文字编码「{name}」", name=shown(name)))
    return KNOWN_AS[info.name]


def _chunks(source: Source) -> Iterator[bytes]:
    with source.open() as file:
        while chunk := file.read(CHUNK):
            yield chunk


def _decode(source: Source, encoding: str) -> Reading:
    """How the file reads in `encoding`, in bounded memory; stops where it plainly does not."""
    decoder = codecs.getincrementaldecoder(encoding)(KEEP_BYTES)
    reading = Reading()
    for chunk in itertools.chain(_chunks(source), [b""]):
        text = decoder.decode(chunk, final=not chunk)
        if not text.isascii():
            _count(text, reading)
            if not reading.mostly_clean():
                break
    return reading


def _count(text: str, reading: Reading) -> None:
    strays = len(KEPT.findall(text))
    reading.strays += strays
    if reading.foreign < JUDGED:
        foreign = "".join(re.findall(r"[^\x00-\x7f\udc00-\udcff]+", text))
        reading.foreign += len(foreign)
        reading.simplified += len(foreign.encode("gb2312", "ignore")) // 2


def _wide(head: bytes) -> str | None:
    """UTF-16 or UTF-32 without a byte-order mark, told by where the zero bytes stand."""
    zeros = head.count(0)
    if zeros < 2 or zeros * 50 < len(head):  # noqa: PLR2004 - a stray NUL is no sign
        return None
    return _wide_without_mark(head, "utf-32") or _wide_without_mark(head, "utf-16")


def _wide_without_mark(head: bytes, encoding: str) -> str | None:
    """The codec of a wide encoding under which the beginning reads like lines of text."""
    part = head[: SAMPLE // 4]
    for name in WIDE[encoding]:
        text = codecs.getincrementaldecoder(name)("replace").decode(part)
        likely = sum(
            c in "\t\r\n" or " " <= c <= "\u024f" or "\u2000" <= c <= "\u9fff" or "\uff00" <= c < "\ufffd"
            for c in text
        )
        if text and likely >= BELIEVED * len(text) and any(c in text for c in "\r\n,;\t|"):
            return name
    return None


def _is_binary(head: bytes) -> bool:
    controls = len(re.findall(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]", head))
    return controls * 20 > len(head)


def _ask(source: Source) -> NoReturn:
    """Ask the sender, the likeliest encoding first."""
    from charset_normalizer import from_bytes  # noqa: PLC0415 - 3 MB in every process, and few ever need to guess

    sample = _telling_lines(source)
    guessed = [codecs.lookup(match.encoding).name for match in from_bytes(sample)]
    likely = ["big5"] if _looks_big5(sample) else []
    order = [*likely, *(name for name in guessed if name in ASKED), *ASKED]
    found = [_candidate(sample, name) for name in dict.fromkeys(order)]
    raise EncodingUnclear(sorted(filter(None, found), key=lambda c: c.undecodable))


def _telling_lines(source: Source) -> bytes:
    """The first lines that are not ASCII: only they can tell."""
    lines: list[bytes] = []
    size = 0
    for chunk in _chunks(source):
        for line in chunk.splitlines():
            if not line.isascii():
                lines.append(line)
                size += len(line)
                if size > SAMPLE:
                    return b"\n".join(lines)
    return b"\n".join(lines)


def _looks_big5(sample: bytes) -> bool:
    """Whether most two-byte characters are among Big5's frequently used ones."""
    foreign = [c for c in sample.decode("big5", "ignore") if not c.isascii()]
    frequent = sum(c.encode("big5")[0] in BIG5_FREQUENT for c in foreign)
    return bool(foreign) and frequent >= 0.7 * len(foreign)


def _candidate(sample: bytes, name: str) -> Candidate | None:
    """What the file would say in an encoding; None where choosing it would be refused."""
    text = sample.decode(name, KEEP_BYTES)
    reading = Reading()
    _count(text, reading)
    if reading.mostly_lost():
        return None
    lines = [shown(line.strip())[:SAMPLE_CHARACTERS] for line in text.splitlines()[:SAMPLE_LINES]]
    return Candidate(name, "\n".join(lines), reading.strays)
