"""Rate limits: how many requests an address, a person and a client may make, over all processes together.

Words: *policy* = a quota of requests in a window of seconds, and of whom (`policies.POLICIES`, the one table); *window* =
begins with the first request after the last one ended, so a quota is never exceeded within it, and at most twice within
any span of its length; *share* = the permits a process took from the shared counter in one go.

A process takes a twentieth of a quota at a time from one row of PostgreSQL (unlogged: a crash of the server forgets the
counts), and all that its waiting requests need in one statement, so that most requests pay no round trip. Permits are
taken before they are given, so the bound is exact whatever processes do or how their clocks differ; what a process took
and did not give is lost for that window, at most a twentieth for each. A process that cannot reach the counter counts
alone until the window ends: requests pass, bounded by its own count, and `commons_rate_limits_alone_total` says so.

Addresses are counted before anything is asked of the database; callers as soon as they are recognised, before a body is
read. An IPv6 address counts as its /64. What the endpoints of OAuth take is counted by address, and by the application
once it has proved who it is; a public one proves nothing, and its name must not let anybody use its quota up. Guesses at
passwords are slowed down apart from this (`identity.throttle`). The counter has a connection of its own: a request may
ask it while it holds one of the pool's.

Decided: fixed windows, not a token bucket or GCRA: permits of a window can be handed out in advance to processes and
forgotten at its end, which keeps the proof to one comparison. Turned down: Redis, another server to run.
"""
