"""/styles: the styles there are, by group; or the styles that fit some words, with all that they add."""

from __future__ import annotations

from bot.chat import Card, Field, Request, Say
from bot.commands.command import Command
from bot.studio.studio import Studio
from prompts import styles
from prompts.errors import Refusal
from prompts.traditional import chinese

FEW = 12  # so many are shown with all they add


async def run(studio: Studio, request: Request, rest: str) -> Card:
    language = request.person.language
    groups = styles.search(rest)
    if not groups:
        raise Refusal("styles.none", words=rest[:40])
    found = [style for group in groups for style in group.styles]
    if rest and len(found) <= FEW:
        lines = [
            Field(
                Say("styles.name", {"name": style.called(language), "id": style.name}),
                ", ".join((*style.positive, *style.scene)),
            )
            for style in found
        ]
    else:
        joint = "、" if chinese(language) else ", "
        lines = [
            Field(
                Say("styles.group", {"name": group.called(language), "count": len(group.styles)}),
                joint.join(style.called(language) for style in group.styles),
            )
            for group in groups
        ]
    return Card(text=Say("styles.title", {"count": len(found)}), fields=tuple(lines))


COMMAND = Command("styles", ("style", "风格", "風格", "画风", "畫風"), run)
