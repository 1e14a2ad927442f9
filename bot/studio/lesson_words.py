"""Words of a prompt moved for a lesson: one weight, one style, the negative, a LoRA; everything else stays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from engine.files.catalog import LoraFile, Model
from engine.recipe import Recipe
from prompts import grammar, styles, written_text
from prompts.presets import key, preset
from prompts.prompt import Fragment, LoraUse, Prompt, weighed
from prompts.styles import Style

HEAVY = 1.5  # of the words that are weighed: much, and what most models still draw
SHOWN = "pixel-art"  # a style that everybody tells at once
NOTHING = "–"
WordsMoved = Callable[[Prompt, Model, Sequence[LoraFile]], Prompt | None]


def negative(prompt: Prompt, model: Model, loras: Sequence[LoraFile]) -> Prompt:
    """Without the negative; with what is usual for the model where there is none."""
    if prompt.negatives:
        return replace(prompt, negatives=())
    usual = preset(model.presets).negative or ("blurry", "low quality")
    read = [piece for one in usual for piece in grammar.pieces(one)[0]]
    return replace(prompt, negatives=tuple(Fragment(one.text, one.weight) for one in read))


def emphasis(prompt: Prompt, model: Model, loras: Sequence[LoraFile]) -> Prompt | None:
    """What the picture is about with more weight, or with none where it has more."""
    at = _first(prompt)
    if at is None:
        return None
    old = prompt.fragments[at]
    weight = HEAVY if old.weight < (1 + HEAVY) / 2 else 1.0
    written = old.source or old.text
    now = weighed(written, old.weight)
    said = weighed(written, weight) if weight != 1 else written
    text = written_text.put(prompt.text, now if now in prompt.text else written, said, group=True)
    fragments = (*prompt.fragments[:at], replace(old, weight=weight), *prompt.fragments[at + 1 :])
    return replace(prompt, fragments=fragments, text=text or prompt.text)


def emphasised(recipe: Recipe) -> str:
    """What `emphasis` weighs, with its weight."""
    at = _first(recipe.prompt)
    if at is None:
        return NOTHING
    one = recipe.prompt.fragments[at]
    return weighed(one.text, one.weight)


def style(prompt: Prompt, model: Model, loras: Sequence[LoraFile]) -> Prompt | None:
    """Without its style; in one that everybody tells at once where it has none."""
    if prompt.raw:
        return None
    if there := _style(prompt):
        own = {key(word) for word in (*there.positive, *there.scene)}
        left = tuple(one for one in prompt.fragments if key(one.text) not in own)
        return replace(prompt, fragments=left, style="") if left else None
    new = styles.styles()[SHOWN]
    demo = model.family == "demo"  # which knows the names of styles only, and those at the end
    read = [piece for word in (new.positive[:1] if demo else new.positive) for piece in grammar.pieces(word)[0]]
    words = tuple(Fragment(one.text, one.weight, "quality_style", "preset") for one in read)
    fragments = (*prompt.fragments, *words) if demo else (*words, *prompt.fragments)
    return replace(prompt, fragments=fragments, style=new.name)


def styled(recipe: Recipe) -> str:
    found = _style(recipe.prompt)
    return found.name if found else NOTHING


def lora(prompt: Prompt, model: Model, loras: Sequence[LoraFile]) -> Prompt | None:
    """The first LoRA at no weight; one that there is at its own weight where the prompt has none."""
    if prompt.loras:
        first, *others = prompt.loras
        return replace(prompt, loras=(replace(first, weight=0.0 if first.weight else 1.0, text_weight=None), *others))
    return replace(prompt, loras=(LoraUse(loras[0].name, loras[0].weight),)) if loras else None


def lora_shown(recipe: Recipe) -> str:
    return f"{recipe.prompt.loras[0].name} ×{recipe.prompt.loras[0].weight:g}" if recipe.prompt.loras else NOTHING


def _first(prompt: Prompt) -> int | None:
    """The first thing that the person said is in the picture."""
    if prompt.raw:
        return None
    own = [(at, one) for at, one in enumerate(prompt.fragments) if one.origin != "preset"]
    said = [
        (at, one) for at, one in own if one.text not in (grammar.BREAK, "AND") and grammar.bare(one.text) == one.text
    ]
    return next((at for at, one in said if one.part == "subject"), next((at for at, _ in said), None))


def _style(prompt: Prompt) -> Style | None:
    """The style that a prompt has, by its name or by the words that it adds."""
    if prompt.style:
        return styles.named(prompt.style)
    words = {key(one.text) for one in prompt.fragments}
    return next((one for one in styles.styles().values() if key(one.positive[0]) in words), None)
