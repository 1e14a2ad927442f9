"""Writes the lists in the documents from the program's tables: `make docs`, or `python -m tests.documents`.

In README.md and README.zh.md, and in the pages of PAGES, a list stands between `<!-- list: NAME -->` and
`<!-- end of list -->`.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from bot.commands.table import COMMANDS
from bot.settings.config import Config, example
from bot.settings.settings import settings
from bot.studio.lesson_cards import called
from bot.studio.lessons import LESSONS
from bot.texts import say
from engine.files.upscalers import UPSCALERS
from engine.preprocessors import FILE, PREPROCESSORS
from engine.samplers import groups
from prompts import styles as said
from tests.cards.document import documents as stories

ROOT = Path(__file__).parents[1]
READMES = {"README.md": "en", "README.zh.md": "zh"}
PAGES = {
    "docs/maps.md": ("preprocessors", "en"),
    "docs/maps.zh.md": ("preprocessors", "zh"),
    "docs/lessons.md": ("lessons", "en"),
    "docs/lessons.zh.md": ("lessons", "zh"),
}
PAIRS = ROOT / "docs" / "pictures" / "lessons" / "pairs.json"  # written by tests/lesson_pairs.py
HEADS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "commands": {"en": ("Command", "What it does"), "zh": ("命令", "作用")},
    "styles": {"en": ("Group", "Styles"), "zh": ("类别", "风格")},
    "samplers": {"en": ("Sampler", "When to take it"), "zh": ("采样器", "适合什么")},
    "upscalers": {"en": ("Upscaler", "What it does"), "zh": ("放大方法", "作用")},
    "preprocessors": {
        "en": ("Preprocessor", "Also", "For nets", "`--low`, `--high`", "Needs"),
        "zh": ("预处理器", "叫法", "用于", "`--low`、`--high`", "需要"),
    },
    "lessons": {"en": ("Parameter", "Before and after", "What it does"), "zh": ("参数", "前后", "有什么用")},
    "settings": {"en": ("Setting", "Default", "What it is"), "zh": ("设置", "默认值", "含义")},
}
NO_DEFAULT = "–"


def commands(language: str) -> Iterable[tuple[str, ...]]:
    for command in COMMANDS:
        usage = say(language, f"command.{command.name}.usage")
        yield f"`{usage}`", say(language, f"command.{command.name}")


def styles(language: str) -> Iterable[tuple[str, ...]]:
    joint = "、" if language == "zh" else ", "
    for group in said.groups():
        yield f"**{group.called(language)}**", joint.join(style.called(language) for style in group.styles)


def samplers(language: str) -> Iterable[tuple[str, ...]]:
    """One row for a sampler and its schedules."""
    for row, also in groups():
        yield " · ".join([f"**{row.name}**", *also]), row.zh if language == "zh" else row.en


def upscalers(language: str) -> Iterable[tuple[str, ...]]:
    for row in UPSCALERS.values():
        yield f"**{row.name}**", row.zh if language == "zh" else row.en


def all_settings(language: str) -> Iterable[tuple[str, ...]]:
    for spot in settings(Config).values():
        default = f"`{spot.default}`" if spot.default else NO_DEFAULT
        secret = spot.secret and spot.name != "storage.url"
        name = f"`{spot.variable}`" if secret else f"`{spot.name}`"
        yield name, default, spot.sentence(language)


def preprocessors(language: str) -> Iterable[tuple[str, ...]]:
    chinese = language == "zh"
    for row in PREPROCESSORS.values():
        numbers = [
            f"{number.zh if chinese else number.en} {number.usual:g} ({number.least:g}–{number.most:g})"
            for number in (row.low, row.high)
            if number
        ]
        needs = say(language, "map.needs_file", words=" / ".join(row.files)) if row.needs == FILE else ""
        names = (row.zh if chinese else row.en, *row.modules, *row.aliases)
        yield (
            f"**{row.name}**",
            ("、" if chinese else ", ").join(dict.fromkeys(names)),
            ", ".join(row.kinds),
            ("；" if chinese else "; ").join(numbers),
            needs,
        )


def lessons(language: str) -> Iterable[tuple[str, ...]]:
    """Each with the pair that the built-in model drew of it."""
    pairs = json.loads(PAIRS.read_text("utf-8"))
    for name in LESSONS:
        pair = pairs[name]
        values = {"old": pair["from"], "new": pair["to"]}
        picture = f"![{called(name, language)}: {pair['from']} → {pair['to']}](pictures/lessons/{name}.webp)"
        text = f"<br>`{pair['text']}`"
        yield f"**{called(name, language)}**", picture + text, say(language, f"lesson.{name}.why", **values)


LISTS: Mapping[str, Callable[[str], Iterable[tuple[str, ...]]]] = {
    "commands": commands,
    "styles": styles,
    "samplers": samplers,
    "upscalers": upscalers,
    "settings": all_settings,
}


PAGE_LISTS: Mapping[str, Callable[[str], Iterable[tuple[str, ...]]]] = {
    "preprocessors": preprocessors,
    "lessons": lessons,
}


def table(name: str, language: str) -> str:
    """A list as a Markdown table."""
    head = HEADS[name][language]
    rows: list[tuple[str, ...]] = [head, ("---",) * len(head), *{**LISTS, **PAGE_LISTS}[name](language)]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows)


def place(name: str) -> re.Pattern[str]:
    """Where a list stands; the group is what lies between its markers."""
    return re.compile(rf"<!-- list: {name} -->\n(.*?)<!-- end of list -->", re.DOTALL)


def filled(text: str, language: str) -> str:
    """The document with its lists as they have to be today."""
    for name in (*LISTS, *PAGE_LISTS):
        new = f"<!-- list: {name} -->\n\n{table(name, language)}\n\n<!-- end of list -->"
        text = place(name).sub(new.replace("\\", r"\\"), text)
    return text


def main() -> None:
    """Bring every document up to date; says which have changed."""
    wanted = {ROOT / "config.example.yaml": example()}
    wanted |= {ROOT / name: text for name, text in asyncio.run(stories()).items()}
    for name, language in READMES.items():
        if (ROOT / name).exists():
            wanted[ROOT / name] = filled((ROOT / name).read_text("utf-8"), language)
    for name, (_, language) in PAGES.items():
        wanted[ROOT / name] = filled((ROOT / name).read_text("utf-8"), language)
    for file, text in wanted.items():
        if not file.exists() or file.read_text("utf-8") != text:
            file.write_text(text, "utf-8")
            print(f"wrote {file.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
