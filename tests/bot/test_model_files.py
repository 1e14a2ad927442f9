"""Model files: known after a restart, hashed in the background, and chosen well from a hub."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot import hub, model_files
from engine import catalog, shelves
from prompts.errors import Refusal
from storage import known_files
from storage.database import Database
from tests.engine.test_identify import kohya, write


async def test_what_was_found_out_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    db = await Database.open("", tmp_path / "data")
    try:
        gone = write(tmp_path / "gone.safetensors", kohya(768))
        path = write(tmp_path / "ink.safetensors", kohya(2048))
        shelves.news()
        await model_files.look(db, [tmp_path])
        assert {Path(known.path).name for known in await known_files.all_known(db)} == {gone.name, path.name}
        [row] = [known for known in await known_files.all_known(db) if known.path == str(path)]
        assert len(row.hash) == 10
        gone.unlink()
        monkeypatch.setattr(shelves, "_known", {})
        await model_files.recall(db)
        assert [known.path for known in await known_files.all_known(db)] == [str(path)]
        monkeypatch.delattr(shelves, "identify")  # nothing is looked into again
        [lora] = catalog.loras([tmp_path])
        assert (lora.family, lora.hash) == ("sdxl", row.hash)
    finally:
        await db.close()


def test_each_part_is_fetched_once_and_in_half_precision() -> None:
    files = [
        "README.md", "model_index.json", "v1-5.ckpt", "v1-5.safetensors", "safety_checker/model.safetensors",
        "unet/config.json", "unet/diffusion_pytorch_model.bin", "unet/diffusion_pytorch_model.safetensors",
        "unet/diffusion_pytorch_model.fp16.safetensors", "unet/diffusion_pytorch_model.non_ema.safetensors",
        "vae/config.json", "vae/diffusion_pytorch_model.bin", "tokenizer/merges.txt", "tokenizer/vocab.json",
    ]  # fmt: skip
    assert hub.choose("a/b", files) == [
        "model_index.json", "unet/config.json", "unet/diffusion_pytorch_model.fp16.safetensors", "vae/config.json",
        "vae/diffusion_pytorch_model.bin", "tokenizer/merges.txt", "tokenizer/vocab.json",
    ]  # fmt: skip
    assert hub.choose("a/b", ["x.safetensors", "x.ckpt"]) == ["x.safetensors"]
    for files, key in ((["x.safetensors", "y.safetensors"], "hub.which"), (["x.ckpt"], "hub.nothing")):
        with pytest.raises(Refusal) as caught:
            hub.choose("a/b", files)
        assert caught.value.key == key


@pytest.mark.parametrize("name", ["", "only", "a/b/c", "https://x/y", "a/b/../../c.safetensors"])
def test_names_that_are_no_repository(name: str, tmp_path: Path) -> None:
    with pytest.raises(Refusal) as caught:
        hub.install(name, tmp_path)
    assert caught.value.key == "hub.name"
