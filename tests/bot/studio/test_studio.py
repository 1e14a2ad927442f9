"""The one road, with a pool that draws at the test's command and a chat that remembers its cards."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from bot import texts
from bot.chat import Person, Press, Request, Room, Say, Upload
from bot.desk import StudioDesk
from bot.people import owned
from bot.studio import last_cards
from bot.studio.rules import Rules
from bot.studio.studio import Studio
from engine.job import Job, State
from engine.pixels import png_recipe
from engine.queue.queue import Queue
from engine.recipe import Recipe
from prompts.prompt import LoraUse, Options
from prompts.translate.chain import chain
from storage import favourites, jobs, pictures
from storage.jobs import Place
from tests.database import opened
from tests.fakes import FakeChat, FakePool, a_lora, a_png
from tests.patience import until

PRIVATE = Room()


class House:
    """A studio with everything around it; `reopen` is what a restart of the whole bot does."""

    def __init__(self, folder: Path, pool: FakePool | None = None) -> None:
        self.folder = folder
        self.pool = pool or FakePool()
        self.chat = FakeChat()
        self.numbers = iter(range(10_000))

    async def open(self) -> None:
        self.db = await opened(self.folder)
        self.queue = Queue(self.pool, lambda news: self.studio.hear(news), self.db.files.get, per_person=3, in_all=50)
        rules = Rules(models=(), loras=(), model="danqing-demo", pictures_per_request=4)
        self.studio = Studio(self.db, self.queue, chain(self.folder / "cache"), rules)
        self.desk = StudioDesk(self.studio)
        await self.studio.open([self.chat], self.desk)
        await self.queue.start()

    async def close(self) -> None:
        await self.queue.close()
        await self.studio.close()
        await self.db.close()

    async def kill(self) -> None:
        """What `kill -9` leaves: the database as it is, no answers delivered any more."""
        self.chat.pace = 1000.0
        await self.queue.close()
        for task in self.studio._answers._tasks.values():
            task.cancel()
        await self.db.close()

    async def restart(self) -> None:
        await self.kill()
        self.pool = FakePool()
        self.chat.pace = 0.0
        await self.open()

    async def person(self, account: str = "ann", language: str = "en") -> Person:
        return await self.studio.person("fake", account, language=language)

    async def say(
        self, text: str, account: str = "ann", key: str = "", files: tuple[Upload, ...] = (), room: Room = PRIVATE
    ) -> str:
        """Send a text, return its key."""
        key = key or f"said-{next(self.numbers)}"
        place = Place("fake", account)
        person = await self.person(account)
        await self.desk.request(Request(person=person, place=place, text=text, key=key, files=files, room=room))
        return key

    async def press(self, action: str, target: str, account: str = "ann", **values: str) -> str:
        key = f"pressed-{next(self.numbers)}"
        place = Place("fake", account, "some-message")
        person = await self.person(account)
        await self.desk.press(Press(person=person, place=place, action=action, target=target, key=key, values=values))
        return key

    async def drawn(self, count: int = 1) -> list[str]:
        """Wait until `count` jobs in all were handed to the pool; their ids."""
        await self.until(lambda: len(self.pool.drawn) >= count)
        return [job for job, _ in self.pool.drawn]

    async def recipe(self, text: str, **more: Any) -> Recipe:
        """Draw something, return what was drawn."""
        before = len(self.pool.drawn)
        await self.say(text, **more)
        job = (await self.drawn(before + 1))[-1]
        self.pool.finish(job)
        await self.chat.until(lambda: job in self.chat.messages and self.chat.messages[job].state is State.DONE)
        return (await self.job(job)).recipe

    async def job(self, job: str) -> Job:
        kept = await jobs.get(self.db, job)
        assert kept
        return kept.job

    async def until(self, true: Callable[[], object]) -> None:
        await until(true)

    async def picture(self, text: str = "a red apple") -> str:
        """Draw something, return the picture's id."""
        before = len(self.pool.drawn)
        await self.say(text)
        job = (await self.drawn(before + 1))[-1]
        self.pool.finish(job)
        await self.chat.until(lambda: job in self.chat.messages and self.chat.messages[job].state is State.DONE)
        return self.chat.messages[job].pictures[0].id


@asynccontextmanager
async def house(folder: Path, pool: FakePool | None = None) -> AsyncIterator[House]:
    made = House(folder, pool)
    await made.open()
    try:
        yield made
    finally:
        await made.close()


@pytest.mark.parametrize("default", ["ratio", "size", "style"])
async def test_an_attached_picture_keeps_its_shape_whatever_the_defaults_say(tmp_path: Path, default: str) -> None:
    async with house(tmp_path) as at:
        if default == "ratio":
            await at.say("/settings ratio 16:9")
        elif default == "size":
            at.studio.rules = replace(at.studio.rules, draw=Options(width=192, height=64))
        else:
            await at.say("/settings style cinematic")
        wide = await at.recipe("a red apple")
        assert wide.width > 1.5 * wide.height
        file = io.BytesIO()
        Image.new("RGB", (64, 128), "red").save(file, "PNG")
        tall = Upload("x.png", file.getvalue())
        for text, shape in (("a red apple", 0.5), ("a red apple --ar 1:1", 1.0)):
            made = await at.recipe(text, files=(tall,))
            assert made.width / made.height == pytest.approx(shape, abs=0.05)
            assert made.source


async def test_what_comes_in_turn_goes_on_after_a_restart_and_for_each_person_alone(tmp_path: Path) -> None:
    async with house(tmp_path) as at:

        async def drawn(text: str, **more: Any) -> str:
            fragments = (await at.recipe(text, **more)).prompt.fragments
            return next(one.text for one in fragments if one.origin != "preset")

        text = "{@cat|dog|bird}"
        assert [await drawn(text), await drawn("{@cat|dog}"), await drawn(text)] == ["cat", "cat", "dog"]
        assert await drawn(text, account="bob") == "cat"
        await at.say("/prompt " + text)  # only looked at
        await at.restart()
        assert await drawn(text, key="twice") == "bird"
        await at.say(text, key="twice")  # delivered twice
        assert await drawn(text) == "cat"


async def test_a_chinese_line_becomes_a_picture_in_one_message(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        await at.say("一只戴红色帽子的橘猫，水彩")
        (job,) = await at.drawn()
        await at.chat.until(lambda: job in at.chat.messages)
        card = at.chat.messages[job]
        assert card.prompt and card.prompt.part("quality_style") and card.prompt.part("subject")
        assert "red hat" in card.prompt.positive and not any("一" <= letter <= "鿿" for letter in card.prompt.positive)
        at.pool.step(job, 2, preview=b"jpeg")
        await at.chat.until(lambda: bool((p := at.chat.messages[job].progress) and p.preview))
        at.pool.finish(job)
        await at.chat.until(lambda: at.chat.messages[job].state is State.DONE)
        assert [verb for verb, message, _ in at.chat.log if message == job].count("send") == 1
        assert {button.action for button in at.chat.messages[job].buttons} == {
            "again", "vary", "upscale", "larger", "edit", "favourite", "recipe", "share", "delete", "original",
            "versus", "vary_strong", "hires", "fix_faces", "fix_hands", "zoom_out", "pan_left", "pan_right", "pan_up",
            "pan_down", "read_tags", "check_drawn", "tags", "why",
        }  # fmt: skip
        await at.until(lambda: not at.studio._answers._open)
        kept = await jobs.get(at.db, job)
        assert kept and kept.answered and kept.job.state is State.DONE


async def test_the_card_says_how_long_it_took_also_after_a_restart(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        await at.say("猫，4张")
        (job,) = await at.drawn()
        at.pool.finish(job, seconds=30.0)  # of each device, side by side
        await at.chat.until(lambda: at.chat.messages[job].state is State.DONE)
        said = at.chat.messages[job].fields
        [took] = [one.value for one in said if one.label.key == "recipe.time"]
        assert isinstance(took, Say) and 30.0 <= float(took.values["seconds"]) < 60.0
        kept = await jobs.get(at.db, job)
        assert kept and (await last_cards.last_card(at.db, kept)).fields == said


async def test_a_burst_of_one_person_keeps_its_order_and_holds_nobody_else_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with house(tmp_path, FakePool(slots=9)) as at:
        understand, begun, may = at.studio.understand, asyncio.Event(), asyncio.Event()

        async def slow(person: Person, text: str, **values: Any) -> Any:
            if text == "a slow one":
                begun.set()
                await may.wait()
            return await understand(person, text, **values)

        came: list[str] = []
        turn = at.studio.in_turn
        monkeypatch.setattr(at.studio, "understand", slow)
        monkeypatch.setattr(at.studio, "in_turn", lambda person: came.append(person) or turn(person))
        said = [asyncio.create_task(at.say("a slow one"))]
        await begun.wait()
        for count, text in enumerate(("a cat", "a dog"), 2):
            said.append(asyncio.create_task(at.say(text)))
            await at.until(lambda count=count: len(came) == count)
        await at.say("a bird", "bob")
        await at.drawn(1)
        may.set()
        await asyncio.gather(*said)
        found = [await jobs.get(at.db, job) for job in await at.drawn(4)]
        assert [kept.job.recipe.prompt.text for kept in found if kept] == ["a bird", "a slow one", "a cat", "a dog"]


async def test_the_same_update_twice_is_one_job(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        await at.say("a red apple", key="update-1")
        await at.say("a red apple", key="update-1")
        await at.say("a blue apple", key="update-2")
        at.pool.finish((await at.drawn())[0])
        assert len(await at.drawn(2)) == 2
        assert len(await jobs.of_person(at.db, (await at.person()).id)) == 2


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("/imagine", "prompt.empty"),
        ("/imagine   ", "prompt.empty"),
        ("x" * 100_000, "prompt.too_long"),
        ("an apple --sampler nonsense", "sampler.unknown"),
        ("an apple --model nonsense", "model.unknown"),
        ("an apple --size 129x128", "size.not_allowed"),
        ("an apple --size 64000x64000", "option.out_of_range"),
        ("an apple --size 1024x1024", "size.not_allowed"),
        ("an apple --steps 0", "option.out_of_range"),
        ("an apple --count 99", "count.not_allowed"),
        ("100张猫", "count.not_allowed"),
        ("12 pictures of a cat", "count.not_allowed"),
        ("an apple <lora:nothing:1>", "lora.none"),
        ("/nonsense", "command.unknown"),
        ("/favourites use nothing", "favourites.unknown"),
    ],
)
async def test_what_cannot_be_drawn_is_answered_in_words(tmp_path: Path, text: str, key: str) -> None:
    async with house(tmp_path) as at:
        asked = await at.say(text)
        card = at.chat.messages[asked]
        assert (card.kind, card.text.key) == ("error", key)
        assert at.pool.drawn == []
        await at.picture()


async def test_a_full_queue_is_a_friendly_refusal(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        for _ in range(4):
            await at.say("a red apple")  # one is drawn, three wait
        assert at.chat.messages[await at.say("a red apple")].text.key == "queue.full_person"


@pytest.mark.parametrize("action", ["again", "vary", "upscale", "larger"])
async def test_buttons_draw_and_remember_the_parent(tmp_path: Path, action: str) -> None:
    async with house(tmp_path) as at:
        parent = await at.picture("a red apple --seed 7")
        await at.press(action, parent)
        job = (await at.drawn(2))[-1]
        recipe = at.pool.workers[0].jobs[job].recipe
        at.pool.finish(job)
        await at.chat.until(lambda: job in at.chat.messages and at.chat.messages[job].state is State.DONE)
        row = await pictures.get(at.db, at.chat.messages[job].pictures[0].id)
        assert row and row.parent == parent
        first = await pictures.get(at.db, parent)
        assert first
        match action:
            case "again":
                assert recipe.seed != 7 and recipe.source is None
            case "vary":
                assert recipe.seed == 7 and recipe.variation and recipe.variation.strength < 1
            case "upscale":
                assert recipe.source and recipe.source.strength == 0 and recipe.upscale
                assert recipe.source.picture == first.hash
            case "larger":
                assert recipe.source and 0 < recipe.source.strength < 1
                assert (recipe.width, recipe.height) == (first.width * 2, first.height * 2)


async def test_again_on_an_upscaled_picture_draws_it_anew(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        parent = await at.picture("a red apple --seed 7")
        await at.press("upscale", parent)
        job = (await at.drawn(2))[-1]
        at.pool.finish(job)
        await at.chat.until(lambda: job in at.chat.messages and at.chat.messages[job].state is State.DONE)
        await at.press("again", at.chat.messages[job].pictures[0].id)
        recipe = at.pool.workers[0].jobs[(await at.drawn(3))[-1]].recipe
        assert recipe.source is None and recipe.upscale is None and recipe.seed != 7


async def test_favourite_recipe_and_delete(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        picture = await at.picture("一只橘猫")
        me = (await at.person()).id
        for _ in range(3):
            told = at.chat.messages[await at.press("favourite", picture)]
            assert (told.text.key, told.turned) == ("favourites.saved", "unfavourite")
        assert [one.name for one in await favourites.listed(at.db, me)] == ["一只橘猫"]
        verb, job, renewed = at.chat.log[-2]
        assert verb == "renew" and {"unfavourite", "rename"} < {one.action for one in renewed.buttons}
        other = await at.picture("一只橘猫")
        told = at.chat.messages[await at.press("favourite", other)]
        assert told.text.key == "favourites.saved_beside" and str(told.text.values["name"]).startswith("一只橘猫 · ")
        taken = at.chat.messages[await at.press("rename", other, name="一只橘猫")]
        assert taken.text.key == "favourites.exists" and [one.action for one in taken.buttons] == ["rename"]
        await at.press("rename", other, name="猫")
        assert {one.name for one in await favourites.listed(at.db, me)} == {"猫", "一只橘猫"}
        for key in ("favourites.taken_back", "favourites.none_of_picture"):
            told = at.chat.messages[await at.press("unfavourite", other)]
            assert (told.text.key, told.turned) == (key, "favourite")
        assert at.chat.messages[await at.press("rename", other, name="x")].text.key == "favourites.none_of_picture"
        card = at.chat.messages[await at.press("recipe", picture)]
        assert "seed" in {line.label.key.removeprefix("recipe.") for line in card.fields}
        await at.press("delete", picture)
        assert await pictures.get(at.db, picture) is None
        assert job not in at.chat.messages, "the message is gone with its picture"
        again = at.chat.messages[await at.press("again", picture)]
        assert again.text.key == "picture.gone"


async def test_strangers_may_not_press(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        picture = await at.picture()
        for action in ("again", "delete", "favourite"):
            key = await at.press(action, picture, account="mallory")
            assert at.chat.messages[key].text.key == "access.not_yours"
        await at.say("a red apple")
        job = (await at.drawn(2))[-1]
        assert at.chat.messages[await at.press("cancel", job, account="mallory")].text.key == "access.not_yours"
        await at.press("cancel", job)
        await at.chat.until(lambda: at.chat.messages[job].state is State.CANCELLED)
        assert at.chat.messages[await at.press("cancel", job)].text.key == "job.ended_already"


async def test_a_cancelled_job_can_be_tried_again(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        await at.say("a red apple --seed 5")
        job = (await at.drawn())[0]
        await at.press("cancel", job)
        await at.chat.until(lambda: job in at.chat.messages and at.chat.messages[job].state is State.CANCELLED)
        await at.press("retry", job)
        assert at.pool.workers[0].jobs[(await at.drawn(2))[-1]].recipe.seed == 5


async def test_after_a_restart_waiting_and_running_jobs_go_on_in_order(tmp_path: Path) -> None:
    at = House(tmp_path)
    await at.open()
    for number in range(3):
        await at.say(f"a red apple --seed {number}")
    first = (await at.drawn())[0]
    at.pool.step(first, 1)
    await at.chat.until(lambda: len([m for m in at.chat.messages.values() if m.job]) == 3)

    async def written() -> bool:  # which it is right after it was sent
        return all(kept.place.message for kept in await jobs.unanswered(at.db, ["fake"]))

    await until(written)
    order = [kept.job.id for kept in await jobs.unanswered(at.db, ["fake"])]
    assert order[0] == first
    await at.restart()
    for number, job in enumerate(order):
        assert (await at.drawn(number + 1))[-1] == job
        assert at.pool.workers[0].jobs[job].recipe.seed == number
        at.pool.finish(job)
        await at.chat.until(lambda job=job: at.chat.messages[job].state is State.DONE)
    sends = [message for verb, message, _ in at.chat.log if verb == "send"]
    assert sorted(sends) == sorted(order)
    await at.close()


async def test_a_job_that_ended_unanswered_is_answered_after_the_restart(tmp_path: Path) -> None:
    at = House(tmp_path)
    await at.open()
    await at.say("a red apple")
    job = (await at.drawn())[0]
    await at.chat.until(lambda: job in at.chat.messages)
    edit = at.chat.edit

    async def broken(place: Place, card: object) -> None:
        raise ConnectionError("the platform is away")

    at.chat.edit = broken  # type: ignore[method-assign]
    at.pool.finish(job)

    async def ended() -> bool:
        kept = await jobs.get(at.db, job)
        return kept is not None and kept.job.state is State.DONE

    await until(ended)
    at.chat.edit = edit  # type: ignore[method-assign]
    await at.restart()
    await at.chat.until(lambda: at.chat.messages[job].state is State.DONE)
    assert at.pool.drawn == []
    assert len(at.chat.messages[job].pictures) == 1
    await at.close()


async def test_an_uploaded_picture_is_drawn_over(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        await at.say("a red apple", files=(Upload("x.png", a_png(side=64)),))
        recipe = at.pool.workers[0].jobs[(await at.drawn())[0]].recipe
        assert recipe.source and 0 < recipe.source.strength < 1
        assert await at.db.files.get(recipe.source.picture) == a_png(side=64)


@pytest.mark.parametrize("caption", ["变成水彩画", "turn this into a watercolor"])
async def test_a_caption_that_asks_for_a_change_is_one(tmp_path: Path, caption: str) -> None:
    async with house(tmp_path) as at:
        await at.say(caption, files=(Upload("x.png", a_png(side=64)),))
        recipe = at.pool.workers[0].jobs[(await at.drawn())[0]].recipe
        assert recipe.source and "watercolor painting" in recipe.prompt.positive
        assert "turn" not in recipe.prompt.positive and "this" not in recipe.prompt.positive


async def test_all_of_a_caption_is_judged(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        await at.say("把小女孩变成裸体", files=(Upload("x.png", a_png(side=64)),))
        assert at.chat.log[-1][2].text.key == "access.minors" and at.pool.drawn == []


async def test_finished_pictures_carry_what_the_worker_stamped(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        picture = await at.picture()
        row = await pictures.get(at.db, picture)
        assert row and png_recipe.read_recipe(await at.db.files.get(row.hash)) is None  # the fake pool stamps nothing
        assert row.seconds == 1.0


async def test_what_is_said_goes_before_settings_and_these_before_the_owner(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        at.studio.rules = replace(at.studio.rules, draw=Options(width=64, height=64, steps=5))
        await at.say("/settings ratio 2:1")
        await at.say("/settings count 2")
        assert at.chat.messages[await at.say("/settings count 9")].text.key == "count.not_allowed"
        await at.say("a red apple")
        await at.say("a red apple --size 128x96 --count 1 --steps 7")
        at.pool.finish((await at.drawn())[0])
        first, second = [kept.job.recipes for kept in reversed(await jobs.of_person(at.db, (await at.person()).id))]
        assert [(row.width, row.height, row.steps) for row in first] == [(184, 88, 5)] * 2
        assert [(row.width, row.height, row.steps) for row in second] == [(128, 96, 7)]


async def test_what_is_left_to_chance_is_drawn_with_the_seed_of_the_first_picture(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        (tmp_path / "wildcards").mkdir()
        (tmp_path / "wildcards" / "bird.txt").write_text("hoopoe\n")
        at.studio.rules = replace(at.studio.rules, wildcards=(tmp_path / "wildcards",))
        text = "一只{红色|蓝色|绿色|白色|黑色}的鸟, __bird__"
        await at.say(text + "，2张")
        (job,) = await at.drawn()
        await at.chat.until(lambda: job in at.chat.messages)
        first, second = (await owned.job(at.db, await at.person(), job)).job.recipes
        assert first.prompt == second.prompt and second.seed == first.seed + 1
        assert "hoopoe" in first.prompt.positive and "{" not in first.prompt.positive
        assert first.prompt.seed == first.seed and first.prompt.text == text + "，2张"
        again, options, _ = await at.studio.understand(await at.person(), text, given=Options(seed=first.seed))
        assert again.positive == first.prompt.positive and options.seed == first.seed


async def test_a_style_fills_in_what_nobody_said(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        ann = await at.person()
        prompt, options, _ = await at.studio.understand(ann, "一只猫在花园里 --style 电影感")
        assert options.ratio == 16 / 9 and "cinematic film still" in prompt.positive
        assert (await at.studio.understand(ann, "一只猫 --style 电影感 --ar 1:1"))[1].ratio == 1
        assert (await at.studio.understand(ann, "一只猫 --style 电影感", over=True))[1].ratio is None
        await at.say("/settings ratio 3:2")
        assert (await at.studio.understand(ann, "一只猫 --style 电影感"))[1].ratio == 1.5
        raw, options, _ = await at.studio.understand(ann, "a cat --style 电影感 --raw")
        assert raw.positive == "a cat" and options.ratio == 1.5


async def test_a_short_text_is_not_filled_up_over_a_picture(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        ann = await at.person()
        assert (await at.studio.understand(ann, "猫"))[0].part("scene_detail")
        assert not (await at.studio.understand(ann, "猫", over=True))[0].part("scene_detail")
        await at.say("/settings expand off")
        assert not (await at.studio.understand(ann, "猫"))[0].part("scene_detail")


@pytest.mark.parametrize(
    ("words", "shown"), [("", "水墨"), ("国风", "青花瓷"), ("赛博", "neon palette"), ("水墨", "rice paper")]
)
async def test_styles_are_listed_and_searched(tmp_path: Path, words: str, shown: str) -> None:
    async with house(tmp_path) as at:
        ann = await at.studio.person("fake", "ann", language="zh")
        await at.desk.request(Request(person=ann, place=Place("fake", "ann"), text=f"/styles {words}", key="a"))
        card = at.chat.messages["a"]
        assert any(shown in f"{line.label.values} {line.value}" for line in card.fields)


async def test_a_favourite_is_used_by_name_and_by_button(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        await at.say("/favourites save cat 一只橘猫")
        await at.say("/favourites rename cat 'my cat'")
        card = at.chat.messages[await at.say("/favourites find 橘")]
        (button,) = card.buttons
        await at.press(button.action, button.target)
        await at.say("/favourites use my cat")
        at.pool.finish((await at.drawn())[0])
        await at.drawn(2)
        (kept,) = await favourites.listed(at.db, (await at.person()).id)
        assert (kept.name, kept.used) == ("my cat", 2)
        await at.say("/favourites delete my cat")
        assert at.chat.messages[await at.say("/favourites")].text.key == "favourites.empty"


@pytest.mark.parametrize(
    "command", ["/help", "/models", "/styles", "/samplers", "/queue", "/history", "/prompt 一只橘猫", "/settings"]
)
@pytest.mark.parametrize("language", ["zh", "en"])
async def test_every_command_answers_in_words(tmp_path: Path, command: str, language: str) -> None:
    async with house(tmp_path) as at:
        card = at.chat.messages[await at.say(command)]
        assert card.kind == "answer"
        for say in (card.text, *(line.label for line in card.fields)):
            assert texts.say(language, say.key, **say.values)


async def test_a_lora_by_its_trainers_name_is_drawn_and_kept_by_its_files(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        a_lora(tmp_path / "loras", "ink-000012", alias="realAlias")
        at.studio.rules = replace(at.studio.rules, loras=(tmp_path / "loras",))
        await at.say("a red apple <lora:realAlias:0.5> --seed 7")
        job = (await at.drawn(1))[-1]
        assert at.pool.workers[0].jobs[job].recipe.prompt.loras == (LoraUse("ink-000012", 0.5),)
