"""Language models for reading clauses, fetched from a hub on this machine: whole, without code, or not at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.models import language_models
from prompts.errors import Refusal
from tests.engine.reading.toy import model
from tests.peers.hub import Fault, Hub, Repository

NAME = "Qwen/Tiny-Instruct"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository as people publish them: with code, pictures, and the same weights in older forms beside it."""
    folder = model(tmp_path_factory.mktemp("published") / "m", "a whole taotie")
    for extra in ("modeling_tiny.py", "pytorch_model.bin", "onnx/model.onnx", "logo.png", ".gitattributes"):
        (folder / extra).parent.mkdir(exist_ok=True)
        (folder / extra).write_bytes(b"nothing that is read")
    (folder / "LICENSE").write_text("Apache-2.0")
    return folder


def test_what_transformers_reads_is_fetched_and_nothing_else(published: Path, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    with Hub({NAME: Repository.folder(published)}).open() as hub:
        found = language_models.install(NAME, tmp_path, lambda *done: told.append(done), hub.address)
        assert found == tmp_path / "Tiny-Instruct"
        names = {file.name for file in found.iterdir()}
        assert {"config.json", "tokenizer.json", "model.safetensors", "LICENSE"} <= names
        assert not names & {"modeling_tiny.py", "pytorch_model.bin", "logo.png", "onnx"}
        assert told[-1][0] == told[-1][1]
        asked = len(hub.asked)
        assert language_models.install(NAME, tmp_path, endpoint=hub.address) == found
        assert [one.path for one in hub.asked[asked:]] == [f"/api/models/{NAME}"]
    assert [one.name for one in tmp_path.iterdir()] == ["Tiny-Instruct"]


def test_a_line_that_breaks_is_gone_on_with(published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.models.download.PAUSES", (0.0, 0.0))
    with Hub({NAME: Repository.folder(published)}, faults=[Fault("model.safetensors", cut=500)]).open() as hub:
        found = language_models.install(NAME, tmp_path, endpoint=hub.address)
    assert (found / "model.safetensors").read_bytes() == (published / "model.safetensors").read_bytes()


@pytest.mark.parametrize("lacking", ["config.json", "tokenizer.json", "model.safetensors", "architectures"])
def test_what_is_no_language_model_is_refused_before_its_weights_come(
    published: Path, tmp_path: Path, lacking: str
) -> None:
    repository = Repository.folder(published)
    if lacking == "architectures":
        content = json.loads((published / "config.json").read_text())
        copy = tmp_path / "other"
        copy.mkdir()
        for file in published.iterdir():
            if file.is_file():
                (copy / file.name).write_bytes(file.read_bytes())
        (copy / "config.json").write_text(json.dumps(content | {"architectures": ["BertModel"]}))
        repository = Repository.folder(copy)
    else:
        del repository.files[lacking]
    with Hub({NAME: repository}).open() as hub, pytest.raises(Refusal) as refusal:
        language_models.install(NAME, tmp_path / "readers", endpoint=hub.address)
    assert refusal.value.key == "install.no_reader"
    assert not any(one.path.endswith(".safetensors") for one in hub.asked)
    assert not (tmp_path / "readers").exists() or not list((tmp_path / "readers").iterdir())


@pytest.mark.parametrize("name", ["Qwen", "../x", "a/b/c", "owner/..", "http://x/y"])
def test_names_that_are_none(tmp_path: Path, name: str) -> None:
    with pytest.raises(Refusal) as refusal:
        language_models.install(name, tmp_path)
    assert refusal.value.key == "hub.name"
