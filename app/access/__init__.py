"""Access: who calls, what they may do, and the one way a request becomes a transaction.

`principal.py` is the caller, `permissions.py` the readable matrix of roles, `guards.py` the dependency every endpoint
names, `entry.py` the request's life: authenticate, open, handle, commit, answer; a serialization failure runs it again.
How a caller is recognised is `identity`'s business: `create_app` hands its `authenticate` in, so this package knows
nothing of accounts and every package above it can have endpoints.
"""
