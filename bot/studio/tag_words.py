"""How the rows of a tag table are said in words, alike on all platforms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot import texts
from bot.chat import ShownTag, ShownTags
from prompts.traditional import chinese

SIGNS = (("off", "⏸"), ("locked", "🔒"), ("kept", "🈚"), ("favourite", "⭐"), ("blocked", "🚫"))


def both(row: ShownTag, language: str) -> str:
    """A tag in two languages, what this person reads first: "橘猫 · orange cat"."""
    if not row.chinese or row.chinese == row.text:
        return row.text
    return f"{row.chinese} · {row.text}" if chinese(language) else f"{row.text} · {row.chinese}"


def short(row: ShownTag, language: str, longest: int) -> str:
    """A tag as this person reads it, cut to so many characters."""
    name = row.chinese if chinese(language) and row.chinese else row.text
    name = " ".join(name.split())
    return name if len(name) <= longest else name[: longest - 1] + "…"


def weight(row: ShownTag) -> str:
    """ "×1.1", or nothing for a tag that weighs as it is."""
    return "" if row.weight == 1.0 or row.sign else f"×{row.weight:.3g}"


def marks(row: ShownTag) -> str:
    """The signs of what a tag is: off, locked, untranslated, favourite, blocked."""
    return "".join(sign for name, sign in SIGNS if getattr(row, name))


def line(row: ShownTag, language: str) -> str:
    """A tag on a line: both names, the weight, the signs, and what it is where that is no plain tag."""
    kind = f"[{texts.say(language, f'tags.kind.{row.kind}')}]" if row.kind not in ("tag", "lora") else ""
    return " ".join(filter(None, (both(row, language), weight(row), kind, marks(row))))


def states(row: ShownTag, language: str) -> str:
    """What a tag is, in words: "off, locked"."""
    names = ("preset", *(name for name, _ in SIGNS))
    comma = "，" if chinese(language) else ", "
    return comma.join(texts.say(language, f"tags.is.{name}") for name in names if getattr(row, name))


def heading(row: ShownTag, shown: ShownTags, language: str) -> str:
    """What the rows from this one on belong to: the side, and the part of the prompt."""
    side = texts.say(language, f"tags.side.{row.side}")
    if row.side == "lora":
        return side
    part = "tags.part.raw" if shown.raw else f"page.part.{row.part}"
    return f"{side} · {texts.say(language, part)}" if row.side == "positive" else side


def grouped(rows: Sequence[ShownTag], shown: ShownTags, language: str) -> Iterator[tuple[str, list[ShownTag]]]:
    """The rows in their order under their headings."""
    group: list[ShownTag] = []
    name = ""
    for row in rows:
        said = name if row.sign and group and row.side == group[-1].side else heading(row, shown, language)
        if said != name and group:
            yield name, group
            group = []
        name = said
        group.append(row)
    if group:
        yield name, group


def numbers(shown: ShownTags) -> dict[int, int]:
    """The number of each row that can be pressed, from 1."""
    return {row.id: at for at, row in enumerate((row for row in shown.rows if not row.sign), 1)}


def chosen(shown: ShownTags) -> ShownTag | None:
    """The row that is looked at."""
    return next((row for row in shown.rows if row.id == shown.chosen), None)


def pages(shown: ShownTags, each: int) -> list[list[ShownTag]]:
    """The rows by pages of so many that can be pressed; what stands between them goes with the one before."""
    found: list[list[ShownTag]] = [[]]
    for row in shown.rows:
        if not row.sign and sum(not one.sign for one in found[-1]) == each:
            found.append([])
        found[-1].append(row)
    return found


def page_of(shown: ShownTags, each: int) -> int:
    """The page that is looked at: the one asked for, or the one of the chosen row."""
    found = pages(shown, each)
    if shown.chosen is not None:
        return next((at for at, rows in enumerate(found) if any(row.id == shown.chosen for row in rows)), 0)
    return min(shown.page, len(found) - 1)
