"""A CLIP in one file as open_clip writes it, as the model that transformers has for it: other names, and the three
parts of an attention's input in one.

Source: the names in https://github.com/mlfoundations/open_clip (MIT) and in transformers' CLIPModel.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor
from transformers import CLIPConfig, CLIPModel

HEADS = {1280: 16, 1408: 16, 1664: 16}  # by width, of the large pictures' halves; else one for each 64
QUICK = ("openai", "quickgelu")  # in the name of one that was trained with the quick form of GELU
OUTER = {
    "text_model.embeddings.token_embedding.weight": "token_embedding.weight",
    "text_model.embeddings.position_embedding.weight": "positional_embedding",
    "text_model.final_layer_norm.weight": "ln_final.weight",
    "text_model.final_layer_norm.bias": "ln_final.bias",
    "vision_model.embeddings.class_embedding": "visual.class_embedding",
    "vision_model.embeddings.patch_embedding.weight": "visual.conv1.weight",
    "vision_model.embeddings.position_embedding.weight": "visual.positional_embedding",
    "vision_model.pre_layrnorm.weight": "visual.ln_pre.weight",
    "vision_model.pre_layrnorm.bias": "visual.ln_pre.bias",
    "vision_model.post_layernorm.weight": "visual.ln_post.weight",
    "vision_model.post_layernorm.bias": "visual.ln_post.bias",
    "logit_scale": "logit_scale",
}
TURNED = {"text_projection.weight": "text_projection", "visual_projection.weight": "visual.proj"}
INNER = {"layer_norm1": "ln_1", "layer_norm2": "ln_2", "mlp.fc1": "mlp.c_fc", "mlp.fc2": "mlp.c_proj"}


def load(path: Path) -> CLIPModel:
    """The model in a file. Raises KeyError, RuntimeError and ValueError for what is none."""
    weights = {name: one.float() for name, one in load_file(path).items()}
    halves = {"text_model": "transformer", "vision_model": "visual.transformer"}
    layers = {half: _layers(weights, prefix) for half, prefix in halves.items()}
    made = {name: weights[other] for name, other in OUTER.items()}
    made |= {name: weights[other].T.contiguous() for name, other in TURNED.items()}
    for half, prefix in halves.items():
        for number in range(layers[half]):
            own, other = f"{half}.encoder.layers.{number}", f"{prefix}.resblocks.{number}"
            for end in ("weight", "bias"):
                for name, called in INNER.items():
                    made[f"{own}.{name}.{end}"] = weights[f"{other}.{called}.{end}"]
                made[f"{own}.self_attn.out_proj.{end}"] = weights[f"{other}.attn.out_proj.{end}"]
                parts = weights[f"{other}.attn.in_proj_{end}"].chunk(3)
                for name, part in zip("qkv", parts, strict=True):
                    made[f"{own}.self_attn.{name}_proj.{end}"] = part.clone()
    model = CLIPModel(_config(path, weights, layers))
    model.load_state_dict(made)
    return model.eval()


def _layers(weights: Mapping[str, Tensor], prefix: str) -> int:
    start = f"{prefix}.resblocks."
    return 1 + max(int(name.removeprefix(start).partition(".")[0]) for name in weights if name.startswith(start))


def _config(path: Path, weights: Mapping[str, Tensor], layers: Mapping[str, int]) -> CLIPConfig:
    vocabulary, wide = weights["token_embedding.weight"].shape
    seen, _, patch, _ = weights["visual.conv1.weight"].shape
    places = weights["visual.positional_embedding"].shape[0] - 1
    quick = any(word in f"{path.parent.name}/{path.name}".casefold() for word in QUICK)
    usual = {"hidden_act": "quick_gelu" if quick else "gelu"}
    text = {
        "vocab_size": vocabulary,
        "hidden_size": wide,
        "intermediate_size": weights["transformer.resblocks.0.mlp.c_fc.weight"].shape[0],
        "num_hidden_layers": layers["text_model"],
        "num_attention_heads": HEADS.get(wide, max(1, wide // 64)),
        "max_position_embeddings": weights["positional_embedding"].shape[0],
    }
    vision = {
        "hidden_size": seen,
        "intermediate_size": weights["visual.transformer.resblocks.0.mlp.c_fc.weight"].shape[0],
        "num_hidden_layers": layers["vision_model"],
        "num_attention_heads": HEADS.get(seen, max(1, seen // 64)),
        "image_size": patch * int(torch.tensor(places).sqrt().round()),
        "patch_size": patch,
    }
    return CLIPConfig(
        text_config=text | usual,
        vision_config=vision | usual,
        projection_dim=weights["text_projection"].shape[1],
    )
