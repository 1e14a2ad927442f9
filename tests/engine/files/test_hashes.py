"""The hashes under a picture are those by which A1111 and Civitai know the files."""

from __future__ import annotations

import hashlib
import json
import os
import struct
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from engine.files import by_hash, model_folders
from engine.files.hashes import hashes, named, network_hash
from prompts.prompt import Fragment, LoraUse, Prompt
from tests import tiny, tiny_families
from tests.engine.drawing import recipe


def weights(path: Path, data: bytes = b"\1\2\3\4", metadata: Mapping[str, str] | None = None) -> Path:
    """A file with one tensor of bytes."""
    header = {
        "__metadata__": metadata or {},
        "a": {"dtype": "U8", "shape": [len(data)], "data_offsets": [0, len(data)]},
    }
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)
    return path


def test_a_lora_is_known_by_its_tensors_whatever_its_header_says(tmp_path: Path) -> None:
    tensors = hashlib.sha256(b"\1\2\3\4").hexdigest()[:12]
    assert network_hash(weights(tmp_path / "a.safetensors")) == tensors
    assert network_hash(weights(tmp_path / "b.safetensors", metadata={"ss_tag_frequency": "{}"})) == tensors
    told = weights(tmp_path / "c.safetensors", metadata={"sshs_model_hash": "ABCDEF"})
    assert network_hash(told) == "abcdef"
    other = tmp_path / "d.pt"
    other.write_bytes(b"hello")
    assert network_hash(other) == hashlib.sha256(b"hello").hexdigest()[:10]


def test_the_files_that_a_recipe_names_are_hashed_once_and_anew_when_they_change(tmp_path: Path) -> None:
    tiny.make(tmp_path / "tiny")
    ink = tiny.kohya_lora(tmp_path / "ink.safetensors")
    named = recipe(vae="none such")
    prompt = Prompt("a", (Fragment("a"),), loras=(LoraUse("Ink", 0.5), LoraUse("gone", 1.0), LoraUse("ink", 0.0)))
    found = hashes(replace(recipe(), prompt=prompt), (tmp_path,))
    assert found.loras == (("Ink", network_hash(ink)[:12]),) and len(found.loras[0][1]) == 12
    assert (found.model, found.vae, found.embeddings) == ("", "", ())
    tiny.kohya_lora(ink, seed=5)
    os.utime(ink, ns=(1, 1))
    again = hashes(replace(recipe(), prompt=prompt), (tmp_path,))
    assert again.loras != found.loras and again.loras == (("Ink", network_hash(ink)[:12]),)
    assert hashes(named, (tmp_path,)).vae_file == ""


def test_embeddings_and_the_vae_are_known_by_their_whole_files(tmp_path: Path) -> None:
    tiny.make(tmp_path / "tiny")
    save_file({"emb_params": torch.ones(2, tiny.WIDTH)}, tmp_path / "easynegative.safetensors")
    vae = tmp_path / "mse.safetensors"
    save_file(tiny_families.vae().state_dict(), vae)
    prompt = Prompt("a", (Fragment("a cat"),), (Fragment("EasyNegative"), Fragment("embedding:easynegative")))
    found = hashes(replace(recipe(vae="MSE"), prompt=prompt), (tmp_path,))
    whole = hashlib.sha256((tmp_path / "easynegative.safetensors").read_bytes()).hexdigest()
    assert found.embeddings == (("easynegative", whole[:12]),)
    assert found.vae_file == "mse.safetensors" and found.vae == hashlib.sha256(vae.read_bytes()).hexdigest()[:10]


def reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that are hashed from here on."""
    seen: list[Path] = []
    read = model_folders._digests

    def watched(path: Path, size: int) -> tuple[str, str]:
        seen.append(path)
        return read(path, size)

    monkeypatch.setattr(model_folders, "_digests", watched)
    return seen


def test_a_file_of_gigabytes_is_read_once_wherever_its_hash_is_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny.make(tmp_path / "tiny")
    ink = tiny.kohya_lora(tmp_path / "ink.safetensors")
    vae = tmp_path / "mse.safetensors"
    save_file(tiny_families.vae().state_dict(), vae)
    one = replace(recipe(vae="mse"), prompt=Prompt("a", (Fragment("a"),), loras=(LoraUse("ink", 0.5),)))
    model_folders.forget()
    seen = reads(monkeypatch)
    found = hashes(one, (tmp_path,))
    assert hashes(one, (tmp_path,)) == found and by_hash.named((tmp_path,), "lora", [found.loras[0][1]]) == "ink"
    assert sorted(seen) == [ink, vae]
    # another process is told, and reads nothing; the other way round, too
    rows = model_folders.hashes_of(named(one))
    assert {Path(row.path) for row in rows} == {ink, vae}
    for looked in (False, True):
        model_folders.forget()
        if looked:
            list(model_folders.finds((tmp_path,)))
        model_folders.learn(rows)
        assert hashes(one, (tmp_path,)) == found and not list(model_folders.unhashed((tmp_path,)))
        assert {row.path for row in model_folders.news() if row.hash} == {str(ink), str(vae)}
    assert len(seen) == 2
    os.utime(ink, ns=(1, 1))  # it is another by now
    model_folders.forget()
    model_folders.learn(rows)
    hashes(one, (tmp_path,))
    assert seen[2:] == [ink]
