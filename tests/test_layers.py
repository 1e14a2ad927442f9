"""The one straight line of imports: bot → storage → engine → prompts, the wall in engine/ above which there is no
torch, no circles, and one name for one thing."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.patience import PATIENCE

ROOT = Path(__file__).parents[1]
ORDER = ("bot", "storage", "engine", "prompts")

# What takes seconds and hundreds of megabytes to import.
HEAVY = {"torch", "diffusers", "transformers", "accelerate", "peft", "torchsde", "scipy", "argostranslate"}

# The wall in engine/: these rooms and the files beside them are above it. Every other room is below and runs in a
# worker's process, as does `python -m engine` itself.
ABOVE = ("queue", "files", "pixels", "maps", "poses")
BELOW_BY_NAME = ("engine.__main__",)

ASKS_AT_IMPORT = {
    "os.environ", "os.getenv", "os.getcwd", "time.time", "time.monotonic", "time.perf_counter", "datetime.now",
    "datetime.datetime.now", "datetime.utcnow", "date.today", "datetime.date.today", "Path.cwd", "Path.home",
    "bot.settings.config.load", "config.load", "Config", "load",
}  # fmt: skip


@dataclass(frozen=True)
class Import:
    """`line` of `module` names `target`; `lazy` inside a function, `typed` for the type checker only."""

    module: str
    target: str
    line: int
    lazy: bool
    typed: bool

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
def tree(name: str) -> ast.Module:
    return ast.parse(modules()[name].read_text("utf-8"))


@cache
def imports(name: str) -> tuple[Import, ...]:
    file = modules()[name]
    return tuple(_walk(name, [tree(name)], file.name == "__init__.py", False, False))


def _walk(name: str, nodes: Sequence[ast.AST], package: bool, lazy: bool, typed: bool) -> Iterator[Import]:
    for node in nodes:
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            yield from _walk(name, node.body, package, lazy, True)
            yield from _walk(name, node.orelse, package, lazy, typed)
            continue
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(name, alias.name, node.lineno, lazy, typed)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = name.split(".") if package else name.split(".")[:-1]
                base = ".".join([*parts[: len(parts) - node.level + 1], *filter(None, [node.module])])
            for alias in node.names:
                whole = f"{base}.{alias.name}"
                yield Import(name, whole if whole in modules() else base, node.lineno, lazy, typed)
        elif (
            isinstance(node, ast.Call)
            and ast.unparse(node.func).endswith(("import_module", "__import__"))
            and isinstance(node.args[0], ast.Constant)
        ):
            yield Import(name, str(node.args[0].value), node.lineno, lazy, typed)
        inside = lazy or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        yield from _walk(name, list(ast.iter_child_nodes(node)), package, inside, typed)


def everything() -> list[Import]:
    return [found for name in modules() for found in imports(name)]


def below(name: str) -> bool:
    """Whether a module is below the wall in engine/."""
    house, *rooms = name.split(".")
    in_a_room = len(rooms) > 1 or (ROOT / "engine" / (rooms or [""])[0]).is_dir()
    return house == "engine" and (name in BELOW_BY_NAME or (bool(rooms) and in_a_room and rooms[0] not in ABOVE))


def packages_of(name: str) -> list[str]:
    """The packages that a module lies in: they are imported before it."""
    parts = name.split(".")
    return [".".join(parts[:length]) for length in range(1, len(parts))]


def test_each_room_imports_only_what_stands_to_its_right() -> None:
    wrong = []
    for found in everything():
        here, there = found.module.split(".")[0], found.target.split(".")[0]
        if there in ORDER and ORDER.index(there) < ORDER.index(here):
            wrong.append(str(found))
    assert not wrong


def test_nothing_above_the_wall_imports_what_is_below_it() -> None:
    """Neither at once, nor inside functions, nor for the type checker; not from the other packages either."""
    wrong = [str(found) for found in everything() if below(found.target) and not below(found.module)]
    assert not wrong


def test_both_sides_of_the_wall_are_inhabited() -> None:
    rooms = {path.parent.name for path in (ROOT / "engine").glob("*/__init__.py")}
    assert set(ABOVE) < rooms and {name.split(".")[1] for name in modules() if below(name)} > rooms - set(ABOVE)


def test_torch_is_named_below_the_wall_only() -> None:
    wrong = [
        str(found)
        for found in everything()
        if found.target.split(".")[0] in HEAVY and not below(found.module) and not found.typed
    ]
    assert not wrong


def pulled_in(start: str) -> Iterator[tuple[str, str]]:
    """The packages that importing a module brings along, each with the way to it: over every module on the way, and the
    packages they lie in."""
    seen, waiting = {start}, [(start, start)]
    while waiting:
        name, way = waiting.pop()
        for found in imports(name):
            if found.lazy or found.typed:
                continue
            yield found.target.split(".")[0], f"{way} → {found.target}"
            for reached in (*packages_of(found.target), found.target):
                if reached in modules() and reached not in seen:
                    seen.add(reached)
                    waiting.append((reached, f"{way} → {reached}"))


@pytest.mark.parametrize("package", ORDER)
def test_torch_is_not_reached_from_above_the_wall(package: str) -> None:
    for start in (name for name in modules() if name.split(".")[0] == package and not below(name)):
        for target, way in pulled_in(start):
            assert target not in HEAVY, way


@pytest.mark.parametrize("command", ["composing", "posing", "cli"])
def test_a_command_that_keeps_nothing_brings_no_database_and_no_server(command: str) -> None:
    """They are more than half of a second of its start."""
    assert not [way for target, way in pulled_in(f"bot.cli.{command}") if target in {"sqlalchemy", "aiohttp"}]


def test_no_imports_go_in_a_circle() -> None:
    """Of all imports, those inside functions and for the type checker included, and the packages on the way."""
    graph: dict[str, set[str]] = {}
    for name in modules():
        reached = {one for found in imports(name) for one in (found.target, *packages_of(found.target))}
        graph[name] = (reached & modules().keys()) - {name, *packages_of(name)}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" → ".join(reversed(error.args[1])))


def test_imports_inside_functions_say_why() -> None:
    """A comment behind it or right above it: what makes it too heavy, or too early, for the head of the file."""
    wrong = []
    for found in everything():
        if found.lazy and found.target in modules():
            lines = modules()[found.module].read_text("utf-8").splitlines()
            first = found.line - 1
            while lines[first - 1].lstrip().startswith(("from ", "import ")):
                first -= 1  # several that stand together have one reason
            if not any(
                "#" in line for line in lines[first - 1 : found.line] if "import" in line or line.lstrip()[:1] == "#"
            ):
                wrong.append(str(found))
    assert not wrong


def test_no_two_public_classes_share_a_name() -> None:
    where: dict[str, list[str]] = {}
    for name in modules():
        for node in tree(name).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                where.setdefault(node.name, []).append(name)
    assert not {name: files for name, files in where.items() if len(files) > 1}


def test_nothing_asks_for_settings_environment_or_time_at_import() -> None:
    wrong = []
    for name in modules():
        for node in _at_import(tree(name)):
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
        [sys.executable, "-c", code], cwd="/", env=environ, capture_output=True, text=True, check=True, timeout=PATIENCE
    ).stdout


def test_the_chat_process_holds_no_torch() -> None:
    assert run(f"import sys, bot.app, bot.cli.cli; print(sorted({HEAVY!r} & set(sys.modules)))") == "[]\n"


def test_who_has_no_other_machines_needs_nothing_of_what_talks_to_them() -> None:
    """It makes its pool of workers without the library, be it installed or not."""
    code = """
import asyncio, sys
sys.modules["nats"] = None  # whoever imports it gets an ImportError
import bot.app, bot.cli.check_hosts, bot.cli.cli
from bot.settings.config import load
config = load(None, {})
print(asyncio.run(bot.app.workers(config, None, 1)).__class__.__name__, asyncio.run(bot.cli.check_hosts.hosts(config)))
"""
    assert run(code) == "LocalPool []\n"


def test_every_module_says_what_it_is() -> None:
    wrong = [
        name for name, file in modules().items() if "versions" not in file.parts and not ast.get_docstring(tree(name))
    ]
    assert not wrong
