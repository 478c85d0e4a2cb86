"""A worker process whose one task hangs the first time it runs: `python -m tests.jobs.killable DIARY`."""

import asyncio
import sys
from datetime import timedelta
from functools import partial
from pathlib import Path

from app.jobs import worker
from app.jobs.public import Job, task
from app.settings import Settings

DIARY = Path(sys.argv[1])


@task("test.killable")
async def run(_job: Job) -> None:
    """Writes a diary; the first run never ends by itself."""
    if write("started") == "started\n":
        await asyncio.sleep(3600)
    write("ended")


def write(word: str) -> str:
    """Add a line; the whole diary."""
    with DIARY.open("a+") as diary:
        diary.write(f"{word}\n")
        diary.seek(0)
        return diary.read()


if __name__ == "__main__":
    worker.Worker = partial(  # type: ignore[assignment,misc] # seconds instead of half a minute
        worker.Worker, stale_after=timedelta(seconds=2), poll=timedelta(milliseconds=500)
    )
    asyncio.run(worker.run_until_signalled(Settings()))
