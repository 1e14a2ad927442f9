"""/poses: the poses there are, on numbered sheets, all or those that some words find; or one, large."""

from __future__ import annotations

import asyncio
import math
import re

from bot.chat import Button, Card, Field, Person, Press, Request, Say, Shown
from bot.commands.command import Command
from bot.studio import pose_sheet
from bot.studio.studio import Studio
from bot.studio.uploads import measured
from engine.poses import library, writing
from engine.poses.library import NamedPose
from prompts.errors import Refusal
from prompts.traditional import chinese
from storage import uploads, wishes
from storage.wishes import Wish

EACH = 16  # on a sheet
LONGEST = 200  # characters of what was looked for that the buttons know
_PAGE = re.compile(r"(?:^|\s)(?:p|page|第)\s*([0-9]{1,4})\s*[页頁]?\s*\Z", re.IGNORECASE)


async def run(studio: Studio, request: Request, rest: str) -> Card:
    words, page = rest.strip(), 1
    if match := _PAGE.search(words):
        words, page = words[: match.start()].strip(), int(match[1])
    if words and (one := _meant(words)):
        return await _one(studio, request.person, one)
    return await _page(studio, request.person, words, page)


def _meant(words: str) -> NamedPose | None:
    """The one pose that is named, or that the words find; None where they find several. Raises Refusal `pose.unknown`
    where they find none."""
    try:
        return library.find(words)
    except Refusal as refusal:
        found = library.search(words)
        if not found:
            raise refusal from None
        return found[0] if len(found) == 1 else None


async def turned(studio: Studio, press: Press) -> Card:
    """Another page: the target is its number and the wish that keeps what was looked for."""
    page, _, kept = press.target.partition(".")
    wish = await wishes.get(studio.db, kept) if kept else None
    if not page.isdecimal() or len(page) > 4 or (kept and (wish is None or wish.person != press.person.id)):
        raise Refusal("press.unknown")
    return await _page(studio, press.person, wish.text if wish else "", int(page), kept)


async def _page(studio: Studio, person: Person, words: str, page: int, kept: str = "") -> Card:
    found = library.search(words)
    pages = math.ceil(len(found) / EACH)
    page = min(max(page, 1), max(pages, 1))
    here = found[(page - 1) * EACH : page * EACH]
    if not here:
        raise Refusal("pose.none", words=words[:40])
    every = library.poses()
    numbers = [every.index(one) + 1 for one in here]
    content = await asyncio.to_thread(pose_sheet.sheet, here, numbers)
    joint = "、" if chinese(person.language) else ", "
    rows = [range(at, min(at + pose_sheet.ACROSS, len(here))) for at in range(0, len(here), pose_sheet.ACROSS)]
    names = [[f"{numbers[at]} {here[at].called(person.language)}" for at in row] for row in rows]
    ends = (dict.fromkeys((str(numbers[row[0]]), str(numbers[row[-1]]))) for row in rows)
    lines = tuple(
        Field(Say("poses.row", {"numbers": "–".join(end)}), joint.join(said))
        for end, said in zip(ends, names, strict=True)
    )
    turns = ((page - 1, "poses.before"), (page + 1, "poses.after"))
    if words and not kept and pages > 1:
        kept = await wishes.keep(studio.db, Wish(person=person.id, text=words[:LONGEST]))
    return Card(
        text=Say("poses.page", {"count": len(found), "page": page, "pages": pages}),
        fields=(*lines, Field(Say("poses.use"), _asked(here[0], person))),
        pictures=await _shown(studio, person, content),
        buttons=tuple(Button("poses", f"{to}.{kept}", label=Say(label)) for to, label in turns if 1 <= to <= pages),
        panel=True,
    )


async def _one(studio: Studio, person: Person, one: NamedPose) -> Card:
    content = await asyncio.to_thread(writing.png, one.pose, one.pose.width, one.pose.height)
    name = one.called(person.language)
    others = dict.fromkeys((one.en, one.zh, *one.aliases))
    lines = {
        "names": " · ".join(other for other in others if other != name),
        "people": str(one.people),
        "tags": ", ".join(one.tags),
        "use": _asked(one, person),
    }
    return Card(
        text=Say("poses.one", {"name": name, "number": library.poses().index(one) + 1}),
        fields=tuple(Field(Say(f"poses.{key}"), value) for key, value in lines.items() if value),
        pictures=await _shown(studio, person, content),
    )


def _asked(one: NamedPose, person: Person) -> str:
    """How somebody writes that a pose is to be followed."""
    return f"--pose {one.called(person.language).replace(' ', '-')}"


async def _shown(studio: Studio, person: Person, content: bytes) -> tuple[Shown, ...]:
    kept = await uploads.add_upload(studio.db, person.id, content)
    return (Shown(kept, kept, *measured(content)),)  # it has no recipe: its hash is all its name


COMMAND = Command("poses", ("pose", "姿势", "姿勢", "动作", "動作"), run)
