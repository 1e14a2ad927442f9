"""A person's pictures are found by any copy of them, and nobody else's ever."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from PIL.PngImagePlugin import PngInfo

from engine.files.hashes import Hashes
from engine.job import Picture, State
from engine.pixels import png_recipe
from engine.pixels.parameters import parameters
from storage import jobs, likeness, people, tables
from storage.database import Database
from storage.pictures import PictureRow
from tests.scene import data
from tests.storage.samples import accepted, recipe

NAMES = (
    "blueprint",
    "car-05",
    "car-15",
    "castle",
    "dog",
    "fox",
    "gilded",
    "guitar",
    "mushroom",
    "pair",
    "panda",
    "penguin",
)
DRAWN = [Path(__file__).parents[2] / "docs" / "pictures" / f"{name}.png" for name in NAMES]
OWN, OTHERS = DRAWN[:5], DRAWN[8:12]


def opened(path: Path) -> Image.Image:
    return Image.open(path).convert("RGB")


async def kept(db: Database, person: str, content: bytes, seed: int = 1) -> PictureRow:
    """A picture of somebody's, its file as it is."""
    one = await accepted(db, person, recipe(seed=seed))
    [row] = await jobs.end(
        db, one.id, State.DONE, pictures=[Picture(png=content, recipe=recipe(seed=seed), seconds=1.0)]
    )
    return row


def jpeg(image: Image.Image, quality: int = 30) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality)
    return out.getvalue()


def screenshot(image: Image.Image) -> bytes:
    """A chat on a telephone, dark, with lines above and a button below."""
    screen = Image.new("RGB", (390, 760), (24, 25, 28))
    screen.paste(image.resize((330, 330)), (30, 210))
    draw = ImageDraw.Draw(screen)
    for line in range(6):
        draw.text((30, 40 + 24 * line), "what somebody said at 12:30, and what was answered", fill="white")
    draw.rectangle((30, 560, 140, 590), fill=(80, 90, 220))
    return jpeg(screen, 70)


def cropped(image: Image.Image) -> bytes:
    across, down = image.size
    return jpeg(image.crop((across // 20, down // 14, across - across // 16, down)).resize((700, 640)), 60)


def dialog(image: Image.Image) -> bytes:
    """The page's own, with the picture opened: a white card on what is darkened behind it."""
    screen = Image.new("RGB", (1300, 1000), (70, 73, 75))
    draw = ImageDraw.Draw(screen)
    draw.rounded_rectangle((90, 70, 1210, 930), 16, fill="white")
    screen.paste(image.resize((500, 500)), (145, 150))
    for line in range(20):
        draw.text((720, 150 + 24 * line), "what the picture was drawn from, and its seed", fill="black")
    return jpeg(screen, 80)


def bubble(image: Image.Image) -> bytes:
    """A chat in a window on a desktop; the picture fills its bubble up to the words."""
    chat = Image.new("RGB", (700, 900), (200, 215, 160))
    draw = ImageDraw.Draw(chat)
    draw.rectangle((0, 0, 700, 80), fill=(80, 140, 190))
    draw.rounded_rectangle((20, 120, 522, 720), 20, fill="white")
    chat.paste(image.resize((498, 498)), (22, 122))
    for line in range(3):
        draw.text((40, 640 + 22 * line), "a picture, and what was asked for", fill="black")
    screen = Image.new("RGB", (1600, 1000), (30, 80, 150))
    screen.paste(chat, (440, 40))
    return jpeg(screen, 80)


def sheet(image: Image.Image) -> bytes:
    """One of four on a card."""
    screen = Image.new("RGB", (780, 1100), (243, 243, 242))
    ImageDraw.Draw(screen).rounded_rectangle((20, 60, 760, 1060), 24, fill="white")
    for place, one in enumerate((*map(opened, DRAWN[5:8]), image)):
        screen.paste(one.resize((345, 345)), (40 + place % 2 * 352, 120 + place // 2 * 352))
    return jpeg(screen, 80)


COPIES: dict[str, Callable[[Image.Image], bytes]] = {
    "recompressed": jpeg,
    "half": lambda image: data(image.resize((image.width // 2, image.height // 2))),
    "larger": lambda image: data(image.resize((image.width * 3, image.height * 3), Image.Resampling.BICUBIC)),
    "cropped": cropped,
    "bordered": lambda image: data(_bordered(image)),
    "screenshot": screenshot,
}


def _bordered(image: Image.Image) -> Image.Image:
    framed = Image.new("RGB", (image.width + 60, image.height + 90), (250, 80, 10))
    framed.paste(image, (20, 50))
    return framed


@pytest.mark.parametrize("way", COPIES)
async def test_own_pictures_are_found_by_a_copy(db: Database, person: str, way: str) -> None:
    mine = {path.name: await kept(db, person, data(opened(path)), seed) for seed, path in enumerate(OWN)}
    for path in OWN:
        found = await likeness.copies(db, person, COPIES[way](opened(path)), 9)
        assert found.pictures[:1] == (mine[path.name],) and not found.sure, path.name
    for path in OTHERS:  # drawn by the same model, and not kept
        assert await likeness.copies(db, person, COPIES[way](opened(path)), 9) == likeness.Copies(), path.name


@pytest.mark.parametrize("within", [dialog, bubble, sheet])
async def test_a_picture_is_found_wherever_it_stands_on_a_screen(
    db: Database, person: str, within: Callable[[Image.Image], bytes]
) -> None:
    mine = {path: await kept(db, person, data(opened(path)), seed) for seed, path in enumerate(OWN[2:4])}
    for path in OWN[2:4]:
        assert (await likeness.copies(db, person, within(opened(path)), 9)).pictures == (mine[path],), path.name
    for path in OTHERS[:1]:
        assert await likeness.copies(db, person, within(opened(path)), 9) == likeness.Copies(), path.name


async def test_pictures_of_somebody_else_are_never_found(db: Database, person: str) -> None:
    other = await people.person_of(db, "web", "somebody-else")
    own, papers = data(opened(DRAWN[0])), png_recipe.png(opened(DRAWN[1]), recipe(seed=77))
    theirs = await kept(db, other.id, own), await kept(db, other.id, papers, 77)
    for content in (own, papers, *(make(opened(DRAWN[0])) for make in COPIES.values())):
        assert await likeness.copies(db, person, content, 9) == likeness.Copies()
    assert (await likeness.copies(db, other.id, papers, 9)).pictures == theirs[1:]


async def test_what_the_file_says_goes_before_what_it_looks_like(db: Database, person: str) -> None:
    first, second = opened(DRAWN[0]), opened(DRAWN[1])
    await kept(db, person, data(first), 5)
    named = await kept(db, person, data(second), 6)
    by_recipe = png_recipe.png(first, recipe(seed=6))
    assert await likeness.copies(db, person, by_recipe, 9) == likeness.Copies((named,), sure=True)
    said = PngInfo()
    said.add_text("parameters", parameters(recipe(seed=6), Hashes("0123456789")))
    out = io.BytesIO()
    first.save(out, "PNG", pnginfo=said)
    assert await likeness.copies(db, person, out.getvalue(), 9) == likeness.Copies((named,), sure=True)


async def test_the_text_of_another_picture_with_the_same_seed_says_nothing(db: Database, person: str) -> None:
    row = await kept(db, person, data(opened(DRAWN[0])), 6)
    other = recipe("a dog", "a dog", seed=6)
    assert await likeness.copies(db, person, png_recipe.png(opened(DRAWN[9]), other), 9) == likeness.Copies()
    found = await likeness.copies(db, person, png_recipe.png(opened(DRAWN[0]), other), 9)
    assert found == likeness.Copies((row,))


async def test_older_pictures_are_looked_at_once(db: Database, person: str) -> None:
    for seed in range(3):
        await kept(db, person, data(opened(DRAWN[seed])), seed)
    broken = await kept(db, person, b"no picture", 9)
    gone = await kept(db, person, data(opened(DRAWN[5])), 10)
    await db.files.remove(gone.hash)
    assert await likeness.fill(db) == 5
    assert await likeness.fill(db) == 0
    async with db.session() as session:
        row = await session.get(tables.Pictures, broken.id)
        assert row is not None and row.likeness == "-"


@pytest.mark.parametrize("content", [b"", b"no picture", b"\x89PNG\r\n\x1a\n" + b"0" * 40])
async def test_what_is_no_picture_is_a_copy_of_none(db: Database, person: str, content: bytes) -> None:
    await kept(db, person, data(opened(DRAWN[0])))
    assert await likeness.copies(db, person, content, 9) == likeness.Copies()
