"""A desk for the page's tests: understands a little, draws a coloured square in steps, answers with true cards."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from PIL import Image, ImageDraw

from bot.chat import Button, Card, Chat, Field, Press, Request, Say
from bot.studio import cards, last_cards
from bot.studio.corrections import pair_of
from engine.job import Job, Picture, Progress, State
from engine.recipe import Recipe
from prompts.doctor import Finding
from prompts.errors import Refusal
from prompts.prompt import Fragment, Json, Note, Prompt
from storage import dictionary, favourites, jobs, pictures
from storage.database import Database
from storage.jobs import Place

CAT = Prompt(
    text="一只戴红色帽子的橘猫，水彩",
    fragments=(
        Fragment("masterpiece", 1.0, "quality_style", "preset"),
        Fragment("best quality", 1.0, "quality_style", "preset"),
        Fragment("watercolor", 1.2, "quality_style", "glossary", "水彩"),
        Fragment("an orange cat", 1.0, "subject", "glossary", "橘猫"),
        Fragment("wearing a red hat", 1.1, "subject", "argos", "戴红色帽子的"),
        Fragment("soft light", 0.8, "scene_detail", "person"),
    ),
    negatives=(Fragment("blurry", origin="preset"), Fragment("low quality", origin="preset")),
    notes=(Note("picture.deleted"),),
)


def drawing(seed: int, side: int = 128) -> bytes:
    """A PNG that is different for every seed."""
    picture = Image.new("RGB", (side, side), (seed * 40 % 200 + 40, 120, 160))
    ImageDraw.Draw(picture).ellipse(
        (side // 5, side // 4, side * 4 // 5, side * 5 // 6), fill=(220, 130, seed * 20 % 200)
    )
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def preview(side: int = 16) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (side, side), (200, 120, 80)).save(out, "JPEG")
    return out.getvalue()


def recipe(prompt: Prompt, seed: int = 1) -> Recipe:
    return Recipe(
        prompt=prompt,
        model="danqing-demo",
        width=128,
        height=128,
        steps=20,
        sampler="DPM++ 2M Karras",
        guidance=4.0,
        seed=seed,
    )


PIPE = Prompt(
    text="老人，烟斗",
    fragments=(Fragment("old man", source="老人"), Fragment("pipe", 1.0, "subject", "dictionary", "烟斗")),
    notes=(Note("note.dictionary", {"words": "烟斗 = pipe"}),),
)


def prompt_of(text: str) -> Prompt:
    if "烟斗" in text:
        return PIPE
    return CAT if "猫" in text else replace(CAT, text=text, notes=(), fragments=(Fragment(text),))


@dataclass
class Easel:
    """A bot.chat.Desk. With `alone` every request is drawn to its end at once, `pause` seconds between steps; without,
    the test calls `step`, `finish` and `fail`."""

    db: Database
    alone: bool = True
    pause: float = 0.01
    chat: Chat | None = None
    requests: list[Request] = field(default_factory=list)
    presses: list[Press] = field(default_factory=list)
    refusals: dict[str, Refusal] = field(default_factory=dict)
    state: dict[str, Json] = field(default_factory=lambda: {"ready": True, "device": "CPU", "model": "danqing-demo"})
    _jobs: dict[str, tuple[Job, Place]] = field(default_factory=dict)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def status(self) -> Mapping[str, Json]:
        return {"workers": 1, "loading": "", "builtin": True, **self.state}

    async def request(self, request: Request) -> None:
        assert self.chat
        seen = request.key in {one.key for one in self.requests}
        self.requests.append(request)
        if request.text == "/help":
            lines = tuple(Field(Say(f"command.{name}"), f"/{name}") for name in ("imagine", "history", "favourites"))
            await self.chat.send(request.place, Card(text=Say("job.cancelled"), fields=lines), request.key)
        elif request.files and not request.text:  # as a picture without a word is answered
            paint_over = Button("paint_over", "wish")
            await self.chat.send(request.place, Card(text=Say("sent.what"), buttons=(paint_over,)), request.key)
        elif request.text in self.refusals:
            await self.chat.send(request.place, cards.error(self.refusals[request.text]), request.key)
        elif not seen:
            if request.text.startswith("/prompt "):
                prompt = prompt_of(request.text.removeprefix("/prompt "))
                fix = Finding("doctor.typo", {"word": "masterpeice", "near": "masterpiece"}, "hint", "masterpiece, cat")
                bare = Finding("doctor.long", {"tokens": "80", "chunks": "2", "length": "75"}, "warn")
                card = Card(
                    text=Say("prompt.understood", {"model": "danqing-demo"}), prompt=prompt, findings=(bare, fix)
                )
                await self.chat.send(request.place, card, request.key)
                return
            count = 4 if "四" in request.text else 1
            await self.begin(request, [recipe(prompt_of(request.text), seed + 1) for seed in range(count)])

    async def press(self, press: Press) -> None:
        assert self.chat
        self.presses.append(press)
        if press.action == "cancel":
            await self.end(press.target, State.CANCELLED)
        elif press.action == "delete":
            await pictures.delete(self.db, press.target)
            await self.chat.send(press.place, cards.notice("picture.deleted"), press.key)
        elif press.action in ("favourite", "unfavourite"):
            await self.favourite(press)
        elif press.action == "correct":
            await self.correct(press)
        elif press.action == "paint_over":
            await self.chat.send(press.place, cards.notice("job.done"), press.key)
        else:
            row = await pictures.get(self.db, press.target)
            assert row
            if press.action == "edit":
                changes = (Note("edit.replaced", {"before": "red hat", "after": "green hat"}),)
                edited = replace(row.recipe.prompt, notes=(*row.recipe.prompt.notes, *changes))
                await self.begin(press, [replace(row.recipe, prompt=edited)], parent=row.id)
                return
            await self.begin(press, [replace(row.recipe, seed=row.recipe.seed + 1)], parent=row.id)

    async def correct(self, press: Press) -> None:
        """As the button does."""
        assert self.chat
        word, english = pair_of(press.values["pair"])
        if not english:
            refused = Refusal("correct.how", example="烟斗 = pipe")
            await self.chat.send(press.place, cards.error(refused, fleeting=True), press.key)
            return
        await dictionary.put(self.db, dictionary.of_person(press.person.id), word, english, press.person.id)
        await self.chat.send(press.place, cards.notice("correct.kept", word=word, english=english), press.key)

    async def favourite(self, press: Press) -> None:
        """As the button does."""
        assert self.chat
        row = await pictures.get(self.db, press.target)
        assert row and row.job
        if press.action == "favourite":
            await favourites.keep(self.db, row, press.person.id, [row.recipe.prompt.text])
        else:
            await favourites.take_back(self.db, row, press.person.id)
        kept = await jobs.get(self.db, row.job)
        assert kept
        await self.chat.renew(self._jobs[f"ended {row.job}"][1], await last_cards.last_card(self.db, kept), press.key)
        word = "favourites.saved" if press.action == "favourite" else "favourites.taken_back"
        await self.chat.send(press.place, cards.notice(word, name=row.recipe.prompt.text), press.key)

    async def begin(self, asked: Request | Press, recipes: list[Recipe], parent: str | None = None) -> str:
        assert self.chat
        job = Job(id=f"job{len(self._jobs)}", owner=asked.person.id, recipes=tuple(recipes))
        await jobs.add(
            self.db, job, place=asked.place, language=asked.person.language, request_key=asked.key, parent=parent
        )
        waiting = Progress(job=job.id, state=State.WAITING, place=2, seconds_left=12.0)
        place = await self.chat.send(asked.place, cards.under_way(job, waiting), job.id)
        self._jobs[job.id] = (job, place)
        if self.alone:
            task = asyncio.create_task(self.draw(job.id))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return job.id

    async def draw(self, job_id: str) -> None:
        for step in (0, 5, 10, 15, 20):
            await asyncio.sleep(self.pause)
            if job_id in self._jobs:
                await self.step(job_id, step)
        if job_id in self._jobs:
            await self.end(job_id, State.DONE)

    async def step(self, job_id: str, step: int) -> None:
        assert self.chat
        job, place = self._jobs[job_id]
        progress = Progress(
            job=job_id,
            state=State.RUNNING,
            place=0,
            seconds_left=(20 - step) / 4,
            step=step,
            steps=20,
            preview=preview() if step == 10 else None,
        )
        await self.chat.edit(place, cards.under_way(replace(job, state=State.RUNNING), progress))

    async def end(
        self, job_id: str, state: State, key: str = "", values: dict[str, str | int | float] | None = None
    ) -> None:
        assert self.chat
        job, place = self._jobs.pop(job_id)
        self._jobs[f"ended {job_id}"] = (job, place)
        made = [Picture(png=drawing(one.seed), recipe=one, seconds=1.2) for one in job.recipes]
        rows = await jobs.end(self.db, job_id, state, pictures=made if state is State.DONE else ())
        await self.chat.edit(place, cards.ended(replace(job, state=state), rows, key, values or {}))

    async def rest(self) -> None:
        """Wait until everything begun is drawn: a database must not be closed under a job."""
        await asyncio.gather(*self._tasks)
