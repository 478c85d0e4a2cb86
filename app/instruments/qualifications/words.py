"""The words of qualifications on pages and in files."""

from collections.abc import Mapping

from app.core.i18n import Message, msg, pmsg
from app.instruments.rules.qualified import LEVELS, RECOGNISABLE
from app.instruments.rules.qualified import WORDS as LEVEL_WORDS
from app.instruments.rules.vocabulary import SCOPES

__all__ = ["LEVEL_WORDS", "SCOPES"]

STATES: Mapping[str, Message] = {
    "valid": pmsg("qualification", "有效"),
    "expiring": pmsg("qualification", "即将到期"),
    "expired": pmsg("qualification", "已到期"),
    "suspended": pmsg("qualification", "已暂停"),
    "revoked": pmsg("qualification", "已撤销"),
}
TONES = {
    "valid": "success",
    "expiring": "warning",
    "expired": "neutral",
    "suspended": "danger",
    "revoked": "danger",
}
REQUEST_STATES: Mapping[str, Message] = {
    "open": msg("等待审核"),
    "approved": pmsg("qualification request", "已批准"),
    "declined": pmsg("qualification request", "未通过"),
    "withdrawn": pmsg("qualification request", "已撤回"),
}
REQUEST_TONES = {"open": "info", "approved": "success", "declined": "warning", "withdrawn": "neutral"}
LEVEL_CHOICES = [(level, LEVEL_WORDS[level]) for level in LEVELS]
RECOGNISED_CHOICES = [(level, LEVEL_WORDS[level]) for level in RECOGNISABLE]
LEVEL_NOTES: Mapping[str, Message] = {
    "observer": msg("在场观看，不动手"),
    "assisted": msg("在机组人员陪同下操作"),
    "independent": msg("单独预约和操作"),
    "trainer": msg("可以培训他人、审核申请"),
}
LEVELS_EXPLAINED = [(level, LEVEL_WORDS[level], LEVEL_NOTES[level]) for level in LEVELS]
SCOPES_EXPLAINED = [
    ("organisation", SCOPES["organisation"], msg("只有本单位成员看到和申请")),
    ("province", SCOPES["province"], msg("本省的人看到和申请")),
    ("region", SCOPES["region"], msg("各成员省份的人看到和申请，其他单位可以互认")),
    ("public", SCOPES["public"], msg("未登录的访客也看到")),
]
DECISIONS = [
    ("approve", msg("批准"), msg("按下面的级别和日期授予资格")),
    ("decline", pmsg("qualification request", "不批准"), msg("申请人会看到理由，可以再次申请")),
]
OUTCOMES: Mapping[str, Message] = {
    "granted": pmsg("outcome", "已授予"),
    "renewed": pmsg("outcome", "已续期或升级"),
    "unchanged": pmsg("outcome", "原有资格不变"),
    "higher_held": pmsg("outcome", "未授予：已有更高级别"),
    "suspended": pmsg("outcome", "未授予：资格被暂停，请先恢复"),
    "revoked": pmsg("outcome", "未授予：曾被撤销，须由本人重新申请"),
    "oneself": pmsg("outcome", "未授予：不能授予自己"),
    "closed": pmsg("outcome", "未授予：申请已处理或撤回"),
    "unknown": pmsg("outcome", "未授予：没有此人或此申请"),
}
STEPS: Mapping[str, tuple[Message, Message, Message]] = {
    "suspend": (
        msg("暂停资格"),
        msg("暂停期间不能预约和上机；已有的预约保留，但不能开始。之后可以恢复。"),
        msg("资格已暂停"),
    ),
    "reinstate": (msg("恢复资格"), msg("恢复后可以照常预约和上机。"), msg("资格已恢复")),
    "revoke": (
        msg("撤销资格"),
        msg("撤销后不能恢复，须由本人重新申请；已有的预约保留，但不能开始。"),
        msg("资格已撤销"),
    ),
}
"""What a step is called, what it means, and what is said when it was taken."""
HEADS = (
    msg("资格名称"),
    msg("授予单位"),
    msg("持有人"),
    msg("持有人单位"),
    msg("持有人省份"),
    msg("级别"),
    msg("生效日期"),
    msg("有效期至"),
    msg("状态"),
    msg("暂停或撤销的理由"),
    msg("依据"),
)
