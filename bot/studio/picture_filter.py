"""Which of one's pictures are wanted: a line of words, dates, a shape or size, a model and "favourites", read and said
again ("上周的横图 猫", "landscape cat since 2026-11 model:x")."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from bot import texts
from storage import pictures
from storage.database import Database
from storage.pictures import Page, Shape
from storage.search import fold

Days = tuple[date, date]  # the first and the last
SHAPES: Mapping[Shape, str] = {"landscape": "横图", "portrait": "竖图", "square": "方图"}


@dataclass(frozen=True, slots=True)
class PictureFilter:
    """What has to be true of a picture; days are those of the place where the program runs, both included, and `size`
    is width and height in pixels."""

    words: str = ""
    model: str = ""
    since: date | None = None
    until: date | None = None
    shape: Shape | None = None
    size: tuple[int, int] | None = None
    favourite: bool = False


# ── days ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _month(day: date) -> Days:
    return day.replace(day=1), day.replace(day=calendar.monthrange(day.year, day.month)[1])


def _week(day: date) -> Days:
    first = day - timedelta(days=day.weekday())
    return first, first + timedelta(days=6)


def _before(days: int, today: date) -> Days:
    return (today - timedelta(days=days),) * 2


# What people call some days; each with the days it means, today being given.
NAMED = (
    (r"今天|今日|\btoday\b", lambda today: _before(0, today)),
    (r"昨天|昨日|\byesterday\b", lambda today: _before(1, today)),
    (r"前天|\bthe day before yesterday\b", lambda today: _before(2, today)),
    (r"(?:这|這|本)(?:一?周|一?週|个?星期|個?星期)|\bthis week\b", _week),
    (r"上(?:一?周|一?週|个?星期|個?星期)|\blast week\b", lambda today: _week(today - timedelta(days=7))),
    (r"(?:这|這)[个個]月|本月|\bthis month\b", _month),
    (r"上[个個]?月|\blast month\b", lambda today: _month(today.replace(day=1) - timedelta(days=1))),
    (r"今年|\bthis year\b", lambda today: (date(today.year, 1, 1), date(today.year, 12, 31))),
    (r"去年|\blast year\b", lambda today: (date(today.year - 1, 1, 1), date(today.year - 1, 12, 31))),
)
_LATEST = re.compile(r"(?:最近|近|过去|過去)\s*(\d{1,4})\s*天|\b(?:the )?(?:last|past) (\d{1,4}) days\b", re.IGNORECASE)
_YEAR_MONTH_DAY = re.compile(
    r"(?<!\d)(20\d\d)(?:[-/.](\d{1,2})(?:[-/.](\d{1,2}))?|年(?:(\d{1,2})月(?:(\d{1,2})[日号號])?)?)(?![\d-])"
)
_MONTH_DAY = re.compile(r"(?<![\d年])(\d{1,2})月(?:(\d{1,2})[日号號])?")
_WHEN = "|".join(
    rf"(?:{one})"
    for one in (
        *(said for said, _ in reversed(NAMED)),  # "the day before yesterday" before "yesterday"
        r"(?:最近|近|过去|過去)\s*\d{1,4}\s*天",
        r"\b(?:the )?(?:last|past) \d{1,4} days\b",
        r"(?<!\d)20\d\d(?:[-/.]\d{1,2}(?:[-/.]\d{1,2})?|年(?:\d{1,2}月(?:\d{1,2}[日号號])?)?)(?![\d-])",
        r"(?<![\d年])\d{1,2}月(?:\d{1,2}[日号號])?",
    )
)
_TO = r"\s*(?:\.\.+|…+|到|至|~|～|–|—|\s-\s|\bto\b|\buntil\b|\band\b)\s*"
_RANGE = re.compile(rf"(?:(?:从|從|自|\bfrom|\bbetween)\s*)?({_WHEN}){_TO}({_WHEN})(?:\s*的)?", re.IGNORECASE)
_SINCE = re.compile(
    rf"({_WHEN})\s*(?:\.\.+|…+|(?:以来|以來|以后|以後|之后|之後|起)的?)|(?:从|從|自|\bsince|\bfrom)\s*({_WHEN})(?:开始|開始|起)?的?",
    re.IGNORECASE,
)
_UNTIL = re.compile(rf"(?:\.\.+|…+|\buntil|\btill)\s*({_WHEN})|({_WHEN})(?:为止|為止)的?", re.IGNORECASE)
_EARLIER = re.compile(rf"({_WHEN})(?:之前|以前)的?|(?<!\bday )\bbefore\s*({_WHEN})", re.IGNORECASE)
_ON = re.compile(rf"(?:\b(?:on|in|from)\s+)?({_WHEN})(?:\s*的)?", re.IGNORECASE)


def _days(said: str, today: date) -> Days | None:
    """The days that an expression of `_WHEN` means; None for a date there is none of."""
    for pattern, days in NAMED:
        if re.fullmatch(pattern, said, re.IGNORECASE):
            return days(today)
    if match := _LATEST.fullmatch(said):
        return today - timedelta(days=max(0, int(match[1] or match[2]) - 1)), today
    try:
        if match := _YEAR_MONTH_DAY.fullmatch(said):
            year, month, day = int(match[1]), match[2] or match[4], match[3] or match[5]
            if not month:
                return date(year, 1, 1), date(year, 12, 31)
            first = date(year, int(month), int(day or 1))
            return (first, first) if day else _month(first)
        if match := _MONTH_DAY.fullmatch(said):
            first = date(today.year, int(match[1]), int(match[2] or 1))
            first = first if first <= today else first.replace(year=today.year - 1)  # the last one there was
            return (first, first) if match[2] else _month(first)
    except ValueError:
        return None
    return None


def _dated(text: str, today: date) -> tuple[str, date | None, date | None]:
    """The text without its days, and the first and the last of them."""
    for pattern in (_RANGE, _EARLIER, _UNTIL, _SINCE, _ON):
        for match in pattern.finditer(text):
            found = [_days(one, today) for one in match.groups() if one]
            if not all(found):
                continue
            spans = [one for one in found if one]
            rest = f"{text[: match.start()]} {text[match.end() :]}"
            since, until = spans[0][0], spans[-1][1]
            if pattern is _RANGE and since > until:
                since, until = spans[-1][0], spans[0][1]
            if pattern is _EARLIER:
                return rest, None, since - timedelta(days=1)
            return rest, None if pattern is _UNTIL else since, None if pattern is _SINCE else until
    return text, None, None


# ── all of it ─────────────────────────────────────────────────────────────────────────────────────────────────────────

# What stands in quotes is no filter; and a model, whose name may, too.
_SAID = re.compile(
    r"(?:--model[\s=]+|\bmodel\s*[:：=]\s*|模型\s*[:：=]?\s*)(?P<model>\"[^\"\n]+\"|“[^”\n]+”|\S+)"
    r'|"(?P<a>[^"\n]+)"|“(?P<b>[^”\n]+)”|「(?P<c>[^」\n]+)」',
    re.IGNORECASE,
)
_SIZE = re.compile(r"(?<!\d)(\d{2,5})\s*[x×*]\s*(\d{2,5})(?!\d)的?", re.IGNORECASE)
_FAVOURITE = re.compile(
    r"我?(?:收藏|喜欢|喜歡)(?:过|過|了)?的?|\b(?:my |only )?favou?rites?(?: only)?\b|\bstarred\b", re.I
)
_SHAPES: Mapping[Shape, re.Pattern[str]] = {
    "landscape": re.compile(r"[横橫](?:[图圖版屏幅]|向)的?|\blandscapes?\b", re.IGNORECASE),
    "portrait": re.compile(r"[竖豎](?:[图圖版屏幅]|向)的?|\bportraits?\b", re.IGNORECASE),
    "square": re.compile(r"方[图圖形幅]的?|正方形?的?|\bsquares?\b", re.IGNORECASE),
}
_FILLER = re.compile(
    r"(?<!\S)(?:的|的?[图圖画畫]|[图圖]片|的[图圖]片|pictures?|images?|ones?|of|with)(?!\S)", re.IGNORECASE
)


def read_filter(text: str, today: date, models: Sequence[str] = ()) -> PictureFilter:
    """The filter that a line asks for. What stands in quotes are words, whatever they mean; a name of `models` alone
    is that model."""
    models_said, kept = list[str](), list[str]()

    def taken(match: re.Match[str]) -> str:
        if name := match["model"]:
            models_said.append(name.strip('"“”'))
        else:
            kept.append(match["a"] or match["b"] or match["c"])
        return " "

    rest = _SAID.sub(taken, text)
    model = next(iter(models_said), "")
    if not model:
        rest, model = _named(rest, models)
    model = next((one for one in models if fold(one) == fold(model)), model)
    rest, since, until = _dated(rest, today)
    size, shape = None, None
    if match := _SIZE.search(rest):
        size, rest = (int(match[1]), int(match[2])), _SIZE.sub(" ", rest, count=1)
    for one, pattern in _SHAPES.items():
        if pattern.search(rest):
            shape, rest = one, pattern.sub(" ", rest)
            break
    favourite = bool(_FAVOURITE.search(rest))
    rest = _FAVOURITE.sub(" ", rest)
    made = PictureFilter("", model, since, until, shape, size, favourite)
    if made != PictureFilter():
        rest = _FILLER.sub(" ", rest)
    words = " ".join([*rest.strip(" ,，、。").split(), *kept])
    return replace(made, words=" ".join(words.replace('"', " ").split()))


def _named(text: str, models: Iterable[str]) -> tuple[str, str]:
    """The text without the name of a model in it, and that name."""
    for name in sorted(models, key=len, reverse=True):
        if match := re.search(rf"(?<!\S){re.escape(name)}(?!\S)", text, re.IGNORECASE):
            return f"{text[: match.start()]} {text[match.end() :]}", name
    return text, ""


def written(wanted: PictureFilter) -> str:
    """The line that asks for a filter, on whatever day it is read."""
    said = [" ".join(f'"{word}"' for word in wanted.words.replace('"', " ").split())]
    if wanted.since or wanted.until:
        said.append(f"{wanted.since or ''}..{wanted.until or ''}")
    said += [wanted.shape or "", "x".join(map(str, wanted.size or ())), "favourites" * wanted.favourite]
    said.append(f'model:"{wanted.model}"' if wanted.model else "")
    return " ".join(filter(None, said))


def described(wanted: PictureFilter, language: str) -> str:
    """A filter as its person reads it; "" for none."""
    days = " – ".join(dict.fromkeys(str(one) for one in (wanted.since, wanted.until) if one))
    if days and wanted.until is None:
        days = texts.say(language, "history.since", day=days)
    elif days and wanted.since is None:
        days = texts.say(language, "history.until", day=days)
    said = [
        f"“{wanted.words}”" if wanted.words else "",
        days,
        texts.say(language, f"shape.{wanted.shape}") if wanted.shape else "",
        "×".join(map(str, wanted.size or ())),
        wanted.model,
        texts.say(language, "history.favourites") if wanted.favourite else "",
    ]
    return " · ".join(filter(None, said))


async def filtered(
    db: Database, person: str, wanted: PictureFilter, *, before: str | None = None, limit: int = 30
) -> Page:
    """A person's own pictures of which a filter is true, newest first; `before` as of storage.pictures.search."""
    return await pictures.search(
        db,
        person,
        words=wanted.words,
        model=wanted.model,
        since=_moment(wanted.since) if wanted.since else None,
        until=_moment(wanted.until + timedelta(days=1)) if wanted.until and wanted.until < date.max else None,
        favourite=wanted.favourite or None,
        shape=wanted.shape,
        size=wanted.size,
        before=before,
        limit=limit,
    )


def _moment(day: date) -> datetime:
    """When a day begins where the program runs."""
    return datetime.combine(day, time.min).astimezone()
