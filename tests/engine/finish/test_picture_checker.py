"""A safety checker in a models folder looks at every picture; what it sees is neither sent nor kept."""

from __future__ import annotations

import queue
from pathlib import Path

import pytest
import torch
from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker
from PIL import Image
from transformers import CLIPConfig, CLIPImageProcessor

from engine.finish.picture_checker import check_picture, find_checker
from engine.wire import Draw, Drawn, Ended, Message, Step
from engine.worker.worker import DeviceWorker
from prompts.errors import Refusal
from prompts.prompt import Fragment, Prompt
from tests.fakes import a_prompt, a_recipe

PICTURE = Image.new("RGB", (64, 64), "red")
SMALL = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}


def a_checker(folder: Path, *, sees: bool) -> Path:
    """A tiny checker that sees something in every picture, or in none."""
    vision = {**SMALL, "image_size": 32, "patch_size": 16, "projection_dim": 8}
    config = CLIPConfig(vision_config=vision, text_config={**SMALL, "projection_dim": 8}, projection_dim=8)
    checker = StableDiffusionSafetyChecker(config)
    torch.nn.init.constant_(checker.concept_embeds_weights, -2.0 if sees else 2.0)
    torch.nn.init.constant_(checker.special_care_embeds_weights, 2.0)
    checker.save_pretrained(folder / "safety_checker")
    processor = CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    processor.save_pretrained(folder / "feature_extractor")
    return folder


def test_without_a_checker_nothing_is_looked_at(tmp_path: Path) -> None:
    assert find_checker([tmp_path, tmp_path / "none"]) is None
    check_picture(PICTURE, a_prompt(), [tmp_path])


def test_a_hit_is_refused_unless_it_was_asked_for(tmp_path: Path) -> None:
    folders = [a_checker(tmp_path / "models" / "sd15", sees=True).parent]
    with pytest.raises(Refusal, match=r"picture\.unsafe"):
        check_picture(PICTURE, a_prompt("a garden"), folders)
    check_picture(PICTURE, Prompt("nude woman", (Fragment("nude woman"),)), folders)
    with pytest.raises(Refusal, match=r"picture\.unsafe"):
        check_picture(PICTURE, Prompt("nude child", (Fragment("nude child"),)), folders)


def test_what_shows_nothing_is_sent(tmp_path: Path) -> None:
    check_picture(PICTURE, a_prompt(), [a_checker(tmp_path / "sd15", sees=False).parent])


@pytest.mark.parametrize("sees", [True, False])
def test_the_worker_sends_no_picture_and_no_preview_of_a_hit(tmp_path: Path, sees: bool) -> None:
    folder = a_checker(tmp_path, sees=sees)
    sent: list[Message] = []
    worker = DeviceWorker(sent.append, device=torch.device("cpu"), slots=1, models=[folder])
    inbox: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
    inbox.put(Draw("job", 0, (a_recipe(steps=4),)))
    inbox.put(None)
    worker._take(inbox.get())  # type: ignore[arg-type]
    while not worker._drawings.idle:
        worker._drawings.turn()
    [ended] = [one for one in sent if isinstance(one, Ended)]
    assert (ended.outcome, ended.key) == (("failed", "picture.unsafe") if sees else ("done", ""))
    assert len([one for one in sent if isinstance(one, Drawn)]) == (0 if sees else 1)
    assert not any(one.blob for one in sent if isinstance(one, Step))
