"""The names that LoRA files use: whose layer a weight belongs to, and which tensor of the adapter it is. No torch here.

Two families of files exist. kohya's say `lora_unet_down_blocks_0_…`, or, for SDXL, the layer's name in the original
code (`lora_unet_input_blocks_4_1_…`); those of diffusers and peft say `unet.down_blocks.0.…`. So every layer is known
under all its names, and a file's key is looked up.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

PARTS = {"unet": ("lora_unet", "lycoris"), "text_encoder": ("lora_te", "lora_te1"), "text_encoder_2": ("lora_te2",)}
COMFY = {"text_encoder": "text_encoders.clip_l.transformer", "text_encoder_2": "text_encoders.clip_g.transformer"}
# The end of a key and what it holds. The old layouts of diffusers put the layer's own name into the end.
ENDS = {
    r"\.lora_down\.weight": "down",
    r"\.lora_up\.weight": "up",
    r"\.lora_mid\.weight": "mid",
    r"\.lora_A(?:\.default)?\.weight": "down",
    r"\.lora_B(?:\.default)?\.weight": "up",
    r"\.lora(?:_linear_layer)?\.down\.weight": "down",
    r"\.lora(?:_linear_layer)?\.up\.weight": "up",
    r"_lora\.down\.weight": "down",
    r"_lora\.up\.weight": "up",
    r"\.alpha": "alpha",
    # DoRA as LyCORIS and its kin write it, and as peft does.
    r"\.dora_scale": "dora_scale",
    r"\.lora_magnitude_vector(?:\.default)?(?:\.weight)?": "magnitude",
}
# The same of LyCORIS: the tensor's name is the end.
_LYCORIS = (
    r"hada_w[12]_[ab]|hada_t[12]|lokr_w[12](?:_[ab])?|lokr_t2|oft_blocks|oft_diag|rescale|diff|diff_b|w_norm|b_norm"
    r"|on_input"
)
_END = re.compile(
    "|".join(f"(?P<{kind}{index}>{end}$)" for index, (end, kind) in enumerate(ENDS.items()))
    + rf"|\.(?P<lycoris>{_LYCORIS})$|\.(?P<glora>[ab][12]|bm)\.weight$"
)
_IA3 = re.compile(rf"(?:{'|'.join(prefix for own in PARTS.values() for prefix in own)})_[^.]+(?=\.weight$)")
# How a name begins that means a layer of one of the parts: its prefixes, and the pieces that follow them.
_BEGINNINGS = {
    "unet": (
        r"(?:lora_unet_|lycoris_|unet\.|base_model\.model\.|diffusion_model\.)?",
        r"(?:(?:down|up|input|output)_blocks|mid(?:dle)?_block|conv_(?:in|out|norm_out)|out[._]\d|time_embed|add_embedding"
        r"|label_emb)",
    ),
    "text_encoder": (
        r"(?:lora_te1?_|text_encoder\.|base_model\.model\.|text_encoders\.clip_l\.transformer\.)",
        r"(?:text_model[._])?(?:encoder[._]layers|final_layer_norm|embeddings|text_projection)",
    ),
    "text_encoder_2": (
        r"(?:lora_te2_|text_encoder_2\.|text_encoders\.clip_g\.transformer\.)",
        r"(?:text_model[._])?(?:encoder[._]layers|final_layer_norm|embeddings|text_projection)",
    ),
}
_PARTS = {part: re.compile("".join(pieces)) for part, pieces in _BEGINNINGS.items()}
# A diffusers name's pieces and theirs in the original code, inside a block.
_SGM_RESNET = {
    "norm1": "in_layers.0",
    "norm2": "out_layers.0",
    "conv1": "in_layers.2",
    "conv2": "out_layers.3",
    "time_emb_proj": "emb_layers.1",
    "conv_shortcut": "skip_connection",
}
_SGM_WHOLE = {
    "conv_in": "input_blocks.0.0",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
}
_BLOCK = re.compile(
    r"(down_blocks|up_blocks|mid_block)\.(?:(\d+)\.)?(resnets|attentions|downsamplers|upsamplers)\.(\d+)\.(.+)"
)


def split(key: str) -> tuple[str, str]:
    """The layer's name in a file's key, and what the weight is: a tensor's name of lora_kinds.KINDS, or "" for what
    belongs to no adapter."""
    if (found := _END.search(key)) and (group := found.lastgroup):
        return key[: found.start()], found[group] if group in ("lycoris", "glora") else group.rstrip("0123456789")
    if found := _IA3.match(key):
        return found[0], "weight"
    return key, ""


def by_layer(names: Iterable[str]) -> dict[str, dict[str, str]]:
    """For every layer that a file names, the keys of its tensors by what they are."""
    found: dict[str, dict[str, str]] = {}
    for name in names:
        where, tensor = split(name)
        found.setdefault(where, {})[tensor] = name
    return found


def part_of(where: str) -> str:
    """The part of a Stable Diffusion model that a layer's name in a file means; "" for a layer of something else."""
    return next((part for part, beginning in _PARTS.items() if beginning.match(where)), "")


def known(layers: Mapping[str, Iterable[str]], depth: int) -> dict[str, tuple[str, str]]:
    """Part and layer for every name that a file may have for it. `layers` are the names of each part's layers, as
    `named_modules` gives them, `depth` the resnets of a UNet's block on the way down."""
    names: dict[str, tuple[str, str]] = {}
    for part, own in layers.items():
        for layer in own:
            for alias in _aliases(part, layer, depth):
                names.setdefault(alias, (part, layer))
    return names


def resnets(said: int | Sequence[int]) -> int:
    """The resnets of a UNet's block on the way down, of what its configuration says for each block or all."""
    return said if isinstance(said, int) else said[0]


def block(layer: str, depth: int) -> str:
    """The block of the original UNet in which a layer lies: "IN04", "M00", "OUT11"; "" for what lies in none."""
    name = next(iter(_original(layer, depth)), "")
    if found := re.match(r"(in|out)put_blocks\.(\d+)\.", name):
        return f"{found[1].upper()}{int(found[2]):02}"
    return "M00" if name.startswith("middle_block.") else ""


_OPEN_CLIP = {"self_attn": "attn", "mlp.fc1": "mlp.c_fc", "mlp.fc2": "mlp.c_proj"}


def original(part: str, layer: str, depth: int, attended: Container[str] = ()) -> str:
    """A layer's name in the original code, its pieces joined by "_": "input_blocks_4_1_…_attn1_to_q". There the place
    of what enlarges depends on whether its block is among the `attended`, those with attention ("up_blocks.0")."""
    if part == "unet":
        names = _original(layer, depth) or (layer,)
        name = names[-1 if layer.split(".upsamplers.")[0] in attended else 0]
    else:
        name = layer
        for own, theirs in _OPEN_CLIP.items() if part == "text_encoder_2" else ():
            name = name.replace(own, theirs)
    return name.replace(".", "_")


def _aliases(part: str, layer: str, depth: int) -> Iterator[str]:
    spelt = [layer]
    if part == "unet":
        spelt += _original(layer, depth)
    else:  # transformers 5.6 took the `text_model` level away, and files have it
        bare = layer.removeprefix("text_model.")
        spelt += [bare, f"text_model.{bare}"]
    for name in spelt:
        yield f"{part}.{name}"
        yield f"base_model.model.{name}"  # peft's own files
        if part == "unet":
            yield name
            yield f"diffusion_model.{name}"
        else:
            yield f"{COMFY[part]}.{name}"
        for prefix in PARTS[part]:
            yield f"{prefix}_{name.replace('.', '_')}"
    # diffusers' first layout: attention processors, with `to_out` for `to_out.0`.
    if attention := re.fullmatch(r"(.+)\.(to_[qkv]|to_out)(?:\.0)?", layer):
        for prefix in ("unet.", ""):
            yield f"{prefix}{attention[1]}.processor.{attention[2]}"
    if attention := re.fullmatch(r"(?:text_model\.)?(.+self_attn)\.([qkv]|out)_proj", layer):
        for level in ("", "text_model."):
            yield f"{part}.{level}{attention[1]}.to_{attention[2]}"


def _original(layer: str, depth: int) -> tuple[str, ...]:
    """A UNet layer's names in the original code; none where it has none."""
    if layer in _SGM_WHOLE:
        return (_SGM_WHOLE[layer],)
    found = _BLOCK.fullmatch(layer)
    if found is None:
        return ()
    side, block, kind, number, rest = found[1], int(found[2] or 0), found[3], int(found[4]), found[5]
    if kind == "resnets":
        if rest not in _SGM_RESNET:
            return ()
        rest = _SGM_RESNET[rest]
    column = int(kind == "attentions")
    match side, kind:
        case "mid_block", _:
            return (f"middle_block.{1 if column else 2 * number}.{rest}",)
        case "down_blocks", "downsamplers":
            return (f"input_blocks.{(block + 1) * (depth + 1)}.0.op",)
        case "down_blocks", _:
            return (f"input_blocks.{1 + block * (depth + 1) + number}.{column}.{rest}",)
        case _, "upsamplers":  # after the attention, where the block has one
            return tuple(f"output_blocks.{block * (depth + 1) + depth}.{after}.conv" for after in (1, 2))
        case _:
            return (f"output_blocks.{block * (depth + 1) + number}.{column}.{rest}",)
