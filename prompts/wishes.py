"""What somebody wants changed, read out of a sentence: "把猫换成狗，去掉帽子", "make the hat green"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from prompts import grammar
from prompts.translate import chinese
from prompts.translate.chinese import CHINESE

Kind = Literal["replace", "set", "add", "remove", "deny", "weigh", "stronger", "weaker"]


@dataclass(frozen=True, slots=True)
class Wish:
    """One change: what is to be done to `target` (words of the person) with `value`. "set" has no target: the value
    takes the place of what says the like. "stronger" with a value wants more of a property that the target, or
    anything, has: "更红一点". "make the hat green" has its words in `target` alone, with `open`: where the
    thing ends and its property begins, only the prompt can tell."""

    kind: Kind
    target: str = ""
    value: str = ""
    open: bool = False


# ── Chinese ───────────────────────────────────────────────────────────────────────────────────────────────────────────

_POLITE_ZH = re.compile(
    r"^(?:请|麻烦|帮我|给我|替我|你|能不能|可以|可不可以|我想|我要|想要|希望|然后|接着|同时|并且|并|再|还有|还要|另外|也|最后)+"
)
_ENDING_ZH = re.compile(r"(?:吧|吗|呢|啊|呀|哦|了|就好|就行|好吗|谢谢|行吗|可以吗)+$")
_DEGREE = re.compile(r"^(?:再|更)+|(?:一点儿?|一些|点儿)$")
_BECOMES = (
    r"(?:都|全都|全部|全)?(?:给我)?(?:改变|更换|替换|变换|转换|切换|调整|修改|改|换|变|调|转|染|涂|弄)"
    r"(?:成|为|作|做|到)(?:了)?"
)
_AWAY = r"(?:去掉|去除|删掉|删除|移除|移走|拿掉|拿走|取消|摘掉|摘下|脱掉|脱下|擦掉|抹掉|除掉|消除)"
_ONE = r"(?:一?(?:[个只点些条顶件张片朵幅把副双]|点儿))?"
_NUMBER = r"(?P<w>\d+(?:\.\d+)?)"

_PATTERNS_ZH: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    (
        "weigh",
        re.compile(
            rf"(?:把|将)?(?P<a>.+?)的?(?:权重|强度|比重)(?:调整|调|改|设置|设|变|提高|提升|降低|增加|减少|加|减|升|降)?"
            rf"(?:到|成|为|至|是)?\s*{_NUMBER}"
        ),
    ),
    ("remove", re.compile(rf"(?:把|将)(?P<a>.+?)(?:都|全部|全)?(?:给)?{_AWAY}")),
    ("remove", re.compile(rf"{_AWAY}(?P<a>.+)")),
    ("replace", re.compile(rf"(?:把|将|让|给|用)?(?P<a>.+?)(?P<attr>的?颜色)?{_BECOMES}(?P<b>.+)")),
    ("replace", re.compile(r"(?:把|将)(?P<a>.+?)(?:换|变|改)(?!成|为)(?P<b>.+)")),
    ("set", re.compile(rf"(?:{_BECOMES}|改用|改成|换|改){_ONE}(?P<b>.+)")),
    ("replace", re.compile(r"用(?P<b>.+?)(?:代替|替换|取代|换掉)(?P<a>.+)")),
    ("deny", re.compile(r"(?:不要再?有?|别要|别有|不想要|不需要|没有|不带|无需|删)(?P<a>.+)")),
    ("stronger", re.compile(r"(?:加强|增强|强化|突出|强调|加重)(?P<a>.+)")),
    ("weaker", re.compile(r"(?:减弱|弱化|削弱|减轻|淡化|降低)(?P<a>.+?)(?:的?权重)?")),
    (
        "stronger",
        re.compile(r"(?:把|将|让)?(?P<a>.+?)(?:的?权重)?(?:再|更)?(?:强|重|突出|明显|多|浓)(?:一点儿?|一些|点儿?|些)"),
    ),
    (
        "weaker",
        re.compile(r"(?:把|将|让)?(?P<a>.+?)(?:的?权重)?(?:再|更)?(?:弱|轻|淡|少)(?:一点儿?|一些|点儿?|些)"),
    ),
    (
        "stronger",
        re.compile(
            r"(?:让|把|将|变得|变)?(?P<a>.*?)(?:变得|变)?(?:更|再)+(?P<b>[红橙黄绿青蓝紫粉黑白灰棕金银])色?"
            r"(?:一点儿?|一些|点儿?|些)?"
        ),
    ),
    ("replace", re.compile(r"(?:让|把|将)?(?P<a>.+?)(?:变得|变|更|再)+(?P<b>.+?)(?:一点儿?|一些|点儿?|些)")),
    ("add", re.compile(rf"(?:加上|加入|添加|增加|添上|画上|放上|补上|加|添|来)(?:了)?{_ONE}(?P<b>.+)")),
    (
        "add",
        re.compile(rf"(?:给|为|在|让)(?:.+?)(?:加上|加入|添加|增加|添上|画上|放上|补上|加|添){_ONE}(?P<b>.+)"),
    ),
    (
        "add",
        re.compile(r"(?:给|让)(?:她|他|它|人物|女孩|男孩|猫|狗)?(?P<b>(?:戴|穿|拿|抱|背|披|系|撑|骑)(?:上|着)?.+)"),
    ),
)

# ── English ───────────────────────────────────────────────────────────────────────────────────────────────────────────

_POLITE_EN = re.compile(
    r"^(?:(?:please|can you|could you|would you|i want (?:you )?to|i'd like (?:you )?to|now|then|also|and|just|let's)"
    r"\s+)+"
)
_THE = r"(?:the |her |his |its |their |my |an? |all |any |that |this )?"
_IT = r"(?:it|this|that|the (?:picture|image|scene|photo|whole thing|drawing))"
_PATTERNS_EN: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    (
        "weigh",
        re.compile(
            rf"(?:(?:set|change|put|make) )?(?:the )?weight (?:of|for) {_THE}(?P<a>.+?) (?:to |at |= ?)?{_NUMBER}"
        ),
    ),
    (
        "weigh",
        re.compile(rf"(?:(?:set|change|put|make) )?{_THE}(?P<a>.+?)(?:'s)? weight (?:to |at |is |= ?)?{_NUMBER}"),
    ),
    ("replace", re.compile(rf"(?:replace|swap|exchange|substitute) {_THE}(?P<a>.+?) (?:with|for|by) (?P<b>.+)")),
    ("set", re.compile(rf"(?:change|turn|convert|switch|set) (?:{_IT} )?(?:to|into) (?P<b>.+)")),
    (
        "replace",
        re.compile(rf"(?:change|turn|convert|switch|set) {_THE}(?P<a>.+?)(?P<attr>'s colou?r)? (?:to|into) (?P<b>.+)"),
    ),
    ("replace", re.compile(rf"(?P<b>.+?) instead of {_THE}(?P<a>.+)")),
    ("replace", re.compile(rf"{_THE}(?P<a>background|scene|style|sky|weather|season|time)(?: is|:| =) (?P<b>.+)")),
    ("remove", re.compile(rf"(?:remove|delete|drop|erase|get rid of|take (?:away|off|out)|lose|cut) {_THE}(?P<a>.+)")),
    ("deny", re.compile(rf"(?:without|no|no more|don't (?:want|show|draw)) {_THE}(?P<a>.+)")),
    ("stronger", re.compile(rf"(?:emphasi[sz]e|strengthen|stress|more) {_THE}(?P<a>.+)")),
    ("weaker", re.compile(rf"(?:de-?emphasi[sz]e|weaken|tone down|less) {_THE}(?P<a>.+)")),
    ("set", re.compile(rf"make {_IT}(?: be| look)?(?: at| in)? (?P<b>.+)")),
    ("add", re.compile(r"(?:add|include|insert|put in|put on|give (?:it|her|him|them|the \w+)|put|with) (?P<b>.+)")),
)
_MAKE = re.compile(rf"(?:make|paint|colou?r|dye|turn) {_THE}(?P<a>.+)")

_REDDER = {
    "redder": "red", "bluer": "blue", "greener": "green", "whiter": "white", "blacker": "black", "yellower": "yellow",
    "pinker": "pink", "browner": "brown", "greyer": "grey", "grayer": "grey",
}  # fmt: skip
_MORE = re.compile(rf"(?:make )?(?:{_IT}|{_THE}(?P<a>.+?))? ?(?P<b>{'|'.join(_REDDER)})")

_CUT = re.compile(r"[,，。;；!！?？\n]+|(?<![^\W_])(?:and then|then)(?![^\W_])|然后|接着|并且(?=[把将去加换改])")
_VERB = (
    r"(?:make|change|turn|replace|swap|remove|delete|drop|add|include|give|put|set|take|get rid|switch|convert|paint|"
    r"dye|emphasi[sz]e|no\b|without)"
)
_AND_VERB = re.compile(rf"\s+and\s+(?={_VERB})")
_LIST_ZH, _LIST_EN = (
    re.compile(r"[、]|(?<=.)(?:以及|还有|和(?![服风室平谐尚])|与|跟)(?=.)"),
    re.compile(r"\s+(?:and|or)\s+|\s*&\s*|\s*/\s*"),
)
_MOST = 40  # wishes of one sentence


def clauses(sentence: str) -> Iterator[str]:
    """The parts of a sentence that each ask for one change."""
    for part in _CUT.split(grammar.normalise(sentence)):
        for clause in _AND_VERB.split(part) if not CHINESE.search(part) else (part,):
            if clause.strip(" 、.。"):
                yield clause.strip(" 、.。")


def wish(clause: str) -> tuple[Wish, ...]:
    """What one clause asks for: several for a list of things; a clause without a verb sets what it names."""
    return tuple(_read_zh(clause) if CHINESE.search(clause) else _read_en(clause))[:_MOST]


def ordered(sentence: str) -> bool:
    """Whether a sentence says what is to become of something, rather than only naming something."""
    return any(one != Wish("set", value=_plain(clause)) for clause in clauses(sentence) for one in wish(clause))


def _plain(clause: str) -> str:
    """A clause without what is only polite."""
    if CHINESE.search(clause):
        return _ENDING_ZH.sub("", _POLITE_ZH.sub("", chinese.simplified(clause).strip())) or clause
    return _POLITE_EN.sub("", " ".join(clause.lower().split()))


def _read_zh(clause: str) -> Iterator[Wish]:
    plain = _plain(clause)
    for kind, pattern in _PATTERNS_ZH:
        if match := pattern.fullmatch(plain):
            yield from _wishes(kind, match, _LIST_ZH)
            return
    yield Wish("set", value=_DEGREE.sub("", plain) or plain)


def _read_en(clause: str) -> Iterator[Wish]:
    plain = _plain(clause)
    if match := _MORE.fullmatch(plain):
        yield Wish("stronger", match["a"] or "", _REDDER[match["b"]])
        return
    for kind, pattern in _PATTERNS_EN:
        if match := pattern.fullmatch(plain):
            yield from _wishes(kind, match, _LIST_EN)
            return
    if match := _MAKE.fullmatch(plain):
        yield Wish("replace", match["a"], open=True)
    else:
        yield Wish("set", value=plain)


def _wishes(kind: Kind, match: re.Match[str], between: re.Pattern[str]) -> Iterator[Wish]:
    found = match.groupdict()
    target, value = (found.get("a") or "").strip(), (found.get("b") or found.get("w") or "").strip()
    if kind == "stronger" and value:
        yield Wish(kind, "" if target in _WHOLE else _thing(target), value)
    elif kind in ("remove", "deny", "stronger", "weaker"):
        for one in between.split(target):
            yield Wish(kind, _thing(one))
    elif kind == "replace" and target in _WHOLE:
        yield Wish("set", value=value)
    else:
        yield Wish(kind, _thing(target), value)


_WHOLE = frozenset(
    {"画面", "图", "图片", "画", "照片", "整体", "整张图", "它", "这张图", "这张画", "这幅画", "整个画面"}
)
_LEAD = re.compile(
    r"^(?:(?:她|他|它|他们|她们|人物|画面|图片|图|画)(?:身上|头上|手上|手里|脸上|里面|里|中|上)?的?(?=.)|那|这|所有的?|全部的?|任何|"
    r"the |her |his |its |their |my |all |any )+"
)
_MEASURE = re.compile(r"^(?:[一那这两几]?[个只顶条件张片朵幅把副双])(?=.)(?!子)")


def _thing(words: str) -> str:
    """The name of a thing without whose it is and which one."""
    words = _LEAD.sub("", words.strip()) or words.strip()
    return (_MEASURE.sub("", words) or words).removesuffix("的").strip()
