"""The colours that a map of regions is painted in: their names as people write them, and the shade of each.

A shade is never changed: maps that are kept are painted in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

Shade = tuple[int, int, int]  # red, green, blue, 0…255


@dataclass(frozen=True, slots=True)
class RegionColour:
    """A colour by its English `name`, the first of `zh` in Chinese, and its `shade`. `like` are shades that painting
    programs and phones call the same, `sign` is how it looks in a line of text."""

    name: str
    shade: Shade
    sign: str
    zh: tuple[str, ...]
    en: tuple[str, ...] = ()
    like: tuple[Shade, ...] = ()


def _shades(*codes: str) -> tuple[Shade, ...]:
    return tuple((int(one[:2], 16), int(one[2:4], 16), int(one[4:], 16)) for one in codes)


def _colour(name: str, shade: str, sign: str, zh: str, en: str = "", like: str = "") -> RegionColour:
    [own] = _shades(shade)
    return RegionColour(name, own, sign, tuple(zh.split()), tuple(en.split()), _shades(*like.split()))


# The shades beside each are those of the palettes of MS Paint, iOS, Android and CSS.
COLOURS: Mapping[str, RegionColour] = {
    one.name: one
    for one in (
        _colour("red", "e6261f", "🟥", "红 紅 大红 大紅", "scarlet", "ff0000 ed1c24 ff3b30 d32f2f b40000 880015"),
        _colour("blue", "2050e0", "🟦", "蓝 藍", "navy", "0000ff 3f48cc 007aff 1e90ff 1976d2 00008b 00a2e8"),
        _colour("green", "1fa83c", "🟩", "绿 綠", "lime", "00ff00 22b14c 34c759 008000 388e3c b5e61d 006400"),
        _colour("yellow", "ffe100", "🟨", "黄 黃", "gold", "ffff00 fff200 ffcc00 fbc02d"),
        _colour("purple", "8e2bc4", "🟪", "紫", "violet", "800080 a349a4 af52de 7b1fa2 5856d6 c800c8"),
        _colour("orange", "ff8c00", "🟧", "橙 橘 桔", "", "ff7f27 ffa500 ff9500 f57c00"),
        _colour("pink", "ff7fbf", "🩷", "粉 粉红 粉紅 品红 品紅", "magenta", "ffaec9 ff2d55 ffc0cb ff69b4 ff00ff"),
        _colour("cyan", "19c8d2", "🩵", "青 天蓝 天藍 浅蓝 淺藍", "turquoise teal aqua", "00ffff 5ac8fa 99d9ea 00bcd4"),
        _colour("brown", "8b5a2b", "🟫", "棕 褐 咖啡 啡", "", "a2845e b97a57 a52a2a 795548 5d4037"),
        _colour("grey", "808080", "🩶", "灰", "gray", "c3c3c3 7f7f7f 8e8e93 a9a9a9"),
        _colour("black", "000000", "⬛", "黑", "", "1c1c1e"),
        _colour("white", "ffffff", "⬜", "白"),
    )
}  # fmt: skip
PALETTE = tuple(name for name in COLOURS if name not in ("grey", "black", "white"))  # never a ground


def names(one: RegionColour) -> tuple[str, ...]:
    """All that a colour is called, in small letters."""
    return (one.name, *one.en, *(word + end for word in one.zh for end in ("", "色")))


_BY_NAME = {said: one.name for one in COLOURS.values() for said in names(one)}
_AROUND = re.compile(r"^(?:in |the )+|\s*的?(?:区域|區域|部分|地方|处|處|块|塊)$|(?<=\w) (?:area|part|region|spot)$")


def colour(said: str) -> str:
    """The name of the colour that somebody calls so ("红色的部分", "the red part"); "" for what is none."""
    return _BY_NAME.get(_AROUND.sub("", said.strip().casefold()), "")


def told(names: Iterable[str]) -> str:
    """Colours as a sentence in any language names them: "🟥 红/red, 🟦 蓝/blue"."""
    return ", ".join(f"{(one := COLOURS[name]).sign} {one.zh[0]}/{name}" for name in names)
