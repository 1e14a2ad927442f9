"""The pictures of a draft: taken in, looked at, spoken of and taken out."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import replace

from bot.people import guard
from bot.training import captions, looked_at
from bot.training.classroom import Classroom
from bot.training.looked_at import NewPicture
from bot.training.planning import english
from bot.training.tag_changes import MOST, TagChange
from prompts.errors import Refusal
from prompts.safety.signs import verdict
from prompts.translate.translator import Translator
from storage import pictures, trainings
from storage.database import Database
from storage.trainings import KeptPicture, KeptTraining


async def checked(
    db: Database, kept: KeptTraining, new: NewPicture, chain: Sequence[Translator]
) -> tuple[KeptPicture, bytes]:
    """A picture that may be learnt from, with what is said of it, and its file. Raises Refusal."""
    picture, content = await asyncio.to_thread(looked_at.checked, new)
    person = kept.kind == "person"
    inside = await looked_at.signs_inside(new.content)
    await guard.refuse(db, kept.person, {verdict(inside)})
    if verdict(inside) or await pictures.adult(db, hashlib.sha256(new.content).hexdigest()):
        picture = replace(picture, flags={**picture.flags, "adult": True})  # the kind may be chosen later
    if person:
        looked_at.check_adult(picture)
    tags = await captions.said(new.caption, chain)
    captions.check(tags, new.name, person=person)
    named = await english(new.named, chain)
    captions.check([captions.SaidTag(named)], new.name, person=person)
    caption, source = captions.written(tags)
    return replace(picture, named=named, caption=caption, source=source), content


async def put_in(db: Database, training: str, made: Sequence[tuple[KeptPicture, bytes]]) -> None:
    """Keep checked pictures, each with the one before it that looks the same; one that is in it already stays."""
    here = await trainings.pictures(db, training)
    for picture, content in made:
        if twin := await looked_at.twin_of(db, content, here):
            picture = replace(picture, flags={**picture.flags, "twin": twin})
        added = await trainings.add_picture(db, training, picture, content)
        if all(one.hash != added.hash for one in here):
            here.append(added)


async def take_out(db: Database, training: str, place: int) -> None:
    """Take a picture out; those behind it move up. Raises Refusal `training.no_picture`."""
    if not await trainings.remove_picture(db, training, place):
        count = len(await trainings.pictures(db, training))
        raise Refusal("training.no_picture", number=place, count=count)
    for one in await trainings.pictures(db, training):  # who pointed at it, or behind it
        twin = int(str(one.flags.get("twin") or 0))
        if twin >= place:
            await trainings.flag(db, training, one.hash, {"twin": 0 if twin == place else twin - 1})


async def look(studio: Classroom, kept: KeptTraining) -> bool:
    """Have the detectors look for faces and backgrounds in the pictures that they have not seen; whether there were
    any."""
    unseen = [one for one in await trainings.pictures(studio.db, kept.id) if not looked_at.is_seen(one)]
    for one in unseen:
        found = await looked_at.seen(studio, kept.person, one)
        await trainings.flag(studio.db, kept.id, one.hash, found)
    return bool(unseen)


async def retag(db: Database, kept: KeptTraining, change: TagChange, chain: Sequence[Translator]) -> None:
    """Change the tags of all pictures or some of them. Raises Refusal: none of them is changed then."""
    shown = [one for one in await trainings.pictures(db, kept.id) if not one.prior]
    for place in change.places:
        if all(one.place != place for one in shown):
            raise Refusal("training.no_picture", number=place, count=len(shown))
    new: dict[int, tuple[str, str]] = {}
    for one in shown:
        if change.places and one.place not in change.places:
            continue
        tags = await captions.changed(captions.of_picture(one), change, chain)
        captions.check(tags, one.name, person=kept.kind == "person")
        new[one.place] = captions.written(tags)
    for place, (caption, source) in new.items():
        await trainings.say(db, kept.id, place, {"caption": caption, "source": source})


async def read(studio: Classroom, kept: KeptTraining) -> None:
    """Have the tags read of the pictures that nothing is said of. Raises Refusal."""
    db, rules, person = studio.db, studio.rules, kept.kind == "person"
    for one in await trainings.pictures(db, kept.id):
        if one.caption or one.prior:
            continue
        found = await looked_at.read(studio, kept.person, one.hash, rules.reader, rules.seen)
        if await asyncio.to_thread(looked_at.is_adult, found):
            await trainings.flag(db, kept.id, one.hash, {"adult": True})
            if person:
                raise Refusal("training.adult_picture", file=one.name or str(one.place))
        tags = [captions.SaidTag(tag.name) for tag in found.shown if tag.kind in ("general", "character")]
        captions.check(tags, one.name, person=person)
        caption, _ = captions.written(tags[:MOST])
        await trainings.say(db, kept.id, one.place, {"caption": caption, "source": ""})
