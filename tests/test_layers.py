"""The one straight line of imports: bot → storage → engine → prompts, and torch below engine's line only."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ORDER = ("bot", "storage", "engine", "prompts")

# What takes seconds and hundreds of megabytes to import.
HEAVY = {"torch", "diffusers", "transformers", "accelerate", "peft", "torchsde", "scipy", "argostranslate"}

# The rooms of engine/ below the line: they run in a worker's process.
ROOMS_BELOW = ("models", "adapters", "speed", "finish", "worker", "demo")
BELOW = {"engine.__main__", "engine.samplers"} | {
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for room in ROOMS_BELOW
    for path in (ROOT / "engine" / room).rglob("*.py")
}

ASKS_AT_IMPORT = {
    "os.environ", "os.getenv", "os.getcwd", "time.time", "time.monotonic", "time.perf_counter", "datetime.now",
    "datetime.datetime.now", "datetime.utcnow", "date.today", "datetime.date.today", "Path.cwd", "Path.home",
    "bot.settings.config.load", "config.load", "Config", "load",
}  # fmt: skip


@dataclass(frozen=True)
class Import:
    """`line` of `module` names `target`; `lazy` inside a function."""

    module: str
    target: str
    line: int
    lazy: bool

    def __str__(self) -> str:
        return f"{self.module}:{self.line} imports {self.target}"


@cache
def modules() -> dict[str, Path]:
    found = {}
    for package in ORDER:
        for file in sorted((ROOT / package).rglob("*.py")):
            parts = file.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return found


@cache
def imports(name: str) -> tuple[Import, ...]:
    file = modules()[name]
    return tuple(_walk(name, [ast.parse(file.read_text("utf-8"))], file.name == "__init__.py", False))


def _walk(name: str, nodes: Sequence[ast.AST], package: bool, lazy: bool) -> Iterator[Import]:
    for node in nodes:
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            yield from _walk(name, node.orelse, package, lazy)
            continue
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(name, alias.name, node.lineno, lazy)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = name.split(".") if package else name.split(".")[:-1]
                base = ".".join([*parts[: len(parts) - node.level + 1], *filter(None, [node.module])])
            for alias in node.names:
                whole = f"{base}.{alias.name}"
                yield Import(name, whole if whole in modules() else base, node.lineno, lazy)
        elif (
            isinstance(node, ast.Call)
            and ast.unparse(node.func).endswith(("import_module", "__import__"))
            and isinstance(node.args[0], ast.Constant)
        ):
            yield Import(name, str(node.args[0].value), node.lineno, lazy)
        inside = lazy or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        yield from _walk(name, list(ast.iter_child_nodes(node)), package, inside)


def everything() -> list[Import]:
    return [found for name in modules() for found in imports(name)]


def test_each_room_imports_only_what_stands_to_its_right() -> None:
    wrong = []
    for found in everything():
        here, there = found.module.split(".")[0], found.target.split(".")[0]
        if there in ORDER and ORDER.index(there) < ORDER.index(here):
            wrong.append(str(found))
    assert not wrong


def test_torch_is_named_below_the_line_only() -> None:
    wrong = [str(found) for found in everything() if found.target.split(".")[0] in HEAVY and found.module not in BELOW]
    assert not wrong


@pytest.mark.parametrize("package", ORDER)
def test_torch_is_not_reached_from_above_the_line(package: str) -> None:
    """What an import pulls in: every module on the way, and the packages they lie in."""
    for start in (name for name in modules() if name.split(".")[0] == package and name not in BELOW):
        seen, waiting = {start}, [(start, start)]
        while waiting:
            name, way = waiting.pop()
            for found in imports(name):
                if found.lazy:
                    continue
                assert found.target.split(".")[0] not in HEAVY, f"{way} → {found.target}"
                parts = found.target.split(".")
                for reached in (".".join(parts[:length]) for length in range(1, len(parts) + 1)):
                    if reached in modules() and reached not in seen:
                        seen.add(reached)
                        waiting.append((reached, f"{way} → {reached}"))


def test_nothing_asks_for_settings_environment_or_time_at_import() -> None:
    wrong = []
    for name, file in modules().items():
        for node in _at_import(ast.parse(file.read_text("utf-8"))):
            asked = ast.unparse(node.func) if isinstance(node, ast.Call) else ast.unparse(node)
            if asked in ASKS_AT_IMPORT and (isinstance(node, ast.Call) or asked == "os.environ"):
                wrong.append(f"{name}:{node.lineno} {asked}")
    assert not wrong


def _at_import(node: ast.AST) -> Iterator[ast.Call | ast.Attribute]:
    """Calls and attributes evaluated with the module: not those in function bodies, but defaults and decorators."""
    if isinstance(node, ast.Call | ast.Attribute):
        yield node
    for field, value in ast.iter_fields(node):
        if field == "body" and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(node, ast.If) and ast.unparse(node.test) == "__name__ == '__main__'":
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _at_import(child)


def run(code: str) -> str:
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, "-c", code], cwd="/", env=environ, capture_output=True, text=True, check=True, timeout=60
    ).stdout


def test_the_chat_process_holds_no_torch() -> None:
    assert run(f"import sys, bot.app, bot.cli.cli; print(sorted({HEAVY!r} & set(sys.modules)))") == "[]\n"


def test_every_module_says_what_it_is() -> None:
    wrong = [
        name
        for name, file in modules().items()
        if "versions" not in file.parts and not ast.get_docstring(ast.parse(file.read_text("utf-8")))
    ]
    assert not wrong
