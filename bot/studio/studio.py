"""The one road: request → prompt → recipe → job → picture → card."""

from __future__ import annotations

import asyncio
import base64
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from weakref import WeakValueDictionary

from bot.chat import Chat, Desk, Person, Press, Request, common
from bot.errors import Unfit
from bot.models.fetching import Fetching
from bot.people import access, guard, metadata
from bot.people.limits import standing
from bot.people.links import Codes
from bot.studio import (
    blocked,
    cards,
    cycles,
    findings,
    guides,
    last_cards,
    named_favourites,
    nets,
    pose_files,
    posing,
    recipes,
    sources,
)
from bot.studio.answers import Answer, Answers
from bot.studio.guides import Guiding, Maker
from bot.studio.recipes import SizedSource
from bot.studio.rules import Rules
from bot.studio.status import status
from bot.studio.understood import Understood
from bot.training.teaching import Teaching
from engine import second_pass
from engine.files import catalog, compatibility, private
from engine.files.catalog import LoraFile, Model
from engine.files.named_here import here
from engine.job import Job, Progress, State
from engine.queue.news import Changed, Finished, Listener
from engine.queue.queue import Queue
from engine.recipe import Recipe
from prompts import controls, regions
from prompts.compose import compose
from prompts.doctor import Finding
from prompts.errors import Refusal
from prompts.infotext import reading
from prompts.prompt import Json, LoraUse, Note, Options, Prompt
from prompts.safety.judge import decent, signs
from prompts.safety.signs import verdict
from prompts.search import Index
from prompts.translate.personal_dictionary import with_personal
from prompts.translate.translator import Translator
from storage import dictionary, jobs, people, uploads, wishes
from storage.database import Database
from storage.jobs import Place
from storage.wishes import Wish

log = logging.getLogger(__name__)
_NOTHING = Options()
READ = "note.read"  # of a prompt that was read from an infotext, before what is missing


class Studio:
    """Turns texts into jobs, and answers every job exactly once, on whatever platform it was asked for."""

    def __init__(
        self,
        db: Database,
        queue: Queue,
        translators: Sequence[Translator],
        rules: Rules,
        tags: Index | None = None,
    ) -> None:
        self.db = db
        self.queue = queue
        self.rules = rules
        self.tags = tags
        self.chats: dict[str, Chat] = {}
        self._translators = translators
        self._answers = Answers(db, self.chats)
        self.now: Callable[[], datetime] = db.now  # quotas count by it
        self.started = time.monotonic()
        self.epoch = 0  # of the lead under which this studio works (storage/leader.py); 0 for a command
        self.draining = False  # nothing new is accepted, what was accepted is drawn
        self.codes = Codes()
        self.fetching = Fetching(rules.places)
        self.sight = guard.Sight(db, rules.wildcards, rules.folders)
        self.watching: list[Listener] = []  # others who hear what the queue tells
        self.resuming: list[Callable[[], Awaitable[None]]] = []  # what others take up again when platforms are open
        self.teaching = Teaching(self, db.folder)
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._door = asyncio.Lock()  # one request at a time is weighed against its person's limits

    async def open(self, chats: Sequence[Chat], desk: Desk, *, resume: bool = True) -> None:
        """Have these platforms hand what they hear to the desk, and take up every job they have not answered yet
        (unless told not to)."""
        if resume:
            await self.teaching.open()  # before anybody can ask for a file that is not theirs
        else:
            await self.teaching.lend()
        for chat in chats:
            self.chats[chat.platform] = chat  # before it listens: what it hears first is answered over it
            await chat.listen(desk)
        if not resume:
            return
        for kept in await jobs.unanswered(self.db, self.chats.keys()):
            if kept.job.state in (State.WAITING, State.RUNNING):
                if "never" in await guard.verdicts(self.sight, kept.job.recipes):  # accepted by an older version
                    await jobs.end(self.db, kept.job.id, State.FAILED, error_key="access.minors", error_values={})
                    failed = replace(kept.job, state=State.FAILED)
                    card = cards.ended(failed, (), "access.minors", {})
                    self._answers.follow(failed, kept.place, card, ended=True, quiet=kept.quiet, papers=kept.papers)
                    continue
                job = replace(kept.job, state=State.WAITING)
                self._answers.follow(
                    job, kept.place, cards.under_way(job, None, kept.spoiler), quiet=kept.quiet, papers=kept.papers
                )
                self.queue.put(job)
            else:
                card = await last_cards.last_card(self.db, kept)
                self._answers.follow(kept.job, kept.place, card, ended=True, quiet=kept.quiet, papers=kept.papers)
        for go_on in self.resuming:
            await go_on()

    async def close(self) -> None:
        """Stop listening; what is not answered yet is answered after the next start. A platform that fails at it keeps
        no other open, and hides nothing of why the program ends."""
        await self.fetching.close()
        await self.teaching.close()
        await self._answers.close()
        ends = await asyncio.gather(*(chat.close() for chat in self.chats.values()), return_exceptions=True)
        for platform, end in zip(self.chats, ends, strict=True):
            if isinstance(end, Exception):
                log.error("%s could not be closed", platform, exc_info=end)

    async def person(self, platform: str, account: str, *, name: str = "", language: str = "") -> Person:
        """Who stands behind an account; on first sight a new person."""
        row = await people.person_of(self.db, platform, account, name=name, language=language)
        admin = f"{platform}:{account}" in self.rules.admins
        return Person(row.id, row.name, row.language or language or "en", admin)

    def status(self) -> dict[str, Json]:
        """How the engine is: whether it can draw, on what, with which model, and what it is loading."""
        return status(self.queue, self.rules.model)

    # --- drawing ---

    async def understand(
        self,
        person: Person,
        text: str,
        *,
        negative: str = "",
        given: Options | None = None,
        place: Place | None = None,
        over: bool = False,
        standing: bool = True,
        turns: dict[str, int] | None = None,
        painted: bool = False,
        named: bool = True,
    ) -> tuple[Prompt, Options, Model]:
        """Returns the prompt that a text stands for, the options in it, and the model that would draw it. The person's
        own dictionary holds, and that of the room it was said in. `over`: it will be drawn over a picture, which says
        itself what a short text leaves open. `standing`: with the style and the LoRAs the person always wants. `turns`
        is filled with where everything stands afterwards that comes in turn (bot/studio/cycles.py). `painted`: with a
        map of regions. `named`: favourites that it names are put in, which is done once to a text."""
        text = reading.as_block(text)
        pasted = reading.pasted(text)
        if named and not pasted:
            text = await named_favourites.put_in(self.db, person.id, text)
        settings = await people.settings(self.db, person.id)
        translators = await self.translators(person, place)
        chosen = recipes.chosen(settings)
        await guard.check(self.sight, person.id, text, unwanted=negative)
        given = given or Options()
        seed = recipes.new_seed()  # now, since what is left to chance in the text is drawn with it
        given = replace(
            given,
            plain=given.plain or over or settings.get("expand") is False,
            seed=seed if given.seed == -1 else given.seed,
        )
        raw = given.raw or not self.rules.assistant or settings.get("assistant") is False
        models = await asyncio.to_thread(catalog.models, self.rules.models)
        name = given.model or chosen.model or self.rules.model
        usual_style = (chosen.style or "") if standing else ""
        while True:
            model = catalog.model(models, name, self.rules.models)
            after = cycles.of(settings)
            prompt, said = await compose(
                text,
                translators=translators,
                negative=negative,
                raw=raw,
                family=model.presets,
                given=given,
                seed=seed,
                wildcards=self.rules.wildcards,
                usual_style=usual_style,
                turns=after,
                painted=painted,
            )
            if pasted:
                found = await asyncio.to_thread(here, pasted.infotext, prompt, said, self.rules.folders)
                read = Note(READ, {"program": pasted.infotext.program})
                prompt, said = replace(found.prompt, notes=(read, *found.prompt.notes)), found.drawable
            style = "" if prompt.raw else given.style or said.style or usual_style
            suited = recipes.suited(style, model) if style else Options()
            usual = [recipes.shapeless(one) if over else one for one in (self.rules.draw, suited, chosen)]
            options = recipes.merged(Options(seed=seed), *usual, said, given)
            if not options.model or options.model == name:
                own = standing and not raw and not pasted
                loras = await self._always(settings, model) if own else ()
                prompt = replace(prompt, loras=recipes.joined(loras, await self._called(prompt.loras)))
                seen = await asyncio.to_thread(signs, prompt, folders=self.rules.wildcards)
                await guard.refuse(self.db, person.id, {verdict(seen)})
                if turns is not None:
                    turns.update(after)
                return decent(prompt, seen), options, model
            name = options.model  # named in the text: its family may want other words

    async def translators(self, person: Person, place: Place | None) -> Sequence[Translator]:
        """What translates for a person, their own dictionary and that of the room first."""
        return with_personal(await dictionary.words(self.db, person.id, place), self._translators)

    def in_turn(self, person: str) -> asyncio.Lock:
        """To be held while something that a person asks for becomes a job: however long understanding takes, a burst of
        requests keeps its order."""
        return self._turns.setdefault(person, asyncio.Lock())

    async def imagine(self, request: Request, text: str, *, notes: Sequence[Note] = ()) -> None:
        """Draw what a text asks for; answered by the job's own card, with these notes behind those on its words."""
        async with self.in_turn(request.person.id):
            turns: dict[str, int] = {}
            read = await self.read(request, text, turns)
            made: Sequence[Recipe] = await self.recipes_of(read)
            if notes:
                made = [replace(one, prompt=replace(one.prompt, notes=(*one.prompt.notes, *notes))) for one in made]
            if await self.submit(request, made, parent=request.reply_to, check=bool(read.options.check)):
                await cycles.remember(self.db, request.person.id, turns)

    async def recipes(self, request: Request, text: str, turns: dict[str, int] | None = None) -> tuple[Recipe, ...]:
        """What would be drawn for a request, one recipe for each picture; `turns` as in `understand`. Raises Refusal
        for what cannot be."""
        return await self.recipes_of(await self.read(request, text, turns))

    async def read(self, request: Request, text: str, turns: dict[str, int] | None = None) -> Understood:
        """What a request asks for, but for how it is drawn; `turns` as in `understand`. Raises Refusal for what cannot
        be."""
        text = await named_favourites.put_in(self.db, request.person.id, text)
        request, text = sources.chosen(request, text)
        painted = request.region_map is not None or (bool(request.files) and regions.names_colours(text))
        maps = 1 if painted and not request.region_map else 0  # of the files
        over = bool(len(request.files) > maps or request.guides or request.reply_to)
        if request.files and not painted and (wanted := await asyncio.to_thread(_captioned, text)) != text:
            await guard.check(self.sight, request.person.id, text, unwanted=request.negative)  # all of it, too
            text = wanted
        prompt, options, model = await self.understand(
            request.person,
            text,
            negative=request.negative,
            given=request.options,
            place=common(request),
            over=over,
            turns=turns,
            painted=painted,
            named=False,
        )
        prompt = replace(prompt, loras=recipes.joined(prompt.loras, await self._called(request.loras)))
        try:
            await self.fitting(prompt, model)
        except Unfit:
            raise await self._wish(request, text, prompt, model) from None
        request, options, painted_map = await sources.region_map(self.db, request, options)
        found = await sources.source_pictures(self.db, request, self.rules.pictures_per_request)
        if options.over and not found:
            found = (await sources.named(self.db, request.person.id, options.over),)
        found, options, shape = await pose_files.sent(self.db, found, options)
        found, pictures = await sources.guides(self.db, request, options, found)
        prompt, guiding = await self._guiding(request.person.id, prompt, options, pictures, model)
        shape = pictures[0] if pictures else shape or painted_map
        return Understood(request, text, prompt, options, model, found, shape, guiding)

    async def recipes_of(self, read: Understood, given: Options = _NOTHING) -> tuple[Recipe, ...]:
        """What would be drawn for a request that was read, with further options on top of its own, of those that change
        nothing of how it is read (`BESIDE`)."""
        request, guiding, options = read.request, read.guiding, recipes.merged(read.options, given)
        made = sources.made(
            request,
            read.text,
            read.prompt,
            options if guiding is None else replace(options, controls=None),
            read.model,
            over=read.over,
            shape=read.shape,
            most=self.rules.pictures_per_request,
        )
        if guiding:
            made = await guides.guided(await self.maker(request, len(made)), made, guiding)
        return await posing.posed(self.db, request.person.id, options.pose, made, read.model, self.rules.folders)

    async def _guiding(
        self, person: str, prompt: Prompt, options: Options, pictures: Sequence[SizedSource], model: Model
    ) -> tuple[Prompt, Sequence[Guiding] | None]:
        """What guides the pictures; None where nothing does, or nothing can. What an infotext names and is not here is
        put aside with a note."""
        asked = controls.of_options(options)
        if not asked:
            return prompt, None
        for one in asked:
            if one.text:
                await guard.check(self.sight, person, one.text)
        if reading.pasted(prompt.text):
            asked, missing = await asyncio.to_thread(nets.here, asked, model, self.rules.folders, bool(pictures))
            prompt = recipes.with_control_aside(prompt, missing) if missing else prompt
        return prompt, await guides.guiding(self.db, person, asked, pictures, model, self.rules.folders)

    async def maker(self, asked: Request | Press, count: int = 1) -> Maker:
        """What makes maps for so many pictures that somebody asks for. Raises Refusal where these would be refused:
        maps take time, too."""
        await access.within(self.db, self.rules.access, asked, count, self.now(), draining=self.draining)
        self.queue.admit(asked.person.id)
        return Maker(self.db, self.queue, self.rules.folders, asked.person.id)

    async def _always(self, settings: Mapping[str, Json], model: Model) -> tuple[LoraUse, ...]:
        """The LoRAs a person wants in every picture, but for those that are gone or do not fit the model."""
        wanted = recipes.always(settings)
        there = {one.name: one for one in await self.loras()} if wanted else {}
        return tuple(use for use in wanted if use.name in there and compatibility.lora_fits(there[use.name], model))

    async def _called(self, uses: Sequence[LoraUse]) -> tuple[LoraUse, ...]:
        """The LoRAs under their files' names, by which they are judged and shown, whatever name a text gives them."""
        return catalog.called(await self.loras(), uses) if uses else ()

    async def model(self, name: str) -> Model:
        """The model of that name. Raises Refusal `model.unknown`."""
        models = await asyncio.to_thread(catalog.models, self.rules.models)
        return catalog.model(models, name, self.rules.models)

    async def loras(self) -> tuple[LoraFile, ...]:
        """The LoRAs there are."""
        return await asyncio.to_thread(catalog.loras, self.rules.loras)

    async def fitting(self, prompt: Prompt, model: Model) -> None:
        """Raises Unfit where the prompt names LoRAs that are not there, or what is for another kind of model, and
        Refusal `lora.private` for one of somebody else's."""
        _own([prompt])
        found = await self.findings(prompt, model)
        if any(one.severity == "error" for one in found):
            raise Unfit(prompt, found)

    async def findings(self, prompt: Prompt, model: Model) -> tuple[Finding, ...]:
        """What the doctor says of a prompt for a model."""
        return await asyncio.to_thread(findings.look, prompt, model, self.rules.folders)

    async def _wish(self, request: Request, text: str, prompt: Prompt, model: Model) -> Unfit:
        """What is wrong with a request, which is kept to be mended: with the LoRAs beside its text in it, where they
        can be mended, too."""
        text = " ".join([text, *map(str, request.loras)])
        prompt = replace(prompt, text=text)
        return Unfit(prompt, await self.findings(prompt, model), await self.keep(request, text))

    async def keep(self, request: Request, text: str) -> str:
        """Remember what a request asks for, with this text, for a button that comes back to it; returns the wish's id
        (bot/buttons/wished.py)."""
        sent = request.files or request.guides
        files = [await uploads.add_upload(self.db, request.person.id, one.content) for one in sent]
        wish = Wish(
            person=request.person.id,
            text=text,
            negative=request.negative,
            options=request.options,
            files=files,
            reply_to=request.reply_to,
        )
        return await wishes.keep(self.db, wish)

    async def submit(
        self,
        asked: Request | Press,
        made: Sequence[Recipe],
        parent: str | None = None,
        comparison: Mapping[str, Json] | None = None,
        check: bool = False,
    ) -> bool:
        """Write a job down, queue it and begin to answer it; nothing happens for a request known already: False.
        `comparison` says what its pictures are compared by (bot/studio/comparing.py), `check` that they are looked at
        for what was asked for (bot/buttons/checking.py)."""
        _own([second_pass.all_words(one) for one in made])
        made = await blocked.left_out(self.db, asked.person.id, made)
        made, verdicts = await guard.decent(self.sight, asked.person.id, [*map(guides.told, made)])
        await asyncio.to_thread(recipes.check, made, self.rules.folders)
        async with self._door:
            if asked.key and await jobs.known(self.db, asked.key):
                return False  # an update delivered twice is one job
            spoiler = await access.admit(
                self.db, self.rules.access, asked, made, verdicts, self.now(), draining=self.draining
            )
            self.queue.admit(asked.person.id)
            unasked = await access.unasked(self.db, self.rules.access, asked, made)
            job = Job(id=new_id(), owner=asked.person.id, recipes=tuple(made))
            papers = await metadata.of_asked(self.db, asked, self.rules.metadata)
            quiet = bool((await standing(self.db, asked)).server.get("quiet"))
            old = self._answers.of(asked.instead_of)
            if old is None or old.ended:
                place, old = replace(asked.place, message=""), None  # not the message whose button was pressed
            else:
                place = old.place
            kept = await jobs.add(
                self.db,
                job,
                place=place,
                language=asked.person.language,
                request_key=asked.key,
                parent=parent,
                spoiler=spoiler,
                unasked=unasked,
                quiet=quiet,
                papers=papers,
                comparison=comparison,
                check=check,
            )
            if not kept:  # another process on the same database was first
                return False
            if old is not None:
                await self._give_way(old)
            answer = self._answers.follow(
                job, place, cards.under_way(job, None, spoiler), quiet=quiet, papers=papers, before=old
            )
            self.queue.put(job)
        answer.show(cards.under_way(answer.job, self.queue.standings().get(job.id), spoiler))
        return True

    async def _give_way(self, old: Answer) -> None:
        """Give up a job whose place another takes; its message is the other's from now on."""
        old.silent = True
        await jobs.end(self.db, old.job.id, State.CANCELLED)
        await jobs.answered(self.db, old.job.id)
        self.queue.cancel(old.job.id)

    # --- what becomes of jobs ---

    def answering(self, job: str) -> bool:
        """Whether the end of a job is still awaited."""
        answer = self._answers.of(job)
        return answer is not None and not answer.ended

    def let_go(self, jobs: Iterable[str]) -> None:
        """Answer these jobs no more."""
        self._answers.drop(jobs)

    async def hear(self, news: Changed | Progress | Finished) -> None:
        """The queue's listener: writes down what must outlive this process, and renews the card."""
        if await self.teaching.hear(news):
            return
        if isinstance(news, Progress):
            if (answer := self._answers.of(news.job)) and not answer.ended:
                known = answer.card.progress
                if news.preview is None and known is not None:
                    news = replace(news, preview=known.preview)
                answer.show(cards.under_way(answer.job, news, answer.card.spoiler))
            return
        answer = self._answers.of(news.job.id)
        if answer is None:
            raise KeyError(news.job.id)  # whoever puts a job into the queue follows it first
        answer.job = news.job
        if isinstance(news, Changed):
            progress = answer.card.progress if news.job.state is State.WAITING else None
            answer.show(cards.under_way(news.job, progress, answer.card.spoiler))
            await jobs.attempt(self.db, news.job.id, news.job.attempt, news.job.state)
        else:
            answer.show(await last_cards.end(self.db, news, answer.card.spoiler), ended=True)


def _own(prompts: Iterable[Prompt]) -> None:
    """Raises Refusal `lora.private` where one of them names what only somebody else may draw with."""
    for one in prompts:
        if name := private.of_others((use.name for use in one.loras), f"{one.positive}, {one.negative}"):
            raise Refusal("lora.private", name=name[:80])


def _captioned(text: str) -> str:
    from prompts.edit.captions import captioned  # only now: its many patterns take a while to compile

    return captioned(text)


def new_id() -> str:
    """Twelve random characters of base32, fit for buttons and file names."""
    return base64.b32encode(secrets.token_bytes(8))[:12].decode().lower()
