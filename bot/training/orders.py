"""What follows `/train`, read: whose name it is about, earlier pictures by their codes, and what is to be done, in
Chinese or English."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from bot import texts
from bot.training.tag_changes import TagChange, changes, is_change
from engine.training_plan import KINDS
from prompts.errors import Refusal
from prompts.translate.chinese import simplified
from storage.search import fold

VALUES: Mapping[str, tuple[str, ...]] = {
    "trigger": ("trigger", "触发词", "触发", "唤词"),
    "kind": ("kind", "类型", "种类", "类别"),
    "preset": ("preset", "预设", "方案"),
    "model": ("model", "模型", "底模"),
    "prior": ("keep", "prior", "保留", "保住", "别忘"),
    "steps": ("steps", "步数"),
    "seed": ("seed", "种子"),
    "rank": ("rank", "秩"),
    "files": ("files", "份数", "存档"),
    "name": ("name", "rename", "改名", "名字"),
}  # what of a training is chosen by a word and a value
DEEDS: Mapping[str, tuple[str, ...]] = {
    "start": ("start", "begin", "开始", "开练", "开始训练"),
    "agree": ("agree", "agreed", "consent", "同意", "我同意"),
    "read_tags": ("read", "readtags", "反推", "读标签", "识别标签"),
    "pause": ("pause", "暂停"),
    "go_on": ("go", "continue", "resume", "继续", "接着练"),
    "stop": ("stop", "finish", "停止", "停下", "到此为止"),
    "samples": ("samples", "样图", "样张"),
    "curve": ("curve", "曲线", "损失"),
    "share": ("share", "分享", "公开"),
    "unshare": ("unshare", "private", "取消分享", "不公开", "私有"),
    "download": ("download", "下载"),
    "again": ("again", "再来", "重新", "再练"),
    "delete": ("delete", "删除"),
}  # what is done by a word
KIND_NAMES: Mapping[str, tuple[str, ...]] = {
    "thing": ("thing", "object", "物品", "东西", "物"),
    "person": ("person", "character", "人物", "人", "角色"),
    "style": ("style", "画风", "风格"),
}
PRESET_NAMES: Mapping[str, tuple[str, ...]] = {
    "thing": ("thing", "物品"),
    "person": ("person", "人物"),
    "style": ("style", "画风", "风格"),
    "portrait": ("portrait", "写真", "人像"),
    "inversion": ("inversion", "textual-inversion", "embedding", "文本反演", "反演"),
    "tutorial": ("tutorial", "教程"),
    "usual": ("usual", "auto", "默认", "自动"),
}
TAGS = ("tags", "tag", "标签", "打标")
FROM = ("from", "choose", "step", "take", "从", "选", "选用", "第", "用")
OUT = ("out", "remove", "without", "去掉图", "去图", "删图", "移除")
NUMBERS = frozenset({"steps", "seed", "rank", "files"})
_STEP = re.compile(r"\s*(?:第\s*)?(\d{1,6})\s*(?:steps?|步)?\s*$", re.IGNORECASE)
_CODE = re.compile(r"[#＃]([0-9A-Za-z]{6,64})(?=\s|$|[,，、])")
_QUOTED = re.compile(r"[\"“”「『](.+?)[\"“”」』]\s*")
_WORD = re.compile(r"[^\s=:：＝]+")


@dataclass(frozen=True, slots=True)
class TrainOrder:
    """What is wanted of a training: things to choose of it, one thing to do, changes of captions, pictures to take out
    by their numbers, the step whose file is taken. `tags` without changes shows the tags."""

    wishes: Mapping[str, str | int] = field(default_factory=dict)
    deed: str = ""
    tags: bool = False
    changes: tuple[TagChange, ...] = ()
    out: tuple[int, ...] = ()
    step: int = 0

    @property
    def nothing(self) -> bool:
        """Whether only the training itself is looked at."""
        return self == TrainOrder()


def codes(text: str) -> tuple[tuple[str, ...], str]:
    """The codes of earlier pictures (`#id`) in a text, and what else it says."""
    return tuple(dict.fromkeys(_CODE.findall(text))), _CODE.sub(" ", text).strip()


def named(text: str, known: Collection[str]) -> tuple[str, str]:
    """The name that a text begins with (one of those `known`, the longest; what stands in quotes; else its first word),
    and what follows it."""
    text = text.strip()
    if quoted := _QUOTED.match(text):
        return quoted[1].strip(), text[quoted.end() :].strip()
    for name in sorted(known, key=len, reverse=True):
        rest = text[len(name) :]
        if fold(text[: len(name)]) == fold(name) and (not rest or rest[0] in " \t\n:：,，"):
            return name, rest.lstrip(" \t\n:：,，")
    first, _, rest = text.partition("\n")
    name, _, more = first.partition(" ")
    return name.strip(), f"{more}\n{rest}".strip()


def read(text: str, count: int) -> TrainOrder:
    """What a text behind the name asks for, of a training of `count` pictures. Raises Refusal `training.words_how` for
    words that ask for nothing, and others for what is not meant so."""
    text = text.strip()
    if not text:
        return TrainOrder()
    first, rest = _first(text)
    if first in TAGS:
        return TrainOrder(tags=True, changes=changes(rest, count) if rest else ())
    if is_change(text) and not (first in _verbs(VALUES) and first != "rename"):
        return TrainOrder(tags=True, changes=changes(text, count))
    if first in FROM and (step := _STEP.match(rest)):
        return TrainOrder(step=int(step[1]))
    if step := re.fullmatch(r"第\s*(\d{1,6})\s*步", text):
        return TrainOrder(step=int(step[1]))
    if first in OUT:
        return TrainOrder(out=_numbers(rest, count))
    deed = _verbs(DEEDS).get(first, "")
    if deed and (not rest or rest.casefold() in ("on", "训练", "and keep", "并保留", "tags", "标签")):
        return TrainOrder(deed=deed)
    return TrainOrder(wishes=_wishes(text))


def says(text: str) -> bool:
    """Whether a text says what is to be done with a training, rather than the name of one."""
    first, _ = _first(text)
    known = {*_verbs(VALUES), *_verbs(DEEDS), *TAGS, *OUT}
    return first in known or is_change(text)


def deletes(text: str) -> str:
    """Whose training, or which, a text wants deleted: what stands behind the word for it."""
    first, who = _first(text.strip())
    return who.strip() if first in DEEDS["delete"] else ""


def kind_called(said: str) -> str:
    """The kind that a word means. Raises Refusal `training.kind`."""
    kind = _verbs(KIND_NAMES).get(texts.meant(said, _verbs(KIND_NAMES)), "")
    if not kind:
        raise unknown_kind(said)
    return kind


def unknown_kind(said: str) -> Refusal:
    """The refusal `training.kind`, in which the kinds are named in the person's language."""
    words, chinese = _listed(KINDS, KIND_NAMES)
    return Refusal("training.kind", kind=said[:40], kinds=words, kinds_zh=chinese)


def preset_called(said: str, presets: Sequence[str]) -> str:
    """The preset that a word means, "" for the usual one. Raises Refusal `training.preset`."""
    names = {**{name: name for name in presets}, **_verbs(PRESET_NAMES)}
    preset = names.get(texts.meant(said, names), "")
    if preset != "usual" and preset not in presets:
        raise unknown_preset(said, presets)
    return "" if preset == "usual" else preset


def unknown_preset(said: str, presets: Sequence[str]) -> Refusal:
    """The refusal `training.preset`, in which the presets are named in the person's language."""
    words, chinese = _listed(presets, PRESET_NAMES)
    return Refusal("training.preset", preset=said[:40], presets=words, presets_zh=chinese)


def out_of_range(name: str, said: str, least: int, most: int) -> Refusal:
    """The refusal `training.range` for a number of VALUES."""
    chinese = _chinese_of(VALUES[name])
    return Refusal("training.range", name=name, name_zh=chinese, value=said[:20], least=least, most=most)


def _listed(names: Sequence[str], called: Mapping[str, Sequence[str]]) -> tuple[str, str]:
    """Names in English, and as they are called in Chinese."""
    return ", ".join(names), "、".join(_chinese_of(called.get(name, (name,))) for name in names)


def _chinese_of(names: Sequence[str]) -> str:
    """The first of several names for one thing that is Chinese; without any, the first."""
    return next((name for name in names if not name.isascii()), names[0])


def _first(text: str) -> tuple[str, str]:
    """The first word in small simplified letters, and what follows it."""
    match = _WORD.match(text)
    if match is None:
        return "", text
    return simplified(match[0]).casefold(), text[match.end() :].lstrip(" \t\n=:：＝")


def _wishes(text: str) -> Mapping[str, str | int]:
    """Words to choose by with their values, one after the other: `kind style steps 800`."""
    found: dict[str, str | int] = {}
    verbs = _verbs(VALUES)
    words = re.findall(r"[\"“「].*?[\"”」]|[^\s=＝]+", re.sub(r"(?<=[^\s])[:：](?=\S)", " ", text))
    at = 0
    while at < len(words):
        verb = verbs.get(simplified(words[at]).casefold())
        if verb is None:
            raise Refusal("training.words_how", text=" ".join(words[at:])[:60])
        end = at + 1
        used = {*found, verb}  # a second "model" is a word of the model's name
        while end < len(words) and verbs.get(simplified(words[end]).casefold(), verb) in used:
            end += 1
        said = " ".join(words[at + 1 : end]).strip('"“”「」')
        if not said:
            raise Refusal("training.value", word=words[at])
        found[verb] = _number(verb, said) if verb in NUMBERS else said
        at = end
    return found


def _number(verb: str, said: str) -> int:
    match = re.fullmatch(r"(\d{1,10})\s*(?:steps?|步)?", said, re.IGNORECASE)
    if match is None:
        raise Refusal("training.number", word=verb, said=said[:40])
    return int(match[1])


def _numbers(said: str, count: int) -> tuple[int, ...]:
    from_changes = changes(f"{said}: x", count) if said else ()
    if not from_changes or not from_changes[0].places:
        raise Refusal("training.out_how")
    return from_changes[0].places


def _verbs(table: Mapping[str, tuple[str, ...]]) -> Mapping[str, str]:
    return {said: verb for verb, every in table.items() for said in every}
