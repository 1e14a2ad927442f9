"""A YAML file of sections and settings, with the line on which each stands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from bot.errors import ConfigError
from prompts.errors import Refusal

Keys = tuple[str | int, ...]
LARGEST = 1_000_000  # bytes; a file of settings is a few thousand


@dataclass(frozen=True, slots=True)
class Lined:
    """`values` as YAML gives them; `lines` counts from 1 and is found by the path to a key or to an item of a list."""

    values: dict[str, object]
    lines: dict[Keys, int]


def read_yaml(file: Path) -> Lined:
    """The settings in a file. Raises ConfigError, with the line, for anything that is not plain YAML."""
    try:
        raw = file.read_bytes()
    except FileNotFoundError:
        raise ConfigError([Refusal("config.missing", where=str(file))]) from None
    except OSError as error:
        raise ConfigError([Refusal("config.unreadable", where=str(file), problem=error.strerror or "")]) from None
    if len(raw) > LARGEST:
        raise ConfigError([Refusal("config.large", where=str(file))])
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        where = f"{file}:{raw[: error.start].count(10) + 1}"
        raise ConfigError([Refusal("config.encoding", where=where)]) from None
    return _parse(text, file)


def _parse(text: str, file: Path) -> Lined:
    lines: dict[Keys, int] = {}
    problems: list[Refusal] = []
    try:
        loader = yaml.SafeLoader(text)
        node = loader.get_single_node()
        if node is None:
            return Lined({}, {})
        if not isinstance(node, yaml.MappingNode):
            raise ConfigError([Refusal("config.top", where=f"{file}:{node.start_mark.line + 1}")])
        values = dict(_mapping(loader, node, (), file, lines, problems))
    except yaml.MarkedYAMLError as error:
        raise ConfigError([_syntax(error, text, file)]) from None
    except yaml.reader.ReaderError as error:
        where = f"{file}:{text.count(chr(10), 0, error.position) + 1}"
        raise ConfigError([Refusal("config.characters", where=where)]) from None
    except RecursionError:  # a thousand brackets
        raise ConfigError([Refusal("config.yaml", where=str(file), problem="")]) from None
    if problems:
        raise ConfigError(problems)
    return Lined(values, lines)


def _mapping(
    loader: yaml.SafeLoader,
    node: yaml.MappingNode,
    path: Keys,
    file: Path,
    lines: dict[Keys, int],
    problems: list[Refusal],
) -> Iterator[tuple[str, object]]:
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        key = str(key_node.value) if isinstance(key_node, yaml.ScalarNode) else "?"
        here = (*path, key)
        if here in lines:
            dotted = ".".join(map(str, here))
            problems.append(Refusal("config.twice", where=f"{file}:{line}", name=dotted, first=lines[here]))
            continue
        lines[here] = line
        if isinstance(value_node, yaml.MappingNode) and not path:
            yield key, dict(_mapping(loader, value_node, here, file, lines, problems))
            continue
        if isinstance(value_node, yaml.SequenceNode):
            lines.update({(*here, i): item.start_mark.line + 1 for i, item in enumerate(value_node.value)})
        try:
            yield key, loader.construct_object(value_node, deep=True)
        except ValueError:  # the thirteenth month
            problems.append(Refusal("config.yaml", where=f"{file}:{line}", problem=""))


def _syntax(error: yaml.MarkedYAMLError, text: str, file: Path) -> Refusal:
    mark = error.problem_mark or error.context_mark
    line = mark.line if mark else 0
    where = f"{file}:{line + 1}"
    rows = text.splitlines()
    if line < len(rows) and re.match(r" *\t", rows[line]):
        return Refusal("config.tab", where=where)
    # The parser quotes names from the file, and one of them could be half of a password.
    return Refusal("config.yaml", where=where, problem=re.sub(r"'[^'<]{2,}'", "'…'", error.problem or ""))
