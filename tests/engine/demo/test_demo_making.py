"""How the companions of the built-in model are made, at a toy's size: every file is written and can be read again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import AutoencoderTiny, ControlNetModel, StableDiffusionPipeline, StableDiffusionXLPipeline
from safetensors.torch import load_file

from engine.demo import autoencoder, control, embedding, export, lora, sibling, sources, store, text, tiny, unet
from engine.demo.concepts import concepts
from engine.demo.lesson import Lesson
from engine.demo.scale import SCALES
from engine.demo.tokens import Tokens
from engine.files import catalog

TOY = SCALES["toy"]
TOKENIZER = catalog.DEMO / "tokenizer"
pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def squares() -> sources.Cutouts:
    """Squares of three colours in place of the emoji."""
    drawn = np.zeros((TOY.concepts, 128, 128, 4), np.uint8)
    for square, colour in zip(drawn, ((200, 40, 40), (40, 160, 60), (60, 80, 210)), strict=True):
        square[16:112, 16:112] = (*colour, 255)
    return dict.fromkeys(sources.PACKAGES, drawn)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An untrained model folder."""
    folder = tmp_path_factory.mktemp("toy") / "model"
    torch.manual_seed(1)
    known = np.array([320, 2368, 49406, 49407])
    words = text.expanded(text.build(TOY, len(known) + 1), known)
    export.write(autoencoder.build(TOY), unet.build(TOY), words, TOKENIZER, folder)
    return folder


@pytest.fixture
def lesson(model: Path, squares: sources.Cutouts) -> Lesson:
    pipeline: Any = StableDiffusionPipeline.from_pretrained(model, dtype=torch.float32)
    for part in (pipeline.unet, pipeline.text_encoder):
        part.requires_grad_(False)
    return Lesson(pipeline.unet, pipeline.text_encoder, Tokens(TOKENIZER), concepts(TOY.concepts), squares)


@pytest.mark.parametrize("name", lora.LOOKS)
def test_a_lora_changes_nothing_but_its_file(lesson: Lesson, model: Path, tmp_path: Path, name: str) -> None:
    before = {key: weight.clone() for key, weight in lesson.unet.state_dict().items()}
    path = lora.train(name, lesson, TOY, tmp_path, print)
    after = lesson.unet.state_dict()
    assert before.keys() == after.keys() and all(torch.equal(weight, after[key]) for key, weight in before.items())
    pipeline = StableDiffusionPipeline.from_pretrained(model, dtype=torch.float32)
    pipeline.load_lora_weights(path.parent, weight_name=path.name, adapter_name=name)
    assert pipeline.get_list_adapters() == {"unet": [name]}
    reached = sum(name in module.lora_A for module in pipeline.unet.modules() if hasattr(module, "lora_A"))
    assert reached == sum(key.endswith((".lora_down.weight", ".lora_A.weight")) for key in load_file(path))


def test_an_embedding_is_one_row_that_was_moved(lesson: Lesson, tmp_path: Path) -> None:
    start = text.embedding(lesson.encoder).weight.clone()
    (row,) = load_file(embedding.train(lesson, TOY, tmp_path, print))["emb_params"].float()
    assert row.shape == (TOY.text_width,) and (start - row).abs().sum(dim=1).min() > 0.01
    assert torch.equal(text.embedding(lesson.encoder).weight, start)


def test_a_controlnet_answers_edges_with_something(lesson: Lesson, tmp_path: Path) -> None:
    net: Any = ControlNetModel.from_pretrained(control.train(lesson, TOY, tmp_path, print), dtype=torch.float32)
    inputs = torch.zeros(1, 4, 16, 16), 500, torch.zeros(1, 77, TOY.text_width), torch.rand(1, 3, 128, 128)
    _, middle = net(*inputs, return_dict=False)
    assert middle.abs().max() > 0  # its last layers begin at zero


def test_edges_are_where_colours_meet() -> None:
    picture = np.zeros((1, 64, 64, 3), np.uint8)
    picture[:, 16:48, 16:48] = (250, 120, 30)
    edges = control.edges(picture)[0, ..., 0]
    rows, columns = np.nonzero(edges)
    gaps = np.minimum.reduce([abs(rows - 16), abs(rows - 47), abs(columns - 16), abs(columns - 47)])
    assert edges.max(axis=0)[16:48].all() and edges.max(axis=1)[16:48].all() and gaps.max() <= 2


def test_tiny_decoder_and_sibling_come_from_the_pictures_of_a_run(
    model: Path, squares: sources.Cutouts, tmp_path: Path
) -> None:
    assert len(list(store.make(TOY, tmp_path / "data", squares, TOKENIZER))) == 1
    made = tiny.train(TOY, store.pictures(TOY, tmp_path / "data"), tmp_path, tmp_path, print)
    small: Any = AutoencoderTiny.from_pretrained(made, dtype=torch.float32)
    assert small.decode(torch.zeros(1, 4, 16, 16)).sample.shape == (1, 3, 128, 128)
    examples = sibling.lesson(TOY, tmp_path)
    assert 0 < len(examples.latents) < TOY.pictures
    trained, known = sibling.train(TOY, examples, tmp_path, print)
    folder = sibling.write(trained, known, model, tmp_path)
    pipeline = StableDiffusionXLPipeline.from_pretrained(folder, dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    drawn = pipeline("a cat", num_inference_steps=2, height=128, width=128).images
    assert drawn[0].size == (128, 128)
