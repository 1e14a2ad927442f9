"""What was added for the look of a prompt, when the look is another: a photo's words make no cartoon."""

from __future__ import annotations

from prompts import grammar
from prompts.edit.draft import EditDraft
from prompts.edit.targets import without_presets
from prompts.presets import key, look_of, preset
from prompts.prompt import Fragment, Prompt


def relook(old: Prompt, draft: EditDraft, family: str) -> None:
    """Puts what is added for the look that the draft has now in the place of what was added for the prompt's."""
    looks = [look_of(key(one.text) for one in without_presets(each)) for each in (old.fragments, draft.fragments)]
    if looks[0] == looks[1]:
        return
    before, after = (preset(family, look) for look in looks)
    if not any(one.origin == "preset" for one in (*old.fragments, *old.negatives)):
        return
    draft.fragments = _instead(draft.fragments, before.quality, after.quality)
    draft.negatives = _instead(draft.negatives, before.negative, after.negative)


def _instead(fragments: list[Fragment], before: tuple[str, ...], after: tuple[str, ...]) -> list[Fragment]:
    olds, news = _read(before), _read(after)
    if not any(one.origin == "preset" and key(one.text) in olds for one in fragments):
        return fragments
    kept = [one for one in fragments if one.origin != "preset" or key(one.text) not in olds]
    there = {key(one.text) for one in kept}
    return [*(one for name, one in news.items() if name not in there), *kept]


def _read(tags: tuple[str, ...]) -> dict[str, Fragment]:
    pieces = [piece for tag in tags for piece in grammar.pieces(tag)[0]]
    return {key(one.text): Fragment(one.text, one.weight, "quality_style", "preset") for one in pieces}
