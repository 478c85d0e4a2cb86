"""The pages: signing in and out, the provider's own forms, and a person's account."""

from app.identity.pages import account, authorize, end_session, sign_in
from app.web.public import Pages

pages = Pages()
for _part in (sign_in.pages, authorize.pages, end_session.pages, account.pages):
    pages.include_router(_part)
