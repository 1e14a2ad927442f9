"""The changes that a sentence asks for: "把猫换成狗，去掉帽子", "make the hat green"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from prompts import grammar
from prompts.edit.casual import written_out
from prompts.edit.forms import COLOURS, NUMBERS, Form, InstructionKind
from prompts.edit.forms_en import FORMS_EN
from prompts.edit.forms_zh import FORMS_ZH
from prompts.edit.groups import tells
from prompts.edit.halves import in_one
from prompts.edit.numerals import number
from prompts.edit.rivals import matter
from prompts.edit.sayings import FILLER, KEPT, happens, said_plainly
from prompts.edit.sayings_en import only_tells, said_plainly_in_english
from prompts.edit.targets import WEATHER, category_of
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
    can only stand for. `given`: it is put on somebody. `moved`: somebody is to be there, not where they are. `itself`:
    it is what the picture is of that is to be so. `who`: the being that the wish names, among others. `coloured`: only
    the colours of two things change places."""

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

_POLITE_ZH = re.compile(
    r"^(?:请|麻烦|帮忙|帮我|给我|替我|你|能不能|可以|可不可以|我想|我要|想要|希望|然后|接着|同时|并且|并|再|还有|还要|另外|也|最后|"
    r"那就?|稍微|(?:我?(?:想|要|想要)|让我|能|能不能)看[到见清]|[他她它]们?(?:应该|最好|要是|正|得)|能否|可否|我希望|我觉得|我(?=不想?要.)|只(?=[把将改换加去]))+"
)
_ENDING_ZH = re.compile(
    r"(?:吧|吗|呢|啊|呀|哦|哈|啦|呗|嘛|咯|喔|噢|嘞|吖|(?<=的)那[种个款]|(?<![去删摘脱拿拆撤扔掐灭收丢])了|(?<=[外里内上边])去|就好|就行|好吗|谢谢|行吗|可以吗)+$"
)
_DEGREE = re.compile(
    "^(?:再|更)+|(?:一点儿?|一些|点儿)$|(?<=..)(?<![地景雨斑终起焦站圆波光糕甜早茶钟整零几一二三四五六七八九十两半标沸冰优缺特观网])点$"
)
_WANTED = re.compile("^要(?=..)")

# ── English ───────────────────────────────────────────────────────────────────────────────────────────────────────────

_POLITE_EN = re.compile(
    r"^(?:(?:please|nah|ok|okay|yeah|um+|well|oh|wait|nope|hey|sorry|"
    r"one (?:small |more |last |other )?thing:?|there(?:'s| is| are)(?= too)|can you|could you|would you|"
    r"i (?:want|would like) (?:you )?to|i'd like (?:you )?to|"
    r"i(?:'d rather(?: have)?| would rather(?: have)?| meant?|'d like| would like|'d love|'d prefer| want| think)|"
    r"(?:can|could|may|shall|should) (?:we|i)|we could|"
    r"actually|hmm+|maybe|perhaps|how about|what about|what if|why not|"
    r"to(?= an? | the )|(?:to )?see|let me see|show me|now|"
    r"then|also|and|(?:just|only)(?! (?:keep|leave|show|have|the)\b)|"
    r"let's|let us)\s+)+"
)
_ENDING_EN = re.compile(
    r"(?:\s+(?:please|pls|plz|thanks|thank you|instead|for me|now|too|as well|anymore|any more|any longer|"
    r"(?<!looking )(?<!look )at all|after all|this time|tho|though|ok|okay|if you can|if possible))+[.!?]*$"
)
_MUCH = re.compile(r"\b(?:way|much|far|a lot|even|really|so much) (?=[a-z]+er\b|more\b|less\b)")
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

_CUT = re.compile(
    r"[,，。;；!！?？\n]+|"
    r"(?<![^\W_])(?:and then|then|(?<!move everything )(?<!lete everything )(?<!of everything )but)(?![^\W_])|"
    "然后|接着|但是|不过|(?<!不)但(?=.)|并且(?=[把将去加换改])|(?<=..)再?(?=换上|改穿|换穿)|(?<=[掉了])(?:再|并|还要?)(?=[加把换去改])|"
    "(?<=[掉了])(?=[给让][她他它]|(?:换成|改成|换上|来[个一]).)|"
    "(?<=..)(?<!不要)(?<!不)(?<!别)(?:同时|顺便|另外|并|再|还要?)(?=加(?![强重深浓大宽长粗到])|把|去掉|删掉|拿掉|换成|换上|改成|改为)"
)
_VERB = (
    r"(?:make|change|turn|replace|swap|remove|delete|drop|lose|ditch|have|let|use|add|include|give|put|set|take|"
    r"get rid|(?:could|can|should) (?:the|it|we|you)\b|zoom|shave|clear|calm|brighten|darken|dry|tidy|dress|"
    r"trade|open|close|try|show|draw|fill|switch|convert|"
    r"paint|dye|emphasi[sz]e|erase|hide|stop|move|bring|keep|leave|"
    r"more\b|less\b|fewer\b|no\b|without)"
)
_TO = re.compile(r"\b(?:in)?to\b.*\band\b.*\b(?:in)?to\b")  # "change the cat to a dog and the hat to a crown"
_AND_TOO = re.compile(rf"\s+and\s+(?={_VERB}|(?:the |her |his |its )?[\w' -]{{1,30}}? (?:in)?to\b)")
_AND_HOW = re.compile(
    rf"\s+and\s+(?={_VERB}|(?:it|she|he|they|there|the \w+) should\b|"
    rf"(?:the|her|his|its) [\w' -]{{1,30}}? (?:{COLOURS}|long|short|big|small)$)"
)
_LIST_ZH, _LIST_EN = (
    re.compile(r"[、]|(?<=.)(?:以及|还有|和(?![服风室平谐尚])|与|跟)(?=.)"),
    re.compile(r"\s+(?:and|or)\s+|\s*&\s*|\s*/\s*"),
)
_SPACED = re.compile(
    "(?<=[了点吧呀啊呢嘛啦的]) +(?=[一-鿿])|^(?:[eh]m+|um+|ok|嗯+|呃+|额+|哈+) +(?=[一-鿿])"
)  # "太丑了 换一个"
_MOST = 40  # changes that one clause asks for


_SAME_BUT = re.compile(
    r"(?:the )?(?:exact )?same(?: (?:picture|image|scene|thing|photo|pose|prompt|one))?,? (?:but|just|only) with "
    r"(?P<who>an? [a-z ]+)",
    re.IGNORECASE,
)


def clauses(sentence: str) -> Iterator[str]:
    """The parts of a sentence that each ask for one change; what is to stay as it is asks for none."""
    same = _SAME_BUT.fullmatch(sentence.strip(" .!"))
    if same and category_of(same["who"]) in ("animal", "person", "myth"):
        sentence = f"make it {same['who']}"  # whom a picture is of, and no second one
    said = in_one(grammar.normalise(sentence))
    said = _SPACED.sub("，", said) if CHINESE.search(said) else written_out(said)
    for part in _CUT.split(said):
        for clause in (part,) if CHINESE.search(part) else _wishes(part):
            for each in _listed(clause.strip(" 、.。")):
                plain = chinese.simplified(each).lower()
                if each and not KEPT.fullmatch(plain) and not FILLER.fullmatch(plain):
                    yield each


_VIEW_AND = re.compile(
    r"(?P<view>(?:front|side|back|top) view|from (?:above|below|behind|the side)) (?:and )?(?P<more>looking .+)"
)
_SO_AND = re.compile(
    r"(?P<one>(?:make|paint|turn|dye|colou?r) (?:the |her |his |its |their )[\w' -]{1,40}? (?P<how>[\w-]{1,20})) and "
    r"(?P<other>(?:the|her|his|its|their) [\w' -]{1,40}? [\w-]{1,20})"
)


def _wishes(part: str) -> list[str]:
    """The wishes that "and" joins: "make the desk messy and the light warm"."""
    both = _SO_AND.fullmatch(part.strip())
    if both and tells(both["how"].lower()):
        return [both["one"], both["other"]]
    told = re.fullmatch(r"(?P<one>[a-z]+) and (?P<other>[a-z]+)", part.strip().lower())
    if told and any(each in WEATHER or matter(each) in ("time", "weather", "season") for each in told.groups()):
        return [told["one"], told["other"]]
    if view := _VIEW_AND.fullmatch(part.strip().lower()):
        return [view["view"], view["more"]]
    if style := re.fullmatch(r"(?P<other>.+?) and (?:in )?(?P<style>[a-z0-9 ]{1,30} style)", part.strip().lower()):
        return [style["other"], style["style"]]
    first, joined, second = part.strip().partition(" and ")
    when = re.sub(r"^(?:an? |the )|(?: weather| light)$", "", first.lower())
    if joined and (when in WEATHER or matter(when) in ("time", "weather", "season")):
        return [first, second]  # "sunny weather and a calm sea"
    return (_AND_TOO if _TO.search(part) else _AND_HOW).split(part)


def _listed(clause: str) -> list[str]:
    """The wishes of a list, each with words of its own for what is to be done: "头发金色、裙子黑色"."""
    parts = [part.strip() for part in clause.split("、")]
    return parts if len(parts) > 1 and all(map(_formed, parts)) else [clause]


def _formed(part: str) -> bool:
    plain = said_plainly(_plain(part))
    return any(form.pattern.fullmatch(plain) for form in FORMS_ZH) or bool(KEPT.fullmatch(plain))


def instructions(clause: str) -> tuple[Instruction, ...]:
    """The changes that one clause asks for: one for each thing listed; a clause without a verb sets what it names."""
    return tuple(_read_zh(clause) if CHINESE.search(clause) else _read_en(clause))[:_MOST]


def instructs(sentence: str) -> bool:
    """Whether a sentence says what is to become of something, rather than only naming something, or telling what
    happens."""
    return any(
        not ((one.kind == "set" and one.value in (plain, _WANTED.sub("", plain))) or one.maybe or one.target == plain)
        for clause in clauses(sentence)
        if not happens(plain := _plain(clause)) and not only_tells(plain)
        for one in instructions(clause)
    )


def _lowered(clause: str) -> str:
    """A clause in small letters, but for what is to be written in the picture."""
    parts = re.split(r"([\"“][^\"”]*[\"”])", " ".join(clause.split()))
    return "".join(part if at % 2 else part.lower() for at, part in enumerate(parts))


def _plain(clause: str) -> str:
    """A clause without what is only polite."""
    if CHINESE.search(clause):
        return _ENDING_ZH.sub("", _POLITE_ZH.sub("", chinese.sign_by_sign(clause).strip())) or clause
    said = _ENDING_EN.sub("", _POLITE_EN.sub("", _lowered(clause)))
    return _MUCH.sub("", said)


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


def _formed_zh(clause: str) -> Iterator[Instruction]:
    plain = said_plainly(_plain(clause))
    for form in FORMS_ZH:
        if match := form.pattern.fullmatch(plain):
            for one in _instructions(form, match, _LIST_ZH):
                yield replace(one, moved=one.kind == "set" and _MOVED_ZH.match(plain) is not None)
            return
    yield Instruction("set", value=_WANTED.sub("", _DEGREE.sub("", plain)) or plain)


def _read_en(clause: str) -> Iterator[Instruction]:
    """The instructions of an English clause, as for a Chinese one."""
    said = _lowered(clause)
    plain = said_plainly_in_english(_plain(clause))
    who = _WHO.match(said)
    more, given = bool(_MORE_WORD.search(said)), bool(_GIVEN.search(said) or _GIVEN.search(plain))
    instead = bool(_INSTEAD_EN.search(said) or _INSTEAD_EN.search(plain))
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
        moved = one.kind == "set" and _MOVED.match(plain) is not None
        yield replace(
            one,
            more=more and one.kind == "add",
            instead=instead and gives,
            given=given and gives,
            moved=moved,
            who=who["pronoun"] or who["noun"] if who else "",
            itself=one.kind == "set" and _ITSELF.match(plain) is not None,
        )


def _formed_en(clause: str) -> Iterator[Instruction]:
    plain = said_plainly(said_plainly_in_english(_plain(clause)))
    plain = _IN_COLOUR.sub(r"\g<thing> \g<colour>", plain)
    if match := _MORE.fullmatch(plain):
        yield Instruction("stronger", match["a"] or "", _REDDER[match["b"]])
        return
    for form in FORMS_EN:
        if match := form.pattern.fullmatch(plain):
            yield from _instructions(form, match, _LIST_EN)
            return
    if (match := _MAKE_HER.fullmatch(plain)) and match["b"] in (*COMPARED, *COMPARED.values()):
        yield Instruction("replace", match["a"], match["b"])
    elif match := _MAKE.fullmatch(plain):
        yield Instruction("replace", match["a"], open=True)
    elif _told_behind(plain):
        yield Instruction("replace", re.sub("^(?:the|her|his|its|their|my) ", "", plain), open=True)
    else:
        yield Instruction("set", value=plain)


_IN_COLOUR = re.compile(rf"(?P<thing>[\w' -]+) in (?P<colour>(?:(?:light|dark|pale|deep|bright) )?(?:{COLOURS}))")


def _told_behind(words: str) -> bool:
    """Whether words name a thing and then how it is: "dress blue"."""
    parts = re.sub("^(?:the|her|his|its|their|my) ", "", words).split()
    said = [word in COMPARED or ((entry := entry_of(word)) and entry.category in _PROPERTIES) for word in parts]
    if {"a", "an", "the"} & set(parts) or entry_of(" ".join(parts)):
        return False  # "ice cream"
    return 2 <= len(said) <= 3 and bool(said[-1]) and not said[0]


_PROPERTIES = ("colour", "material", "adjective")
_A_NUMBER = re.compile(NUMBERS)


def _instructions(form: Form, match: re.Match[str], between: re.Pattern[str]) -> Iterator[Instruction]:
    found, kind = match.groupdict(), form.kind
    target, value = (found.get("a") or "").strip(), (found.get("b") or found.get("w") or "").strip()
    if kind == "stronger" and value:
        yield Instruction(kind, "" if target in _WHOLE else _thing(target), value)
    elif kind == "count" and value[:1] == "几" and target and not found.get("less"):
        yield Instruction("replace", _thing(target), value)  # "乌鸦再多几只"
    elif kind == "count":
        sign = value[-1:] if CHINESE.search(value) else ""
        maybe = match.string if form.maybe else ""
        step = str(number(value[:-1])) if found.get("exact") else _step(value, less=bool(found.get("less")))
        yield Instruction(kind, _thing(target), step, measure=sign, maybe=maybe)
    elif kind == "swap":
        yield Instruction(kind, _thing(target), value, coloured="attr" in found)
    elif kind == "shade":
        yield Instruction(kind, _thing(target), value)
    elif kind in ("remove", "deny", "stronger", "weaker", "keep"):
        for one in between.split(target):
            yield Instruction(kind, _thing(one), maybe=match.string if form.maybe else "")
    elif (kind == "replace" and target in _WHOLE) or (kind == "replace" and _A_NUMBER.fullmatch(target)):
        yield Instruction("set", value=value)
    elif kind == "replace" and _A_NUMBER.fullmatch(value):  # "five instead of three candles"
        yield Instruction("set", value=f"{value} {_A_NUMBER.sub('', target, count=1).strip()}")
    else:
        if target.endswith((" one", " ones")) and not CHINESE.search(value):  # "red lights instead of the blue ones"
            target = f"{target.rpartition(' ')[0]} {value.split()[-1]}"
        measure = found.get("one") or ""
        measure = "" if measure.endswith(("点", "些", "儿")) else measure
        at, measure = found.get("at") or "", "一" * (len(measure) == 1) + measure
        yield Instruction(
            kind, _thing(target), value, measure=at + measure, at=at, maybe=_else(match, value) if form.maybe else ""
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
        "这幅画", "整个画面", "这", "我的照片", "原图", "全图",
    }
)  # fmt: skip
_LEAD = re.compile(
    r"^(?:(?:她们?|他们?|它们?|人物|画面|图片|图(?!书)|画(?![风法家布框板笔]))(?:身上|头上|手上|手里|脸上|里面|里|中|上)?的?(?=.)|那|这|所有的?|"
    r"全部的?|任何|the |her |his |its |their |my |all |any )+"
)
_MEASURE = re.compile(r"^(?:[一那这两几]?[个只顶条件张片朵幅把副双])(?=.)(?!子)")


_ON_THEM = re.compile("^.{0,4}?(?:手[里中上]|头上|身上|脖子上|怀里|肩上|脚上|腰间|脸上)的(?=.)")
_ALSO = re.compile("(?<=.)(?:也|(?<![成首古京故旧国])都|稍微|稍)+$")


def _thing(words: str) -> str:
    """The name of a thing without whose it is and which one."""
    words = _ON_THEM.sub("", words.strip())
    words = _LEAD.sub("", words) or words
    words = {"车身": "车", "机身": "飞机", "船身": "船"}.get(words, words)
    words = _ALSO.sub("", words)
    return (_MEASURE.sub("", words) or words).removesuffix("的").strip()
