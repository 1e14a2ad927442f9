"""How much of a training's time goes into the samples of the files along the way."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.training import drafting
from engine.training_plan import TrainingPicture, TrainingPlan, planned
from storage.trainings import KeptTraining


def plan(steps: int, batch: int = 4) -> TrainingPlan:
    pictures = [TrainingPicture(f"{one}.png", f"{one:064}", "red") for one in range(20)]
    made = planned("thing", "demo", name="totem", trigger="zwx", model="danqing-demo", pictures=pictures, steps=steps)
    return replace(made, batch=batch, accumulate=1)


@pytest.mark.parametrize(("steps", "files"), [(60, 1), (250, 2), (500, 4), (1000, 7), (2000, 10), (20_000, 10)])
def test_short_trainings_keep_fewer_files_along_the_way(steps: int, files: int) -> None:
    assert drafting.files(plan(steps)) == files


def test_a_wish_for_files_counts_and_the_end_is_no_half() -> None:
    now = datetime(2026, 5, 4, tzinfo=UTC)
    kept = KeptTraining(
        id="t", person="p", name="totem", trigger="zwx", kind="thing", model="danqing-demo", created=now, changed=now
    )
    assert drafting.every(kept, plan(60)) == 60  # the end alone
    assert drafting.every(replace(kept, wishes={"files": 6}), plan(60)) == 10
    assert drafting.every(kept, plan(2000)) == 200
