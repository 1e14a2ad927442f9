"""An infotext: the prompts of a picture and the fields its program wrote beneath them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

# What a program calls itself, where that is another than its name here.
_PROGRAMS = {
    "a1111": "A1111",
    "forge": "Forge",
    "sdnext": "SD.Next",
    "comfyui": "ComfyUI",
    "novelai": "NovelAI",
    "fooocus": "Fooocus",
    "invokeai": "InvokeAI",
    "swarmui": "SwarmUI",
    "easydiffusion": "Easy Diffusion",
    "drawthings": "Draw Things",
    "civitai": "Civitai",
    "danqing": "Danqing",
}


@dataclass(frozen=True, slots=True)
class Infotext:
    """What a program says of a picture it made: the prompts as they were written, and `fields` by A1111's names in the
    order of the text, their values without quotes. `source` is the program ("a1111", "forge", "sdnext", "comfyui",
    "novelai", "fooocus", "invokeai", "swarmui", "easydiffusion", "drawthings", "civitai", "danqing"); `templates` are
    the "Template: …" and "Negative Template: …" beneath the fields, which nothing is drawn from. Without `fields`
    somebody may only have written "Negative prompt:" into a text of their own."""

    positive: str
    negative: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    source: str = "a1111"
    templates: tuple[str, ...] = ()

    @property
    def program(self) -> str:
        """What the program calls itself."""
        return _PROGRAMS.get(self.source, self.source)
