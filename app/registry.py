"""Imports every feature's models and jobs, for the migrations and the worker."""

from importlib import import_module
from pathlib import Path

from app.core.db import Base

APP = Path(__file__).parent

for _module in sorted([*APP.glob("*/models.py"), *APP.glob("*/jobs.py")]):
    import_module(f"app.{_module.parent.name}.{_module.stem}")

metadata = Base.metadata
