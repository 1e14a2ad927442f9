"""People who asked to be forgotten: when their time has come, everything of theirs goes, and they hear a last word."""

from __future__ import annotations

import asyncio
import logging
import secrets
from datetime import timedelta

from bot.chat import Card, Say
from bot.studio.studio import Studio
from engine.job import State
from prompts.errors import Refusal
from storage import forgetting, jobs, leaving, people, posts
from storage.leaving import Leave

log = logging.getLogger(__name__)

EVERY = 600.0  # seconds between two looks at who is due: a word of three days is kept to ten minutes
LAST_WORD = "forgotten-"  # how the keys of last words begin
OPEN = (State.WAITING, State.RUNNING)
LOOKED_AT = 1000  # of a person's latest jobs: more than may ever be open
PATIENCE, NAP = 30.0, 0.1  # seconds for running pictures to stop, which takes a step; between two looks


async def watch(studio: Studio) -> None:
    """Now and then forget whoever is due; never ends."""
    while True:
        try:
            await forget_due(studio)
        except Refusal as refusal:
            log.warning("nobody could be forgotten: %s", refusal)
        except Exception:
            log.exception("forgetting failed; it is tried again")
        await asyncio.sleep(EVERY)


async def forget_due(studio: Studio) -> int:
    """Forget everybody who is due, but for those whose pictures do not stop in time; how many they were."""
    gone = [leave for leave in await leaving.due(studio.db, studio.now()) if await _forget(studio, leave)]
    for platform in studio.chats:
        await posts.forget(studio.db, platform, LAST_WORD, timedelta())  # where somebody was told, too
    await forgetting.scrub(studio.db)
    if gone:
        log.info("forgot %d people", len(gone))
    return len(gone)


async def _forget(studio: Studio, leave: Leave) -> bool:
    stopped = await stop(studio, leave.person)
    if not await _ended(studio, leave.person):
        return False
    studio.let_go(stopped)
    await studio.teaching.forget(leave.person)
    accounts = await people.accounts(studio.db, leave.person)
    if not await forgetting.erase(studio.db, leave.person):
        return False
    chat = studio.chats.get(leave.place.platform)
    account = next((one.account for one in accounts if one.platform == leave.place.platform), "")
    if chat is None or leave.place.platform == "web":  # a page with nothing on it says it
        return True
    card = Card(text=Say("forget.done"), language=leave.language, to=account)
    try:
        await chat.send(leave.place, card, LAST_WORD + secrets.token_hex(8))
    except Exception as error:  # whoever cannot be told is forgotten all the same
        log.info("a last word did not arrive: %s", error)
    return True


async def stop(studio: Studio, person: str) -> list[str]:
    """Cancel what somebody has in the queue; returns their latest jobs, of which those not answered are some."""
    latest = await jobs.of_person(studio.db, person, LOOKED_AT)
    for kept in latest:
        if kept.job.id in studio.queue:
            studio.queue.cancel(kept.job.id)
    return [kept.job.id for kept in latest]


async def _ended(studio: Studio, person: str) -> bool:
    """Whether what was stopped has come to an end, in the queue and on paper."""
    for _ in range(round(PATIENCE / NAP)):
        latest = await jobs.of_person(studio.db, person, LOOKED_AT)
        if not any(kept.job.id in studio.queue for kept in latest):
            unwritten = [kept for kept in latest if kept.job.state in OPEN and studio.answering(kept.job.id)]
            if not unwritten:
                return True
        await asyncio.sleep(NAP)
    log.warning("a picture of somebody who is to be forgotten does not stop")
    return False
