"""What of a prompt its person said, without what the program added; and what a sentence makes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from prompts.compose import compose
from prompts.edit.edited import edit
from prompts.prompt import Prompt
from prompts.translate.translator import Translator


def own(prompt: Prompt) -> list[str]:
    return [str(one) for one in prompt.fragments if one.origin != "preset"]


def own_of(text: str, translators: Sequence[Translator]) -> list[str]:
    return own(asyncio.run(compose(text, translators=translators))[0])


async def becomes(text: str, sentence: str, wanted: str, translators: Sequence[Translator], more: str) -> None:
    """Assert that a sentence makes this of a text, and that the new text says what is drawn: with `more` in it, all
    that was drawn still is."""
    edited = (await edit(text, sentence, translators=translators)).prompt
    assert edited.text == wanted
    again = (await edit(edited.text, more, translators=translators)).prompt
    assert [one for one in own(edited) if one not in own(again)] == [], "the text says what is drawn"
