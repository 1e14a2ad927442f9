"""Numbers and measure words: 两只猫 is "two cats", 一束玫瑰 a "bouquet of roses"."""

from __future__ import annotations

import re

from prompts.translate.chinese import CHINESE
from prompts.translate.roles import Token

_DIGITS = {"一": 1, "两": 2, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "十": 10}
_ENGLISH = ("no", "a", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_MANY = {
    "几": "several", "数": "several", "一些": "several", "好几": "several",
    "许多": "many", "不少": "many", "很多": "many", "好多": "many", "无数": "countless", "大量": "many", "满地": "many",
    "众多": "many", "百": "a hundred", "千": "a thousand",
}  # fmt: skip
_HOLDING = {
    "群": "group of {}", "束": "bouquet of {}", "排": "row of {}", "串": "string of {}", "堆": "pile of {}",
    "杯": "cup of {}", "碗": "bowl of {}", "盘": "plate of {}", "瓶": "bottle of {}", "壶": "pot of {}",
    "罐": "jar of {}", "桶": "bucket of {}", "袋": "bag of {}", "盒": "box of {}", "篮": "basket of {}",
    "箱": "crate of {}", "丛": "cluster of {}", "锅": "pot of {}", "双": "pair of {}", "对": "pair of {}",
    "叠": "stack of {}", "缸": "tank of {}", "队": "line of {}",
}  # fmt: skip
_PLAIN = (
    "个只名位条匹头张把朵棵株座间栋幢幅副件顶片块辆架艘列台部本支枝根颗粒滴轮道"
    "缕盏扇面口层家场阵丝圈团捧尾弯抹行套枚种款股"
)
_POURED = ("cup", "bowl", "bottle", "pot", "jar", "bucket", "tank")
COUNT = re.compile(
    rf"(?P<n>[0-9]{{1,3}}|[一两二三四五六七八九十]|好几|几|数|百|千)(?:大|小)?(?P<measure>[{_PLAIN}{''.join(_HOLDING)}])"
    rf"|(?P<many>一些|许多|不少|很多|好多|无数|大量|众多)(?P<of>[{_PLAIN}])?"
    r"|(?P<bare>[2-9两二三四五六七八九])(?=人|女孩|男孩|少女|女生|男生)"
)
COUNTING = frozenset("不0123456789一两二三四五六七八九十好几数百千许很无大众")
_IRREGULAR = {
    "man": "men", "woman": "women", "child": "children", "person": "people", "mouse": "mice", "goose": "geese",
    "wolf": "wolves", "leaf": "leaves", "knife": "knives", "fish": "fish", "sheep": "sheep", "deer": "deer",
    "koi": "koi",
    "foot": "feet", "tooth": "teeth", "scarf": "scarves", "elf": "elves", "shelf": "shelves", "goldfish": "goldfish",
    "hanfu": "hanfu", "kimono": "kimono", "sushi": "sushi", "bread": "bread", "water": "water", "coffee": "coffee",
    "tea": "tea", "milk": "milk", "juice": "juice", "wine": "wine", "rice": "rice", "soup": "soup", "beer": "beer",
    "ramen": "ramen", "fruit": "fruit", "grass": "grass", "snow": "snow", "jellyfish": "jellyfish",
    "fireflies": "fireflies",
}  # fmt: skip


def plural(words: str) -> str:
    """The English noun phrase for more than one of it."""
    head, of, rest = words.partition(" of ")
    front, space, last = head.rpartition(" ")
    if last in _IRREGULAR:
        last = _IRREGULAR[last]
    elif last.endswith("y") and last[-2:-1] not in "aeiou":
        last = last[:-1] + "ies"
    elif re.search(r"(s|x|z|ch|sh)$", last):
        last = last if last.endswith("s") and not last.endswith("ss") else last + "es"
    elif last:
        last += "s"
    return front + space + last + of + rest


def counted(tag: str, count: Token) -> str:
    """The tag with its number: "1girl" and 2 make "2girls", "cat" and 3 "three cats"; one of a thing needs no word."""
    number, template = count.number, count.tag
    if person := re.fullmatch(r"1(girl|boy)", tag):
        if template == "group of {}" or not number:
            return f"multiple {person.group(1)}s"
        number = 2 if template == "pair of {}" else number
        return tag if number == 1 else f"{number}{person.group(1)}s" if number < 6 else f"6+{person.group(1)}s"
    if CHINESE.search(tag):
        name = tag
    else:
        uncounted = template.startswith(_POURED) if template else number == 1
        name = tag if uncounted else plural(tag)
    if template and "{}" in template:
        if template.split()[0] == name.split()[0] or name.startswith(("pair of", "bouquet", "couple", "group")):
            return tag
        filled = template.format(name)
        return filled if number <= 1 else f"{_number(number)} {plural(filled)}"
    if number == 1:
        return tag
    return f"{template or _number(number)} {name}"


def _number(number: int) -> str:
    return _ENGLISH[number] if number < len(_ENGLISH) else str(number)


def count_of(match: re.Match[str], start: int) -> Token:
    word = match.group("n") or match.group("many") or match.group("bare")
    template = _HOLDING.get(match.group("measure") or "", "")
    number = _DIGITS.get(word) or (int(word) if word.isdecimal() and word.isascii() else 0)
    if not number and word in _MANY and "{}" not in template:
        template = _MANY[word]
    return Token("count", template, "count", None, start, match.end(), number)
