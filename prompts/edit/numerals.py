"""Small numbers in both languages: how many more of a thing somebody wants, and how many there are then."""

from __future__ import annotations

_CHINESE = "零一二三四五六七八九十"
_ENGLISH = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
_ALIKE = {"两": 2, "a": 1, "an": 1, "another": 1}


def number(word: str) -> int:
    """The number that a numeral says; 0 for what says none, or none below a hundred."""
    if word.isascii() and word.isdecimal():
        return int(word[:3])
    if word in _ALIKE:
        return _ALIKE[word]
    if word in _ENGLISH:
        return _ENGLISH.index(word)
    tens, ten, ones = word.rpartition("十")
    if ten:
        return (number(tens) if tens else 1) * 10 + (number(ones) if ones else 0)
    return max(_CHINESE.find(word), 0) if word else 0


def in_chinese(count: int) -> str:
    """A number as it stands before a measure word."""
    return "两" if count == 2 else _CHINESE[count] if count <= 10 else str(count)


def in_english(count: int) -> str:
    return _ENGLISH[count] if count <= 10 else str(count)
