"""Did it draw it: what is asked for and can be known is looked for, and nothing is drawn but by a button."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from bot.buttons import checking
from bot.buttons.checking_after import UNTOLD, ChecksAfter
from bot.chat import Press
from bot.studio import drawn_check
from engine.job import Picture
from engine.queue.news import Finished
from engine.tagging import JUDGE, PictureTags
from engine.wire import ReadTags
from prompts.prompt import Fragment, Prompt
from storage import facts, maps
from storage.jobs import Kept, Place
from tests.bot.buttons.test_tag_table import drawn_with, opened, tag, touched
from tests.bot.commands.test_tags import drawn, fields, pressed
from tests.bot.studio.test_studio import House, house


def knows(at: House, **scores: float) -> None:
    def tags(wish: ReadTags) -> PictureTags:
        known = {name.replace("_", " "): score for name, score in scores.items()}
        return PictureTags("wd", (), {word: known[word] for word in wish.asked if word in known})

    at.pool.tags = tags


async def test_what_is_missing_is_named_and_drawn_again_by_one_tap(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        picture = await at.picture("a girl with a red scarf, a cat, on the beach, best quality")
        knows(at, red_scarf=0.05, cat=0.9, beach=0.25, scarf=0.9, best_quality=0.0)
        await at.say("/settings language zh")
        jobs = len(at.pool.drawn)
        card = await pressed(at, "check_drawn", picture)
        assert at.pool.readings[-1].reader == JUDGE, "the built-in model's pictures are judged by its own judge"
        assert card.text.key == "drawn_check.missing" and card.text.values == {"words": "红围巾"}
        told = fields(card)
        assert told["drawn_check.seen"] == "猫 cat  90%" and told["drawn_check.lacking"] == "红围巾 red scarf  5%"
        assert told["drawn_check.doubtful"].endswith("beach  25%") and told["drawn_check.doubtful"].startswith("海滩 ")
        assert len(at.pool.drawn) == jobs, "nothing is drawn without a tap"
        heavier, apart, seeds = card.buttons
        before = (await at.job(at.pool.drawn[0][0])).recipe
        one = await drawn(at, heavier.action, heavier.target)
        assert "(red scarf:1.2)" in one.prompt.positive and one.seed == before.seed
        two = await drawn(at, apart.action, apart.target)
        assert two.prompt.positive.endswith("BREAK red scarf") and two.seed == before.seed
        await at.press(seeds.action, seeds.target)
        job = (await at.drawn(jobs + 3))[-1]
        recipes = (await at.job(job)).recipes
        assert len({one.seed for one in recipes} | {before.seed}) == 4
        assert all(one.prompt.positive == before.prompt.positive for one in recipes)
        assert (await pressed(at, heavier.action, heavier.target, "bob")).text.key == "press.unknown"


async def test_all_there_nothing_known_and_somebody_elses(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        picture = await at.picture("a cat, a red apple")
        knows(at, cat=0.9)
        card = await pressed(at, "check_drawn", picture)
        assert card.text.key == "drawn_check.all" and not card.buttons and "drawn_check.lacking" not in fields(card)
        knows(at, cat=0.2)
        assert (await pressed(at, "check_drawn", picture)).text.key == "drawn_check.nearly_all"
        knows(at, dog=0.9)
        assert (await pressed(at, "check_drawn", picture)).text.key == "drawn_check.knows_nothing"
        assert (await pressed(at, "check_drawn", picture, "bob")).text.key == "access.not_yours"


async def test_an_admin_who_looks_pays_for_it_and_may_press(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        picture = await at.picture("a cat")
        knows(at, cat=0.1)
        at.pool.map_seconds = 5.0
        admin = replace(await at.person("bob"), admin=True)
        press = Press(person=admin, place=Place("fake", "bob"), action="check_drawn", target=picture, key="k")
        card = await checking.check_drawn(at.studio, press)
        assert await maps.seconds(at.db, admin.id, at.db.now().date()) == 5.0
        assert await maps.seconds(at.db, (await at.person()).id, at.db.now().date()) == 0.0
        await checking.seeds_missing(at.studio, replace(press, target=card.buttons[-1].target))
        assert len(await at.drawn(2)) == 2


async def test_a_locked_tag_gets_no_more_weight(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        picture = await at.picture("a cat, beach")
        shown = await opened(at, picture)
        await touched(at, shown, "lock", tag(shown, "a cat").id)
        await drawn_with(at, shown, 2)
        knows(at, cat=0.1)
        card = await pressed(at, "check_drawn", at.chat.messages[at.pool.drawn[-1][0]].pictures[0].id)
        assert (await pressed(at, "raise_missing", card.buttons[0].target)).text.key == "tags.locked_edit"
        assert len(at.pool.drawn) == 2


def prompt(*fragments: Fragment | str) -> Prompt:
    return Prompt("", tuple(one if isinstance(one, Fragment) else Fragment(one) for one in fragments))


def test_only_what_acts_and_is_words_is_asked_for() -> None:
    made = prompt(
        "a (red:0.5) bus",
        Fragment("masterpiece", origin="preset"),
        Fragment("cat", weight=0.0),
        "[dog:fox:0.5]",
        "BREAK",
        r"miku \(cosplay\)",
    )
    asked = drawn_check.asked(made)
    assert {"a red bus", "red bus", "bus", "miku (cosplay)"} <= set(asked)
    assert not {"masterpiece", "cat", "dog", "BREAK", "[dog:fox:0.5]"} & set(asked)
    found = drawn_check.checked(made, {"bus": 0.1, "red bus": 0.9}, 0.35)
    assert [one.text for one in found.seen] == ["red bus"] and found.count == 1


@pytest.mark.parametrize(
    ("fragment", "word", "said"),
    [
        (Fragment("red scarf"), "red scarf", "(red scarf:1.2)"),
        (Fragment("red scarf", 1.5), "red scarf", "(red scarf:1.6)"),
        (Fragment("a girl with a red scarf"), "red scarf", "a girl with a (red scarf:1.2)"),
        (Fragment("a girl with a (red scarf:1.2)"), "red scarf", "a girl with a (red scarf:1.4)"),
        (Fragment("a (scarf:1.2.3)"), "scarf", "a ((scarf:1.2):1.2.3)"),
        (Fragment("a scarfless cat and a scarf"), "scarf", "a scarfless cat and a (scarf:1.2)"),
    ],
)
def test_a_word_gets_more_weight_wherever_it_stands(fragment: Fragment, word: str, said: str) -> None:
    made = drawn_check.heavier(prompt("x", fragment), [word])
    assert made and str(made.fragments[1]) == said
    assert drawn_check.heavier(prompt(Fragment(word, drawn_check.MOST)), [word]) is None


def test_what_is_missing_gets_a_chunk_of_its_own() -> None:
    made = drawn_check.apart(prompt("a cat", Fragment("red scarf", 1.2), "beach"), ["red scarf"])
    assert made.positive == "a cat, beach BREAK (red scarf:1.2)"
    assert drawn_check.apart(prompt("cat"), ["cat"]).positive == "cat"
    made = drawn_check.apart(prompt("town", "AND", "red scarf", "cat", "AND", "dog"), ["red scarf"])
    assert made.positive == "town AND cat BREAK red scarf AND dog", "what is for a region stays there"


async def finished(at: House, checks: ChecksAfter, text: str, count: int = 1) -> str:
    """Draw a text, and have what looks at finished pictures hear of it; the job."""
    before = len(at.pool.drawn)
    await at.say(text)
    job = (await at.drawn(before + 1))[-1]
    at.pool.finish(job)
    await at.chat.until(lambda: job in at.chat.messages and bool(at.chat.messages[job].pictures))
    kept = await at.job(job)
    await checks.hear(Finished(kept, (Picture(png=b"", recipe=kept.recipe, seconds=1.0),), "", {}))
    return job


async def test_pictures_are_looked_at_when_somebody_wishes_for_it(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        checks = ChecksAfter(at.studio)
        knows(at, cat=0.1)
        quiet = await finished(at, checks, "a cat")
        asked = await finished(at, checks, "a cat --check")
        await at.until(lambda: f"{asked}+check" in at.chat.messages)
        assert at.chat.messages[f"{asked}+check"].text.key == "drawn_check.missing"
        assert f"{quiet}+check" not in at.chat.messages and len(at.pool.drawn) == 2
        unknown = await finished(at, checks, "a dog --检查")
        await at.until(lambda: f"{unknown}+check" in at.chat.messages)
        assert at.chat.messages[f"{unknown}+check"].text.key == "drawn_check.knows_nothing"
        await at.say("/settings check on")
        await at.restart()
        checks = ChecksAfter(at.studio)
        knows(at, cat=0.9)
        several = await finished(at, checks, "a cat --count 2")
        await at.until(lambda: f"{several}+check" in at.chat.messages)
        card = at.chat.messages[f"{several}+check"]
        assert card.text.key == "drawn_check.several" and [one.action for one in card.buttons] == ["check_drawn"] * 2
        await finished(at, checks, "a dog")
        await checks.close()
        assert not any(
            card.text.key == "drawn_check.knows_nothing" for key, card in at.chat.messages.items() if key > "z"
        )


async def test_a_check_that_the_bot_ended_before_is_told_by_the_next_run(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        checks = ChecksAfter(at.studio)
        knows(at, cat=0.1)
        begun = asyncio.Event()

        async def looking(kept: Kept) -> None:
            begun.set()
            await asyncio.Event().wait()

        checks._card = looking  # type: ignore[method-assign, assignment]
        asked = await finished(at, checks, "a cat --check")
        await begun.wait()
        await checks.close()
        assert f"{asked}+check" not in at.chat.messages
        await at.restart()
        knows(at, cat=0.1)
        checks = ChecksAfter(at.studio)
        await checks.go_on()
        await at.until(lambda: f"{asked}+check" in at.chat.messages)
        assert at.chat.messages[f"{asked}+check"].text.key == "drawn_check.missing"
        await at.until(lambda: not checks._tasks)
        assert await facts.beginning(at.db, UNTOLD) == []
        await facts.set_fact(at.db, f"{UNTOLD}gone", True)  # of somebody who was forgotten meanwhile
        await checks.go_on()
        assert await facts.beginning(at.db, UNTOLD) == []
