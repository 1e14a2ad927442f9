"""What is compared, as somebody says it: "步数=10,20,30 采样器=Euler a,DPM++ 2M Karras", "x:steps=10-50(+10)"."""

from __future__ import annotations

import csv
import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from prompts import options, plain_options
from prompts.axis_names import PARTS, REAL, SWITCHES, WHOLE, WORDS
from prompts.errors import Refusal
from prompts.prompt import LoraUse, Options, merged
from prompts.spelling import near

MOST_AXES = 3
MOST_VALUES = 100  # on one axis
MOST_ORDERED = 4  # words whose orders are compared: 24 pictures
BETWEEN = ", "  # words whose order is compared, as they are shown
_BETWEEN = " \t\n,，;；、"

Value = int | float | str


@dataclass(frozen=True, slots=True)
class Axis:
    """One thing that differs between pictures: `title` as it was said, and its `values` as they are shown. `kind` is
    what it changes in a text: a flag of numbers or words (`what` names it), a switch, a LoRA, a LoRA's weight, words
    (`what`) that others take the place of, or the order of its values in the text; or a "part" of the recipe that is
    made of it (`what` is its row of prompts/axis_names.py's PARTS)."""

    title: str
    kind: str
    what: str
    values: tuple[Value, ...]


# Words of a text, in which orders and LoRAs are compared.
_LORA = ("lora", "loras")
_WEIGHT = ("lora weight", "weight", "权重", "權重", "lora权重", "lora權重")
_REPLACED = ("prompt s/r", "prompt sr", "s/r", "替换", "替換", "提示词替换", "提示詞替換")
_ORDER = ("prompt order", "提示词顺序", "提示詞順序")

_KINDS: dict[str, tuple[str, str]] = {
    name: (kind, flag)
    for kind, table in (("whole", WHOLE), ("real", REAL), ("words", WORDS), ("switch", SWITCHES))
    for flag, names in table.items()
    for name in names
}
_KINDS |= {
    name: (kind, "")
    for kind, names in (("lora", _LORA), ("weight", _WEIGHT), ("replaced", _REPLACED), ("order", _ORDER))
    for name in names
}
_KINDS |= {name: ("part", path) for path, part in PARTS.items() for name in part.names}
NAMES: tuple[str, ...] = tuple(_KINDS)
_ORDERED = (
    "replaced",
    "order",
    "lora",
    "weight",
    "whole",
    "real",
    "words",
    "switch",
    "part",
)  # in which they act on a text
# What plain words ask for of flags that are called otherwise.
OFF: Mapping[str, tuple[str, ...]] = {"hd": ("large",), "upscale": ("upscaler", "upscale", "redraw")}
_NONE = frozenset(("none", "no", "off", "-", "无", "無", "没有", "沒有", "不用", "关", "關", "否", "0"))
_ON = frozenset(("on", "yes", "true", "1", "开", "開", "是", "有", "用"))

_LORA_TAG = re.compile(r"<lora:([^<>:]+)(?::[^<>]*)?>")
_EITHER = "|".join(sorted(map(re.escape, NAMES), key=len, reverse=True))
_HEAD = re.compile(
    rf"(?:(?<=[\s,，;；、])|^)(?:(?P<letter>[xyz])(?:轴|軸| axis)?\s*[:：]\s*)?(?:(?P<name>{_EITHER})\s*[=＝:：]"
    r"""|把\s*(?P<old>“[^”]{1,200}”|"[^"]{1,200}"|「[^」]{1,200}」|[^\s“"「]{1,200}?)"""
    r"""\s*(?:换成|換成|改成|替换成|替換成)[:：]?"""
    r"""|(?:replace|change)\s+(?P<word>"[^"]{1,200}"|“[^”]{1,200}”|\S{1,200})\s+(?:with|by|to)\b[:：]?)\s*""",
    re.IGNORECASE,
)
_OTHER = re.compile(r"(?:(?<=[\s,，;；、])|^)(?:[xyz]\s*[:：]\s*)?([^\s=＝:：,，]{1,30})\s*[=＝]")
_NUMBER = r"[+-]?\d{1,10}(?:\.\d{1,6})?"
_RANGE = re.compile(
    rf"({_NUMBER})\s*(?:-|~|～|–|到|至)\s*({_NUMBER})"
    rf"(?:\s*[(（]\s*({_NUMBER})\s*[)）]|\s*[\[【]\s*(\d{{1,4}})\s*[\]】])?"
)


def read(text: str) -> tuple[Axis, ...]:
    """The axes that a text says: x, y and z in this order where they are named so. Numbers may be lists ("10,20"),
    ranges with both ends ("1-5", "10-50(+10)", "0.4-1(+0.2)") and counts ("3-9[4]"), as A1111's X/Y/Z plot reads them;
    words are lists, in quotes where a comma is in one. Raises Refusal `compare.…` for what is none."""
    text = " ".join(text.split())
    heads = list(_HEAD.finditer(text))
    stray = (text[: heads[0].start()] if heads else text).strip(_BETWEEN)
    _known(stray)
    if stray or not heads:
        raise Refusal("compare.form", text=stray[:60])
    found: list[tuple[str, Axis]] = []
    for head, end in zip(heads, [*(one.start() for one in heads[1:]), len(text)], strict=True):
        said = text[head.end() : end].strip(_BETWEEN)
        if head["name"]:
            _known(said)
        found.append(((head["letter"] or "").casefold(), _axis(head, said)))
    letters = [letter for letter, _ in found if letter]
    if twice := next((one for one in letters if letters.count(one) > 1), ""):
        raise Refusal("compare.twice", name=twice)
    changed = [(one.kind, one.what) for _, one in found]
    if twice := next((one.title for _, one in found if changed.count((one.kind, one.what)) > 1), ""):
        raise Refusal("compare.twice", name=twice)
    if len(found) > MOST_AXES:
        raise Refusal("compare.too_many_axes", count=len(found), limit=MOST_AXES)
    if all(letter for letter, _ in found):
        found.sort(key=lambda pair: pair[0])
    return tuple(one for _, one in found)


def parted(text: str) -> tuple[str, str]:
    """A text, and what behind it says axes, from the first that "=" or its letter ("x:") tells; "" where none does."""
    for head in _HEAD.finditer(text):
        sign = text[head.start() : head.end()].rstrip()[-1:]
        if not head["name"] or head["letter"] or sign in "=＝":
            return text[: head.start()].strip(_BETWEEN), " ".join(text[head.start() :].strip(_BETWEEN).split())
    return text, ""


def flag_of(name: str) -> str:
    """The flag of a text that a name of an axis stands for, "" for none."""
    kind, flag = _KINDS.get(name.casefold(), ("", ""))
    return flag or ("lora" if kind in ("lora", "weight") else "")


def _known(text: str) -> None:
    """Raises Refusal where a text says an axis that is none."""
    if other := _OTHER.search(text):
        raise Refusal("compare.unknown", name=other[1], near=near(other[1].casefold(), NAMES))


def _axis(head: re.Match[str], said: str) -> Axis:
    old = (head["old"] or head["word"] or "").strip('“”"「」')
    title = old or head["name"].strip()
    kind, what = ("replaced", old) if old else _KINDS[title.casefold()]
    counted = PARTS[what].values if kind == "part" else kind
    values = _numbers(title, said, counted) if counted in ("whole", "real", "weight") else _words(said)
    if kind == "part":
        _within(title, what, values)
    if kind == "replaced" and not old:  # A1111's: the first is what is looked for, and a value, too
        what = str(values[0]) if values else ""
    if kind == "order" and values:
        if len(values) > MOST_ORDERED:
            raise Refusal("compare.too_many_values", name=title, count=len(values), limit=MOST_ORDERED)
        what = BETWEEN.join(map(str, values))
        values = tuple(BETWEEN.join(order) for order in itertools.permutations(map(str, values)))
    values = tuple(dict.fromkeys(values))
    if len(values) > MOST_VALUES:
        raise Refusal("compare.too_many_values", name=title, count=len(values), limit=MOST_VALUES)
    if not values:
        raise Refusal("compare.no_values", name=title)
    return Axis(title, kind, what, values)


def _within(title: str, what: str, values: Sequence[Value]) -> None:
    """Raises Refusal for a number that the part of a recipe cannot have."""
    low, high = PARTS[what].low, PARTS[what].high
    for value in values:
        if not isinstance(value, str) and not low <= value <= high:
            raise Refusal("option.out_of_range", option=title, value=value, low=low, high=high)


def _words(said: str) -> tuple[Value, ...]:
    parted = re.sub(r"[，、；]", ",", said) if '"' not in said else said
    row = next(csv.reader([parted], skipinitialspace=True), [])
    return tuple(word.strip() for word in row if word.strip())


def _numbers(title: str, said: str, kind: str) -> tuple[Value, ...]:
    found: list[Value] = []
    for part in filter(None, (part.strip() for part in re.split(r"[,，、;；]", said))):
        match = _RANGE.fullmatch(part)
        if match is None:
            if not re.fullmatch(_NUMBER, part):
                raise Refusal("compare.no_number", name=title, value=part[:40])
            found.append(_number(float(part), kind))
            continue
        first, last, count = float(match[1]), float(match[2]), int(match[4] or 0)
        if match[4]:
            steps = [first + (last - first) * at / max(count - 1, 1) for at in range(min(count, MOST_VALUES + 1))]
        else:
            step = float(match[3]) if match[3] else 1.0 if last >= first else -1.0
            if not step or (last - first) * step < 0:
                raise Refusal("compare.no_number", name=title, value=part[:40])
            amount = min(int((last - first) / step + 1e-6), MOST_VALUES)
            steps = [first + step * at for at in range(amount + 1)]
        found += [_number(value, kind) for value in steps]
    return tuple(found)


def _number(value: float, kind: str) -> Value:
    rounded = round(value, 6)
    return int(rounded) if kind == "whole" or rounded == int(rounded) else rounded


@dataclass(frozen=True, slots=True)
class AskedPicture:
    """What asks for one picture of a comparison: its text, what is said beside it, the flags that are off, and the
    parts of its recipe that have a value (of PARTS, with what each is called)."""

    text: str
    options: Options = field(default_factory=Options)
    loras: tuple[LoraUse, ...] = ()
    without: tuple[str, ...] = ()
    parts: tuple[tuple[str, Value, str], ...] = ()


def asked(text: str, axes: Sequence[Axis], values: Sequence[Value], *, raw: bool = False) -> AskedPicture:
    """What asks for one value of each axis; of a `raw` text no words are taken for options. Raises Refusal
    `compare.not_there` where the text has not what is to be replaced, `compare.no_lora` where a weight is of no LoRA,
    and as an option with that value."""
    made = AskedPicture(text)
    # Where LoRAs are compared a weight is theirs: "none" has none.
    bare = any(axis.kind == "lora" and _is_none(value) for axis, value in zip(axes, values, strict=True))
    for axis, value in sorted(zip(axes, values, strict=True), key=lambda pair: _ORDERED.index(pair[0].kind)):
        if not (bare and axis.kind == "weight"):
            made = _with(made, axis, value, raw or options.says(text, "raw"))
    return made


def _is_none(value: Value) -> bool:
    return str(value).casefold() in _NONE


def _with(made: AskedPicture, axis: Axis, value: Value, raw: bool) -> AskedPicture:
    said = str(value)
    none = _is_none(value)
    match axis.kind:
        case "replaced":
            return replace(made, text=_replaced(made.text, [axis.what], [said]))
        case "order":
            return replace(made, text=_replaced(made.text, axis.what.split(BETWEEN), said.split(BETWEEN)))
        case "lora":
            return made if none else replace(made, loras=(LoraUse(said, 1.0),))
        case "weight" if made.loras:
            return replace(made, loras=tuple(replace(use, weight=float(value)) for use in made.loras))
        case "weight":
            if not _LORA_TAG.search(made.text):
                raise Refusal("compare.no_lora")
            return replace(made, text=_LORA_TAG.sub(lambda tag: f"<lora:{tag[1]}:{value}>", made.text))
        case "part":
            return replace(
                made,
                parts=(
                    *made.parts,
                    (axis.what, "" if none and PARTS[axis.what].values == "words" else value, axis.title),
                ),
            )
        case "switch":
            if not none and said.casefold() not in _ON:
                raise Refusal("compare.on_or_off", name=axis.title, value=said[:40])
            flag = f"--{axis.what}"
        case _:
            flag = f'--{axis.what} "{said}"'
    if none and axis.kind in ("switch", "words"):
        off = options.without_flag(made.text, axis.what)
        off = off if raw else plain_options.without(off, OFF.get(axis.what, (axis.what.replace("-", "_"),)))
        return replace(made, text=off, without=(*made.without, axis.what))
    return replace(made, options=merged(made.options, options.flags(flag).options))


def _replaced(text: str, old: Sequence[str], new: Sequence[str]) -> str:
    """The text with each of some words replaced by the one at its place among others, all at once."""
    if gone := next((word for word in old if word not in text), ""):
        raise Refusal("compare.not_there", words=gone[:60])
    by = dict(zip(old, new, strict=True))
    either = "|".join(sorted(map(re.escape, old), key=len, reverse=True))
    return re.sub(either, lambda found: by[found[0]], text)


def cells(axes: Sequence[Axis]) -> tuple[tuple[Value, ...], ...]:
    """One value of each axis for every picture: sheet by sheet (the third axis), row by row (the second), and in a row
    from left to right (the first)."""
    return tuple(tuple(reversed(one)) for one in itertools.product(*(axis.values for axis in reversed(axes))))
