"""The preprocessors: what makes of a picture the map that a net follows. The table; the doing is in `engine/maps/`
for what needs no network, and in `engine/annotators/` for the rest."""

from __future__ import annotations

import math
from dataclasses import dataclass

from prompts.errors import Refusal
from prompts.spelling import near

PURE, NET, FILE = "", "net", "file"
USUAL = -1.0  # of a number: the preprocessor's own


@dataclass(frozen=True, slots=True)
class Number:
    """A number that a preprocessor can be given: what it is called, its range and the usual value."""

    zh: str
    en: str
    least: float
    most: float
    usual: float


@dataclass(frozen=True, slots=True)
class Preprocessor:
    """One row of the table. `kinds` are the nets that its maps are for, `modules` what sd-webui-controlnet and others
    call it, `aliases` what people do; `low` and `high` its numbers, where it has any.

    `needs` is "" for what is computed without a network, "net" where a network of this project or of the owner's does
    it, "file" where only a network in the owner's folder can; `files` are the words that tell such a network by the
    name of its file. `seeded` ones come out otherwise with another seed, `written` are made of a text too.
    """

    name: str
    zh: str
    en: str
    kinds: tuple[str, ...]
    modules: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    low: Number | None = None
    high: Number | None = None
    needs: str = PURE
    files: tuple[str, ...] = ()
    seeded: bool = False
    written: bool = False

    def numbers(self, low: float = USUAL, high: float = USUAL) -> tuple[float, float]:
        """Both numbers, the usual ones where they are below 0 or there is no such number (which is then 0). Raises
        Refusal `map.out_of_range`, and `map.no_number` for one that it does not take."""
        found = []
        for name, number, said in (("low", self.low, low), ("high", self.high, high)):
            if number is None:
                if said >= 0:
                    raise Refusal("map.no_number", name=self.name, number=name)
                found.append(0.0)
            elif said < 0:
                found.append(number.usual)
            elif math.isfinite(said) and number.least <= said <= number.most:
                found.append(float(said))
            else:
                values = {"least": number.least, "most": number.most}
                raise Refusal("map.out_of_range", name=self.name, number=name, value=said, **values)
        return found[0], found[1]


_STRENGTH = Number("阈值", "threshold", 0, 255, 127)
_GAMMA = Number("伽马", "gamma", 0.1, 2, 1)

PREPROCESSORS: dict[str, Preprocessor] = {
    row.name: row
    for row in (
        Preprocessor("edges", "轮廓边缘", "outlines (for the built-in net)", ("edges",), aliases=("轮廓", "outline")),
        Preprocessor(
            "canny",
            "边缘",
            "hard edges",
            ("canny", "edges"),
            aliases=("硬边缘",),
            low=Number("低阈值", "weaker edges", 1, 255, 100),
            high=Number("高阈值", "edges to begin from", 1, 255, 200),
        ),
        Preprocessor(
            "invert",
            "反色",
            "a drawing on white, inverted",
            ("lineart", "lineart_anime", "scribble", "sketch"),
            ("invert (from white bg & black line)",),
            aliases=("反相", "inverted"),
        ),
        Preprocessor(
            "lineart_standard",
            "线稿（标准）",
            "lines, without a network",
            ("lineart", "lineart_anime"),
            ("lineart_standard (from white bg & black line)",),
            aliases=("标准线稿",),
        ),
        Preprocessor(
            "scribble_xdog",
            "涂鸦",
            "scribble",
            ("scribble", "sketch"),
            aliases=("xdog",),
            low=Number("阈值", "threshold", 1, 64, 32),
        ),
        Preprocessor("sketch", "草图", "pencil sketch", ("sketch", "scribble"), aliases=("素描", "pencil")),
        Preprocessor(
            "threshold", "黑白", "black and white", ("scribble", "qr"), aliases=("二值化", "binary"), low=_STRENGTH
        ),
        Preprocessor("shuffle", "重组", "shuffled content", ("shuffle",), aliases=("洗牌", "打乱"), seeded=True),
        Preprocessor(
            "tile_resample",
            "分块",
            "tile",
            ("tile",),
            aliases=("tile", "细节"),
            low=Number("缩小倍数", "times smaller", 1, 8, 1),
        ),
        Preprocessor(
            "blur_gaussian",
            "模糊",
            "blurred",
            ("blur",),
            aliases=("blur",),
            low=Number("模糊半径", "deviation in pixels", 0.01, 64, 9),
        ),
        Preprocessor(
            "recolor_luminance", "重新上色（亮度）", "lightness, to be coloured", ("recolor",),
            aliases=("上色", "recolor", "luminance"), low=_GAMMA,
        ),
        Preprocessor(
            "recolor_intensity", "重新上色（强度）", "intensity, to be coloured", ("recolor",), low=_GAMMA,
        ),
        Preprocessor(
            "inpaint_only",
            "局部重绘",
            "the part to be drawn again",
            ("inpaint",),
            ("inpaint", "inpaint_global_harmonious"),
            aliases=("局部", "重绘", "local"),
        ),
        Preprocessor(
            "color_grid", "色块", "blocks of colour", ("color",), ("t2ia_color_grid", "color"),
            aliases=("颜色", "colour"),
        ),
        Preprocessor(
            "brightness", "明暗", "brightness", ("brightness", "illumination"), aliases=("亮度", "illumination", "grey")
        ),
        Preprocessor(
            "qr", "二维码", "QR code", ("qr",), ("qrcode",), aliases=("qr code",), low=_STRENGTH, written=True
        ),
        Preprocessor(
            "softedge_hed", "软边缘", "soft edges", ("softedge",), ("hed",),
            aliases=("softedge", "soft edge"), needs=FILE, files=("hed",),
        ),
        Preprocessor(
            "scribble_hed", "涂鸦（网络）", "scribble, by a network", ("scribble", "sketch"), ("fake_scribble",),
            needs=FILE, files=("hed",),
        ),
        Preprocessor(
            "mlsd",
            "直线",
            "straight lines",
            ("mlsd",),
            aliases=("straight", "建筑线"),
            low=Number("把握", "how sure", 0.01, 2, 0.1),
            high=Number("长度", "least length", 0.01, 20, 0.1),
            needs=NET,
        ),
        Preprocessor(
            "openpose",
            "姿势",
            "pose",
            ("openpose",),
            ("openpose_full", "openpose_hand", "openpose_face", "openpose_faceonly", "dw_openpose_full"),
            aliases=("pose", "dwpose", "骨架"),
            needs=NET,
            files=("dwpose", "dw-ll", "rtmpose", "rtmw"),
        ),
        Preprocessor(
            "depth",
            "深度",
            "depth",
            ("depth",),
            ("depth_midas", "midas", "depth_leres", "depth_leres++", "depth_zoe", "depth_anything",
             "depth_anything_v2"),
            aliases=("景深",),
            needs=FILE,
            files=("depth", "midas", "dpt", "zoe", "leres"),
        ),
        Preprocessor(
            "normal",
            "法线",
            "normals",
            ("normal",),
            ("normal_bae", "normal_midas", "normal_map", "normal_dsine", "bae"),
            aliases=("法向", "法线贴图"),
            needs=FILE,
            files=("normal", "bae", "dsine"),
        ),
        Preprocessor(
            "seg",
            "分割",
            "segmentation",
            ("seg",),
            ("seg_ofade20k", "seg_ufade20k", "oneformer_ade20k", "segmentation"),
            aliases=("语义分割", "构图"),
            needs=FILE,
            files=("ade20k", "ofade", "oneformer", "uniformer", "segformer", "upernet"),
        ),
        Preprocessor(
            "lineart",
            "线稿",
            "lines",
            ("lineart",),
            ("lineart_realistic", "lineart_coarse"),
            aliases=("lines", "line art"),
            needs=FILE,
            files=("lineart", "sk_model"),
        ),
        Preprocessor(
            "lineart_anime",
            "动漫线稿",
            "lines of anime",
            ("lineart_anime", "lineart"),
            ("lineart_anime_denoise",),
            aliases=("anime",),
            needs=FILE,
            files=("lineart_anime", "lineart-anime", "anime2sketch", "netg"),
        ),
        Preprocessor(
            "softedge_pidinet",
            "软边缘（PiDiNet）",
            "soft edges (PiDiNet)",
            ("softedge",),
            ("pidinet",),
            needs=FILE,
            files=("pidi",),
        ),
        Preprocessor(
            "scribble_pidinet", "涂鸦（PiDiNet）", "scribble (PiDiNet)", ("scribble", "sketch"),
            ("pidinet_scribble", "t2ia_sketch_pidi", "pidinet_sketch"), needs=FILE, files=("pidi",),
        ),
        Preprocessor(
            "softedge_hedsafe", "软边缘（分级）", "soft edges in steps", ("softedge",), ("hed_safe",),
            needs=FILE, files=("hed",),
        ),
        Preprocessor(
            "softedge_pidisafe", "软边缘（PiDiNet，分级）", "soft edges in steps (PiDiNet)", ("softedge",),
            ("pidinet_safe",), needs=FILE, files=("pidi",),
        ),
        Preprocessor(
            "softedge_teed", "软边缘（TEED）", "soft edges (TEED)", ("softedge",), ("te_hed", "teed"),
            needs=FILE, files=("teed",),
        ),
        Preprocessor(
            "mask", "前景", "what stands in front", (), aliases=("抠图", "foreground", "cut out"),
            needs=FILE, files=("u2net", "isnet", "rmbg", "foreground", "matting"),
        ),
    )
}  # fmt: skip
WRITTEN = tuple(row for row in PREPROCESSORS.values() if row.written)  # made of a text
KINDS: tuple[str, ...] = tuple(dict.fromkeys(kind for row in PREPROCESSORS.values() for kind in row.kinds))

_NAMES: dict[str, str] = {}
for _row in PREPROCESSORS.values():
    for _said in (_row.name, *_row.modules, *_row.aliases, _row.zh, _row.en):
        _NAMES.setdefault(_said.casefold(), _row.name)


def named(said: str) -> Preprocessor | None:
    """The row that somebody, or another program, calls so; None where there is no such."""
    plain = said.strip().casefold()
    return PREPROCESSORS.get(_NAMES.get(plain) or _NAMES.get(plain.replace(" ", "_").replace("-", "_"), ""))


def preprocessor(said: str) -> Preprocessor:
    """The row that somebody, or another program, calls so. Raises Refusal `map.unknown`."""
    row = named(said)
    if row is None:
        raise Refusal("map.unknown", name=said[:80], near=near(said, _NAMES))
    return row


DETECTS = "yolo"  # in the name of a file: it finds things, and makes no maps


def of_file(stem: str) -> tuple[Preprocessor, ...]:
    """The rows whose network a file of this name is, by the longest word in it that tells one; empty where none is."""
    plain = stem.casefold()
    if DETECTS in plain:
        return ()
    words = {word for row in PREPROCESSORS.values() for word in row.files if word in plain}
    telling = max(words, key=len, default="")
    return tuple(row for row in PREPROCESSORS.values() if telling and telling in row.files)


def for_kind(kind: str) -> tuple[Preprocessor, ...]:
    """What makes maps for nets of a kind ("canny", "depth" …), the best first: the owner's networks, those of this
    project, then what is computed."""
    rank = {FILE: 0, NET: 1, PURE: 2}
    rows = [row for row in PREPROCESSORS.values() if kind in row.kinds]
    return tuple(sorted(rows, key=lambda row: (row.kinds[0] != kind, rank[row.needs])))
