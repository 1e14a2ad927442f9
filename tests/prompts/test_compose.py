import contextlib
import json
import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from prompts import grammar
from prompts.compose import compose, to_public_json
from prompts.doctor import examine
from prompts.errors import Refusal
from prompts.grammar import attention
from prompts.prompt import PARTS, Fragment, LoraUse, Options, Origin, Part, Prompt
from prompts.translate.chinese import CHINESE
from prompts.translate.translator import CHINESE_ONLY, Translator
from tests.properties import tried

CHAIN: tuple[Translator, ...] = ()


@pytest.fixture(scope="session", autouse=True)
def _dictionary(translators: tuple[Translator, ...]) -> None:
    global CHAIN
    CHAIN = translators


async def composed(text: str, **more: object) -> tuple[Prompt, Options]:
    return await compose(text, translators=CHAIN, **more)  # type: ignore[arg-type]


def own(fragments: Sequence[Fragment]) -> list[str]:
    return [str(fragment) for fragment in fragments if fragment.origin != "preset"]


def parts(prompt: Prompt) -> dict[Part, list[str]]:
    return {part: own(prompt.part(part)) for part in PARTS}


async def test_the_showcase() -> None:
    prompt, options = await composed("一只戴红色帽子的橘猫，水彩")
    assert parts(prompt) == {
        "quality_style": ["watercolor"],
        "subject": ["orange cat", "wearing red hat"],
        "scene_detail": [],
    }
    assert prompt.positive.startswith("(masterpiece:1.2), best quality")
    assert "worst quality" in prompt.negative
    assert options == Options()
    assert prompt.notes == ()


# What a person writes, and the three parts it should become.
REALISTIC = [
    (
        "草地上的一只白色小狗，晴天",
        " | white puppy | on grass, sunny",
    ),
    (
        "一個穿著紅色漢服的女孩，站在櫻花樹下，微笑，水墨畫風格",
        "ink wash painting | 1girl, red hanfu, standing, smile | under cherry blossom tree",
    ),
    (
        "请帮我画一张在海边看日落的情侣，电影感",
        "cinematic | couple, looking at sunset | seaside",
    ),
    (
        "头发是金色的，眼睛是蓝色的少女",
        " | blonde hair, 1girl, blue eyes | ",
    ),
    (
        "三只小猫在沙发上睡觉",
        " | three kittens, sleeping | on sofa",
    ),
    (
        "一杯咖啡放在木头桌子上，旁边有一本书",
        " | cup of coffee, book | on wooden table",
    ),
    (
        "宇航员骑着马在月球上，油画风格",
        "oil painting | astronaut, riding horse | on moon surface",
    ),
    (
        "桌子上有红色的苹果和绿色的葡萄",
        " | red apple, green grapes | on table",
    ),
    (
        "森林里的小木屋，清晨，薄雾",
        " | wooden cabin | in forest, morning, fog",
    ),
    (
        "巨大的鲸鱼在云海中游动，梦幻，新海诚风格",
        "dreamy, makoto shinkai style | giant whale, swimming | in sea of clouds",
    ),
    (
        "抱着猫的女孩，粉色双马尾",
        " | 1girl, holding cat, pink hair, twintails | ",
    ),
    (
        "一碗热气腾腾的拉面，美食摄影",
        "food photography | bowl of steaming ramen | ",
    ),
    (
        "一座古老的城堡矗立在悬崖上，暴风雨",
        " | ancient castle, standing | on cliff, thunderstorm",
    ),
    (
        "狐狸穿着西装，肖像画",
        "portrait | fox, wearing suit | ",
    ),
    (
        "两只天鹅在湖面上，倒影",
        " | two swans | on lake, reflection",
    ),
    (
        "穿宇航服的猫在月球上吃鱼",
        " | cat, wearing spacesuit, eating fish | on moon surface",
    ),
    (
        "古代将军，身后是燃烧的城市",
        " | ancient general | burning city in the background",
    ),
    (
        "一群小朋友在公园里放风筝",
        " | group of children, flying a kite | in park",
    ),
    (
        "两个女孩手牵手",
        " | 2girls, holding hands | ",
    ),
    (
        "杰作，最佳质量，1girl，黑色长发",
        "masterpiece, best quality | 1girl, black hair, long hair | ",
    ),
    (
        "a cute cat sitting on a chair, watercolor, sunset",
        "watercolor | a cute cat sitting on a chair | sunset",
    ),
]


@pytest.mark.parametrize(("text", "expected"), REALISTIC, ids=[row[0] for row in REALISTIC])
async def test_realistic_prompts(text: str, expected: str) -> None:
    prompt, _ = await composed(text, family="")
    assert " | ".join(", ".join(fragments) for fragments in parts(prompt).values()) == expected


@pytest.mark.parametrize(
    ("text", "positive"),
    [
        (
            "A girl in a café. Outside it is snowing. Ghibli style.",
            "Ghibli style, A girl in a café, Outside it is snowing",
        ),
        ("could you paint a watercolor of Venice in the morning?", "watercolor, Venice, in the morning"),
        ("a poster of a rock concert, No people. Lots of lights.", "poster, a rock concert, Lots of lights"),
        ("Mr. Bean, f/2.8, love live!", "Mr. Bean, f/2.8, love live!"),
        ("左边是一只狗，右边是一只猫", "dog on the left, cat on the right"),
        ("右下角有月亮", "moon in the lower right corner"),
        ("一只柴犬，头上顶着一个橘子", "shiba inu, mandarin orange on head"),
        ("虎虎生威的老虎，年画", "chinese new year print, mighty tiger"),
        ("气势磅礴的长城，山清水秀", "majestic great wall of china, green mountains, clear water"),
        ("林黛玉葬花，工笔画", "gongbi painting, lin daiyu burying flowers"),
        ("小红帽和大灰狼", "little red riding hood, big bad wolf"),
        ("凌晨三点的城市", "city, before dawn, three o'clock"),
        ("手執摺扇的書生", "ancient chinese scholar, holding folding fan"),
    ],
)
async def test_sentences_sayings_names_and_sides(text: str, positive: str) -> None:
    assert sorted((await composed(text, family=""))[0].positive.split(", ")) == sorted(positive.split(", "))


async def test_options_leave_the_text() -> None:
    prompt, options = await composed("草地上的一只白色小狗，4张 竖图 种子7 --steps 20", family="")
    assert own(prompt.fragments) == ["white puppy", "on grass"]
    assert options.to_json() == {"ratio": 2 / 3, "count": 4, "steps": 20, "seed": 7}


@pytest.mark.parametrize(
    ("text", "positive", "negative"),
    [
        ("一只猫，不要水印、文字，红色的花", ["cat", "red flower"], ["watermark", "text"]),
        ("一个没有帽子的男孩", ["1boy"], ["hat"]),
        ("女孩，負面：模糊，多余的手指", ["1girl"], ["blurry", "extra fingers"]),
        ("a girl\nNegative prompt: bad hands, (blurry:1.3)", ["a girl"], ["bad hands", "(blurry:1.3)"]),
        ("女孩 --no 水印, hat", ["1girl"], ["watermark", "hat"]),
        ("没有人的教室", ["classroom", "no humans"], []),
        ("(不要水印:1.3)，猫", ["cat"], ["(watermark:1.3)"]),
        ("a girl without a hat, no glasses, no humans", ["a girl", "no humans"], ["hat", "glasses"]),
        ("a (red:0.5) bus without a (driver:1.2)", ["a (red:0.5) bus"], ["(driver:1.2)"]),
        ("don’t draw people, just an empty beach, please", ["an empty beach"], ["people"]),
        ("一匹马站在草原上，不是白色的", ["horse", "standing", "on grassland"], ["white"]),
        ("不是白色的马", ["horse"], ["white"]),
        ("不是猫而是狗", ["dog"], ["cat"]),
        ("没有文字的海报，夏天", ["poster", "summer"], ["text"]),
        ("不要人只要风景", ["scenery"], ["person"]),
        ("不戴眼镜的女孩", ["1girl"], ["glasses"]),
    ],
)
async def test_what_is_not_wanted_goes_to_the_negative(text: str, positive: list[str], negative: list[str]) -> None:
    prompt, _ = await composed(text, family="")
    assert own(prompt.fragments) == positive
    assert own(prompt.negatives) == negative


@pytest.mark.parametrize(
    ("text", "positive"),
    [
        ("(橘猫:1.3), 水彩", ["watercolor", "(orange cat:1.3)"]),
        ("（橘猫：１．３），水彩", ["watercolor", "(orange cat:1.3)"]),
        ("[猫:狗:0.5]", ["[cat:dog:0.5]"]),
        ("{红色|蓝色}的花", ["{red|blue} flower"]),
        ("__animal__, __动物__", ["__animal__", "animal"]),
        ("白猫\\(大\\)", ["white cat \\(big\\)"]),
        ("(a, 猫:1.2)", ["(a:1.2)", "(cat:1.2)"]),
        ("a girl 在 the garden", ["a girl", "the garden"]),
        ("猫 BREAK 狗，水彩", ["cat", "BREAK", "watercolor", "dog"]),
        ("draw me a cat, please paint a dog", ["a cat", "a dog"]),
        ("🐱，水彩", ["watercolor", "cat"]),
    ],
)
async def test_syntax_is_kept_and_chinese_inside_it_translated(text: str, positive: list[str]) -> None:
    prompt, _ = await composed(text, family="")
    assert own(prompt.fragments) == positive


async def test_loras_are_named_and_never_translated() -> None:
    prompt, _ = await composed("一只猫 <lora:水墨_猫：0.8>, <lora:b:0.5:0.7>")
    assert prompt.loras == (LoraUse("水墨_猫", 0.8), LoraUse("b", 0.7, 0.5))
    assert own(prompt.fragments) == ["cat"]


@pytest.mark.parametrize(
    ("text", "positive"),
    [
        ("1girl, :<, solo, :>, smile", "1girl, :<, solo, :>, smile"),
        ("1girl, :3, smile", "1girl, :3, smile"),
        (":3, 1girl, (:3:1.2)", "(:3:1.2), 1girl"),
        ("1girl, <3, :d, ^_^, =_=, x_x, </3", "1girl, <3, :d, ^_^, =_=, x_x, </3"),
        ("1girl, (>_<:1.2), <3", "1girl, (>_<:1.2), <3"),
        ("女孩，：３，＞＿＜，微笑", "1girl, :3, >_<, smile"),
        ("猫耳，:<", "cat ears, :<"),
        ("1girl >_< solo", "1girl >_< solo"),
        ("<red> hat, a -> b", "red hat, a - b"),
        ("<b>cat</b>, 5 < 6 dogs", "b cat, 5 6 dogs"),
        ("画一只猫 >_<", "cat"),  # behind words it is talk
    ],
)
async def test_faces_are_tags_and_other_angle_brackets_are_nothing(text: str, positive: str) -> None:
    prompt, _ = await composed(text, family="")
    assert re.sub(" +", " ", prompt.positive) == positive
    assert not prompt.loras and not [note for note in prompt.notes if note.key == "note.angle"]


@pytest.mark.parametrize(
    ("text", "positive"),
    [
        ("那种很可爱的小猫，这种感觉的背景", "cute kitten, background"),
        ("要仙气飘飘的那种～～～谢谢啦(｡･ω･｡)ﾉ♡", "ethereal"),
        ("草地上，第 2 只狗，24小时便利店", "dog, on grass, 24-hour convenience store"),
        ("第三个女孩穿红裙", "1girl, red dress"),
        ("桌上有 3 个苹果和 2 瓶可乐", "three apples, two bottles of cola, on table"),
        ("泼墨，焦墨，皴法，留白", "splashed ink, dry scorched ink, texture strokes, negative space"),
        ("一只猫♡", "cat, heart"),
        ("a clock at 12:30, ratio 16:9", "a clock at 12:30"),
    ],
)
async def test_what_is_typed_around_a_thing_is_no_thing(text: str, positive: str) -> None:
    prompt, _ = await composed(text, family="")
    assert sorted(own(prompt.fragments)) == sorted(positive.split(", "))


@pytest.mark.parametrize("text", ["1girl, smile, :3", ":3", "女孩，：３", "1girl, :3 <lora:x:1>"])
async def test_a_face_at_the_end_is_no_weight_in_a1111(text: str) -> None:
    prompt, _ = await composed(text, family="")
    assert ":3" in prompt.positive
    assert re.search(r":\s*[-+]?[\d.]+\s*\Z", prompt.positive) is None
    assert grammar.multicond(prompt.positive) == [(prompt.positive, 1.0)]
    both, _ = await composed("a cat AND a dog :0.3", family="")
    assert both.positive == "a cat AND a dog :0.3"


@pytest.mark.parametrize(
    ("text", "lora"),
    [
        ("猫，＜lora：demo-gilded：0.8＞，微笑", LoraUse("demo-gilded", 0.8)),
        ("cat <lora：水墨（二）：0。8＞", LoraUse("水墨（二）", 0.8)),
        ("猫＜ｌｏｒａ：ｄｅｍｏ－２：０．５：０．８＞", LoraUse("demo-2", 0.8, 0.5)),
        ("cat <lyco:x:0。5>", LoraUse("x", 0.5)),
    ],
)
async def test_full_width_networks_are_networks(text: str, lora: LoraUse) -> None:
    prompt, _ = await composed(text, family="")
    assert prompt.loras == (lora,)
    assert own(prompt.fragments)[0] == "cat" and "demo" not in prompt.positive


@pytest.mark.parametrize("tag", ["<loar:foo:1>", "<ti:foo>", "<lora demo>", "＜lora＞", "<lora:>", "<hypernets：a>"])
async def test_a_word_and_a_colon_is_a_network_that_is_named_where_there_is_none(tag: str) -> None:
    prompt, _ = await composed(f"cat {tag}, dog", family="")
    assert own(prompt.fragments) == ["cat", "dog"]
    assert [note.values["text"] for note in prompt.notes if note.key == "note.angle"] == [tag]


@pytest.mark.parametrize(
    ("text", "positive"),
    [
        ("(杰作：1。2)，(红裙：1。3)", "(masterpiece:1.2), (red dress:1.3)"),
        ("（杰作：１。２），【红裙】", "(masterpiece:1.2), (red dress:0.909)"),
        ("[猫：狗：0。5]", "[cat:dog:0.5]"),
        ("(猫：1·3)", "(cat:1.3)"),
        ("猫。狗", "cat, dog"),
    ],
)
async def test_a_chinese_full_stop_is_the_point_of_a_weight(text: str, positive: str) -> None:
    prompt, _ = await composed(text, family="")
    assert prompt.positive == positive


@pytest.mark.parametrize(
    ("text", "positive"),
    [
        ("cat, embedding:easy.pt", "cat, embedding:easy.pt"),
        ("cat, embedding:easy:1.2, dog", "cat, (embedding:easy:1.2), dog"),
        ("cat, (embedding:easy.safetensors:1.2)", "cat, (embedding:easy.safetensors:1.2)"),
        ("猫，embedding:easy.pt：0.8", "cat, (embedding:easy.pt:0.8)"),
        ("cat, Embedding:easy:2", "cat, (Embedding:easy:2)"),
    ],
)
async def test_embeddings_are_named_as_comfyui_does(text: str, positive: str) -> None:
    prompt, _ = await composed(text, family="")
    assert prompt.positive == positive
    assert [one for one in examine(prompt, embeddings={"easy": 1}) if one.key.startswith("doctor.embedding")] == []


@pytest.mark.parametrize("text", ["猫" * 3000, "a cat " * 500, "猫，" * 200, "猫，" + "可爱的" * 60])
async def test_a_long_text_is_not_filled_up_however_little_it_says(text: str) -> None:
    prompt, _ = await composed(text)
    assert "note.expanded" not in {note.key for note in prompt.notes}
    short, _ = await composed(
        "猫 --sampler " + "DPM++ 2M Karras " + "--no " + "模糊，" * 60
    )  # what is beside it does not count
    assert "note.expanded" in {note.key for note in short.notes}


@pytest.mark.parametrize("more", ["", " --raw", " # and\n{cat|cat}"])
async def test_a_lora_may_stand_as_an_option(more: str) -> None:
    prompt, _ = await composed("cat --lora 水墨:0.5" + more, family="", seed=1)
    assert prompt.loras == (LoraUse("水墨", 0.5),) and "lora" not in prompt.positive


async def test_contradictions_are_left_out_and_said() -> None:
    prompt, _ = await composed("黑白照片，一个老爷爷，原样")
    assert "monochrome" not in prompt.negative and "grayscale" not in prompt.negative
    assert {note.key for note in prompt.notes} == {"note.contradiction"}
    assert {note.values["negative"] for note in prompt.notes} == {"monochrome", "grayscale"}


async def test_duplicates_merge_and_the_heavier_weight_wins() -> None:
    prompt, _ = await composed("cat, dog, (cat:1.4), 猫", family="")
    assert own(prompt.fragments) == ["(cat:1.4)", "dog"]
    assert [note.key for note in prompt.notes] == ["note.duplicate"]


async def test_tags_that_exclude_each_other_are_told_apart_by_weight_and_order() -> None:
    prompt, _ = await composed("cat, day, (night:1.2), indoors, outdoors", family="")
    assert own(prompt.fragments) == ["cat", "(night:1.2)", "indoors"]
    assert [dict(note.values) for note in prompt.notes] == [
        {"left": "day", "kept": "night"},
        {"left": "outdoors", "kept": "indoors"},
    ]
    prompt, _ = await composed("day BREAK night, cat", family="")
    assert not [note for note in prompt.notes if note.key == "note.opposite"]


async def test_weights_are_tidied() -> None:
    prompt, _ = await composed("(night sky,:1.5), (((moon))), (cat:1.33333)", family="")
    assert {f.text: f.weight for f in prompt.fragments} == {"night sky": 1.5, "moon": 1.331, "cat": 1.333}


async def test_the_family_and_the_look_choose_the_preset() -> None:
    assert (await composed("cat, photo", family="sd15"))[0].positive.startswith("(best quality:1.2), photorealistic")
    assert (await composed("cat", family="pony"))[0].positive.startswith("score_9, score_8_up, score_7_up")
    short, long = [(await composed("cat", family=family))[0].negatives for family in ("sdxl", "sd15")]
    assert len(short) < len(long) / 2
    assert (await composed("猫", family="never heard of"))[0].negative == ""


async def test_a_style_brings_its_words_and_gives_way_to_the_persons() -> None:
    prompt, options = await composed("一个女孩在花园里，黑发 --style 水墨")
    assert options.style == "ink-wash"
    quality = [str(fragment) for fragment in prompt.part("quality_style")]
    assert quality[-4:] == [
        "ink wash painting",
        "traditional chinese painting",
        "expressive brushwork",
        "rice paper texture",
    ]
    assert "3d render" in prompt.negative and "monochrome" not in prompt.negative
    assert own(prompt.fragments) == ["1girl", "black hair", "garden"]
    assert prompt.part("scene_detail")[-1].text == "generous empty space"

    prompt, _ = await composed("a photo of a girl, neon lights --style ink-wash --no rice paper texture")
    assert {"photo", "neon"}.isdisjoint(fragment.text for fragment in prompt.negatives)
    assert "rice paper texture" not in prompt.positive
    assert {note.key for note in prompt.notes} >= {"note.contradiction", "note.style_word"}

    other, _ = await composed("女孩 --style 水墨", given=Options(style="cyberpunk"))
    assert "cyberpunk" in other.positive and "ink wash" not in other.positive
    raw, _ = await composed("cat --style 水墨 --raw")
    assert raw.positive == "cat"


async def test_a_short_text_is_filled_up_visibly_and_one_word_switches_that_off() -> None:
    prompt, _ = await composed("猫", seed=3)
    added = [f for part in PARTS for f in prompt.part(part) if f.origin == "preset"]
    assert own(prompt.fragments) == ["cat"] and all(prompt.part(part) for part in PARTS)
    [note] = [note for note in prompt.notes if note.key == "note.expanded"]
    assert set(note.values["words"].split(", ")) <= {fragment.text for fragment in added}
    assert prompt.seed is None, "the text alone says what it is filled up with"
    for same in ("猫", "一只猫", "cat", "猫，种子3", "貓"):
        for seed in (3, 4):
            assert (await composed(same, seed=seed))[0].positive.replace("a cat", "cat") == prompt.positive
    assert (await composed("狗", seed=3))[0].positive.replace("dog", "cat") != prompt.positive
    for off in ("猫，原样", "猫 --plain"):
        plain, _ = await composed(off, seed=3)
        assert [f.text for f in plain.fragments if f.part != "quality_style"] == ["cat"]
        assert plain.notes == () and plain.seed is None
    assert (await composed("猫", raw=True, seed=3))[0].positive == "猫"


async def test_choices_are_made_with_the_seed_before_translation() -> None:
    text = "一只{红色|蓝色}的鸟在__地点__"
    prompt, _ = await composed(text, family="", seed=1)
    again, _ = await composed(text, family="", seed=1)
    assert prompt == again and prompt.seed == 1 and prompt.text == text
    assert own(prompt.fragments)[0] in ("red bird", "blue bird")
    assert [note.key for note in prompt.notes if note.key == "note.chosen"] == ["note.chosen"] * 2
    assert len({(await composed(text, family="", seed=seed))[0].positive for seed in range(20)}) > 5
    unseeded, _ = await composed("a {red|blue} bird", family="")
    assert own(unseeded.fragments) == ["a {red|blue} bird"]
    assert (await composed("a {red|blue} bird --seed 2", family=""))[0].seed == 2
    assert (await composed("a {red|blue} bird", raw=True, seed=1))[0].positive == "a {red|blue} bird"


async def test_choices_reach_loras_options_and_the_negative(tmp_path: Path) -> None:
    (tmp_path / "thing.txt").write_text("a teapot\n")
    prompt, options = await composed(
        "__thing__ {<lora:a:1>|<lora:b:1>} {竖图|横图} --no {x|y}",
        family="",
        seed=5,
        negative="{u|v}",
        wildcards=(tmp_path,),
    )
    assert own(prompt.fragments) == ["a teapot"]
    assert prompt.loras in ((LoraUse("a"),), (LoraUse("b"),)) and options.ratio in (2 / 3, 1.5)
    assert own(prompt.negatives)[0] in "xy" and own(prompt.negatives)[1] in "uv"


async def test_odd_weights_are_noted() -> None:
    prompt, _ = await composed("(cat:2.5), (dog:0.1), (bird:1.5), [fish:1.2], (a", family="")
    notes = [(note.key, dict(note.values)) for note in prompt.notes]
    assert ("note.weight", {"text": "cat", "weight": "2.5"}) in notes
    assert ("note.weight", {"text": "dog", "weight": "0.1"}) in notes
    assert sorted({key for key, _ in notes}) == ["note.delayed", "note.unclosed", "note.weight"]


@pytest.mark.parametrize("text", ["a cat  (x),, [y] BREAK 16:9 4张 猫", " 一只猫 \n", "(", "\\"])
async def test_raw_is_byte_for_byte(text: str) -> None:
    prompt, options = await composed(text, raw=True)
    assert (prompt.positive, prompt.negative, prompt.raw, options) == (text, "", True, Options())
    assert prompt.fragments == (Fragment(text, source=text),)


async def test_raw_takes_out_loras_and_adds_the_negative_given() -> None:
    prompt, _ = await composed("a <lora:x:0.5> b", raw=True, negative="不好 (x)")
    assert (prompt.positive, prompt.negative, prompt.loras) == ("a  b", "不好 (x)", (LoraUse("x", 0.5),))


async def test_raw_in_the_text_still_reads_the_other_options() -> None:
    prompt, options = await composed("a  (cat), 猫 --raw --seed 5 --no dog")
    assert (prompt.positive, prompt.negative, options.seed, prompt.raw) == ("a  (cat), 猫", "dog", 5, True)


@pytest.mark.parametrize("raw", [True, False])
@pytest.mark.parametrize("text", ["", "  \n\t", "　"])
async def test_an_empty_text_is_refused(text: str, raw: bool) -> None:
    with pytest.raises(Refusal) as caught:
        await composed(text, raw=raw)
    assert caught.value.key == "prompt.empty"


@pytest.mark.parametrize("text", ["4张 竖图", "请帮我画", "，，、", "()", "不要水印"])
async def test_a_text_with_nothing_to_draw_is_refused(text: str) -> None:
    with pytest.raises(Refusal) as caught:
        await composed(text)
    assert caught.value.key == "prompt.empty"


@pytest.mark.parametrize("raw", [True, False])
async def test_a_long_text_is_refused(raw: bool) -> None:
    with pytest.raises(Refusal) as caught:
        await composed("猫" * 4001, raw=raw)
    assert (caught.value.key, caught.value.values) == ("prompt.too_long", {"length": 4001, "limit": 4000})
    with pytest.raises(Refusal):
        await composed("cat", negative="x" * 4001, raw=raw)


async def test_what_nobody_can_translate_is_named_and_never_reaches_the_model() -> None:
    prompt, _ = await compose("一只猫，𠀀𠀁", translators=CHAIN, family="")
    assert own(prompt.fragments) == ["cat"]
    assert [(note.key, dict(note.values)) for note in prompt.notes] == [("note.untranslated", {"words": "𠀀𠀁"})]
    with pytest.raises(Refusal) as caught:
        await composed("𠀀𠀁")
    assert (caught.value.key, caught.value.values) == ("prompt.not_understood", {"words": "𠀀𠀁"})
    with pytest.raises(Refusal):
        await compose("猫", translators=())


async def test_dictionary_words_are_said_to_be_uncertain() -> None:
    prompt, _ = await composed("一位老人拿着痰盂", family="")
    assert own(prompt.fragments) == ["elderly person", "holding spittoon"]
    assert prompt.fragments[1].origin == "dictionary"
    assert [(note.key, dict(note.values)) for note in prompt.notes] == [
        ("note.dictionary", {"words": "痰盂 = spittoon"})
    ]


class Whole:
    """A translator of sentences that knows one."""

    sentences: Literal[True] = True
    name = "whole 1"
    origin: Origin = "argos"
    languages = CHINESE_ONLY

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def english(self, clause: str) -> str:
        self.asked.append(clause)
        return "The taotie sentence." if clause == "饕餮囫囵耄耋" else ""

    async def close(self) -> None:
        pass


async def test_a_translator_of_sentences_reads_only_dark_clauses() -> None:
    whole = Whole()
    prompt, _ = await compose("一只猫，饕餮囫囵耄耋，囫囵", translators=(CHAIN[0], whole, CHAIN[-1]), family="")
    assert whole.asked == ["饕餮囫囵耄耋", "囫囵"]
    assert [(f.text, f.origin) for f in prompt.fragments][:2] == [("cat", "glossary"), ("the taotie sentence", "argos")]


async def test_the_demo_family_gets_short_presets() -> None:
    prompt, _ = await composed("一只戴红色帽子的橘猫", family="demo")
    assert prompt.positive == "masterpiece, best quality, orange cat, wearing red hat"
    assert prompt.negative == "worst quality, blurry, low quality"


async def test_public_json_has_its_form() -> None:
    prompt, options = await composed("一只橘猫，4张 <lora:x:0.5>", family="demo")
    shown = to_public_json(prompt, options)
    assert json.loads(json.dumps(shown)) == shown
    assert list(shown) == ["text", "positive", "negative", "parts", "negatives", "loras", "options", "notes"]
    assert shown["parts"]["subject"] == [  # type: ignore[index, call-overload]
        {"text": "orange cat", "weight": 1.0, "origin": "glossary", "source": "一只橘猫"}
    ]
    assert shown["options"] == {"count": 4}
    assert Prompt.from_json(prompt.to_json()) == prompt


WORDS = [
    *("一只", "戴", "红色", "帽子", "的", "橘猫", "，", "、", "水彩", "不要", "没有", "在", "森林", "里", "穿", "頭髮"),
    *("(", ")", "[", "]", ":", "1.3", "（", "）", "：", "BREAK", "AND", "<lora:a:1>", "<b>", "{a|猫}", "__w__"),
    *("__猫__", "负面："),
    *("\\", "🐱", "cat", "㐀", "𠀀", "ㄅ", "4张", "\ud800", "\x00", "负面：", "-", "0.5", "|", "\n"),
]


@tried(500)
@given(st.lists(st.one_of(st.sampled_from(WORDS), st.text(st.characters(), max_size=3)), max_size=14).map("".join))
@example("(猫:1e9)")
@example("[猫:0.5:(]")
async def test_no_text_whatever_leaves_chinese_or_fails(text: str) -> None:
    try:
        prompt, _ = await composed(text)
    except Refusal:
        return
    for written in (prompt.positive, prompt.negative):
        assert not CHINESE.search(written)
        written.encode()
    assert Prompt.from_json(json.loads(json.dumps(prompt.to_json()))) == prompt


# Words that say something when a phrase begins with them, each with a phrase of which less than all is drawn.
LANGUAGE = {
    **{denies: f"{denies} aa" for denies in ("no", "not", "without", "avoid", "exclude")},
    **{asks: f"{asks} the" for asks in ("draw", "paint", "create", "generate", "make", "show", "give", "sketch")},
    **{hedges: f"{hedges} the" for hedges in ("just", "only")},
    **{thanks: thanks for thanks in ("please", "pls", "plz", "thanks", "thx")},
    **{article: f"aa, {article} aa" for article in ("an", "the")},
    **{shape: f"{shape} image" for shape in ("portrait", "vertical", "square")},
    "thank": "thank you",
    "style": "style anime",
}
WORDS_OF_ANY_KIND = st.from_regex(r"[a-z]{2,8}( [a-z]{2,6})?", fullmatch=True)
TAGS = WORDS_OF_ANY_KIND.filter(lambda words: words.split()[0] not in LANGUAGE)
PROTECTED = st.one_of(
    TAGS,
    st.builds("[{}:{}:0.5]".format, WORDS_OF_ANY_KIND, WORDS_OF_ANY_KIND),
    st.builds("{{{}|{}, {}}}".format, WORDS_OF_ANY_KIND, WORDS_OF_ANY_KIND, WORDS_OF_ANY_KIND),
    st.builds("__{}__".format, st.from_regex(r"[a-z]{2,8}", fullmatch=True)),
    st.builds("{} \\({}\\)".format, TAGS, WORDS_OF_ANY_KIND),
)


@pytest.mark.parametrize("text", LANGUAGE.values())
async def test_a_phrase_that_begins_with_such_a_word_is_no_tag(text: str) -> None:
    prompt, _ = await composed(f"cat, {text}", family="")
    assert ["cat", *text.split(", ")] != [fragment.text for fragment in prompt.fragments]


@tried(300)
@given(st.lists(PROTECTED, min_size=1, max_size=5, unique=True))
async def test_protected_spans_come_back_byte_for_byte(spans: list[str]) -> None:
    prompt, _ = await composed("，".join(["一只猫", *spans, "水彩"]), family="")
    assert {*spans} <= {fragment.text for fragment in prompt.fragments}


@tried(300)
@given(
    st.lists(
        st.builds(lambda tag, weight: (tag, round(weight, 2)), TAGS, st.floats(0.4, 1.6)),
        min_size=1,
        max_size=5,
        unique_by=lambda t: t[0],
    )
)
async def test_weights_survive(tags: list[tuple[str, float]]) -> None:
    prompt, _ = await composed(", ".join(f"({tag}:{weight})" for tag, weight in tags), family="")
    read = dict(attention(prompt.positive))
    for tag, weight in tags:
        assert {fragment.text: fragment.weight for fragment in prompt.fragments}[tag] == weight
        assert weight == 1 or any(tag in leaf and read[leaf] == weight for leaf in read)


async def test_a_hostile_text_of_full_length_is_quick() -> None:
    for text in (
        "(" * 4000,
        "猫" * 4000,
        "的" * 4000,
        "囫囵" * 2000,
        "[(a" * 1000 + ")]" * 500,
        "一只" * 2000,
        "4张 " * 1300,
    ):
        start = time.process_time()
        with contextlib.suppress(Refusal):
            await composed(text)
        assert time.process_time() - start < 10  # something quadratic takes minutes


def test_the_package_is_light(tmp_path: Path) -> None:
    import subprocess
    import sys

    code = (
        "import sys, asyncio, pathlib\n"
        "from prompts.compose import compose; from prompts.translate.chain import chain\n"
        f"asyncio.run(compose('一位老人拿着铜锣', translators=chain(pathlib.Path({str(tmp_path)!r}))))\n"
        "assert not {'torch', 'ctranslate2', 'sentencepiece', 'argostranslate', 'numpy'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])


async def test_the_small_model_hears_of_the_style_last_as_in_its_training() -> None:
    for family, expected in (("demo", ["panda", "white background", "pixel art"]), ("sd15", ["pixel art", "panda"])):
        prompt, _ = await composed("像素画熊猫，白色背景", family=family)
        said = [fragment.text for fragment in prompt.fragments if fragment.origin != "preset"]
        assert [word for word in said if word in expected] == expected


async def test_a_hypernetwork_is_refused_by_name_and_of_an_infotext_put_aside() -> None:
    for said in ({"text": "a cat <hypernet:old:1>"}, {"text": "a cat", "negative": "<hypernet:old>"}):
        for raw in (False, True):
            with pytest.raises(Refusal) as refused:
                await compose(translators=[], raw=raw, **said)  # type: ignore[arg-type]
            assert (refused.value.key, refused.value.values) == ("lora.hypernet", {"name": "old"})
    pasted = "a cat <hypernet:old:1>\nNegative prompt: dog\nSteps: 20, Sampler: Euler a, Seed: 1, Size: 64x64"
    prompt, _ = await compose(pasted, translators=[])
    assert [note.values["name"] for note in prompt.notes if note.key == "note.hypernet"] == ["old"]
    assert "hypernet" not in prompt.positive
