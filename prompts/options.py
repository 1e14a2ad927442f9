"""Recipe fields asked for inside a text ("--ar 3:2", "竖图 4张 种子123"), and the text that is left over."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from prompts import styles
from prompts.errors import Refusal
from prompts.prompt import Options

MAX_SEED = 2**32 - 1
SIDES = (64, 4096)  # pixels; what a model can really draw is for the engine to say
STEPS = (1, 150)
GUIDANCE = (0.0, 30.0)
RESCALE = (0.0, 1.0)
COUNTS = (1, 100)  # how many are allowed at once is for the bot's access rules to say
FACTORS = (1.0, 8.0)
WIDEST = 4.0  # ratio of the longer side to the shorter


@dataclass(frozen=True, slots=True)
class ParsedOptions:
    """What was read: the options, the text left over, the words of `--no`, and those of `-nt`, which nobody is to
    translate."""

    options: Options
    text: str
    negative: str = ""
    kept: str = ""


def _refuse(option: str, value: str, low: float | None = None, high: float | None = None) -> Refusal:
    if low is not None and high is not None:
        return Refusal("option.out_of_range", option=option, value=value, low=low, high=high)
    return Refusal("option.bad_value", option=option, value=value)


def _whole(option: str, value: str, low: int, high: int) -> int:
    if not re.fullmatch(r"[+-]?[0-9]{1,12}", value):
        raise _refuse(option, value)
    if not low <= (number := int(value)) <= high:
        raise _refuse(option, value, low, high)
    return number


def _real(option: str, value: str, low: float, high: float) -> float:
    if not re.fullmatch(r"[+-]?([0-9]{1,9}\.?[0-9]{0,9}|\.[0-9]{1,9})", value):
        raise _refuse(option, value)
    if not low <= (number := float(value)) <= high:
        raise _refuse(option, value, low, high)
    return number


def _ratio(option: str, value: str) -> float:
    match = re.fullmatch(r"([0-9]{1,5}(?:\.[0-9]{1,4})?)(?:[:/x×比]([0-9]{1,5}(?:\.[0-9]{1,4})?))?", value)
    if match is None:
        raise _refuse(option, value)
    width, height = float(match.group(1)), float(match.group(2) or 1)
    if not width or not height or not 1 / WIDEST <= width / height <= WIDEST:
        raise Refusal("option.ratio", option=option, value=value, widest=f"{WIDEST:g}")
    return width / height


def _size(option: str, value: str) -> tuple[int, int]:
    match = re.fullmatch(r"([0-9]{1,5})(?:[x*×X]([0-9]{1,5}))?", value)
    if match is None:
        raise _refuse(option, value)
    sides = [int(side) for side in (match.group(1), match.group(2) or match.group(1))]
    if not all(SIDES[0] <= side <= SIDES[1] for side in sides):
        raise _refuse(option, value, *SIDES)
    return sides[0], sides[1]


def _with_size(options: Options, option: str, value: str) -> Options:
    width, height = _size(option, value)
    return replace(options, width=width, height=height)


def _with_seed(options: Options, option: str, value: str) -> Options:
    return replace(options, seed=None if value == "-1" else _whole(option, value, 0, MAX_SEED))


def _with_words(name: str) -> Callable[[Options, str, str], Options]:
    def read(options: Options, option: str, value: str) -> Options:
        if not value:
            raise _refuse(option, value)
        return replace(options, **{name: value})  # type: ignore[arg-type]

    return read


def _with_style(options: Options, option: str, value: str) -> Options:
    if not value:
        raise _refuse(option, value)
    return replace(options, style=styles.find(value).name)


_ENLARGED = re.compile(r"(.*?)(?:(?:\s+[x×]?|\s*[:：])([0-9]+(?:\.[0-9]+)?)[x×]?)?", re.IGNORECASE)


def _with_upscale(options: Options, option: str, value: str) -> Options:
    """`NAME`, `NAME 3`, `NAME:3`, or a number alone."""
    match = re.fullmatch(r"()[x×]?([0-9]+(?:\.[0-9]+)?)[x×]?", value) or _ENLARGED.fullmatch(value)
    if not value or match is None:
        raise _refuse(option, value)
    factor = _real(option, match.group(2), *FACTORS) if match.group(2) else options.upscale
    return replace(options, upscaler=match.group(1) or options.upscaler, upscale=factor or 2.0)


def _with_fix(options: Options, option: str, value: str) -> Options:
    named = [one for one in re.split(r"[+&＋]", value.casefold()) if one]
    if not named:
        raise _refuse(option, value)
    return replace(options, fix="+".join(dict.fromkeys((*(options.fix or "").split("+"), *named))).lstrip("+"))


_FLAGS: dict[str, Callable[[Options, str, str], Options]] = {
    "ar": lambda options, option, value: replace(options, ratio=_ratio(option, value)),
    "size": _with_size,
    "steps": lambda options, option, value: replace(options, steps=_whole(option, value, *STEPS)),
    "seed": _with_seed,
    "guidance": lambda options, option, value: replace(options, guidance=_real(option, value, *GUIDANCE)),
    "strength": lambda options, option, value: replace(options, strength=_real(option, value, 0.0, 1.0)),
    "sampler": _with_words("sampler"),
    "model": _with_words("model"),
    "style": _with_style,
    "count": lambda options, option, value: replace(options, count=_whole(option, value, *COUNTS)),
    "upscale": _with_upscale,
    "fix": _with_fix,
    "vae": _with_words("vae"),
    "quality": _with_words("quality"),
    "rescale": lambda options, option, value: replace(options, rescale=_real(option, value, *RESCALE)),
}
_OTHER_NAMES = {"aspect": "ar", "ratio": "ar", "cfg": "guidance", "n": "count", "step": "steps", "negative": "no"}
_OTHER_NAMES |= dict.fromkeys(("guidance-rescale", "cfg-rescale"), "rescale")
_OTHER_NAMES |= {"u": "no", "nt": "keep"}  # as the Chinese bots have them
_OTHER_NAMES |= dict.fromkeys(("风格", "風格", "画风", "畫風"), "style") | dict.fromkeys(("原样", "原樣"), "plain")
_SWITCHES: dict[str, Callable[[Options], Options]] = {
    "raw": lambda options: replace(options, raw=True),
    "hd": lambda options: replace(options, large=True),
    "plain": lambda options: replace(options, plain=True),
    "no-expand": lambda options: replace(options, plain=True),
    "expand": lambda options: replace(options, plain=False),
    "p": lambda options: replace(options, ratio=2 / 3),
    "l": lambda options: replace(options, ratio=3 / 2),
    "s": lambda options: replace(options, ratio=1.0),
}
_WORDS = ("no", "keep")  # not options but words
_MANY_WORDS = (
    "sampler",
    "model",
    "style",
    "upscale",
    "vae",
    *_WORDS,
)  # their value goes on to the next option, comma or line

_FLAG = re.compile(
    r"(?:(?<=[\s,，、。；])|^)(?:--|—{1,2}|––?)([A-Za-z][\w-]*|风格|風格|画风|畫風|原样|原樣)(?:=|[^\S\n]+|(?=\n)|\Z)"
    r"|(?:(?<=[\s,，、。；])|^)-(n(?=[^\S\n]*[0-9])|(?:u|nt|p|l|s)(?=[\s,，。；]|\Z))[^\S\n]*"
)
_VALUE = re.compile(r'"([^"\n]*)"|“([^”\n]*)”|([^\s,，、。；]+)')


def flags(text: str) -> ParsedOptions:
    """Only the `--name value` options. Raises Refusal for an unknown name or a value that cannot be."""
    options, kept = Options(), []
    words: dict[str, list[str]] = {name: [] for name in _WORDS}
    position = 0
    while match := _FLAG.search(text, position):
        kept.append(text[position : match.start()])
        position = match.end()
        written = match.group().strip().rstrip("=")
        name = (match.group(1) or match.group(2)).lower()
        name = _OTHER_NAMES.get(name, name)
        if name in _SWITCHES:
            options = _SWITCHES[name](options)
            continue
        if name not in words and name not in _FLAGS:
            known = [one for one in (*_FLAGS, *_SWITCHES, *_OTHER_NAMES, *_WORDS) if len(one) > 1]
            nearest = (difflib.get_close_matches(name, known, 1, 0.5) or ["ar"])[0]
            raise Refusal("option.unknown", option=written, nearest=f"--{nearest}")
        value, position = _value(text, position, name)
        if name in words:
            words[name].append(value)
        else:
            options = _FLAGS[name](options, written, value)
    kept.append(text[position:])
    rest = " ".join(part for part in (part.strip() for part in kept) if part) if len(kept) > 1 else text
    negative, untranslated = (", ".join(filter(None, words[name])) for name in _WORDS)
    return ParsedOptions(options, rest, negative, untranslated)


def _value(text: str, position: int, name: str) -> tuple[str, int]:
    quoted = _VALUE.match(text, position)
    if quoted and quoted.group(3) is None:
        return (quoted.group(1) or quoted.group(2) or "").strip(), quoted.end()
    if name in _MANY_WORDS:
        following = _FLAG.search(text, position)
        end = following.start() if following else len(text)
        stop = re.search(r"\n" if name in _WORDS else r"[,，、。；\n]", text[position:end])
        end = position + stop.start() if stop else end
        if name == "style":  # as many words as name one; the next may be the text again, or an option in plain words
            ends = [position + word.end() for word in re.finditer(r"\S+", text[position : min(end, position + 80)])]
            end = next((one for one in reversed(ends) if styles.named(text[position:one])), (ends or [end])[0])
        return text[position:end].strip(), end
    if quoted is None or _FLAG.match(text, position):
        return "", position
    return quoted.group(3), quoted.end()


# ── plain words ───────────────────────────────────────────────────────────────────────────────────────────────────────

_DIGITS = {"一": 1, "两": 2, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "十": 10}
_SHAPES = {
    "竖屏": 9 / 16, "手机屏": 9 / 16, "竖": 2 / 3, "纵向": 2 / 3, "横屏": 16 / 9, "宽屏": 16 / 9, "横": 3 / 2,
    "横向": 3 / 2, "直": 2 / 3, "方": 1.0, "正方形": 1.0, "方形": 1.0,
    "portrait": 2 / 3, "vertical": 2 / 3, "landscape": 3 / 2,
    "horizontal": 3 / 2, "square": 1.0, "widescreen": 16 / 9,
}  # fmt: skip
_RATIOS = "1:1|2:3|3:2|3:4|4:3|4:5|5:4|5:7|7:5|9:16|16:9|10:16|16:10|9:21|21:9|1:2|2:1".replace(":", "[:：比]")
_TRADITIONAL = str.maketrans(
    "張圖豎橫畫種數構寬採樣機為隨導係詞關兩給請幫來長辨率風擴寫補發揮別",
    "张图竖横画种数构宽采样机为随导系词关两给请帮来长辨率风扩写补发挥别",
)
_START, _END = r"(?:(?<=[\s,，、。；！])|^)", r"(?=[\s,，、。；！]|\Z)"
_ORDER = "(?:请|帮我|给我|麻烦|我要|我想要|来|画|生成|出|做|整)"
_PICTURES = r"(?:图片|照片|图像|图|画)?"

_Reader = Callable[[Options, re.Match[str]], Options | None]  # None: it only looked like an option


def _count(options: Options, match: re.Match[str]) -> Options:
    word = match.group("n")
    return replace(options, count=_DIGITS.get(word) or _whole(match.group().strip(), word, *COUNTS))


_LEAD = r"\s?[:：是为用]?\s?"  # what may stand between the name of an option and its value


def _said(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"{_START}(?:{pattern}){_END}", re.IGNORECASE)


def _shaped(options: Options, match: re.Match[str]) -> Options:
    return replace(options, ratio=_SHAPES[match.group(1).lower()])


def _lettered(options: Options, match: re.Match[str]) -> Options:
    return _SWITCHES[match.group(1)](options)


def _styled(options: Options, match: re.Match[str]) -> Options | None:
    style = styles.named(match.group(1))
    return replace(options, style=style.name) if style else None


_FIXED = dict.fromkeys("人脸面", "face") | dict.fromkeys("手双", "hand")
_PLAIN: tuple[tuple[re.Pattern[str], _Reader], ...] = (
    (_said(rf"{_ORDER}*(?P<n>[0-9]{{1,4}}|[一两二三四五六七八九十])\s?[张幅]{_PICTURES}"), _count),
    # "画4张猫" is a number of pictures, since somebody asks for them; "三张桌子" stays.
    (re.compile(rf"{_START}{_ORDER}+(?P<n>[0-9]{{1,4}}|[两二三四五六七八九十])\s?[张幅](?=\S)"), _count),
    (_said(r"(?P<n>[0-9]{1,4})\s?(?:pictures|images|pics)"), _count),
    (_said(r"(竖屏|手机屏|横屏|宽屏)(?:图片|图|版|画面)?"), _shaped),
    (_said(r"(竖|横|方)(?:图|版|幅|构图|着|画幅|画|的)?"), _shaped),
    (_said(r"(直)(?:图|式|版)"), _shaped),
    # "一只猫 p": one small letter beside Chinese or a comma at the very end, as "model s" is none.
    (re.compile(r"(?<=[\u4e00-\u9fff,，。])\s*([pls])\s*\Z"), _lettered),
    (_said(r"(纵向|横向|正方形|方形)(?:构图|画幅|图片|图|的图)?"), _shaped),
    (
        _said("(portrait|vertical|landscape|horizontal|square|widescreen) (?:format|orientation|aspect|picture|image)"),
        _shaped,
    ),
    (
        _said(rf"(?:比例|画幅|宽高比|尺寸比例)?{_LEAD}({_RATIOS})(?:比例|画幅|的图|图)?"),
        lambda options, match: replace(options, ratio=_ratio("比例", re.sub("[：比]", ":", match.group(1)))),
    ),
    (
        _said(rf"(?:尺寸|大小|分辨率|size)?{_LEAD}([0-9]{{2,5}}\s?[x×*]\s?[0-9]{{2,5}})(?:像素|px)?"),
        lambda options, match: _with_size(options, "尺寸", re.sub(r"\s", "", match.group(1))),
    ),
    (
        _said(rf"(?:迭代)?(?:步数|steps){_LEAD}([0-9]{{1,6}})步?|([0-9]{{1,4}})步"),
        lambda options, match: replace(options, steps=_whole("步数", match.group(1) or match.group(2), *STEPS)),
    ),
    (
        _said(rf"(?:随机)?(?:种子|seed){_LEAD}(-?[0-9]{{1,12}})"),
        lambda options, match: _with_seed(options, "种子", match.group(1)),
    ),
    (
        _said(rf"(?:引导系数|引导|提示词相关性|相关性|cfg){_LEAD}([0-9]{{1,3}}(?:\.[0-9]{{1,3}})?)"),
        lambda options, match: replace(options, guidance=_real("引导", match.group(1), *GUIDANCE)),
    ),
    (
        _said(rf"(?:采样器|采样方法|采样){_LEAD}([a-z][a-z0-9+ ]*[a-z0-9+])"),
        lambda options, match: replace(options, sampler=match.group(1).strip()),
    ),
    (
        _said(r"(?:修复?|优化)(人脸|脸部?|面部|手部?|双手)"),
        lambda options, match: _with_fix(options, "fix", _FIXED[match.group(1)[0]]),
    ),
    (
        _said("快速(?:模式|画质|出图)"),
        lambda options, _: replace(options, quality="fast"),
    ),
    (
        _said("高清|超清|高清图|高清大图|大图|高分辨率"),
        lambda options, _: replace(options, large=True),
    ),
    (
        _said(r"(?:照)?原样(?:画|出图)?|按原文|(?:不要|不用|不|别)(?:扩写|扩展|补充|发挥)"),
        lambda options, _: replace(options, plain=True),
    ),
    (
        _said(
            r"(?:风格|画风|style)(?:\s?[:：是为用]\s?|\s)"
            r"([a-z0-9][a-z0-9 -]{1,30}|[^\s,，、。；！:：()\[\]{}<>|]{1,16})"
        ),
        _styled,
    ),
)
_PICTURE_SHAPE = ((_said("(竖|横|方)图"), _shaped),)
_BRACKETED = re.compile(r"[(\[{<]")


def read(text: str) -> ParsedOptions:
    """All options of a text. Raises Refusal for an unknown `--name` and for a value that cannot be."""
    asked = flags(text)
    return asked if asked.options.raw else plain(asked)


def plain(asked: ParsedOptions) -> ParsedOptions:
    """With the options said in plain words, standing between commas or spaces; text in brackets is left alone."""
    options, rest = _without(_PLAIN, asked.options, asked.text)
    # "-u 模糊 竖图": -u goes on to the end of the line, but nobody means that it shall not be a picture of that shape.
    options, negative = _without(_PICTURE_SHAPE, options, asked.negative)
    return ParsedOptions(options, rest, negative.strip(" ,，、"), asked.kept)


def _without(patterns: Iterable[tuple[re.Pattern[str], _Reader]], options: Options, rest: str) -> tuple[Options, str]:
    """The options with those that the patterns find in the text, and the text without them."""
    # Sign for sign, so that what is found can be cut out of the person's own text.
    plain_ = rest.translate(_TRADITIONAL)
    for pattern, reader in patterns:
        found = list(pattern.finditer(plain_))
        covered = _bracketed(rest) if found and _BRACKETED.search(rest) else None
        for match in reversed(found):
            if covered is None or not covered[match.start()]:
                changed = reader(options, match)
                if changed is None:
                    continue
                options = changed
                rest = rest[: match.start()] + " " + rest[match.end() :]
        plain_ = rest.translate(_TRADITIONAL)
    return options, rest


def _bracketed(text: str) -> list[bool]:
    covered, depth = [], 0
    for sign in text:
        depth += sign in "([{<"
        covered.append(depth > 0)
        depth = max(0, depth - (sign in ")]}>"))
    return covered
