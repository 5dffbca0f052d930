"""The description of the API as a page, written from the schema: no script, nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.services.tokens import SCOPES
from api.arena_api import api


@dataclass(frozen=True)
class Field:
    """A parameter, or a part of a body."""

    name: str
    kind: str
    is_required: bool
    meaning: str


@dataclass(frozen=True)
class OperationDoc:
    """One operation."""

    anchor: str
    method: str
    path: str
    scope: str
    summary: str
    text: str
    parameters: tuple[Field, ...]
    body: tuple[Field, ...]
    body_type: str
    status: str
    answer: str
    answer_anchor: str


@dataclass(frozen=True)
class SchemaDoc:
    """A document that operations take or give."""

    name: str
    text: str
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class Description:
    """The whole page."""

    sections: tuple[tuple[str, tuple[OperationDoc, ...]], ...]
    schemas: tuple[SchemaDoc, ...]


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """Every operation with its scope, what it takes and what it gives."""
    context = {
        "description": description(),
        "scopes": SCOPES,
        "per_minute": settings.API_REQUESTS_PER_MINUTE,
        "uploads_per_hour": settings.API_UPLOADS_PER_HOUR,
        "origin": request.build_absolute_uri("/").rstrip("/"),
    }
    return render(request, "api/docs.html", context)


@cache
def description() -> Description:
    """Read the schema once."""
    schema = api.get_openapi_schema()
    sections: dict[str, list[OperationDoc]] = {}
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            sections.setdefault(operation["tags"][0], []).append(_operation(path, method, operation))
    schemas = tuple(
        SchemaDoc(name, details.get("description", ""), _fields(details))
        for name, details in sorted(schema["components"]["schemas"].items())
        if "properties" in details
    )
    return Description(tuple((name, tuple(found)) for name, found in sections.items()), schemas)


def _operation(path: str, method: str, operation: Mapping[str, Any]) -> OperationDoc:
    content: dict[str, Any] = operation.get("requestBody", {}).get("content", {})
    body_type = next(iter(content), "")
    details = content[body_type]["schema"] if body_type else {}
    status, answer = next((str(s), a) for s, a in operation["responses"].items() if str(s).startswith("2"))
    given: dict[str, Any] = answer.get("content", {})
    media = next(iter(given), "")
    found: dict[str, Any] = given[media]["schema"] if media == "application/json" else {}
    kind = _kind(found) if found else media
    is_document = "$ref" in found or "$ref" in found.get("items", {})
    return OperationDoc(
        anchor=operation["operationId"],
        method=method.upper(),
        path=path,
        scope=operation["x-scope"],
        summary=operation["summary"],
        text=operation.get("description", ""),
        parameters=tuple(
            Field(p["name"], _kind(p["schema"]), p["required"], p.get("description", ""))
            for p in operation["parameters"]
        ),
        body=_body(details),
        body_type=body_type,
        status=status,
        answer=kind or "nothing",
        answer_anchor=kind.removeprefix("list of ") if is_document else "",
    )


def _body(details: Mapping[str, Any]) -> tuple[Field, ...]:
    """The fields of a form, or the name of a document."""
    if not details:
        return ()
    return _fields(details) if "properties" in details else (Field(_kind(details), "", True, ""),)


def _fields(details: Mapping[str, Any]) -> tuple[Field, ...]:
    required = details.get("required", [])
    return tuple(
        Field(name, _kind(value), name in required, value.get("description", ""))
        for name, value in details["properties"].items()
    )


def _kind(schema: Mapping[str, Any]) -> str:
    """A type in words."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    for key in ("anyOf", "oneOf", "allOf"):
        if key in schema:
            return " or ".join(dict.fromkeys(_kind(part) for part in schema[key]))
    if "enum" in schema:
        return ", ".join(str(value) for value in schema["enum"])
    kind = str(schema.get("type", "anything"))
    if "prefixItems" in schema:
        return f"({'; '.join(map(_kind, schema['prefixItems']))})"
    if kind == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    if kind == "string" and "format" in schema:
        return str(schema["format"])
    low, high = schema.get("minimum"), schema.get("maximum")
    return f"{kind}, {low} to {high}" if low is not None and high is not None and high < 2**53 else kind
