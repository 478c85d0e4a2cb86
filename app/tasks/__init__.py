"""Tasks 任务: long work that people watch, such as an import; one row tells how far it is and how it ended.

`public.start` writes the row and enqueues the job in one transaction; `@watched` is a job's handler that reports to it.
The row belongs to the province; the one who asked for the work and the province's admins see it. A refusal (Problem)
ends the task at once with the reason in both languages; any other failure is tried again by the queue first.
"""
