"""The answer to "why?": the picture as it was and with one parameter moved, side by side, and what that does."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from bot import texts
from bot.chat import Button, Card, Say, Shown
from bot.studio import comparison_sheet
from bot.studio.contact_sheet import encoded
from bot.studio.lessons import LESSONS, ParameterLesson
from bot.studio.uploads import measured
from engine.job import State
from prompts.errors import Refusal
from prompts.prompt import Json
from storage import pictures, uploads
from storage.database import Database
from storage.jobs import Kept
from storage.pictures import PictureRow

CUT, CUT_WHY = 32, 120  # characters of a value on a button, and in a sentence, which is to be read to its end


def kept_json(name: str, picture: str, *, veiled: bool) -> dict[str, Json]:
    """What a job keeps of a lesson beside its recipe: which one, the picture whose recipe was moved, and whether that
    has to be veiled where both are shown."""
    return {"lesson": name, "picture": picture} | ({"veiled": True} if veiled else {})


def label(lesson: ParameterLesson, value: str) -> Say:
    """What a parameter is called, with a value of it."""
    return Say(f"lesson.{lesson.name}", {"value": _cut(value, CUT)})


def _cut(value: str, most: int) -> str:
    return value if len(value) <= most else value[: most - 1] + "…"


def called(name: str, language: str) -> str:
    """What the parameter of a lesson is called."""
    return texts.say(language, f"lesson.{name}", value="").strip()


def names(name: str) -> tuple[str, ...]:
    """Everything that the parameter of a lesson is called."""
    spoken = (called(name, language) for language in texts.LANGUAGES)
    return (name, name.replace("_", " "), name.replace("_", "-"), *spoken, *LESSONS[name].called)


async def shown(db: Database, kept: Kept, rows: Sequence[PictureRow], card: Card) -> Card:
    """The last card of a job with both pictures of its lesson on one sheet and what it shows in words; as it is where
    it is none, or not all of it is there any more."""
    said = kept.comparison or {}
    lesson = LESSONS.get(str(said.get("lesson")))
    if lesson is None or card.state is not State.DONE or len(rows) != 1:
        return card
    old, new = await pictures.get(db, str(said.get("picture"))), rows[0]
    if old is None:
        return card
    try:
        contents = [await db.files.get(row.hash) for row in (old, new)]
    except Refusal:  # somebody took a file away
        return card
    values = [lesson.shown(row.recipe) for row in (old, new)]
    labels = [label(lesson, value) for value in values]
    written = [texts.say(kept.language, one.key, **one.values) for one in labels]
    content = await asyncio.to_thread(_sheet, contents, written)
    sheet = await uploads.add_upload(db, kept.job.owner, content)
    return replace(
        card,
        text=Say(f"lesson.{lesson.name}.why", {"old": _cut(values[0], CUT_WHY), "new": _cut(values[1], CUT_WHY)}),
        pictures=(Shown(sheet, sheet, *measured(content)),),
        buttons=(
            *(Button("compared_picture", row.id, label=one) for row, one in zip((old, new), labels, strict=True)),
            Button("why_more", old.id),
        ),
        fields=tuple(line for line in card.fields if line.label.key == "recipe.time"),
        findings=(),
        spoiler=card.spoiler or old.adult or bool(said.get("veiled")),
    )


def _sheet(contents: Sequence[bytes], labels: Sequence[str]) -> bytes:
    return encoded(comparison_sheet.lay_out(contents, labels, [""]).image, "PNG")
