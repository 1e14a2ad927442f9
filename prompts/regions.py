"""Words for parts of a picture, where a text says so: "左边：一只猫 | 右边：一条狗 | 背景：森林", and, with a map that
is painted in flat colours, "红：一只猫 | 蓝：一条狗 | 背景：森林"."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from prompts import grammar
from prompts.errors import Refusal
from prompts.region_colours import COLOURS, colour

Corners = tuple[float, float, float, float]
RegionPlace = Corners | str  # a box, or the name of a colour in a map

_THIRD = 1 / 3
_LEFT, _RIGHT = (0.0, 0.0, 0.5, 1.0), (0.5, 0.0, 1.0, 1.0)
_TOP, _BOTTOM = (0.0, 0.0, 1.0, 0.5), (0.0, 0.5, 1.0, 1.0)
_MIDDLE = (0.25, 0.0, 0.75, 1.0)
_PLACES: Mapping[Corners, Sequence[str]] = {
    _LEFT: ("左", "左边", "左邊", "左侧", "左側", "左面", "左半", "left", "on the left", "left side", "left half"),
    _RIGHT: ("右", "右边", "右邊", "右侧", "右側", "右面", "右半", "right", "on the right", "right side", "right half"),
    _TOP: ("上", "上面", "上方", "上边", "上邊", "上半", "顶部", "頂部", "top", "at the top", "top half", "upper half"),
    _BOTTOM: (
        "下",
        "下面",
        "下方",
        "下边",
        "下邊",
        "下半",
        "底部",
        "bottom",
        "at the bottom",
        "bottom half",
        "lower half",
    ),
    _MIDDLE: ("中", "中间", "中間", "中央", "正中", "正中间", "middle", "in the middle", "center", "centre"),
    (0.0, 0.0, 0.5, 0.5): ("左上", "左上角", "左上方", "top left", "upper left"),
    (0.5, 0.0, 1.0, 0.5): ("右上", "右上角", "右上方", "top right", "upper right"),
    (0.0, 0.5, 0.5, 1.0): ("左下", "左下角", "左下方", "bottom left", "lower left"),
    (0.5, 0.5, 1.0, 1.0): ("右下", "右下角", "右下方", "bottom right", "lower right"),
    (0.0, 0.0, 1.0, 1.0): ("全图", "全圖", "整个画面", "整個畫面", "everywhere"),
}
_BOX = {name: box for box, names in _PLACES.items() for name in names}
GROUND = ("背景", "整体", "整體", "全局", "background", "scene", "base", "common", "overall")
# Three beside each other, and three above each other, are thirds.
_THIRDS: Sequence[Mapping[Corners, Corners]] = (
    {_LEFT: (0.0, 0.0, _THIRD, 1.0), _MIDDLE: (_THIRD, 0.0, 2 * _THIRD, 1.0), _RIGHT: (2 * _THIRD, 0.0, 1.0, 1.0)},
    {_TOP: (0.0, 0.0, 1.0, _THIRD), _MIDDLE: (0.0, _THIRD, 1.0, 2 * _THIRD), _BOTTOM: (0.0, 2 * _THIRD, 1.0, 1.0)},
)
_SHARE = r"(\d{1,3}(?:\.\d+)?%|[01]?\.\d+|[01])"
_HEAD = re.compile(
    rf"\s*(?:@\s*{_SHARE}[,/ ]{_SHARE}[,/ ]{_SHARE}[,/ ]{_SHARE}|([^\W\d_][^:|,@]{{0,20}}?)\s*{_SHARE}?)\s*:"
)


def taken_out(text: str, *, painted: bool = False) -> tuple[str, tuple[RegionPlace, ...]]:
    """A normalised text whose parts, between "|", all begin with a place ("左边: ", "left 30%: ", "@0,0,0.5,1: ") or
    with "背景: " is given back as texts that AND joins, the one for the whole picture first, with the box of each
    further one in shares of the picture; any other text as it is, without boxes. Where something is `painted`, a place
    may be a colour, too ("红: "), which stands by its name."""
    parts = text.split("|")
    heads = [_HEAD.match(part) for part in parts]
    if len(parts) < 2 or not all(heads):
        return text, ()
    everywhere: list[str] = []
    places: list[tuple[RegionPlace, str]] = []
    for part, head in zip(parts, heads, strict=True):
        assert head
        words = part[head.end() :].strip(" ,")
        name = (head[5] or "").casefold()
        if name in GROUND and not head[6]:
            everywhere.append(words)
        elif place := _box(head, name) or (painted and not head[6] and colour(name)):
            places.append((place, words))
        else:
            return text, ()
    named = [place for place, _ in places]
    if not named or not all(words for _, words in places):
        return text, ()
    for thirds in _THIRDS:
        if set(thirds) <= set(named):
            named = [place if isinstance(place, str) else thirds.get(place, place) for place in named]
    return " AND ".join([", ".join(everywhere), *(words for _, words in places)]).strip(), tuple(named)


def names_colours(text: str) -> bool:
    """Whether a text as somebody wrote it is one for parts of a picture of which some are called by a colour."""
    return any(isinstance(place, str) for place in taken_out(grammar.normalise(text), painted=True)[1])


def _box(head: re.Match[str], name: str) -> Corners | None:
    """The box of a heading; None where it names no place."""
    if head[1]:
        left, top, right, bottom = (_number(head[index]) for index in (1, 2, 3, 4))
        return (left, top, right, bottom) if 0 <= left < right <= 1 and 0 <= top < bottom <= 1 else None
    box = _BOX.get(name)
    if box is None or not head[6]:
        return box
    share = _number(head[6])
    wide = {
        _LEFT: (0.0, 0.0, share, 1.0),
        _RIGHT: (1 - share, 0.0, 1.0, 1.0),
        _TOP: (0.0, 0.0, 1.0, share),
        _BOTTOM: (0.0, 1 - share, 1.0, 1.0),
        _MIDDLE: ((1 - share) / 2, 0.0, (1 + share) / 2, 1.0),
    }
    return wide.get(box) if 0 < share <= 1 else None


def _number(written: str) -> float:
    return float(written[:-1]) / 100 if written.endswith("%") else float(written)


@dataclass(frozen=True, slots=True)
class AskedRegions:
    """Regions as an option has them: where each is, how much there is in them of the words for the whole picture (None
    where nothing is said), and the hash of the map that colours are of, or how it begins."""

    places: tuple[RegionPlace, ...]
    base: float | None = None
    map: str = ""

    @property
    def colours(self) -> tuple[str, ...]:
        """The colours among the places, each once."""
        return tuple(dict.fromkeys(place for place in self.places if isinstance(place, str)))

    def __str__(self) -> str:
        """As `read` reads it: "0/0/0.5/1+red", and behind ":" the share and the map, ":0.3:map=3f2a9c11"."""
        said = "+".join(one if isinstance(one, str) else "/".join(f"{side:.4g}" for side in one) for one in self.places)
        said = said if self.base is None else f"{said}:{self.base:g}"
        return f"{said}:map={self.map}" if self.map else said


def read(option: str, value: str) -> AskedRegions:
    """The regions of an option's value. Raises Refusal `option.bad_value`."""
    wrong = Refusal("option.bad_value", option=option, value=value)
    said, *more = value.split(":")
    share: float | None = None
    kept = ""
    for one in more:
        if found := _MAP.fullmatch(one.strip()):
            kept = found[1].lower()
        elif share is None:
            try:
                share = _number(one)
            except ValueError:
                raise wrong from None
        else:
            raise wrong
    places = tuple(_place(one, wrong) for one in said.split("+"))
    if share is not None and not 0 <= share <= 1:
        raise wrong
    return AskedRegions(places, share, kept)


_MAP = re.compile(r"map\s*=\s*([0-9a-f]{8,64})", re.IGNORECASE)


def _place(said: str, wrong: Refusal) -> RegionPlace:
    if name := colour(said):
        return name
    try:
        left, top, right, bottom = map(_number, said.split("/"))
    except ValueError:
        raise wrong from None
    if not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
        raise wrong
    return left, top, right, bottom


def plan(place: RegionPlace) -> str:
    """How a place looks in a line of text: "▌", "🟥", "0–30 % × 0–100 %"."""
    if isinstance(place, str):
        return COLOURS[place].sign
    left, top, right, bottom = (round(100 * side) for side in place)
    return _SIGNS.get((left, top, right, bottom), f"{left}–{right} % × {top}–{bottom} %")


# How the commonest boxes look.
_SIGNS = {
    (0, 0, 50, 100): "▌", (50, 0, 100, 100): "▐", (0, 0, 100, 50): "▀", (0, 50, 100, 100): "▄",
    (0, 0, 50, 50): "▘", (50, 0, 100, 50): "▝", (0, 50, 50, 100): "▖", (50, 50, 100, 100): "▗",
}  # fmt: skip
