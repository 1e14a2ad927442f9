"""Where the files of trainings lie, what they are called, and whose they are."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from bot.training import learnt_files
from engine.files.private import PrivateFile
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


def test_files_are_lent_by_their_own_names_and_by_a_trainers_where_that_means_one(tmp_path: Path) -> None:
    for name in ("Mia", "mia-2", "tom-2", "tom-3", "Zwx"):
        (tmp_path / f"{name}.safetensors").touch()
    mia, second, tom, other, word, gone = (
        PrivateFile(tmp_path / f"{name}.safetensors", "ann", alias, word=name == "Zwx")
        for name, alias in (
            ("Mia", "Mia"), ("mia-2", "Lia"), ("tom-2", "Tom"), ("tom-3", "tom"), ("Zwx", "an eye"), ("gone", "Gone")
        )
    )  # fmt: skip
    assert learnt_files.lendable([mia, second, tom, other, word, gone]) == {
        ("lora", "mia"): mia.path,
        ("lora", "mia-2"): second.path,
        ("lora", "lia"): second.path,
        ("lora", "tom-2"): tom.path,
        ("lora", "tom-3"): other.path,
        ("embedding", "zwx"): word.path,
    }
