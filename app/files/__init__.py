"""Files that people send, kept on disk under the digest of their content until nobody needs them.

`public.store` copies a stream and names it by SHA-256, so the same file twice is one; `public.path_of` finds it again
and renews its stay. A digest is no permission: features keep it in a row of their own, under its row-level security.
What was not used for 30 days is removed by a periodic job, unless a row holds it: `public.keep` in the transaction that
makes the row, `public.release` in the one that deletes it. Rows are not counted: each holder has a row of its own here.

Chosen: a folder in the data directory, which all processes of a deployment share. Turned down: bytes in PostgreSQL,
which would carry every upload through its write-ahead log for the sake of a file read twice.
"""
