"""The rows loop: one UNet call per step for all rows that share a model and a latent size, whatever their LoRAs."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from engine.adapters import loras
from engine.models import card, memory, streams
from engine.models.card import out_of_memory
from engine.speed import attention
from engine.worker import recall
from engine.worker.batch import Outcome
from engine.worker.denoise import advance, predict
from engine.worker.row import Row
from engine.worker.turns import RowTurns

# Prompts of different lengths share a call by repeating the shorter ones' chunks: attention over keys that are all
# repeated equally often gives the same result. Beyond this many chunks the rows take separate calls instead.
MAX_CHUNKS = 12
REPLAYED = 0.02  # seconds of a turn in which rows go on by what is known: less than a call takes, as strangers wait


@dataclass(slots=True)
class Turn:
    """The outcome of one turn of the loop. A row that failed is gone from the set."""

    stepped: list[Row] = field(default_factory=list)
    failed: list[tuple[Row, Exception]] = field(default_factory=list)

    def took_step(self, row: Row) -> None:
        """Note that a row took a step, or several."""
        if row not in self.stepped:
            self.stepped.append(row)


class Rows:
    """The rows being drawn. Those that cannot share a call take turns by the device time their owners have had
    (engine/worker/turns.py): a small picture is not kept waiting by a stranger's large one, nor by his many."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._rows = RowTurns[Row](lambda row: row.group)
        self._mark: Any = None  # behind the device's last step

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows)

    def add(self, row: Row, owner: str = "") -> None:
        """Let a row join before the next turn, a new one or one that has left and goes on where it was. `owner` is
        whose device time it takes, its job's where nobody is named."""
        self._rows.add(row, owner or row.job)

    def remove(self, job: str) -> None:
        """Let a job's rows leave before the next turn."""
        for row in [row for row in self._rows if row.job == job]:
            self.leave(row)

    def leave(self, row: Row) -> None:
        """Let one row leave, as it is between two steps."""
        self._rows.remove(row)
        self._let_go(row)

    def _let_go(self, row: Row) -> None:
        """Drop what was merged for the row's LoRAs where no other row draws with it."""
        others = (other for other in self._rows if other is not row)
        if row.loras and not any(other.loaded is row.loaded and other.loras for other in others):
            loras.drop_merged(row.loaded)

    def turn(self) -> Turn:
        """One step of the rows of the group whose turn it is: of all, or where others wait, of as many as are soon
        done."""
        rows = self._rows.next()
        turn = Turn()
        began = self._clock()
        asking, waiting = self._recall(rows, turn)
        for batch in _batches(asking):
            self._step(batch, turn)
        self._recall(waiting, turn)
        self._rows.took((self._clock() - began) / len(rows))
        for row, _ in turn.failed:
            self.leave(row)
        return turn

    def _step(self, rows: list[Row], turn: Turn) -> None:
        began = self._clock()
        failure: Exception | None = None
        try:
            outcomes = predict(rows)
            self._mark = streams.settled(rows[0].loaded.device, self._mark)
        except Exception as error:
            card.check(error)
            failure = error.with_traceback(None)  # whose frames hold what was computed so far
        if failure:
            instead = _instead(rows, failure)
            for batch in instead:
                self._step(batch, turn)
            if not instead:
                turn.failed.append((rows[0], failure))
            return
        rows[0].loaded.layout.went_well()
        for row, outcome, _ in outcomes:
            if self._advance(row, outcome, turn):
                turn.took_step(row)
        passed = self._clock() - began
        whole = sum(cost for *_, cost in outcomes)
        for row, _, cost in outcomes:
            share = passed * cost / whole
            row.seconds += share
            self._rows.charge(row, share)

    def _advance(self, row: Row, outcome: Outcome, turn: Turn) -> bool:
        """Let a row take its step; whether it could."""
        try:
            advance(row, outcome)
            if row.due:
                self._let_go(row)
                row.hand_over()
        except Exception as error:
            card.check(error)
            turn.failed.append((row, error))
            return False
        return True

    def _recall(self, rows: list[Row], turn: Turn) -> tuple[list[Row], list[Row]]:
        """Let rows of one group go on as far as their model has answered before what they ask it. Returns those that
        have to ask, of those that ask the same one, and the others of these, which go on when it was answered."""
        asking: list[Row] = []
        waiting: list[Row] = []
        asked: set[object] = set()
        began = self._clock()
        for row in rows:
            if row.digests is None:
                asking.append(row)
            elif self._goes_on(row, turn, began + REPLAYED):
                (waiting if row.digests.question in asked else asking).append(row)
                asked |= {row.digests.question} - {None}
        return asking, waiting

    def _goes_on(self, row: Row, turn: Turn, until: float) -> bool:
        """Let a row take the steps that are known, until this moment; whether it then has to ask in this turn."""
        assert row.digests
        group, before, began = row.group, row.digests.recalled, self._clock()
        try:
            while answer := recall.found(row):
                if row.digests.recalled > before and self._clock() > until:
                    break
                if not self._advance(row, recall.outcome(row, answer), turn):
                    return False
                row.digests.recalled += 1
        except Exception as error:
            card.check(error)
            turn.failed.append((row, error))
            return False
        if row.digests.recalled > before:
            turn.took_step(row)
            row.seconds += self._clock() - began
            self._rows.charge(row, self._clock() - began)
        return answer is None and not row.done and row.group == group


def _instead(rows: list[Row], failure: Exception) -> list[list[Row]]:
    """The calls to make instead of one that failed: the same where a guest has given way to it, halves where memory ran
    out, each row on its own where one bad row may have been among good ones, a row alone again where its model could go
    down a tier."""
    loaded = rows[0].loaded
    if attention.drop_failed(loaded, failure):
        return [rows]
    if not out_of_memory(failure):
        return [[row] for row in rows] if len(rows) > 1 else []
    if loaded.give_way():
        return [rows]
    loras.drop_merged(loaded)
    loaded.joined.clear()
    loaded.answered.clear()
    if loaded.prepared:
        loaded.prepared.drop()
    card.release(loaded.device)
    if len(rows) == 1:
        return [rows] if memory.lower(loaded) else []
    middle = len(rows) // 2
    loaded.layout.narrow(max(sum(row.area for row in half) for half in (rows[:middle], rows[middle:])))
    return [rows[:middle], rows[middle:]]


def _batches(rows: list[Row]) -> list[list[Row]]:
    """The rows of one group as they can share calls: all together, unless their prompts' lengths go together badly
    or the memory is known to be too small."""
    if not rows:
        return []
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
