"""The changes that a sentence asks for: "把猫换成狗，去掉帽子", "make the hat green"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from prompts.edit.clauses import clauses
from prompts.edit.forms import COLOURS, NUMBERS, Form, InstructionKind
from prompts.edit.forms_en import FORMS_EN
from prompts.edit.forms_zh import FORMS_ZH
from prompts.edit.groups import tells
from prompts.edit.numerals import number
from prompts.edit.polite import lowered, plain
from prompts.edit.properties import alike, each_so, shaped
from prompts.edit.rivals import kind_of
from prompts.edit.sayings import happens, said_plainly
from prompts.edit.sayings_en import said_plainly_in_english
from prompts.edit.thing_names import thing_name
from prompts.edit.to_do import only_tells
from prompts.edit.wearing import is_worn
from prompts.nouns import COMPARED
from prompts.tags import entry_of
from prompts.translate import chinese
from prompts.translate.chinese import CHINESE


@dataclass(frozen=True, slots=True)
class Instruction:
    """One change: what is to be done to `target` (words of the person) with `value`. "set" has no target: the value
    takes the place of what says the like. "stronger" with a value wants more of a property that the target, or
    anything, has: "更红一点". "make the hat green" has its words in `target` alone, with `open`: where the
    thing ends and its property begins, only the prompt can tell. `maybe` is a clause that asks for this only where the
    prompt has the target, and else names something: "hat to crown", "door to the garden".
    `measure` says where something is added and how many: "旁边一顶" of "旁边加一顶帽子", `at` only where. "count" has a
    number of steps as its value ("+1" of "再多一只"), "shade" a word for how light a colour is. `more`: what is added
    joins others of its kind. `instead`: what comes takes the place of what the clause before took away, or of what it
    can only stand for; of what goes, that something has come already, and that it may not be there. `given`: it is put
    on somebody. `moved`: somebody is to be there, not where they are. `itself`: it is what the picture is of that is to
    be so. `who`: the being that the wish names, among others. `coloured`: only the colours of two things change
    places."""

    kind: InstructionKind
    target: str = ""
    value: str = ""
    open: bool = False
    measure: str = ""
    maybe: str = ""
    at: str = ""
    more: bool = False
    instead: bool = False
    given: bool = False
    moved: bool = False
    itself: bool = False
    who: str = ""
    coloured: bool = False


# ── Chinese ───────────────────────────────────────────────────────────────────────────────────────────────────────────

_DEGREE = re.compile(
    "^(?:再|更)+|(?:一点儿?|一些|点儿)$|(?<=..)(?<![地景雨斑终起焦站圆波光糕甜早茶钟整零几一二三四五六七八九十两半标沸冰优缺特观网])点$"
)
_WANTED = re.compile("^要(?=..)")

# ── English ───────────────────────────────────────────────────────────────────────────────────────────────────────────

_THE = r"(?:the |her |his |its |their |my |an? |all |any |that |this )?"
_MAKE = re.compile(rf"(?:make|paint|colou?r|dye|turn|have|get) {_THE}(?P<a>.+)")

_MAKE_HER = re.compile(r"(?:make|have|get) (?P<a>her|him|(?:the )?(?:character|person|subject)) (?P<b>[a-z]+)")

_REDDER = {
    "redder": "red", "bluer": "blue", "greener": "green", "whiter": "white", "blacker": "black", "yellower": "yellow",
    "pinker": "pink", "browner": "brown", "greyer": "grey", "grayer": "grey",
}  # fmt: skip
_MORE = re.compile(
    r"(?:make )?(?:(?:it|this|that|(?:the|this|that|my) (?:picture|image|scene|photo|drawing))|"
    rf"{_THE}(?P<a>.+?))? ?(?P<b>{'|'.join(_REDDER)})"
)

_LIST_ZH, _LIST_EN = (
    re.compile(r"[、]|(?<=.)(?:以及|还有|和(?![服风室平谐尚])|与|跟)(?=.)"),
    re.compile(r"\s+(?:and|or)\s+|\s*&\s*|\s*/\s*"),
)
_MOST = 40  # changes that one clause asks for


def instructions(clause: str) -> tuple[Instruction, ...]:
    """The changes that one clause asks for: one for each thing listed; a clause without a verb sets what it names."""
    return tuple(_read_zh(clause) if CHINESE.search(clause) else _read_en(clause))[:_MOST]


def instructs(sentence: str) -> bool:
    """Whether a sentence says what is to become of something, rather than only naming something, or telling what
    happens, and why."""
    sentence = sentence.partition(", so ")[0]
    return any(
        not (
            (one.kind in ("set", "add") and one.value in (bare, _WANTED.sub("", bare)))
            or one.maybe
            or one.target == bare
        )
        for clause in clauses(sentence)
        if not happens(bare := plain(clause)) and not only_tells(bare)
        for one in instructions(clause)
    )


_INSTEAD_ZH = re.compile("^(?:而是|换成?|改成?|变成|换为|改为|换上|弄成|画成|要|我?想?要|来[个一只点条张])")
_HEDGES = (
    r"(?:(?:please|pls|can you|could you|would you|now|just|so|ok|okay|hmm+|no|actually|maybe|wait|sorry|oh|and),? )*"
)
_INSTEAD_EN = re.compile(
    rf"^{_HEDGES}(?:make (?:it|this|that|them)|use|replace (?:it|that|them)|put|have|"
    r"(?:it|this|that|they) (?:should|must) be|"
    r"(?:turn|change|convert|transform) (?:it|this|that|them|him|her)|i (?:meant?|said|wanted|want|asked for)) |"
    r"^(?:actually|rather|i meant?)(?: an?)? |\binstead(?: (?:please|pls))?[.!?]*$"
)
_ENDS_INSTEAD = re.compile(r"\binstead(?: (?:please|pls))?[.!?]*$")
_GIVEN = re.compile(
    rf"^{_HEDGES}(?:give (?:it|her|him|them|the [\w ]+?)|put|dress|"
    r"(?:she|he|they|it|the \w+)(?: should| must)?(?: be)? wear\w*|"
    r"(?:make|let|have) (?:it|her|him|them|the \w+) wear) "
)
_WHO = re.compile(
    rf"^{_HEDGES}(?:(?:make|have|let|give|put|dress|get) )?"
    r"(?:(?P<pronoun>she|he|her|him|his)|the (?P<noun>[a-z]+(?: [a-z]+(?=(?:'s| should)))?))(?='s| |$)"
)
_ITSELF = re.compile(r"(?:make|turn|change|convert|transform) (?:it|this|that|them) |(?:it|this|that)(?:'s| is) an? ")
_MOVED = re.compile(r"(?:move|bring|take|put|place|get|send) (?:her|him|it|them|everyone|the [a-z]+) ")
_MOVED_ZH = re.compile("[把将]?(?:场景|人物|[她他它]们?)?[换搬移挪转带]到")
_WORN_IN = re.compile(r"(?:in|wearing) (?P<what>(?:(?:an?|the|some|her|his) )?[\w' -]+)")
_MORE_ZH = re.compile("^[请帮我给]*(?:再|多|还要|另外)|加多|[再还多]加|再[来添画放]|[二两三四五六七八九十\\d][^，]")
_MORE_WORD = re.compile(r"\b(?:more|another|two|three|four|five|six)\b")


def _read_zh(clause: str) -> Iterator[Instruction]:
    """The instructions of a Chinese clause, and whether they add to what is there or stand for what was taken away."""
    said = chinese.sign_by_sign(clause).strip()
    more, instead = bool(_MORE_ZH.search(said)), bool(_INSTEAD_ZH.search(_LEADING.sub("", said)))
    for one in _formed_zh(clause):
        yield replace(one, more=more and one.kind == "add", instead=instead and one.kind in ("set", "add"))


_LEADING = re.compile("^(?:请|麻烦|帮我|给我|就|那就?|然后)+")


_THERE_IS = re.compile(
    "[^我你您他她它咱谁]{1,5}?(?:[上下里中旁]|边上?|旁边|前面|后面|周围)(?:也|都|还)?有(?!没|的|点|些|人).{1,8}"
)


def _formed_zh(clause: str) -> Iterator[Instruction]:
    bare = said_plainly(plain(clause))
    for form in FORMS_ZH:
        if match := form.pattern.fullmatch(bare):
            for one in _instructions(form, match, _LIST_ZH):
                yield replace(one, moved=one.kind == "set" and _MOVED_ZH.match(bare) is not None)
            return
    if _THERE_IS.fullmatch(bare):
        yield Instruction("add", value=bare)  # "屋顶上有积雪"
        return
    yield Instruction("set", value=_WANTED.sub("", _DEGREE.sub("", bare)) or bare)


def _read_en(clause: str) -> Iterator[Instruction]:
    """The instructions of an English clause, as for a Chinese one."""
    said = lowered(clause)
    bare = said_plainly_in_english(plain(clause))
    who = _WHO.match(said)
    more, given = bool(_MORE_WORD.search(said)), bool(_GIVEN.search(said) or _GIVEN.search(bare))
    instead = bool(_INSTEAD_EN.search(said) or _INSTEAD_EN.search(bare))
    for one in _formed_en(clause):
        wears = given or one.value.startswith("wearing ")
        worn = _WORN_IN.fullmatch(one.value) if wears and one.kind == "set" else None
        given = given or bool(worn)
        one = replace(one, kind="add", value=worn["what"]) if worn and is_worn(worn["what"]) else one
        if one.kind == "add" and _ENDS_INSTEAD.search(said):
            one, given = replace(one, kind="set"), False
        if one.kind == "set" and one.value != said and _A_NUMBER.fullmatch(one.value):
            one = Instruction("count", value=str(number(one.value)))  # "make it two"
        gives = one.kind in ("set", "add")
        gone = one.kind == "remove" and said.startswith("no longer ")
        moved = one.kind == "set" and _MOVED.match(bare) is not None
        yield replace(
            one,
            more=more and one.kind == "add",
            instead=(instead and gives) or gone,
            given=given and gives,
            moved=moved,
            who=who["pronoun"] or who["noun"] if who else "",
            itself=one.kind == "set" and _ITSELF.match(bare) is not None,
        )


def _formed_en(clause: str) -> Iterator[Instruction]:
    bare = shaped(said_plainly(said_plainly_in_english(plain(clause))))
    bare = _IN_COLOUR.sub(r"\g<thing> \g<colour>", bare)
    if match := _MORE.fullmatch(bare):
        yield Instruction("stronger", match["a"] or "", _REDDER[match["b"]])
        return
    for form in FORMS_EN:
        if match := form.pattern.fullmatch(bare):
            yield from _instructions(form, match, _LIST_EN)
            return
    if (match := _MAKE_HER.fullmatch(bare)) and match["b"] in (*COMPARED, *COMPARED.values()):
        yield Instruction("replace", match["a"], match["b"])
    elif match := _MAKE.fullmatch(bare):
        for one in each_so(match["a"]):
            yield Instruction("replace", one, open=True)
    elif _told_behind(bare):
        yield Instruction("replace", re.sub("^(?:the|her|his|its|their|my) ", "", bare), open=True)
    else:
        yield Instruction("set", value=bare)


_IN_COLOUR = re.compile(rf"(?P<thing>[\w' -]+) in (?P<colour>(?:(?:light|dark|pale|deep|bright) )?(?:{COLOURS}))")


def _told_behind(words: str) -> bool:
    """Whether words name a thing and then how it is: "dress blue"."""
    parts = re.sub("^(?:the|her|his|its|their|my) ", "", words).split()
    said = [word in COMPARED or ((entry := entry_of(word)) and entry.category in _PROPERTIES) for word in parts]
    if {"a", "an", "the", "and"} & set(parts) or entry_of(" ".join(parts)):
        return False  # "ice cream"
    return 2 <= len(said) <= 3 and bool(said[-1]) and not said[0]


_PROPERTIES = ("colour", "material", "adjective")
_A_NUMBER = re.compile(NUMBERS)


def _instructions(form: Form, match: re.Match[str], between: re.Pattern[str]) -> Iterator[Instruction]:
    found, kind = match.groupdict(), form.kind
    target, value = (found.get("a") or "").strip(), (found.get("b") or found.get("w") or "").strip()
    if kind == "stronger" and value:
        yield Instruction(kind, "" if target in _WHOLE else thing_name(target), value)
    elif kind == "count" and value[:1] == "几" and target and not found.get("less"):
        yield Instruction("replace", thing_name(target), value)  # "乌鸦再多几只"
    elif kind == "count":
        sign = value[-1:] if CHINESE.search(value) else ""
        maybe = match.string if form.maybe else ""
        step = str(number(value[:-1])) if found.get("exact") else _step(value, less=bool(found.get("less")))
        yield Instruction(kind, thing_name(target), step, measure=sign, maybe=maybe)
    elif kind == "swap":
        yield Instruction(kind, thing_name(target), value, coloured="attr" in found)
    elif kind == "shade":
        yield Instruction(kind, thing_name(target), value)
    elif form.example == "the hat be made of wool" and not (kind_of(value) in _PROPERTIES or tells(value)):
        yield Instruction(kind, thing_name(target), f"made of {value}")  # "a lion made of ice"
    elif kind in ("remove", "deny", "stronger", "weaker", "keep"):
        for one in between.split(target):
            yield Instruction(kind, thing_name(one), maybe=match.string if form.maybe else "")
    elif (kind == "replace" and target in _WHOLE) or (kind == "replace" and _A_NUMBER.fullmatch(target)):
        yield Instruction("set", value=value)
    elif kind == "replace" and _A_NUMBER.fullmatch(value):  # "five instead of three candles"
        yield Instruction("set", value=f"{value} {_A_NUMBER.sub('', target, count=1).strip()}")
    elif kind == "replace" and not form.maybe and len(things := alike(target, value, between)) > 1:
        for one in things:
            yield Instruction(kind, thing_name(one), value)
    else:
        if target.endswith((" one", " ones")) and not CHINESE.search(value):  # "red lights instead of the blue ones"
            target = f"{target.rpartition(' ')[0]} {value.split()[-1]}"
        measure = found.get("one") or ""
        measure = "" if measure.endswith(("点", "些", "儿")) else measure
        at, measure = found.get("at") or "", "一" * (len(measure) == 1) + measure
        yield Instruction(
            kind,
            thing_name(target),
            value,
            measure=at + measure,
            at=at,
            maybe=_else(match, value) if form.maybe else "",
        )


def _else(match: re.Match[str], value: str) -> str:
    """What a clause asks for where the prompt does not have its target."""
    return value if match.string.startswith("not ") else match.string


def _step(said: str, *, less: bool) -> str:
    """How many more of a thing, or fewer: "+2" of "two more", "-1" of "一个" where it is to be fewer."""
    word = said[:-1] if CHINESE.search(said) else said.split(" ")[0]
    count = number(word) or 1
    return f"{-count if less or said.endswith(('fewer', 'less')) else count:+d}"


_WHOLE = frozenset(
    {
        "画面", "图", "图片", "画", "照片", "整体", "整张图", "它", "这个", "这张图", "这张图片", "这张照片", "这张画",
        "这幅画", "整个画面", "全部", "整个", "这", "我的照片", "原图", "全图",
    }
)  # fmt: skip
