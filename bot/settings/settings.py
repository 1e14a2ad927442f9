"""From a file and the environment to a checked tree of settings, with a plain word about whatever is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin

import yaml
from annotated_types import Ge, Le, MinLen
from pydantic import BaseModel, Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo

from bot.errors import ConfigError
from bot.settings.lined_yaml import Keys, Lined
from prompts.errors import Refusal
from prompts.spelling import near

PREFIX = "DANQING_"
RESERVED = "DANQING_TEST_"  # for the tests' own switches
SECRET_LENGTH = 4096  # characters; a file longer than that was named by mistake

Tree = TypeVar("Tree", bound=BaseModel)


def setting(default: Any, en: str, zh: str, *, example: str = "", **bounds: Any) -> Any:
    """A field with its sentence in English and in Chinese; `example` shows the form where the type does not tell it."""
    return Field(default, description=en, json_schema_extra={"zh": zh, "example": example}, **bounds)


@dataclass(frozen=True, slots=True)
class Setting:
    """One key of the tree: `keys` is the way to it, of one or two names."""

    keys: tuple[str, ...]
    field: FieldInfo

    @property
    def name(self) -> str:
        return ".".join(self.keys)

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return PREFIX + "_".join(self.keys).upper()

    @property
    def types(self) -> tuple[Any, ...]:
        """Its type, or the types of its union without None."""
        kind = self.field.annotation
        if get_args(kind) and type(None) in get_args(kind):
            return tuple(part for part in get_args(kind) if part is not type(None))
        return (kind,)

    @property
    def secret(self) -> bool:
        return SecretStr in self.types

    @property
    def many(self) -> bool:
        return any(get_origin(kind) is tuple for kind in self.types)

    @property
    def number(self) -> bool:
        return int in self.types or float in self.types

    @property
    def choices(self) -> tuple[str, ...]:
        return next((get_args(kind) for kind in self.types if get_origin(kind) is Literal), ())

    @property
    def bounds(self) -> tuple[float, float]:
        low = next((item.ge for item in self.field.metadata if isinstance(item, Ge)), float("-inf"))
        high = next((item.le for item in self.field.metadata if isinstance(item, Le)), float("inf"))
        return float(str(low)), float(str(high))

    @property
    def default(self) -> str:
        """Its default as YAML writes it; empty where there is none."""
        value = self.field.default
        if isinstance(value, tuple):
            return f"[{', '.join(map(str, value))}]"
        if isinstance(value, bool):
            return str(value).lower()
        return "" if value is None or isinstance(value, SecretStr) else str(value)

    def sentence(self, language: str = "en") -> str:
        return self.field.description or "" if language == "en" else str(self._extra.get("zh", ""))

    @property
    def example(self) -> str:
        return str(self._extra.get("example", ""))

    @property
    def _extra(self) -> dict[str, Any]:
        extra = self.field.json_schema_extra
        return extra if isinstance(extra, dict) else {}


def settings(tree: type[BaseModel]) -> dict[tuple[str, ...], Setting]:
    """Every setting of the tree, in order, by the way to it."""
    found: dict[tuple[str, ...], Setting] = {}
    for name, field in tree.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            for key, inner in field.annotation.model_fields.items():
                found[name, key] = Setting((name, key), inner)
        else:
            found[name,] = Setting((name,), field)
    return found


def read_settings(
    tree: type[Tree],
    lined: Lined,
    file: Path | None,
    folder: Path,
    environ: Mapping[str, str],
    forbidden: Callable[[Setting, object], bool],
) -> Tree:
    """The tree, filled from the file's values and, above them, the environment's. `folder` is where relative paths
    start; `forbidden` tells which values must not stand in the file. Raises ConfigError with every problem found."""
    known = settings(tree)
    problems: list[Refusal] = []
    origins: dict[Keys, str] = {keys: f"{file}:{line}" for keys, line in lined.lines.items()}
    given: dict[tuple[str, ...], object] = {}

    for keys, value in _leaves(lined.values, known, origins, problems):
        spot = known[keys]
        if forbidden(spot, value):
            key = f"{spot.keys[0]}.password" if spot.keys[-1] == "url" else spot.name
            variable = PREFIX + key.replace(".", "_").upper()
            problems.append(Refusal("config.secret", where=origins[keys], name=key, variable=variable))
        elif value is not None:  # "key:" with nothing after it leaves the default
            given[keys] = value

    variables = {spot.variable: spot for spot in known.values()}
    for variable, text in environ.items():
        if not variable.startswith(PREFIX) or variable.startswith(RESERVED):
            continue
        if variable not in variables:
            problems.append(_unknown(variable, variable, list(variables), list(variables)))
        elif text:  # compose files hand on variables that nobody set as empty ones
            spot = variables[variable]
            given[spot.keys] = _items(text) if spot.many else text
            origins[spot.keys] = variable

    for spot in [spot for spot in known.values() if spot.secret]:
        _from_file(spot, given, origins, folder, problems)
    for keys, value in list(given.items()):
        if known[keys].number and isinstance(value, bool):  # pydantic would read `true` as 1
            problems.append(_wrong(known[keys], origins[keys], given.pop(keys)))

    nested: dict[str, Any] = {keys[0]: {} for keys in known if len(keys) == 2}
    for keys, value in given.items():
        (nested[keys[0]] if len(keys) == 2 else nested)[keys[-1]] = value
    try:
        result = tree.model_validate(nested, context={"folder": folder})
    except ValidationError as error:
        for item in error.errors(include_url=False):
            problems.append(_explained(item["loc"], item["type"], item["input"], known, origins))
    if problems:
        raise ConfigError(list({str(problem): problem for problem in problems}.values())) from None
    return result


def _leaves(
    values: Mapping[str, object],
    known: Mapping[tuple[str, ...], Setting],
    origins: Mapping[Keys, str],
    problems: list[Refusal],
) -> Iterator[tuple[tuple[str, ...], object]]:
    sections = {keys[0] for keys in known if len(keys) == 2}
    for key, value in values.items():
        if (key,) in known:
            yield (key,), value
        elif key not in sections:
            names = [keys[0] for keys in known]
            problems.append(_unknown(origins[key,], key, names, [spot.name for spot in known.values()]))
        elif isinstance(value, dict):
            for inner, leaf in value.items():
                if (key, inner) in known:
                    yield (key, inner), leaf
                    continue
                names = [spot.name for keys, spot in known.items() if keys[0] == key and len(keys) == 2]
                everywhere = [*names, *(spot.name for spot in known.values())]
                problems.append(_unknown(origins[key, inner], f"{key}.{inner}", names, everywhere))
        elif value is not None:
            names = [keys[1] for keys in known if keys[0] == key]
            problems.append(Refusal("config.section", where=origins[key,], name=key, allowed=", ".join(names)))


def _unknown(where: str, key: str, here: list[str], everywhere: list[str]) -> Refusal:
    last = {name.rpartition(".")[2]: name for name in reversed(here)}
    mine = key.rpartition(".")[2]
    found = last.get(near(mine, last)) or next((name for name in everywhere if name.rpartition(".")[2] == mine), "")
    if found:
        return Refusal("config.unknown", where=where, name=key[:80], nearest=found)
    return Refusal("config.unknown_far", where=where, name=key[:80], allowed=", ".join(dict.fromkeys(here)))


def _items(text: str) -> object:
    if not text.lstrip().startswith("["):
        return [item.strip() for item in text.split(",") if item.strip()]
    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError):
        return text


def _from_file(
    spot: Setting,
    given: dict[tuple[str, ...], object],
    origins: dict[Keys, str],
    folder: Path,
    problems: list[Refusal],
) -> None:
    """Put what stands in the file that `<key>_file` names in the place of `<key>`, unless that is given itself."""
    keys = (*spot.keys[:-1], f"{spot.keys[-1]}_file")
    named = given.get(keys)
    if spot.keys in given or not isinstance(named, str) or "\0" in named:
        return
    key, where = ".".join(keys), origins[keys]
    try:
        text = (folder / Path(named).expanduser()).read_text("utf-8-sig").strip("\r\n")
    except FileNotFoundError:
        problems.append(Refusal("config.secret_missing", where=where, name=key))
    except (OSError, UnicodeDecodeError, RuntimeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a text"
        problems.append(Refusal("config.secret_unreadable", where=where, name=key, problem=reason or ""))
    else:
        if not text.strip() or len(text) > SECRET_LENGTH or "\n" in text:
            problems.append(Refusal("config.secret_form", where=where, name=key))
        else:
            given[spot.keys] = text
            origins[spot.keys] = where
            return
    given[spot.keys] = "not to be had"  # or the password that is missing would be named as a second problem


def _explained(
    loc: tuple[int | str, ...],
    kind: str,
    value: object,
    known: Mapping[tuple[str, ...], Setting],
    origins: Mapping[Keys, str],
) -> Refusal:
    if kind == "open":
        section = str(loc[0])
        where = next(
            (origins[section, key] for key in ("host", "trusted_proxies", "enabled") if (section, key) in origins),
            section,
        )
        return Refusal("config.open", where=where, variable=f"{PREFIX}{section.upper()}_PASSWORD")
    if kind in ("nowhere", "modelless"):
        section = str(loc[0])
        said = {"where": origins.get((section, "service"), section), "name": f"{section}.service"}
        if kind == "nowhere":
            return Refusal("config.nowhere", url=f"{section}.url", **said)
        return Refusal("config.modelless", model=f"{section}.model", **said)
    keys = next(tuple(map(str, loc[:n])) for n in (2, 1) if tuple(map(str, loc[:n])) in known)
    where = origins.get(loc, origins.get(keys, ".".join(keys)))
    return _wrong(known[keys], where, value)


def _wrong(spot: Setting, where: str, value: object) -> Refusal:
    """A sentence on what is allowed in the place of a value that is not."""
    shown = "***" if spot.secret or spot.keys[-1].endswith("_file") else _shown(value)
    said: dict[str, str | int | float] = {"where": where, "name": spot.name, "value": shown}
    if bool in spot.types:
        return Refusal("config.yes_no", **said)
    if spot.number:
        low, high = spot.bounds
        key = "config.whole" if int in spot.types else "config.number"
        return Refusal(key, low=f"{low:g}", high=f"{high:.0f}", **said)
    if spot.choices:
        found = near(str(value), spot.choices)
        said["allowed"] = ", ".join(spot.choices)
        return Refusal("config.choice_near", nearest=found, **said) if found else Refusal("config.choice", **said)
    if not isinstance(value, str) and not isinstance(value, list | tuple):
        return Refusal("config.text", **said)
    if spot.example:
        return Refusal("config.form", example=spot.example, **said)
    least = next((item.min_length for item in spot.field.metadata if isinstance(item, MinLen)), 0)
    return Refusal("config.length" if least else "config.text", **said)


def _shown(value: object) -> str:
    if isinstance(value, dict | list | tuple):
        return "…"  # whatever was nested here may hold a secret
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:59] + "…"
