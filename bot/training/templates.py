"""Prompts to try what was learnt with: a portrait somewhere else, in another light, by another hand."""

from __future__ import annotations

from collections.abc import Mapping

# What the text `train.template.NAME` calls it, and the prompt; {trigger} is who was learnt.
PORTRAITS: Mapping[str, str] = {
    "studio": "{trigger}, portrait, upper body, studio lighting, grey background, sharp focus",
    "garden": "{trigger}, portrait, garden, cherry blossoms, soft sunlight, smile",
    "hanfu": "{trigger}, portrait, hanfu, red lanterns, night, warm light",
    "suit": "{trigger}, portrait, black suit, white shirt, office, window light",
    "winter": "{trigger}, portrait, scarf, snow, street, evening",
    "oil": "{trigger}, portrait, oil painting, brush strokes, dark background",
    "ink": "{trigger}, portrait, ink wash painting, white background",
}
SHAPE = "3:4"


def portraits(use: str) -> dict[str, str]:
    """The prompts by name, for somebody who is called for with these words."""
    return {name: text.format(trigger=use) for name, text in PORTRAITS.items()}
