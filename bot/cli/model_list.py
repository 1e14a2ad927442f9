"""What `python bot.py models` shows: everything that can be drawn with."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bot import texts
from bot.models.model_files import COMPANIONS, cards
from engine.files import catalog


def show(folders: Sequence[Path], language: str, out: Console, *, as_json: bool) -> None:
    """Print the models, LoRAs and companions in these folders, and what looks like one and cannot be used."""
    found, files = catalog.models(folders), catalog.loras(folders)
    if as_json:
        print(json.dumps(cards(folders), ensure_ascii=False), flush=True)
        return
    heads = ("cli.model", "cli.family", "cli.size", "models.prediction", "models.vae_in", "cli.folder")
    table = Table(*(texts.say(language, head) for head in heads))
    for one in found:
        inside = texts.say(language, "models.yes") if one.vae else "–"
        table.add_row(
            one.name,
            catalog.lineage(one),
            f"{one.width}x{one.height}",
            one.prediction,
            inside,
            str(one.path),
        )
    out.print(table)
    for lora in files:
        known = " · ".join(filter(None, (catalog.lineage(lora), f"rank {lora.rank}" if lora.rank else "", *lora.words)))
        out.print(f"LoRA {lora.name}  {known}  {lora.path}", markup=False)
    for kind in COMPANIONS:
        for other in catalog.companions(folders, kind):
            known = " · ".join(filter(None, (other.family, other.format, other.purpose)))
            out.print(f"{kind} {other.name}  {known} {other.path}", markup=False)
    for entry in catalog.skipped(folders):
        out.print(f"{entry.path}: {texts.say(language, entry.key, **entry.values)}", markup=False)
