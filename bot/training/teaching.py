"""The road of a training, from a draft to somebody's own LoRA, whatever the platform."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol
from weakref import WeakValueDictionary

from bot.chat import Chat, Person, Press, Request, Say, common
from bot.people import guard, quotas
from bot.people.guard import Sight
from bot.people.limits import standing
from bot.studio.rules import Rules
from bot.training import captions, drafting, learnt_files, looked_at, may_train, trigger_words
from bot.training.hearing import Hearing
from bot.training.looked_at import NewPicture
from bot.training.now import TrainingEstimate, TrainingNow
from bot.training.planning import check_name, english, trigger_of
from bot.training.sample_jobs import RecipeMaker
from bot.training.tag_changes import MOST, TagChange
from engine.files import catalog
from engine.files.catalog import Model
from engine.job import Progress
from engine.queue.news import Changed, Finished
from engine.training_plan import KINDS, MAX_PICTURES, MIN_PICTURES, TrainingPlan
from prompts.errors import Refusal
from prompts.prompt import Json
from prompts.safety.signs import verdict
from prompts.translate.translator import Translator
from storage import people, trainings
from storage.database import Database, new_id
from storage.jobs import Place
from storage.trainings import ACTIVE, KeptPicture, KeptSample, KeptTraining, TrainingConsent

log = logging.getLogger(__name__)

CONSENT = 1  # the number of the text `train.consent_text`: another number for another text
WISHES = ("name", "trigger", "kind", "model", "preset", "steps", "seed", "rank", "keep", "files")


class School(RecipeMaker, Protocol):
    """What a training needs of the studio."""

    rules: Rules
    chats: dict[str, Chat]
    sight: Sight
    now: Callable[[], datetime]

    @property
    def translators(self) -> Callable[[Person, Place | None], Awaitable[Sequence[Translator]]]: ...


class Teaching:
    """What people want learnt: every call raises Refusal for what a person can mend. Of a training nobody hears but its
    owner: `train.gone` for others."""

    def __init__(self, studio: School, data: Path) -> None:
        self._studio = studio
        self._db = studio.db
        self._data = data
        self._hearing = Hearing(studio, data, self.now)
        self._doors: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

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
        return drafting.teachable(await asyncio.to_thread(catalog.models, self._studio.rules.models))

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
            models = await self.models()
            usual = next((one for one in models if one.name == self._studio.rules.model), models[0])
            now = self._db.now()
            kept = KeptTraining(
                id=new_id(),
                person=asked.person.id,
                name=name,
                trigger=await asyncio.to_thread(trigger_words.offered, name),
                kind=KINDS[0],
                model=usual.name,
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
            here = await trainings.pictures(self._db, training)
            if len(here) + len(pictures) > MAX_PICTURES:
                raise Refusal("train.count", count=len(here) + len(pictures), least=MIN_PICTURES, most=MAX_PICTURES)
            chain = await self._studio.translators(asked.person, common(asked))
            made = [await self._checked(kept, one, chain) for one in pictures]
            limit = self._studio.rules.training.bytes
            used = await trainings.bytes_of(self._db, kept.person) + sum(len(content) for _, content in made)
            if used > limit and not asked.person.admin:
                raise Refusal("train.bytes", limit=limit // 2**20)
            for picture, content in made:
                if twin := await looked_at.twin_of(self._db, content, here):
                    picture = replace(picture, flags={**picture.flags, "twin": twin})
                added = await trainings.add_picture(self._db, training, picture, content)
                if all(one.hash != added.hash for one in here):
                    here.append(added)
        self._hearing.spawn(self._look(training))
        return await self._changed(training)

    async def _checked(
        self, kept: KeptTraining, new: NewPicture, chain: Sequence[Translator]
    ) -> tuple[KeptPicture, bytes]:
        """A picture that may be learnt from, with what is said of it, and its file. Raises Refusal."""
        picture, content = await asyncio.to_thread(looked_at.checked, new)
        person = kept.kind == "person"
        inside = await looked_at.signs_inside(new.content)
        await guard.refuse(self._db, kept.person, {verdict(inside)})
        looked_at.check_inside(inside, new.name, person=person)
        tags = await captions.said(new.caption, chain)
        captions.check(tags, new.name, person=person)
        named = await english(new.named, chain)
        captions.check([captions.SaidTag(named)], new.name, person=person)
        caption, source = captions.written(tags)
        return replace(picture, named=named, caption=caption, source=source), content

    async def _look(self, training: str) -> None:
        """Have the detectors look for faces and backgrounds in the pictures of a draft that they have not seen."""
        kept = await trainings.get(self._db, training)
        unseen = [one for one in await trainings.pictures(self._db, training) if not looked_at.is_seen(one)]
        if kept is None or not unseen:
            return
        for one in unseen:
            flags = await looked_at.seen(self._db, self._studio.queue, kept.person, one)
            await trainings.flag(self._db, training, one.hash, flags)
        await self._changed(training)

    async def remove_picture(self, person: str, training: str, place: int) -> KeptTraining:
        """Take a picture out of a draft; those behind it move up."""
        async with self._door(training):
            await self._draft(person, training)
            if not await trainings.remove_picture(self._db, training, place):
                count = len(await trainings.pictures(self._db, training))
                raise Refusal("training.no_picture", number=place, count=count)
            for one in await trainings.pictures(self._db, training):  # who pointed at it, or behind it
                twin = int(str(one.flags.get("twin") or 0))
                if twin >= place:
                    flags = {**one.flags, "twin": 0 if twin == place else twin - 1}
                    await trainings.flag(self._db, training, one.hash, flags)
        return await self._changed(training)

    async def change(self, person: str, training: str, **wishes: Json) -> KeptTraining:
        """Choose of a draft: name, trigger, kind, model, preset, steps, seed, rank, keep (what is not to be forgotten,
        in English), files (how many are kept along the way); None or "" takes a choice back. A name may change later,
        too, as long as there is no LoRA of it. Raises Refusal for what cannot be."""
        if "prior" in wishes:
            wishes["keep"] = wishes.pop("prior")
        if unknown := wishes.keys() - set(WISHES):
            raise Refusal("train.not_one_of", name="option", value=min(unknown), known=", ".join(WISHES))
        async with self._door(training):
            kept = await self._draft(person, training)
            new: dict[str, str] = {}
            chosen = dict(kept.wishes)
            for name, value in wishes.items():
                if name in ("name", "trigger", "kind", "model"):
                    new[name] = await self._column(kept, name, str(value or "").strip())
                elif value in (None, ""):
                    chosen.pop(name, None)
                else:
                    chosen[name] = await self._wish(kept, name, value)
            changed = replace(
                kept,
                wishes=chosen,
                name=new.get("name", kept.name),
                trigger=new.get("trigger", kept.trigger),
                kind=new.get("kind", kept.kind),
                model=new.get("model", kept.model),
            )
            pictures = await trainings.pictures(self._db, training)
            for one in pictures if changed.kind == "person" else ():
                captions.check(captions.of_picture(one), one.name, person=True)
            await self._sketch(changed, pictures or [KeptPicture(place=1, hash="0" * 64)])
            await trainings.change(self._db, training, {**new, "wishes": chosen})
        return await self._changed(training)

    async def _column(self, kept: KeptTraining, name: str, value: str) -> str:
        if name == "name":
            value = check_name(value)
            await guard.check(self._studio.sight, kept.person, value)
        elif name == "trigger":
            value = trigger_of(value, "")[0] if value else await asyncio.to_thread(trigger_words.offered, kept.name)
            await guard.check(self._studio.sight, kept.person, value)
        elif name == "kind":
            value = value or KINDS[0]
            if value not in KINDS:
                raise Refusal("train.kind", kind=value[:40], kinds=", ".join(KINDS))
        else:
            known = await self.models()
            value = catalog.model(known, value or self._studio.rules.model, self._studio.rules.folders).name
        return value

    async def _wish(self, kept: KeptTraining, name: str, value: Json) -> Json:
        if name in drafting.NUMBERS:
            return drafting.number(name, value)
        text = " ".join(str(value).split())[:200]
        if name == "preset":
            known = drafting.presets(await self._model(kept))
            if text not in known:
                raise Refusal("train.not_one_of", name="preset", value=text[:40], known=", ".join(known))
            return text
        person = Person(kept.person, "", kept.language)
        text = await english(text, await self._studio.translators(person, kept.place))
        await guard.check(self._studio.sight, kept.person, text)
        captions.check([captions.SaidTag(text)], name, person=kept.kind == "person")
        return text

    # --- what is said of the pictures ---

    async def caption(self, asked: Request | Press, training: str, place: int, text: str) -> KeptTraining:
        """Say of a picture what is in it, in English or Chinese."""
        return await self.tag_all(asked, training, TagChange("set", (text,) if text.strip() else (), (place,)))

    async def tag_all(self, asked: Request | Press, training: str, change: TagChange) -> KeptTraining:
        """Change the tags of a draft's pictures, all at once or some of them; Chinese ones are put into English."""
        chain = await self._studio.translators(asked.person, common(asked))
        async with self._door(training):
            kept = await self._draft(asked.person.id, training)
            pictures = [one for one in await trainings.pictures(self._db, training) if not one.prior]
            for place in change.places:
                if all(one.place != place for one in pictures):
                    raise Refusal("training.no_picture", number=place, count=len(pictures))
            new: dict[int, tuple[str, str]] = {}
            for one in pictures:
                if change.places and one.place not in change.places:
                    continue
                tags = await captions.changed(captions.of_picture(one), change, chain)
                captions.check(tags, one.name, person=kept.kind == "person")
                new[one.place] = captions.written(tags)
            for place, (caption, source) in new.items():
                await trainings.say(self._db, training, place, {"caption": caption, "source": source})
        return await self._changed(training)

    async def read_tags(self, asked: Request | Press, training: str) -> KeptTraining:
        """Have the tags read of the pictures that nothing is said of, by the owner's tagger; without any, by what comes
        with the program."""
        async with self._door(training):
            kept = await self._draft(asked.person.id, training)
            await quotas.check_seconds(self._db, self._studio.rules.access, asked, self._studio.now())
            rules = self._studio.rules
            for one in await trainings.pictures(self._db, training):
                if one.caption or one.prior:
                    continue
                found = await looked_at.read(
                    self._db, self._studio.queue, kept.person, one.hash, rules.reader, rules.seen
                )
                if kept.kind == "person" and await asyncio.to_thread(looked_at.is_adult, found):
                    raise Refusal("train.adult", file=one.name or str(one.place))
                tags = [captions.SaidTag(tag.name) for tag in found.shown if tag.kind in ("general", "character")]
                captions.check(tags, one.name, person=kept.kind == "person")
                caption, _ = captions.written(tags[:MOST])
                await trainings.say(self._db, training, one.place, {"caption": caption, "source": ""})
        return await self._changed(training)

    # --- from the start to the end ---

    async def agree(self, person: str, training: str) -> KeptTraining:
        """Write down that its owner agrees to the text `train.consent_text`."""
        await self.get(person, training)
        at = self._studio.now().astimezone(UTC).isoformat(timespec="seconds")
        await trainings.agree(self._db, training, TrainingConsent(CONSENT, person, at))
        return await self._changed(training)

    async def needs_consent(self, training: str) -> bool:
        """Whether somebody has to agree before it can begin: it is of a person, or a face was found."""
        kept = await trainings.get(self._db, training)
        if kept is None or kept.consent is not None:
            return False
        found = await trainings.pictures(self._db, training)
        return kept.kind == "person" or any(one.faces for one in found if not one.prior)

    async def estimate(self, training: str, asked: Request | Press | None = None) -> TrainingEstimate:
        """What it would take as it is now. Raises Refusal for what cannot be learnt."""
        kept = await trainings.get(self._db, training)
        if kept is None:
            raise Refusal("train.gone")
        pictures = await trainings.pictures(self._db, training)
        if not pictures:
            raise Refusal("train.count", count=0, least=MIN_PICTURES, most=MAX_PICTURES)
        left = None
        if asked is not None and not asked.person.admin:
            today = await quotas.allowance(self._db, self._studio.rules.access, asked, self._studio.now())
            left = max(0, round(today.seconds - today.used.seconds)) if today.seconds else None
        plan = kept.plan or await self._sketch(kept, pictures)
        others = await trainings.every(self._db)
        return drafting.estimate(plan, self._studio.queue.estimate, others, left)

    async def start(self, asked: Request | Press, training: str) -> KeptTraining:
        """Begin: the pictures are as they are from here on. Raises Refusal `train.consent_first`, `train.count`,
        `train.active`, `access.seconds` …"""
        await may_train.check(self._db, self._studio.rules.training, asked)
        await self._look(training)
        async with self._door(asked.person.id):
            kept = await self._draft(asked.person.id, training)
            pictures = await trainings.pictures(self._db, training)
            new = [one for one in pictures if not one.prior]
            if not MIN_PICTURES <= len(new) <= MAX_PICTURES:
                raise Refusal("train.count", count=len(new), least=MIN_PICTURES, most=MAX_PICTURES)
            faces = sum(bool(one.faces) for one in new)
            if await self.needs_consent(training):
                raise Refusal("train.consent_first", count=faces)
            if kept.kind == "person" and 2 * faces < len(new):
                raise Refusal("training.no_faces", count=len(new) - faces)
            if kept.kind == "person" or faces:
                for one in new:
                    captions.check(captions.of_picture(one), one.name, person=True)
            daily = await self._daily(asked)
            plan = await self._sketch(kept, pictures)
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

    async def _daily(self, asked: Request | Press) -> int:
        """The seconds a day that a person has; 0: no limit. Raises Refusal `train.active`, `access.seconds`."""
        limit = self._studio.rules.training.active
        if len(await trainings.of_person(self._db, asked.person.id, ACTIVE)) >= limit and not asked.person.admin:
            raise Refusal("train.active", limit=limit)
        if asked.person.admin:
            return 0
        here = await standing(self._db, asked)
        today = await quotas.allowance(self._db, self._studio.rules.access, asked, self._studio.now(), here)
        await quotas.check_seconds(self._db, self._studio.rules.access, asked, self._studio.now())
        return today.seconds

    async def pause(self, person: str, training: str) -> KeptTraining:
        """Let it rest until it is told to go on."""
        await self.get(person, training)
        paused: dict[str, Json] = {"state": "paused", "reason": "", "reason_values": {}}
        if not await trainings.change(self._db, training, paused, only=("waiting", "running")):
            raise Refusal("train.not_running")
        self._studio.queue.trainings.park(training)
        return await self._changed(training)

    async def go_on(self, asked: Request | Press, training: str) -> KeptTraining:
        """Go on after a pause, or after a failure from its last checkpoint."""
        kept = await self.get(asked.person.id, training)
        if kept.state not in ("paused", "failed") or kept.plan is None:
            raise Refusal("train.not_paused")
        async with self._door(asked.person.id):
            limit = self._studio.rules.training.active
            others = [one for one in await trainings.of_person(self._db, kept.person, ACTIVE) if one.id != training]
            if len(others) >= limit and not asked.person.admin:
                raise Refusal("train.active", limit=limit)
            await quotas.check_seconds(self._db, self._studio.rules.access, asked, self._studio.now())
            today = await quotas.allowance(self._db, self._studio.rules.access, asked, self._studio.now())
            daily = 0 if asked.person.admin else today.seconds
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
        await trainings.end(self._db, training, "cancelled")
        await self._studio.queue.trainings.forget(training)
        await self._hearing.publish(await self.get(person, training), steps[-1])
        return await self._changed(training)

    async def again(self, asked: Request | Press, training: str) -> KeptTraining:
        """A new draft with the pictures, captions and choices of one that has begun."""
        kept = await self.get(asked.person.id, training)
        names = {one.name.casefold() for one in await self.mine(asked.person.id)}
        name = next(name for number in range(2, 10_000) if (name := f"{kept.name} {number}").casefold() not in names)
        new = await self.draft(replace(asked, key=""), name)
        async with self._door(new.id):
            for one in await trainings.pictures(self._db, training):
                await trainings.add_picture(self._db, new.id, one, await self._db.files.get(one.hash))
            wishes = {name: value for name, value in kept.wishes.items() if name in WISHES}
            await trainings.change(
                self._db,
                new.id,
                {"wishes": wishes, "trigger": kept.trigger, "kind": kept.kind, "model": kept.model},
            )
        return await self._changed(new.id)

    async def choose(self, person: str, training: str, step: int) -> KeptTraining:
        """Take the file of another step for the LoRA. Raises Refusal `train.no_step`."""
        kept = await self.get(person, training)
        if not kept.file:
            raise Refusal("train.no_file")
        known = await asyncio.to_thread(learnt_files.steps, self._data, training)
        if step not in known:
            raise Refusal("train.no_step", step=step, known=", ".join(map(str, known)))
        await self._hearing.publish(kept, step)
        return await self._changed(training)

    async def share(self, person: str, training: str, shared: bool = True) -> KeptTraining:
        """Let everybody draw with the LoRA, or nobody else again."""
        kept = await self.get(person, training)
        if not kept.file:
            raise Refusal("train.no_file")
        await trainings.change(self._db, training, {"shared": shared})
        await self._hearing.recall()
        return await self._changed(training)

    async def delete(self, asked: Request | Press, training: str) -> None:
        """Leave nothing of it: pictures, captions, checkpoints, samples, the LoRA. Raises Refusal as `deletable`."""
        kept = await self.deletable(asked, training)
        if kept.person != asked.person.id:
            log.warning("training %s of %s is deleted by %s", kept.id, kept.person, asked.person.id)
        await self._hearing.remove(training)

    async def deletable(self, asked: Request | Press, training: str) -> KeptTraining:
        """A training that somebody may delete: their own, any for an admin, and for moderators those whose card stands
        in their chat. Raises Refusal `train.gone`."""
        kept = await trainings.get(self._db, training)
        if kept is None or not _may_delete(asked, kept):
            raise Refusal("train.gone")
        return kept

    async def meant(self, asked: Request | Press, who: str) -> list[KeptTraining]:
        """What somebody may delete that is called so: by its id, its name, or the id of whose it is."""
        found = [one for one in await trainings.every(self._db) if _may_delete(asked, one)]
        called = {who.casefold(), *([person.id] if (person := await _person(self._db, asked, who)) else [])}
        return [one for one in found if called & {one.id, one.name.casefold(), one.person}]

    async def forget(self, person: str) -> None:
        """Leave nothing of all that somebody had learnt."""
        for kept in await self.mine(person):
            await self._hearing.remove(kept.id)

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
        return await self._pictures(await self.get(person, training))

    async def _pictures(self, kept: KeptTraining) -> list[KeptPicture]:
        found = await trainings.pictures(self._db, kept.id)
        model, plan = await self._model(kept), kept.plan
        if plan is None and found and model:
            with suppress(Refusal):
                plan = drafting.sketch(kept, found, model)
        return looked_at.told(found, plan, kept.kind, str(kept.wishes.get("preset") or "")) if plan else found

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

    async def now(self, kept: KeptTraining) -> TrainingNow:
        """All that a card of it tells."""
        estimate, refused = None, None
        if kept.state == "draft":
            try:
                estimate = await self.estimate(kept.id)
            except Refusal as refusal:
                refused = Say(refusal.key, refusal.values)
        queue = self._studio.queue.trainings
        waiting = list(queue.waiting)
        left = kept.seconds / kept.step * (kept.steps - kept.step) if kept.step and kept.active else 0.0
        return TrainingNow(
            kept=kept,
            pictures=tuple(await self._pictures(kept)),
            samples=tuple(await trainings.samples(self._db, kept.id)),
            files=await asyncio.to_thread(learnt_files.steps, self._data, kept.id),
            estimate=estimate,
            refused=refused,
            consent_needed=await self.needs_consent(kept.id),
            presets=drafting.presets(await self._model(kept)),
            waits_at=waiting.index(kept.id) + 1 if kept.id in waiting else 0,
            resting=self._hearing.resting(kept.id),
            seconds_left=left,
        )

    async def renew(self, kept: KeptTraining) -> None:
        """Have the card tell how it is, where it stands."""
        await self._changed(kept.id)

    # --- over the whole time ---

    async def open(self) -> None:
        """Take up every training that is not done, and know whose every file is."""
        await self._hearing.open()

    async def lend(self) -> None:
        """Have what was learnt drawn with on every machine, and do nothing else of `open`."""
        await self._hearing.lend()

    async def recall(self) -> None:
        """Know anew whose every file is: of two people one has become."""
        await self._hearing.recall()

    async def hear(self, news: Changed | Progress | Finished) -> bool:
        """Whether news of the queue are of a job that a training ordered: then they are dealt with."""
        return await self._hearing.of_job(news)

    async def watch(self) -> None:
        """Now and then let those go on whose quota is new, and remove what has lain long enough; never ends."""
        await self._hearing.watch()

    async def round(self) -> None:
        """Do what `watch` does, once."""
        await self._hearing.round()

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

    async def _model(self, kept: KeptTraining) -> Model | None:
        return next((one for one in await self.models() if one.name == kept.model), None)

    async def _sketch(self, kept: KeptTraining, pictures: Sequence[KeptPicture]) -> TrainingPlan:
        model = catalog.model(await self.models(), kept.model, self._studio.rules.folders)
        return drafting.sketch(kept, pictures, model)

    async def _changed(self, training: str) -> KeptTraining:
        kept = await trainings.get(self._db, training)
        if kept is None:
            raise Refusal("train.gone")
        await self._hearing.tell(kept)
        return kept


def _may_delete(asked: Request | Press, kept: KeptTraining) -> bool:
    mine = kept.person == asked.person.id
    here = (kept.place.platform, kept.place.chat) == (asked.place.platform, asked.place.chat)
    return mine or asked.person.admin or (asked.room.moderator and here)


async def _person(db: Database, asked: Request | Press, who: str) -> people.PersonRow | None:
    platform, _, account = who.rpartition(":")
    account = account.strip("<@!>")
    return await people.find_person(db, platform or asked.place.platform, account) or await people.get(db, account)
