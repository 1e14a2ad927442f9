"""The short words for what may guide a picture's shapes, with the nets that follow it and the files to get for each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from engine.files.catalog import Companion
from engine.files.net_purposes import union_type
from prompts.spelling import near


@dataclass(frozen=True, slots=True)
class ControlWord:
    """A short word. `kinds` are the kinds of nets that may follow it (engine/preprocessors.py), the best first, `by`
    the preprocessors that make its maps where these are not simply those of the net's kind; `zh` and `en` are all its
    names, the first as it is shown; `example` is a text to try it with in both languages."""

    name: str
    zh: tuple[str, ...]
    en: tuple[str, ...]
    kinds: tuple[str, ...]
    by: tuple[str, ...] = ()
    example: tuple[str, str] = ("", "")


WORDS: dict[str, ControlWord] = {
    row.name: row
    for row in (
        ControlWord(
            "pose",
            ("姿势", "姿勢", "骨架", "动作", "動作"),
            ("pose", "posture", "skeleton", "openpose"),
            ("openpose",),
            example=("一个跳舞的女孩", "a dancing girl"),
        ),
        ControlWord(
            "lines",
            ("线稿", "線稿", "线条", "線條"),
            ("lines", "line art", "lineart"),
            ("lineart", "lineart_anime"),
            example=("水彩风格的城堡", "a castle in watercolour"),
        ),
        ControlWord(
            "edges",
            ("边缘", "邊緣", "硬边缘", "轮廓", "輪廓"),
            ("edges", "edge", "outlines", "canny"),
            ("canny", "edges"),
            example=("一个青苹果", "a green apple"),
        ),
        ControlWord("depth", ("深度", "景深"), ("depth",), ("depth",), example=("雪山下的小屋", "a hut below snow")),
        ControlWord(
            "scribble",
            ("涂鸦", "塗鴉", "草图", "草圖"),
            ("scribble", "doodle", "sketch"),
            ("scribble", "sketch"),
            example=("一只胖乎乎的龙", "a chubby dragon"),
        ),
        ControlWord(
            "layout",
            ("构图", "構圖", "布局"),
            ("layout", "composition"),
            ("seg", "depth", "color"),
            example=("黄昏的港口", "a harbour at dusk"),
        ),
        ControlWord(
            "colour",
            ("上色", "填色"),
            ("colour in", "color in", "colour", "color", "colorize", "colourize"),
            ("lineart_anime", "lineart", "scribble", "recolor"),
            ("invert", "recolor_luminance"),
            example=("红发女孩，绿裙子", "a girl with red hair in a green dress"),
        ),
        ControlWord(
            "soft",
            ("软边缘", "軟邊緣", "柔边缘"),
            ("soft edges", "soft edge", "softedge"),
            ("softedge",),
            example=("大理石狮子", "a lion of marble"),
        ),
        ControlWord(
            "normals", ("法线", "法線"), ("normals", "normal"), ("normal",), example=("铜像", "a statue of bronze")
        ),
        ControlWord(
            "segments",
            ("分割", "语义分割", "語義分割"),
            ("segments", "segmentation", "seg"),
            ("seg",),
            example=("秋天的街道", "a street in autumn"),
        ),
        ControlWord(
            "straight",
            ("直线", "直線", "建筑线", "建築線"),
            ("straight lines", "straight", "mlsd"),
            ("mlsd",),
            example=("日式客厅", "a Japanese living room"),
        ),
        ControlWord(
            "tile",
            ("局部", "分块", "分塊", "细节", "細節"),
            ("tile", "detail"),
            ("tile", "blur"),
            example=("更多细节", "more detail"),
        ),
        ControlWord(
            "qr",
            ("二维码", "二維碼"),
            ("qr", "qr code", "qrcode"),
            ("qr", "brightness", "illumination"),
            example=("山间的小镇", "a town in the mountains"),
        ),
    )
}  # fmt: skip
_NAMES = {name.casefold(): row.name for row in WORDS.values() for name in (row.name, *row.zh, *row.en)}

# The files to get, by the family of the model and the kind of net: what they are called where everybody gets them.
# Those without an owner are files of lllyasviel/ControlNet-v1-1, monster-labs/control_v1p_sd15_qrcode_monster,
# ioclab/ioc-controlnet (brightness, illumination), TencentARC/T2I-Adapter and stabilityai/control-lora.
_SD15 = {
    "openpose": "control_v11p_sd15_openpose",
    "lineart": "control_v11p_sd15_lineart",
    "lineart_anime": "control_v11p_sd15s2_lineart_anime",
    "canny": "control_v11p_sd15_canny",
    "depth": "control_v11f1p_sd15_depth",
    "scribble": "control_v11p_sd15_scribble",
    "softedge": "control_v11p_sd15_softedge",
    "normal": "control_v11p_sd15_normalbae",
    "seg": "control_v11p_sd15_seg",
    "mlsd": "control_v11p_sd15_mlsd",
    "tile": "control_v11f1e_sd15_tile",
    "inpaint": "control_v11p_sd15_inpaint",
    "shuffle": "control_v11e_sd15_shuffle",
    "ip2p": "control_v11e_sd15_ip2p",
    "qr": "control_v1p_sd15_qrcode_monster",
    "brightness": "control_v1p_sd15_brightness",
    "illumination": "control_v1p_sd15_illumination",
    "color": "t2iadapter_color_sd14v1",
    "sketch": "t2iadapter_sketch_sd15v2",
}
_UNION = "xinsir/controlnet-union-sdxl-1.0"
_SDXL = {
    **dict.fromkeys(("openpose", "depth", "softedge", "scribble", "sketch", "canny"), _UNION),
    **dict.fromkeys(("lineart", "lineart_anime", "mlsd", "normal", "seg"), _UNION),
    "tile": "xinsir/controlnet-tile-sdxl-1.0",
    "recolor": "control-lora-recolor-rank128",
    "qr": "monster-labs/control_v1p_sdxl_qrcode_monster",
}
_SD2 = {
    kind: f"thibaud/controlnet-sd21-{name}-diffusers"
    for kind, name in {
        **{one: one for one in ("openpose", "canny", "depth", "scribble", "lineart", "color")},
        "softedge": "hed",
        "normal": "normalbae",
        "seg": "ade20k",
    }.items()
}
FILES: dict[str, dict[str, str]] = {"sd15": _SD15, "sdxl": _SDXL, "sd2": _SD2}


def word(said: str) -> ControlWord | None:
    """The row that somebody calls so; None where there is no such."""
    plain = " ".join(said.casefold().replace("-", " ").replace("_", " ").split())
    return WORDS.get(_NAMES.get(plain, ""))


def leading(text: str) -> str:
    """The name of a word that a text begins with, as it stands there, of those with a gap in them: "soft edges 0.8"."""
    plain = text.casefold()
    found = (name for name in _NAMES if " " in name and re.match(rf"{re.escape(name)}(?=[\s:：]|\Z)", plain))
    return text[: len(max(found, key=len, default=""))]


def nearest(said: str) -> str:
    """The word that is most like what was said, "" for none."""
    return near(said.casefold(), _NAMES)


def trained_for(net: Companion) -> str:
    """The kind of map that a net follows, as it is called in engine/preprocessors.py; "" where nothing tells."""
    return "edges" if net.family == "demo" and net.purpose == "canny" else net.purpose


def follows(net: Companion, kinds: Sequence[str]) -> bool:
    """Whether a net follows maps of one of these kinds; a union net follows many."""
    return trained_for(net) in kinds or any(union_type(kind, net.types) is not None for kind in kinds)
