"""Tokenizers that models share."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from engine.files import catalog, folder_layers
from engine.models import tokenizers


def copied(folder: Path) -> Path:
    return Path(shutil.copytree(catalog.DEMO / "tokenizer", folder))


def test_the_same_files_are_read_once(tmp_path: Path) -> None:
    here, there = tokenizers.tokenizer(copied(tmp_path / "a")), tokenizers.tokenizer(copied(tmp_path / "b"))
    assert here is there
    assert tokenizers.tokenizer(tmp_path / "a", pad_token="!") is not here


def test_files_that_changed_are_read_again(tmp_path: Path) -> None:
    folder = copied(tmp_path / "a")
    before = tokenizers.tokenizer(folder)
    settings = folder / "tokenizer_config.json"
    settings.write_text(json.dumps(json.loads(settings.read_text()) | {"pad_token": "!"}))
    assert (before.pad_token, tokenizers.tokenizer(folder).pad_token) == ("<|endoftext|>", "!")


def test_no_more_are_kept_than_are_used(tmp_path: Path) -> None:
    for length in range(10, 13 + tokenizers.KEPT):
        tokenizers.tokenizer(catalog.DEMO / "tokenizer", model_max_length=length)
    assert len(tokenizers._kept) == tokenizers.KEPT


def test_words_are_counted_in_what_the_file_holds_now(tmp_path: Path) -> None:
    folder = copied(tmp_path / "a")
    assert folder_layers.words(folder) == 49408
    whole = json.loads((folder / "tokenizer.json").read_text())
    whole["model"]["vocab"] = {"a": 0}
    (folder / "tokenizer.json").write_text(json.dumps(whole))
    assert folder_layers.words(folder) == 1
    (folder / "tokenizer.json").unlink()
    assert folder_layers.words(folder) == 0


@pytest.mark.parametrize("names", [["vocab.json"], ["vocab.json", "merges.txt"]])
def test_words_of_older_files_are_counted_where_both_are_there(tmp_path: Path, names: list[str]) -> None:
    for name in names:
        (tmp_path / name).write_text('{"a": 0, "b": 1}')
    assert folder_layers.words(tmp_path) == (2 if len(names) == 2 else 0)
