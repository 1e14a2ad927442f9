"""A safety checker or a tagger in a models folder looks at every picture, and tells what it sees."""

from __future__ import annotations

import io
import queue
from pathlib import Path

import pytest
import torch
from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker
from PIL import Image
from transformers import CLIPConfig, CLIPImageProcessor

from engine.files.checkers import checkers
from engine.files.taggers import TaggerFile, taggers
from engine.finish.picture_checker import rating, shows_adults
from engine.tagging import ADULT
from engine.wire import Draw, Drawn, Ended, Message, Step
from engine.worker.worker import DeviceWorker
from prompts.errors import Refusal
from prompts.prompt import Fragment, Prompt
from tests import onnx_files
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
    assert checkers([tmp_path, tmp_path / "none"]) == ()
    assert not shows_adults(PICTURE, a_prompt(), [tmp_path])


def test_a_hit_is_told_unless_it_was_asked_for(tmp_path: Path) -> None:
    folders = [a_checker(tmp_path / "models" / "sd15", sees=True).parent]
    assert shows_adults(PICTURE, a_prompt("a garden"), folders)
    assert not shows_adults(PICTURE, Prompt("nude woman", (Fragment("nude woman"),)), folders)
    with pytest.raises(Refusal, match=r"picture\.unsafe"):
        shows_adults(PICTURE, Prompt("nude child", (Fragment("nude child"),)), folders)


def test_what_shows_nothing_is_nothing(tmp_path: Path) -> None:
    assert not shows_adults(PICTURE, a_prompt(), [a_checker(tmp_path / "sd15", sees=False).parent])


def test_a_tagger_rates_what_it_sees(tmp_path: Path) -> None:
    folder = onnx_files.tagger(tmp_path / "models" / "wd-tagger")
    [found] = checkers([tmp_path / "models"])
    assert isinstance(found, TaggerFile) and found.network == folder / "model.onnx"
    blue, wide = Image.new("RGB", (64, 64), "blue"), Image.new("RGB", (64, 16), "red")
    assert [shows_adults(one, a_prompt(), [tmp_path]) for one in (blue, PICTURE)] == [True, False]
    assert shows_adults(wide, a_prompt(), [tmp_path]), "what is not square stands on white"
    with pytest.raises(Refusal, match=r"picture\.unsafe"):
        shows_adults(blue, a_prompt("a child in a garden"), [tmp_path])


def test_any_of_several_checkers_counts(tmp_path: Path) -> None:
    a_checker(tmp_path / "sd15", sees=False)
    onnx_files.tagger(tmp_path / "wd")
    assert len(checkers([tmp_path])) == 2
    assert shows_adults(Image.new("RGB", (64, 64), "blue"), a_prompt(), [tmp_path])


def test_a_damaged_tagger_shows_nothing_rather_than_all(tmp_path: Path) -> None:
    onnx_files.tagger(tmp_path / "broken", damaged=True)
    with pytest.raises(Refusal, match=r"picture\.checker_damaged"):
        shows_adults(PICTURE, a_prompt(), [tmp_path])
    tags = onnx_files.tagger(tmp_path / "other" / "tags") / "selected_tags.csv"
    tags.write_text("tag_id,name,category,count\n1,1girl,0,1\n", "utf-8")
    with pytest.raises(Refusal, match=r"picture\.checker_damaged"):
        shows_adults(PICTURE, a_prompt(), [tmp_path / "other"])


def test_without_what_runs_them_taggers_do_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    onnx_files.tagger(tmp_path / "wd")
    monkeypatch.setattr("engine.files.checkers.runs_taggers", lambda: False)
    assert checkers([tmp_path]) == () and len(taggers((), [tmp_path])) == 1


def test_a_tagger_of_the_taggers_folder_looks_where_the_owner_wants_it(tmp_path: Path) -> None:
    onnx_files.known_tagger(tmp_path / "taggers" / "wd")
    blue, models = Image.new("RGB", (64, 64), "blue"), [tmp_path / "models"]
    assert not shows_adults(blue, a_prompt(), models)
    assert shows_adults(blue, a_prompt(), models, [tmp_path / "taggers"])
    assert not shows_adults(PICTURE, a_prompt(), models, [tmp_path / "taggers"])
    blind = onnx_files.known_tagger(tmp_path / "taggers" / "a-blind-one") / "selected_tags.csv"
    blind.write_text(blind.read_text("utf-8").replace("explicit", "e").replace("questionable", "q"), "utf-8")
    assert shows_adults(blue, a_prompt(), models, [tmp_path / "taggers"]), "the one that rates is asked"
    (tmp_path / "taggers" / "wd" / "model.onnx").unlink()
    with pytest.raises(Refusal, match=r"picture\.checker_damaged"):
        shows_adults(blue, a_prompt(), models, [tmp_path / "taggers"])


@pytest.mark.parametrize("sees", [True, False])
def test_the_worker_tells_a_hit_and_sends_no_preview_of_it(tmp_path: Path, sees: bool) -> None:
    folder = a_checker(tmp_path, sees=sees)
    sent: list[Message] = []
    inbox: queue.SimpleQueue[Message | None] = queue.SimpleQueue()

    def send(message: Message) -> None:
        sent.append(message)
        if isinstance(message, Ended):
            inbox.put(None)

    inbox.put(Draw("job", 0, (a_recipe(steps=4),)))
    DeviceWorker(send, device=torch.device("cpu"), slots=1, models=[folder]).run(inbox)
    [ended] = [one for one in sent if isinstance(one, Ended)]
    assert (ended.outcome, ended.key) == ("done", "")
    assert [one.adult for one in sent if isinstance(one, Drawn)] == [sees]
    assert not any(one.blob for one in sent if isinstance(one, Step))


@pytest.mark.parametrize("rate", [True, False])
def test_the_worker_has_taggers_rate_where_it_is_told_to(tmp_path: Path, rate: bool) -> None:
    labels = onnx_files.known_tagger(tmp_path / "wd") / "selected_tags.csv"
    said = labels.read_text("utf-8").replace("general", "x").replace("explicit", "general").replace("x", "explicit")
    labels.write_text(said, "utf-8")  # so that all but blue pictures are for adults
    sent: list[Message] = []
    inbox: queue.SimpleQueue[Message | None] = queue.SimpleQueue()

    def send(message: Message) -> None:
        sent.append(message)
        if isinstance(message, Ended):
            inbox.put(None)

    inbox.put(Draw("job", 0, (a_recipe(steps=4),)))
    DeviceWorker(send, device=torch.device("cpu"), slots=1, taggers=[tmp_path], rate=rate).run(inbox)
    [drawn] = [one for one in sent if isinstance(one, Drawn)]
    [tagger] = taggers([tmp_path])
    seen = rating(tagger, Image.open(io.BytesIO(drawn.blob)))
    assert seen in ADULT and drawn.adult is rate
    assert any(one.blob for one in sent if isinstance(one, Step)) != rate
