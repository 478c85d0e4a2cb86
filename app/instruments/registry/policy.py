"""Who may change the register."""

from uuid import UUID

from app.access.guards import Refusal, Verdict
from app.access.permissions import Role
from app.access.principal import Principal
from app.core.i18n import msg
from app.instruments.models import Instrument
from app.instruments.registry.models import InstrumentFamily
from app.instruments.visibility import manages
from app.organisations.public import Organisation

WHOLE_PROVINCE = None


def organisations_of(caller: Principal) -> tuple[UUID, ...] | None:
    """The organisations whose instruments the caller may register; None says all of the province."""
    if caller.tenant_id is None:
        return ()
    if caller.administers(caller.tenant_id):
        return WHOLE_PROVINCE
    if Role.SYSTEM in caller.roles:
        return tuple(caller.organisations) or WHOLE_PROVINCE
    return caller.managed


def registers(caller: Principal) -> bool:
    """Whether the caller may register instruments of some organisation."""
    return caller.kind == "person" and organisations_of(caller) != ()


def may_register(caller: Principal, organisation: Organisation) -> Verdict:
    """Managers register the instruments of their organisation, province admins those of their province."""
    if not (caller.manages(organisation.id) or caller.administers(organisation.tenant_id)):
        return Refusal(msg("只有单位管理员和本省的省级管理员可以登记仪器"))
    if organisation.status != "active":
        return Refusal(msg("该单位已停用，不能登记仪器"))
    return True


def may_manage(caller: Principal, instrument: Instrument) -> Verdict:
    """Stewards, the organisation's managers and the province's admins keep the entry up to date."""
    if manages(caller, instrument):
        return True
    return Refusal(msg("只有该仪器的机组管理员、所属单位的管理员和本省的省级管理员可以修改"))


def may_appoint(caller: Principal, instrument: Instrument) -> Verdict:
    """Stewards are appointed by those above them, not by one another."""
    if caller.manages(instrument.organisation_id) or caller.administers(instrument.tenant_id):
        return True
    return Refusal(msg("只有所属单位的管理员和本省的省级管理员可以任命机组管理员"))


def may_keep_families(caller: Principal, family: InstrumentFamily) -> Verdict:
    """Managers group the instruments of their organisation, province admins those of their province."""
    if caller.manages(family.organisation_id) or caller.administers(family.tenant_id):
        return True
    return Refusal(msg("只有所属单位的管理员和本省的省级管理员可以修改仪器族"))


def may_see_contact(caller: Principal) -> bool:
    """Contact details are personal data, a name with a number: for people who have signed in, who are known to us.

    Visitors are invited to sign in, and led to the organisation's own page.
    """
    return caller.kind == "person"


def may_export_contact(caller: Principal, tenant_id: str) -> bool:
    """In bulk they do not leave their province."""
    return may_see_contact(caller) and caller.tenant_id == tenant_id
