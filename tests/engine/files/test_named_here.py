"""What an infotext names is found here by its hashes, whatever the files are called, and what is missing is named."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from engine.files import by_hash, model_folders
from engine.files.named_here import Here, here
from prompts.infotext.fields import options
from prompts.infotext.reading import read
from prompts.prompt import Fragment, LoraUse, Prompt
from tests import tiny, tiny_families


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("models")
    tiny_families.save_single(tiny_families.sd15(), made / "painter-final.safetensors", spare=torch.rand(400_000))
    tiny.kohya_lora(made / "my-ink.safetensors")
    plain = tiny.kohya_lora(made / "plain.safetensors", seed=2)
    told = {"ss_output_name": "GoldLeaf", "sshs_model_hash": "ab" * 32, "sshs_legacy_hash": "12345678"}
    save_file(load_file(plain), made / "told.safetensors", metadata=told)
    save_file({"emb_params": torch.ones(2, tiny.WIDTH)}, made / "badhands-v2.safetensors")
    save_file(tiny_families.vae().state_dict(), made / "mse.safetensors")
    return made


@pytest.fixture(autouse=True)
def _nothing_known() -> Iterator[None]:
    model_folders.forget()
    yield
    model_folders.forget()


def sha(path: Path, start: int = 0) -> str:
    return hashlib.sha256(path.read_bytes()[start:]).hexdigest()


def tensors(path: Path) -> str:
    return sha(path, 8 + int.from_bytes(path.read_bytes()[:8], "little"))


def asked(folder: Path, text: str, *uses: LoraUse, negative: str = "") -> Here:
    infotext = read(f"a cat\nSteps: 20, Sampler: Euler, Seed: 5, {text}")
    assert infotext is not None
    negatives = (Fragment(negative),) if negative else ()
    return here(infotext, Prompt(text, (Fragment("a cat"),), negatives, uses), options(infotext)[0], (folder,))


@pytest.mark.parametrize("length", [10, 12, 64])
def test_a_model_is_found_by_its_hash_and_by_its_name(folder: Path, length: int) -> None:
    digest = sha(folder / "painter-final.safetensors")[:length]
    found = asked(folder, f"Model hash: {digest}, Model: painterV8_baked")
    assert (found.options.model, found.missing) == ("painter-final", ())
    [note] = found.prompt.notes
    assert (note.key, note.values["here"]) == ("note.named_here", "painter-final")
    found = asked(folder, "Model hash: 0011223344, Model: Painter-Final")
    assert (found.options.model, found.missing) == ("painter-final", ())


def test_the_old_hash_of_a_model_is_that_of_a_part_of_it(folder: Path) -> None:
    content = (folder / "painter-final.safetensors").read_bytes()
    assert len(content) > 0x110000
    old = hashlib.sha256(content[0x100000 : 0x100000 + 0x10000]).hexdigest()[:8]
    assert by_hash.named((folder,), "checkpoint", (old,)) == "painter-final"
    assert asked(folder, f"Model hash: {old}").options.model == "painter-final"


def test_loras_are_found_by_the_hash_of_their_tensors_or_what_their_trainers_say(folder: Path) -> None:
    digest = tensors(folder / "my-ink.safetensors")[:12]
    text = f'Lora hashes: "inkWash: {digest}, gold: {"ab" * 6}, old: 12345678, gone: 999999999999"'
    uses = (LoraUse("inkWash", 0.7), LoraUse("gold"), LoraUse("old"), LoraUse("goldleaf"), LoraUse("gone"))
    found = asked(folder, text, *uses)
    assert [use.name for use in found.prompt.loras] == ["my-ink", "told", "told", "told", "gone"]
    assert found.prompt.loras[0].weight == 0.7
    by_civitai = asked(folder, f"Hashes: {json.dumps({'lora:x': digest})}", LoraUse("x"))
    assert [use.name for use in by_civitai.prompt.loras] == ["my-ink"]


def test_an_embedding_is_called_by_its_name_here(folder: Path) -> None:
    digest = sha(folder / "badhands-v2.safetensors")[:12]
    text = f'TI hashes: "bad_hands_5: {digest}, badhand: 999999999999"'
    found = asked(folder, text, negative="(bad_hands_5:0.8), blurry, not bad_hands_55")
    assert found.prompt.negative == "(badhands-v2:0.8), blurry, not bad_hands_55"
    assert [(one.kind, one.name, one.near) for one in found.missing] == [("embedding", "badhand", "badhands-v2")]


def test_what_is_missing_is_named_with_what_is_nearest_and_the_usual_takes_its_place(folder: Path) -> None:
    found = asked(folder, "Model: painter-finale, VAE: mse2.safetensors, Hires upscaler: 4x-Sharp, Hires upscale: 2")
    assert [(one.kind, one.name, one.near) for one in found.missing] == [
        ("model", "painter-finale", "painter-final"),
        ("vae", "mse2", "mse"),
        ("upscaler", "4x-Sharp", ""),
    ]
    assert (found.options.model, found.options.vae) == ("painter-finale", "mse2")
    drawn = found.drawable
    assert (drawn.model, drawn.vae, drawn.hires_upscaler, drawn.hires_factor) == (None, None, None, 2.0)
    assert [note.key for note in found.prompt.notes] == [
        "missing.model",
        "missing.vae",
        "missing.upscaler",
    ]


def test_what_names_no_file_is_not_missing(folder: Path) -> None:
    found = asked(folder, "VAE: Automatic, Hires upscaler: Latent, Hires upscale: 2")
    assert (found.options.vae, found.drawable.hires_upscaler, found.missing) == (None, "Latent", ())
    found = asked(folder, "VAE: mse.safetensors")
    assert (found.drawable.vae, found.missing) == ("mse", ())


def test_civitais_painter_says_its_loras_beside_the_prompt(folder: Path) -> None:
    rows = [{"type": "checkpoint", "modelVersionId": 1}, {"type": "lora", "weight": 0.4, "modelVersionId": 77}]
    note = folder / "my-ink.civitai.info"
    found = asked(folder, f"Civitai resources: {json.dumps(rows)}")
    assert [(one.kind, one.name, one.near) for one in found.missing] == [("lora", "Civitai 77", "")]
    note.write_text(json.dumps({"id": 77}))
    try:
        found = asked(folder, f"Civitai resources: {json.dumps(rows)}")
    finally:
        note.unlink()
    assert [(one.kind, one.name, one.near) for one in found.missing] == [("lora", "Civitai 77", "my-ink")]


def test_a_file_is_hashed_once_and_anew_when_it_changes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    digest = tensors(folder / "plain.safetensors")[:12]
    assert by_hash.named((folder,), "lora", (digest,)) == "plain"
    opened: list[Path] = []
    real = Path.open

    def seen(path: Path, *args: str, **options: str) -> object:
        opened.append(path)
        return real(path, *args, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", seen)
    assert by_hash.named((folder,), "lora", (digest,)) == "plain"
    assert opened == []
    assert by_hash.named((folder,), "lora", ("f" * 12,)) == ""


@pytest.mark.parametrize("digest", ["", "abc", "0", "not a hash", "  "])
def test_what_is_no_hash_finds_nothing(folder: Path, digest: str) -> None:
    assert by_hash.named((folder,), "lora", (digest,)) == ""


def test_the_model_and_the_vae_of_the_second_pass_are_found_too(folder: Path) -> None:
    digest = sha(folder / "painter-final.safetensors")[:10]
    found = asked(folder, f"Hires upscale: 2, Hires checkpoint: grand [{digest}], Hires VAE: MSE.safetensors")
    assert (found.options.hires_checkpoint, found.options.hires_vae) == ("painter-final", "mse")
    assert not found.missing
    found = asked(folder, "Hires upscale: 2, Hires checkpoint: painter-finale, Hires Module 1: mse2.safetensors")
    assert [(one.kind, one.name, one.near) for one in found.missing] == [
        ("model", "painter-finale", "painter-final"), ("vae", "mse2", "mse"),
    ]  # fmt: skip
    assert (found.drawable.hires_checkpoint, found.drawable.hires_vae, found.drawable.hires_factor) == (None, None, 2.0)
