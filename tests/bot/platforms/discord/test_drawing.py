"""From a command to the picture, and what can be pressed below it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.platforms.discord import components
from storage import favourites, pictures
from tests.bot.platforms.discord.desk import House, house, ids, labels, size
from tests.fakes import a_png


@pytest.fixture
async def on(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as made:
        yield made


async def test_a_request_is_acknowledged_shown_and_answered_in_one_message(on: House) -> None:
    asked = await on.imagine("a red apple")
    assert asked.acknowledged and not asked.ephemeral
    job = await on.job()
    drawing = await on.said("Drawing")
    assert any("cancel" in one for one in ids(on.message(drawing)))
    on.pool.step(job, 2)
    await on.said("▰")
    done = await on.finished(job)
    assert done.id == drawing.id and len(on.shown()) == 1
    assert "Done." in done.content and len(done.attachments) == 1
    assert size(await done.attachments[0].read()) == (128, 128)
    assert "> a red apple" in done.embeds[0].description
    assert "Again" in labels(done)


async def test_a_preview_is_shown_while_it_is_drawn(on: House) -> None:
    await on.imagine()
    job = await on.job()
    on.pool.step(job, 2, preview=a_png())
    shown = await on.until(lambda: next((m for m in on.shown() if m.attachments), None))
    assert shown.attachments[0]["filename"] == "preview.jpg"
    done = await on.finished(job)
    assert [one.filename.startswith("danqing-") for one in done.attachments] == [True]


async def test_the_bot_speaks_chinese(tmp_path: Path) -> None:
    async with house(tmp_path, language="zh") as on:
        done = await on.drawn("一只橘猫")
        assert done.content.startswith("画好了") and "再来一张" in labels(done)
        assert "一只橘猫" in done.embeds[0].description


async def test_options_say_what_the_text_does_not(on: House) -> None:
    await on.imagine("a red apple", count=2, shape="1:2", style="watercolor", quality="fast", model="danqing-demo")
    done = await on.finished()
    rows = [await pictures.get(on.db, one) for one in await on.pictures(done)]
    assert len(rows) == 2
    recipe = rows[0].recipe  # type: ignore[union-attr]
    assert recipe.height == pytest.approx(2 * recipe.width, abs=8)
    assert "watercolor" in recipe.prompt.positive and recipe.quality == "fast"


async def test_a_shape_in_words_is_read_as_words(on: House) -> None:
    done = await on.drawn("一只猫", shape="竖图")
    row = await pictures.get(on.db, (await on.pictures(done))[0])
    assert row is not None and row.recipe.height > row.recipe.width


async def test_several_pictures_are_one_sheet_with_numbered_buttons(on: House) -> None:
    done = await on.drawn(count=4)
    assert len(done.attachments) == 1
    width, height = size(await done.attachments[0].read())
    assert width == height and width > 256
    assert [one for one in labels(done) if one[:1] in "UV" and one] == ["U1", "U2", "U3", "U4", "V1", "V2", "V3", "V4"]
    shown = await on.pictures(done)
    await on.ann.click(done, label="U3")
    again = await on.finished()
    made = await pictures.get(on.db, (await on.pictures(again))[0])
    assert made is not None and made.parent == shown[2] and made.recipe.upscale
    await on.ann.click(done, label="🖼️ 2")
    panel = await on.until(lambda: next(iter(on.hidden()), None))
    assert f"dq1:again:{shown[1]}" in ids(on.message(panel))


async def test_what_is_picked_from_the_select_is_done(on: House) -> None:
    done = await on.drawn(count=2)
    target = (await on.pictures(done))[1]
    await on.ann.select(done, [f"favourite:{target}"])
    await on.said("Saved as")
    person = await on.studio.person("discord", str(on.ann.id))
    assert [one.picture for one in await favourites.listed(on.db, person.id)] == [target]


@pytest.mark.parametrize("action", ["again", "vary", "upscale"])
async def test_a_button_that_draws_answers_everybody(on: House, action: str) -> None:
    done = await on.drawn()
    target = (await on.pictures(done))[0]
    pressed = await on.ann.click(done, custom_id=f"dq1:{action}:{target}")
    assert pressed.acknowledged and not pressed.ephemeral
    made = await on.finished()
    assert made.id != done.id and len(on.shown()) == 2
    row = await pictures.get(on.db, (await on.pictures(made))[0])
    assert row is not None and row.parent == target


def test_what_begins_a_job_answers_everybody() -> None:
    """An answer for one person alone is known for some minutes, and to no program that is started anew."""
    comparisons = {"compare", "compare_again", "compare_rest"}
    from_tags = {"draw_read", "add_read", "raise_missing", "split_missing", "seeds_missing"}
    assert comparisons | from_tags <= components.OPEN
    assert {"compare_again", "compare_rest"} <= components.OF_JOBS


async def test_a_recipe_is_for_whoever_asks(on: House) -> None:
    done = await on.drawn()
    await on.ann.select(done, [f"recipe:{(await on.pictures(done))[0]}"])
    stored = await on.said("Recipe ")
    assert stored.flags & 64
    assert {"Seed", "Model"} <= {field["name"] for field in stored.embeds[0]["fields"]}


async def test_the_original_comes_as_a_direct_message(on: House) -> None:
    done = await on.drawn()
    await on.ann.select(done, [f"original:{(await on.pictures(done))[0]}"])
    await on.said("Sent to your direct messages.")
    (sent,) = on.direct()
    assert sent.attachments[0]["filename"].endswith(".png")


async def test_deleting_asks_first(on: House) -> None:
    done = await on.drawn()
    (target,) = await on.pictures(done)
    await on.ann.select(done, [f"ask_delete:{target}"])
    asked = on.message(await on.said("Really delete it?"))
    assert await pictures.get(on.db, target)
    await on.ann.click(asked, custom_id=f"dq1:delete:{target}")
    told = await on.said("Deleted.")
    assert await pictures.get(on.db, target) is None
    assert told.id == asked.id and not told.components, "the question became the answer, and asks nothing more"
    await on.until(lambda: not on.shown())


async def test_a_sheet_loses_the_one_that_is_deleted_and_in_the_end_goes(on: House) -> None:
    done = await on.drawn(count=2)
    first, second = await on.pictures(done)
    for target in (first, second):
        await on.ann.select(on.message(on.shown()[0]), [f"ask_delete:{target}"])
        asked = on.message(await on.until(lambda: next((m for m in on.hidden() if "Really" in m.content), None)))
        await on.ann.click(asked, custom_id=f"dq1:delete:{target}")
        if target == first:
            await on.until(lambda: first not in str(on.shown()[0].components))
    await on.until(lambda: not on.shown())


async def test_a_picture_is_deleted_though_its_message_is_gone(on: House) -> None:
    done = await on.drawn()
    (target,) = await on.pictures(done)
    await on.ann.select(done, [f"ask_delete:{target}"])
    asked = on.message(await on.said("Really delete it?"))
    on.env.backend.delete_message(done.channel_id, done.id)
    await on.ann.click(asked, custom_id=f"dq1:delete:{target}")
    await on.said("Deleted.")
    assert await pictures.get(on.db, target) is None


async def test_a_waiting_job_is_cancelled_by_its_button(tmp_path: Path) -> None:
    async with house(tmp_path, slots=1) as on:
        await on.imagine("one")
        first = await on.job()
        await on.imagine("two")
        waiting = on.message(await on.said("Got it"))
        await on.ann.click(waiting, label="Cancel")
        ended = on.message(await on.said("Cancelled."))
        assert ended.id == waiting.id
        await on.finished(first)
        await on.ann.click(ended, label="Try again")
        assert "Done" in (await on.finished()).content


async def test_only_the_owner_may_spend_drawing_time(on: House) -> None:
    done = await on.drawn()
    pressed = await on.bob.click(done, label="Again")
    refused = await on.said("Only its owner or an admin can do that.")
    assert refused.flags & 64 and len(on.shown()) == 1
    assert pressed.acknowledged and pressed.ephemeral, "nobody else saw anything of it"


async def test_a_stranger_is_refused_before_being_asked_whether_it_is_meant(on: House) -> None:
    done = await on.drawn()
    (target,) = await on.pictures(done)
    await on.bob.select(done, [f"ask_delete:{target}"])
    refused = await on.said("Only its owner or an admin can do that.")
    assert refused.flags & 64 and not refused.components and await pictures.get(on.db, target)


async def test_the_button_of_a_favourite_shows_it_and_takes_it_back(on: House) -> None:
    done = await on.drawn()
    (target,) = await on.pictures(done)
    person = await on.studio.person("discord", str(on.ann.id))
    await on.ann.click(done, label="Save")
    told = await on.said("Saved as “a red apple”.")
    assert told.flags & 64 and ids(on.message(told)) == [f"dq1:rename:{target}"]
    await on.until(lambda: "Saved" in labels(on.shown()[0]))
    assert len(on.shown()[0].attachments) == 1
    await on.ann.react(done, "⭐")
    assert len(await favourites.listed(on.db, person.id)) == 1
    await on.ann.click(on.message(on.shown()[0]), label="Saved")
    await on.said("is no favourite any more")
    await on.until(lambda: "Save" in labels(on.shown()[0]))
    assert await favourites.listed(on.db, person.id) == []


async def test_a_reaction_fills_the_button_too(on: House) -> None:
    done = await on.drawn()
    await on.ann.react(done, "❤️")
    await on.until(lambda: "Saved" in labels(on.shown()[0]))


async def test_an_original_whose_file_is_gone_says_so(on: House) -> None:
    done = await on.drawn()
    (target,) = await on.pictures(done)
    row = await pictures.get(on.db, target)
    assert row is not None
    await on.db.files.remove(row.hash)
    await on.ann.select(done, [f"original:{target}"])
    assert (await on.said("The file is gone")).flags & 64 and not on.direct()


async def test_buttons_outlive_the_program(on: House) -> None:
    done = await on.drawn()
    await on.restart()
    await on.ann.click(done, label="Again")
    assert "Done" in (await on.finished()).content and len(on.shown()) == 2


async def test_a_button_of_another_version_says_so(on: House) -> None:
    done = await on.drawn()
    stored = on.env.backend.get_message(done.channel_id, done.id)
    stored.components[0]["components"][0]["custom_id"] = "dq0:again:x"
    await on.ann.click(done, custom_id="dq0:again:x")
    await on.said("This button has expired")


async def test_a_refusal_is_for_the_person_alone(on: House) -> None:
    await on.imagine("a red apple --steps 1000")
    stored = await on.said("goes from 1 to 150")
    assert stored.flags & 64 and not on.shown()


async def test_a_picture_can_be_drawn_over(on: House) -> None:
    done = await on.drawn("a dog", image=("base.png", a_png(side=64)))
    row = await pictures.get(on.db, (await on.pictures(done))[0])
    assert row is not None and row.recipe.source is not None


async def test_several_pictures_are_each_drawn_over(on: House) -> None:
    given = {"image": ("a.png", a_png(side=64)), "image_two": ("b.png", a_png(side=80))}
    done = await on.drawn("a dog", **given)
    rows = [await pictures.get(on.db, one) for one in await on.pictures(done)]
    assert [row.recipe.source is not None for row in rows if row] == [True, True]
    assert [row.parent for row in rows if row] == [None, None]


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [("notes.txt", b"hello", "That is no picture"), ("broken.png", a_png()[:60], "damaged")],
)
async def test_what_is_no_picture_is_refused(on: House, name: str, content: bytes, told: str) -> None:
    await on.imagine("a dog", image=(name, content))
    await on.said(told)
    assert not on.pool.drawn and not on.shown()


async def test_what_is_shared_is_opened_and_drawn_by_others(on: House) -> None:
    done = await on.drawn()
    target = (await on.pictures(done))[0]
    await on.ann.select(done, [f"share:{target}"])
    code = (await on.said("/recipe ")).content.split()[-1]
    await on.bob.slash(on.channel, "recipe", share=code)
    opened = await on.until(lambda: next((m for m in on.hidden() if m.content.startswith("Recipe")), None))
    shown = len(on.shown())
    await on.bob.click(on.message(opened), label="Draw this")
    theirs = await on.finished()
    assert "Done" in theirs.content and len(on.shown()) == shown + 1
    bob = await on.studio.person("discord", str(on.bob.id))
    [row] = (await pictures.search(on.db, bob.id)).pictures
    mine = await pictures.get(on.db, target)
    assert mine and row.recipe == mine.recipe
