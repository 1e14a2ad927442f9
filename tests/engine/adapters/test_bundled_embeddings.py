"""Embeddings in a LoRA's file: words where the LoRA is named, and the same as in a file of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from bot.studio.findings import lengths
from engine.adapters import embeddings, loras
from engine.files import bundles, catalog, identity
from engine.files.identify import identify
from engine.models import loading
from engine.models.loaded import Loaded
from engine.worker import prompt_encoding
from prompts.prompt import Fragment, LoraUse, Prompt
from tests import tiny, tiny_families
from tests.engine.drawing import draw, gap, recipe
from tests.lora_files import kohya

WIDTH = 32  # of the tiny model's text


@pytest.fixture
def own(entry: catalog.Model) -> Loaded:
    return loading.load(entry, torch.device("cpu"))


def vectors(width: int, seed: int = 5, count: int = 2) -> Tensor:
    return torch.randn((count, width), generator=torch.Generator().manual_seed(seed)) * 2


def bundling(path: Path, plain: Path, tensors: dict[str, Tensor]) -> None:
    """The LoRA of a file, with embeddings in it."""
    save_file({**load_file(plain), **{f"bundle_emb.{key}": tensor for key, tensor in tensors.items()}}, path)


def encoded(loaded: Loaded, text: str, uses: list[LoraUse], folder: Path, negative: str = "") -> list[Tensor]:
    chosen = loras.choose(loaded, loras.resolve(uses, [folder]))
    with loras.on_text(loaded, chosen):
        return list(prompt_encoding.embed(loaded, text, negative))


@pytest.mark.parametrize("key", ["string_to_param.*", "emb_params"])
def test_a_bundled_embedding_is_the_same_as_in_a_file_of_its_own(own: Loaded, tmp_path: Path, key: str) -> None:
    learnt = vectors(WIDTH)
    tiny.kohya_lora(tmp_path / "plain.safetensors", seed=1)
    bundling(tmp_path / "carrier.safetensors", tmp_path / "plain.safetensors", {f"Xqz.{key}": learnt})
    text, negative = "a cat, (xqz:1.2) style", "ugly, xqz"
    inside = encoded(own, text, [LoraUse("carrier", 0.6)], tmp_path, negative)
    alone = encoded(own, text, [LoraUse("plain", 0.6)], tmp_path, negative)
    save_file({"emb_params": learnt}, tmp_path / "xqz.safetensors")
    embeddings.learn(own, catalog.embeddings([tmp_path]))
    outside = encoded(own, text, [LoraUse("plain", 0.6)], tmp_path, negative)
    assert all(map(torch.equal, inside, outside))
    assert not any(map(torch.equal, inside, alone))
    assert own.concepts.keys() == {"xqz"}  # as before


def test_the_two_parts_of_sdxl_lie_in_a_bundle(tmp_path: Path) -> None:
    pipeline: Any = tiny_families.sdxl()
    pipeline.save_pretrained(tmp_path / "grand")
    grand = loading.load(catalog.models([tmp_path])[0], torch.device("cpu"))
    parts = {"clip_l": vectors(tiny_families.SMALL), "clip_g": vectors(tiny_families.LARGE, seed=6)}
    kohya(tmp_path / "plain.safetensors", grand, 4, ("attn", "mlp"))
    bundled = {f"xqz.{name}": tensor for name, tensor in parts.items()}
    bundling(tmp_path / "carrier.safetensors", tmp_path / "plain.safetensors", bundled)
    alien = {"xqz.emb_params": vectors(tiny_families.SMALL)}  # made for SD 1.x: its name is a word here
    bundling(tmp_path / "alien.safetensors", tmp_path / "plain.safetensors", alien)

    def made(lora: str) -> list[Tensor]:
        chosen = loras.choose(grand, loras.resolve([LoraUse(lora, 0.6)], [tmp_path]))
        with loras.on_text(grand, chosen):
            [positive], negative = prompt_encoding.conditionings(grand, "a cat, xqz style", "xqz", 4)
        return [positive.at(1), *positive.pooled, negative.at(1), *negative.pooled]

    inside, plain = made("carrier"), made("plain")
    assert all(map(torch.equal, made("alien"), plain))
    save_file(parts, tmp_path / "xqz.safetensors")
    embeddings.learn(grand, catalog.embeddings([tmp_path]))
    assert all(map(torch.equal, inside, made("plain")))
    assert not any(map(torch.equal, inside, plain))


def test_others_in_the_batch_read_the_name_as_a_word(own: Loaded, tmp_path: Path) -> None:
    tiny.kohya_lora(tmp_path / "plain.safetensors", seed=1)
    bundle = {"xqz.string_to_param.*": vectors(WIDTH)}
    bundling(tmp_path / "carrier.safetensors", tmp_path / "plain.safetensors", bundle)
    one = recipe("a cat, xqz style", steps=2)
    uses = [loras.resolve([LoraUse(name, 0.6)], [tmp_path]) for name in ("carrier", "plain")]
    wanted = [uses[0], (), uses[1], loras.resolve([LoraUse("carrier", 0.0)], [tmp_path])]
    together = draw(own, [one] * 4, wanted=wanted)
    alone = [draw(own, [one], wanted=[use])[0] for use in wanted]
    assert max(map(gap, together, alone)) <= 1
    assert gap(together[0], together[2]) > 5  # the vectors
    assert gap(together[3], together[1]) == 0  # at 0 it is not named at all


def test_of_one_name_the_file_in_a_folder_counts(own: Loaded, tmp_path: Path) -> None:
    tiny.kohya_lora(tmp_path / "plain.safetensors", seed=1)
    bundling(tmp_path / "carrier.safetensors", tmp_path / "plain.safetensors", {"xqz.emb_params": vectors(WIDTH)})
    save_file({"emb_params": vectors(WIDTH, seed=6)}, tmp_path / "xqz.safetensors")
    embeddings.learn(own, catalog.embeddings([tmp_path]))
    carried, plain = (encoded(own, "xqz", [LoraUse(name)], tmp_path) for name in ("carrier", "plain"))
    assert torch.equal(carried[0], plain[0])


def test_bundled_embeddings_are_no_layers_and_are_counted(own: Loaded, tmp_path: Path) -> None:
    tiny.kohya_lora(tmp_path / "plain.safetensors", seed=1)
    tensors = {"xqz.string_to_param.*": vectors(WIDTH, count=3), "a.b.emb_params": vectors(WIDTH)[0],
               "grand.clip_l": vectors(WIDTH), "grand.clip_g": vectors(48)}  # fmt: skip
    bundling(tmp_path / "carrier.safetensors", tmp_path / "plain.safetensors", tensors)
    [carrier, plain] = catalog.loras([tmp_path])
    known = identify(carrier.path)
    assert identity.Identity.from_json(known.to_json()) == known
    assert {(one.name, one.vectors, one.widths) for one in carrier.bundled} == {
        ("xqz", 3, (WIDTH,)), ("a.b", 1, (WIDTH,)), ("grand", 2, (WIDTH, 48)),
    }  # fmt: skip
    assert (carrier.format, carrier.rank, carrier.parts) == (plain.format, plain.rank, plain.parts)
    [(lora, *_)] = loras.choose(own, loras.resolve([LoraUse("carrier")], [tmp_path]))
    assert lora.left == ()

    def counted(*uses: LoraUse) -> dict[str, int]:
        return lengths(own.model, [tmp_path], Prompt("xqz", (Fragment("xqz"),), loras=uses))

    assert counted(LoraUse("Carrier")) == {"xqz": 3, "a.b": 1}
    assert counted() == counted(LoraUse("plain")) == counted(LoraUse("carrier", 0.0)) == {}


@pytest.mark.parametrize(
    ("key", "part"),
    [
        ("bundle_emb.a.string_to_param.*", ("a", "*")),
        ("bundle_emb.a b.string_to_param.265", ("a b", "265")),
        ("bundle_emb.v1.5.clip_g", ("v1.5", "clip_g")),
        ("bundle_emb.a.emb_params", ("a", "emb_params")),
        ("bundle_emb.a.name", ("", "")),
        ("emb_params", ("", "")),
        ("lora_unet_x.alpha", ("", "")),
    ],
)
def test_a_bundles_tensors_are_told_by_their_names(key: str, part: tuple[str, str]) -> None:
    assert bundles.part_of(key) == part
