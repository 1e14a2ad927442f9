"""Pictures that people send, and pictures that are hard to send."""

from __future__ import annotations

import io
import random

import pytest
from PIL import Image, ImageDraw

from bot.platforms.telegram import photos
from storage import pictures
from tests.bot.platforms.telegram.conftest import House
from tests.fakes import a_png
from tests.peers.telegram import Chat, TelegramServer, User
from tests.scene import data, scene


def alone(server: TelegramServer) -> tuple[Chat, User]:
    ann = server.user("安", language="zh-hans")
    return server.private(ann), ann


async def source(house: House) -> Image.Image:
    """What the last job draws over."""
    [row] = await pictures.of_job(house.db, house.pool.drawn[-1][0])
    assert row.recipe.source is not None
    return Image.open(io.BytesIO(await house.db.files.get(row.recipe.source.picture)))


async def test_a_caption_draws_over_the_photo(house: House, server: TelegramServer) -> None:
    chat, ann = alone(server)
    await chat.say(ann, "变成水彩画", photo=data(scene()))
    await chat.answer(lambda one: one.photo)
    assert (await source(house)).size == (320, 320)


async def test_words_in_reply_to_a_photo_draw_over_it(house: House, server: TelegramServer) -> None:
    ann, bob = server.user("Ann", language="en"), server.user("Bob")
    group = server.group("Studio", [ann, bob])
    photo = await group.say(bob, photo=data(scene()))
    await group.say(ann, "/imagine as a watercolor", reply_to=photo)
    await group.answer(lambda one: one.photo)
    assert (await source(house)).size == (320, 320)


async def test_paint_on_its_picture_says_where_to_draw(house: House, server: TelegramServer) -> None:
    chat, ann = alone(server)
    await chat.say(ann, "一只红苹果")
    drawn = await chat.answer(lambda one: one.photo)
    assert drawn.photo is not None
    copy = Image.open(io.BytesIO(drawn.photo)).convert("RGB")
    ImageDraw.Draw(copy).rectangle((20, 20, 60, 60), fill=(255, 255, 255))
    await chat.say(ann, "一朵花", photo=data(copy), reply_to=drawn)
    await chat.answer(lambda one: one.photo, after=drawn.order)
    alpha = (await source(house)).getchannel("A")
    assert alpha.getpixel((40, 40)) == 0 and alpha.getpixel((100, 100)) == 255


async def test_a_photo_without_a_word_is_painted_over_by_a_reply(house: House, server: TelegramServer) -> None:
    chat, ann = alone(server)
    await chat.say(ann, photo=data(scene()))
    asked = await chat.answer()
    assert "要怎么处理" in asked.text
    await chat.press(ann, asked, "🖌 在上面画")
    question = await chat.answer(after=asked.order)
    await chat.say(ann, "一只猫，水彩", reply_to=question)
    await chat.answer(lambda one: one.photo, after=question.order)
    assert (await source(house)).size == scene().size


async def test_a_document_of_ours_shows_its_recipe(house: House, server: TelegramServer) -> None:
    from engine.pixels import png_recipe
    from tests.fakes import a_recipe

    chat, ann = alone(server)
    await chat.say(ann, document=png_recipe.png(scene(), a_recipe("a red fox", seed=77)))
    recipe = await chat.answer()
    assert "a red fox" in recipe.text and "77" in recipe.text
    await chat.say(ann, document=data(scene()))
    other = await chat.answer(after=recipe.order)
    assert "图收到了" in other.text and "照着画" not in str(other.keyboard)
    await chat.press(ann, recipe, "🎨 照着画")
    done = await chat.answer(lambda one: one.photo, after=other.order)
    assert done.photo


async def test_a_file_too_large_to_fetch_is_refused_in_words(house: House, server: TelegramServer) -> None:
    chat, ann = alone(server)
    await chat.say(ann, "变成水彩画", document=b"\x89PNG" + bytes(21 * 2**20))
    assert "20 MB" in (await chat.answer()).text


# --- what Telegram does not take ---


@pytest.mark.parametrize("size", [(9000, 2000), (4000, 100), (100, 4000), (64, 64)])
def test_photos_are_brought_within_the_limits(size: tuple[int, int]) -> None:
    with Image.open(io.BytesIO(photos.photo(data(Image.new("RGBA", size, (10, 200, 30, 90)))))) as made:
        assert sum(made.size) <= photos.SIDES and max(made.size) <= photos.RATIO * min(made.size)


def test_a_photo_of_too_many_bytes_is_encoded_anew() -> None:
    random.seed(1)
    noise = data(Image.frombytes("RGB", (2000, 2000), random.randbytes(12_000_000)))
    assert len(noise) > photos.PHOTO > len(photos.photo(noise))


def test_a_sheet_keeps_every_picture_whole() -> None:
    parts = [a_png((40 * at, 90, 30), side=200 + at) for at in range(1, 5)]
    with Image.open(io.BytesIO(photos.sheet(parts))) as sheet:
        assert sheet.size == (2 * 204 + 3 * photos.GAP,) * 2


@pytest.mark.parametrize(
    ("size", "whole"),
    [((2560, 1440), True), ((2561, 1440), False), ((2000, 99), False), ((9000, 1100), False), ((600, 12_000), False)],
)
def test_a_sheet_that_is_larger_than_a_photo_is_sent_as_a_document_too(size: tuple[int, int], whole: bool) -> None:
    sheet = data(Image.new("RGB", size, "red"))
    assert photos.whole(sheet) is whole
    with Image.open(io.BytesIO(photos.photo(sheet))) as photo:
        assert photo.width + photo.height <= 10_000 and max(photo.size) <= 20 * min(photo.size)
    assert photos.document(sheet)[0] == "png"


def test_a_document_beyond_the_limit_is_smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    sheet = data(Image.effect_noise((900, 700), 90).convert("RGB"))
    monkeypatch.setattr(photos, "DOCUMENT", len(sheet) - 1)
    suffix, made = photos.document(sheet)
    assert suffix == "jpg" and len(made) < len(sheet)
    with Image.open(io.BytesIO(made)) as picture:
        assert picture.size == (900, 700)
