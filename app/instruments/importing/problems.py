"""What can stand in the way of an import."""

from app.core.errors import Conflict, Invalid
from app.core.i18n import msg


class ImportBusy(Conflict):
    """A check or application of it is under way."""

    code = "instruments.import_busy"
    title = msg("正在处理，请稍候")


class NotChecked(Conflict):
    """It was not checked with the present mapping, or is applied already."""

    code = "instruments.import_not_checked"
    title = msg("请先检查文件；已导入的文件不能再次导入")


class HasFaults(Conflict):
    """All rows are to be applied, and some have faults."""

    code = "instruments.import_has_faults"
    title = msg("还有错误的行，没有导入任何内容")


class FileGone(Conflict):
    """The file was purged."""

    code = "instruments.import_file_gone"
    title = msg("上传的文件已过期，请重新上传")


class MappingWrong(Invalid):
    """The mapping does not fit the file."""

    code = "instruments.import_mapping_wrong"
    title = msg("列对应有误")
