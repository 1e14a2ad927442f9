"""Words for parts of a picture, where a text says so: "左边：一只猫 | 右边：一条狗 | 背景：森林"."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from prompts.errors import Refusal

Corners = tuple[float, float, float, float]

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
_BASE = ("背景", "整体", "整體", "全局", "background", "scene", "base", "common", "overall")
# Three beside each other, and three above each other, are thirds.
_THIRDS: Sequence[Mapping[Corners, Corners]] = (
    {_LEFT: (0.0, 0.0, _THIRD, 1.0), _MIDDLE: (_THIRD, 0.0, 2 * _THIRD, 1.0), _RIGHT: (2 * _THIRD, 0.0, 1.0, 1.0)},
    {_TOP: (0.0, 0.0, 1.0, _THIRD), _MIDDLE: (0.0, _THIRD, 1.0, 2 * _THIRD), _BOTTOM: (0.0, 2 * _THIRD, 1.0, 1.0)},
)
_SHARE = r"(\d{1,3}(?:\.\d+)?%|[01]?\.\d+|[01])"
_HEAD = re.compile(
    rf"\s*(?:@\s*{_SHARE}[,/ ]{_SHARE}[,/ ]{_SHARE}[,/ ]{_SHARE}|([^\W\d_][^:|,@]{{0,20}}?)\s*{_SHARE}?)\s*:"
)


def taken_out(text: str) -> tuple[str, tuple[Corners, ...]]:
    """A normalised text whose parts, between "|", all begin with a place ("左边: ", "left 30%: ", "@0,0,0.5,1: ") or
    with "背景: " is given back as texts that AND joins, the one for the whole picture first, with the box of each
    further one in shares of the picture; any other text as it is, without boxes."""
    parts = text.split("|")
    heads = [_HEAD.match(part) for part in parts]
    if len(parts) < 2 or not all(heads):
        return text, ()
    everywhere: list[str] = []
    places: list[tuple[Corners, str]] = []
    for part, head in zip(parts, heads, strict=True):
        assert head
        words = part[head.end() :].strip(" ,")
        name = (head[5] or "").casefold()
        if name in _BASE and not head[6]:
            everywhere.append(words)
        elif box := _box(head, name):
            places.append((box, words))
        else:
            return text, ()
    named = [box for box, _ in places]
    if not named or not all(words for _, words in places):
        return text, ()
    for thirds in _THIRDS:
        if set(thirds) <= set(named):
            named = [thirds.get(box, box) for box in named]
    return " AND ".join([", ".join(everywhere), *(words for _, words in places)]).strip(), tuple(named)


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


def written(boxes: Sequence[Corners], base: float | None = None) -> str:
    """Boxes as an option has them, "0/0/0.5/1+0.5/0/1/1", and behind a ":" how much there is in them of the words for
    the whole picture."""
    said = "+".join("/".join(f"{side:.4g}" for side in box) for box in boxes)
    return said if base is None else f"{said}:{base:g}"


def read(option: str, value: str) -> tuple[tuple[Corners, ...], float | None]:
    """What `written` wrote. Raises Refusal `option.bad_value`."""
    said, _, base = value.partition(":")
    try:
        boxes = [tuple(map(_number, box.split("/"))) for box in said.split("+")]
        share = _number(base) if base else None
    except ValueError:
        raise Refusal("option.bad_value", option=option, value=value) from None
    made: list[Corners] = []
    for box in boxes:
        if len(box) != 4 or not (0 <= box[0] < box[2] <= 1 and 0 <= box[1] < box[3] <= 1):
            raise Refusal("option.bad_value", option=option, value=value)
        made.append((box[0], box[1], box[2], box[3]))
    if share is not None and not 0 <= share <= 1:
        raise Refusal("option.bad_value", option=option, value=value)
    return tuple(made), share
