"""A browser's name from its User-Agent, well enough for a person to recognise a device."""

import re

from app.core.i18n import Message, msg

_BROWSERS = (
    ("MicroMessenger", "微信"),
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Version", "Safari"),
)
_SYSTEMS = (
    ("HarmonyOS", "HarmonyOS"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)
_VERSION = re.compile(r"/(\d+)")


def device_name(user_agent: str) -> Message:
    """`Firefox 145 · Windows`; browsers claim each other's names, so the rarer claims are looked at first."""
    browser = next(((key, name) for key, name in _BROWSERS if f"{key}/" in user_agent), None)
    system = next((name for key, name in _SYSTEMS if key in user_agent), None)
    if browser is None:
        return msg("{name}", name=system) if system else msg("未知设备")
    key, name = browser
    version = _VERSION.match(user_agent, user_agent.index(f"{key}/") + len(key))
    parts = [f"{name} {version[1]}" if version else name, system]
    return msg("{name}", name=" · ".join(part for part in parts if part))
