"""Takes pictures of pages for people to look at: `python -m tests.browser.screenshots http://127.0.0.1:8000 out / /styleguide`.

Every page in Chinese, at desktop and phone width, light and dark; says which page scrolls sideways on the phone and which
complained in the console (a blocked style or script shows up there).
"""

import sys
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, sync_playwright

Scheme = Literal["light", "dark"]
CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--force-color-profile=srgb"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
WIDTHS = {"desktop": (1280, 860), "phone": (375, 812)}


def shoot(browser: Browser, base: str, path: str, folder: Path, *, scheme: Scheme, device: str) -> list[str]:
    """One picture of one page; returns what is wrong with it."""
    width, height = WIDTHS[device]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=scheme,
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
    )
    page = context.new_page()
    found: list[str] = []
    page.on("console", lambda line: found.append(line.text) if line.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: found.append(str(error)))
    page.goto(base + path, wait_until="networkidle")
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    if overflow > 0:
        found.append(f"{overflow}px wider than the screen")
    name = path.strip("/").replace("/", "-").replace("?", "-") or "home"
    page.screenshot(path=folder / f"{name}-{device}-{scheme}.png", full_page=True)
    context.close()
    return [f"{path} ({device}, {scheme}): {text}" for text in found]


def main() -> int:
    """Take the pictures; the exit status says whether anything was found."""
    base, folder, *paths = sys.argv[1:]
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    found: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for path in paths or ["/"]:
            for device in WIDTHS:
                for scheme in SCHEMES:
                    found += shoot(browser, base, path, target, scheme=scheme, device=device)
        browser.close()
    sys.stdout.writelines(f"{line}\n" for line in found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
