"""Options said in plain words between commas or spaces: "竖图 4张 种子123"."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace

from prompts import styles
from prompts.option_values import (
    COUNTS,
    FACTORS,
    FILLS,
    GUIDANCE,
    MASK_BLURS,
    REDRAW,
    STEPS,
    SWITCHES,
    ParsedOptions,
    ratio_of,
    real,
    whole,
    with_fill,
    with_fix,
    with_padding,
    with_seed,
    with_size,
    with_soft,
)
from prompts.prompt import Options
from prompts.translate.numbers import value_of

_SHAPES = {
    "竖屏": 9 / 16, "手机屏": 9 / 16, "竖": 2 / 3, "纵向": 2 / 3, "横屏": 16 / 9, "宽屏": 16 / 9, "横": 3 / 2,
    "横向": 3 / 2, "直": 2 / 3, "方": 1.0, "正方形": 1.0, "方形": 1.0,
    "portrait": 2 / 3, "vertical": 2 / 3, "landscape": 3 / 2,
    "horizontal": 3 / 2, "square": 1.0, "widescreen": 16 / 9,
}  # fmt: skip
_RATIOS = "1:1|2:3|3:2|3:4|4:3|4:5|5:4|5:7|7:5|9:16|16:9|10:16|16:10|9:21|21:9|1:2|2:1".replace(":", "[:：比]")
_TRADITIONAL = str.maketrans(
    "張圖豎橫畫種數構寬採樣機為隨導係詞關兩給請幫來長辨率風擴寫補發揮別總謝繪僅區邊預內軟０１２３４５６７８９＝",
    "张图竖横画种数构宽采样机为随导系词关两给请帮来长辨率风扩写补发挥别总谢绘仅区边预内软0123456789=",
)
_CLAUSE = r"(?:\A|(?<=[,，、。；！]))\s*"
_CLAUSE_END = r"(?=\s*(?:[,，、。；！!.]|\Z))"
_START, _END = r"(?:(?<=[\s,，、。；！])|^)", r"(?=[\s,，、。；！]|\Z)"
_ORDER = "(?:请|帮我|给我|麻烦|我要|我想要|想要|要|来|再来|画|生成|出|做|整|一共|总共|共)"
_NUMBERS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "a dozen": 12, "twelve": 12, "twenty": 20, "a hundred": 100, "hundred": 100,
}  # fmt: skip
_ORDERED = "(?:please |can you |could you )?(?:draw|make|paint|generate|create|give|show|send|i want|i need)(?: me)? "
_PICTURES = r"(?:图片|照片|图像|图|画)?"

_MANY = "|".join(_NUMBERS)
_KINDS = "(?:different )?(?:pictures?|images?|pics?|photos?|variations?|versions?|variants?)"
_CHINESE = "一?[十百千][一二三四五六七八九十零]{0,4}|[两二三四五六七八九][十百千]?[一二三四五六七八九十百零]{0,5}"
_SEVERAL = f"[0-9]{{1,6}}|{_CHINESE}"  # and no lone 一: "一张脸"
# What 张 and 幅 count themselves: where one of these comes, it is no number of pictures. The long ones wherever they
# stand, of the short ones only a word's end, as 旗 in 旗袍 is none.
_SHEETS = re.compile(
    r"桌子|椅子|沙发|板凳|长凳|床铺|吊床|茶几|[宣白信报彩稿黄草]纸|纸[条片币]|剪纸|照片|相片|海报|地图|图纸|明信片|名片|卡[片牌]|扑克|塔罗|邮票"
    r"|[车门船机钞支]票|唱片|光盘|书签|面具|脸谱|[毛地挂毯]毯|毯子|床单|席子|凉席|[渔蛛]网|[兽虎毛牛羊]皮|古琴|油画|国画|壁画|名画|字画|水墨画"
    r"|版画|面膜|符咒|请柬|试卷|奖状|证书|嘴巴|[笑鬼人小]脸|面孔|脸庞|对联|卷轴"
    r"|[桌椅床榻凳纸脸嘴票卡牌画图网皮弓弩琴席毯垫布案饼膜符帆旗](?:$|[的上里旁前后下中间边之和与在])"
)
_OF_PICTURES = re.compile(r"的(?:照片|图片|图像|图|画|插画|壁纸|头像)$")  # "3张猫的照片"


_Reader = Callable[[Options, re.Match[str]], Options | None]  # None: it only looked like an option


def _count(options: Options, match: re.Match[str]) -> Options:
    word = match.group("n").lower()
    number = word if word.isascii() and word.isdecimal() else str(_NUMBERS.get(word) or value_of(word))
    return replace(options, count=whole(match.group().strip(), number, *COUNTS))


def _sheets(options: Options, match: re.Match[str]) -> Options | None:
    """The number before what there can be no sheets of: "100张猫", and no "三张桌子"."""
    of = match.group("of").strip()
    if not of or (_SHEETS.search(of) and not _OF_PICTURES.search(of)):
        return None
    return _count(options, match)


_LEAD = r"\s?[:：=是为用]?\s?"  # what may stand between the name of an option and its value


def _said(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"{_START}(?:{pattern}){_END}", re.IGNORECASE)


def _shaped(options: Options, match: re.Match[str]) -> Options:
    return replace(options, ratio=_SHAPES[match.group(1).lower()])


def _lettered(options: Options, match: re.Match[str]) -> Options:
    return SWITCHES[match.group(1)](options)


def _enlarged(options: Options, match: re.Match[str]) -> Options:
    """Enlarged as many times as were said; drawn over as well where that was said, too."""
    word = match.group("by")
    factor = real(match.group().strip(), str(value_of(word)), *FACTORS) if word else options.upscale
    return replace(options, upscale=factor, redraw=REDRAW if match.group("over") else options.redraw)


def _styled(options: Options, match: re.Match[str]) -> Options | None:
    style = styles.named(match.group(1))
    return replace(options, style=style.name) if style else None


_FIXED = dict.fromkeys("人脸面", "face") | dict.fromkeys("手双", "hand")
_PLAIN: tuple[tuple[re.Pattern[str], _Reader], ...] = (
    (
        _said(rf"{_ORDER}*(?P<n>{_SEVERAL}|一)\s?[张幅]{_PICTURES}(?:吧|就好|就行|就够了|即可)?(?:谢谢)?"),
        _count,
    ),
    # "画4张猫" is a number of pictures, since somebody asks for them; "三张桌子" stays.
    (re.compile(rf"{_START}{_ORDER}+(?P<n>{_SEVERAL})\s?[张幅](?=\S)"), _count),
    # "100张猫" begins with it; of cats there are no sheets.
    (re.compile(rf"\A\s*(?P<n>{_SEVERAL})\s?[张幅](?=(?P<of>[^,，、。；！!\n]+))"), _sheets),
    # "一只猫来两张": at the end, behind a word that asks for it.
    (
        re.compile(
            rf"(?<=[\u4e00-\u9fff])(?:请|给我|再)?(?:要|来|画|出|生成)(?P<n>{_SEVERAL})"
            rf"\s?[张幅]{_PICTURES}{_END}"
        ),
        _count,
    ),
    (_said(r"(?:张数|图片数量|数量)\s?[:：=]?\s?(?P<n>[0-9]{1,4})\s?[张幅]?"), _count),
    (_said(r"(?:count|batch(?: size)?)\s?[:：=]\s?(?P<n>[0-9]{1,4})"), _count),
    # "2 pictures of a cat" asks for pictures where the text begins or somebody is told to; in a scene they may hang.
    (
        re.compile(
            rf"(?:\A\s*(?:{_ORDERED})?|{_START}{_ORDERED})(?P<n>[0-9]{{1,6}}|{_MANY}) ?{_KINDS} of(?=\s)",
            re.IGNORECASE,
        ),
        _count,
    ),
    (
        re.compile(
            rf"{_CLAUSE}(?:{_ORDERED})?(?P<n>[0-9]{{1,6}}|{_MANY}) ?{_KINDS}(?: please)?{_CLAUSE_END}",
            re.IGNORECASE,
        ),
        _count,
    ),
    (
        re.compile(
            r"(?<=\s)(?<!with )(?<!of )(?<!the )(?<!and )(?<!has )(?P<n>[0-9]{1,4}) ?(?:pictures|images|pics)"
            + _CLAUSE_END,
            re.IGNORECASE,
        ),
        _count,
    ),
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
        _said(rf"(?:比例|画幅|宽高比|长宽比|尺寸比例|ar|(?:aspect )?ratio)?{_LEAD}({_RATIOS})(?:比例|画幅|的图|图)?"),
        lambda options, match: replace(options, ratio=ratio_of("比例", re.sub("[：比]", ":", match.group(1)))),
    ),
    (
        _said(rf"(?:尺寸|大小|分辨率|size)?{_LEAD}([0-9]{{2,5}}\s?[x×*]\s?[0-9]{{2,5}})(?:像素|px)?"),
        lambda options, match: with_size(options, "尺寸", re.sub(r"\s", "", match.group(1))),
    ),
    (
        _said(rf"(?:迭代)?(?:步数|steps){_LEAD}([0-9]{{1,6}})步?|([0-9]{{1,4}})步"),
        lambda options, match: replace(options, steps=whole("步数", match.group(1) or match.group(2), *STEPS)),
    ),
    (
        re.compile(rf"{_CLAUSE}([0-9]{{1,4}}) ?steps{_CLAUSE_END}", re.IGNORECASE),  # and no stairs "with 30 steps"
        lambda options, match: replace(options, steps=whole("steps", match.group(1), *STEPS)),
    ),
    (
        _said(rf"(?:随机)?(?:种子|seed){_LEAD}(-?[0-9]{{1,20}})"),
        lambda options, match: with_seed(options, "种子", match.group(1)),
    ),
    (
        _said(
            rf"(?:引导(?:系数)?|(?:提示词)?相关性|(?:cfg|guidance)(?: scale)?){_LEAD}([0-9]{{1,3}}(?:\.[0-9]{{1,3}})?)"
        ),
        lambda options, match: replace(options, guidance=real("引导", match.group(1), *GUIDANCE)),
    ),
    (
        _said(rf"(?:采样器|采样方法|采样|sampler(?=\s?[:：=])){_LEAD}([a-z][a-z0-9+ ]*[a-z0-9+])"),
        lambda options, match: replace(options, sampler=match.group(1).strip()),
    ),
    (
        _said(r"(?:修复?|优化)(人脸|脸部?|面部|手部?|双手)"),
        lambda options, match: with_fix(options, "fix", _FIXED[match.group(1)[0]]),
    ),
    (_said("放大(?:到|为|成)?(?P<by>[2-8两二三四五六七八])倍(?P<over>(?:后|并|再)?(?:分块)?重[绘画])?"), _enlarged),
    (_said("(?P<over>(?:放大|分块)(?:后|并|再)?重[绘画]|分块放大|tiled upscale)(?P<by>)"), _enlarged),
    (
        _said(
            rf"(?:蒙版|遮罩)(?:边缘)?模糊度?{_LEAD}([0-9]{{1,3}})(?:像素|px)?"
            r"|mask blur\s?[:：=]\s?([0-9]{1,3})(?:px)?"
        ),
        lambda options, match: replace(
            options, mask_blur=whole(match.group().strip(), match.group(1) or match.group(2), *MASK_BLURS)
        ),
    ),
    (
        _said(
            r"(?:仅|只)(?:重?[画绘]|重画)?(?:蒙版|遮罩)(?:区域|部分|内|里)?(?:的?(?:内容|部分))?"
            r"(?:\s?(?:边距|留边|预留)?\s?([0-9]{1,3})(?:像素|px)?)?"
        ),
        lambda options, match: with_padding(options, match.group().strip(), match.group(1) or ""),
    ),
    (
        re.compile(
            rf"{_CLAUSE}(?:inpaint area\s?[:=]\s?only masked|(?:redraw |inpaint |draw )?only the masked (?:area|part))"
            + _CLAUSE_END,
            re.IGNORECASE,
        ),
        lambda options, _: with_padding(options, "", ""),
    ),
    (_said("(?:柔和|软)(?:局部|蒙版)?重[绘画]|柔和(?:蒙版|遮罩)"), lambda options, _: with_soft(options, "", "")),
    (
        re.compile(rf"{_CLAUSE}soft inpainting(?:\s?[:=]\s?(?:on|true|enabled))?{_CLAUSE_END}", re.IGNORECASE),
        lambda options, _: with_soft(options, "", ""),
    ),
    (
        _said(rf"(?:蒙版|遮罩)(?:区域)?(?:内容|填充)(?:处理|方式)?\s?[:：=是为用]\s?({'|'.join(FILLS)})"),
        lambda options, match: with_fill(options, "fill", match.group(1)),
    ),
    (
        _said(
            r"(?:可以?)?[无無][缝縫](?:平[铺鋪]|拼接)?|平[铺鋪](?:[无無][缝縫])?"
            r"|tileable|seamless(?:ly)? (?:tiling|tileable)"
        ),
        lambda options, _: replace(options, tiling="xy"),
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


def plain(asked: ParsedOptions) -> ParsedOptions:
    """The parsed text with the options as well that are said in plain words between commas or spaces; text in brackets
    is left alone. Raises Refusal for a value that cannot be."""
    options, rest = _without(_PLAIN, asked.options, asked.text)
    # "-u 模糊 竖图": -u goes on to the end of the line, but nobody means that it shall not be a picture of that shape.
    options, negative = _without(_PICTURE_SHAPE, options, asked.negative)
    return ParsedOptions(options, rest, negative.strip(" ,，、"), asked.kept, asked.aside)


def _without(patterns: Iterable[tuple[re.Pattern[str], _Reader]], options: Options, rest: str) -> tuple[Options, str]:
    """The options together with the ones that the patterns find in the text, and the text without their words."""
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
