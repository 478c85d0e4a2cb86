"""What a look through a chain found, in words."""

from app.core.i18n import Message, msg
from app.journal.public import Fault, Finding, Verdict

FAULTS: dict[Fault, Message] = {
    Fault.EVENT_CHANGED: msg("记录的内容被改动"),
    Fault.EVENT_DELETED: msg("记录被删除"),
    Fault.EVENT_INSERTED: msg("记录是事后插入的，不在链中"),
    Fault.EVENT_BACKDATED: msg("记录的时间早于写入时间，被倒填"),
    Fault.LINK_CHANGED: msg("链接与前后不符，被改动或调换"),
    Fault.LINK_DELETED: msg("链接被删除"),
    Fault.CUT_OFF: msg("链尾被截断"),
    Fault.ANCHOR_FORGED: msg("锚点的签名不是本平台的"),
    Fault.REWRITTEN: msg("链与已签名的锚点不符，被整体改写"),
}


def place(finding: Finding) -> Message:
    """Where in the chain."""
    if finding.sequence is None:
        return msg("不在链中")
    if finding.last is None or finding.last == finding.sequence:
        return msg("第 {sequence} 条", sequence=finding.sequence)
    return msg("第 {first} 至 {last} 条", first=finding.sequence, last=finding.last)


def told(finding: Finding, verdict: Verdict) -> Message:
    """One finding in a sentence: where, what, which event, and whether what lies beside it is fine."""
    sentence = msg("{place}：{fault}", place=place(finding), fault=FAULTS[finding.fault])
    if finding.event_id:
        sentence = msg("{told}（记录 {id}）", told=sentence, id=finding.event_id)
    if beside := verdict.neighbours(finding):
        numbers = ", ".join(map(str, beside))
        sentence = msg("{told}；相邻的第 {numbers} 条完好", told=sentence, numbers=numbers)
    return sentence


def summary(verdict: Verdict) -> Message:
    """The whole look in a sentence."""
    facts = {"count": verdict.checked, "anchors": verdict.anchors, "waiting": verdict.waiting}
    if verdict.faults:
        return msg(
            "已核对 {count} 条记录：发现 {faults} 处损坏", count=verdict.checked, faults=verdict.faults
        )
    return msg("已核对 {count} 条记录和 {anchors} 个锚点：完好；待封存 {waiting} 条", **facts)
