"""How far a denial reaches over commas: each is said before what it denies, as one enumeration."""

from __future__ import annotations

import re
from functools import cache

from prompts.translate.chinese import CHINESE, sign_by_sign, traditional
from prompts.translate.glossary import entries
from prompts.translate.roles import PERSONS


def before_its_things(text: str) -> str:
    """The normalised text with every denial before what it denies: "不要眼镜、帽子" for "眼镜、帽子都不要" and for
    "除眼镜、帽子外", and "no hat or scarf or bag" for "no hat, scarf or bag"."""
    text = _ENGLISH.sub(lambda found: re.sub(r",(?: or\b)?", " or", found.group()), text)
    if not CHINESE.search(text):
        return text
    text = _ENGLISH_BEFORE.sub("不要", _AWAY.sub(r"\g<0>掉", text))
    text = _excepted(_standing_alone().sub(r"\g<denial>", text))
    said: list[str] = []
    for segment in filter(None, _CUT.split(text)):
        plain = sign_by_sign(segment)
        refusal = _refusal(plain)
        if _LACKING.match(plain):  # "没有帽子、眼镜的女孩"
            said.append(segment.replace("、", "和"))
            continue
        if refusal is None or _SYNTAX.search(segment):
            said.append(segment)
            continue
        if not plain[: refusal.start()].strip() and len(said) > 1 and said[-1] == ",":  # "眼镜、帽子,都不要"
            before = said[-2].strip()
            del said[-2:]
            while refusal["all"] and len(said) > 1 and said[-1] == "," and _kind(said[-2]) == _kind(before) != "":
                before = f"{said[-2].strip()}、{before}"
                del said[-2:]
            segment = f"{before}{segment.strip()}"
        said.append(_listed_before(segment))
    return "".join(said)


# ── English ───────────────────────────────────────────────────────────────────────────────────────────────────────────

_WORD = r"(?!(?:or|nor|and|but|an?|the)\b)[\w'-]+"
_ITEM = rf"{_WORD}(?: {_WORD}){{0,2}}"
_ENGLISH = re.compile(
    r"\b(?:no|without|neither|lacking|minus|skip|omit|remove|exclude|avoid|(?:don't|do not) (?:draw|want|add"
    r"|include|show)) "
    rf"(?:(?:any )?{_ITEM}(?:, {_ITEM}){{1,8}}|(?:an?|the) {_ITEM}(?:, (?:an? |the )?{_ITEM}){{1,8}}),? (?:or|nor)\b",
    re.IGNORECASE,
)

# "no 帽子", "no水印"; "去水印".
_ENGLISH_BEFORE = re.compile(r"(?<![^\s,;。、])(?:no|without|not)\s*(?=[\u3400-\u9fff])", re.IGNORECASE)
_AWAY = re.compile(r"(?<![^\s,;。、])去(?=浮?水印|文字|字幕|[签簽]名|(?i:logo)|[标標][志誌])")

# ── refused behind ────────────────────────────────────────────────────────────────────────────────────────────────────

_ABSENT = ("没有", "没", "看不到", "看不见", "见不到", "找不到", "不存在", "没出现")
_ALL = "(?:都|全|全部|全都|统统|通通|一律|一概|这些|那些|以上)"
_CUT = re.compile(r"([,;。!?！？\n]+)")
_LACKING = re.compile(
    r"\s*(?:一[个只位名条])?(?:既|并|也)?(?:没[有戴穿带拿]*|不[戴穿带拿])[着有]?[^的、]{1,8}(?:、[^的、]{1,8}){1,5}的[^、]+$"
)
_SYNTAX = re.compile(r"[\[\]{}|<>_\\]")
_AND = re.compile("[和与跟及]|还有")
_COUNTED = re.compile(r"\s*[一二两三四五六几0-9]+[个只位名条]")
_LONGEST = 14  # signs of a refusal with all that belongs to it


@cache
def _refusals() -> re.Pattern[str]:
    """What refuses that which stands before it: 都不要了, 就算了."""
    words = [key for key, entry in entries().items() if entry.category in ("refusal", "dropped")]
    return re.compile(
        rf"(?P<all>{_ALL}*)[也就]?(?:{_either([*words, *_ABSENT])})(?:[画戴穿加写]|出现)?[了啦吧哦喔啊呀哈嘛]*\s*$"
    )


@cache
def _standing_alone() -> re.Pattern[str]:
    """A denial with white space before what it denies."""
    words = [key for key, entry in entries().items() if entry.category in ("refusal", "negation") and len(key) > 1]
    either = _either([*words, *map(traditional, words)])
    return re.compile(rf"(?<![^\s,;。、])(?P<denial>{either})[ \t]+(?=[^\s,;。、])")


def _either(words: list[str]) -> str:
    return "|".join(map(re.escape, sorted(words, key=len, reverse=True)))


def _refusal(plain: str) -> re.Match[str] | None:
    return _refusals().search(plain, max(0, len(plain) - _LONGEST))


def _listed_before(segment: str) -> str:
    """A segment that ends in a refusal, with that before all it refuses: with 都 or 和 what is listed, without them
    only things of one kind; else it stays, and refuses the last."""
    plain = sign_by_sign(segment)
    refusal = _refusal(plain)
    if refusal is None or "、" not in plain[: refusal.start()]:
        return segment
    things = [one.strip() for one in plain[: refusal.start()].split("、")]
    person = _COUNTED.match(things[0]) or (things[0] in entries() and entries()[things[0]].tag in PERSONS)
    one_kind = bool(_AND.search(things[-1])) or len({*map(_kind, things), ""}) == 2
    return f"不要{segment[: refusal.start()]}" if refusal["all"] or (one_kind and not person) else segment


def _kind(words: str) -> str:
    """The category of a thing, or of the last in an enumeration."""
    entry = entries().get(sign_by_sign(words.rpartition("、")[2].strip()))
    return entry.category if entry else ""


# ── exceptions ────────────────────────────────────────────────────────────────────────────────────────────────────────

_NOTHING_ELSE = (
    "(?:什么|其他|其它|别的|其余|剩下|任何东西|所有)(?:的|东西|人)*[都也全]*"
    "(?:不要|没有|不画|不用|不需要|别画|不想要|看不到|去掉|删掉)[有画]?"
    "|(?:没有|不要|不画|别画|看不到)(?:任何)?(?:别的|其他|其它|任何)(?:东西|人|的)*"
)
_ALL_ELSE = (
    "(?:其他|其它|别的|其余|剩下|什么|所有|一切|全部)[^,;。!?\n]{0,8}?"
    "(?:要|有|可以|保留|留着|行|不变|画|在|好)(?=$|[,;。!?\n])"
)
_EXCEPT = re.compile(
    r"(?<![删去排清拆免消扫铲剔移开])除(?P<but>了|开)?(?P<thing>(?!夕)[^,;。!?\n除]{1,16}?)"
    r"(?(but)(?:之外|以外|外)?|(?:之外|以外|外)),?\s*"
    rf"(?:(?P<only>{_NOTHING_ELSE})|(?P<more>还|也|又|同时|再加|都是)|{_ALL_ELSE}|(?=$|[,;。!?\n]))"
)


def _excepted(text: str) -> str:
    plain = sign_by_sign(text)
    parts: list[str] = []
    end = 0
    for found in _EXCEPT.finditer(plain):
        thing = text[found.start("thing") : found.end("thing")]
        if found["only"]:
            said = f"只要{thing}"
        elif found["more"]:
            said = f"{thing},{found['more']}"
        else:
            said = f"不要{thing}{',' if found.group().rstrip()[-1] == ',' else ''}"
        parts += (text[end : found.start()], said)
        end = found.end()
    return "".join([*parts, text[end:]])
