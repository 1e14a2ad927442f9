"""Another filling for a short text, in place of the one that it was filled up with."""

from __future__ import annotations

from dataclasses import replace

from prompts.assemble import in_order
from prompts.errors import Refusal
from prompts.expand import FILLED, expanded, filled, seed_of
from prompts.presets import key, look_of, phrases, preset, speaking_against
from prompts.prompt import Note, Prompt

_TRIES = 50  # fillings looked at for one that differs; a kind of subject has a few rows for each aspect


def filling(prompt: Prompt) -> Note | None:
    """The note on what a prompt was filled up with; None for one that was not."""
    return next((note for note in prompt.notes if note.key == FILLED), None)


def refilled(prompt: Prompt, family: str) -> Prompt:
    """The prompt with the next filling; of the same prompt it is always the same. Raises Refusal `refill.none` where
    the prompt was not filled up, or nothing else would suit it."""
    note = filling(prompt)
    if note is None:
        raise Refusal("refill.none")
    before = note.values["words"].split(", ")
    kept = [one for one in prompt.fragments if one.origin != "preset" or one.text not in before]
    own = [one for one in kept if one.origin != "preset"]
    look = look_of(key(one.text) for one in kept)
    quality = set(map(key, preset(family, look).quality))
    styled = any(
        one.origin == "preset" and one.part == "quality_style" and key(one.text) not in quality for one in kept
    )
    unwanted = {key(one.text) for one in prompt.negatives if one.origin != "preset"}
    known = {key(one.text) for one in kept}
    count = int(note.values.get("filling", "0"))
    for number in range(count + 1, count + 1 + _TRIES):
        more = expanded(
            own,
            seed=seed_of(own) + number,
            family=family,
            look=look,
            styled=styled or bool(prompt.loras),
            unwanted=unwanted,
            beside=known,
        )
        if more and {one.text for one in more} != set(before):
            break
    else:
        raise Refusal("refill.none")
    spoken = {said: key(one.text) for one in more for said in phrases(key(one.text))}
    return replace(
        prompt,
        fragments=tuple(in_order([[*kept, *more]], (), quality if family == "demo" else None)),
        negatives=tuple(
            one for one in prompt.negatives if one.origin != "preset" or speaking_against(key(one.text), spoken) is None
        ),
        notes=tuple(filled(more, number) if one is note else one for one in prompt.notes),
    )
