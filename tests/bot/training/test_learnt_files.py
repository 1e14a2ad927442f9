"""Where the files of trainings lie, what they are called, and whose they are."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from bot.training import learnt_files
from storage.trainings import KeptTraining

NOW = datetime(2026, 5, 4, tzinfo=UTC)
KEPT = KeptTraining(
    id="t", person="ann", name="totem", trigger="zwx", kind="thing", model="m", file="totem", created=NOW, changed=NOW
)  # fmt: skip


def test_a_name_that_another_is_to_have_is_taken_before_its_file_is_there(tmp_path: Path) -> None:
    assert learnt_files.free_name(KEPT, tmp_path, ()) == "totem"
    assert learnt_files.free_name(KEPT, tmp_path, (), ["Totem"]) == "totem-2"


def test_a_file_is_its_owners_though_the_settings_have_no_folder_for_it_now(tmp_path: Path) -> None:
    [found] = learnt_files.private_files([KEPT], tmp_path, {})
    assert (found.path.name, found.owner) == ("totem.safetensors", "ann")
