"""The one road: request → prompt → recipe → job → picture → card."""

from __future__ import annotations

import asyncio
import base64
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from bot.buttons import redrawing
from bot.buttons.actions import ACTIONS, new_seed
from bot.chat import Card, Chat, Person, Press, Request, common
from bot.errors import Unfit
from bot.models.fetching import Fetching
from bot.people import access, guard
from bot.people.access import owner_or_admin
from bot.people.links import Codes
from bot.studio import bases, cards, endings, findings, recipes
from bot.studio.answers import Answers
from bot.studio.status import status
from engine.files import catalog, compatibility
from engine.files.catalog import LoraFile, Model
from engine.job import Job, Progress, State
from engine.queue.news import Changed, Finished
from engine.queue.queue import Queue
from engine.recipe import Recipe
from prompts.compose import compose
from prompts.errors import Refusal
from prompts.prompt import Json, LoraUse, Options, Prompt
from prompts.safety.judge import decent, signs
from prompts.safety.signs import verdict
from prompts.search import Index
from prompts.translate.personal_dictionary import with_personal
from prompts.translate.translator import Translator
from storage import dictionary, jobs, people, pictures
from storage.database import Database
from storage.jobs import Kept, Place
from storage.pictures import PictureRow

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the owner has set for everybody."""

    models: tuple[Path, ...]
    loras: tuple[Path, ...]
    model: str
    pictures_per_request: int
    assistant: bool = True
    draw: Options = field(default_factory=Options)
    wildcards: tuple[Path, ...] = ()
    admins: frozenset[str] = frozenset()
    access: access.Limits = field(default_factory=access.Limits)
    places: Mapping[str, Path] = field(default_factory=dict)  # for what is fetched from a hub, by its kind
    link: str = ""  # where the page is, for those who have no other way to it

    @property
    def folders(self) -> tuple[Path, ...]:
        """Where everything lies that can be drawn with."""
        return tuple(dict.fromkeys((*self.models, *self.loras)))


class Studio:
    """Takes requests and presses from all platforms (`bot.chat.Desk`), and answers each exactly once."""

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
        self.draining = False  # nothing new is accepted, what was accepted is drawn
        self.codes = Codes()
        self.fetching = Fetching(rules.places)
        self.sight = guard.Sight(db, rules.wildcards, rules.folders)
        self._door = asyncio.Lock()  # one request at a time is weighed against its person's limits

    async def open(self, chats: Sequence[Chat], *, resume: bool = True) -> None:
        """Listen on these platforms, and take up every job they have not answered yet (unless told not to)."""
        self.chats.update({chat.platform: chat for chat in chats})
        for chat in chats:
            await chat.listen(self)
        if not resume:
            return
        for kept in await jobs.unanswered(self.db, self.chats.keys()):
            if kept.job.state in (State.WAITING, State.RUNNING):
                if "never" in await guard.verdicts(self.sight, kept.job.recipes):  # accepted by an older version
                    await jobs.end(self.db, kept.job.id, State.FAILED, error_key="access.minors", error_values={})
                    failed = replace(kept.job, state=State.FAILED)
                    self._answers.follow(failed, kept.place, cards.ended(failed, (), "access.minors", {}), ended=True)
                    continue
                job = replace(kept.job, state=State.WAITING)
                self._answers.follow(job, kept.place, cards.under_way(job, None, kept.spoiler))
                self.queue.put(job)
            else:
                self._answers.follow(kept.job, kept.place, await endings.last_card(self.db, kept), ended=True)

    async def close(self) -> None:
        """Stop listening; what is not answered yet is answered after the next start."""
        await self.fetching.close()
        await self._answers.close()
        for chat in self.chats.values():
            await chat.close()

    # --- what people want ---

    async def request(self, request: Request) -> None:
        from bot.commands import command_of

        async def run() -> Card | None:
            command, rest = command_of(request.text)
            return await command.run(self, request, rest)

        await self._answering(request, run, fleeting=False)

    async def press(self, press: Press) -> None:
        from bot.buttons.presses import PRESSES

        async def run() -> Card | None:
            if press.action in ACTIONS:
                await redrawing.by_button(self, press)
                return None
            try:
                act = PRESSES[press.action]
            except KeyError:
                raise Refusal("press.unknown") from None
            return await act(self, press)

        await self._answering(press, run, fleeting=True)

    async def _answering(
        self, asked: Request | Press, run: Callable[[], Awaitable[Card | None]], *, fleeting: bool
    ) -> None:
        try:
            await access.enter(self, asked)
            card = await run()
        except Refusal as refusal:
            card = cards.error(refusal, fleeting=fleeting)
        except Exception:
            log.exception("request %s failed", asked.key)
            card = cards.error(Refusal("error.unexpected"), fleeting=fleeting)
        if card is not None:
            await self.chats[asked.place.platform].send(asked.place, card, asked.key)

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
    ) -> tuple[Prompt, Options, Model]:
        """What a text asks for: the prompt, the options in it, and the model that would draw it. The person's own
        dictionary holds, and the one of the room it was said in. `over`: it will be drawn over a picture, which says
        itself what a short text leaves open. `standing`: with the LoRAs the person always wants."""
        settings = await people.settings(self.db, person.id)
        translators = await self.translators(person, place)
        chosen = recipes.chosen(settings)
        await guard.check(self.sight, person.id, text, unwanted=negative)
        given = given or Options()
        seed = new_seed()  # now, since what is left to chance in the text is drawn with it
        given = replace(
            given,
            plain=given.plain or over or settings.get("expand") is False,
            seed=seed if given.seed == -1 else given.seed,
        )
        raw = given.raw or not self.rules.assistant or settings.get("assistant") is False
        models = await asyncio.to_thread(catalog.models, self.rules.models)
        name = given.model or chosen.model or self.rules.model
        while True:
            model = catalog.model(models, name)
            prompt, said = await compose(
                text,
                translators=translators,
                negative=negative,
                raw=raw,
                family=model.family,
                given=given,
                seed=seed,
                wildcards=self.rules.wildcards,
            )
            style = "" if prompt.raw else given.style or said.style
            suited = recipes.suited(style, model, over) if style else Options()
            options = recipes.merged(Options(seed=seed), self.rules.draw, suited, chosen, said, given)
            if not options.model or options.model == name:
                loras = await self._always(settings, model) if standing and not raw else ()
                prompt = replace(prompt, loras=recipes.joined(loras, prompt.loras))
                seen = await asyncio.to_thread(signs, prompt, folders=self.rules.wildcards)
                await guard.refuse(self.db, person.id, {verdict(seen)})
                return decent(prompt, seen), options, model
            name = options.model  # named in the text: its family may want other words

    async def translators(self, person: Person, place: Place | None) -> Sequence[Translator]:
        """What translates for a person, their own dictionary and that of the room first."""
        return with_personal(await dictionary.words(self.db, person.id, place), self._translators)

    async def imagine(self, request: Request, text: str) -> None:
        """Draw what a text asks for; answered by the job's own card."""
        request, text = bases.chosen(request, text)
        over = bool(request.files or request.reply_to)
        prompt, options, model = await self.understand(
            request.person, text, negative=request.negative, given=request.options, place=common(request), over=over
        )
        prompt = replace(prompt, loras=recipes.joined(prompt.loras, request.loras))
        await self.fitting(prompt, model)
        found = await bases.bases(self, request)
        made = bases.made(request, text, prompt, options, model, over=found, most=self.rules.pictures_per_request)
        await self.submit(request, made, parent=request.reply_to)

    async def _always(self, settings: Mapping[str, Json], model: Model) -> tuple[LoraUse, ...]:
        """The LoRAs a person wants in every picture, but for those that are gone or do not fit the model."""
        wanted = recipes.always(settings)
        there = {one.name: one for one in await self.loras()} if wanted else {}
        return tuple(use for use in wanted if use.name in there and _fits(model, there[use.name]))

    async def model(self, name: str) -> Model:
        """The model of that name. Raises Refusal `model.unknown`."""
        return catalog.model(await asyncio.to_thread(catalog.models, self.rules.models), name)

    async def loras(self) -> tuple[LoraFile, ...]:
        """The LoRAs there are."""
        return await asyncio.to_thread(catalog.loras, self.rules.loras)

    async def fitting(self, prompt: Prompt, model: Model) -> None:
        """Raises Unfit where the prompt names LoRAs that are not there, Refusal for those of another kind of model."""
        files = await self.loras()
        found = findings.look(prompt, files, await asyncio.to_thread(findings.lengths, model, self.rules.folders))
        if any(one.severity == "error" for one in found):
            raise Unfit(prompt, found)
        for use in prompt.loras:
            compatibility.check_lora(model, catalog.lora(files, use.name))

    async def submit(self, asked: Request | Press, made: Sequence[Recipe], parent: str | None = None) -> None:
        """Write a job down, queue it and begin to answer it; nothing happens for a request known already."""
        made, verdicts = await guard.decent(self.sight, asked.person.id, made)
        await asyncio.to_thread(recipes.check, made, self.rules.folders)
        async with self._door:
            if asked.key and await jobs.known(self.db, asked.key):
                return  # an update delivered twice is one job
            spoiler = await access.admit(self, asked, made, verdicts)
            self.queue.admit(asked.person.id)
            job = Job(id=new_id(), owner=asked.person.id, recipes=tuple(made))
            place = replace(asked.place, message="")  # a new message, not the one whose button was pressed
            kept = await jobs.add(
                self.db,
                job,
                place=place,
                language=asked.person.language,
                request_key=asked.key,
                parent=parent,
                spoiler=spoiler,
            )
            if not kept:  # another process on the same database was first
                return
            answer = self._answers.follow(job, place, cards.under_way(job, None, spoiler))
            self.queue.put(job)
        answer.show(cards.under_way(answer.job, self.queue.standings().get(job.id), spoiler))

    # --- what becomes of jobs ---

    async def hear(self, news: Changed | Progress | Finished) -> None:
        """The queue's listener: writes down what must outlive this process, and renews the card."""
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
            answer.show(await endings.end(self.db, news, answer.card.spoiler), ended=True)

    async def picture(self, person: Person, picture: str) -> PictureRow:
        """A picture that this person may act on. Raises Refusal."""
        row = await pictures.get(self.db, picture)
        if row is None:
            raise Refusal("picture.gone")
        owner_or_admin(person, row.person)
        return row

    async def job(self, person: Person, job: str) -> Kept:
        """A job that this person may act on. Raises Refusal."""
        kept = await jobs.get(self.db, job)
        if kept is None:
            raise Refusal("job.unknown")
        owner_or_admin(person, kept.job.owner)
        return kept


def _fits(model: Model, lora: LoraFile) -> bool:
    try:
        compatibility.check_lora(model, lora)
    except Refusal:
        return False
    return True


def new_id() -> str:
    """Twelve random characters of base32, fit for buttons and file names."""
    return base64.b32encode(secrets.token_bytes(8))[:12].decode().lower()
