"""What `python bot.py models` shows: everything that can be drawn with."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bot import texts
from bot.models.model_files import COMPANIONS, cards
from engine.files import catalog, taggers
from engine.tagging import CLIP


def show(
    folders: Sequence[Path], language: str, out: Console, *, as_json: bool, taggers_in: Sequence[Path] = ()
) -> None:
    """Print the models, LoRAs and companions in these folders, what reads tags out of pictures, and what looks like any
    of them and cannot be used."""
    found, files = catalog.models(folders), catalog.loras(folders)
    if as_json:
        rows = [{"name": one.name, "path": str(one.network)} for one in taggers.taggers(taggers_in, folders)]
        rows += [{"name": f"{CLIP}{one.name}", "path": str(one.path)} for one in taggers.clips(folders)]
        print(json.dumps({**cards(folders), "taggers": rows}, ensure_ascii=False), flush=True)
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
    for tagger in taggers.taggers(taggers_in, folders):
        out.print(f"tagger {tagger.name}  {tagger.network}", markup=False)
    for clip in taggers.clips(folders):
        out.print(f"{CLIP}{clip.name}  {clip.path}", markup=False)
    for broken in taggers.useless(taggers_in):
        out.print(f"{broken.path}: {texts.say(language, broken.key, **broken.values)}", markup=False)
    for entry in catalog.skipped(folders):
        out.print(f"{entry.path}: {texts.say(language, entry.key, **entry.values)}", markup=False)
