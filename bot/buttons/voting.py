"""Votes for the pictures of a comparison: anybody who sees its sheet has one, and may change it."""

from __future__ import annotations

from bot.chat import Button, Card, Press, Say
from bot.people import owned
from bot.studio import comparing
from bot.studio.studio import Studio
from engine.job import State
from prompts.errors import Refusal
from storage import jobs, pictures, votes
from storage.database import Database


async def vote(studio: Studio, press: Press) -> Card:
    """What can be voted for, by the numbers on the sheet."""
    return Card(text=Say("vote.which"), buttons=ballot(await sheet_of(studio.db, press.target)))


def ballot(sheet: Card) -> tuple[Button, ...]:
    """A button for each picture of a sheet, with its number."""
    cells = sheet.table.cells if sheet.table else ()
    numbers: dict[str, int] = {}
    for number, cell in enumerate(cells, 1):
        numbers.setdefault(cell.id, number)
    return tuple(
        Button("vote_for", picture, label=Say("compare.number", {"number": at})) for picture, at in numbers.items()
    )


async def vote_for(studio: Studio, press: Press) -> Card:
    """Vote for a picture, and say how the votes stand. Raises Refusal `picture.gone`, `vote.not_compared`,
    `access.not_yours` where only its owner sees the sheet."""
    return await _voted(studio, press, taken_back=False)


async def unvote(studio: Studio, press: Press) -> Card:
    """Take a vote for a picture back, as somebody does who takes a reaction away."""
    return await _voted(studio, press, taken_back=True)


async def _voted(studio: Studio, press: Press, *, taken_back: bool) -> Card:
    row = await pictures.get(studio.db, press.target)
    if row is None:
        raise Refusal("picture.gone")
    job = row.job or ""
    await sheet_of(studio.db, job)
    kept = await jobs.get(studio.db, job)
    assert kept is not None
    if not comparing.is_shared(kept):
        owned.owner_or_admin(press.person, kept.job.owner)
    if taken_back:
        await votes.withdraw(studio.db, job, press.person.id, row.id)
    else:
        await votes.cast(studio.db, job, press.person.id, row.id)
    sheet = await sheet_of(studio.db, job)
    for one in (kept, *await jobs.rests(studio.db, kept)):  # whose answers show the sheet, too
        if one.place.message and one.place.platform in studio.chats:
            await studio.chats[one.place.platform].renew(one.place, sheet, press.key)
    assert sheet.table is not None
    number = 1 + [one.id for one in sheet.table.cells].index(row.id)
    stand = comparing.standing(sheet.table)
    key = "vote.leads.after" if stand.key == "vote.leads" else "vote.tied.after"
    key = "vote.taken_back" if taken_back else key
    return Card(text=Say(key, {**stand.values, "number": number}), fleeting=True)


async def sheet_of(db: Database, job: str) -> Card:
    """The card under which a job's sheet stands, but for the sheet. Raises Refusal `vote.not_compared`."""
    kept = await jobs.get(db, job)
    made = comparing.kept_comparison(kept) if kept else None
    rows = await pictures.of_job(db, job)
    if kept is None or made is None or len(rows) != len(made.recipes):
        raise Refusal("vote.not_compared")
    card = Card(kind="job", text=Say("job.done"), job=kept.job.id, state=State.DONE)
    return await comparing.with_table(db, kept, made, rows, card)
