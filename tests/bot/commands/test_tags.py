"""/tags and its buttons: a table in two languages, drawn, added, written as a caption; who may see what."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from bot.chat import Card, Upload
from bot.studio import tag_options
from bot.studio.tag_options import CaptionStyle, TagWish
from bot.studio.tag_reading import MOST
from engine.pixels import png_recipe
from engine.recipe import Recipe
from engine.tagging import PictureTags, SeenTag, Thresholds, caption, kept
from prompts.errors import Refusal
from prompts.prompt import Fragment, Prompt
from storage import maps, pictures
from tests.bot.studio.test_studio import House, house
from tests.fakes import a_png, a_recipe

SEEN = PictureTags(
    "wd",
    (
        SeenTag("1girl", 0.99),
        SeenTag("general", 0.9, "rating"),
        SeenTag("hatsune miku (cosplay)", 0.9, "character"),
        SeenTag("red scarf", 0.8),
        SeenTag("^_^", 0.5),
    ),
)
SENT = (Upload("x.png", a_png((9, 9, 9))),)


async def said(at: House, text: str, account: str = "ann", files: tuple[Upload, ...] = SENT) -> Card:
    return at.chat.messages[await at.say(text, account, files=files)]


async def pressed(at: House, action: str, target: str, account: str = "ann") -> Card:
    return at.chat.messages[await at.press(action, target, account)]


async def drawn(at: House, action: str, target: str) -> Recipe:
    before = len(at.pool.drawn)
    await at.press(action, target)
    job = (await at.drawn(before + 1))[-1]
    at.pool.finish(job)
    await at.chat.until(lambda: job in at.chat.messages and bool(at.chat.messages[job].pictures))
    return (await at.job(job)).recipe


def fields(card: Card) -> dict[str, str]:
    return {one.label.key: one.value if isinstance(one.value, str) else one.value.key for one in card.fields}


async def test_a_picture_becomes_a_table_and_the_table_a_picture(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        at.pool.tags = lambda wish: SEEN
        await at.say("/settings language zh")
        card = await said(at, "/反推")
        assert card.text.key == "tags.read" and card.text.values == {"count": 4, "reader": "wd"}
        told = fields(card)
        assert told["tags.kind.general"] == "女孩 1girl  99%\n红围巾 red scarf  80%\n^_^  50%"
        assert told["tags.kind.character"] == "hatsune miku (cosplay)  90%"
        assert told["tags.rating"] == "tags.rating.general"
        draw, add, write = card.buttons
        assert [one.action for one in card.buttons] == ["draw_read", "add_read", "caption_read"]
        assert (await pressed(at, add.action, add.target)).text.key == "tags.nothing_mine"
        girl = await drawn(at, draw.action, draw.target)
        assert r"hatsune miku \(cosplay\)" in girl.prompt.positive and "red scarf" in girl.prompt.positive
        assert (await pressed(at, add.action, add.target)).text.key == "tags.all_there"
        cat = await at.recipe("a cat on a table")
        more = await drawn(at, add.action, add.target)
        assert more.seed == cat.seed and "cat" in more.prompt.positive and "red scarf" in more.prompt.positive
        file = (await pressed(at, write.action, write.target)).file
        assert file and file.name == "caption.txt" and not file.address
        assert file.content == b"1girl, hatsune miku \\(cosplay\\), red scarf, ^_^\n"
        assert (await pressed(at, draw.action, draw.target, "bob")).text.key == "press.unknown"
        await at.say("/settings language zh-TW")
        assert "紅圍巾 red scarf" in fields(await said(at, "/反推"))["tags.kind.general"]


async def test_captions_are_written_as_trainers_read_them(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        at.pool.tags = lambda wish: SEEN
        card = await said(at, "/tags caption trigger=xiaohong underscores=keep brackets=plain 0.3")
        assert card.file and card.file.content == b"xiaohong, 1girl, hatsune_miku_(cosplay), red_scarf, ^_^\n"
        assert at.pool.readings[-1].general == 0.3
        at.pool.tags = lambda wish: PictureTags("wd")
        assert (await said(at, "/tags 标注")).text.key == "tags.nothing_to_write"
    assert caption(["a (b)", "a (b)"], trigger=" t ") == r"t, a \(b\)"


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("", TagWish()),
        ("wd-vit 0.4 角色=0.9 分级：50%", TagWish("wd-vit", Thresholds(0.4, 0.9, 0.5))),
        ("阈值=35% mcut", TagWish("", Thresholds(0.35, mcut=True))),
        ("模型=clip:tiny", TagWish("clip:tiny")),
        ('標註 觸發詞="小 红"', TagWish(caption=True, style=CaptionStyle("小 红"))),
        ("下划线=保留，括号=原样", TagWish(caption=True, style=CaptionStyle("", True, False))),
    ],
)
def test_what_is_said_behind_it(text: str, wish: TagWish) -> None:
    assert tag_options.read(text, TagWish()) == wish


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("1.5", "tags.threshold"),
        ("character=much", "tags.threshold"),
        ("rating=-1", "tags.threshold"),
        ("colour=red", "tags.option"),
        ("underscores=perhaps", "tags.option"),
    ],
)
def test_what_cannot_be_is_told(text: str, key: str) -> None:
    with pytest.raises(Refusal) as refused:
        tag_options.read(text, TagWish())
    assert refused.value.key == key


async def test_without_a_picture_and_with_a_reader_that_is_none(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        assert (await said(at, "/tags", files=())).text.key == "tags.how"
        assert (await said(at, "/tags wd-vit")).text.key == "tags.no_reader"
        assert (await said(at, "/tags clip")).text.key == "tags.no_clip"
        assert (await said(at, "/tags abcdefghijklmnop", files=())).text.key == "share.unknown"
        assert not at.pool.readings


async def test_a_picture_of_ours_tells_its_own_recipe_to_its_owner_alone(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        at.pool.tags = lambda wish: SEEN
        picture = await at.picture("a red apple")
        mine = await pressed(at, "read_tags", picture)
        assert mine.text.key == "tags.read"
        theirs = await pressed(at, "read_tags", picture, "bob")
        assert theirs.text.key == "tags.read" and "tags.recipe" not in fields(theirs)
        shared = await pressed(at, "share", picture)
        by_code = await said(at, f"/tags {shared.share} 0.5", "bob", ())
        assert by_code.text.key == "tags.read" and at.pool.readings[-1].general == 0.5
        assert (await pressed(at, "read_tags", "none")).text.key == "picture.gone"


async def test_seconds_are_charged_and_who_has_none_left_is_told(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        at.pool.tags, at.pool.map_seconds = (lambda wish: SEEN), 7.0
        at.studio.rules = replace(at.studio.rules, access=replace(at.studio.rules.access, seconds=10, pictures=1))
        await at.recipe("a red apple")  # no picture is left: looking takes none
        assert (await said(at, "/tags")).text.key == "tags.read"
        person = await at.person()
        assert await maps.seconds(at.db, person.id, at.db.now().date()) == 7.0
        await said(at, "/tags")
        assert (await said(at, "/tags")).text.key == "access.seconds"


async def test_tags_for_adults_are_told_where_such_words_may_be_said(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        nude = (*SEEN.tags, SeenTag("completely nude", 0.9), SeenTag("explicit", 0.95, "rating"))
        at.pool.tags = lambda wish: PictureTags("wd", nude)
        told = fields(await said(at, "/tags"))
        assert "nude" not in told["tags.kind.general"] and told["tags.note"] == "tags.left_out"
        at.studio.rules = replace(at.studio.rules, access=replace(at.studio.rules.access, adult="allow"))
        told = fields(await said(at, "/tags"))
        assert "completely nude" in told["tags.kind.general"] and "tags.note" not in told
        at.pool.tags = lambda wish: PictureTags("wd", (*nude, SeenTag("child", 0.9)))
        card = await said(at, "/tags")
        assert card.text.key == "tags.not_told" and not card.fields


async def test_no_threshold_hides_what_a_picture_is_rated(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        seen = (SeenTag("child", 0.9), SeenTag("explicit", 0.8, "rating"))
        at.pool.tags = lambda wish: PictureTags("wd", kept(seen, Thresholds(wish.general, rating=wish.rating)))
        assert (await said(at, "/tags rating=0.99")).text.key == "tags.not_told"
        seen = (SeenTag("cat", 0.9), SeenTag("general", 0.8, "rating"))
        assert "tags.rating" in fields(await said(at, "/tags rating=0.5"))
        assert "tags.rating" not in fields(await said(at, "/tags rating=0.99"))
        seen = tuple(SeenTag(f"a{number}", 0.5) for number in range(9000))
        assert (await said(at, "/tags 0")).text.values["count"] == MOST


async def test_without_a_picture_it_is_the_newest_and_of_several_none(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        at.pool.tags = lambda wish: SEEN
        await at.picture("a red apple")
        newest = await pictures.get(at.db, await at.picture("a cat"))
        assert newest
        card = await said(at, "/tags 0.5", files=())
        assert card.text.key == "tags.read"
        assert at.pool.readings[-1].picture == newest.hash and at.pool.readings[-1].general == 0.5
        assert (await said(at, "/tags", "bob", ())).text.key == "tags.how"
        assert (await said(at, "/tags", files=SENT * 2)).text.key == "tags.one_picture"
        assert len(at.pool.readings) == 1


async def test_the_words_in_a_file_are_told_where_such_words_may_be_said(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        at.pool.tags = lambda wish: SEEN
        for words in ("a cat", "a completely nude woman", "a nude child"):
            recipe = replace(a_recipe(), prompt=Prompt(words, (Fragment(words),)))
            file = Upload("x.png", png_recipe.png(Image.new("RGB", (32, 32)), recipe))
            card = await said(at, "/tags", files=(file,))
            assert fields(card).get("tags.recipe") == (words if words == "a cat" else None)
            if "woman" in words:
                assert fields(card)["tags.note"] == "tags.recipe_left_out"
        assert card.text.key == "access.minors"
