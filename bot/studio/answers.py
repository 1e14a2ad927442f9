"""The message that answers a job: posted once, kept up to date at the platform's pace, and its last word noted."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace

from bot.chat import Card, Chat
from bot.errors import Closed, Gone, Rejected, Unreachable
from bot.studio import cards
from engine.job import Job
from engine.policy import Policy
from prompts.errors import Refusal
from storage import jobs
from storage.database import Database
from storage.jobs import Place

log = logging.getLogger(__name__)

# Seconds before the n-th attempt to deliver the last word where the failure may pass; the last one again and again.
TRIES = (0.0, 1.0, 5.0, 30.0, 60.0, 120.0, 300.0)
FAULTS = (Rejected, LookupError, TypeError, ValueError)  # of a card that no repetition makes better
GONE = frozenset({"picture.gone", "picture.damaged"})  # so does a file that is no more
CLOSING = 2.0  # seconds that last words get when the program ends


@dataclass(slots=True)
class Answer:
    """An accepted job and the newest card that answers it, `quiet` with as few words as can be; `lost` counts its
    messages that were taken away or take no more, `plain` is set once the card has become a line of text because the
    platform refused it, `silent` once another job answers in its place, `before` the one whose place it takes; `stands`
    is set once its message is known, or could not be posted."""

    job: Job
    place: Place
    card: Card
    ended: bool
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    done: asyncio.Event = field(default_factory=asyncio.Event)
    lost: int = 0
    plain: bool = False
    silent: bool = False
    quiet: bool = False
    papers: Policy = "embed"
    before: Answer | None = None
    stands: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def key(self) -> str:
        """What its message is posted under; another one when the message was taken away."""
        return f"{self.job.id}+{self.lost}" if self.lost else self.job.id

    def retreat(self) -> bool:
        """After a refusal that will not pass: the card in plain text, then that in a message of its own; False where
        nothing is left to try."""
        if not self.plain:
            self.card, self.plain = cards.plain(self.card), True
            return True
        if not self.place.message:
            return False
        self.leave()
        return True

    def leave(self) -> None:
        """Go on in another message than the one that stands."""
        self.place, self.lost = replace(self.place, message=""), self.lost + 1

    def show(self, card: Card, *, ended: bool = False) -> None:
        """Replace the card; older ones that have not been delivered yet never will be."""
        card = replace(card, papers=self.papers)
        self.card, self.ended = cards.hushed(card) if self.quiet else card, ended
        self.changed.set()
        if ended:
            self.done.set()


class Answers:
    """All answers under way on these platforms."""

    def __init__(self, db: Database, chats: Mapping[str, Chat]) -> None:
        self._db = db
        self._chats = chats
        self._open: dict[str, Answer] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def of(self, job: str) -> Answer | None:
        return self._open.get(job)

    def follow(
        self,
        job: Job,
        place: Place,
        card: Card,
        *,
        ended: bool = False,
        quiet: bool = False,
        papers: Policy = "embed",
        before: Answer | None = None,
    ) -> Answer:
        """Begin to deliver a job's cards, this one first; where another's stand `before`, in its message."""
        answer = self._open[job.id] = Answer(job, place, card, ended, quiet=quiet, papers=papers, before=before)
        answer.show(card, ended=ended)
        self._tasks[job.id] = asyncio.create_task(self._deliver(answer))
        return answer

    def drop(self, jobs: Iterable[str]) -> None:
        """Deliver nothing more of these jobs."""
        for job in jobs:
            self._open.pop(job, None)
            if task := self._tasks.pop(job, None):
                task.cancel()

    async def close(self) -> None:
        """Deliver the last words already known; the others are delivered after the next start."""
        if last := [self._tasks[job] for job, answer in self._open.items() if answer.ended]:
            await asyncio.wait(last, timeout=CLOSING)
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _deliver(self, answer: Answer) -> None:
        chat = self._chats[answer.place.platform]
        last = False
        if answer.before is not None:
            await self._take_over(answer, answer.before)
        while not last:
            answer.changed.clear()
            last = answer.ended
            if not answer.silent:
                await self._put(chat, answer, insist=last)
            answer.stands.set()
            if not last:
                try:
                    await asyncio.wait_for(answer.done.wait(), chat.pace)
                except TimeoutError:
                    await answer.changed.wait()
        del self._open[answer.job.id], self._tasks[answer.job.id]

    async def _take_over(self, answer: Answer, before: Answer) -> None:
        """Go on in the message of another, as soon as it is known."""
        await before.stands.wait()
        answer.before = None
        if before.place.message and not answer.place.message:
            answer.place = before.place
            with suppress(Refusal):  # known to this process all the same
                await jobs.posted(self._db, answer.job.id, answer.place)

    async def _put(self, chat: Chat, answer: Answer, *, insist: bool) -> None:
        """Deliver the card; `insist` on the last word, until it stands, or nobody can be told, or the platform has
        refused even a line of text, or the bot itself."""
        job, platform = answer.job.id, answer.place.platform
        over = moved = False  # nothing is left to say; something else is tried than the last time
        for wait in itertools.chain(TRIES, itertools.repeat(TRIES[-1])):
            await asyncio.sleep(0.0 if moved else wait)
            moved = False
            try:
                if not over:
                    await self._stand(chat, answer)
                over = True
                if insist:
                    await jobs.answered(self._db, job)
                return
            except Closed as error:
                if insist:
                    log.error("job %s is answered at the next start: %s", job, error)
                return
            except Unreachable as error:
                log.warning("job %s: %s cannot be told any more: %s", job, platform, error)
                over = moved = True  # the pictures are kept; /history has them
            except Gone:
                if insist:
                    answer.leave()  # somebody took the message away; only the last word is worth a new one
            except Exception as error:
                trace = not wait and not isinstance(error, Rejected)
                log.warning("job %s: its card did not reach %s: %s", job, platform, error, exc_info=trace)
                if insist and not over and _lasting(error):
                    moved, over = True, not answer.retreat()
                    if over:
                        log.error("job %s: %s takes no answer to it", job, platform)
            if not insist:
                return

    async def _stand(self, chat: Chat, answer: Answer) -> None:
        if answer.place.message:
            await chat.edit(answer.place, answer.card)
        else:
            answer.place = await chat.send(answer.place, answer.card, answer.key)
            await jobs.posted(self._db, answer.job.id, answer.place)


def _lasting(error: Exception) -> bool:
    """Whether a failure comes again however often the same card is delivered."""
    return isinstance(error, FAULTS) or (isinstance(error, Refusal) and error.key in GONE)
