"""What to write for a prompt that was changed: the person's own text, else its things in their words, else its tags."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace

from prompts import grammar
from prompts.edit.targets import WordReader, without_presets
from prompts.edit.wording_zh import chinese_of, whole
from prompts.prompt import Fragment, Prompt, weighed
from prompts.translate import chinese
from prompts.translate.chinese import CHINESE


async def worded(prompt: Prompt, before: str, reader: WordReader) -> Prompt:
    """The prompt with the first text for it that says exactly this; `prompt.text` is what the changes made of the text
    `before`. Each fragment's source is then what stands in the new text."""
    async for text in _texts(prompt, before, reader):
        made = await reader.prompt(text)
        if made and _asked(made) == _asked(prompt):
            return _sourced(prompt, text, made)
    shown = without_presets(prompt.fragments) or prompt.fragments
    positive = ", ".join([*map(str, shown), *map(str, prompt.loras)])
    negative = ", ".join(map(str, without_presets(prompt.negatives)))
    return _sourced(prompt, f'{positive} --no "{negative}"' if negative and not prompt.raw else positive, None)


def _asked(prompt: Prompt) -> tuple[set[str], set[str]]:
    return {str(one) for one in without_presets(prompt.fragments)}, {
        str(one) for one in without_presets(prompt.negatives)
    }


async def _texts(prompt: Prompt, before: str, reader: WordReader) -> AsyncIterator[str]:
    foreign = CHINESE.search(before) and not _LATIN.search(before) and _LATIN.search(prompt.text)
    if prompt.text and not foreign and whole(prompt.text, before):
        once = _DOUBLED.sub(r"\1", prompt.text)
        if once != prompt.text and not _DOUBLED.search(before):
            yield once
        yield prompt.text
    if CHINESE.search(before) and not prompt.raw:
        yield await _in_chinese(prompt, before, reader)
    if prompt.text:
        yield prompt.text


_DOUBLED = re.compile(r"([^\W\d_a-zA-Z]{2,8})\1")  # "教室里教室里坐满学生"
_LATIN = re.compile("[A-Za-z]{2}")


async def _in_chinese(prompt: Prompt, before: str, reader: WordReader) -> str:
    """What is asked for, one thing after the other, each as the person or the glossary calls it in Chinese."""

    async def said(one: Fragment) -> str:
        for words in (one.source, chinese_of(one.text)):
            if CHINESE.search(words) and [each.text for each in await reader.sure(words)] == [one.text]:
                words = chinese.traditional(words) if chinese.sign_by_sign(before) != before else words
                return words if one.weight == 1.0 else weighed(words, one.weight)
        return str(one)

    words = [await said(one) for one in without_presets(prompt.fragments)]
    unwanted = ["不要" + await said(one) for one in without_presets(prompt.negatives)]
    return "，".join([*words, *unwanted, *map(str, prompt.loras)])


def _sourced(prompt: Prompt, text: str, made: Prompt | None) -> Prompt:
    both = (*without_presets(made.fragments), *without_presets(made.negatives)) if made else ()
    written = {str(one): one for one in both}

    def said(one: Fragment) -> Fragment:
        if one.origin == "preset" or one.text in (grammar.BREAK, "AND"):
            return one
        same = written.get(str(one))
        return replace(one, source=same.source, origin=same.origin) if same else replace(one, source=one.text)

    return replace(
        prompt,
        text=text,
        fragments=tuple(map(said, prompt.fragments)),
        negatives=tuple(map(said, prompt.negatives)),
    )
