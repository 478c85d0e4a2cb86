"""What features use to let people watch long work."""

from app.tasks.models import TaskRun
from app.tasks.schemas import TaskOut
from app.tasks.service import start
from app.tasks.watched import Watch, watched

__all__ = ["TaskOut", "TaskRun", "Watch", "start", "watched"]
