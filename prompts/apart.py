"""Two who are told apart: "两个女孩,一个穿红裙子,一个穿蓝裙子" names the girl with each dress."""

from __future__ import annotations

import re

from prompts.translate.chinese import sign_by_sign
from prompts.translate.glossary import entries

_ONE = "[个個位名只隻条條匹]"
_LIKENESS = "[^,。;、!?\n\\[\\](){}|<>:]{1,14}?"
_BOTH = re.compile(
    rf"(?P<two>[两兩二2]{_ONE})(?P<who>[\u3400-\u9fff]{{1,5}}?)(?P<where>(?:站|坐|走|躺)?在[^,。;!?\n]{{1,10}})?,(?P<one>一{_ONE})[则則是]?(?P<first>{_LIKENESS})"
    rf"[,、和]?另?外?一{_ONE}[则則是]?(?P<other>{_LIKENESS})(?=$|[,。;!?\n])"
)
_EACH = re.compile(
    rf"(?<![^,。;、\s])(?P<one>一{_ONE})(?P<who>[\u3400-\u9fff]{{1,4}}?)[则則是]?(?P<first>{_LIKENESS})"
    rf"[,、和]?另外?一{_ONE}[则則是]?(?P<other>{_LIKENESS})(?=$|[,。;!?\n])"
)
_COLOUR = "[红紅蓝藍绿綠黄黃金紫黑白灰银銀棕粉橙]"
_EYES = re.compile(
    rf"(?:(?:眼睛?|双眼|雙眼|瞳孔?|眼瞳)[是:]?一[只隻]?(?P<a>{_COLOUR})色?,?一[只隻]?(?P<b>{_COLOUR})色?"
    rf"|一[只隻]眼睛?是?(?P<c>{_COLOUR})色?,?另?一[只隻](?:眼睛?)?是?(?P<d>{_COLOUR})色?)(?![\u3400-\u9fff])"
)
_DENIAL = re.compile("[不没無无]")
_LIVING = frozenset({"person", "animal", "myth"})


def told_apart(text: str) -> str:
    """The normalised text with each of two who are told apart named again: "两个女孩,一个穿红裙子的女孩和一个穿蓝裙子
    的女孩"."""
    if "一" not in text:
        return text
    return _EACH.sub(_each, _BOTH.sub(_each, _EYES.sub(_eyes, text)))


def _eyes(found: re.Match[str]) -> str:
    return "异色瞳,{}色眼睛,{}色眼睛".format(*filter(None, found.group("a", "b", "c", "d")))


def _each(found: re.Match[str]) -> str:
    who, one = found["who"], found["one"]
    likenesses = [found[side].removesuffix("的") for side in ("first", "other")]
    entry = entries().get(sign_by_sign(who))
    if entry is None or entry.category not in _LIVING or any(who in one or _DENIAL.search(one) for one in likenesses):
        return found.group()
    said = "和".join(f"{one}{likeness}的{who}" for likeness in likenesses)
    if "two" not in found.re.groupindex:
        return said
    return f"{found['two']}{who}{found['where'] or ''},{said}"
