"""The parts of a sentence that each ask for one change: "把猫换成狗，去掉帽子" for two."""

from __future__ import annotations

import re
from collections.abc import Iterator

from prompts import grammar
from prompts.edit.casual import written_out
from prompts.edit.forms import COLOURS
from prompts.edit.forms_zh import FORMS_ZH
from prompts.edit.groups import groups, tells
from prompts.edit.halves import in_one
from prompts.edit.polite import plain
from prompts.edit.rivals import matter
from prompts.edit.sayings import FILLER, KEPT, said_plainly
from prompts.edit.words import WEATHER, category_of
from prompts.translate import chinese
from prompts.translate.chinese import CHINESE

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
    r"trade|open|close|try|show|draw|fill|switch|convert|clean (?:up|off|away|the)|wash|wipe|"
    r"paint|dye|emphasi[sz]e|erase|hide|stop|move|bring|keep|leave|"
    r"more\b|less\b|fewer\b|no\b|without)"
)
_TO = re.compile(r"\b(?:in)?to\b.*\band\b.*\b(?:in)?to\b")  # "change the cat to a dog and the hat to a crown"
_AND_TOO = re.compile(rf"\s+and\s+(?={_VERB}|(?:the |her |his |its )?[\w' -]{{1,30}}? (?:in)?to\b)")
_AND_HOW = re.compile(
    rf"\s+and\s+(?={_VERB}|(?:it|she|he|they|there|the \w+) should\b|"
    rf"(?:the|her|his|its) [\w' -]{{1,30}}? (?:{COLOURS}|long|short|big|small)$)"
)
_SPACED = re.compile(
    "(?<=[了点吧呀啊呢嘛啦的]) +(?=[一-鿿])|^(?:[eh]m+|um+|ok|嗯+|呃+|额+|哈+) +(?=[一-鿿])"
)  # "太丑了 换一个"


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
                bare = chinese.simplified(each).lower()
                if each and not KEPT.fullmatch(bare) and not FILLER.fullmatch(bare):
                    yield each


_VIEW_AND = re.compile(
    r"(?P<view>(?:front|side|back|top) view|from (?:above|below|behind|the side)) (?:and )?(?P<more>looking .+)"
)
_SO_AND = re.compile(
    r"(?P<one>(?:make|paint|turn|dye|colou?r) (?:the |her |his |its |their )[\w' -]{1,40}? (?P<how>[\w-]{1,20})) and "
    r"(?P<other>(?:the|her|his|its|their) [\w' -]{1,40}? [\w-]{1,20})"
)


_SHOULD_AND = re.compile(
    r"(?P<one>(?:the|her|his|its|their) [\w' -]{1,40}? should be [\w' -]{1,40}?) and "
    r"(?P<thing>(?:the|her|his|its|their) [\w'-]+) (?P<other>(?:an? )?[\w' -]{1,30})"
)
_GIVE_AND = re.compile(
    r"(?P<give>(?:(?:can|could) you )?give (?:her|him|it|them|the [a-z]+) )(?P<one>(?:an? |some )?[\w' -]{1,40}?) and "
    r"(?P<other>(?:an? |some )?(?!(?:white|black|red|blue)\b)[\w' -]{1,40})"
)
_MAKE_WHEN = re.compile(
    r"(?P<what>(?:make it|turn it into|change it to|i want) .{3,60}?) "
    r"(?P<when>(?:in|at|during) (?:the )?(?:summer|winter|spring|autumn|night|noon|dawn|dusk|sunset|sunrise|midnight))"
)
_STATE_AND = re.compile(r"(?P<one>awake|asleep|[a-z]+ing(?: [a-z' ]+?)?) and (?P<other>[a-z]+ing\b.*)")
_SHOULD_DO = re.compile(
    r"(?P<who>she|he|it|they|the [a-z]+(?: [a-z]+)?) should be (?P<one>[a-z]+(?: [a-z' ]+?)?) and "
    r"(?P<other>[a-z]+ing\b.*)"
)
_GROWN_AND = re.compile(r"(?P<one>[a-z ]{1,30} (?:hair|eyes)) and (?P<other>an? .+|[a-z]+ (?:hair|eyes|skin))")
_HOW_AND_IN = re.compile(
    r"(?P<make>(?:make|have) (?:her|him|it|them|the [a-z]+) )?(?P<how>[a-z]+(?:ing)?) and (?:in|wearing) (?P<what>.+)"
)


def _decides_when(words: str) -> bool:
    """Whether words name a weather, a time or a season, and nothing else: "stormy weather"."""
    when = re.sub(r"^(?:make it |an? |the )|(?: weather| light| sky)$", "", words.strip().lower())
    return when in WEATHER or matter(when) in ("time", "weather", "season")


def _wishes(part: str) -> list[str]:
    """The wishes that "and" joins: "make the desk messy and the light warm"."""
    both = _SO_AND.fullmatch(part.strip())
    if both and tells(both["how"].lower()):
        return [both["one"], f"make {both['other']}"]
    if both := _SHOULD_AND.fullmatch(part.strip().lower()):
        return [both["one"], f"{both['thing']} should be {both['other']}"]
    if given := _GIVE_AND.fullmatch(part.strip()):
        return [given["give"] + given["one"], given["give"] + given["other"]]
    if again := _MAKE_WHEN.fullmatch(part.strip().lower()):
        return [again["what"], f"make it {again['when']}"]
    if both := _STATE_AND.fullmatch(part.strip().lower()):
        thing = groups(both["one"])[-1:]
        other = re.sub(r" (?:it|them)$", f" the {' '.join(thing[0].name)}", both["other"]) if thing else both["other"]
        return [both["one"], other]  # "sitting at the piano and playing it"
    if both := _SHOULD_DO.fullmatch(part.strip().lower()):
        return [f"{both['who']} should be {both[each]}" for each in ("one", "other")]
    if both := _GROWN_AND.fullmatch(part.strip().lower()):
        return [both["one"], both["other"]]
    if wears := _HOW_AND_IN.fullmatch(part.strip().lower()):
        return [f"{wears['make'] or ''}{wears['how']}", f"wearing {wears['what']}"]
    if part.count(" instead of ") > 1:
        return part.split(" and ")
    first, joined, second = part.strip().rpartition(" and ")
    if joined and _decides_when(second):
        return [*_wishes(first), f"make it {second}" if first.lower().startswith(("make it ", "turn it ")) else second]
    told = re.fullmatch(r"(?P<one>[a-z]+) and (?P<other>[a-z]+)", part.strip().lower())
    if told and any(each in WEATHER or matter(each) in ("time", "weather", "season") for each in told.groups()):
        return [told["one"], told["other"]]
    if view := _VIEW_AND.fullmatch(part.strip().lower()):
        return [view["view"], view["more"]]
    if style := re.fullmatch(
        r"(?P<other>(?!(?:.* )?black and white\b).+?) and (?:in )?(?P<style>[a-z0-9 ]{1,30} style)",
        part.strip().lower(),
    ):
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
    said = said_plainly(plain(part))
    return any(form.pattern.fullmatch(said) for form in FORMS_ZH) or bool(KEPT.fullmatch(said))
