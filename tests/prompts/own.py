"""What of a prompt its person said, without what the program added."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from prompts.compose import compose
from prompts.prompt import Prompt
from prompts.translate.translator import Translator


def own(prompt: Prompt) -> list[str]:
    return [str(one) for one in prompt.fragments if one.origin != "preset"]


def own_of(text: str, translators: Sequence[Translator]) -> list[str]:
    return own(asyncio.run(compose(text, translators=translators))[0])
