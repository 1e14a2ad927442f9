"""Tags read out of people's pictures by a worker, which waits its turn and stops no picture; and what may be told of
them where somebody asks."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Collection
from dataclasses import dataclass, replace

from bot.chat import Press, Request
from bot.people import access, guard
from bot.studio.studio import Studio
from bot.studio.tag_options import TagWish
from engine.files import taggers
from engine.tagging import ADULT, CLIP, MOST_ASKED, PictureTags, SeenTag, Thresholds
from engine.wire import ReadTags
from prompts.errors import Refusal
from prompts.safety import judge
from prompts.safety.signs import verdict
from storage import maps

log = logging.getLogger(__name__)
MOST = 300  # tags that are told, the surest: a threshold of 0 lets thousands through


@dataclass(frozen=True, slots=True)
class ToldTags:
    """What was read, and how many tags for adults are not told here."""

    found: PictureTags
    left_out: int = 0


def usual(studio: Studio) -> TagWish:
    """How tags are read where nobody says otherwise."""
    return TagWish(studio.rules.reader, studio.rules.seen)


async def read(
    studio: Studio,
    person: str,
    picture: str,
    reader: str = "",
    limits: Thresholds | None = None,
    asked: Collection[str] = (),
) -> PictureTags:
    """What a reader sees in a kept file (by hash), at the cost of the `person`'s seconds; `asked` as in
    engine/taggers/reading.py. Who asks has made sure that it may be looked at. Raises Refusal as that does."""
    rules = studio.rules
    await asyncio.to_thread(taggers.chosen, reader, rules.taggers, rules.folders)  # before anything waits for it
    one = limits or rules.seen
    words = tuple(dict.fromkeys(asked))[:MOST_ASKED]
    wish = ReadTags(secrets.token_hex(8), picture, reader, one.general, one.character, one.rating, one.mcut, words)

    async def charge(seconds: float) -> None:
        await maps.charge(studio.db, person, studio.now().date(), seconds)

    return PictureTags.from_json((await studio.queue.read_tags(wish, person, charge)).tags)


async def read_for(studio: Studio, asked: Request | Press, picture: str, wish: TagWish) -> ToldTags:
    """What is told of a picture where somebody asks: nothing where tags say something sexual of children, and no tags
    for adults where words for them are refused. Raises Refusal `tags.not_told`, and for who has no time left today."""
    await access.may_look(studio.db, studio.rules.access, asked, studio.now(), draining=studio.draining)
    # Whatever ratings are to be told: by them it is judged what may be.
    found = await read(studio, asked.person.id, picture, wish.reader, replace(wish.limits, rating=0.0))
    found = replace(found, tags=(*found.of("rating"), *found.shown[:MOST]))
    words = ", ".join(one.name for one in found.shown)
    signs = await asyncio.to_thread(judge.signs_of_text, words)
    if found.rating in ADULT:
        signs |= guard.ADULT
    # Of a CLIP the order says what is nearest, not what is there. And it is not counted as what somebody wrote is:
    # nobody but a network says so, and it can be wrong.
    if verdict(signs) == "never" and not found.reader.startswith(CLIP):
        log.warning("the tags of a picture of person %s are not told", asked.person.id)
        raise Refusal("tags.not_told")
    sure = tuple(one for one in found.tags if one.kind != "rating" or one.score >= wish.limits.rating)
    found = replace(found, tags=sure)
    if await access.unasked(studio.db, studio.rules.access, asked) != "refuse":
        return ToldTags(found)
    told = await asyncio.to_thread(_decent, found.tags)
    return ToldTags(replace(found, tags=told), len(found.tags) - len(told))


def _decent(tags: Collection[SeenTag]) -> tuple[SeenTag, ...]:
    """The tags that are not for adults; ratings are no words for them."""
    return tuple(one for one in tags if one.kind == "rating" or not verdict(judge.signs_of_text(one.name)))
