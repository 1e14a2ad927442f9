"""One picture beside another: which to choose is asked, and what is otherwise in their recipes is said."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress

from bot.chat import Button, Card, ComparedTable, Field, Press, Request, Say, Shown
from bot.people import owned
from bot.people.access import shown_to_others, veiled
from bot.studio import cards, comparison_sheet
from bot.studio.contact_sheet import encoded
from bot.studio.studio import Studio
from bot.studio.uploads import measured
from engine.recipe import Recipe
from prompts import difference
from prompts.errors import Refusal
from storage import jobs, pictures, shares
from storage import uploads as kept_uploads
from storage.database import Database
from storage.pictures import PictureRow

OFFERED = 9  # the last pictures, to choose one of
SEEN = 60  # of the newest pictures, among which those are offered that were drawn in a room
SOUGHT = 500  # of somebody's newest pictures, among which one is looked for by the code of its recipe
SMALL = 320  # pixels of a side where one is chosen
ACROSS = 3
CODE = re.compile(r"[a-z2-7]{10}|[a-z2-7]{12}|[a-z2-7]{16}")  # of a recipe, a picture, or one that is shared
WORDS = 40  # characters of a picture's text, where one is chosen
BY_PROMPT = frozenset({"recipe.text", "recipe.positive", "recipe.negative"})


async def versus(studio: Studio, press: Press) -> Card:
    """The last pictures, to choose the one that this is compared with. Raises Refusal `versus.alone`."""
    row = await owned.picture(studio.db, press.person, press.target)
    return await chosen(studio, press, row)


async def chosen(studio: Studio, asked: Request | Press, row: PictureRow) -> Card:
    """The card on which the other picture is chosen; where others see it, of those that were drawn there."""
    others, contents = [], []
    for one in await _last(studio.db, asked, row):
        with suppress(Refusal):  # its file is gone
            contents.append(await studio.db.files.thumbnail(one.hash, SMALL))
            others.append(one)
    if not others:
        raise Refusal("versus.alone")
    content = await asyncio.to_thread(_numbered, contents)
    sheet = await kept_uploads.add_upload(studio.db, asked.person.id, content)
    numbers = [Say("compare.number", {"number": at}) for at, _ in enumerate(others, 1)]
    return Card(
        text=Say("versus.which"),
        pictures=(Shown(sheet, sheet, *measured(content)),),
        fields=tuple(
            Field(number, f"{' '.join(one.recipe.prompt.text.split())[:WORDS]} · {one.recipe.code}")
            for number, one in zip(numbers, others, strict=True)
        ),
        buttons=tuple(
            Button("versus_with", f"{row.id}.{one.id}", label=number)
            for number, one in zip(numbers, others, strict=True)
        ),
        spoiler=await veiled(studio.sight, studio.rules.access, asked, others),
    )


async def _last(db: Database, asked: Request | Press, row: PictureRow) -> list[PictureRow]:
    """The person's last pictures but for this one."""
    if asked.room.private:
        found = await pictures.search(db, asked.person.id, limit=OFFERED + 1)
        return [one for one in found.pictures if one.id != row.id][:OFFERED]
    here = []
    for one in (await pictures.search(db, asked.person.id, limit=SEEN)).pictures:
        kept = await jobs.get(db, one.job) if one.job else None
        if kept and one.id != row.id and kept.place.chat == asked.place.chat:
            here.append(one)
    return here[:OFFERED]


async def versus_with(studio: Studio, press: Press) -> Card:
    """Two pictures beside each other: the target names both."""
    first, _, second = press.target.partition(".")
    rows = [await owned.picture(studio.db, press.person, one) for one in (first, second)]
    return await beside(studio, press, rows[0], rows[1])


async def beside(studio: Studio, asked: Request | Press, first: PictureRow, second: PictureRow) -> Card:
    """Two pictures as one sheet, with what is otherwise in their recipes. Raises Refusal `versus.same_picture`."""
    rows = (first, second)
    if first.id == second.id:
        raise Refusal("versus.same_picture")
    content = await drawn(studio.db, rows)
    sheet = await kept_uploads.add_upload(studio.db, asked.person.id, content)
    lines = tuple(differences(first.recipe, second.recipe))
    mine = [row for row in rows if row.person == asked.person.id or asked.person.admin]
    spoiler = await veiled(studio.sight, studio.rules.access, asked, mine)
    if shared := [row for row in rows if row not in mine]:
        spoiler |= await shown_to_others(studio.sight, studio.rules.access, asked, shared)
    return Card(
        text=Say("versus.differ" if lines else "versus.same", {"count": len(lines)}),
        pictures=(Shown(sheet, sheet, *measured(content)),),
        fields=lines,
        buttons=tuple(
            Button("compared_picture", row.id, label=Say("versus.open", {"letter": letter}))
            for letter, row in zip("AB", rows, strict=True)
            if row in mine
        ),
        spoiler=spoiler,
        table=ComparedTable(tuple(_labels(rows)), ("",), ("",), tuple(map(cards.shown, rows))),
    )


async def drawn(db: Database, rows: Sequence[PictureRow]) -> bytes:
    """The sheet of two pictures. Raises Refusal where a file is gone."""
    contents = [await db.files.get(row.hash) for row in rows]
    return await asyncio.to_thread(_sheet, contents, _labels(rows))


def _labels(rows: Sequence[PictureRow]) -> list[str]:
    return [f"{letter} · {row.recipe.code}" for letter, row in zip("AB", rows, strict=True)]


def differences(first: Recipe, second: Recipe) -> Iterator[Field]:
    """What is otherwise in two recipes, line by line: the words as an edit would tell them, then all else."""
    for change in difference.changes(first.prompt, second.prompt):
        yield Field(Say("versus.words"), Say(change.note.key, change.note.values))
    loras = [", ".join(map(str, recipe.prompt.loras)) for recipe in (first, second)]
    if loras[0] != loras[1]:
        yield Field(Say("versus.loras"), _otherwise(*loras))
    after = {line.label.key: line for line in cards.recipe_fields(second)}
    for line in cards.recipe_fields(first):
        other = after.pop(line.label.key, None)
        if line.label.key not in BY_PROMPT and (other is None or other.value != line.value):
            yield Field(line.label, _otherwise(_words(line), _words(other)))
    for line in after.values():
        if line.label.key not in BY_PROMPT:
            yield Field(line.label, _otherwise("", _words(line)))


async def found(studio: Studio, asked: Request, code: str) -> PictureRow:
    """The picture that a code stands for: of a recipe or a picture of the person's own, or of one that is shared.
    Raises Refusal `versus.unknown`."""
    code = code.casefold()
    if len(code) == 12:
        return await owned.picture(studio.db, asked.person, code)
    if len(code) == 16 and (row := await shares.opened(studio.db, code)):
        return row
    before = None
    for _ in range(0, SOUGHT, 100):
        page = await pictures.search(studio.db, asked.person.id, before=before, limit=100)
        if row := next((row for row in page.pictures if row.recipe.code == code), None):
            return row
        if (before := page.next) is None:
            break
    raise Refusal("versus.unknown", code=code)


def _otherwise(before: str, after: str) -> Say:
    return Say("versus.otherwise", {"before": before or "—", "after": after or "—"})


def _words(line: Field | None) -> str:
    if line is None:
        return ""
    return line.value if isinstance(line.value, str) else str(line.value.values.get("name", ""))


def _numbered(contents: list[bytes]) -> bytes:
    """Small pictures in rows, each under its number."""
    sheets = [
        comparison_sheet.lay_out(contents[at : at + ACROSS], [str(at + one) for one in range(1, 1 + len(some))], [""])
        for at in range(0, len(contents), ACROSS)
        for some in [contents[at : at + ACROSS]]
    ]
    return encoded(comparison_sheet.beneath(sheets), "PNG")


def _sheet(contents: list[bytes], labels: list[str]) -> bytes:
    share = comparison_sheet.share(contents)
    return encoded(comparison_sheet.lay_out(contents, labels, [""], "", share).image, "PNG")
