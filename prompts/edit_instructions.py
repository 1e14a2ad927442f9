"""The changes that a sentence asks for: "把猫换成狗，去掉帽子", "make the hat green"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from prompts import grammar
from prompts.translate import chinese
from prompts.translate.chinese import CHINESE

InstructionKind = Literal["replace", "set", "add", "remove", "deny", "weigh", "stronger", "weaker"]


@dataclass(frozen=True, slots=True)
class Instruction:
    """One change: what is to be done to `target` (words of the person) with `value`. "set" has no target: the value
    takes the place of what says the like. "stronger" with a value wants more of a property that the target, or
    anything, has: "更红一点". "make the hat green" has its words in `target` alone, with `open`: where the
    thing ends and its property begins, only the prompt can tell. `measure` says where something is added and how many:
    "旁边一顶" of "旁边加一顶帽子"."""

    kind: InstructionKind
    target: str = ""
    value: str = ""
    open: bool = False
    measure: str = ""


@dataclass(frozen=True, slots=True)
class _Form:
    """A way to ask for a change, with a sentence that asks so. In the pattern `{a}` is the target, `{b}` what it is to
    become, and any other name in braces one of the phrases of the language."""

    kind: InstructionKind
    pattern: re.Pattern[str]
    example: str


def _forms(phrases: Mapping[str, str], *rows: tuple[InstructionKind, str, str]) -> tuple[_Form, ...]:
    named = {"a": "(?P<a>.+?)", "b": "(?P<b>.+?)", "number": r"(?P<w>\d+(?:\.\d+)?)", **phrases}
    return tuple(_Form(kind, re.compile(pattern.format_map(named)), example) for kind, pattern, example in rows)


# ── Chinese ───────────────────────────────────────────────────────────────────────────────────────────────────────────

_POLITE_ZH = re.compile(
    r"^(?:请|麻烦|帮我|给我|替我|你|能不能|可以|可不可以|我想|我要|想要|希望|然后|接着|同时|并且|并|再|还有|还要|另外|也|最后)+"
)
_ENDING_ZH = re.compile(r"(?:吧|吗|呢|啊|呀|哦|了|就好|就行|好吗|谢谢|行吗|可以吗)+$")
_DEGREE = re.compile(r"^(?:再|更)+|(?:一点儿?|一些|点儿)$")
_PHRASES_ZH = {
    "take": "(?:把|将)",
    "let": "(?:把|将|让)?",
    "becomes": r"(?:都|全都|全部|全)?(?:给我)?(?:改变|更换|替换|变换|转换|切换|调整|修改|改|换|变|调|转|染|涂|弄)"
    r"(?:成|为|作|做|到)(?:了)?",
    "away": "(?:去掉|去除|删掉|删除|移除|移走|拿掉|拿走|取消|摘掉|摘下|脱掉|脱下|擦掉|抹掉|除掉|消除)",
    "put": "(?:加上|加入|添加|增加|添上|画上|放上|补上|加|添)",
    "one": "(?P<one>一?(?:[个只点些条顶件张片朵幅把副双束杯]|点儿))?",
    "weight": "(?:的?权重)?",
    "more": "(?:再|更)?",
    "bit": "(?:一点儿?|一些|点儿?|些)",
}
_FORMS_ZH = _forms(
    _PHRASES_ZH,
    (
        "weigh",
        "{take}?{a}的?(?:权重|强度|比重)(?:调整|调|改|设置|设|变|提高|提升|降低|增加|减少|加|减|升|降)?(?:到|成|为|至|是)?"
        r"\s*{number}",
        "把帽子的权重调到1.3",
    ),
    ("remove", "{take}{a}(?:都|全部|全)?(?:给)?{away}", "把帽子去掉"),
    ("remove", "{away}{a}", "去掉帽子"),
    ("replace", "(?:把|将|让|给|用)?{a}(?P<attr>的?颜色)?{becomes}{b}", "把猫换成狗"),
    ("replace", "{take}{a}(?:换|变|改)(?!成|为){b}", "把猫换狗"),
    ("replace", "(?P<a>.*(?P<same>.))变(?P<b>.*(?P=same))", "白发变黑发"),
    ("set", "(?:要|来点)?{b}的(?:感觉|样子|味道|效果)", "要水墨画的感觉"),
    ("set", "(?:{becomes}|改用|改成|换|改){one}{b}", "换成夜景"),
    ("replace", "用{b}(?:代替|替换|取代|换掉){a}", "用狗代替猫"),
    ("remove", "(?![我你您他她它咱谁这那]){a}(?:都|全部|全)?(?:不要|别要|{away})了?", "帽子不要了"),
    ("deny", "(?:不要再?有?|别要|别有|不想要|不需要|没有|不带|无需|删){a}", "不要帽子"),
    ("stronger", "(?:加强|增强|强化|突出|强调|加重){a}", "突出帽子"),
    ("weaker", "(?:减弱|弱化|削弱|减轻|淡化|降低){a}{weight}", "减弱雾气"),
    ("stronger", "{let}{a}{weight}{more}(?:强|重|突出|明显|多|浓){bit}", "雾气浓一点"),
    ("weaker", "{let}{a}{weight}{more}(?:弱|轻|淡|少){bit}", "雾气淡一点"),
    (
        "stronger",
        "(?:让|把|将|变得|变)?(?P<a>.*?)(?:变得|变)?(?:更|再)+(?P<b>[红橙黄绿青蓝紫粉黑白灰棕金银])色?{bit}?",
        "帽子更红一点",
    ),
    ("replace", "{let}{a}(?:变得|变|更|再)+{b}{bit}", "帽子变大一点"),
    ("add", "(?:{put}|来)(?:了)?{one}{b}", "加上一顶帽子"),
    (
        "add",
        "(?:在)?(?P<at>.{{0,6}}?(?:旁边|旁|身边|边上|前面|后面|背后|上面|上|下面|下|里面|里|左边|右边|远处|天空中|中))"
        "(?:加上|加入|添加|增加|添上|画上|放上|[加画放添](?=[一两几个点些只])){one}{b}",
        "旁边加一顶帽子",
    ),
    ("add", "(?:给|为|在|让)(?:.+?){put}{one}{b}", "给她加上一顶帽子"),
    (
        "add",
        "(?:给|让)(?:她|他|它|人物|女孩|男孩|猫|狗)?(?P<b>(?:戴|穿|拿|抱|背|披|系|撑|骑)(?:上|着)?.+)",
        "给她戴上帽子",
    ),
)

# ── English ───────────────────────────────────────────────────────────────────────────────────────────────────────────

_POLITE_EN = re.compile(
    r"^(?:(?:please|can you|could you|would you|i want (?:you )?to|i'd like (?:you )?to|now|then|also|and|just|let's)"
    r"\s+)+"
)
_ENDING_EN = re.compile(r"(?:\s+(?:please|pls|plz|thanks|thank you|instead|for me|now|too|as well))+[.!?]*$")
_THE = r"(?:the |her |his |its |their |my |an? |all |any |that |this )?"
_IT = (
    r"(?:it|this|that|me|us|(?:the|this|that|my) (?:picture|image|scene|photo|whole thing|drawing|pic|selfie|portrait))"
)
_PHRASES_EN = {
    "the": _THE,
    "it": _IT,
    "set": "(?:(?:set|change|put|make) )?",
    "turn": "(?:change|turn|convert|transform|switch|set)",
}
_FORMS_EN = _forms(
    _PHRASES_EN,
    ("weigh", "{set}(?:the )?weight (?:of|for) {the}{a} (?:to |at |= ?)?{number}", "set the weight of the hat to 1.3"),
    ("weigh", "{set}{the}{a}(?:'s)? weight (?:to |at |is |= ?)?{number}", "set the hat's weight to 1.3"),
    ("replace", "(?:replace|swap|exchange|substitute) {the}{a} (?:with|for|by) {b}", "replace the cat with a dog"),
    ("set", "{turn} (?:{it} )?(?:to|into) {b}", "change it to night"),
    ("replace", "{turn} {the}{a}(?P<attr>'s colou?r)? (?:to|into) {b}", "turn the cat into a dog"),
    ("replace", "{b} instead of {the}{a}", "a dog instead of the cat"),
    ("replace", "{the}(?P<a>background|scene|style|sky|weather|season|time)(?: is|:| =) {b}", "background: beach"),
    (
        "replace",
        "(?:the|her|his|its|their|my) {a} (?:should|must|could|needs? to|has to|have to) (?:be|become|look|turn) {b}",
        "the hat should be green",
    ),
    ("remove", "(?:remove|delete|drop|erase|get rid of|take (?:away|off|out)|lose|cut) {the}{a}", "remove the hat"),
    ("deny", "(?:without|no|no more|don't (?:want|show|draw)) {the}{a}", "no hat"),
    ("stronger", "(?:emphasi[sz]e|strengthen|stress|more) {the}{a}", "more fog"),
    ("weaker", "(?:de-?emphasi[sz]e|weaken|tone down|less) {the}{a}", "less fog"),
    ("set", "(?:make|set|put) {it}(?: be| look)?(?: at)?(?: in(?= (?:a |the )?(?:\\w+ )?style))? {b}", "make it night"),
    ("add", r"(?:add|include|insert|put in|put on|give (?:it|her|him|them|the \w+)|put|with) {b}", "add a hat"),
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
_MOST = 40  # changes that one clause asks for


def clauses(sentence: str) -> Iterator[str]:
    """The parts of a sentence that each ask for one change."""
    for part in _CUT.split(grammar.normalise(sentence)):
        for clause in _AND_VERB.split(part) if not CHINESE.search(part) else (part,):
            if clause.strip(" 、.。"):
                yield clause.strip(" 、.。")


def instructions(clause: str) -> tuple[Instruction, ...]:
    """The changes that one clause asks for: one for each thing listed; a clause without a verb sets what it names."""
    return tuple(_read_zh(clause) if CHINESE.search(clause) else _read_en(clause))[:_MOST]


def instructs(sentence: str) -> bool:
    """Whether a sentence says what is to become of something, rather than only naming something."""
    return any(
        one != Instruction("set", value=_plain(clause)) for clause in clauses(sentence) for one in instructions(clause)
    )


def _plain(clause: str) -> str:
    """A clause without what is only polite."""
    if CHINESE.search(clause):
        return _ENDING_ZH.sub("", _POLITE_ZH.sub("", chinese.simplified(clause).strip())) or clause
    return _ENDING_EN.sub("", _POLITE_EN.sub("", " ".join(clause.lower().split())))


def _read_zh(clause: str) -> Iterator[Instruction]:
    plain = _plain(clause)
    for form in _FORMS_ZH:
        if match := form.pattern.fullmatch(plain):
            yield from _instructions(form.kind, match, _LIST_ZH)
            return
    yield Instruction("set", value=_DEGREE.sub("", plain) or plain)


def _read_en(clause: str) -> Iterator[Instruction]:
    plain = _plain(clause)
    if match := _MORE.fullmatch(plain):
        yield Instruction("stronger", match["a"] or "", _REDDER[match["b"]])
        return
    for form in _FORMS_EN:
        if match := form.pattern.fullmatch(plain):
            yield from _instructions(form.kind, match, _LIST_EN)
            return
    if match := _MAKE.fullmatch(plain):
        yield Instruction("replace", match["a"], open=True)
    else:
        yield Instruction("set", value=plain)


def _instructions(kind: InstructionKind, match: re.Match[str], between: re.Pattern[str]) -> Iterator[Instruction]:
    found = match.groupdict()
    target, value = (found.get("a") or "").strip(), (found.get("b") or found.get("w") or "").strip()
    if kind == "stronger" and value:
        yield Instruction(kind, "" if target in _WHOLE else _thing(target), value)
    elif kind in ("remove", "deny", "stronger", "weaker"):
        for one in between.split(target):
            yield Instruction(kind, _thing(one))
    elif kind == "replace" and target in _WHOLE:
        yield Instruction("set", value=value)
    else:
        measure = found.get("one") or ""
        measure = (found.get("at") or "") + ("" if measure.endswith(("点", "些", "儿")) else measure)
        yield Instruction(kind, _thing(target), value, measure=measure)


_WHOLE = frozenset(
    {
        "画面",
        "图",
        "图片",
        "画",
        "照片",
        "整体",
        "整张图",
        "它",
        "这个",
        "这张图",
        "这张图片",
        "这张照片",
        "这张画",
        "这幅画",
        "整个画面",
        "这",
        "我的照片",
        "原图",
        "全图",
    }
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
