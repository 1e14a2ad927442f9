"""Regions that are painted: a picture comes with a text, and is kept, carried on and forgotten with the recipe."""

from __future__ import annotations

import io
from pathlib import Path

from bot.chat import Upload
from bot.platforms.web.recipe_text import as_text
from bot.studio import inside
from engine.pixels import region_map
from engine.pixels.parameters import parameters
from engine.recipe import Recipe
from engine.regions import EVERYWHERE, Regions
from storage import uploads
from tests.bot.studio.test_painted_regions import canvas
from tests.bot.studio.test_sources import refused
from tests.bot.studio.test_studio import house
from tests.scene import data, scene

TEXT = "红：一只黑猫 | 蓝：一条白狗 | 背景：森林"


def sent(*shades: str, kind: str = "PNG", size: tuple[int, int] = (400, 300)) -> Upload:
    out = io.BytesIO()
    canvas(*shades, size=size).save(out, kind, quality=80)
    return Upload(f"map.{kind.lower()}", out.getvalue())


MAP = sent("#ff0000", "#0000ff", kind="JPEG")


def regions(recipe: Recipe) -> Regions:
    assert recipe.regions
    return recipe.regions


async def test_a_painted_picture_with_a_text_is_a_map(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        made = await at.recipe(TEXT, files=(MAP,))
        assert made.source is None and regions(made).places == ("red", "blue") and made.files == (regions(made).map,)
        assert made.width > made.height, "the picture has the map's shape"
        masks = region_map.opened(made.regions, {made.files[0]: await at.db.files.get(made.files[0])})
        assert masks["red"][150, 80] and masks["blue"][150, 310] and not (masks["red"] & masks["blue"]).any()
        lines = inside.lines(made)["regions"].splitlines()
        assert [line.split(" ", 1)[0] for line in lines] == ["🟥", "🟦"] and "cat" in lines[0]
        assert await uploads.find(at.db, (await at.person()).id, made.files[0][:10]) == made.files[0]


async def test_beside_a_map_another_picture_is_drawn_over_and_boxes_are_regions_too(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        photo = Upload("a.png", data(scene()))
        made = await at.recipe("red: a cat | right: a dog --strength 0.4", files=(photo, MAP))
        assert made.source and await at.db.files.get(made.source.picture) == photo.content
        assert regions(made).places == ("red", (0.5, 0.0, 1.0, 1.0))


async def test_what_is_not_painted_is_refused_by_name(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        told = {"colours": "🟩 绿/green", "least": "0.5"}
        assert await refused(at, "红：猫 | 绿：狗", (MAP,)) == ("regions.not_painted", told)
        key, values = await refused(at, "a AND b --regions red", ())
        assert (key, values) == ("regions.no_map", {"colours": "🟥 红/red"})
        assert not at.pool.drawn


async def test_without_a_picture_and_with_other_words_texts_are_what_they_were(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        assert (await at.recipe(TEXT)).regions is None
        over = await at.recipe("红色的猫 | 蓝色的狗", files=(MAP,))
        assert over.source and over.regions is None


async def test_what_follows_keeps_the_map_with_its_words_or_others(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        first = await at.recipe(TEXT, files=(MAP,))
        answer = at.chat.messages[(await at.drawn())[0]]
        assert "🟥 black cat\n🟦 white dog" in [line.value for line in answer.fields], "the plan is on the answer"
        [picture] = answer.pictures
        await at.press("again", picture.id)
        at.pool.finish(job := (await at.drawn(2))[-1])
        again = (await at.job(job)).recipe
        assert regions(again) == regions(first)
        await at.press("edit", picture.id, prompt="红：一只鸟 | 蓝：一条鱼")
        at.pool.finish(job := (await at.drawn(3))[-1])
        edited = (await at.job(job)).recipe
        assert regions(edited) == regions(first) and "bird" in edited.prompt.positive
        text = as_text(first)
        assert f"--regions red+blue:{regions(first).base:g}:map={first.files[0][:8]}" in text
        assert regions(await at.recipe(text)) == regions(first)


async def test_somebody_elses_map_is_not_here(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        first = await at.recipe(TEXT, files=(MAP,))
        key = await at.say(f"a AND b AND c --regions red+blue:map={first.files[0][:16]}", account="bob")
        assert at.chat.messages[key].text.key == "over.unknown"
        key = await at.say(f"a AND b AND c --regions red+blue:map={first.files[0]}", account="bob")
        assert at.chat.messages[key].text.key == "over.unknown"


async def test_an_infotext_says_the_colours_and_that_their_map_is_missing(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        first = await at.recipe(TEXT, files=(MAP,))
        said = parameters(first)
        assert 'Regions: "red+blue:' in said and first.files[0][:8] not in said
        without = await at.recipe(said)
        notes = {note.key: note.values for note in without.prompt.notes}
        assert without.regions is None and notes["note.map_aside"] == {"colours": "🟥 红/red, 🟦 蓝/blue"}
        whole = await at.recipe(said, files=(MAP,))
        assert whole.regions == first.regions and whole.source is None


async def test_a_second_pass_without_regions_is_told(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        said = "a AND b\nSteps: 5, Sampler: Euler, Size: 256x256, Regions: 0/0/0.5/1, Denoising strength: 0.5, "
        for words, told in (("a wood", True), ("a wood AND a cat", False)):
            made = await at.recipe(f'{said}Hires upscale: 1.5, Hires prompt: "{words}"')
            assert ("note.hires_without_regions" in [note.key for note in made.prompt.notes]) is told


async def test_a_map_is_drawn_after_a_restart(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        await at.say(TEXT, files=(MAP,))
        job = (await at.drawn())[0]
        await at.restart()
        assert await at.drawn() == [job]
        [kept] = (await at.job(job)).recipes
        assert await at.db.files.has(regions(kept).map) and regions(kept).part == EVERYWHERE


async def test_words_for_other_places_move_the_regions(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        await at.recipe("左边：一只猫 | 右边：一条狗")
        [picture] = at.chat.messages[(await at.drawn())[0]].pictures
        places = {"上面：一只猫 | 下面：一条狗": ((0, 0, 1, 0.5), (0, 0.5, 1, 1)), "一只猫": None}
        for count, (text, wanted) in enumerate(places.items(), 2):
            await at.press("edit", picture.id, prompt=text)
            at.pool.finish(job := (await at.drawn(count))[-1])
            made = (await at.job(job)).recipe
            assert (made.regions and made.regions.places) == wanted
