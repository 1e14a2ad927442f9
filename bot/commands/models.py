"""/models: what can be drawn with and what goes with it, or all that is known of one of them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path

from bot.chat import Card, Field, Person, Request, Say
from bot.commands.command import Command
from bot.models.model_files import COMPANIONS
from bot.studio.model_previews import preview
from bot.studio.studio import Studio
from engine.files import catalog
from engine.files.catalog import Companion, Model
from prompts.errors import Refusal
from storage.database import Database
from storage.search import fold

LISTED = 40
NAMED = 20  # companions of one kind whose names are told
INPAINT = 9  # channels of a UNet made for inpainting
# What to write in a text to have it, by kind.
WRITTEN = {"embedding": "{}", "vae": "--vae {}", "upscaler": "--upscale {}"}


async def run(studio: Studio, request: Request, rest: str) -> Card:
    models, others = await asyncio.to_thread(_found, studio.rules.folders, rest)
    found: Sequence[Model | Companion] = (*models, *others)
    named = [one for one in found if fold(one.name) == fold(rest)]
    if not found:
        await _spoiled(studio.rules.folders, rest)
        raise Refusal("models.nothing", words=rest[:40])
    if named or (rest.strip() and len(found) == 1):
        return await _card(studio.db, request.person, (named or found)[0])
    lines = [Field(Say("models.name", {"name": one.name}), _line(one)) for one in models[:LISTED]]
    if loras := await studio.loras():
        lines.append(Field(Say("models.loras"), Say("models.counted", {"count": len(loras)})))
    for kind in COMPANIONS:
        if names := [_named(one) for one in others if one.kind == kind]:
            rest_of = " …" if len(names) > NAMED else ""
            lines.append(Field(Say(f"models.{kind}"), ", ".join(names[:NAMED]) + rest_of))
    shown = min(len(models), LISTED)
    return Card(text=Say("models.title", {"count": len(models), "shown": shown}), fields=tuple(lines))


def _named(one: Companion) -> str:
    """Its name, with what it follows where its name does not say it."""
    hidden = one.purpose and one.purpose not in one.name.casefold()
    return f"{one.name} ({one.purpose})" if hidden else one.name


async def _spoiled(folders: Sequence[Path], typed: str) -> None:
    """Raises Refusal where a file of that name lies here and cannot be used, with the reason."""
    wanted = typed.strip().casefold()
    for one in await asyncio.to_thread(catalog.skipped, folders):
        if wanted in one.names:
            raise Refusal(one.key, **one.values)


def _found(folders: Sequence[Path], typed: str) -> tuple[list[Model], list[Companion]]:
    """The models and companions in whose name, family or kind every word typed occurs."""
    words = fold(typed).split()

    def fits(*texts: str) -> bool:
        return all(word in fold(" ".join(texts)) for word in words)

    models = [one for one in catalog.models(folders) if fits(one.name, catalog.lineage(one))]
    others = [one for kind in COMPANIONS for one in catalog.companions(folders, kind)]
    return models, [one for one in others if fits(one.name, one.family, one.kind, one.purpose)]


def _line(one: Model) -> Say:
    values: dict[str, str | int | float] = {"family": catalog.lineage(one), "width": one.width, "height": one.height}
    return Say("models.line" if one.vae else "models.line_no_vae", values)


async def _card(db: Database, person: Person, one: Model | Companion) -> Card:
    lines = _of_model(one) if isinstance(one, Model) else _of_companion(one)
    fields = tuple(Field(Say(f"models.{name}"), value) for name, value in lines if value)
    pictures = await preview(db, person, one.preview)
    return Card(text=Say("models.one", {"name": one.name}), fields=fields, pictures=pictures)


def _of_model(one: Model) -> Iterator[tuple[str, str | Say]]:
    yield "family", catalog.lineage(one)
    yield "prediction", "v, zero SNR" if one.zero_snr else "v" if one.prediction == "v_prediction" else one.prediction
    yield "resolution", f"{one.width}×{one.height}"
    yield "vae_in", Say("models.yes" if one.vae else "models.no_vae")
    yield "inpaint", Say("models.yes") if one.channels == INPAINT else ""
    yield "usual", f"{one.steps} · {one.sampler} · {one.guidance:g}"
    yield "triggers", ", ".join(one.triggers)
    yield "hash", one.hash
    yield "write", f"--model {one.name}"


def _of_companion(one: Companion) -> Iterator[tuple[str, str | Say]]:
    yield "kind", Say(f"models.{one.kind}")
    yield "family", one.family
    yield "purpose", one.purpose
    yield "layout", one.format
    yield "vectors", str(one.vectors or "")
    yield "triggers", ", ".join(one.triggers)
    yield "hash", one.hash
    yield "write", WRITTEN[one.kind].format(one.name) if one.kind in WRITTEN else ""


COMMAND = Command("models", ("模型",), run)
