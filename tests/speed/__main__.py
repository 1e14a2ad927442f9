"""`make bench`: how fast it is, each figure against a named baseline of the same run."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import sys
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # read once, when torch is imported
os.environ["HF_HUB_OFFLINE"] = "1"

from rich.console import Console
from rich.table import Table

from tests.speed import (
    card,
    changes,
    comparing,
    control,
    decoding,
    discord,
    drawing,
    fairness,
    handing,
    hosts,
    loop,
    many_cards,
    mixed,
    people,
    sharing,
    shelf,
    starting,
    switches,
    telegram,
    texts,
    training,
    waiting,
)
from tests.speed.figure import Figure

SECTIONS: dict[str, Callable[[], list[Figure]]] = {
    "starting": starting.figures,
    "texts": texts.figures,
    "discord": lambda: asyncio.run(discord.figures()),
    "telegram": lambda: asyncio.run(telegram.figures()),
    "waiting": lambda: asyncio.run(waiting.figures()),
    "sharing": lambda: asyncio.run(sharing.figures()),
    "fairness": fairness.figures,
    "many-cards": many_cards.figures,
    "shelf": lambda: asyncio.run(shelf.figures()),
    "drawing": drawing.figures,
    "people": lambda: asyncio.run(people.figures()),
    "handing": handing.figures,
    "hosts": lambda: asyncio.run(hosts.figures()),
    "mixed": mixed.figures,
    "loop": loop.figures,
    "control": control.figures,
    "compare": comparing.figures,
    "changes": changes.figures,
    "switches": switches.figures,
    "decoding": decoding.figures,
    "training": training.figures,
    "card": card.figures,
}
ON_A_CARD = ("card",)  # run with GPU=1, and with tiny models on the processor with GPU=dry


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.speed", description=__doc__)
    parser.add_argument(
        "sections",
        nargs="*",
        help=f"of {', '.join(SECTIONS)}; all without, with GPU=1 those for a card, with GPU=dry these in tiny",
    )
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    arguments = parser.parse_args()
    console = Console()
    console.print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}", highlight=False)
    found: dict[str, list[Figure]] = {}
    usual = [name for name in SECTIONS if (name in ON_A_CARD) == (os.environ.get("GPU") in ("1", "dry"))]
    for name in arguments.sections or usual:
        found[name] = SECTIONS[name]()
        table = Table("what", "ours", "baseline", "ratio", "aim", title=name, title_justify="left")
        for figure in found[name]:
            table.add_row(*figure.row())
        console.print(table)
    if arguments.json:
        rows = {name: [figure.to_json() for figure in figures] for name, figures in found.items()}
        arguments.json.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    sys.exit(main())
