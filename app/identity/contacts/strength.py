"""Which passwords a person may choose: long ones that nobody would guess; what they are made of is theirs.

NIST SP 800-63B-4 §3.1.1.2: at least 15 characters where a password may be the only factor, no rules of composition, no
change without cause, and a look at what is common, expected or breached. ASVS 5.0 V6.2 asks for the same and for less.
"""

from collections.abc import Iterable
from functools import partial

from anyio.to_thread import run_sync

from app.core.errors import FieldError, Invalid
from app.core.i18n import Message, msg
from app.core.text import normalised
from app.identity.contacts.breached import file_of, is_breached
from app.identity.passwords import MAXIMUM, hash_password
from app.settings import Settings

MINIMUM = 15
GUESSES_LOG10 = 10
"""zxcvbn's highest score: out of reach even for guesses at a stolen slow hash."""
LOOKED_AT = 72
"""zxcvbn's own limit; longer passwords are judged by their beginning."""
LEFT = 8
"""Characters a password has beside the words that everybody would try."""
EXPECTED = ("delta", "commons", "长三角", "科创", "创新", "资源", "共享", "平台", "password", "密码")


async def hash_chosen(
    password: str, settings: Settings, *, about: Iterable[str], field: str = "password"
) -> str:
    """The hash of a password a person has chosen; `about` are their names and addresses.

    Raises:
        Invalid: it is too short, too long, breached or easy to guess.
    """
    known = normalised(password, "NFKC")
    fault = await run_sync(partial(_fault, known, settings, _words(about)))
    if fault is not None:
        code, reason = fault
        raise Invalid(errors=[FieldError(field, code, reason)])
    return await hash_password(password)


def _words(about: Iterable[str]) -> list[str]:
    """The person's own words and the platform's, longest first."""
    own = {
        part for text in about for part in (text.casefold(), *text.casefold().replace("@", ".").split("."))
    }
    return sorted({word for word in (*own, *EXPECTED) if len(word) > 1}, key=len, reverse=True)


def _fault(password: str, settings: Settings, words: list[str]) -> tuple[str, Message] | None:
    if not MINIMUM <= len(password) <= MAXIMUM:
        return "password_length", msg("密码须为 {minimum}–{maximum} 个字符", minimum=MINIMUM, maximum=MAXIMUM)
    if is_breached(file_of(settings), password):
        return "password_breached", msg("这个密码出现在已泄露的密码中，请换一个")
    rest = password.casefold()
    for word in words:
        rest = rest.replace(word, "")
    if len(rest) < LEFT:
        return "password_expected", msg("密码不能主要由您的姓名、邮箱或平台名称组成，请换一个")
    # Here and not above: its word lists are 15 MB, which a process that judges no password does without.
    from zxcvbn import zxcvbn  # noqa: PLC0415 - see above

    if zxcvbn(password[:LOOKED_AT], user_inputs=words)["guesses_log10"] < GUESSES_LOG10:
        return "password_guessable", msg("这个密码太容易被猜中，请换一个，例如几个不相关的词")
    return None
