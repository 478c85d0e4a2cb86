"""What pages of other packages use."""

from app.web.cookies import cookie_name, cookie_of, forget_cookie, keep_cookie
from app.web.csrf import CsrfFailed
from app.web.flash import Tone
from app.web.formats import SHANGHAI, local_input, money_text, when_text
from app.web.forms import Form, LocalInstant
from app.web.menu import Entry
from app.web.pages import Shared, Suggestion
from app.web.problems import SECOND_FACTOR, SIGN_IN, problem_page, sign_in_url
from app.web.provinces import ProvinceName, province_name
from app.web.queries import provinces
from app.web.render import render, see_other, wants_fragment
from app.web.router import Pages
from app.web.security import SecurityHeaders, content_security_policy
from app.web.static import static, static_files

__all__ = [
    "SECOND_FACTOR",
    "SHANGHAI",
    "SIGN_IN",
    "CsrfFailed",
    "Entry",
    "Form",
    "LocalInstant",
    "Pages",
    "ProvinceName",
    "SecurityHeaders",
    "Shared",
    "Suggestion",
    "Tone",
    "content_security_policy",
    "cookie_name",
    "cookie_of",
    "forget_cookie",
    "keep_cookie",
    "local_input",
    "money_text",
    "problem_page",
    "province_name",
    "provinces",
    "render",
    "see_other",
    "sign_in_url",
    "static",
    "static_files",
    "wants_fragment",
    "when_text",
]
