"""What a line after /history asks for, in both languages, and that it can be said again."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.studio.picture_filter import PictureFilter, described, read_filter, written
from tests.properties import tried

TODAY = date(2026, 11, 28)  # a Saturday
MODELS = ("danqing-demo", "ponyDiffusionV6XL", "my own mix")


def days(first: tuple[int, int, int], last: tuple[int, int, int] | None = None) -> dict[str, date]:
    return {"since": date(*first), "until": date(*(last or first))}


CASES: list[tuple[str, PictureFilter]] = [
    ("", PictureFilter()),
    ("橘猫 帽子", PictureFilter("橘猫 帽子")),
    ("orange cat", PictureFilter("orange cat")),
    ("今天", PictureFilter(**days((2026, 11, 28)))),
    ("today", PictureFilter(**days((2026, 11, 28)))),
    ("昨天的猫", PictureFilter("猫", **days((2026, 11, 27)))),
    ("cat yesterday", PictureFilter("cat", **days((2026, 11, 27)))),
    ("the day before yesterday", PictureFilter(**days((2026, 11, 26)))),
    ("上周", PictureFilter(**days((2026, 11, 16), (2026, 11, 22)))),
    ("last week landscape", PictureFilter(shape="landscape", **days((2026, 11, 16), (2026, 11, 22)))),
    ("这周", PictureFilter(**days((2026, 11, 23), (2026, 11, 29)))),
    ("上个月", PictureFilter(**days((2026, 10, 1), (2026, 10, 31)))),
    ("this month", PictureFilter(**days((2026, 11, 1), (2026, 11, 30)))),
    ("去年", PictureFilter(**days((2025, 1, 1), (2025, 12, 31)))),
    ("最近7天", PictureFilter(**days((2026, 11, 22), (2026, 11, 28)))),
    ("last 30 days", PictureFilter(**days((2026, 10, 30), (2026, 11, 28)))),
    ("2026-11", PictureFilter(**days((2026, 11, 1), (2026, 11, 30)))),
    ("2026-11-20", PictureFilter(**days((2026, 11, 20)))),
    ("2026/2/3 cat", PictureFilter("cat", **days((2026, 2, 3)))),
    ("2026年2月", PictureFilter(**days((2026, 2, 1), (2026, 2, 28)))),
    ("11月5日", PictureFilter(**days((2026, 11, 5)))),
    ("12月", PictureFilter(**days((2025, 12, 1), (2025, 12, 31)))),
    ("2026-11-01..2026-11-20", PictureFilter(**days((2026, 11, 1), (2026, 11, 20)))),
    ("2026-11-01 到 2026-11-20 的猫", PictureFilter("猫", **days((2026, 11, 1), (2026, 11, 20)))),
    ("from 2026-09 to 2026-10", PictureFilter(**days((2026, 9, 1), (2026, 10, 31)))),
    ("2026-11-20..2026-11-01", PictureFilter(**days((2026, 11, 1), (2026, 11, 20)))),
    ("cat since 2026-11", PictureFilter("cat", since=date(2026, 11, 1))),
    ("上周以来", PictureFilter(since=date(2026, 11, 16))),
    ("..2026-11", PictureFilter(until=date(2026, 11, 30))),
    ("before 2026-11", PictureFilter(until=date(2026, 10, 31))),
    ("今天之前", PictureFilter(until=date(2026, 11, 27))),
    ("横图", PictureFilter(shape="landscape")),
    ("竖版的猫", PictureFilter("猫", shape="portrait")),
    ("方图", PictureFilter(shape="square")),
    ("portrait", PictureFilter(shape="portrait")),
    ("512x768", PictureFilter(size=(512, 768))),
    ("猫 1024×1024", PictureFilter("猫", size=(1024, 1024))),
    ("收藏", PictureFilter(favourite=True)),
    ("我收藏的猫", PictureFilter("猫", favourite=True)),
    ("favorites", PictureFilter(favourite=True)),
    ("my favourite cats", PictureFilter("cats", favourite=True)),
    ("model:danqing-demo cat", PictureFilter("cat", "danqing-demo")),
    ("模型 ponydiffusionv6xl", PictureFilter("", "ponyDiffusionV6XL")),
    ('model:"my own mix" cat', PictureFilter("cat", "my own mix")),
    ("cat My Own Mix", PictureFilter("cat", "my own mix")),
    ("--model gone", PictureFilter("", "gone")),
    (
        "昨天 横图 收藏 danqing-demo 猫",
        PictureFilter("猫", "danqing-demo", shape="landscape", favourite=True, **days((2026, 11, 27))),
    ),
    ('"landscape" today', PictureFilter("landscape", **days((2026, 11, 28)))),
    ("“昨天”", PictureFilter("昨天")),
    ("2026-13-40", PictureFilter("2026-13-40")),
    ("version 2026-11-20-5", PictureFilter("version 2026-11-20-5")),
    ("squared paper", PictureFilter("squared paper")),
]


@pytest.mark.parametrize(("text", "wanted"), CASES)
def test_a_line_is_understood(text: str, wanted: PictureFilter) -> None:
    assert read_filter(text, TODAY, MODELS) == wanted


@pytest.mark.parametrize("wanted", [wanted for _, wanted in CASES])
def test_a_filter_said_again_is_the_same_on_another_day(wanted: PictureFilter) -> None:
    assert read_filter(written(wanted), date(2030, 1, 1)) == wanted


def test_a_filter_is_described() -> None:
    wanted = read_filter("昨天 横图 收藏 danqing-demo 猫", TODAY, MODELS)
    assert described(wanted, "zh") == "“猫” · 2026-11-27 · 横图 · danqing-demo · 收藏"
    assert described(wanted, "en") == "“猫” · 2026-11-27 · landscape · danqing-demo · favourites"
    assert described(PictureFilter(since=TODAY), "en") == "since 2026-11-28"
    assert described(PictureFilter(until=TODAY), "zh") == "到 2026-11-28 为止"
    assert described(PictureFilter(), "zh") == ""


@tried(300)
@given(st.text(max_size=60))
def test_any_text_is_read(text: str) -> None:
    wanted = read_filter(text, TODAY, MODELS)
    assert read_filter(written(wanted), TODAY) == wanted
