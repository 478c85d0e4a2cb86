"""The page being rendered: who reads it, in which language; templates and macros reach it without passing it on.

Rendering is synchronous, so a context variable set around it is seen by every macro, imported ones too, and by no
other request.
"""

from contextvars import ContextVar
from dataclasses import dataclass, field

from fastapi import Request

from app.access.principal import VISITOR, Principal
from app.core.i18n import Locale
from app.core.problems import locale_of
from app.settings import Settings
from app.web import csrf


@dataclass(slots=True)
class Page:
    """What one rendering knows of its request."""

    request: Request
    locale: Locale
    caller: Principal = VISITOR
    csrf_seed: str | None = field(default=None)
    """Made when the page's first form asks for a token and the browser has no seed yet."""

    @property
    def settings(self) -> Settings:
        """The platform's settings."""
        settings: Settings = self.request.app.state.settings
        return settings

    def csrf_token(self) -> str:
        """A token for this page's forms; a page that never asks sets no cookie."""
        seed = csrf.seed_of(self.request) or self.csrf_seed
        if seed is None:
            seed = self.csrf_seed = csrf.new_seed()
        return csrf.token(self.settings.secret, seed, self.caller.session_id)

    def here(self, **changes: str | None) -> str:
        """This address with some query parameters replaced, or dropped when None."""
        url = self.request.url.remove_query_params([k for k, v in changes.items() if v is None])
        url = url.include_query_params(**{k: v for k, v in changes.items() if v is not None})
        return f"{url.path}?{url.query}" if url.query else url.path


def page_of(request: Request) -> Page:
    """The page a request asks for; the caller is known when a guard has recognised them."""
    caller: Principal | None = getattr(request.state, "principal", None)
    return Page(request, locale_of(request), caller or VISITOR)


current: ContextVar[Page] = ContextVar("page")
