import re
import time
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts.compose import compose
from prompts.errors import Refusal
from prompts.infotext.reading import read
from prompts.options import read_options
from prompts.translate.translator import Translator
from tests.properties import tried


@pytest.mark.parametrize(
    ("text", "options", "rest"),
    [
        ("a cat --ar 3:2 --steps 30 --seed 5", {"ratio": 1.5, "steps": 30, "seed": 5}, "a cat"),
        ("a cat --size 512x768", {"width": 512, "height": 768}, "a cat"),
        ("a cat --size 512", {"width": 512, "height": 512}, "a cat"),
        (
            "a cat --cfg 7.5 --sampler DPM++ 2M Karras --model anime",
            {"guidance": 7.5, "sampler": "DPM++ 2M Karras", "model": "anime"},
            "a cat",
        ),
        ('--sampler "Euler a" a cat', {"sampler": "Euler a"}, "a cat"),
        ("a cat -n 4", {"count": 4}, "a cat"),
        ("a cat —ar 3:4", {"ratio": 0.75}, "a cat"),
        ("a cat --raw", {"raw": True}, "a cat"),
        ("a cat --seed -1", {}, "a cat"),
        ("猫，4张 竖图", {"count": 4, "ratio": 2 / 3}, "猫，"),
        ("猫，四張圖，橫圖", {"count": 4, "ratio": 1.5}, "猫， ，"),
        ("画4张猫", {"count": 4}, "猫"),
        ("来两张，方图，狗", {"count": 2, "ratio": 1.0}, "，狗"),
        ("猫 横屏 16:9", {"ratio": 16 / 9}, "猫"),
        ("猫 竖屏", {"ratio": 9 / 16}, "猫"),
        ("猫 步数30 种子123", {"steps": 30, "seed": 123}, "猫"),
        ("猫，步数：30，种子：123，引导7", {"steps": 30, "seed": 123, "guidance": 7.0}, "猫，"),
        ("猫 512x768", {"width": 512, "height": 768}, "猫"),
        ("猫，高清", {"large": True}, "猫，"),
        ("a cat, landscape format, seed: 7", {"ratio": 1.5, "seed": 7}, "a cat"),
        ("a cat --style ink wash --seed 3", {"style": "ink-wash", "seed": 3}, "a cat"),
        ("--style ink wash a cat", {"style": "ink-wash"}, "a cat"),
        ("猫 --style 水墨 种子3", {"style": "ink-wash", "seed": 3}, "猫"),
        ("猫 --风格 水墨", {"style": "ink-wash"}, "猫"),
        ("貓 --風格=水墨 --原樣", {"style": "ink-wash", "plain": True}, "貓"),
        ("猫 --style 水墨", {"style": "ink-wash"}, "猫"),
        ("猫，风格：水墨", {"style": "ink-wash"}, "猫，"),
        ("貓，畫風 賽博龐克", {"style": "cyberpunk"}, "貓，"),
        ("a cat, style: oil painting", {"style": "oil-painting"}, "a cat"),
        ("猫，原样", {"plain": True}, "猫，"),
        ("猫 不要扩写", {"plain": True}, "猫"),
        ("a cat --plain", {"plain": True}, "a cat"),
        ("a cat --no-expand", {"plain": True}, "a cat"),
        ("a cat --expand", {}, "a cat"),
        ("a cat --upscale 3 --redraw 0.3", {"upscale": 3.0, "redraw": 0.3}, "a cat"),
        ("--redraw a cat", {"redraw": 0.35}, "a cat"),
        ("猫，--redraw", {"redraw": 0.35}, "猫，"),
        ("猫，放大两倍", {"upscale": 2.0}, "猫，"),
        ("猫，放大4倍重绘", {"upscale": 4.0, "redraw": 0.35}, "猫，"),
        ("猫 放大重畫", {"redraw": 0.35}, "猫"),
        ("a cat, tiled upscale", {"redraw": 0.35}, "a cat"),
    ],
)
def test_options_are_read_and_taken_out(text: str, options: dict[str, object], rest: str) -> None:
    asked = read_options(text)
    assert asked.options.to_json() == pytest.approx(options)
    assert "".join(asked.text.replace("，", ",").split()).strip(",") == "".join(rest.replace("，", ",").split()).strip(
        ","
    )


@pytest.mark.parametrize(
    "text",
    [
        "三张桌子",
        "一张脸",
        "(4张:1.2)",
        "[竖图]",
        "12:30的车站",
        "高清照片",
        "放大镜",
        "放大两倍的猫",
        "竖图书馆",
        "种子发芽",
        "风格：没有人知道的",
        "水墨画风格",
        "风格化的猫",
        "(原样:1.2)",
        "a 4x4 car",
        "well-known",
    ],
)
def test_what_only_looks_like_an_option_stays(text: str) -> None:
    asked = read_options(text)
    assert asked.options.to_json() == {}
    assert asked.text == text


def test_no_takes_everything_up_to_the_next_option() -> None:
    asked = read_options("a cat --no text, watermark --seed 5")
    assert (asked.text, asked.negative, asked.options.seed) == ("a cat", "text, watermark", 5)


@pytest.mark.parametrize(
    ("text", "key", "named"),
    [
        ("cat --steps abc", "option.bad_value", "abc"),
        ("cat --steps", "option.bad_value", "--steps"),
        ("cat --steps 100000", "option.out_of_range", "100000"),
        ("cat --size 10x10", "option.out_of_range", "10x10"),
        ("cat --size big", "option.bad_value", "big"),
        ("cat --ar 0:1", "option.ratio", "0:1"),
        ("cat --ar 99:1", "option.ratio", "99:1"),
        ("cat --ar wide", "option.bad_value", "wide"),
        ("cat --cfg 99", "option.out_of_range", "99"),
        ("cat --redraw 7", "option.out_of_range", "7"),
        ("cat --stepps 3", "option.unknown", "--stepps"),
        ("cat --model", "option.bad_value", "--model"),
        ("cat --style", "option.bad_value", "--style"),
        ("cat --style nonesuch x", "style.unknown", "nonesuch"),
        ("猫，种子99999999999999999999", "option.out_of_range", "99999999999999999999"),
        ("猫，9999张", "option.out_of_range", "9999"),
    ],
)
def test_a_bad_value_is_refused_by_name(text: str, key: str, named: str) -> None:
    with pytest.raises(Refusal) as caught:
        read_options(text)
    assert caught.value.key == key
    assert named in map(str, caught.value.values.values())


@tried(500)
@given(
    st.lists(
        st.sampled_from(
            [
                "--ar",
                "--no",
                "--seed",
                "-n",
                "4",
                "3:2",
                "张",
                "竖图",
                "步数",
                "猫",
                " ",
                ",",
                "(",
                '"',
                "--",
                "x",
                "——v",
                "—",
                "：",
                "=",
                "--s",
                "--sref",
                "Steps: 20, Seed: ",
                "512x512",
                "\n",
            ]
        ),
        max_size=14,
    ).map("".join)
)
def test_reading_options_only_ever_refuses(text: str) -> None:
    try:
        read_options(text)
    except Refusal as refusal:
        assert refusal.key.startswith("option.")


@pytest.mark.parametrize(
    ("text", "ratio", "rest"),
    [
        ("一只猫 p", 2 / 3, "一只猫"),
        ("一只猫，l", 3 / 2, "一只猫"),
        ("一只猫 -s", 1.0, "一只猫"),
        ("-p a cat", 2 / 3, "a cat"),
        ("a cat --l", 3 / 2, "a cat"),
        ("特斯拉 model s", None, "特斯拉 model s"),
        ("the letter s", None, "the letter s"),
        ("a t-shirt, size -sm", None, "a t-shirt, size -sm"),
    ],
)
def test_the_shapes_of_the_chinese_bots(text: str, ratio: float | None, rest: str) -> None:
    asked = read_options(text)
    assert asked.options.ratio == ratio and asked.text.strip(" ，") == rest


@pytest.mark.parametrize(
    ("text", "quality", "rescale"),
    [
        ("a cat --quality fast", "fast", None),
        ("一只猫，快速模式", "fast", None),
        ("a cat --rescale 0.7 --quality=full", "full", 0.7),
        ("a cat --guidance-rescale 0", None, 0.0),
        ("a fast cat of high quality", None, None),
    ],
)
def test_quality_and_guidance_rescale(text: str, quality: str | None, rescale: float | None) -> None:
    asked = read_options(text)
    assert (asked.options.quality, asked.options.rescale) == (quality, rescale)
    assert "--" not in asked.text and "模式" not in asked.text


@pytest.mark.parametrize(
    "text", ["a cat --guidance-start 0.2 --guidance-end 0.8", "a cat --引导开始 0.2 --cfg-end=0.8"]
)
def test_where_guidance_acts(text: str) -> None:
    asked = read_options(text)
    assert (asked.options.guidance_start, asked.options.guidance_end, asked.text.strip()) == (0.2, 0.8, "a cat")


def test_the_curve_of_guidance() -> None:
    asked = read_options("a cat --引导曲线 linear-up")
    assert (asked.options.guidance_curve, asked.text.strip()) == ("linear up", "a cat")


@pytest.mark.parametrize(
    ("text", "said", "left"),
    [
        ("a cat --tile", {"tiling": "xy"}, "a cat"),
        ("a cat --tiling, blue", {"tiling": "xy"}, "a cat , blue"),
        ("a cat --tile xylophone", {"tiling": "xy"}, "a cat xylophone"),
        ("a cat --tiling x --steps 3", {"tiling": "x", "steps": 3}, "a cat"),
        ("一只猫 --平铺 y", {"tiling": "y"}, "一只猫"),
        ("云纹，无缝平铺", {"tiling": "xy"}, "云纹"),
        ("雲紋，無縫拼接，竖图", {"tiling": "xy", "ratio": 2 / 3}, "雲紋"),
        ("clouds, tileable", {"tiling": "xy"}, "clouds"),
        ("a cat --freeu", {"freeu": (1.3, 1.4, 0.9, 0.2)}, "a cat"),
        ("a cat --freeu 1.1/1.2/0.9/0.5", {"freeu": (1.1, 1.2, 0.9, 0.5)}, "a cat"),
        ("a cat --tome 0.5", {"token_merging": 0.5}, "a cat"),
        ("a cat --hypertile", {"hypertile": 256}, "a cat"),
        ("a cat --hypertile 128/2/1", {"hypertile": 128, "hypertile_swap": 2, "hypertile_depth": 1}, "a cat"),
    ],
)
def test_what_is_changed_inside_the_model(text: str, said: dict[str, object], left: str) -> None:
    asked = read_options(text)
    assert asked.options.to_json() == said and asked.text.strip(" ,，") == left and not asked.aside


@pytest.mark.parametrize(
    "text",
    ["一只猫躺在平铺的地毯上", "无缝图案的墙纸", "a seamless pattern of leaves", "a seamless background, a tile"],
)
def test_words_of_a_picture_ask_for_no_tiling(text: str) -> None:
    assert read_options(text).options.tiling is None


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("a cat --freeu 1/2/3", "option.bad_value"),
        ("a cat --freeu 9/1/1/1", "option.out_of_range"),
        ("a cat --token-merging 1", "option.out_of_range"),
        ("a cat --token-merging much", "option.bad_value"),
        ("a cat --hypertile 99999", "option.out_of_range"),
        ("a cat --hypertile 128/0", "option.out_of_range"),
    ],
)
def test_what_cannot_be_inside_the_model_is_refused(text: str, key: str) -> None:
    with pytest.raises(Refusal) as caught:
        read_options(text)
    assert caught.value.key == key


@pytest.mark.parametrize(
    "text",
    [
        "a cat --hires-checkpoint grand one --hires-vae soft",
        "a cat --高清模型 grand one --高清VAE soft",
        'a cat --hires_checkpoint "grand one" --hires_vae=soft',
    ],
)
def test_the_model_and_the_vae_of_the_second_pass(text: str) -> None:
    asked = read_options(text)
    assert (asked.options.hires_checkpoint, asked.options.hires_vae) == ("grand one", "soft")
    assert asked.text.strip() == "a cat"


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        ("a cat --pag 3", "pag", "3"),
        ("a cat --pag 3：Layers=MID+up.0：adaptive=.00025", "pag", "3:layers=mid+up.0:adaptive=0.00025"),
        ("a cat --扰动注意力 2.50", "pag", "2.5"),
        ("a cat --seg=2:blur=infinite", "seg", "2:blur=0"),
        ("a cat --mimic 7:percentile=99.5:mode=Half-Cosine-Up:min=3", "mimic",
         "7:percentile=99.5:mode=half-cosine-up:min=3"),
        ("a cat --dynthres 7:from=zero:measure=STD:by=time", "mimic", "7:from=zero:measure=std:by=time"),
        ("a cat --perp-neg 0.5", "perpendicular", 0.5),
        ("a cat --垂直反向 1", "perpendicular", 1.0),
    ],
)  # fmt: skip
def test_what_acts_beside_guidance(text: str, name: str, said: str | float) -> None:
    asked = read_options(text)
    assert (getattr(asked.options, name), asked.text.strip()) == (said, "a cat")
    if isinstance(said, str):
        assert getattr(read_options(f"a cat --{name} {said}").options, name) == said


@pytest.mark.parametrize(
    ("text", "key", "named"),
    [
        ("a cat --pag many", "option.bad_value", "--pag"),
        ("a cat --pag", "option.bad_value", "--pag"),
        ("a cat --pag 500", "option.out_of_range", "--pag"),
        ("a cat --pag 3:layer=mid", "option.further", "layer"),
        ("a cat --pag 3:layers=left", "option.bad_value", "left"),
        ("a cat --pag 3:layers=mid+", "option.bad_value", "mid+"),
        ("a cat --seg 3:adaptive=1", "option.further", "adaptive"),
        ("a cat --mimic 7:mode=zigzag", "option.bad_value", "zigzag"),
        ("a cat --mimic 7:percentile", "option.bad_value", "--mimic"),
        ("a cat --perp-neg 11", "option.out_of_range", "--perp-neg"),
    ],
)
def test_what_acts_beside_guidance_and_cannot_be(text: str, key: str, named: str) -> None:
    with pytest.raises(Refusal) as caught:
        read_options(text)
    assert caught.value.key == key and named in map(str, caught.value.values.values())


def test_guidance_rescale_is_a_share() -> None:
    with pytest.raises(Refusal) as caught:
        read_options("a cat --rescale 1.5")
    assert caught.value.key == "option.out_of_range"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a cat --fill noise", {"fill": "latent noise"}),
        ("a cat --fill original --mask-blur=4", {"fill": "original", "mask_blur": 4}),
        ("a cat --mask_blur 0 --only-masked", {"mask_blur": 0, "padding": 32}),
        ("a cat --only-masked 64, red", {"padding": 64}),
        ("a cat --only-masked red hat", {"padding": 32}),
        ("一只猫 --填充 噪声 --蒙版模糊 8", {"fill": "latent noise", "mask_blur": 8}),
        ("一隻貓 --填充 周圍顏色 --僅蒙版 16", {"fill": "fill", "padding": 16}),
        ("一只猫，仅蒙版，遮罩边缘模糊度 8", {"mask_blur": 8, "padding": 32}),
        ("一隻貓，僅遮罩區域 64像素", {"padding": 64}),
        ("一只猫，只重绘蒙版内容，蒙版内容：空白潜空间", {"fill": "latent nothing", "padding": 32}),
        ("a cat, inpaint area: only masked, mask blur: 6", {"mask_blur": 6, "padding": 32}),
        ("redraw only the masked part, a cat", {"padding": 32}),
        ("a cat --soft-inpainting", {"soft": True, "like": "a1111"}),
        ("a cat --soft-inpainting red hat", {"soft": True, "like": "a1111"}),
        ("一只猫 --柔和重绘 2/1.5", {"soft": True, "soft_bias": 2.0, "soft_preservation": 1.5, "like": "a1111"}),
        ("一只猫，柔和重绘，蒙版模糊 8", {"soft": True, "mask_blur": 8, "like": "a1111"}),
        ("一隻貓，軟重繪", {"soft": True, "like": "a1111"}),
        ("a cat, soft inpainting", {"soft": True, "like": "a1111"}),
        ("a cat in soft inpainting style", {}),
        ("the only masked man", {}),
        ("一只戴面罩的猫，蒙版", {}),
        ("a masked ball, only masked people, a blur", {}),
    ],
)
def test_what_is_said_of_a_mask(text: str, expected: dict[str, object]) -> None:
    asked = read_options(text)
    assert asked.options.to_json() == expected
    assert "--" not in asked.text and (expected or asked.text == text)


@pytest.mark.parametrize(
    "option",
    ["--fill water", "--fill", "--mask-blur 65", "--mask-blur x", "--only-masked 999", "--soft-inpainting 9",
     "--soft-inpainting 1/2/0", "--soft-inpainting 1/1/1/1/1/1/1"],
)  # fmt: skip
def test_what_cannot_be_said_of_a_mask(option: str) -> None:
    with pytest.raises(Refusal) as caught:
        read_options(f"a cat {option}")
    assert caught.value.key.startswith("option.")


def test_their_negative_and_what_they_leave_untranslated() -> None:
    asked = read_options("一只猫 -u 模糊，文字 -nt 夏目 贵志 --ar 1:1")
    assert (asked.text.strip(), asked.negative, asked.kept) == ("一只猫", "模糊，文字", "夏目 贵志")
    assert asked.options.ratio == 1


@pytest.mark.parametrize("text", ["一只猫 -u 模糊 竖图", "一只猫 -u 模糊，竖圖", "一只猫 -u 竖图，模糊"])
def test_a_shape_behind_their_negative_is_no_negative(text: str) -> None:
    asked = read_options(text)
    assert (asked.text.strip(), asked.negative, asked.options.ratio) == ("一只猫", "模糊", 2 / 3)


async def test_what_is_not_to_be_translated_reaches_the_prompt_as_it_is(translators: Sequence[Translator]) -> None:
    prompt, _ = await compose("一只猫 -nt 天青色 -u 水印", translators=translators)
    assert "天青色" in prompt.positive and "cat" in prompt.positive and "watermark" in prompt.negative
    raw, _ = await compose("a cat --raw -nt neko", translators=translators)
    assert raw.positive == "a cat, neko"


@pytest.mark.parametrize(
    ("written", "upscaler", "factor"),
    [
        ("--upscale 4x-UltraSharp", "4x-UltraSharp", 2.0),
        ("--upscale 4x-UltraSharp 3", "4x-UltraSharp", 3.0),
        ("--upscale RealESRGAN_x4plus x1.5 --seed 3", "RealESRGAN_x4plus", 1.5),
        ("--upscale ESRGAN_x4", "ESRGAN_x4", 2.0),
        ('--upscale "My sharp one:4"', "My sharp one", 4.0),
        ("--upscale 3", None, 3.0),
        ("--upscale x2, a hat", None, 2.0),
    ],
)
def test_upscalers_by_name_and_factor(written: str, upscaler: str | None, factor: float) -> None:
    asked = read_options(f"a cat {written}").options
    assert (asked.upscaler, asked.upscale) == (upscaler, factor)


def test_several_things_to_mend_are_joined() -> None:
    assert read_options("一个女孩，修手，修复人脸").options.fix in ("hand+face", "face+hand")
    assert read_options("a girl --fix face --fix hand+face").options.fix == "face+hand"
    assert read_options("a girl fixing hands").options.fix is None
    for wrong in ("a cat --fix", "a cat --upscale", "a cat --upscale 99", "a cat --vae"):
        with pytest.raises(Refusal):
            read_options(wrong)


@pytest.mark.parametrize(
    "written",
    [
        "--ar16:9",
        "--ar 16：9",
        "--ar=16:9",
        "--ar：16：9",
        "--AR 16 : 9",
        "—ar 16:9",
        "–ar 16x9",
        "——ar 16:9",
        "——ar16：9",
        "－－ａｒ　１６：９",
        "--aspect 16/9",
        "--ar 16∶9",
    ],
)
@pytest.mark.parametrize("before", ["一只猫 ", "一只猫", "a cat ", "a cat, "])
def test_options_as_hands_and_phones_type_them(written: str, before: str) -> None:
    asked = read_options(f"{before}{written} --steps=20")
    assert (asked.options.to_json(), asked.text.strip(" ,")) == ({"ratio": 16 / 9, "steps": 20}, before.strip(" ,"))


def test_an_option_glued_to_a_word_is_one_by_two_hyphens_alone() -> None:
    asked = read_options("a cat--ar 3:2--v 5")
    assert (asked.options.ratio, asked.text, asked.aside) == (1.5, "a cat", ("--v 5",))


@pytest.mark.parametrize(
    "text",
    [
        "她说——hello",
        "a red dress ——Chanel",
        "a girl —no, a woman",
        "well--known, rock--paper",
        "a stair with 30 steps",
        "a wall with 3 pictures",
        "three pictures on a wall",
        "a room with two photos",
        "服务员要两张纸",
        "墙上的两张照片",
        "一个人要睡觉",
    ],
)
def test_a_dash_and_a_number_of_things_are_no_options(text: str) -> None:
    asked = read_options(text)
    assert (asked.options.to_json(), asked.text, asked.negative) == ({}, text, "")


@pytest.mark.parametrize(
    ("text", "options", "rest"),
    [
        ("猫，seed=123", {"seed": 123}, "猫，"),
        ("猫 seed:123", {"seed": 123}, "猫"),
        ("貓，種子＝１２３", {"seed": 123}, "貓，"),
        ("cat, steps=30, cfg scale: 7", {"steps": 30, "guidance": 7.0}, "cat"),
        ("30 steps, cat", {"steps": 30}, "cat"),
        ("猫，要2张", {"count": 2}, "猫，"),
        ("猫，我要３张图", {"count": 3}, "猫，"),
        ("一只猫来两张", {"count": 2}, "一只猫"),
        ("貓，來兩張", {"count": 2}, "貓，"),
        ("猫，两张就好，谢谢", {"count": 2}, "猫，，谢谢"),
        ("猫，数量：4", {"count": 4}, "猫，"),
        ("cat, 2 pictures", {"count": 2}, "cat"),
        ("cat, two images please", {"count": 2}, "cat"),
        ("2 pictures of a cat", {"count": 2}, "a cat"),
        ("please draw me four variations of a cat", {"count": 4}, "a cat"),
        ("cat --repeat 3", {"count": 3}, "cat"),
        ("cat --width 512 --height 768", {"width": 512, "height": 768}, "cat"),
        ("cat --height 512", {"width": 512, "height": 512}, "cat"),
        ("猫 --steps 30步 --n 2张", {"steps": 30, "count": 2}, "猫"),
        ("cat --seed random", {}, "cat"),
        ("cat, sampler: Euler a", {"sampler": "Euler a"}, "cat"),
        ("猫 采样器=DPM++ 2M Karras，尺寸=512x768", {"sampler": "DPM++ 2M Karras", "width": 512, "height": 768}, "猫"),
    ],
)
def test_options_with_signs_of_equality_and_orders(text: str, options: dict[str, object], rest: str) -> None:
    asked = read_options(text)
    assert asked.options.to_json() == pytest.approx(options)
    assert re.sub(r"\bof\b|[\s,，]", "", asked.text) == re.sub(r"[\s,，]", "", rest)


@pytest.mark.parametrize(
    ("text", "count", "rest"),
    [
        ("100张猫", 100, "猫"),
        ("一百張貓", 100, "貓"),
        ("十二张猫，水彩", 12, "猫，水彩"),
        ("二十张 cats", 20, "cats"),
        ("4张红苹果", 4, "红苹果"),
        ("3幅山水", 3, "山水"),
        ("3张猫的照片", 3, "猫的照片"),
        ("3张旗袍女孩", 3, "旗袍女孩"),
        ("100张布偶猫", 100, "布偶猫"),
        ("画一百张猫", 100, "猫"),
        ("4 pictures of a red apple", 4, "a red apple"),
        ("three images of a red apple", 3, "a red apple"),
        ("nine photos of a dog", 9, "a dog"),
        ("a dozen pictures of a cat", 12, "a cat"),
        ("Please give me 10 pics of a dog", 10, "a dog"),
    ],
)
def test_a_number_of_pictures_is_no_number_of_things(text: str, count: int, rest: str) -> None:
    asked = read_options(text)
    assert (asked.options.to_json(), asked.text.strip()) == ({"count": count}, rest)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "draw me 2 cats",
            "2 cats",
            "100只猫",
            "三张桌子",
            "两张木头椅子",
            "九张脸的佛像",
            "四张扑克牌",
            "五张白色宣纸铺在地上",
        ),
        *(
            "三张红色的木头桌子",
            "两张床",
            "墙上挂着三张猫的照片",
            "5张嘴的怪物",
            "一张猫",
            "两幅对联",
            "two paintings of a cat",
        ),
    ],
)
def test_a_number_of_things_is_no_number_of_pictures(text: str) -> None:
    assert read_options(text).options.to_json() == {}


def test_a_number_that_nobody_draws_at_once_is_refused() -> None:
    for text in ("10000张猫", "10000 pictures of a cat", "九千张猫"):
        with pytest.raises(Refusal) as refused:
            read_options(text)
        assert refused.value.key == "option.out_of_range"


@pytest.mark.parametrize(
    ("written", "aside"),
    [
        ("--v 6", ("--v 6",)),
        ("--v 6.1 --s 250", ("--v 6.1", "--s 250")),
        ("--stylize=750 --chaos 20", ("--stylize 750", "--chaos 20")),
        ("--c20 --q .5", ("--c 20", "--q .5")),
        ("--quality 2 --public", ("--quality 2", "--public")),
        ("--iw 1.5 --weird 300", ("--iw 1.5", "--weird 300")),
        ("—v 6 —chaos 5", ("—v 6", "—chaos 5")),
        ("--style raw --turbo", ("--style raw", "--turbo")),
        ("--fast --relax --draft", ("--fast", "--relax", "--draft")),
        (
            "--sref https://a.b/c.png https://d.e/f.png --cref https://g.h/i.png --cw 50",
            ("--sref https://a.b/c.png https://d.e/f.png", "--cref https://g.h/i.png", "--cw 50"),
        ),
        ("--sref random --sw 100", ("--sref random", "--sw 100")),
        ("--v --chaos", ("--v", "--chaos")),
    ],
)
@pytest.mark.parametrize("text", ["a cat", "一只猫"])
async def test_what_only_midjourney_has_is_put_aside_with_a_word(
    written: str, aside: tuple[str, ...], text: str, translators: Sequence[Translator]
) -> None:
    asked = read_options(f"{text} {written} --ar 3:2")
    assert (asked.options.to_json(), asked.text, asked.aside) == ({"ratio": 1.5}, text, aside)
    prompt, _ = await compose(f"{text} {written}", translators=translators)
    assert "--" not in prompt.positive and "raw" not in prompt.positive and "http" not in prompt.positive
    assert [note.values["options"] for note in prompt.notes if note.key == "note.option_aside"] == [", ".join(aside)]


def test_what_midjourney_shares_with_others_is_read() -> None:
    assert read_options("a cat --niji 5").options.to_json() == {"style": "anime"}
    assert read_options("a cat --style ink wash --niji 6").options.style == "ink-wash"
    assert read_options("a cat --s").options.ratio == 1.0
    assert read_options("a cat --quality fast").options.quality == "fast"
    asked = read_options("a cat --no dog, tree --v 5.2 --seed 7")
    assert (asked.text, asked.negative, asked.options.seed) == ("a cat", "dog, tree", 7)


@pytest.mark.parametrize("between", ["\n", " ", "，\n"])
async def test_the_line_of_numbers_under_a_picture_is_read(between: str, translators: Sequence[Translator]) -> None:
    line = (
        "Steps: 20, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 7.5, Seed: 4242424242, Size: 512x768, "
        'Model hash: 6ce0161689, Model: anything-v5, Clip skip: 2, Lora hashes: "a: 1b2, c: 3d4", Version: v1.9.0'
    )
    text = f"masterpiece, 1girl\nNegative prompt: lowres, bad hands{between}{line}"
    prompt, options = await compose(text, translators=translators)
    assert options.to_json() == {
        "steps": 20,
        "sampler": "DPM++ 2M",
        "schedule": "Karras",
        "guidance": 7.5,
        "seed": 4242424242,
        "width": 512,
        "height": 768,
        "model": "anything-v5",
        "clip_skip": 2,
        "like": "a1111",
        "rng": "GPU",
    }
    assert (prompt.positive, prompt.negative) == ("masterpiece, 1girl", "lowres, bad hands")
    assert prompt.notes == ()


def test_what_cannot_be_in_a_pasted_line_refuses_nothing() -> None:
    asked = read_options("a cat\nSteps: 500, Sampler: Euler a, CFG scale: 99, Seed: 123456789012345678901, Size: 8x8")
    assert (asked.options.sampler, asked.options.steps, asked.options.guidance) == ("Euler a", None, None)
    assert asked.aside == ("Steps: 500", "CFG scale: 99", "Seed: 123456789012345678901", "Size: 8x8")
    assert read_options("猫\nSteps: 20, Sampler: Euler, Hires upscale: 2").options.hires_factor == 2.0
    for other in ("Steps: 3, up the stairs", "Steps: many, Sampler: none"):
        assert read(other) is None


@pytest.mark.parametrize(
    "text",
    [
        "--no x " * 570,
        "".join(f" —{at:b}".replace("0", "e").replace("1", "s") for at in range(500)),
        "--style cute " * 300,
        "--sref " + "1 " * 1900,
        "Steps:" + " " * 3900,
        "Steps: 20, Sampler: a" + ', b: "' * 600,
        "画两张" * 1300,
        "please draw me " * 260,
        " " * 3990 + "# x",
        "-" * 4000,
        "seed=" * 800,
    ],
)
def test_hostile_texts_are_read_quickly(text: str) -> None:
    began = time.process_time()
    try:
        read_options(text[:4000])
    except Refusal as refusal:
        assert refusal.key.startswith("option.")
    assert time.process_time() - began < 2  # 0.1 s at most here; something quadratic takes many


@pytest.mark.parametrize(
    ("text", "left", "said"),
    [
        ("a cat --like a1111", "a cat", {"like": "a1111"}),
        ("一只猫 --like A1111，坐着", "一只猫 ，坐着", {"like": "a1111"}),
        ("a cat --like 丹青", "a cat", {"like": "danqing"}),
        ("a cat --rng NV --seed 3", "a cat", {"like": "a1111", "rng": "NV", "seed": 3}),
        ("一只猫 --like danqing --rng cpu", "一只猫", {"like": "danqing", "rng": "CPU"}),
        ("a cat --schedule SGM Uniform --steps 8", "a cat", {"schedule": "SGM Uniform", "steps": 8}),
        ("a cat --scheduler=karras", "a cat", {"schedule": "karras"}),
        ("a cat --clip-skip 2", "a cat", {"clip_skip": 2}),
        ("画一只猫 --clip_skip 2 --sampler DPM++ 2M", "画一只猫", {"clip_skip": 2, "sampler": "DPM++ 2M"}),
    ],
)
def test_whose_way(text: str, left: str, said: dict[str, object]) -> None:
    asked = read_options(text)
    assert asked.options.to_json() == said
    assert asked.text == left


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("a cat --like comfy", "option.like"),
        ("a cat --rng tpu", "option.rng"),
        ("a cat --rng", "option.rng"),
        ("a cat --clip-skip 0", "option.out_of_range"),
        ("a cat --clip-skip two", "option.bad_value"),
        ("a cat --schedule", "option.bad_value"),
    ],
)
def test_no_such_way(text: str, key: str) -> None:
    with pytest.raises(Refusal) as refused:
        read_options(text)
    assert refused.value.key == key
