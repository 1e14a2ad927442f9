"""Numbers and measure words: 两只猫 is "two cats", 一束玫瑰 a "bouquet of roses"."""

from __future__ import annotations

import re

from prompts.translate.chinese import CHINESE
from prompts.translate.roles import Token

_DIGITS = {"一": 1, "两": 2, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
_ENGLISH = (
    "no", "a", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
    "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_MANY = {
    "几": "several", "数": "several", "一些": "several", "好几": "several", "一两": "a few", "三五": "several",
    "许多": "many", "不少": "many", "很多": "many", "好多": "many", "无数": "countless", "大量": "many",
    "满地": "many", "众多": "many", "百": "a hundred", "千": "a thousand", "一百": "a hundred", "一千": "a thousand",
    **dict.fromkeys(("数不清", "数不尽", "数不胜数"), "countless"),
    **dict.fromkeys(("几十", "数十", "好几十"), "dozens of"),
    **dict.fromkeys(("几百", "数百", "好几百", "上百", "成百", "成百上千"), "hundreds of"),
    **dict.fromkeys(("几千", "数千", "上千", "成千", "上万", "成千上万", "千千万万", "几万", "数万"), "thousands of"),
}  # fmt: skip
_HOLDING = {
    "群": "group of {}", "束": "bouquet of {}", "排": "row of {}", "串": "string of {}", "堆": "pile of {}",
    "杯": "cup of {}", "碗": "bowl of {}", "盘": "plate of {}", "瓶": "bottle of {}", "壶": "pot of {}",
    "罐": "jar of {}", "桶": "bucket of {}", "袋": "bag of {}", "盒": "box of {}", "篮": "basket of {}",
    "箱": "crate of {}", "丛": "cluster of {}", "锅": "pot of {}", "双": "pair of {}", "对": "pair of {}",
    "叠": "stack of {}", "缸": "tank of {}", "队": "line of {}", "摞": "stack of {}", "沓": "stack of {}",
    "捆": "bundle of {}", "包": "pack of {}", "盆": "potted {}", "笼": "steamer of {}", "屉": "steamer of {}",
    "勺": "spoonful of {}", "桌": "table full of {}", "车": "cartload of {}", "筐": "basket of {}",
    "窝": "litter of {}", "坛": "jar of {}", "伙": "group of {}", "帮": "group of {}", "池": "pond of {}",
    "滩": "puddle of {}", "汪": "pool of {}",
}  # fmt: skip
_PLAIN = (
    "个只名位条匹头张把朵棵株座间栋幢幅副件顶片块辆架艘列台部本支枝根颗粒滴轮道"
    "缕盏扇面口层家场阵丝圈团捧尾弯抹行套枚种款股封份尊则户节截段篇册卷床"
)
_POURED = ("cup", "bowl", "bottle", "pot", "jar", "bucket", "tank", "spoonful", "puddle", "pool")
_SINGLY = "根把条顶件双束本支枝朵只副张杯盏匹块串袋篮瓶"  # one of a thing, behind a verb: 拿本书
_DIGIT = "[一二两三四五六七八九]"
_NUMERAL = rf"(?:{_DIGIT}百零?)?{_DIGIT}?十{_DIGIT}?|{_DIGIT}百(?:零?{_DIGIT})?|{_DIGIT}千|{_DIGIT}"
_OPEN = "|".join(sorted(_MANY, key=len, reverse=True))
COUNT = re.compile(
    r"一?(?P<rows>[群排堆串对队])(?P=rows)的?"
    rf"|(?P<n>[0-9]{{1,4}}|{_OPEN}|(?P<about>{_DIGIT}(?:{_DIGIT}|十?[几多来])|十[几多来])|{_NUMERAL})(?:大|小)?"
    rf"(?P<measure>[{_PLAIN}{''.join(_HOLDING)}])"
    rf"|(?P<many>一些|许多|不少|很多|好多|无数|数不清|数不尽|数不胜数|大量|众多|成千上万|成百上千)(?:的|(?P<of>[{_PLAIN}]))?"
    rf"|成(?P<heap>群|排|堆|串|对|双|队)(?:结队|成行)?的?"
    rf"|(?<=[拿抱捧握戴穿撑骑举系牵提端扛叼披挎夹])(?P<single>[{_SINGLY}])(?=[^子着了和])"
    rf"|(?P<bare>[2-9][0-9]?|1[0-9]|(?!一){_NUMERAL})(?=人|女孩|男孩|少女|女生|男生)"
)
COUNTING = frozenset(f"0123456789一二两三四五六七八九十好几数百千上成许很不无大众群排堆串对队{_SINGLY}")
# Which of several it is: no number of things, and nothing that is seen.
ORDINAL = re.compile(rf"第\s?(?:[0-9]{{1,3}}|{_NUMERAL})\s?[{''.join(set(_PLAIN) - set('层道家名'))}排]")
# What a number and a unit say of a thing, or when it is: 24小时, 1920年代, 3点.
_UNITS = {
    "小时": "{}-hour", "分钟": "{}-minute", "年代": "{}s", "世纪": "{}th-century", "层楼": "{}-story", "层": "{}-story",
    "米": "{}-meter", "厘米": "{}-centimeter", "英寸": "{}-inch", "寸": "{}-inch", "度": "{}-degree", "倍": "{}x",
    "周年": "{}th-anniversary",
}  # fmt: skip
_TIMES = {
    "点": "{} o'clock", "点钟": "{} o'clock", "点整": "{} o'clock", "点半": "half past {}",
    "点一刻": "quarter past {}", "点三刻": "quarter to {}", "年": "year {}",
}  # fmt: skip
_UNIT = "|".join(sorted(_UNITS, key=len, reverse=True)).replace("|层|", "|层(?=小?[楼房塔阁])|")
MEASURED = re.compile(
    rf"(?P<n>[0-9]{{1,4}}|{_NUMERAL})(?:个(?=小时))?"
    rf"(?:(?P<unit>{_UNIT})|(?P<time>点钟|点半|点[一三]刻|点整|(?<=[0-9])点(?!透视|点)|(?<=[0-9])年(?!代|前|后|级)))"
    rf"|(?:(?<=指向)|(?<=指着)|(?<=[上下]午)|(?<=凌晨)|(?<=早上)|(?<=晚上)|(?<=半夜)|(?<=深夜)|(?=十[一二]?点))(?P<hour>{_NUMERAL})(?P<hours>点)(?![透点])"
)
_IRREGULAR = {
    "man": "men", "woman": "women", "child": "children", "person": "people", "mouse": "mice", "goose": "geese",
    "wolf": "wolves", "leaf": "leaves", "knife": "knives", "fish": "fish", "sheep": "sheep", "deer": "deer",
    "koi": "koi",
    "foot": "feet", "tooth": "teeth", "scarf": "scarves", "elf": "elves", "shelf": "shelves", "goldfish": "goldfish",
    "hanfu": "hanfu", "kimono": "kimono", "sushi": "sushi", "bread": "bread", "water": "water", "coffee": "coffee",
    "tea": "tea", "milk": "milk", "juice": "juice", "wine": "wine", "rice": "rice", "soup": "soup", "beer": "beer",
    "ramen": "ramen", "jiaozi": "jiaozi", "baozi": "baozi", "tofu": "tofu", "udon": "udon",
    "fruit": "fruit", "grass": "grass", "snow": "snow", "jellyfish": "jellyfish",
    "fireflies": "fireflies",
}  # fmt: skip


def plural(words: str) -> str:
    """The English noun phrase for more than one of it."""
    head, of, rest = words.partition(" of ")
    front, space, last = head.rpartition(" ")
    if last in _IRREGULAR.values():
        pass  # "geese" are many already
    elif last in _IRREGULAR:
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
    front, both, who = tag.rpartition(", ")
    if both and re.fullmatch(r"1(?:girl|boy)", who):  # 两个美女: "2girls, beautiful girls"
        return tag if number == 1 and not template else f"{counted(who, count)}, {plural(front)}"
    if person := re.fullmatch(r"1(girl|boy)", tag):
        if template == "group of {}" or not number:
            return f"multiple {person.group(1)}s"
        number = 2 if template == "pair of {}" else number
        return tag if number == 1 else f"{number}{person.group(1)}s" if number < 6 else f"6+{person.group(1)}s"
    if template == "pair of {}" and number == 1 and tag.endswith(("couple", "lovers", "twins", "newlyweds")):
        return tag
    if template == "bouquet of {}" and (strand := _STRANDS.search(tag)):  # 一束阳光, 一束头发
        template = f"{'lock' if strand.group() == 'hair' else 'beam'} of {{}}"
    if CHINESE.search(tag) or template.startswith(("beam", "lock")):
        name = tag
    else:
        uncounted = template.startswith(_POURED) if template else number == 1
        name = tag if uncounted else plural(tag)
    if template and "{}" in template:
        if template.split()[0] == name.split()[0] or name.startswith(("pair of", "bouquet", "group")):
            return tag
        if template == "pair of {}" and _TWO.search(tag):
            return tag
        filled = template.format(name)
        return filled if number <= 1 else f"{_number(number)} {plural(filled)}"
    if number == 1:
        return _ONE_OF.get(tag, tag)
    return f"{template or _number(number)} {name}"


# What is said of both, where there is one: 一只手.
_ONE_OF = {
    "hands": "hand", "feet": "foot", "ears": "ear", "arms": "arm", "legs": "leg", "wings": "wing", "horns": "horn",
    "earrings": "earring", "pearl earrings": "pearl earring", "shoes": "shoe", "socks": "sock", "gloves": "glove",
    "paws": "paw",
}  # fmt: skip
_STRANDS = re.compile("(?:light|lights|lighting|hair|laser)$")
_TWO = re.compile(r"\b(?:couples?|twins|newlyweds|lovers|[a-z]+ and [a-z]+)$")  # are two already: 一对夫妻


def pluralised(words: str) -> str:
    """Words that begin with a number and whose noun was not known while they were counted: "two 保镖" becomes "two
    bodyguard" word by word, and "two bodyguards" here."""
    number = _NUMBERED.match(words)
    return f"{number.group()}{plural(words[number.end() :])}" if number and " old" not in words else words


_NUMBERED = re.compile(
    rf"(?:(?:{'|'.join((*_ENGLISH[2:], *_TENS[2:]))}|several|many|countless|[0-9]+|a few|a hundred|a thousand"
    r"|(?:dozens|hundreds|thousands|group|row|rows|line|pile|cluster) of)(?:-[a-z]+)?(?: or [a-z]+)?) (?=[a-z])"
)


def _number(number: int) -> str:
    if number >= 100:
        return str(number)
    tens, ones = divmod(number, 10)
    if number < len(_ENGLISH):
        return _ENGLISH[number]
    return _TENS[tens] + (f"-{_ENGLISH[ones] if ones > 1 else 'one'}" if ones else "")


def value_of(numeral: str) -> int:
    """The number that a Chinese numeral or digits say; 0 for what says no certain number."""
    if numeral.isdecimal() and numeral.isascii():
        return int(numeral)
    value, digit = 0, 0
    for sign in numeral:
        if unit := {"十": 10, "百": 100, "千": 1000}.get(sign):
            value, digit = value + (digit or 1) * unit, 0
        elif sign in _DIGITS:
            digit = _DIGITS[sign]
        elif sign != "零":
            return 0
    return value + digit


def _about(words: str) -> str:
    """两三 is "two or three", 十几 "a dozen", 二十多 "over twenty"."""
    if words[-1] in _DIGITS:
        low, high = value_of(words[0]), value_of(words[-1])
        return f"{_number(low)} or {_number(high)}" if high == low + 1 else "several"
    least = value_of(words[:-1])
    return "a dozen" if least == 10 else f"over {_number(least)}" if least else "several"


def measured_of(match: re.Match[str], start: int) -> Token:
    """The word that a number with a unit makes: 24小时 describes ("24-hour"), 3点 says when ("3 o'clock")."""
    number = value_of(match["n"] or match["hour"])
    if unit := match["unit"]:
        number += 1900 * (unit == "年代" and 10 <= number < 100)  # 三十年代 are the 1930s
        return Token("adjective", _UNITS[unit].format(number), "adjective", "subject", start, match.end())
    time = match["time"] or match["hours"]
    if time == "点三刻":
        number += 1
    said = number if match.group()[0].isascii() else _number(number)  # 3点 is 3 o'clock, 三点半 half past three
    return Token("tag", _TIMES[time].format(said), "time", "scene_detail", start, match.end())


def count_of(match: re.Match[str], start: int) -> Token:
    """The number and measure that a match of `COUNT` says."""
    if single := match["single"]:
        return Token("count", _HOLDING.get(single, ""), "count", None, start, match.end(), 1)
    word = match["n"] or match["many"] or match["bare"]
    if word is None:
        heap = match["heap"] or match["rows"]
        held = _HOLDING[heap] if match["heap"] else f"{plural(_HOLDING[heap].removesuffix(' of {}'))} of {{}}"
        return Token("count", held, "count", None, start, match.end(), 1)
    template = _HOLDING.get(match["measure"] or "", "")
    if word in _MANY or match["about"]:
        template = template if "{}" in template else _MANY.get(word) or _about(word)
        return Token("count", template, "count", None, start, match.end(), 0)
    number = value_of(word)
    if "{}" not in template and word.isascii() and number > 10:
        template = word  # as it was written
    return Token("count", template, "count", None, start, match.end(), number)
