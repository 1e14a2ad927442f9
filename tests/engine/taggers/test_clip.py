"""A CLIP of the owner's: the same from a folder of transformers and from open_clip's one file, and as transformers'
own call gives it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torch.nn import functional
from transformers import CLIPConfig, CLIPModel

from engine.files import catalog
from engine.files.taggers import clips
from engine.taggers import clip, open_clip
from engine.taggers.reading import tags_of
from prompts.clip_tokens import tokens
from prompts.errors import Refusal

SMALL = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 1}
WORDS = ("a cat", "a red apple on a table", "sky", "dog")


def a_clip() -> CLIPModel:
    torch.manual_seed(4)
    text = {**SMALL, "vocab_size": 49408, "max_position_embeddings": 77, "hidden_act": "gelu"}
    vision = {**SMALL, "image_size": 32, "patch_size": 16, "hidden_act": "gelu"}
    return CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=16)).eval()


def as_open_clip(model: CLIPModel, path: Path) -> None:
    """The weights under open_clip's names."""
    own = model.state_dict()
    made = {other: own[name] for name, other in open_clip.OUTER.items()}
    made |= {other: own[name].T.contiguous() for name, other in open_clip.TURNED.items()}
    for half, prefix in (("text_model", "transformer"), ("vision_model", "visual.transformer")):
        for number in range(2):
            layer, other = f"{half}.encoder.layers.{number}", f"{prefix}.resblocks.{number}"
            for end in ("weight", "bias"):
                for name, called in open_clip.INNER.items():
                    made[f"{other}.{called}.{end}"] = own[f"{layer}.{name}.{end}"]
                made[f"{other}.attn.out_proj.{end}"] = own[f"{layer}.self_attn.out_proj.{end}"]
                parts = [own[f"{layer}.self_attn.{part}_proj.{end}"] for part in "qkv"]
                made[f"{other}.attn.in_proj_{end}"] = torch.cat(parts)
    save_file({name: one.clone() for name, one in made.items()}, path)


def test_both_kinds_of_file_rank_words_as_the_model_itself(tmp_path: Path) -> None:
    model = a_clip()
    model.save_pretrained(tmp_path / "clip-tiny")
    as_open_clip(model, tmp_path / "laion-tiny.safetensors")
    found = clips([tmp_path])
    assert [one.name for one in found] == ["clip-tiny", "laion-tiny"]
    assert catalog.skipped([tmp_path]) == (), "they are no models, and nothing is wrong with them"
    image = Image.effect_mandelbrot((48, 40), (-2, -1.5, 1, 1.5), 50).convert("RGB")
    one, other = (clip.look(file, image, WORDS) for file in found)
    assert [tag.name for tag in one.tags] == [tag.name for tag in other.tags]
    for tag, same in zip(one.tags, other.tags, strict=True):
        assert abs(tag.score - same.score) < 1e-5
    whole = image.resize((38, 32), Image.Resampling.BICUBIC).crop((3, 0, 35, 32))
    shades = torch.tensor(list(whole.tobytes()), dtype=torch.float32).view(32, 32, 3) / 255
    pixels = ((shades - torch.tensor(clip.MEAN)) / torch.tensor(clip.DEVIATION)).permute(2, 0, 1)[None]
    with torch.no_grad():
        for tag in one.tags:  # each text alone, unfilled
            ids = torch.tensor([[clip.BEGIN, *tokens(tag.name), clip.END]])
            told = model(input_ids=ids, pixel_values=pixels)
            near = functional.cosine_similarity(told.text_embeds, told.image_embeds).item()
            assert abs(near - tag.score) < 1e-4


def test_a_clip_names_words_of_the_glossary_and_claims_nothing_missing(tmp_path: Path) -> None:
    a_clip().save_pretrained(tmp_path / "clip-tiny")
    known = clip.phrases()
    assert 800 < len(known) < 3000 and {"cat", "red hair"} <= set(known)
    [found] = tags_of([Image.new("RGB", (40, 60), "red")], "clip", asked=["cat"], models=[tmp_path])
    assert found.reader == "clip:clip-tiny" and len(found.tags) == clip.NAMED and not found.asked
    assert [one.score for one in found.tags] == sorted((one.score for one in found.tags), reverse=True)


def test_a_damaged_clip_is_refused(tmp_path: Path) -> None:
    a_clip().save_pretrained(tmp_path / "clip-tiny")
    (tmp_path / "clip-tiny" / "model.safetensors").write_bytes(b"nothing")
    with pytest.raises(Refusal, match=r"tags\.damaged"):
        tags_of([Image.new("RGB", (9, 9))], "clip", models=[tmp_path])
    (tmp_path / "clip-tiny" / "config.json").write_text("{", "utf-8")
    assert clips([tmp_path]) == ()
