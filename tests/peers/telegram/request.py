"""A request as it comes over HTTP, decoded by the types the spec gives its parameters and judged by it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from aiohttp import web

from tests.peers.telegram import spec
from tests.peers.telegram.refusal import breach
from tests.peers.telegram.state import Json
from tests.peers.telegram.world import Call, Upload


async def read(request: web.Request) -> tuple[dict[str, object], dict[str, Upload]]:
    """The raw parameters and the files of a request: query, form, multipart or JSON."""
    values: dict[str, object] = dict(request.query)
    files: dict[str, Upload] = {}
    if request.content_type == "application/json":
        body = await request.json()
        if not isinstance(body, dict):
            raise breach("can't parse JSON object")
        values |= body
    elif request.method == "POST":
        for name, part in (await request.post()).items():
            if isinstance(part, web.FileField):
                files[name] = Upload(part.filename, part.file.read(), part.content_type or "")
                part.file.close()
            elif isinstance(part, str):
                values[name] = part
            else:
                files[name] = Upload("", bytes(part), "")
    return values, files


def decode(method: str, raw: Mapping[str, object], files: dict[str, Upload], at: float) -> Call:
    """The call with every parameter as its type; `Breach` with everything that is wrong with it."""
    known = spec.fields(method)
    wrong = [f"{method} has no {name}" for name in raw if name not in known]
    params: Json = {}
    used: set[str] = set()
    for name, field in known.items():
        if name in files:
            params[name] = files[name]
            used.add(name)
            if "InputFile" not in field.types:
                wrong.append(f"{method}.{name} takes no file")
            continue
        if name not in raw or (raw[name] == "" and name not in ("url", "text", "caption")):
            wrong += [f"{method}.{name} is missing"] if field.required else []
            continue
        value = _decoded(raw[name], field.types)
        wrong += spec.judged(value, field, f"{method}.{name}")
        for part in _attached(value):
            used.add(part)
            wrong += [] if part in files else [f"{method}.{name} names {part}, which was not sent"]
        is_file = isinstance(value, str) and value.startswith("attach://") and "InputFile" in field.types
        params[name] = files.get(str(value)[9:], value) if is_file else value
    wrong += [f"{method} was sent {name}, which nothing names" for name in files if name not in used]
    if wrong:
        raise breach("; ".join(wrong))
    return Call(method, params, files, at)


def _decoded(value: object, types: tuple[str, ...]) -> object:
    """A form's text as what the type says; left alone when it is no such thing, for the spec to refuse."""
    if not isinstance(value, str):
        return value
    for type_ in types:
        match type_:
            case "String" | "InputFile":
                return value
            case "Boolean":
                return {"true": True, "false": False, "1": True, "0": False}.get(value.lower(), value)
            case _:
                try:
                    return json.loads(value)
                except ValueError:
                    continue
    return value


def _attached(value: object) -> Iterator[str]:
    """The names of the parts that a value speaks of."""
    match value:
        case str() if value.startswith("attach://"):
            yield value[9:]
        case dict():
            for inner in value.values():
                yield from _attached(inner)
        case list():
            for inner in value:
                yield from _attached(inner)
