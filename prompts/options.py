"""Recipe fields asked for inside a text ("--ar 3:2", "竖图 4张 种子123"), and the text that is left over."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from prompts import controls, further_guidance, midjourney, posing, styles
from prompts.errors import Refusal
from prompts.infotext import fields, reading
from prompts.infotext.block import Pasted
from prompts.option_values import (
    ACROSS,
    CLIP_SKIPS,
    COUNTS,
    GUIDANCE,
    MASK_BLURS,
    MERGED,
    RESCALE,
    STEPS,
    SWITCHES,
    TILINGS,
    ParsedOptions,
    ratio_of,
    real,
    whole,
    with_fill,
    with_fix,
    with_freeu,
    with_height,
    with_hypertile,
    with_like,
    with_margins,
    with_over,
    with_padding,
    with_redraw,
    with_regions,
    with_rng,
    with_seed,
    with_size,
    with_soft,
    with_style,
    with_tiling,
    with_upscale,
    with_width,
    with_words,
)
from prompts.plain_options import plain as plain
from prompts.prompt import Options, merged
from prompts.spelling import near
from prompts.translate.chinese import CHINESE
from prompts.wildcards.comments import without_comments

_FLAGS: dict[str, Callable[[Options, str, str], Options]] = {
    "ar": lambda options, option, value: replace(options, ratio=ratio_of(option, value)),
    "size": with_size,
    "width": with_width,
    "height": with_height,
    "steps": lambda options, option, value: replace(options, steps=whole(option, value, *STEPS)),
    "seed": with_seed,
    "guidance": lambda options, option, value: replace(options, guidance=real(option, value, *GUIDANCE)),
    "strength": lambda options, option, value: replace(options, strength=real(option, value, 0.0, 1.0)),
    "sampler": with_words("sampler"),
    "model": with_words("model"),
    "style": with_style,
    "count": lambda options, option, value: replace(options, count=whole(option, value, *COUNTS)),
    "upscale": with_upscale,
    "redraw": with_redraw,
    "lora": lambda options, option, value: options,  # a network by then (`loras_written`)
    "over": with_over,
    "margins": with_margins,
    "fix": with_fix,
    "vae": with_words("vae"),
    "hires-checkpoint": with_words("hires_checkpoint"),
    "hires-vae": with_words("hires_vae"),
    "quality": with_words("quality"),
    "like": with_like,
    "schedule": with_words("schedule"),
    "rng": with_rng,
    "clip-skip": lambda options, option, value: replace(options, clip_skip=whole(option, value, *CLIP_SKIPS)),
    "rescale": lambda options, option, value: replace(options, rescale=real(option, value, *RESCALE)),
    "guidance-start": lambda options, option, value: replace(options, guidance_start=real(option, value, 0.0, 1.0)),
    "guidance-end": lambda options, option, value: replace(options, guidance_end=real(option, value, 0.0, 1.0)),
    "guidance-curve": lambda options, option, value: replace(options, guidance_curve=value.replace("-", " ")),
    "tiling": with_tiling,
    "freeu": with_freeu,
    "regions": with_regions,
    "token-merging": lambda options, option, value: replace(options, token_merging=real(option, value, *MERGED)),
    "hypertile": with_hypertile,
    "perp-neg": lambda options, option, value: replace(options, perpendicular=real(option, value, *ACROSS)),
    "mimic": lambda options, option, value: replace(options, mimic=further_guidance.read("mimic")(option, value)),
    "pag": lambda options, option, value: replace(options, pag=further_guidance.read("pag")(option, value)),
    "seg": lambda options, option, value: replace(options, seg=further_guidance.read("seg")(option, value)),
    "fill": with_fill,
    "mask-blur": lambda options, option, value: replace(options, mask_blur=whole(option, value, *MASK_BLURS)),
    "only-masked": with_padding,
    "soft-inpainting": with_soft,
    "control": controls.with_control,
    "pose": posing.with_pose,
}
_OTHER_NAMES = {"aspect": "ar", "ratio": "ar", "cfg": "guidance", "n": "count", "step": "steps", "negative": "no"}
_OTHER_NAMES |= dict.fromkeys(("guidance-rescale", "cfg-rescale"), "rescale")
_OTHER_NAMES |= dict.fromkeys(("cfg-start", "cfg_start", "引导开始", "引導開始"), "guidance-start")
_OTHER_NAMES |= dict.fromkeys(("cfg-end", "cfg_end", "引导结束", "引導結束"), "guidance-end")
_OTHER_NAMES |= dict.fromkeys(("cfg-schedule", "cfg-curve", "引导曲线", "引導曲線"), "guidance-curve")
_OTHER_NAMES |= dict.fromkeys(("tile", "seamless", "无缝", "無縫", "平铺", "平鋪"), "tiling")
_OTHER_NAMES |= dict.fromkeys(("tome", "token_merging", "token-merging-ratio"), "token-merging")
_OTHER_NAMES |= dict.fromkeys(("hires_checkpoint", "hires-model", "高清模型"), "hires-checkpoint")
_OTHER_NAMES |= dict.fromkeys(("hires_vae", "高清vae", "高清VAE"), "hires-vae")
_OTHER_NAMES |= dict.fromkeys(("perpneg", "perp_neg", "perpendicular", "垂直反向"), "perp-neg")
_OTHER_NAMES |= dict.fromkeys(("dynthres", "mimic-scale", "动态阈值", "動態閾值"), "mimic")
_OTHER_NAMES |= {"扰动注意力": "pag", "擾動注意力": "pag", "平滑能量": "seg"}
_OTHER_NAMES |= {"u": "no", "nt": "keep"}  # as the Chinese bots have them
_OTHER_NAMES |= dict.fromkeys(("repeat", "r"), "count") | {"cfg-scale": "guidance", "cfg_scale": "guidance"}
_OTHER_NAMES |= dict.fromkeys(("风格", "風格", "画风", "畫風"), "style") | dict.fromkeys(("原样", "原樣"), "plain")
_OTHER_NAMES |= dict.fromkeys(("检查", "檢查", "画全", "畫全"), "check")
_OTHER_NAMES |= dict.fromkeys(("mask_blur", "蒙版模糊", "遮罩模糊"), "mask-blur") | {"填充": "fill"}
_OTHER_NAMES |= dict.fromkeys(("only_masked", "仅蒙版", "僅蒙版", "只画蒙版", "只畫蒙版"), "only-masked")
_OTHER_NAMES |= dict.fromkeys(
    ("soft_inpainting", "柔和重绘", "柔和重繪", "柔和蒙版", "软重绘", "軟重繪"), "soft-inpainting"
)
_OTHER_NAMES |= dict.fromkeys(("controlnet", "control-net", "控制"), "control")
_OTHER_NAMES |= dict.fromkeys(("姿势", "姿勢"), "pose")
_OTHER_NAMES |= dict.fromkeys(("scheduler", "schedule-type"), "schedule") | dict.fromkeys(
    ("clip_skip", "clipskip"), "clip-skip"
)
_OTHER_NAMES |= dict.fromkeys(("面部修复", "面部修復", "脸部修复", "臉部修復"), "face-restoration")
_WORDS = ("no", "keep")  # not options but words
_MANY_WORDS = (
    "sampler",
    "schedule",
    "model",
    "style",
    "upscale",
    "vae",
    "hires-checkpoint",
    "hires-vae",
    *_WORDS,
)  # their value goes on to the next option, comma or line
NAMES = frozenset({*_FLAGS, *SWITCHES, *_WORDS})  # under which they are listed
_OWN = (*_FLAGS, *SWITCHES, *_OTHER_NAMES, *_WORDS)
_KNOWN = frozenset(_OWN) | midjourney.NAMES
_LONG = "|".join(
    sorted((re.escape(name) for name in _KNOWN if len(name) > 1 and name.isascii()), key=len, reverse=True)
)
_CHINESE = "|".join(sorted((name for name in _OTHER_NAMES if not name.isascii()), key=len, reverse=True))
_SHORT = f"[{''.join(sorted(name for name in _KNOWN if len(name) == 1))}]"
# What a keyboard in its wide form types; sign for sign.
_WIDE = {sign: sign - 0xFEE0 for sign in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))}
_WIDE |= str.maketrans("－−＝．∶：×＊", "--=.::xx")

# Phones make a dash of two hyphens, and Chinese keyboards long ones. "a cat--ar 3:2": glued to a word only by hyphens.
_DASH = "--|[—―]{1,2}|––?"
_FLAG = re.compile(
    r"(?:(?:(?<=[\s,，、。；!！?？)）\]】}”’\u3040-\u9fff])|^)"
    rf"(?P<dash>{_DASH})(?P<name>[A-Za-z][A-Za-z_-]*|{_CHINESE})"
    rf"|(?<=\w)--(?P<glued>{_LONG}|{_SHORT}(?=\s?[0-9])))"
    r"(?![^\W\d\u3040-\u9fff]|-)[^\S\n]*(?:[=:][^\S\n]*)?"
    r"|(?:(?<=[\s,，、。；])|^)-(?P<short>n(?=[^\S\n]*[0-9])|(?:u|nt|p|l|s)(?=[\s,，。；]|\Z))[^\S\n]*"
)
_VALUE = re.compile(r'"([^"\n]*)"|“([^”\n]*)”|([^\s,，、。；]+)')
_PAIR = re.compile(r"([0-9.]+)[^\S\n]*([:/xX*比])[^\S\n]*([0-9.]+)")
_UNIT = re.compile(r"(?<=[0-9])(?:[张張幅步倍]|px|像素)?[.!?)]*\Z")


@dataclass(frozen=True, slots=True)
class _Flag:
    """An option in a text: where it stands, its name here, and what was written."""

    start: int
    end: int
    name: str
    written: str
    value: str
    aside: bool = False  # there is nothing like it here


def _next(text: str, position: int) -> tuple[re.Match[str], str] | None:
    """The next option in a text and the name it is written with."""
    while match := _FLAG.search(text, position):
        said = (match["name"] or match["glued"] or match["short"]).lower()
        if match["short"] or match["glued"] or match["dash"] == "--" or _meant(said, text, match):
            return match, said
        position = match.end()
    return None


def _found(text: str) -> Iterator[_Flag]:
    text, position = text.translate(_WIDE), 0
    while found := _next(text, position):
        match, said = found
        position, start, name = match.end(), match.start(), _OTHER_NAMES.get(said, said)
        written = match.group().rstrip(" \t=:").strip()
        if (end := midjourney.value_end(name, text, position)) is not None:
            value = text[position:end].strip()
            yield _Flag(start, position := end, name, f"{written} {value}".strip(), value, name != "niji")
            continue
        value = ""
        if name not in SWITCHES:
            value, position = _value(text, position, name)
        yield _Flag(start, position, name, written, value)


def _meant(name: str, text: str, match: re.Match[str]) -> bool:
    """Whether a word behind a long dash is an option; "她说——hello" has none, "—no, never" neither."""
    if name in _WORDS or _OTHER_NAMES.get(name) in _WORDS:
        return text[match.end() : match.end() + 1] not in (",", "，", "、", "。", "")
    after_chinese = match.start() > 0 and CHINESE.match(text[match.start() - 1])
    if after_chinese or name in _KNOWN:
        return name in (_OWN if after_chinese else _KNOWN)
    # Only names as long are looked at: a text may have hundreds of dashes.
    return any(abs(len(one) - len(name)) < 2 and one[0] in name[:2] for one in _OWN) and bool(_near(name))


def _near(name: str) -> str:
    return near(name, (one for one in _OWN if len(one) > 1))


def flags(text: str) -> ParsedOptions:
    """The text parsed for `--name value` options alone. Raises Refusal for an unknown name and an impossible value."""
    options, kept = Options(), []
    words: dict[str, list[str]] = {name: [] for name in _WORDS}
    aside: list[str] = []
    position = 0
    for flag in _found(text):
        kept.append(text[position : flag.start])
        position = flag.end
        if flag.aside:
            aside.append(flag.written)
        elif flag.name == "niji":  # their model for anime
            options = replace(options, style=options.style or "anime")
        elif flag.name in SWITCHES:
            options = SWITCHES[flag.name](options)
        elif flag.name in words:
            words[flag.name].append(flag.value)
        elif flag.name in _FLAGS:
            options = _FLAGS[flag.name](options, flag.written, flag.value)
        else:
            found = _near(flag.name)
            raise Refusal("option.unknown", option=flag.written, near=f"--{found}" if found else "")
    kept.append(text[position:])
    rest = " ".join(part for part in (part.strip() for part in kept) if part) if len(kept) > 1 else text
    negative, untranslated = (", ".join(filter(None, words[name])) for name in _WORDS)
    return ParsedOptions(options, rest, negative, untranslated, tuple(aside))


def loras_written(text: str) -> str:
    """The text with every `--lora name:0.8` as the `<lora:name:0.8>` that it stands for. Raises Refusal for one without
    a name."""
    if "lora" not in text.casefold():
        return text
    for flag in reversed([flag for flag in _found(text) if flag.name == "lora"]):
        if not flag.value.strip("<>: "):
            raise Refusal("option.bad_value", option=flag.written, value=flag.value)
        tag = flag.value if flag.value.startswith("<") else f"<lora:{flag.value}>"
        text = f"{text[: flag.start].rstrip()} {tag} {text[flag.end :].lstrip()}".strip()
    return text


def says(text: str, name: str) -> bool:
    """Whether a text has `--name` in it."""
    return any(flag.name == name and not flag.aside for flag in _found(text))


def with_flag(text: str, name: str, value: str) -> str:
    """The text with `--name value` instead of what it says by that flag, at its end where it says nothing."""
    said = f'--{name} "{value}"' if re.search(r"[\s,，、。；]", value) else f"--{name} {value}"
    for flag in _found(text):
        if flag.name == name and not flag.aside:
            gap = " " if re.match(r"[^\s,，、。；]", text[flag.end :]) else ""
            before = " " if flag.start and not text[flag.start - 1].isspace() else ""
            return text[: flag.start] + before + said + gap + text[flag.end :]
    return f"{text.rstrip()} {said}"


def without_flag(text: str, name: str) -> str:
    """The text without `--name value`, as often as it says so."""
    for flag in reversed([flag for flag in _found(text) if flag.name == name and not flag.aside]):
        before, after = text[: flag.start].rstrip(), text[flag.end :].lstrip()
        after = after if before else after.lstrip(" ,，、。；")
        gap = "" if not before or re.match(r"[,，、。；]|\Z", after) else " "
        text = before + gap + after
    return text


def _value(text: str, position: int, name: str) -> tuple[str, int]:
    if name == "control":
        return controls.value(text, position)
    quoted = _VALUE.match(text, position)
    if quoted and quoted.group(3) is None:
        return (quoted.group(1) or quoted.group(2) or "").strip(), quoted.end()
    if name in _MANY_WORDS:
        following = _next(text, position)
        end = following[0].start() if following else len(text)
        stop = re.search(r"\n" if name in _WORDS else r"[,，、。；\n]", text[position:end])
        end = position + stop.start() if stop else end
        if name == "style":  # as many words as name one; the next may be the text again, or an option in plain words
            ends = [position + word.end() for word in re.finditer(r"\S+", text[position : min(end, position + 80)])]
            end = next((one for one in reversed(ends) if styles.named(text[position:one])), (ends or [end])[0])
        return text[position:end].strip(), end
    if name in ("ar", "size") and (pair := _PAIR.match(text, position)):
        return _UNIT.sub("", "".join(pair.groups())), pair.end()
    if quoted is None or _FLAG.match(text, position):
        return "", position
    if name == "tiling" and quoted.group(3).casefold() not in TILINGS:
        return "", position
    if name in ("redraw", "only-masked", "soft-inpainting", "freeu", "hypertile") and not quoted.group(3)[0].isdigit():
        return "", position  # the text goes on
    return _UNIT.sub("", quoted.group(3)), quoted.end()


def of_infotext(pasted: Pasted) -> ParsedOptions:
    """An infotext's prompts and options, with those that were written beneath it on top. Raises Refusal for one of
    these that is unknown or cannot be."""
    asked, aside = fields.options(pasted.infotext)
    beneath = plain(flags(pasted.beneath))
    positive, unwanted = (one.rstrip("，、 \n") for one in (pasted.infotext.positive, pasted.infotext.negative))
    negative = ", ".join(filter(None, (unwanted, beneath.negative)))
    words = (beneath.text.strip(" ,，、。"),)
    put_aside = (*aside, *beneath.aside, *filter(None, words))
    return ParsedOptions(merged(asked, beneath.options), positive, negative, beneath.kept, put_aside)


def read_options(text: str) -> ParsedOptions:
    """The text parsed for all its options, be it an infotext. Raises Refusal for an unknown `--name` and for a value
    that cannot be."""
    if pasted := reading.pasted(text):
        return of_infotext(pasted)
    asked = flags(text)
    if asked.options.raw:
        return asked
    template = without_comments(text)
    return plain(asked if template == text else flags(template))
