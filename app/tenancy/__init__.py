"""Tenancy: a tenant is a province (GB/T 2260 code); it owns its rows and decides what others see.

Words: *scope* = organisation < province < region (member provinces) < public; *party* = a province a dealing concerns.
`context.py` is the only writer of the `app.*` settings; `policies.py` says in words of the model who may see a table's
rows, and gives the row-level security that holds it; `roles.py` makes the database roles. Row-level security is the net
under the application's own checks: enabled and forced on every table, and a catalogue test keeps it so.

Chosen: one database, one schema, policies on rows. Turned down: a schema or database a province, because sharing across
provinces is the purpose and every shared list would become a union.
"""
