"""/controls: what can guide shapes here, with an example each, and what is missing with the file to get."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path

from bot.chat import Card, Field, Request, Say
from bot.commands.command import Command
from bot.studio import nets, recipes
from bot.studio.studio import Studio
from engine import control_words
from engine.control_words import ControlWord
from engine.files import catalog
from engine.files.catalog import Model
from prompts.controls import AskedControl
from prompts.errors import Refusal
from prompts.traditional import called
from storage import people


async def run(studio: Studio, request: Request, rest: str) -> Card:
    return await listed(studio, request)


async def listed(studio: Studio, request: Request) -> Card:
    """A line for each word that can be drawn with by the person's model, one for what is missing, and how it is with
    models of other families."""
    settings = await people.settings(studio.db, request.person.id)
    name = request.options.model or recipes.chosen(settings).model or studio.rules.model
    model = await studio.model(name)
    lines, missing, others = await asyncio.to_thread(
        _told, model, studio.rules.folders, request.person.language, _others(studio.rules.folders, model)
    )
    fields = [*lines]
    if missing:
        told = "\n" if any(": " in one for one in missing) else ", "
        fields.append(Field(Say("controls.missing"), told.join(missing)))
    fields += others
    key = "controls.title" if lines else "controls.none"
    return Card(text=Say(key, {"model": model.name, "count": len(lines)}), fields=tuple(fields))


def _others(folders: Sequence[Path], model: Model) -> list[Model]:
    """A model of each other family, the first by name."""
    found: dict[str, Model] = {}
    for one in catalog.models(folders):
        if one.family != model.family:
            found.setdefault(one.family, one)
    return list(found.values())


def _told(
    model: Model, folders: Sequence[Path], language: str, others: Sequence[Model]
) -> tuple[list[Field], list[str], list[Field]]:
    lines, missing = [], []
    for row, found in _looked(model, folders):
        name = _name(row, language)
        if isinstance(found, Refusal):
            files = dict.fromkeys(str(found.values.get(one, "")) for one in ("file", "files"))
            missing.append(f"{name}: {' '.join(filter(None, files))}" if any(files) else name)
        else:
            example = called(*row.example, language)
            said = {"net": found.net, "preprocessor": found.preprocessor, "example": f"/control {name} 0.8 {example}"}
            lines.append(Field(Say("controls.name", {"name": name}), Say("controls.line", said)))
    told = []
    for other in others:
        there = [_name(row, language) for row, found in _looked(other, folders) if not isinstance(found, Refusal)]
        if there:
            told.append(Field(Say("controls.family", {"family": other.family}), ", ".join(there)))
    return lines, missing, told


def _looked(model: Model, folders: Sequence[Path]) -> Iterator[tuple[ControlWord, nets.ChosenNet | Refusal]]:
    """Each word with what it stands for, or why it stands for nothing."""
    for row in control_words.WORDS.values():
        try:
            yield row, nets.chosen(AskedControl(row.name), model, folders)
        except Refusal as refusal:
            yield row, refusal


def _name(row: ControlWord, language: str) -> str:
    return called(row.zh[0], row.en[0], language)


COMMAND = Command("controls", ("控制列表", "控制图", "控制圖"), run)
