"""Jobs: work done after the answer, or on a schedule, by a durable queue in PostgreSQL (pgqueuer behind a facade).

Words: a *task* is a named kind of work with its handler; a *job* is one piece of it, a row in schema `jobs`.
A job is enqueued in the transaction of the change that asks for it, so a rollback leaves none. It runs at least once:
handlers are idempotent, carry ids, and open their own transactions for the province in the payload. A failure is tried
again after growing gaps, then parked as `failed` for a person to look at; a killed worker's jobs are taken up by
another one when their heartbeat is stale, as often as the task has attempts. Neither logs nor tables keep an exception's text, which may hold data.

Chosen: pgqueuer, ten times the jobs a second of procrastinate and asyncpg like everything else; one maintainer, hence
the facade. Turned down: taking the raw driver connection of a session to enqueue: before its first statement it is
outside any transaction, and the job outlives the rollback.
"""
