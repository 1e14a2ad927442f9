"""The kinds of upscaling networks, told by the names of their tensors: the one table of them, by which files are listed
and by which they are read. No torch here.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec

READ_BY = "spandrel"  # the library that knows the kinds which are not our own; optional


@dataclass(frozen=True, slots=True)
class UpscalerKind:
    """A kind of network. `needs` are patterns of names that a whole file has, `signs` of those that make it this kind,
    be the file whole or not; `own` ones are drawn with by engine/finish/esrgan.py."""

    name: str
    signs: tuple[str, ...]
    needs: tuple[str, ...] = ()
    own: bool = False

    def told(self, names: Collection[str]) -> bool:
        """Whether tensors of these names are of this kind."""
        return all(_any(sign, names) for sign in self.signs)

    def whole(self, names: Collection[str]) -> bool:
        """Whether all is there that the network is told by."""
        return all(_any(need, names) for need in self.needs)


def _any(pattern: str, names: Collection[str]) -> bool:
    sign = re.compile(pattern)
    return any(sign.fullmatch(name) for name in names)


_GROUP = r"layers\.0\.residual_group"
_ATTENTION = (r"conv_first(\.1)?\.weight", rf"{_GROUP}\.blocks\.0\.mlp\.fc1\.bias")
_INDEX = rf"{_GROUP}\.blocks\.0\.attn\.relative_position_index"
# In the order of asking: of two kinds that share names the one with more of its own comes first.
KINDS = (
    UpscalerKind("Compact", (r"body\.0\.weight", r"body\.1\.weight", r"body\.2\.weight"), own=True),
    UpscalerKind(
        "ESRGAN",
        (r"(model\.1\.sub|RRDB_trunk|body)\.0\.(RDB|rdb)1\.conv1(\.0)?\.weight",),
        (
            r"(model\.0|conv_first)\.weight",
            r"(model\.1\.sub\.\d+|trunk_conv|conv_body)\.weight",
            r"(model\.\d+|conv_last)\.weight",
        ),
        own=True,
    ),
    UpscalerKind(
        "HAT",
        (rf"{_GROUP}\.overlap_attn\.qkv\.weight",),
        (*_ATTENTION, "relative_position_index_SA", r"conv_last\.weight"),
    ),
    UpscalerKind("ATD", (rf"{_GROUP}\.td",), ("relative_position_index_SA", r"conv_first\.weight", r"norm\.weight")),
    UpscalerKind("Swin2SR", (r"patch_embed\.proj\.weight", rf"{_GROUP}\..+"), (*_ATTENTION, _INDEX)),
    UpscalerKind("SwinIR", (rf"{_GROUP}\.blocks\.0\.norm1\.weight",), (*_ATTENTION, _INDEX)),
    UpscalerKind("DRCT", (r"layers\.0\.swin1\.norm1\.weight",), (r"layers\.0\.adjust5\.weight", r"norm\.weight")),
    UpscalerKind("GRL", (r"(model(_g)?\.)?layers\.0\.blocks\.0\.attn\.window_attn\..+",), (r".*norm_end\.weight",)),
    UpscalerKind("RGT", (r"before_RG\.1\.weight", r"layers\.0\.blocks\.0\.gamma"), (r"norm\.weight",)),
    UpscalerKind(
        "DAT",
        (r"before_RG\.1\.weight", r"layers\.0\.blocks\.0\.attn\..+"),
        (r"layers\.0\.blocks\.0\.ffn\.sg\.norm\.weight", r"norm\.weight"),
    ),
    UpscalerKind("SPAN", (r"block_1\.c1_r\.(sk|eval_conv)\.weight",), (r"conv_cat\.weight", r"upsampler\.0\.weight")),
    UpscalerKind(
        "OmniSR",
        (r"residual_layer\.0\.residual_layer\.0\.layer\.0\.fn\.0\.weight",),
        (r"input\.weight", r"up\.0\.weight"),
    ),
    UpscalerKind("PLKSR", (r"feats\.1\.lk\..+",), (r"feats\.0\.weight", r"feats\.1\.refine\.weight")),
    UpscalerKind(
        "RCAN", (r"body\.0\.body\.0\.body\.3\.conv_du\.0\.weight",), (r"head\.[01]\.weight", r"tail\.1\.weight")
    ),
    UpscalerKind(
        "RealCUGAN",
        (r"unet1\.conv1\.conv\.0\.weight", r"unet2\.conv1\.conv\.0\.weight"),
        (r"unet1\.conv_bottom\.weight", r"unet2\.conv4_up\.weight", r"unet2\.conv_bottom\.weight"),
    ),
    UpscalerKind("MoSR", (r"gblocks\.1\.fc1\.weight",), (r"gblocks\.0\.weight", r"gblocks\.1\.fc2\.bias")),
    UpscalerKind("SAFMN", (r"feats\.0\.safm\.mfr\.0\.weight",), (r"to_feat\.weight", r"to_img\.0\.weight")),
    UpscalerKind(
        "DITN",
        (r"UFONE\.0\.ITLs\.0\.attn\.temperature",),
        (r"sft\.weight", r"conv_after_body\.weight", r"upsample\.0\.weight"),
    ),
    UpscalerKind(
        "CRAFT",
        (r"layers\.0\.residual_group\.hf_blocks\.0\.attn\.temperature",),
        (r"conv_first\.weight", r"norm\.body\.weight"),
    ),
    UpscalerKind(
        "SeemoRe",
        (r"body\.0\.local_block\.block\.moe_layer\.experts\.0\.conv_1\.weight",),
        (r"conv_[12]\.weight", r"norm\.weight", r"upsampler\.0\.weight"),
    ),
    UpscalerKind(
        "DCTLSA",
        (r"B1\.body\.0\.transformer_body\.0\.blocks\.0\.attn\.qkv\.weight",),
        (r"fea_conv\.weight", r"LR_conv\.weight", r"upsampler\.0\.weight"),
    ),
    UpscalerKind("SwiftSRGAN", (r"initial\.cnn\.depthwise\.weight",), (r"final_conv\.pointwise\.weight",)),
    UpscalerKind(
        "MoESR",
        (r"blocks\.0\.blocks\.0\.conv\.dwconv_hw\.weight",),
        (r"in_to_dim\.weight", r"upscale\.MetaUpsample"),
    ),
    UpscalerKind(
        "FDAT",
        (r"groups\.0\.blocks\.0\.inter\.cg\.1\.weight",),
        (r"conv_first\.weight", r"groups\.0\.blocks\.0\.ffn\.fc1\.weight", r"upsampler\.MetaUpsample"),
    ),
)
# Networks that enlarge nothing and are kept beside upscalers, with the text that says what they are for.
_FACES, _NOISE, _HOLES = "upscaler.faces", "upscaler.noise", "upscaler.holes"
OTHERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "GFPGAN": (_FACES, (r"stylegan_decoder\.style_mlp\.1\.weight",)),
    "RestoreFormer": (_FACES, (r"encoder\.conv_in\.weight", r"quantize\.embedding\.weight", r"decoder\..+")),
    "CodeFormer": (_FACES, ("position_emb", r"idx_pred_layer\.1\.weight", r"fuse_convs_dict\..+")),
    "SCUNet": (_NOISE, (r"m_head\.0\.weight", r"m_tail\.0\.weight")),
    "FBCNN": (_NOISE, (r"m_head\.weight", r"qf_pred\..+")),
    "DRUNet": (_NOISE, (r"m_head\.weight", r"m_down1\.0\.res\.0\.weight", r"m_tail\.weight")),
    "NAFNet": (_NOISE, (r"intro\.weight", r"ending\.weight", r"middle_blks\.0\..+")),
    "LaMa": (_HOLES, (r"(generator\.)?model\.1\.bn_l\.running_mean",)),
}


def other_purpose(names: Collection[str]) -> tuple[str, str]:
    """The kind of a network that enlarges nothing, and the text that says so; ("", "") where it is none of them."""
    found = ((name, key) for name, (key, signs) in OTHERS.items() if all(_any(sign, names) for sign in signs))
    return next(found, ("", ""))


def upscaler_kind(names: Collection[str]) -> UpscalerKind | None:
    """The kind of network that tensors of these names make; None for none known."""
    return next((kind for kind in KINDS if kind.told(names)), None)


def readable(name: str) -> bool:
    """Whether networks of the kind of that name can be drawn with here."""
    return library() or any(kind.own for kind in KINDS if kind.name == name)


@cache
def library() -> bool:
    """Whether the library for the other kinds is installed, with what it needs."""
    return all(find_spec(name) is not None for name in (READ_BY, "einops"))
