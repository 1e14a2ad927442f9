"""The road of a training, from a draft to somebody's own LoRA, whatever the platform."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from weakref import WeakValueDictionary

from bot.chat import Press, Request, common
from bot.people import guard, quotas
from bot.training import (
    beginning,
    choosing,
    copying,
    deleters,
    draft_pictures,
    learnt_files,
    may_train,
    telling,
    trigger_words,
)  # fmt: skip
from bot.training.classroom import Classroom
from bot.training.hearing import Hearing
from bot.training.looked_at import NewPicture
from bot.training.losses import Losses
from bot.training.now import TrainingNow
from bot.training.planning import check_name
from bot.training.publishing import Publishing
from bot.training.removing import Removing
from bot.training.showing import Showing
from bot.training.tag_changes import TagChange
from engine.files.catalog import Model
from engine.job import Progress
from engine.queue.news import Changed, Finished
from engine.training_plan import KINDS, MAX_PICTURES, MIN_PICTURES
from prompts.errors import Refusal
from prompts.prompt import Json
from storage import trainings
from storage.database import new_id
from storage.jobs import Place
from storage.trainings import ENDED, KeptPicture, KeptSample, KeptTraining, TrainingConsent

log = logging.getLogger(__name__)

EVERY = 60.0  # seconds between two rounds
CONSENT = 1  # the number of the text `train.consent_text`: another number for another text


class Teaching:
    """What people want learnt: every call raises Refusal for what a person can mend. Of a training nobody hears but its
    owner: `train.gone` for others."""

    def __init__(self, studio: Classroom, data: Path) -> None:
        self._studio = studio
        self._db = studio.db
        self._data = data
        self._files = Publishing(studio, data)
        self._losses = Losses(studio.db)
        self._showing = Showing(studio.db, studio.chats, self.now)
        self._hearing = Hearing(studio, self._files, self._showing, self._losses)
        self._removing = Removing(studio, data, self._files, self._showing, self._losses)
        self._doors: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._asked: dict[str, Request] = {}  # who asked for a draft last, with the room whose limits hold

    @property
    def watching(self) -> list[Callable[[KeptTraining], Awaitable[None]]]:
        """Told after every change that somebody may look at."""
        return self._hearing.watching

    # --- drafts ---

    async def may(self, asked: Request | Press) -> bool:
        """Whether somebody may have something learnt here."""
        try:
            await may_train.check(self._db, self._studio.rules.training, asked)
        except Refusal:
            return False
        return True

    async def models(self) -> list[Model]:
        """The models that something can be learnt on."""
        return await choosing.models(self._studio)

    async def draft(self, asked: Request | Press, name: str) -> KeptTraining:
        """Begin a draft, or go on with the person's own of this name. Raises Refusal `train.off`, `train.who`,
        `train.drafts`, `train.name`."""
        rules = self._studio.rules.training
        await may_train.check(self._db, rules, asked)
        name = check_name(name)
        await guard.check(self._studio.sight, asked.person.id, name)
        async with self._door(asked.person.id):
            mine = await trainings.of_person(self._db, asked.person.id, ("draft",))
            known = next((one for one in mine if one.name.casefold() == name.casefold()), None)
            known = known or (await trainings.of_request(self._db, asked.key) if asked.key else None)
            if known:
                return known
            if len(mine) >= rules.drafts and not asked.person.admin:
                raise Refusal("train.drafts", limit=rules.drafts)
            now = self._db.now()
            kept = KeptTraining(
                id=new_id(),
                person=asked.person.id,
                name=name,
                trigger=await asyncio.to_thread(trigger_words.offered, name),
                kind=KINDS[0],
                model=choosing.usual(self._studio, await self.models()).name,
                place=replace(asked.place, message=""),
                language=asked.person.language,
                created=now,
                changed=now,
            )
            await trainings.add(self._db, kept, asked.key)
            return await self._changed(kept.id)

    async def add(self, asked: Request | Press, training: str, pictures: Sequence[NewPicture]) -> KeptTraining:
        """Put pictures into a draft, each looked at; one that is in it already stays as it is. Raises Refusal
        `train.count`, `train.bytes`, `upload.…`: none of them is put in then."""
        async with self._door(training):
            kept = await self._draft(asked.person.id, training)
            count = len(await trainings.pictures(self._db, training)) + len(pictures)
            if count > MAX_PICTURES:
                raise Refusal("train.count", count=count, least=MIN_PICTURES, most=MAX_PICTURES)
            chain = await self._studio.translators(asked.person, common(asked))
            made = [await draft_pictures.checked(self._db, kept, one, chain) for one in pictures]
            limit = self._studio.rules.training.bytes
            async with self._door(kept.person):  # two drafts at once share what is left
                used = await trainings.bytes_of(self._db, kept.person) + sum(len(content) for _, content in made)
                if used > limit and not asked.person.admin:
                    raise Refusal("train.bytes", limit=limit // 2**20)
                await draft_pictures.put_in(self._db, training, made)
        self._hearing.spawn(self._look(kept))
        return await self._changed(training)

    async def _look(self, kept: KeptTraining) -> None:
        if await draft_pictures.look(self._studio, kept):
            await self._changed(kept.id)

    async def remove_picture(self, person: str, training: str, place: int) -> KeptTraining:
        """Take a picture out of a draft; those behind it move up."""
        async with self._door(training):
            await self._draft(person, training)
            await draft_pictures.take_out(self._db, training, place)
        return await self._changed(training)

    async def change(self, person: str, training: str, **wishes: Json) -> KeptTraining:
        """Choose of a draft: name, trigger, kind, model, preset, steps, seed, rank, keep (what is not to be forgotten,
        in English), files (how many are kept along the way); None or "" takes a choice back. Raises Refusal for what
        cannot be."""
        if "prior" in wishes:
            wishes["keep"] = wishes.pop("prior")
        async with self._door(training):
            kept = await self._draft(person, training)
            await trainings.change(self._db, training, await choosing.chosen(self._studio, kept, wishes))
        return await self._changed(training)

    # --- what is said of the pictures ---

    async def caption(self, asked: Request | Press, training: str, place: int, text: str) -> KeptTraining:
        """Say of a picture what is in it, in English or Chinese."""
        return await self.tag_all(asked, training, TagChange("set", (text,) if text.strip() else (), (place,)))

    async def tag_all(self, asked: Request | Press, training: str, change: TagChange) -> KeptTraining:
        """Change the tags of a draft's pictures, all at once or some of them; Chinese ones are put into English."""
        chain = await self._studio.translators(asked.person, common(asked))
        async with self._door(training):
            kept = await self._draft(asked.person.id, training)
            await draft_pictures.retag(self._db, kept, change, chain)
        return await self._changed(training)

    async def read_tags(self, asked: Request | Press, training: str) -> KeptTraining:
        """Have the tags read of the pictures that nothing is said of, by the owner's tagger; without any, by what comes
        with the program."""
        async with self._door(training):
            kept = await self._draft(asked.person.id, training)
            await quotas.check_seconds(self._db, self._studio.rules.access, asked, self._studio.now())
            await draft_pictures.read(self._studio, kept)
        return await self._changed(training)

    # --- from the start to the end ---

    async def agree(self, person: str, training: str) -> KeptTraining:
        """Write down that its owner agrees to the text `train.consent_text`."""
        await self.get(person, training)
        at = self._studio.now().astimezone(UTC).isoformat(timespec="seconds")
        await trainings.agree(self._db, training, TrainingConsent(CONSENT, person, at))
        return await self._changed(training)

    async def start(self, asked: Request | Press, training: str) -> KeptTraining:
        """Begin: the pictures are as they are from here on. Raises Refusal `train.consent_first`, `train.count`,
        `train.active`, `access.seconds` …"""
        await may_train.check(self._db, self._studio.rules.training, asked)
        async with self._door(training):  # no picture comes, goes or is said something else of meanwhile
            kept = await self._draft(asked.person.id, training)
            await self._look(kept)
            kept, pictures = await self._draft(kept.person, training), await trainings.pictures(self._db, training)
            beginning.check_pictures(kept, pictures)
            async with self._door(kept.person):
                daily = await beginning.daily(self._studio, asked, training)
                plan = await choosing.sketch(self._studio, kept, pictures)
                await asyncio.to_thread(learnt_files.folder, replace(kept, plan=plan), self._studio.rules.places)
                begun = await trainings.change(
                    self._db,
                    training,
                    {"state": "waiting", "plan": plan.to_json(), "steps": plan.steps, "daily": daily},
                    only=("draft",),
                )
        if begun:
            await self._hearing.begin(await self.get(asked.person.id, training))
        return await self._changed(training)

    async def pause(self, person: str, training: str) -> KeptTraining:
        """Let it rest until it is told to go on."""
        await self.get(person, training)
        paused: dict[str, Json] = {"state": "paused", "reason": "", "reason_values": {}}
        if not await trainings.change(self._db, training, paused, only=("waiting", "running")):
            raise Refusal("train.not_running")
        self._studio.queue.trainings.park(training)
        return await self._changed(training)

    async def go_on(self, asked: Request | Press, training: str) -> KeptTraining:
        """Go on after a pause, or after a failure from its last checkpoint. Raises Refusal `train.off`, `train.who`,
        `train.not_paused`, `train.active`, `access.seconds`."""
        kept = await self.get(asked.person.id, training)
        await may_train.check(self._db, self._studio.rules.training, asked)
        if kept.state not in ("paused", "failed") or kept.plan is None:
            raise Refusal("train.not_paused")
        async with self._door(asked.person.id):
            daily = await beginning.daily(self._studio, asked, training)
            again = await trainings.change(
                self._db,
                training,
                {"state": "waiting", "reason": "", "reason_values": {}, "ended": None, "daily": daily},
                only=("paused", "failed"),
            )
        if again:
            await self._hearing.begin(await self.get(asked.person.id, training))
        return await self._changed(training)

    async def stop_and_keep(self, person: str, training: str) -> KeptTraining:
        """End it, and take the newest file for the LoRA. Raises Refusal `train.no_file` where there is none yet."""
        kept = await self.get(person, training)
        if not kept.active:
            raise Refusal("train.not_running")
        steps = await asyncio.to_thread(learnt_files.steps, self._data, training)
        if not steps:
            raise Refusal("train.no_file")
        await self._files.publish(kept, steps[-1])  # first: no card says that it was stopped and has no file
        await trainings.end(self._db, training, "cancelled")
        await self._studio.queue.trainings.forget(training)
        return await self._changed(training)

    async def again(self, asked: Request | Press, training: str) -> KeptTraining:
        """A new draft with the pictures, captions and choices of one that has begun."""
        kept = await self.get(asked.person.id, training)
        names = {one.name.casefold() for one in await self.mine(asked.person.id)}
        name = next(name for number in range(2, 10_000) if (name := f"{kept.name} {number}").casefold() not in names)
        new = await self.draft(replace(asked, key=""), name)
        async with self._door(new.id):
            await copying.copy(self._db, kept, new.id)
        return await self._changed(new.id)

    async def choose(self, person: str, training: str, step: int) -> KeptTraining:
        """Take the file of another step for the LoRA; of what failed, too. Raises Refusal `train.no_file`,
        `train.no_step`."""
        kept = await self.get(person, training)
        known = await asyncio.to_thread(learnt_files.steps, self._data, training)
        if not (kept.file or kept.state in ENDED) or not known:
            raise Refusal("train.no_file")
        if step not in known:
            raise Refusal("train.no_step", step=step, known=", ".join(map(str, known)))
        await self._files.publish(kept, step)
        return await self._changed(training)

    async def share(self, person: str, training: str, shared: bool = True) -> KeptTraining:
        """Let everybody draw with the LoRA, or nobody else again."""
        kept = await self.get(person, training)
        if not kept.file:
            raise Refusal("train.no_file")
        await trainings.change(self._db, training, {"shared": shared})
        await self._files.recall()
        return await self._changed(training)

    async def delete(self, asked: Request | Press, training: str) -> None:
        """Leave nothing of it: pictures, captions, checkpoints, samples, the LoRA. Raises Refusal as `deletable`."""
        kept = await self.deletable(asked, training)
        if kept.person != asked.person.id:
            log.warning("training %s of %s is deleted by %s", kept.id, kept.person, asked.person.id)
        await self._removing.remove(training)

    async def deletable(self, asked: Request | Press, training: str) -> KeptTraining:
        """A training that somebody may delete: their own, any for an admin, and for moderators those whose card stands
        in their chat. Raises Refusal `train.gone`."""
        kept = await trainings.get(self._db, training)
        if kept is None or not deleters.may_delete(asked, kept):
            raise Refusal("train.gone")
        return kept

    async def meant(self, asked: Request | Press, who: str) -> list[KeptTraining]:
        """What somebody may delete that is called so: by its id, its name, or the id of whose it is."""
        return await deleters.meant(self._db, asked, who)

    async def forget(self, person: str) -> None:
        """Leave nothing of all that somebody had learnt."""
        for kept in await self.mine(person):
            await self._removing.remove(kept.id)

    # --- how it is ---

    async def mine(self, person: str) -> list[KeptTraining]:
        """A person's trainings, newest first."""
        return await trainings.of_person(self._db, person)

    async def get(self, person: str, training: str) -> KeptTraining:
        """The training. Raises Refusal `train.gone`."""
        kept = await trainings.get(self._db, training)
        if kept is None or kept.person != person:
            raise Refusal("train.gone")
        return kept

    async def pictures(self, person: str, training: str) -> list[KeptPicture]:
        """Its pictures, in order, with all that is to be known of them."""
        return await telling.pictures(self._studio, await self.get(person, training))

    async def samples(self, person: str, training: str) -> list[KeptSample]:
        """Its samples, by step and place."""
        await self.get(person, training)
        return await trainings.samples(self._db, training)

    async def steps(self, person: str, training: str) -> tuple[int, ...]:
        """The steps whose files are kept, of which one can be chosen."""
        await self.get(person, training)
        return await asyncio.to_thread(learnt_files.steps, self._data, training)

    async def download(self, person: str, training: str) -> tuple[str, bytes]:
        """What the LoRA's file is called, and the file. Raises Refusal `train.no_file`."""
        kept = await self.get(person, training)
        if not kept.file:
            raise Refusal("train.no_file")
        path = learnt_files.folder(kept, self._studio.rules.places) / f"{kept.file}.safetensors"
        try:
            return path.name, await asyncio.to_thread(path.read_bytes)
        except OSError:
            raise Refusal("train.no_file") from None

    async def stands(self, training: str, message: str, chat: str, platform: str) -> None:
        """Remember where its card stands: the message that is edited from here on."""
        await trainings.stands(self._db, training, Place(platform, chat, message))

    async def now(self, kept: KeptTraining, asked: Request | Press | None = None) -> TrainingNow:
        """All that a card of it tells; what is left of the day, too, since somebody has `asked`."""
        if kept.state != "draft":
            self._asked.pop(kept.id, None)
        elif asked is not None:
            self._asked[kept.id] = Request(person=asked.person, place=asked.place, text="", key="", room=asked.room)
        files = await asyncio.to_thread(learnt_files.steps, self._data, kept.id)
        resting = self._hearing.resting(kept.id)
        return await telling.now(self._studio, kept, files, resting, self._asked.get(kept.id))

    async def renew(self, kept: KeptTraining) -> None:
        """Have the card tell how it is, where it stands."""
        await self._changed(kept.id)

    # --- over the whole time ---

    async def open(self) -> None:
        """Take up every training that is not done, and know whose every file is."""
        await self._hearing.open()

    async def lend(self) -> None:
        """Have what was learnt drawn with on every machine, and do nothing else of `open`."""
        await self._files.lend()

    async def recall(self) -> None:
        """Know anew whose every file is: of two people one has become."""
        await self._files.recall()

    async def hear(self, news: Changed | Progress | Finished) -> bool:
        """Whether news of the queue are of a job that a training ordered: then they are dealt with."""
        return await self._hearing.of_job(news)

    async def watch(self) -> None:
        """Now and then do a round; never ends."""
        while True:
            try:
                await self.round()
            except Refusal as refusal:
                log.warning("trainings: %s", refusal)
            except Exception:
                log.exception("a round of the trainings failed; it is tried again")
            await asyncio.sleep(EVERY)

    async def round(self) -> None:
        """Let those go on whose quota is new, and remove what has lain long enough."""
        await self._hearing.resume()
        await self._removing.tidy()

    async def close(self) -> None:
        """Tell nothing any more; what is not done goes on at the next start."""
        await self._hearing.close()

    def _door(self, of: str) -> asyncio.Lock:
        return self._doors.setdefault(of, asyncio.Lock())

    async def _draft(self, person: str, training: str) -> KeptTraining:
        """A training that has not begun. Raises Refusal `train.begun`."""
        kept = await self.get(person, training)
        if kept.state != "draft":
            raise Refusal("train.begun", name=kept.name)
        return kept

    async def _changed(self, training: str) -> KeptTraining:
        kept = await trainings.get(self._db, training)
        if kept is None:
            raise Refusal("train.gone")
        await self._hearing.tell(kept)
        return kept
