"""What other packages use of the queue."""

from app.jobs.overview import FailedJob, QueueLength, Worker, failed_jobs, queue_lengths, run_again, workers
from app.jobs.queue import enqueue
from app.jobs.tasks import Job, periodic, task

__all__ = [
    "FailedJob",
    "Job",
    "QueueLength",
    "Worker",
    "enqueue",
    "failed_jobs",
    "periodic",
    "queue_lengths",
    "run_again",
    "task",
    "workers",
]
