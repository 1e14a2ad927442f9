"""The values that options may have, read from words; what is out of their range is refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from prompts import regions, styles
from prompts.errors import Refusal
from prompts.prompt import Note, Options

MAX_SEED = 2**64 - 1  # the most that torch takes
SIDES = (64, 4096)  # pixels; what a model can really draw is for the engine to say
STEPS = (1, 150)
GUIDANCE = (0.0, 30.0)
RESCALE = (0.0, 1.0)
ACROSS = (0.0, 10.0)  # of the perpendicular negative
COUNTS = (1, 100)  # how many are allowed at once is for the bot's access rules to say
FACTORS = (1.0, 8.0)
# img2img strength of tiles: more detail, and no whole picture in each of them.
REDRAW = 0.35
MASK_BLURS, PADDINGS = (0, 64), (0, 256)  # pixels
PADDING = 32  # of what is drawn around a mask, as A1111 has it
# What the masked part of a picture is drawn from, in A1111's words, and how people say it.
FILLS = {"original": "original", "fill": "fill", "noise": "latent noise", "nothing": "latent nothing"}
FILLS |= {"latent-noise": "latent noise", "latent-nothing": "latent nothing"}
FILLS |= dict.fromkeys(("原图", "原圖", "原版", "原样", "原樣"), "original")
FILLS |= dict.fromkeys(("周围颜色", "周圍顏色", "填充", "涂抹", "塗抹"), "fill")
FILLS |= dict.fromkeys(
    ("噪声", "噪聲", "噪点", "噪點", "潜空间噪声", "潛空間噪聲", "潜变量噪声", "潛變數噪聲"), "latent noise"
)
FILLS |= dict.fromkeys(("空白", "空", "空白潜空间", "空白潛空間", "潜变量数值零", "潛變數數值零"), "latent nothing")
# The six numbers of A1111's soft inpainting, in its order.
SOFT = {"bias": (0.0, 8.0), "preservation": (0.0, 8.0), "boost": (1.0, 32.0), "influence": (0.0, 1.0),
        "threshold": (0.0, 8.0), "contrast": (0.0, 8.0)}  # fmt: skip
# What programs call the networks that smooth a face (CodeFormer, GFPGAN), which are not here: faces are drawn again.
_RESTORES_FACES = re.compile(
    r"face[ _-]?(?:restor|correct|tool)|restore[ _-]?face|codeformer|gfpgan|[面脸臉]部修[复復]", re.IGNORECASE
)
WIDEST = 4.0  # ratio of the longer side to the shorter


@dataclass(frozen=True, slots=True)
class ParsedOptions:
    """A text parsed for options: the options, the text left over, the words of `--no` (`negative`), the words of `-nt`
    (`kept`), which nobody is to translate, and the options of other programs that there is nothing like here
    (`aside`)."""

    options: Options
    text: str
    negative: str = ""
    kept: str = ""
    aside: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[Note, ...]:
        """What to tell the person about the options."""
        faces = [one for one in self.aside if _RESTORES_FACES.search(one)]
        others = [one for one in self.aside if one not in faces]
        notes = (("note.option_aside", others), ("note.faces_aside", faces))
        return tuple(Note(key, {"options": ", ".join(dict.fromkeys(some))[:200]}) for key, some in notes if some)


def refused(option: str, value: str, low: float | None = None, high: float | None = None) -> Refusal:
    if low is not None and high is not None:
        return Refusal("option.out_of_range", option=option, value=value, low=low, high=high)
    return Refusal("option.bad_value", option=option, value=value)


def whole(option: str, value: str, low: int, high: int) -> int:
    if not re.fullmatch(r"[+-]?[0-9]{1,20}", value):
        raise refused(option, value)
    if not low <= (number := int(value)) <= high:
        raise refused(option, value, low, high)
    return number


def real(option: str, value: str, low: float, high: float) -> float:
    if not re.fullmatch(r"[+-]?([0-9]{1,9}\.?[0-9]{0,9}|\.[0-9]{1,9})", value):
        raise refused(option, value)
    if not low <= (number := float(value)) <= high:
        raise refused(option, value, low, high)
    return number


def ratio_of(option: str, value: str) -> float:
    match = re.fullmatch(r"([0-9]{1,5}(?:\.[0-9]{1,4})?)(?:[:/xX*×比]([0-9]{1,5}(?:\.[0-9]{1,4})?))?", value)
    if match is None:
        raise refused(option, value)
    width, height = float(match.group(1)), float(match.group(2) or 1)
    if not width or not height or not 1 / WIDEST <= width / height <= WIDEST:
        raise Refusal("option.ratio", option=option, value=value, widest=f"{WIDEST:g}")
    return width / height


def _size(option: str, value: str) -> tuple[int, int]:
    match = re.fullmatch(r"([0-9]{1,5})(?:[x*×X]([0-9]{1,5}))?", value)
    if match is None:
        raise refused(option, value)
    sides = [int(side) for side in (match.group(1), match.group(2) or match.group(1))]
    if not all(SIDES[0] <= side <= SIDES[1] for side in sides):
        raise refused(option, value, *SIDES)
    return sides[0], sides[1]


def with_size(options: Options, option: str, value: str) -> Options:
    width, height = _size(option, value)
    return replace(options, width=width, height=height)


def with_width(options: Options, option: str, value: str) -> Options:
    """So wide, and as high where nothing is said of that."""
    width = whole(option, value, *SIDES)
    return replace(options, width=width, height=options.height or width)


def with_height(options: Options, option: str, value: str) -> Options:
    """So high, and as wide where nothing is said of that."""
    height = whole(option, value, *SIDES)
    return replace(options, height=height, width=options.width or height)


def with_seed(options: Options, option: str, value: str) -> Options:
    return replace(
        options, seed=None if value.lower() in ("-1", "random", "随机", "隨機") else whole(option, value, 0, MAX_SEED)
    )


def with_words(name: str) -> Callable[[Options, str, str], Options]:
    def read(options: Options, option: str, value: str) -> Options:
        if not value:
            raise refused(option, value)
        return replace(options, **{name: value})  # type: ignore[arg-type]

    return read


LIKES = {"danqing": "danqing", "丹青": "danqing", "diffusers": "danqing", "a1111": "a1111", "webui": "a1111"}
RNGS = ("CPU", "GPU", "NV")
CLIP_SKIPS = (1, 12)


def with_like(options: Options, option: str, value: str) -> Options:
    """Whose way the picture is drawn in."""
    if (found := LIKES.get(value.casefold())) is None:
        raise Refusal("option.like", option=option, value=value)
    return replace(options, like=found)


def with_rng(options: Options, option: str, value: str) -> Options:
    """Where the noise comes from, which only A1111's way has a choice of."""
    if value.upper() not in RNGS:
        raise Refusal("option.rng", option=option, value=value)
    return replace(options, rng=value.upper(), like=options.like or "a1111")


def with_style(options: Options, option: str, value: str) -> Options:
    if not value:
        raise refused(option, value)
    return replace(options, style=styles.find_style(value).name)


_ENLARGED = re.compile(r"(.*?)(?:(?:\s+[x×]?|\s*[:：])([0-9]+(?:\.[0-9]+)?)[x×]?)?", re.IGNORECASE)


def with_upscale(options: Options, option: str, value: str) -> Options:
    """`NAME`, `NAME 3`, `NAME:3`, or a number alone."""
    match = re.fullmatch(r"()[x×]?([0-9]+(?:\.[0-9]+)?)[x×]?", value) or _ENLARGED.fullmatch(value)
    if not value or match is None:
        raise refused(option, value)
    factor = real(option, match.group(2), *FACTORS) if match.group(2) else options.upscale
    return replace(options, upscaler=match.group(1) or options.upscaler, upscale=factor or 2.0)


def with_redraw(options: Options, option: str, value: str) -> Options:
    """The enlarged picture drawn over, so strongly; in the usual way where no number is said."""
    return replace(options, redraw=real(option, value, 0.0, 1.0) if value else REDRAW)


def with_over(options: Options, option: str, value: str) -> Options:
    """The first signs of a file's hash, at least eight."""
    if not re.fullmatch(r"[0-9a-f]{8,64}", value.lower()):
        raise refused(option, value)
    return replace(options, over=value.lower())


def with_margins(options: Options, option: str, value: str) -> Options:
    """Four numbers of pixels, "0/0/64/0": left, top, right, bottom."""
    if not re.fullmatch(r"[0-9]{1,4}(?:/[0-9]{1,4}){3}", value):
        raise refused(option, value)
    left, top, right, bottom = map(int, value.split("/"))
    return replace(options, margins=(left, top, right, bottom))


def with_fill(options: Options, option: str, value: str) -> Options:
    if (fill := FILLS.get(value.casefold().replace(" ", "-"))) is None:
        raise refused(option, value)
    return replace(options, fill=fill)


def with_padding(options: Options, option: str, value: str) -> Options:
    """Only what is masked, with so many pixels around it; with the usual ones where no number is said."""
    return replace(options, padding=whole(option, value, *PADDINGS) if value else PADDING)


TILINGS = {"": "xy", "xy": "xy", "yx": "xy", "x": "x", "y": "y", "on": "xy", "true": "xy", "off": "", "false": ""}
FREEU, FREEUS = (1.3, 1.4, 0.9, 0.2), (0.0, 4.0)  # its authors' numbers for SD 1.4, 2 and XL
MERGED = (0.0, 0.9)
TILE, TILES, SWAPS, DEPTHS = 256, (0, 2048), (1, 64), (0, 3)  # of HyperTile: pixels of a tile, as A1111 has them


def with_tiling(options: Options, option: str, value: str) -> Options:
    """Edges that meet: all, or those left and right ("x"), above and below ("y")."""
    if value.casefold() not in TILINGS:
        raise refused(option, value)
    return replace(options, tiling=TILINGS[value.casefold()])


SIGNS = 32  # of a hash that a text may say


def with_regions(options: Options, option: str, value: str) -> Options:
    """Places for the texts that AND joins, behind the first: "0/0/0.5/1+0.5/0/1/1", "red+blue". Of a map a text says
    how its hash begins: whose it is is looked up."""
    said = regions.read(option, value)
    return replace(options, regions=value if len(said.map) <= SIGNS else str(replace(said, map=said.map[:SIGNS])))


def with_freeu(options: Options, option: str, value: str) -> Options:
    """Four numbers, "1.3/1.4/0.9/0.2": b1, b2, s1, s2; its authors' where none are said."""
    if not value:
        return replace(options, freeu=FREEU)
    said = value.split("/")
    if len(said) != len(FREEU):
        raise refused(option, value)
    b1, b2, s1, s2 = (real(option, one, *FREEUS) for one in said)
    return replace(options, freeu=(b1, b2, s1, s2))


def with_hypertile(options: Options, option: str, value: str) -> Options:
    """The pixels of a tile, and behind it from how many sizes is chosen and how deep it goes: "256/3/3"."""
    said = value.split("/") if value else [str(TILE)]
    limits = dict(zip(("hypertile", "hypertile_swap", "hypertile_depth"), (TILES, SWAPS, DEPTHS), strict=True))
    if len(said) > len(limits):
        raise refused(option, value)
    read = {name: whole(option, one, *limits[name]) for name, one in zip(limits, said, strict=False)}
    return replace(options, **read)  # type: ignore[arg-type]


def with_soft(options: Options, option: str, value: str) -> Options:
    """A mask that acts softly, which only A1111's way has: with its numbers as far as they are said, "1/0.5/4"."""
    numbers = value.split("/") if value else []
    if len(numbers) > len(SOFT):
        raise refused(option, value)
    said = {f"soft_{name}": real(option, one, *SOFT[name]) for name, one in zip(SOFT, numbers, strict=False)}
    return replace(options, soft=True, like=options.like or "a1111", **said)  # type: ignore[arg-type]


def with_fix(options: Options, option: str, value: str) -> Options:
    named = [one for one in re.split(r"[+&＋]", value.casefold()) if one]
    if not named:
        raise refused(option, value)
    return replace(options, fix="+".join(dict.fromkeys((*(options.fix or "").split("+"), *named))).lstrip("+"))


SWITCHES: dict[str, Callable[[Options], Options]] = {
    "raw": lambda options: replace(options, raw=True),
    "hd": lambda options: replace(options, large=True),
    "plain": lambda options: replace(options, plain=True),
    "no-expand": lambda options: replace(options, plain=True),
    "expand": lambda options: replace(options, plain=False),
    "check": lambda options: replace(options, check=True),
    "p": lambda options: replace(options, ratio=2 / 3),
    "l": lambda options: replace(options, ratio=3 / 2),
    "s": lambda options: replace(options, ratio=1.0),
}
