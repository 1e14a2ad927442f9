"""Who may use the bot where, what they may draw there, and what has to be veiled."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import cast

from bot.chat import Person, Press, Request
from bot.people import guard, quotas
from bot.people.guard import Sight
from bot.people.limits import Adult, Limits, Standing, standing
from engine import second_pass
from engine.files import private
from engine.recipe import Recipe
from prompts.errors import Refusal
from prompts.prompt import Json
from prompts.safety.signs import Verdict
from storage import people
from storage.database import Database
from storage.jobs import Unasked
from storage.pictures import PictureRow

OWN_DOORS = frozenset({"web", "console", "sdapi"})  # private by nature: whoever runs the bot holds their keys


async def enter(db: Database, limits: Limits, asked: Request | Press) -> None:
    """Refuse whoever is blocked, and everybody where the bot is not to speak. Raises Refusal."""
    if asked.person.admin:
        return
    room, platform = asked.room, asked.place.platform
    here = await standing(db, asked)
    if here.person.get("blocked") or await _named(db, asked.person, limits.blocked):
        raise Refusal("access.blocked")
    if room.private:
        if not limits.private and platform not in OWN_DOORS:
            raise Refusal("access.private")
        return
    if limits.servers and f"{platform}:{room.server}" not in limits.servers:
        raise Refusal("access.server")
    chats, roles = _listed(here.server.get("chats")), _listed(here.server.get("roles"))
    if (limits.chats and f"{platform}:{asked.place.chat}" not in limits.chats) or (
        chats and asked.place.chat not in chats and not room.moderator
    ):
        raise Refusal("access.chat")
    ours = {f"{platform}:{role}" for role in room.roles}
    if (limits.roles and not ours & limits.roles) or (roles and not room.roles & roles and not room.moderator):
        raise Refusal("access.role")


async def admit(
    db: Database,
    limits: Limits,
    asked: Request | Press,
    made: Sequence[Recipe],
    verdicts: Collection[Verdict],
    now: datetime,
    *,
    draining: bool = False,
) -> bool:
    """Refuse what this person may not draw here, or not now; whether the pictures have to be veiled. `verdicts` are
    those on the recipes; with what shows somebody who agreed to be learnt nothing for adults is drawn, by nobody. While
    the bot is `draining` it draws for admins only. Raises Refusal."""
    if "adult" in verdicts and (name := _agreed(made)):
        raise Refusal("lora.adult", name=name[:80])
    veiled = _judged(limits, asked, verdicts, await standing(db, asked))
    await within(db, limits, asked, len(made), now, draining=draining)
    return veiled


async def within(
    db: Database, limits: Limits, asked: Request | Press, count: int, now: datetime, *, draining: bool = False
) -> None:
    """Refuse so many pictures to whoever has none, or no seconds, left today, comes too soon, or while the bot is
    `draining`; admins may always. Raises Refusal."""
    if asked.person.admin:
        return
    if draining:
        raise Refusal("access.draining")
    await quotas.check(db, limits, asked, count, now, await standing(db, asked))


async def may_look(
    db: Database, limits: Limits, asked: Request | Press, now: datetime, *, draining: bool = False
) -> None:
    """Refuse a look at a picture to whoever has no seconds left today, or while the bot is `draining`; admins may
    always. Raises Refusal."""
    if asked.person.admin:
        return
    if draining:
        raise Refusal("access.draining")
    await quotas.check_seconds(db, limits, asked, now)


async def unasked(db: Database, limits: Limits, asked: Request | Press, made: Sequence[Recipe] = ()) -> Unasked:
    """What becomes here of a picture in which a checker sees what is for adults, though nobody asked for it: as the
    rule says that holds for words."""
    if _agreed(made):
        return "refuse"
    rule = _adult(limits, await standing(db, asked))
    if rule == "never":
        return "refuse"
    return "allow" if _unseen(asked) else rule


async def veiled(sight: Sight, limits: Limits, asked: Request | Press, rows: Sequence[PictureRow]) -> bool:
    """Whether pictures that exist already have to be veiled here."""
    verdicts = await guard.seen(sight, rows)
    if "never" in verdicts:  # drawn before it was known for what it is
        return True
    if asked.room.adult or not any(verdicts):
        return False
    return _adult(limits, await standing(sight.db, asked)) != "allow"


async def shown_to_others(sight: Sight, limits: Limits, asked: Request | Press, rows: Sequence[PictureRow]) -> bool:
    """Whether somebody else's pictures have to be veiled here, where people see what they could have drawn. Raises
    Refusal `share.adult` for what they could not, `access.minors`."""
    verdicts = await guard.seen(sight, rows)
    await guard.refuse(sight.db, asked.person.id, verdicts)
    try:
        return _judged(limits, asked, verdicts, await standing(sight.db, asked))
    except Refusal:
        raise Refusal("share.adult") from None


def _agreed(made: Sequence[Recipe]) -> str:
    """What they are drawn with that shows somebody who agreed to be learnt."""
    words = (second_pass.all_words(one) for one in made)
    found = (private.agreed((use.name for use in one.loras), one.positive) for one in words)
    return next(filter(None, found), "")


async def _named(db: Database, person: Person, accounts: frozenset[str]) -> bool:
    """Whether any account of a person is among these."""
    if not accounts:
        return False
    return any(f"{one.platform}:{one.account}" in accounts for one in await people.accounts(db, person.id))


def _judged(limits: Limits, asked: Request | Press, verdicts: Collection[Verdict], here: Standing) -> bool:
    rule = _adult(limits, here)
    if "adult" not in verdicts or rule == "allow" or (_unseen(asked) and rule != "never"):
        return False
    if rule == "spoiler":
        return True
    raise Refusal("access.adult_never" if rule == "never" else "access.adult")


def _unseen(asked: Request | Press) -> bool:
    """Whether nobody sees a picture here who might mind."""
    return asked.room.adult or (asked.person.admin and asked.room.private)


def _adult(limits: Limits, here: Standing) -> Adult:
    """The server's rule, unless the owner wants none of it anywhere."""
    return "never" if limits.adult == "never" else cast(Adult, here.server.get("adult", limits.adult))


def _listed(value: Json) -> frozenset[str]:
    return frozenset(map(str, value)) if isinstance(value, list) else frozenset()
