"""What identity keeps about a person, and what of it stands against closing an account."""

from sqlalchemy import func, select

from app.access.permissions import Role
from app.access.principal import Principal
from app.core.db import ReadSession
from app.core.i18n import Message, msg
from app.identity.contacts.personal import PSEUDONYM, Held, holds, holds_back
from app.identity.models import Account, Membership, RoleGrant
from app.organisations.public import names

LAW = msg("依法须保存的操作日志；只含账号标识，不含姓名（《网络安全法》第二十一条）")
OFFICE = msg("本省任命和办理的凭据；只含账号标识，不含姓名")
OF_ACCOUNT = "account_id = :id"
OF_APPLICATION = "application_id IN (SELECT id FROM organisation_application WHERE account_id = :id)"
OF_GRANT = "grant_id IN (SELECT id FROM oauth_grant WHERE account_id = :id)"
INVITED = (
    "account_id = :id OR accepted_by = :id "
    "OR invitee IN (SELECT address FROM email_address WHERE account_id = :id)"
)
holds(
    Held(
        "account",
        "id = :id",
        msg("账号"),
        kept=msg("其他记录引用的账号标识；姓名以「已注销用户」代替"),
        masked={"display_name": PSEUDONYM},
        signs_in=True,
    ),
    Held("local_credential", OF_ACCOUNT, msg("登录名"), signs_in=True),
    Held("email_address", OF_ACCOUNT, msg("邮箱"), signs_in=True),
    Held("mobile_number", OF_ACCOUNT, msg("手机号"), signs_in=True),
    Held("mobile_code", OF_ACCOUNT, msg("待验证的手机号"), signs_in=True),
    Held("mailed_link", OF_ACCOUNT, msg("发出的确认链接"), signs_in=True),
    Held("external_identity", OF_ACCOUNT, msg("关联的登录身份"), signs_in=True),
    Held("browser_session", OF_ACCOUNT, msg("登录的设备"), signs_in=True),
    Held("membership", OF_ACCOUNT, msg("所属单位"), signs_in=True),
    Held("role_grant", OF_ACCOUNT, msg("省内角色"), signs_in=True),
    Held("stewardship", OF_ACCOUNT, msg("负责的仪器"), signs_in=True),
    Held("authenticator", OF_ACCOUNT, msg("验证方式"), signs_in=True),
    Held("recovery_code", OF_ACCOUNT, msg("恢复码"), signs_in=True),
    Held("delegation", "account_id = :id OR deputy_id = :id", msg("代理"), kept=OFFICE, signs_in=True),
    Held(
        "appointment",
        "account_id = :id OR proposed_by = :id OR decided_by = :id",
        msg("任命的提议和决定"),
        kept=OFFICE,
    ),
    Held(
        "oauth_client",
        "owner_id = :id",
        msg("登记的应用"),
        kept=msg("应用的授权和操作记录引用它；应用随账号停用"),
        masked={"status": "disabled"},
    ),
    Held("oauth_grant", OF_ACCOUNT, msg("已连接的应用"), signs_in=True),
    Held("oauth_code", OF_ACCOUNT, msg("应用的授权码"), signs_in=True),
    Held("refresh_token", OF_GRANT, msg("应用的刷新令牌"), signs_in=True),
    Held("device_code", OF_ACCOUNT, msg("待确认的设备"), signs_in=True),
    Held("join_request", OF_ACCOUNT, msg("加入单位的申请")),
    Held("organisation_invitation", INVITED, msg("收到的单位邀请")),
    Held(
        "organisation_application",
        OF_ACCOUNT,
        msg("单位入驻申请"),
        kept=msg("本省登记单位的凭据；联系人和电话被清除"),
        masked={"contact_name": PSEUDONYM, "contact_phone": "-"},
    ),
    Held("application_step", OF_ACCOUNT, msg("入驻申请的办理记录"), kept=OFFICE),
    Held("application_evidence", OF_APPLICATION, msg("入驻申请的证明材料"), kept=msg("登记单位的依据")),
    Held("account_closing", OF_ACCOUNT, msg("注销请求"), signs_in=True),
    Held("journal_event", "actor_id = :id", msg("操作记录"), kept=LAW),
)


async def _offices(session: ReadSession, caller: Principal) -> list[Message]:
    """The only manager of an organisation, or admin of a province, finds a successor first."""
    others = (
        select(func.count())
        .select_from(RoleGrant)
        .join(Account, Account.id == RoleGrant.account_id)
        .where(
            RoleGrant.tenant_id == caller.tenant_id,
            RoleGrant.role == Role.PROVINCE_ADMIN,
            RoleGrant.account_id != caller.id,
            Account.status == "active",
        )
    )
    found: list[Message] = []
    if Role.PROVINCE_ADMIN in caller.roles and not await session.scalar(others):
        found.append(msg("您是本省唯一的省级管理员，请先任命另一位"))
    managed = [i for i, role in caller.organisations.items() if role is Role.MANAGER]
    shared = select(Membership.organisation_id).join(Account, Account.id == Membership.account_id)
    shared = shared.where(
        Membership.organisation_id.in_(managed),
        Membership.role == Role.MANAGER,
        Membership.account_id != caller.id,
        Account.status == "active",
    )
    alone = set(managed) - set(await session.scalars(shared))
    known = await names(session, caller, sorted(alone))
    return found + [
        msg("您是「{name}」唯一的管理员，请先任命另一位", name=name) for name in sorted(known.values())
    ]


holds_back(_offices)
