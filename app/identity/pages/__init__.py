"""The pages: signing in and out, the provider's own forms, a person's account, and the people of a province."""

from app.identity.joining.apply_pages import pages as apply
from app.identity.joining.invited_pages import pages as invited
from app.identity.joining.pages import pages as joining
from app.identity.joining.review_pages import pages as review
from app.identity.oauth_applications.connected_pages import pages as connected
from app.identity.oauth_applications.desk_pages import pages as applications
from app.identity.oauth_applications.own_pages import pages as developer
from app.identity.pages.account import pages as account
from app.identity.pages.appointments import pages as appointments
from app.identity.pages.authorize import pages as authorize
from app.identity.pages.data import pages as data
from app.identity.pages.delegations import pages as delegations
from app.identity.pages.device import pages as device
from app.identity.pages.end_session import pages as end_session
from app.identity.pages.factor_reset import pages as factor_reset
from app.identity.pages.factors import pages as factors
from app.identity.pages.identities import pages as identities
from app.identity.pages.members import pages as members
from app.identity.pages.mobile import pages as mobile
from app.identity.pages.people import pages as people
from app.identity.pages.person import pages as person
from app.identity.pages.provider_test import pages as provider_test
from app.identity.pages.providers import pages as providers
from app.identity.pages.register import pages as register
from app.identity.pages.roles import pages as roles
from app.identity.pages.second_factor import pages as second_factor
from app.identity.pages.security import pages as security
from app.identity.pages.sessions import pages as sessions
from app.identity.pages.sign_in import pages as sign_in
from app.identity.pages.sign_out import pages as sign_out
from app.web.public import Pages

pages = Pages()
for _part in (
    second_factor,
    sign_in,
    sign_out,
    identities,
    provider_test,
    providers,
    authorize,
    device,
    end_session,
    account,
    factors,
    sessions,
    people,
    factor_reset,
    members,
    apply,
    review,
    joining,
    invited,
    person,
    appointments,
    delegations,
    roles,
    register,
    security,
    mobile,
    data,
    connected,
    developer,
    applications,
):
    pages.include_router(_part)
