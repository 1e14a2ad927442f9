"""Ages in a text, in every way in which they are written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from prompts.safety.lexicon import Language, languages
from prompts.safety.writing import HAN

GROWN_UP = 18  # years

_SIGNS = {sign: number for number, sign in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
_NUMERAL = re.compile(r"([零〇一二两三四五六七八九十百]+)[多来几]? ?(?:周|虚)?(?:岁|歳|才)")
_BESIDE = re.compile(f"(?<=[{HAN}])(?=[a-z0-9])|(?<=[a-z0-9])(?=[{HAN}])")  # 在10yo: a word begins there
# A child's for certain, though the number is not said or is another one.
_CHILDS = re.compile(
    r"(?<![二三四五六七八九])十[几来多] ?岁|(?<!十)几 ?岁|\d+ ?个月大"
    r"|[一二三四五六1-6] ?年级|小 ?[一二三四五六1-6](?= ?学生| ?女| ?男|的| ?の)"
    r"|[初高中国] ?[一二三1-3](?= ?学生| ?女| ?男|的| ?の|生)|\d ?さい"
    r"|(?:未满|不满|不到|未成|小于|低于) ?(?:18|1[0-7]|\d|十[一二三四五六七八]?)|(?:18|十八) ?岁? ?(?:以下|未満|未满)"
    r"|\bu18\b|\b(?:under|below|younger than|less than|not yet) ?(?:the age of )?(?:18|eighteen|1[0-7]|\d)(?!\d)"
    r"|\b(?:\d{1,2}(?:st|nd|rd|th)|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth)"
    r" (?:grade(?:r|rs)?|birthday)\b|\bgrade (?:[1-9]|1[0-2])\b|\b\d{1,2} ?(?:months?|mos?) old\b"
)
_DIGITS = re.compile(
    r"(?<!\d)(\d{1,3})(?: ?- ?\d{1,2})? ?"
    r"(?:周岁|虚岁|岁|歳|才|살|세(?![가-힣])|yo\b|y\.? ?o\b|yrs? old|years? old|years? of age|year olds?|years? young)"
)
_NAMED = re.compile(
    r"\b(?:age[ds]?|aging|age of|aged about|turned|turning|turns)[ =]*(\d{1,2})(?!\d)"
    r"|\b(?:she|he|they|who)(?: is| s| are| looks?)(?: only| just| about| like| she is| he is)* (\d{1,2})(?!\d)"
    r"|\blooks?(?: like)? (\d{1,2})(?!\d)|\b(\d{1,2})(?:st|nd|rd|th) birthday|年[龄纪]是? ?(\d{1,2})(?!\d)"
)


# Tens before a number in words, in languages that write them apart.
_TENS = re.compile(
    r"(?:(?:twen|thir|for|fif|six|seven|eigh|nine)ty|(?:vingt|trente|quarante|cinquante|soixante)(?: et)?"
    r"|(?:vinte|trinta|quarenta|cinquenta|treinta|cuarenta|cincuenta)(?: [ey])?"
    r"|двадцать|тридцать|сорок|пятьдесят|двадцять|тридцять|dwadzieścia|trzydzieści|czterdzieści"
    r"|yirmi|otuz|kırk|elli|스물|서른|마흔)[ -]?$"
)


def ages(text: str) -> Iterator[int]:
    """The ages in years that a folded text names; 0 for one that is only said to be a child's."""
    text = _BESIDE.sub(" ", text)
    if _CHILDS.search(text):
        yield 0
    for match in _DIGITS.finditer(text):
        yield int(match[1])
    for match in _NAMED.finditer(text):
        yield int(next(filter(None, match.groups())))
    if named := _person().search(text):
        number = named[named.lastgroup or 0]
        yield int(number) if number.isdigit() else 0
    for match in _NUMERAL.finditer(text):
        yield _number(match[1])
    for language in languages():
        if form := _spoken(language):
            for match in form.finditer(text):
                if not _TENS.search(text, 0, match.start()):  # "twenty-five years" is no five
                    number = match["number"]
                    yield int(number) if number.isdigit() else _numbers(language).get(number, 0)


def _number(signs: str) -> int:
    """A number below a hundred in Chinese signs; of "六七" and "十六七" the smaller."""
    tens, ten, ones = signs.partition("十")
    if not ten:
        return _SIGNS.get(signs[0], GROWN_UP) if len(signs) < 3 else GROWN_UP
    return 10 * (_SIGNS.get(tens[-1], 1) if tens else 1) + (_SIGNS.get(ones[0], 0) if ones else 0)


_SMALL = r"(?: (?:of|aged|is|who is|who|has|just|turned|turning|about|only|age|von|van|de|di|w|im|alter)| ?,){0,3}"


@cache
def _person() -> re.Pattern[str]:
    """A girl or boy with a number behind that is an age, in one language: "girl of nine", "boy, 12"."""
    ways = []
    for language in languages():
        words = {word.strip("~*") for name in ("youth", "child") for word in language.words.get(name, ())}
        who = "|".join(map(re.escape, sorted((word for word in words if " " not in word), key=len, reverse=True)))
        numbers = "|".join([r"\d{1,2}", *map(re.escape, _numbers(language))])
        ways.append(rf"(?:{who}){_SMALL} (?P<{language.name}>{numbers})")
    return re.compile(rf"\b(?:{'|'.join(ways)})(?!\w)(?! (?:girls?|boys?|people|cats?|dogs?))")


@cache
def _numbers(language: Language) -> dict[str, int]:
    return {word: number for number, word in enumerate(language.words.get("numbers", ()), 1)}


@cache
def _spoken(language: Language) -> re.Pattern[str] | None:
    """A number, in digits or words of the language, before its word for years."""
    forms = language.words.get("years", ())
    years = [re.escape(word.strip("~*")) + (r"\w*" if word.endswith("*") else "") for word in forms]
    if not years:
        return None
    numbers = "|".join(map(re.escape, sorted(_numbers(language), key=len, reverse=True)))
    number = rf"(?<![\d\w])(?P<number>\d{{1,2}}{'|' + numbers if numbers else ''})"
    year = "|".join(sorted(years, key=len, reverse=True))
    return re.compile(rf"{number}[ -]?(?:{year})(?![^\W\d_\u3000-\U0003ffff])")
