"""What somebody says behind /tags: who is to read, thresholds, and how a caption for a training is written."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from bot.texts import meant
from engine.tagging import Thresholds, threshold
from prompts.errors import Refusal

LONGEST = 60  # signs of a trigger or a name
_PART = re.compile(
    r"(?P<name>[^\s=＝:：,，、]+)[=＝:：]"
    r'(?:"(?P<quoted>[^"]*)"|(?P<value>[^\s,，、]+))|(?P<word>[^\s,，、]+)'
)
_NUMBER = re.compile(r"(?P<whole>\d*\.?\d+)(?P<percent>[%％])?")


@dataclass(frozen=True, slots=True)
class CaptionStyle:
    """How a caption is written: as `engine.tagging.caption` takes it."""

    trigger: str = ""
    underscores: bool = False
    escaped: bool = True


@dataclass(frozen=True, slots=True)
class TagWish:
    """How tags are to be read: by whom ("": the usual), from which scores on, and whether as a caption at once."""

    reader: str = ""
    limits: Thresholds = field(default_factory=Thresholds)
    caption: bool = False
    style: CaptionStyle = CaptionStyle()


NAMES = {
    **dict.fromkeys(("general", "threshold", "一般", "阈值", "門檻", "标签", "普通"), "general"),
    **dict.fromkeys(("character", "characters", "角色", "人物"), "character"),
    **dict.fromkeys(("rating", "ratings", "分级", "评级"), "rating"),
    **dict.fromkeys(("reader", "tagger", "model", "模型", "反推模型"), "reader"),
    **dict.fromkeys(("trigger", "触发词"), "trigger"),
    **dict.fromkeys(("underscores", "underscore", "下划线"), "underscores"),
    **dict.fromkeys(("brackets", "bracket", "括号"), "brackets"),
}
CAPTION = frozenset({"caption", "captions", "标注", "训练标注", "打标"})
MCUT = frozenset({"mcut", "自动阈值"})
KEPT = frozenset({"keep", "kept", "yes", "on", "保留", "是", "开"})
SPACES = frozenset({"spaces", "space", "no", "off", "空格", "否", "关"})
ESCAPED = frozenset({"escaped", "escape", "yes", "on", "转义", "是", "开"})
PLAIN = frozenset({"plain", "no", "off", "原样", "不转义", "否", "关"})


def read(text: str, usual: TagWish) -> TagWish:
    """The wish in a text, on top of what is usual: "wd-vit 0.4 角色=0.9", "标注 触发词=xiaohong". Raises Refusal
    `tags.option` for what is none, `tags.threshold`."""
    made = usual
    for part in _PART.finditer(text):
        if part["name"]:
            name, value = part["name"], part["value"] if part["quoted"] is None else part["quoted"]
            change = NAMED.get(NAMES.get(meant(name.lower(), NAMES), ""))
            if change is None:
                raise Refusal("tags.option", said=part[0][:LONGEST])
            made = change(made, value)
        else:
            made = _word(made, part["word"])
    return made


def _word(wish: TagWish, word: str) -> TagWish:
    if meant(word.lower(), CAPTION):
        return replace(wish, caption=True)
    if meant(word.lower(), MCUT):
        return replace(wish, limits=replace(wish.limits, mcut=True))
    if _NUMBER.fullmatch(word):
        return replace(wish, limits=replace(wish.limits, general=_share("general", word)))
    return replace(wish, reader=word[:LONGEST])


def _share(name: str, value: str) -> float:
    match = _NUMBER.fullmatch(value)
    if match is None:
        raise Refusal("tags.threshold", name=name, value=value[:20])
    return threshold(name, float(match["whole"]) / (100 if match["percent"] else 1))


def _limit(name: str) -> Callable[[TagWish, str], TagWish]:
    def changed(wish: TagWish, value: str) -> TagWish:
        share = _share(name, value)
        limits = wish.limits
        limits = replace(
            limits,
            general=share if name == "general" else limits.general,
            character=share if name == "character" else limits.character,
            rating=share if name == "rating" else limits.rating,
        )
        return replace(wish, limits=limits)

    return changed


def _trigger(wish: TagWish, value: str) -> TagWish:
    return replace(wish, caption=True, style=replace(wish.style, trigger=" ".join(value.split())[:LONGEST]))


def _underscores(wish: TagWish, value: str) -> TagWish:
    kept = _chosen("underscores", value, KEPT, SPACES)
    return replace(wish, caption=True, style=replace(wish.style, underscores=kept))


def _brackets(wish: TagWish, value: str) -> TagWish:
    return replace(wish, caption=True, style=replace(wish.style, escaped=_chosen("brackets", value, ESCAPED, PLAIN)))


def _chosen(name: str, value: str, on: frozenset[str], off: frozenset[str]) -> bool:
    said = meant(value.lower(), on | off)
    if not said:
        raise Refusal("tags.option", said=f"{name}={value}"[:LONGEST])
    return said in on


NAMED: Mapping[str, Callable[[TagWish, str], TagWish]] = {
    **{name: _limit(name) for name in ("general", "character", "rating")},
    "reader": lambda wish, value: replace(wish, reader=value[:LONGEST]),
    "trigger": _trigger,
    "underscores": _underscores,
    "brackets": _brackets,
}
