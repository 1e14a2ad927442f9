"""The rows loop: one UNet call per step for all rows that share a model and a latent size, whatever their LoRAs."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from engine.adapters import loras
from engine.models import card, memory
from engine.models.card import out_of_memory
from engine.worker.denoise import advance, predict
from engine.worker.row import Group, Row

# Prompts of different lengths share a call by repeating the shorter ones' chunks: attention over keys that are all
# repeated equally often gives the same result. Beyond this many chunks the rows take separate calls instead.
MAX_CHUNKS = 12


@dataclass(slots=True)
class Turn:
    """The outcome of one turn of the loop. A row that failed is gone from the set."""

    stepped: list[Row] = field(default_factory=list)
    failed: list[tuple[Row, Exception]] = field(default_factory=list)


class Rows:
    """The rows being drawn. Groups take turns, so that nobody waits for a stranger's other size to finish."""

    def __init__(self) -> None:
        self._rows: list[Row] = []
        self._last: list[Group] = []

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(tuple(self._rows))

    def add(self, row: Row) -> None:
        """Let a row join before the next turn."""
        self._rows.append(row)

    def remove(self, job: str) -> None:
        """Let a job's rows leave before the next turn."""
        for row in [row for row in self._rows if row.job == job]:
            self.leave(row)

    def leave(self, row: Row) -> None:
        """Let one row leave."""
        self._rows.remove(row)
        if row.loras and not any(other.loaded is row.loaded and other.loras for other in self._rows):
            loras.drop_merged(row.loaded)

    def turn(self) -> Turn:
        """One step of every row of the group whose turn it is."""
        rows = self._next()
        turn = Turn()
        for batch in _batches(rows):
            self._step(batch, turn)
        for row, _ in turn.failed:
            self.leave(row)
        return turn

    def _next(self) -> list[Row]:
        groups = list(dict.fromkeys(row.group for row in self._rows))
        self._last = [group for group in self._last if group in groups]
        chosen = min(groups, key=lambda group: self._last.index(group) if group in self._last else -1)
        self._last = [group for group in self._last if group != chosen] + [chosen]
        return [row for row in self._rows if row.group == chosen]

    def _step(self, rows: list[Row], turn: Turn) -> None:
        began = time.monotonic()
        failure: Exception | None = None
        try:
            predictions, inputs = predict(rows)
        except Exception as error:
            failure = error.with_traceback(None)  # whose frames hold what was computed so far
        if failure:
            instead = _instead(rows, failure)
            for batch in instead:
                self._step(batch, turn)
            if not instead:
                turn.failed.append((rows[0], failure))
            return
        for row, prediction, scaled in zip(rows, predictions, inputs, strict=True):
            try:
                advance(row, prediction, scaled)
            except Exception as error:
                turn.failed.append((row, error))
            else:
                turn.stepped.append(row)
        passed = time.monotonic() - began
        shares = sum(row.width for row in rows)
        for row in rows:
            row.seconds += passed * row.width / shares


def _instead(rows: list[Row], failure: Exception) -> list[list[Row]]:
    """The calls to make instead of one that failed: halves where memory ran out, each row on its own where one bad
    row may have been among good ones, a row alone again where its model could go down a tier."""
    loaded = rows[0].loaded
    if not out_of_memory(failure):
        return [[row] for row in rows] if len(rows) > 1 else []
    loras.drop_merged(loaded)
    if loaded.prepared:
        loaded.prepared.drop()
    card.release(loaded.device)
    if len(rows) == 1:
        return [rows] if memory.lower(loaded) else []
    middle = len(rows) // 2
    loaded.most = max(sum(row.area for row in half) for half in (rows[:middle], rows[middle:]))
    return [rows[:middle], rows[middle:]]


def _batches(rows: list[Row]) -> list[list[Row]]:
    """The rows of one group as they can share calls: all together, unless their prompts' lengths go together badly
    or the memory is known to be too small."""
    lengths = [row.length for row in rows]
    alike = [rows]
    if math.lcm(*lengths) > min(lengths) * MAX_CHUNKS:
        alike = [[row for row in rows if row.length == length] for length in dict.fromkeys(lengths)]
    batches: list[list[Row]] = []
    for some in alike:
        batch: list[Row] = []
        for row in some:
            if batch and row.loaded.most and sum(other.area for other in (*batch, row)) > row.loaded.most:
                batches.append(batch)
                batch = []
            batch.append(row)
        batches.append(batch)
    return batches
