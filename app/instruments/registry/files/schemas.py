"""What callers send about pictures and manuals."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.core.schema import Input
from app.core.text import Line
from app.instruments.rules import limits

MOST_PICTURES, MOST_MANUALS = 12, 20
Title = Annotated[str, Line(limits.FILE_TITLE), Field(examples=["样品室"])]
Reason = Annotated[str, Line(500), Field(examples=["换了新版说明书"])]


class FileChange(Input):
    """A file's new title."""

    title: Title


class FileOrder(Input):
    """All files of an instrument, in the order they are to be shown in."""

    file_ids: Annotated[list[UUID], Field(max_length=MOST_PICTURES + MOST_MANUALS)]


class FileRemoval(Input):
    """Why a file is removed."""

    reason: Reason
