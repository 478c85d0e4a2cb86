"""Every route of the application as something that can be asked for: its parameters, and a body that fits."""

import typing
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import RouteContext, iter_route_contexts
from pydantic import BaseModel

from app.access.guards import Guard, _Unguarded

IDS = ("_id", "_ids")


@dataclass(frozen=True, slots=True)
class Door:
    """One method of one route."""

    method: str
    path: str
    route: RouteContext
    operation: dict[str, Any]
    """What the API's description says of it; nothing of a page."""

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def parameters(self) -> list[str]:
        """The names in the path."""
        return [part.strip("{}") for part in self.path.replace(".", "/").split("/") if part.startswith("{")]

    @property
    def ids(self) -> list[str]:
        """The names in the path that stand for a row."""
        return [name for name in self.parameters if name.endswith(IDS)]

    @property
    def safe(self) -> bool:
        return self.method == "GET"

    @property
    def is_page(self) -> bool:
        return not self.path.startswith(
            ("/api/", "/.well-known/", "/healthz", "/readyz", "/metrics", "/openapi")
        )

    def queries(self) -> dict[str, Any]:
        """The query's names and types."""
        found: dict[str, Any] = {}
        for dependant in dependants(self.route):
            for parameter in dependant.query_params:
                annotation = parameter.field_info.annotation
                if isinstance(annotation, type) and issubclass(annotation, BaseModel):
                    found |= {name: one.annotation for name, one in annotation.model_fields.items()}
                else:
                    found[parameter.alias] = annotation
        return found


def doors(app: FastAPI) -> list[Door]:
    """Every method of every route that takes part in requests."""
    described = app.openapi()["paths"]
    return [
        Door(method, route.path or "", route, described.get(route.path, {}).get(method.lower(), {}))
        for route in iter_route_contexts(app.routes)
        for method in sorted((route.methods or set()) - {"HEAD"})
    ]


def dependants(route: RouteContext) -> Iterator[Dependant]:
    """The route's tree of dependencies."""
    root: Dependant | None = getattr(route, "dependant", None)
    waiting = [] if root is None else [root]
    while waiting:
        dependant = waiting.pop()
        yield dependant
        waiting += dependant.dependencies


def guards(route: RouteContext) -> list[Guard | _Unguarded]:
    """The guards on the route."""
    return [d.call for d in dependants(route) if isinstance(d.call, Guard | _Unguarded)]


def choices(annotation: Any) -> list[str]:
    """The values an enumerated parameter may take."""
    if typing.get_origin(annotation) is Literal:
        return [str(value) for value in typing.get_args(annotation)]
    return [value for inner in typing.get_args(annotation) for value in choices(inner)]


def holds(annotation: Any, kind: type) -> bool:
    """Whether a parameter may be of this type."""
    return annotation is kind or any(holds(inner, kind) for inner in typing.get_args(annotation))


def is_word(annotation: Any) -> bool:
    """Whether a parameter takes free text."""
    return holds(annotation, str) and not choices(annotation) and not holds(annotation, UUID)


def sample(schema: dict[str, Any], components: dict[str, Any]) -> Any:
    """A value that fits a JSON schema: its example, else the least that is required."""
    if "$ref" in schema:
        return sample(components[schema["$ref"].rpartition("/")[2]], components)
    for key in ("examples", "enum"):
        if schema.get(key):
            return schema[key][0]
    if "const" in schema:
        return schema["const"]
    options = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf")
    if options:
        return sample(options[0], components)
    if schema.get("type") == "object":
        wanted = schema.get("required", ())
        return {name: sample(schema["properties"][name], components) for name in wanted}
    if schema.get("type") == "array":
        return [sample(schema["items"], components)] * schema.get("minItems", 0)
    formats = {"uuid": str(UUID(int=0)), "date-time": "2026-11-23T09:00:00+08:00", "date": "2026-11-23"}
    plain = {"integer": schema.get("minimum", 1), "number": schema.get("minimum", 1), "boolean": True}
    return formats.get(schema.get("format", "")) or plain.get(schema.get("type", ""), "示例")


def places_of_ids(schema: dict[str, Any], components: dict[str, Any]) -> list[str]:
    """The body's own properties that take the id of a row."""
    if "$ref" in schema:
        return places_of_ids(components[schema["$ref"].rpartition("/")[2]], components)
    return [
        name
        for name, inner in schema.get("properties", {}).items()
        if "uuid" in {inner.get("format"), *(one.get("format") for one in inner.get("anyOf", ()))}
    ]
