"""The layers of a text encoder, CLIP's or OpenCLIP's, told by its tensors or by a folder's configuration: the one table
by which models are listed and by which they are read. No torch here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.files.layers import Lack, Layer, count, lacking, linear, norm, side, under
from engine.files.safetensors_header import Shapes

HEAD = 64  # channels of an attention head, where a file does not say it
WORDS, PLACES = 49408, 77  # tokens that there are, and that a text has
# Where the text encoders of a family are in a single file: CLIP's, and OpenCLIP's.
CLIP = {
    "sd15": "cond_stage_model.transformer.",
    "demo": "cond_stage_model.transformer.",
    "sdxl": "conditioner.embedders.0.transformer.",
}
OPEN_CLIP = {
    "sd2": "cond_stage_model.model.",
    "sdxl": "conditioner.embedders.1.model.",
    "refiner": "conditioner.embedders.0.model.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TextLayers:
    """What a text encoder is made of: how many words and places it knows, its width and that of the layers within, how
    many layers, and how wide its summary of a text is (0: it makes none)."""

    words: int
    places: int
    width: int
    inner: int
    depth: int
    projection: int = 0


def clip(own: Shapes) -> TextLayers:
    """What CLIP's text encoder among these tensors, as `bare` names them, is made of, as far as they tell."""
    return TextLayers(
        words=side(own, "embeddings.token_embedding.weight", 0),
        places=side(own, "embeddings.position_embedding.weight", 0),
        width=side(own, "embeddings.token_embedding.weight", 1),
        inner=side(own, "encoder.layers.0.mlp.fc1.bias", 0),
        depth=count(own, r"encoder\.layers\.(\d+)\."),
    )


def open_clip(own: Shapes, family: str) -> TextLayers:
    """What OpenCLIP's text encoder among these tensors is made of, as far as they tell; SD 2 makes no summary."""
    return TextLayers(
        words=side(own, "token_embedding.weight", 0),
        places=side(own, "positional_embedding", 0),
        width=side(own, "token_embedding.weight", 1),
        inner=side(own, "transformer.resblocks.0.mlp.c_fc.bias", 0),
        depth=count(own, r"transformer\.resblocks\.(\d+)\."),
        projection=0 if family == "sd2" else side(own, "text_projection", 1),
    )


def bare(own: Shapes) -> Shapes:
    """The tensors of CLIP's text encoder as they are called since 2025."""
    return {name.removeprefix("text_model."): shape for name, shape in own.items()}


def lack(shapes: Shapes, family: str, context: int) -> Lack:
    """Why the text encoders of that family cannot be made of a single file's tensors, or do not go with a UNet that
    looks at texts of this width."""
    made: list[TextLayers] = []
    if prefix := CLIP.get(family):
        own = bare(under(shapes, prefix))
        made.append(clip(own))
        if missing := _lack(own, made[-1], clip_layers(made[-1])):
            return missing.within(prefix + _place(shapes, prefix))
    if prefix := OPEN_CLIP.get(family):
        own = under(shapes, prefix)
        made.append(open_clip(own, family))
        if missing := _lack(own, made[-1], open_clip_layers(made[-1], family)):
            return missing.within(prefix)
    return Lack() if sum(one.width for one in made) == context else Lack("model.other_kind")


def _place(shapes: Shapes, prefix: str) -> str:
    """What names of CLIP's text encoder had before the rest of them until 2025."""
    return "text_model." if any(name.startswith(f"{prefix}text_model.") for name in shapes) else ""


def _lack(own: Shapes, made: TextLayers, wanted: Iterator[Layer]) -> Lack:
    if missing := lacking(own, wanted, "model.incomplete"):
        return missing
    known = made.words >= WORDS and _fits(made, max(1, made.width // HEAD))
    return Lack() if known else Lack("model.other_kind")


def _fits(made: TextLayers, heads: int) -> bool:
    """Whether a text fits into such an encoder: it has places for it, and heads of one size."""
    return made.places >= PLACES and made.depth > 0 and not made.width % heads


def clip_layers(made: TextLayers) -> Iterator[Layer]:
    """Every tensor that CLIP's text encoder of such layers has, as `bare` names them, and its summary."""
    yield "embeddings.token_embedding.weight", (made.words, made.width)
    yield "embeddings.position_embedding.weight", (made.places, made.width)
    for number in range(max(1, made.depth)):
        layer = f"encoder.layers.{number}"
        for end in ("q_proj", "k_proj", "v_proj", "out_proj"):
            yield from linear(f"{layer}.self_attn.{end}", made.width, made.width)
        yield from norm(f"{layer}.layer_norm1", made.width)
        yield from norm(f"{layer}.layer_norm2", made.width)
        yield from linear(f"{layer}.mlp.fc1", made.inner, made.width)
        yield from linear(f"{layer}.mlp.fc2", made.width, made.inner)
    yield from norm("final_layer_norm", made.width)
    if made.projection:
        yield "text_projection.weight", (made.projection, made.width)


def open_clip_layers(made: TextLayers, family: str) -> Iterator[Layer]:
    """Every tensor that OpenCLIP's text encoder of such layers has, of those that are looked at: SD 2 leaves its last
    layer away."""
    yield "token_embedding.weight", (made.words, made.width)
    yield "positional_embedding", (made.places, made.width)
    for number in range(max(1, made.depth - (family == "sd2"))):
        layer = f"transformer.resblocks.{number}"
        yield f"{layer}.attn.in_proj_weight", (3 * made.width, made.width)
        yield f"{layer}.attn.in_proj_bias", (3 * made.width,)
        yield from linear(f"{layer}.attn.out_proj", made.width, made.width)
        yield from norm(f"{layer}.ln_1", made.width)
        yield from norm(f"{layer}.ln_2", made.width)
        yield from linear(f"{layer}.mlp.c_fc", made.inner, made.width)
        yield from linear(f"{layer}.mlp.c_proj", made.width, made.inner)
    yield from norm("ln_final", made.width)
    if family != "sd2":
        yield "text_projection", (made.width, made.projection)


def told_by(config: Mapping[str, Any], *, projected: bool) -> TextLayers | None:
    """What the text encoder of this configuration, in transformers' words, is made of; None for one that texts do not
    fit into."""
    usual = {
        "vocab_size": WORDS, "max_position_embeddings": PLACES, "hidden_size": 512, "intermediate_size": 2048,
        "num_hidden_layers": 12, "num_attention_heads": 8, "projection_dim": 512,
    }  # fmt: skip
    values = {name: config.get(name, value) for name, value in usual.items()}
    if not all(type(value) is int and value > 0 for value in values.values()):
        return None
    made = TextLayers(
        words=values["vocab_size"],
        places=values["max_position_embeddings"],
        width=values["hidden_size"],
        inner=values["intermediate_size"],
        depth=values["num_hidden_layers"],
        projection=values["projection_dim"] if projected else 0,
    )
    return made if _fits(made, values["num_attention_heads"]) else None
