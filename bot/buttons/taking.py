"""Everything the bot has of a person, sent to them as a file, or in parts as large as a platform takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bot.chat import Attached, Button, Card, Field, Press, Request, Say
from bot.studio.parcels import packed, parcels
from bot.studio.studio import Studio
from prompts.errors import Refusal
from storage.mydata import of_person

PAGE = "/api/mydata"  # where the page fetches it
NAMED = 10  # files too large to send that a card names


async def mydata_part(studio: Studio, asked: Request | Press, part: int) -> Card:
    """The card with a part, and a button for the next. Raises Refusal `mydata.private`, `mydata.no_part`."""
    if not asked.room.private:
        raise Refusal("mydata.private")
    person = asked.person
    kept = await of_person(studio.db, person.id)
    parts = parcels(kept, asked.place.platform)
    if not 1 <= part <= len(parts):
        raise Refusal("mydata.no_part", part=part, parts=len(parts))
    parcel, name = parts[part - 1], "danqing.zip" if len(parts) == 1 else f"danqing-{part}-{len(parts)}.zip"
    pictures = sum(file.name.startswith("pictures/") for file in kept.files)
    said = _counted({"pictures": pictures, "uploads": len(kept.files) - pictures})
    card = Card(text=said if len(parts) == 1 else Say("mydata.part", {"part": part, "parts": len(parts)}))
    if parcel.left_out:
        said = Say("mydata.left_out", {"count": len(parcel.left_out)})
        card = replace(card, fields=(Field(said, ", ".join(parcel.left_out[:NAMED])),))
    if part < len(parts):
        card = replace(card, buttons=(Button("mydata", str(part + 1)),))
    if asked.place.platform == "web":
        return replace(card, file=Attached(name, address=PAGE))
    content = b"".join([piece async for piece in packed(parcel, person.language, studio.db.files.get)])
    return replace(card, file=Attached(name, content))


def _counted(counts: Mapping[str, int]) -> Say:
    """What is in a file that holds everything, without what there is none of."""
    some = {name: count for name, count in counts.items() if count}
    which = "all" if len(some) == len(counts) else next(iter(some), "words")
    return Say(f"mydata.{which}", some)


async def mydata(studio: Studio, press: Press) -> Card:
    """Another part, by the button."""
    return await mydata_part(studio, press, int(press.target) if press.target.isdecimal() else 0)
