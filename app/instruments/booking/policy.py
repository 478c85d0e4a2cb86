"""Who may do what with a booking; `on` is the local day on which it begins."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from app.access.guards import Refusal, Verdict
from app.access.principal import Principal
from app.core.i18n import msg
from app.instruments.models import Booking
from app.instruments.rules import customs
from app.instruments.rules.overrides import Role
from app.instruments.visibility import WHOLE_PROVINCE, runs


def may_book(caller: Principal, terms: Row[Any], payer_id: UUID, on: date) -> Verdict:
    """Members book in their organisation's name; restricted instruments serve their own organisation only."""
    if payer_id not in caller.organisations:
        return Refusal(msg("您不是该单位的成员，不能以其名义预约"))
    if terms.payer_name is None:
        return Refusal(msg("该单位已停用，不能以其名义预约"))
    return _serves(terms, payer_id, on)


def may_book_at_all(caller: Principal, terms: Row[Any], on: date) -> Verdict:
    """Whether the instrument serves any of the caller's organisations; the reason why not, where none is served."""
    verdicts = [_serves(terms, payer_id, on) for payer_id in caller.organisations]
    return next((verdict for verdict in verdicts if verdict is True), verdicts[0] if verdicts else True)


def overrider(caller: Principal, terms: Row[Any]) -> Role | None:
    """As what the caller may set rules of an instrument aside."""
    if caller.manages(terms.owner_id) or caller.administers(terms.tenant_id):
        return "manager"
    return "steward" if terms.instrument_id in caller.stewardships else None


def may_move(caller: Principal, terms: Row[Any], booking: Booking, on: date) -> Verdict:
    """A booking is moved under the rules it would be made under; the instrument's side moves it for its people too."""
    if runs_instrument(caller, booking):
        return _serves(terms, booking.organisation_id, on)
    return may_book(caller, terms, booking.organisation_id, on)


def _serves(terms: Row[Any], payer_id: UUID, on: date) -> Verdict:
    if terms.service_status == "restricted" and payer_id != terms.owner_id:
        return Refusal(msg("该仪器目前只供本单位内部使用"))
    barred = customs.bars_others(
        supervised=terms.customs_supervised, notice=terms.customs_notice, until=terms.customs_until, on=on
    )
    if barred and payer_id != terms.owner_id:
        return Refusal(msg("该仪器为海关监管的减免税设备，未经海关同意不能对外单位开放"))
    return True


def is_requester(caller: Principal, booking: Booking | Row[Any]) -> bool:
    """The person who booked, or a manager of the organisation booked for."""
    own = booking.requester_id == caller.id and booking.requester_tenant_id == caller.tenant_id
    return own or caller.manages(booking.organisation_id)


def runs_instrument(caller: Principal, booking: Booking) -> bool:
    """The instrument's side: its stewards, its organisation's managers, its province's admins."""
    return runs(
        caller,
        instrument_id=booking.instrument_id,
        owner_id=booking.owner_id,
        tenant_id=booking.tenant_id,
    )


def may_read(caller: Principal, booking: Booking | Row[Any]) -> bool:
    """Both parties, and the officers of both provinces: `queries.readable_by` for a row at hand."""
    parties = {booking.tenant_id, booking.requester_tenant_id}
    if caller.tenant_id not in parties:
        return False
    if caller.roles & WHOLE_PROVINCE or caller.acts_for_province:
        return True
    acts_for = {booking.organisation_id, booking.owner_id} & set(caller.managed)
    return bool(acts_for) or is_requester(caller, booking) or booking.instrument_id in caller.stewardships


def may_know_who(caller: Principal, booking: Booking | Row[Any]) -> bool:
    """Who may read it, and people of the one province that both parties are of: see `availability.Busy`."""
    at_home = caller.kind == "person" and caller.tenant_id == booking.tenant_id == booking.requester_tenant_id
    return at_home or may_read(caller, booking)


def may_decide(caller: Principal, booking: Booking) -> Verdict:
    """The instrument's side decides about requests, and nobody about their own."""
    if not runs_instrument(caller, booking):
        return Refusal(msg("只有仪器管理方可以审批"))
    if booking.requester_id == caller.id and booking.requester_tenant_id == caller.tenant_id:
        return Refusal(msg("不能审批自己的预约"))
    return True


def may_change(caller: Principal, booking: Booking) -> Verdict:
    """Both parties may move or cancel; auditors only read."""
    if is_requester(caller, booking) or runs_instrument(caller, booking):
        return True
    return Refusal(msg("只有预约人和仪器管理方可以更改此预约"))
