"""A picture that is attached or answered guides the shapes of another: the command, what it needs, its buttons."""

from __future__ import annotations

import io
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw

from bot.chat import Card, Request, Upload
from bot.commands.control import read, said
from bot.people.limits import Limits
from bot.platforms.web import recipe_text
from engine import control_words
from engine.control import Control
from engine.files import catalog
from engine.job import State
from engine.maps import codes, making
from engine.preprocessors import KINDS, PREPROCESSORS
from engine.recipe import Recipe
from prompts.controls import asked
from prompts.prompt import Options
from storage import favourites, jobs, pictures, uploads
from storage.jobs import Place
from tests.bot.studio.test_studio import House, house
from tests.fakes import a_png


def drawing(size: tuple[int, int] = (96, 64)) -> bytes:
    """A disc on a ground, which has edges."""
    image = Image.new("RGB", size, "white")
    ImageDraw.Draw(image).ellipse((20, 10, 60, 50), fill="red")
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def owners(at: House) -> None:
    """What comes with the built-in model lies in the folders, as it does where the program runs."""
    at.studio.rules = replace(at.studio.rules, models=(catalog.COMPANIONS,))


async def guided(at: House, text: str = "/control edges 0.8 a green pear", **more: Any) -> Recipe:
    return await at.recipe(text, files=(Upload("disc.png", drawing()),), **more)


async def told(at: House, text: str, **more: Any) -> Card:
    return at.chat.messages[await at.say(text, **more)]


@pytest.mark.parametrize(
    ("text", "asked", "words"),
    [
        ("pose a girl", "pose", "a girl"),
        ("姿势 0.8 一个女孩", "姿势:0.8", "一个女孩"),
        ("姿势：80％，一个女孩", "姿势:80%", "一个女孩"),
        ("soft edges 0.8 0-0.5 a lion", "soft edges:0.8:0-0.5", "a lion"),
        ("colour in a castle", "colour in", "a castle"),
        ("pose 2 girls", "pose", "2 girls"),
        ("canny:0.5:mode=control a cat", "canny:0.5:mode=control", "a cat"),
    ],
)
def test_what_stands_behind_the_command(text: str, asked: str, words: str) -> None:
    asked_for, rest = read(text)
    assert (asked_for.replace("％", "%"), rest) == (asked, words)


@pytest.mark.parametrize(
    ("text", "control", "words"),
    [
        ("qr https://example.org/x?y=1 a castle", "qr:text=https://example.org/x?y=1", "a castle"),
        ("二维码 1.3 0-0.9 https://例.cn/城，一座城堡", "二维码:1.3:0-0.9:text=https://例.cn/城", "一座城堡"),
        ("二维码：https://example.org 城堡", "二维码:text=https://example.org", "城堡"),
        ("qr code 2 <https://example.org> a castle", "qr code:2:text=https://example.org", "a castle"),
        ('qr "hello: world" a castle', "qr:text=hello: world", "a castle"),
        ("二维码「你好」 城堡", "二维码「你好」", "城堡"),  # no word of ours
        ("qr example.org/a a castle", "qr:text=example.org/a", "a castle"),
        ("qr wifi:S:net;T:WPA;P:pw;; a castle", "qr:text=wifi:S:net;T:WPA;P:pw;;", "a castle"),
        ("qr 2 girls", "qr", "2 girls"),
        ("qr masterpiece, castle", "qr", "masterpiece, castle"),
    ],
)
def test_what_a_code_says(text: str, control: str, words: str) -> None:
    asked_for, rest = read(text)
    coded, left = said(asked(asked_for), rest)
    assert (str(coded), left) == (control, words)


def coding(at: House, folder: Path) -> None:
    """A net that is called as one for codes lies there."""
    shutil.copytree(catalog.COMPANIONS / "demo-edges", folder / "demo-qrcode_monster")
    at.studio.rules = replace(at.studio.rules, models=(catalog.COMPANIONS, folder))


async def test_a_mask_comes_behind_its_picture(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        owners(at)
        half = a_png((255, 255, 255), 64)
        files = (Upload("disc.png", drawing()), Upload("half.png", half))
        made = await at.recipe("/control edges:mask=sent 0.8 a pear", files=files)
        [control] = made.controls
        assert await at.db.files.get(control.source) == files[0].content and await at.db.files.get(control.mask) == half
        assert control.mask in made.files and made.source is None and control.strength == 0.8
        # Said in words, it is found by its hash.
        again = await at.recipe(recipe_text.as_text(made))
        assert again.controls[0].mask == control.mask and again.controls[0].picture == control.picture
        two = "a pear --控制 边缘:蒙版=附图 --control demo-edges:by=none"
        three = (*files, Upload("map.png", drawing((64, 96))))
        first, second = (await at.recipe(two, files=three)).controls
        assert first.mask == control.mask and await at.db.files.get(second.picture) == three[2].content
        assert not second.mask
        for wrong in (three[:2], (*three, three[0])):
            card = await told(at, two, files=wrong)
            assert card.text.key == "control.mask_pictures"
            assert card.text.values == {"wanted": 3, "count": len(wrong)}
        gone = await told(at, "/control edges:mask=0123abcd a pear", files=files[:1])
        assert gone.text.key == "over.unknown"


async def code_of(at: House, recipe: Recipe) -> str:
    """What the map of a recipe's only control says, which is as large as the picture."""
    [control] = recipe.controls
    assert (control.net, control.preprocessor, control.source) == ("demo-qrcode_monster", "qr", "")
    with Image.open(io.BytesIO(await at.db.files.get(control.picture))) as shape:
        assert shape.size == (recipe.width, recipe.height)
        return codes.read(shape)


@pytest.mark.parametrize(
    ("text", "says", "strength"),
    [
        ("/控制 二维码 https://example.org 一座城堡 --size 256x192", "https://example.org", 1.0),
        ("一座城堡 --size 192x256 --控制 二维码：1.4＝https://example.org", "https://example.org", 1.4),
        ('/control qr "hello world" a castle --size 256x256', "hello world", 1.0),
    ],
)
async def test_a_code_is_made_of_a_text_without_a_picture(
    tmp_path: Path, text: str, says: str, strength: float
) -> None:
    async with house(tmp_path) as at:
        coding(at, tmp_path / "nets")
        made = await at.recipe(text)
        assert await code_of(at, made) == says
        assert made.controls[0].strength == strength and made.source is None and "castle" in made.prompt.positive
        assert [one.values["text"] for one in made.prompt.notes if one.key == "map.qr_read"] == [says]
        card = at.chat.messages[(await at.drawn())[0]]
        picture = card.pictures[0].id
        shown = at.chat.messages[await at.press("show_map", picture)]
        assert [one.hash for one in shown.pictures] == [made.controls[0].picture]
        assert "other_map" not in [one.action for one in card.buttons]


async def test_a_picture_beside_a_code_is_drawn_over_and_one_may_be_of_a_code(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        coding(at, tmp_path / "nets")
        sent = (Upload("code.png", making.png(codes.written("from afar", (256, 256)))),)
        over = await at.recipe("/control qr https://example.org a castle --size 256x256", files=sent)
        assert over.source and await code_of(at, over) == "https://example.org"
        of = await at.recipe('/control qr "castle" --size 256x256', files=sent)
        [control] = of.controls
        assert of.source is None and control.source and control.preprocessor == "qr"
        both = await at.recipe("a pear --control edges --control qr=https://a.org --size 256x256", files=sent)
        assert [bool(one.source) for one in both.controls] == [True, False] and both.source is None


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("/control qr a castle", "control.no_code"),
        ("a castle --控制 二维码", "control.no_code"),
        ("a castle --control edges=https://example.org", "control.no_text"),
        ("/control pose=https://example.org a castle", "control.no_text"),
        (f"/control qr https://example.org/{'a' * 999} a castle", "map.qr_long"),
        (f"/control qr https://example.org/{'a' * 300} a castle --size 128x128", "map.qr_small"),
        ("/control qr https://nude-child.example/ a castle", "access.minors"),
    ],
)
async def test_a_code_that_cannot_be(tmp_path: Path, text: str, key: str) -> None:
    async with house(tmp_path) as at:
        coding(at, tmp_path / "nets")
        assert (await told(at, text)).text.key == key
        assert not at.pool.drawn


def test_every_word_means_something_of_its_own() -> None:
    names = [name.casefold() for row in control_words.WORDS.values() for name in {*row.zh, *row.en, row.name}]
    assert len(names) == len(set(names))
    for row in control_words.WORDS.values():
        assert set(row.kinds) <= set(KINDS) and set(row.by) <= set(PREPROCESSORS) and all(row.example)
        for name in (*row.zh, *row.en):
            assert control_words.word(name) is row
    for files in control_words.FILES.values():
        assert set(files) <= {*KINDS, "ip2p", "inpaint"}


async def test_an_attached_picture_guides_and_is_not_drawn_over(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        owners(at)
        made = await guided(at)
        [control] = made.controls
        assert made.source is None and "pear" in made.prompt.positive
        assert (control.net, control.preprocessor, control.strength) == ("demo-edges", "edges", 0.8)
        assert (made.width, made.height) == (160, 104)  # the picture's shape at the model's area
        with Image.open(io.BytesIO(await at.db.files.get(control.picture))) as shape:
            assert shape.size == (made.width, made.height)
            assert 0 < sum(shape.convert("L").histogram()[128:]) < shape.width * shape.height / 2
        person = (await at.person()).id
        assert await pictures.owned(at.db, person, control.picture)
        assert await pictures.owned(at.db, person, control.source)
        assert at.pool.drawn and len(made.files) == 1


@pytest.mark.parametrize(
    "text", ["/控制 边缘 0.8 一个青梨", "一个青梨 --control 边缘:0.8", "/画 一个青梨 --控制 边缘：80％"]
)
async def test_it_is_asked_for_in_chinese_and_in_any_text(tmp_path: Path, text: str) -> None:
    async with house(tmp_path) as at:
        owners(at)
        [control] = (await guided(at, text)).controls
        assert (control.net, control.strength) == ("demo-edges", 0.8)


async def test_an_answered_picture_guides_and_can_be_drawn_over_as_well(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        owners(at)
        picture = await at.picture()
        row = await pictures.get(at.db, picture)
        assert row
        for text, over in (("a pear --control edges", None), ("a pear --control edges --strength 0.5", row.hash)):
            person, before = await at.person(), len(at.pool.drawn)
            await at.desk.request(
                Request(person=person, place=Place("fake", "ann"), text=text, key=text, reply_to=picture)
            )
            job = (await at.drawn(before + 1))[-1]
            at.pool.finish(job)
            recipe = (await at.job(job)).recipe
            assert [one.source for one in recipe.controls] == [row.hash]
            assert (recipe.source and recipe.source.picture) == over


async def test_pictures_for_controls_come_beside_those_to_draw_over(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        owners(at)
        person = await at.person()
        asked = Options(controls=("edges:0.5", "demo-edges:0-0.5:by=none"))
        shapes = (Upload("a.png", drawing()), Upload("b.png", drawing((64, 96)), mask=a_png((255, 255, 255), 64)))
        await at.desk.request(
            Request(person=person, place=Place("fake", "ann"), text="a pear", key="k", options=asked,
                    files=(Upload("over.png", a_png(side=64)),), guides=shapes)
        )  # fmt: skip
        made = (await at.job((await at.drawn())[0])).recipe
        assert made.source and (made.width, made.height) == (128, 128)
        first, second = made.controls
        assert (first.strength, first.preprocessor, second.preprocessor, second.end) == (0.5, "edges", "", 0.5)
        assert await at.db.files.get(second.picture) == shapes[1].content  # a map already, as it came
        assert second.mask and not second.source and len(made.files) == 4


@pytest.mark.parametrize(
    ("text", "key", "values"),
    [
        ("/control pose a girl", "control.builtin", {"name": "pose"}),
        ("/控制 深度 女孩", "control.builtin", {"name": "深度"}),
        ("/control poze a girl", "control.unknown_word", {"near": "pose"}),
        ("/control qqqqqq a girl", "control.unknown_word", {"near": ""}),
        ("/control edges:by=depth a girl", "control.no_preprocessor", {}),
        ("/control edges:net=gone a girl", "control.unknown_far", {}),
        ("/control edges:9 a girl", "option.out_of_range", {"value": "9"}),
        ("a girl --control edges --control edges --control edges --control edges --control edges",
         "control.too_many", {"count": 5}),
    ],
)  # fmt: skip
async def test_what_cannot_be_is_refused_by_name(
    tmp_path: Path, text: str, key: str, values: dict[str, object]
) -> None:
    async with house(tmp_path) as at:
        owners(at)
        card = await told(at, text, files=(Upload("disc.png", drawing()),))
        assert card.text.key in (key, key.removesuffix("_far"))
        assert values.items() <= dict(card.text.values).items()
        assert not at.pool.drawn


async def test_without_a_picture_it_says_what_it_needs(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        owners(at)
        for text in ("/control edges a pear", "a pear --control edges"):
            assert (await told(at, text)).text.key == "control.no_picture"
        two = (Upload("a.png", drawing()), Upload("b.png", drawing()))
        assert (await told(at, "/control edges a pear", files=two)).text.key == "control.too_many_pictures"


async def test_what_is_there_and_what_is_missing_is_listed(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        owners(at)
        for text in ("/controls", "/control", "/控制列表"):
            card = await told(at, text)
            assert card.text.key == "controls.title" and card.text.values["count"] == 1
            line = card.fields[0].value
            assert not isinstance(line, str)
            assert line.values == {
                "net": "demo-edges", "preprocessor": "edges", "example": "/control edges 0.8 a green apple"
            }  # fmt: skip
            assert any(one.label.key == "controls.missing" for one in card.fields)


async def test_its_buttons_still_work_after_a_restart(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        owners(at)
        made = await guided(at)
        [job] = await at.drawn()
        card = at.chat.messages[job]
        picture = card.pictures[0].id
        actions = [one.action for one in card.buttons if one.target == picture]
        assert {"same_shape", "control_stronger", "control_weaker", "show_map", "other_map", "without_control"} <= {
            *actions
        }
        assert any(one.label.key == "recipe.control" for one in card.fields)
        await at.restart()
        owners(at)
        shown = at.chat.messages[await at.press("show_map", picture)]
        assert [one.hash for one in shown.pictures] == [made.controls[0].picture]

        async def pressed(action: str, target: str = picture, **values: str) -> Recipe:
            before = len(at.pool.drawn)
            await at.press(action, target, **values)
            job = (await at.drawn(before + 1))[-1]
            at.pool.finish(job)
            await at.chat.until(lambda: at.chat.messages[job].state is State.DONE)
            return (await at.job(job)).recipe

        assert (await pressed("control_stronger")).controls[0].strength == 1.0
        assert (await pressed("control_weaker")).controls[0].strength == 0.6
        assert (await pressed("without_control")).controls == ()
        again = await pressed("same_shape", prompt="a blue plate --seed 9")
        assert again.controls == made.controls and "plate" in again.prompt.positive and again.seed == 9
        assert (again.width, again.height, again.steps, again.model) == (
            made.width,
            made.height,
            made.steps,
            made.model,
        )
        assert at.chat.messages[await at.press("same_shape", picture)].text.key == "control.words"
        offered = at.chat.messages[await at.press("other_map", picture)]
        assert [one.target for one in offered.buttons] == [f"{picture}.canny"]
        other = await pressed("with_map", f"{picture}.canny")
        [control] = other.controls
        assert control.preprocessor == "canny" and control.picture != made.controls[0].picture
        assert replace(other, controls=made.controls) == made
        assert at.chat.messages[await at.press("with_map", f"{picture}.nothing")].text.key == "press.unknown"


async def test_a_control_that_never_acts_is_told_whatever_way_it_came_about(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        owners(at)

        async def pressed(action: str, target: str, **values: str) -> tuple[str, Recipe]:
            before = len(at.pool.drawn)
            await at.press(action, target, **values)
            job = (await at.drawn(before + 1))[-1]
            at.pool.finish(job)
            await at.chat.until(lambda: at.chat.messages[job].state is State.DONE)
            return at.chat.messages[job].pictures[0].id, (await at.job(job)).recipe

        def told_of(recipe: Recipe) -> list[object]:
            return [one.values["name"] for one in recipe.prompt.notes if one.key == "note.control_idle"]

        made = await guided(at, "/control edges:0-0.2 a green pear --steps 10")
        assert told_of(made) == []
        picture = at.chat.messages[(await at.drawn())[-1]].pictures[0].id
        shorter, same = await pressed("same_shape", picture, prompt="a plate --steps 4")
        assert same.controls == made.controls and told_of(same) == ["demo-edges"]  # no step of four ends by a fifth
        _, other = await pressed("with_map", f"{shorter}.canny")
        assert other.controls[0].preprocessor == "canny" and told_of(other) == ["demo-edges"]
        _, longer = await pressed("same_shape", shorter, prompt="a plate --steps 10")
        assert told_of(longer) == []
        second = await guided(at, "/control edges:pass=second a green pear")
        assert told_of(second) == ["demo-edges"]
        picture = at.chat.messages[(await at.drawn())[-1]].pictures[0].id
        _, finer = await pressed("hires", picture)
        assert finer.hires and finer.controls == second.controls and told_of(finer) == []


async def test_who_may_draw_nothing_more_has_no_map_made_either(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        owners(at)
        at.pool.map_seconds = 600.0

        async def refused(limits: Limits, account: str = "ann") -> str:
            at.studio.rules = replace(at.studio.rules, access=limits)
            before = len(at.pool.maps)
            other = Upload("other.png", a_png((before, 0, 0), 64))
            card = await told(at, "/control edges a pear", files=(other,), account=account)
            assert len(at.pool.maps) == before
            return card.text.key

        made = await guided(at)
        assert len(at.pool.maps) == 1
        picture = at.chat.messages[(await at.drawn())[0]].pictures[0].id
        assert await refused(Limits(seconds=600)) == "access.seconds"  # by its map, far from by the picture
        assert await refused(Limits(pictures=1)) == "access.pictures"
        assert await refused(Limits(cooldown=1000)) == "access.cooldown"
        before = len(at.pool.maps)
        pressed = at.chat.messages[await at.press("with_map", f"{picture}.canny")]
        assert pressed.text.key == "access.cooldown" and len(at.pool.maps) == before
        at.studio.rules = replace(at.studio.rules, access=Limits(seconds=9000))
        again = await guided(at)
        assert again.controls == made.controls and len(at.pool.maps) == 1  # what is there takes no time
        at.studio.draining = True
        assert await refused(Limits()) == "access.draining"
        at.studio.draining = False
        at.studio.rules = replace(at.studio.rules, access=Limits())
        for _ in range(12):  # more than may wait
            await at.say("a red apple", account="bob")
        assert await refused(Limits(), "bob") == "queue.full_person"


async def test_somebody_else_presses_nothing_and_draws_nothing_from_it(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        owners(at)
        await guided(at)
        picture = at.chat.messages[(await at.drawn())[0]].pictures[0].id
        for action in ("control_stronger", "show_map", "other_map", "same_shape"):
            assert at.chat.messages[await at.press(action, picture, "bob")].text.key == "access.not_yours"
        code = at.chat.messages[await at.press("share", picture)].share
        assert [one.action for one in (await told(at, f"/recipe {code}", account="bob")).buttons] == []
        assert at.chat.messages[await at.press("draw", code, "bob")].text.key == "share.source"


async def test_a_picture_without_controls_has_no_such_buttons(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        picture = await at.picture()
        card = at.chat.messages[(await at.drawn())[0]]
        assert not {"same_shape", "show_map", "other_map", "without_control"} & {one.action for one in card.buttons}
        assert at.chat.messages[await at.press("show_map", picture)].text.key == "control.none_here"


async def test_what_is_never_drawn_is_not_drawn_from_either(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        owners(at)
        child = await at.picture("a little girl in a garden")
        row = await pictures.get(at.db, child)
        assert row
        content = await at.db.files.get(row.hash)
        made = replace(row.recipe, controls=(Control("demo-edges", "ab" * 32, source=row.hash),))
        before = len(at.pool.drawn)
        card = await told(at, "/control edges nude", files=(Upload("girl.png", content),))
        assert card.text.key == "access.minors" and len(at.pool.drawn) == before
        assert made.files == ("ab" * 32,)


async def test_an_edit_keeps_the_shapes_and_zooming_out_does_not(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        owners(at)
        made = await guided(at)
        picture = at.chat.messages[(await at.drawn())[0]].pictures[0].id
        await at.press("edit", picture, sentence="make it red")
        edited = (await at.drawn(2))[-1]
        assert (await at.job(edited)).recipe.controls == made.controls
        at.pool.finish(edited)
        await at.press("zoom_out", picture)
        assert (await at.job((await at.drawn(3))[-1])).recipe.controls == ()


async def test_a_reply_that_asks_for_a_control_is_guided_by_what_it_answers(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        owners(at)
        picture = await at.picture()
        row = await pictures.get(at.db, picture)
        assert row
        await at.press("edit", picture, sentence="一个青梨 --控制 边缘:0.7")
        made = (await at.job((await at.drawn(2))[-1])).recipe
        assert [(one.source, one.strength) for one in made.controls] == [(row.hash, 0.7)]
        assert "pear" in made.prompt.positive and "apple" not in made.prompt.positive and made.source is None
        at.pool.finish((await at.drawn())[-1])
        await at.say(f"/edit {picture} a blue plate --control edges")
        assert (await at.job((await at.drawn(3))[-1])).recipe.controls[0].source == row.hash


async def test_a_favourite_keeps_its_map_for_years(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        owners(at)
        made = await guided(at)
        picture = at.chat.messages[(await at.drawn())[0]].pictures[0].id
        await at.press("favourite", picture)
        await pictures.delete(at.db, picture)
        await jobs.answered(at.db, (await at.drawn())[0])
        await uploads.tidy(at.db)
        assert await at.db.files.has(made.controls[0].picture)
        [kept] = await favourites.listed(at.db, (await at.person()).id)
        assert kept.recipe == made


LINE = "Steps: 12, Sampler: DPM++ 2M Karras, CFG scale: 5.5, Seed: 424242, Size: 128x192"


async def test_what_an_infotext_names_acts_where_the_net_and_a_picture_are_here(tmp_path: Path) -> None:
    unit = 'ControlNet 0: "Module: canny, Model: demo-edges [12345678], Weight: 0.7"'
    gone = 'ControlNet 1: "Module: depth_midas, Model: control_v11f1p_sd15_depth [cfd03158], Weight: 1"'
    async with house(tmp_path) as at:
        owners(at)
        text = f"a red fox\n{LINE}, {unit}, {gone}, Version: v1.6.0"
        alone = await at.recipe(text)
        [note] = [one for one in alone.prompt.notes if one.key == "note.control_aside"]
        assert alone.controls == () and note.values == {"names": "demo-edges, control_v11f1p_sd15_depth"}
        with_picture = await at.recipe(text, files=(Upload("disc.png", drawing()),))
        [control] = with_picture.controls
        assert (control.net, control.preprocessor, control.strength) == ("demo-edges", "canny", 0.7)
        [note] = [one for one in with_picture.prompt.notes if one.key == "note.control_aside"]
        assert note.values == {"names": "control_v11f1p_sd15_depth"}
        assert with_picture.source is None
        card = await told(at, f"/recipe {text}")
        assert card.text.key == "paper.read"
