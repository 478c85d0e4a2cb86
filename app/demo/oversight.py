"""Who decides beside a province's first admin, and who runs the platform."""

from uuid import UUID

from app.core.db import Session
from app.demo.accounts import OPERATOR, PASSWORD, SECOND_ADMINS, Person, totp_secret
from app.demo.data.provinces import PROVINCES, Province
from app.demo.made import Ids, Made
from app.identity import public as identity
from app.tenancy.policies import PLATFORM


async def oversight(session: Session, province: Province, made: Made) -> Ids:
    """The province's second admin; with the first province the platform's operator."""
    made.password_hash = made.password_hash or await identity.hash_password(PASSWORD)
    admin = SECOND_ADMINS[province.code]
    account_id = await identity.create_account(
        session,
        tenant_id=province.code,
        display_name=admin.name,
        login_name=admin.key,
        password_hash=made.password_hash,
    )
    await identity.add_address(session, province.code, account_id, f"{admin.key}@delta.example")
    await identity.grant_role(session, tenant_id=province.code, account_id=account_id, role=admin.role)
    await _second_step(session, made, province.code, account_id, admin)
    if province is PROVINCES[0]:
        operator_id = await identity.add_operator(
            session,
            login_name=OPERATOR.key,
            display_name=OPERATOR.name,
            password_hash=made.password_hash,
        )
        await _second_step(session, made, PLATFORM, operator_id, OPERATOR)
    return {admin.key: account_id}


async def _second_step(
    session: Session, made: Made, tenant_id: str, account_id: UUID, person: Person
) -> None:
    await identity.enrol_totp(
        session,
        made.settings,
        tenant_id=tenant_id,
        account_id=account_id,
        secret=totp_secret(person.key),
        name="演示用验证器",
    )
