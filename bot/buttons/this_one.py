"""A comparison's picture whose values become the defaults of whoever says so, and how that is undone."""

from __future__ import annotations

from typing import cast

from bot.chat import Button, Card, Field, Press, Say
from bot.people import owned
from bot.studio import comparing, own_values
from bot.studio.studio import Studio
from prompts.errors import Refusal
from prompts.prompt import Json
from storage import jobs, people, pictures

BEFORE = "values_before"  # the setting that holds how the others were, until something else is chosen


async def this_one(studio: Studio, press: Press) -> Card:
    """Have the values of a comparison's picture hold from now on. Raises Refusal `this_one.…` where there are none, or
    none that can."""
    row = await owned.picture(studio.db, press.person, press.target)
    made_in = row.job or ""
    kept = await jobs.get(studio.db, made_in)
    made = comparing.kept_comparison(kept) if kept else None
    cell = comparing.cell_of(made, await pictures.of_job(studio.db, made_in), row) if made else None
    if made is None or cell is None:
        raise Refusal("this_one.not_compared")
    mine = press.person.id
    known = await people.settings(studio.db, mine)
    new = own_values.made_default(made.axes, made.cells[cell], row.recipe, known)
    left = ", ".join(axis.title for axis in new.left)
    if not new.kept:
        raise Refusal("this_one.none", names=left)
    was: dict[str, Json] = {name: known.get(name) for name in new.settings}
    if was != new.settings:
        await people.set_setting(studio.db, mine, BEFORE, {"picture": row.id, "was": was})
        for name, value in new.settings.items():
            await people.set_setting(studio.db, mine, name, value)
    values = made.values(cell)
    lines = [Field(Say("compare.axis", {"name": axis.title}), str(values[axis.title])) for axis in new.kept]
    if left:
        lines.append(Field(Say("this_one.left"), left))
    return Card(text=Say("this_one.done"), fields=tuple(lines), buttons=(Button("not_this_one", row.id),))


async def not_this_one(studio: Studio, press: Press) -> Card:
    """Have everything hold that held before. Raises Refusal `this_one.undone` where that is not known any more."""
    mine = press.person.id
    before = cast(dict[str, Json], await people.setting(studio.db, mine, BEFORE) or {})
    if before.get("picture") != press.target:
        raise Refusal("this_one.undone")
    for name, value in cast(dict[str, Json], before["was"]).items():
        await people.set_setting(studio.db, mine, name, value)
    await people.set_setting(studio.db, mine, BEFORE, None)
    return Card(text=Say("this_one.taken_back"), fleeting=True)
