"""Every route of the application as something that can be asked for: its parameters, and a body that fits."""

import inspect
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from fastapi import FastAPI
from fastapi._compat import ModelField
from fastapi.dependencies.models import Dependant
from fastapi.routing import RouteContext, iter_route_contexts
from pydantic import BaseModel, TypeAdapter

from app.access.guards import Guard, _Unguarded

IDS = ("_id", "_ids")
USUAL = {
    "scheme": "instrument-class",
    "code": "010100",
    "province": "330000",
    "kind": "csv",
    "since": "2026-11-23T00:00:00+08:00",
    "until": "2026-11-30T00:00:00+08:00",
}
"""Values for parameters that are no ids."""


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

    def queries(self, *, required: bool = False) -> dict[str, Any]:
        """The query's names and types, all or those that must be there."""
        return fields(
            [one for dependant in dependants(self.route) for one in dependant.query_params], required=required
        )

    def form(self) -> dict[str, Any]:
        """The names and types of the form that must be filled in: of the models the handler names."""
        handler = inspect.unwrap(self.route.endpoint) if self.route.endpoint else None
        known = inspect.getclosurevars(handler).globals if inspect.isfunction(handler) else {}
        return {
            name: field.annotation
            for model in known.values()
            if isinstance(model, type) and issubclass(model, BaseModel)
            for name, field in model.model_fields.items()
            if field.is_required()
        }


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


def fields(inputs: list[ModelField], *, required: bool) -> dict[str, Any]:
    """The names and types of parameters, a model's fields each for itself."""
    found: dict[str, Any] = {}
    for one in inputs:
        annotation = one.field_info.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            inner = annotation.model_fields.items()
            found |= {name: field.annotation for name, field in inner if field.is_required() or not required}
        elif one.field_info.is_required() or not required:
            found[one.alias] = annotation
    return found


def filled(wanted: dict[str, Any]) -> dict[str, Any]:
    """A value for each name: the usual one, else one of its type."""
    schemas = {name: TypeAdapter(kind).json_schema() for name, kind in wanted.items()}
    return {
        name: USUAL.get(name) or sample(schema, schema.get("$defs", {})) for name, schema in schemas.items()
    }


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
    inner = _resolved(schema, components)
    for key in ("examples", "enum"):
        if inner.get(key):
            return inner[key][0]
    if inner.get("type") == "object":
        wanted = inner.get("required", ())
        return {name: sample(inner["properties"][name], components) for name in wanted}
    if inner.get("type") == "array":
        return [sample(inner["items"], components)] * inner.get("minItems", 0)
    formats = {"uuid": str(UUID(int=0)), "date-time": "2026-11-23T09:00:00+08:00", "date": "2026-11-23"}
    plain = {"integer": inner.get("minimum", 1), "number": inner.get("minimum", 1), "boolean": True}
    value = inner.get("const") or formats.get(inner.get("format", "")) or plain.get(inner.get("type", ""))
    return "示例" if value is None else value


def _resolved(schema: dict[str, Any], components: dict[str, Any]) -> dict[str, Any]:
    """The schema behind references, and the first of alternatives."""
    while True:
        options = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf")
        if "$ref" in schema:
            schema = components[schema["$ref"].rpartition("/")[2]]
        elif options:
            schema = options[0]
        else:
            return schema


def places_of_ids(schema: dict[str, Any], components: dict[str, Any]) -> list[str]:
    """The body's own properties that take the id of a row."""
    if "$ref" in schema:
        return places_of_ids(components[schema["$ref"].rpartition("/")[2]], components)
    return [
        name
        for name, inner in schema.get("properties", {}).items()
        if "uuid" in {inner.get("format"), *(one.get("format") for one in inner.get("anyOf", ()))}
    ]
