"""What surrounds the program: image, compose file, commit hooks, continuous check, vendor assets."""

import json
import shutil
import subprocess
import sys
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
import yaml

from app.launch import assets
from app.launch.errors import LaunchError

ROOT = Path(__file__).parents[2]
TOOLS = Path(sys.executable).parent


def test_dockerfile_passes_hadolint() -> None:
    result = subprocess.run(
        [TOOLS / "hadolint", ROOT / "Dockerfile"], capture_output=True, text=True, check=False
    )
    assert (result.returncode, result.stdout) == (0, "")


def test_image_gets_every_file_its_steps_copy() -> None:
    for line in (ROOT / "Dockerfile").read_text().splitlines():
        if line.startswith("COPY") and "--from" not in line:
            for source in line.split()[1:-1]:
                assert (ROOT / source).exists(), source


def test_compose_file_gives_the_administrators_password_to_migrate_alone() -> None:
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    assert set(services) == {"postgres", "migrate", "app", "worker"}
    with_password = [name for name, service in services.items() if "POSTGRES_PASSWORD}" in str(service)]
    assert with_password == ["migrate"]
    assert services["postgres"]["image"] == "postgres:18"


def test_compose_file_believes_the_gateway_its_proxy_comes_from() -> None:
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text())
    (network,) = compose["networks"]["default"]["ipam"]["config"]
    believed = compose["services"]["app"]["environment"]["FORWARDED_ALLOW_IPS"]
    assert believed == f"${{FORWARDED_ALLOW_IPS:-{network['gateway']}}}"
    assert ip_address(network["gateway"]) in ip_network(network["subnet"])


def test_scripts_are_valid_shell() -> None:
    subprocess.run(["/bin/sh", "-n", ROOT / "commons"], check=True)
    subprocess.run(["bash", "-n", ROOT / ".ci" / "run"], check=True)


def test_continuous_check_skips_nothing() -> None:
    """Else the checks with foreign OAuth peers would skip unnoticed where they could run."""
    script = (ROOT / ".ci" / "run").read_text()
    assert "CI=true exec ./commons test" in script


def test_hooks_name_no_host() -> None:
    text = (ROOT / ".pre-commit-config.yaml").read_text()
    assert "://" not in text
    assert {repository["repo"] for repository in yaml.safe_load(text)["repos"]} == {"local"}


def test_manifest_holds_every_icon_of_the_list_and_the_packaged_files() -> None:
    manifest = json.loads(assets.MANIFEST.read_text())
    icons = {f"icons/{name}.svg" for name in assets.ICONS.read_text().split()}
    assert set(manifest) == icons | set(assets.PACKAGED)


def test_assets_are_built_and_a_changed_file_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not assets.VENDOR.exists():
        pytest.skip("the vendor assets are fetched by ./commons assets")
    copy = tmp_path / "vendor"
    shutil.copytree(assets.VENDOR, copy)
    monkeypatch.setattr(assets, "VENDOR", copy)
    monkeypatch.setenv("npm_config_offline", "true")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("UV_OFFLINE", "1")
    assets.build()
    (copy / "htmx.min.js").write_text("alert('not htmx')")
    with pytest.raises((LaunchError, SystemExit)):
        assets.build()
    assert (copy / "htmx.min.js").read_text() == "alert('not htmx')"
