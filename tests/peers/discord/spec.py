"""Discord's published OpenAPI description as a judge of requests and replies.

The file is github.com/discord/discord-api-spec (MIT, beside it).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, ValidationError
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

FILE = Path(__file__).parent.parent / "specs" / "discord-openapi.json"
LONGEST = 200  # characters of a complaint


@cache
def _published() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(FILE.read_text("utf-8"))
    schemas = document["components"]["schemas"]
    schemas["SnowflakeType"]["type"] = ["string", "integer"]  # discord.py sends both
    return document


@cache
def _validator(pointer: str) -> Draft202012Validator:
    spec: Resource[Any] = Resource.from_contents(_published(), default_specification=DRAFT202012)
    registry: Registry[Any] = Registry().with_resource("spec", spec)
    return Draft202012Validator({"$ref": f"spec#{pointer}"}, registry=registry)


def _escaped(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1")


def operations() -> frozenset[tuple[str, str]]:
    """Every published method and path."""
    paths = _published()["paths"]
    return frozenset((verb.upper(), path) for path, verbs in paths.items() for verb in verbs if verb != "parameters")


def queries(method: str, path: str) -> frozenset[str]:
    """The names of the query parameters of an operation."""
    operation = _published()["paths"][path][method.lower()]
    return frozenset(one["name"] for one in operation.get("parameters", ()) if one["in"] == "query")


def request(body: object, method: str, path: str, *, multipart: bool) -> list[str]:
    """What is wrong with a request's body; of a multipart one, its `payload_json`."""
    operation = _published()["paths"][path][method.lower()]
    if "requestBody" not in operation:
        return [] if body is None else ["a body where none is known"]
    content = operation["requestBody"]["content"]
    if multipart and "multipart/form-data" not in content:
        return ["multipart where only JSON is known"]
    if body is None:
        return ["no body"] if operation["requestBody"].get("required") else []
    here = f"/paths/{_escaped(path)}/{method.lower()}/requestBody/content/application~1json/schema"
    return problems(body, here)


def reply(body: object, method: str, path: str, status: int) -> list[str]:
    """What is wrong with an answer of our own."""
    responses = _published()["paths"][path][method.lower()]["responses"]
    known = responses.get(str(status))
    if known is None:
        return [f"{status} is no answer to {method} {path}"]
    if "application/json" not in known.get("content", {}):
        return [] if body is None else ["a body where none is known"]
    here = f"/paths/{_escaped(path)}/{method.lower()}/responses/{status}/content/application~1json/schema"
    return problems(body, here)


def schema(value: object, name: str) -> list[str]:
    """What keeps a value from being one of the published types."""
    return problems(value, f"/components/schemas/{name}")


def problems(value: object, pointer: str) -> list[str]:
    """Everything wrong with a value, a line each, with the place and the reason nearest to it."""
    return [_told(error) for error in _validator(pointer).iter_errors(value)]


def _told(error: ValidationError) -> str:
    """The most telling complaint below an error: in a union the branch whose `type` the value has."""
    while error.context:
        branches: dict[int, list[ValidationError]] = {}
        for inner in error.context:
            branches.setdefault(int(inner.schema_path[0]), []).append(inner)
        error = next(_deepest(min(branches.values(), key=_strangeness)))
    where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.absolute_path)
    words = error.message
    if len(words) > LONGEST:  # what is wrong with a long value stands behind it
        words = f"{words[: LONGEST // 2]}…{words[-LONGEST // 2 :]}"
    return f"{where or 'body'}: {words}"


def _strangeness(errors: list[ValidationError]) -> tuple[bool, int]:
    """How far a branch is from what was meant."""
    other = any((error.path and error.path[-1] == "type") or error.validator == "type" for error in errors)
    return other, len(errors)


def _deepest(errors: list[ValidationError]) -> Iterator[ValidationError]:
    yield from sorted(errors, key=lambda error: -len(error.absolute_path))
