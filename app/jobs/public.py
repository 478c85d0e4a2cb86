"""What other packages use of the queue."""

from app.jobs.queue import enqueue
from app.jobs.tasks import Job, periodic, task

__all__ = ["Job", "enqueue", "periodic", "task"]
