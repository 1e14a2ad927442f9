"""Files as people have them: what is listed is loaded, and what is refused in the list the loaders refuse too.

Set DANQING_TEST_FILES to a folder with such files, of any kinds and in any subfolders, to have each of them tried.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch

from engine.adapters import embeddings, loras
from engine.files import catalog
from engine.files.identify import identify
from engine.files.model_folders import SUFFIXES
from engine.finish import esrgan
from engine.models import loading, single_file
from engine.models.loaded import BROKEN, Loaded
from engine.models.tiny_decoder import tiny_decoder
from prompts.errors import Refusal
from tests import tiny, tiny_families

FOLDER = os.environ.get("DANQING_TEST_FILES", "")
FILES = sorted(path for path in Path(FOLDER).rglob("*") if path.suffix in SUFFIXES) if FOLDER else []
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> list[Loaded]:
    """Models of every kind that a LoRA or an embedding may be for: the tiny one, one for inpainting, and SDXL's."""
    loading.quieten()
    folder = tmp_path_factory.mktemp("models")
    tiny.make(folder / "tiny")
    tiny_families.save_single(tiny_families.sd15(1, in_channels=9), folder / "inpaint.safetensors")
    tiny_families.save_single(tiny_families.sdxl(3), folder / "xl.safetensors")
    return [loading.load(one, CPU) for one in catalog.models([folder]) if not one.builtin]


def loads(path: Path, models: list[Loaded]) -> bool:
    """Whether the loader for what a file is takes it: for LoRAs and embeddings, with one of these models."""
    known = identify(path)
    tries = {
        "checkpoint": lambda _: single_file.networks(tiny_families.entry(path, known), torch.float32),
        "lora": lambda own: loras.choose(own, ((path, 1.0, 1.0),)),
        "embedding": lambda own: embeddings._sorted(own, embeddings._tensors(path)),
        "vae": lambda _: single_file.vae_file(path, 0.18215),
        "upscaler": lambda _: esrgan.load(path, CPU),
        "decoder": lambda _: tiny_decoder(path),
    }
    kinds = list(tries) if known.kind == "unknown" else [known.kind]
    for kind in kinds:
        for own in models:
            try:
                tries[kind](own)
            except (Refusal, KeyError, *BROKEN):
                continue
            return True
    return False


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(FOLDER)))
def test_a_file_is_listed_where_it_is_loaded(path: Path, models: list[Loaded]) -> None:
    assert bool(identify(path).problem) is not loads(path, models), identify(path)
