"""What is drawn for the cards of a training, by its pixels."""

import io
import math

import numpy
from PIL import Image

from bot.training.contact_sheet import FACE, FRAME, WARNING, WIDTH, SheetPicture, contact_sheet
from bot.training.curve import LINE, course, curve, smoothed


def _png(colour: str, size: tuple[int, int] = (64, 64)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "PNG")
    return out.getvalue()


def _opened(content: bytes) -> Image.Image:
    with Image.open(io.BytesIO(content)) as image:
        return image.convert("RGB")


def _near(image: Image.Image, colour: tuple[int, int, int], box: tuple[int, int, int, int]) -> int:
    """How many pixels of a part of a JPEG are of a colour."""
    part = numpy.asarray(image.crop(box)).astype(int)
    return int((abs(part - numpy.array(colour)).max(axis=-1) < 24).sum())


def test_a_sheet_shows_each_picture_in_its_place_with_what_was_found() -> None:
    sheet = _opened(
        contact_sheet(
            [
                SheetPicture(1, _png("white")),
                SheetPicture(2, _png("white", (128, 64)), ("太小",), (0.25, 0.0, 0.75, 1.0)),
                SheetPicture(3, _png("white"), faces=((0.4, 0.4, 0.6, 0.6),)),
            ]
        )
    )
    half, cell = WIDTH // 2, (0, 0, WIDTH // 2, WIDTH // 2)
    beside, below = (half, 0, WIDTH, half), (0, half, half, sheet.height)
    assert sheet.width == WIDTH and sheet.getpixel((half // 2, half // 2)) == (255, 255, 255)
    assert _near(sheet, WARNING, beside) > 5000 > _near(sheet, WARNING, cell)
    assert _near(sheet, FRAME, beside) > 500 > _near(sheet, FRAME, cell)
    assert _near(sheet, FACE, below) > 200 > _near(sheet, FACE, cell)
    outside = sheet.getpixel((half + half // 10, half // 2))
    assert isinstance(outside, tuple) and max(outside) < 160, "what is cut off is darker"


def test_two_hundred_pictures_are_one_sheet() -> None:
    sheet = _opened(contact_sheet([SheetPicture(number, _png("red", (16, 16))) for number in range(200)]))
    assert sheet.width == WIDTH and sheet.height < 5000


def test_the_curve_falls_where_the_loss_falls() -> None:
    losses = [0.2 * math.exp(-step / 40) + 0.05 for step in range(100)]
    image = _opened(curve(losses, 200, "损失", (50, 100)))

    def middle(left: int, right: int) -> float:
        rows = [y for y in range(image.height) if _near(image, LINE, (left, y, right, y + 1))]
        return sum(rows) / len(rows)

    assert middle(150, 200) < middle(500, 550), "a lower loss stands lower down"
    assert not _near(image, LINE, (720, 100, 1200, 480)), "nothing is drawn of what is yet to come"


def test_smoothing_starts_at_the_first_loss_and_follows() -> None:
    line = smoothed([1.0, *[0.0] * 200])
    assert line[0] == 1.0 and 0 < line[1] < 1 and line[-1] < 0.01
    assert smoothed([0.3] * 5) == [0.3] * 5 or max(abs(one - 0.3) for one in smoothed([0.3] * 5)) < 1e-9


def test_samples_stand_below_the_curve() -> None:
    shown = _opened(course([0.1, 0.09], 10, "损失", (), [(_png("red"), "a"), (_png("blue"), "b")]))
    alone = _opened(course([], 10, "损失", (), []))
    assert shown.height > alone.height
    left, right = shown.getpixel((300, shown.height - 100)), shown.getpixel((900, shown.height - 100))
    assert left[0] > 200 > left[2] and right[2] > 200 > right[0]  # type: ignore[index]
