"""Prompts changed by sentences: what was asked for changes, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts.compose import compose
from prompts.edit.edited import Change, Edited, edit
from prompts.errors import Refusal
from prompts.prompt import Prompt
from prompts.translate.chinese import CHINESE
from prompts.translate.translator import Translator
from tests.prompts.own import own
from tests.properties import tried

pytestmark = pytest.mark.asyncio
GIRL = "一个黑色长发的女孩，戴着（红色帽子：1.2），站在森林里，白天，水彩"
CAT = "橘猫坐在沙发上，窗边，阳光"
ENGLISH = "a girl with a red hat and long black hair, (castle:1.3), sunset, watercolor"
Chain = tuple[Translator, ...]


def unwanted(prompt: Prompt) -> list[str]:
    return [str(one) for one in prompt.negatives if one.origin != "preset"]


async def change(text: str, sentence: str, translators: Chain) -> tuple[Prompt, Edited]:
    before, _ = await compose(text, translators=translators)
    return before, await edit(before, sentence, translators=translators)


@pytest.mark.parametrize(
    ("text", "sentence", "gone", "new"),
    [
        (GIRL, "头发改成蓝色", ["black hair"], ["blue hair"]),
        (GIRL, "換成夜景", ["day"], ["night"]),
        (GIRL, "去掉帽子", ["wearing (red hat:1.2)"], []),
        (
            GIRL,
            "头发改成蓝色，换成夜景，去掉帽子",
            ["black hair", "day", "wearing (red hat:1.2)"],
            ["blue hair", "night"],
        ),
        (GIRL, "帽子改成绿色", ["wearing (red hat:1.2)"], ["wearing (green hat:1.2)"]),
        (GIRL, "帽子的颜色改成绿色", ["wearing (red hat:1.2)"], ["wearing (green hat:1.2)"]),
        (GIRL, "把帽子换成皇冠吧", ["wearing (red hat:1.2)"], ["wearing (red crown:1.2)"]),
        (GIRL, "帽子的权重调到1.3", ["wearing (red hat:1.2)"], ["wearing (red hat:1.3)"]),
        (GIRL, "突出帽子", ["wearing (red hat:1.2)"], ["wearing (red hat:1.44)"]),
        (GIRL, "背景换成雪山", ["in forest"], ["on snowy mountain"]),
        (GIRL, "加上雪花", [], ["snowflakes"]),
        (GIRL, "短发", ["long hair"], ["short hair"]),
        (GIRL, "头发改成短发", ["long hair"], ["short hair"]),
        (GIRL, "改成冬天", [], ["winter"]),
        (GIRL, "换成油画风格", ["watercolor"], ["oil painting"]),
        (GIRL, "把女孩换成男孩", ["1girl"], ["1boy"]),
        (GIRL, "給她戴上眼鏡，把頭髮染成銀色", ["black hair"], ["wearing glasses", "silver hair"]),
        (GIRL, "去掉帽子、森林", ["wearing (red hat:1.2)", "in forest"], []),
        (GIRL, "去掉帽子和森林", ["wearing (red hat:1.2)", "in forest"], []),
        (GIRL, "去掉森林，帽子", ["wearing (red hat:1.2)", "in forest"], []),
        (GIRL, "衣服换成汉服", [], ["hanfu"]),
        (GIRL, "眼睛改成绿色", [], ["green eyes"]),
        ("两个女孩，红色裙子和蓝色裙子，插画风", "裙子改成绿色", ["red dress", "blue dress"], ["green dress"]),
        ("一个女孩在海边", "女孩改成三个", ["1girl"], ["3girls"]),
        ("neon lights, city", "make the lights brighter", ["neon lights"], ["bright neon lights"]),
        (CAT, "把猫换成狗", ["orange cat"], ["orange dog"]),
        (CAT, "把橘猫换成白猫", ["orange cat"], ["white cat"]),
        (GIRL, "去掉红色", ["wearing (red hat:1.2)"], ["wearing (hat:1.2)"]),
        (CAT, "猫戴上帽子", [], ["wearing hat"]),
        ("a red bus next to a car", "remove the car", ["a red bus next to a car"], ["a red bus"]),
        (CAT, "更亮一点", [], ["bright"]),
        (CAT, "让沙发更大一点", ["on sofa"], ["on big sofa"]),
        (GIRL, "帽子更大一点", ["wearing (red hat:1.2)"], ["wearing (big red hat:1.2)"]),
        (GIRL, "女孩穿上红裙子", [], ["red dress"]),
        (CAT, "沙发改成红色", ["on sofa"], ["on red sofa"]),
        (CAT, "replace the cat with a dog", ["orange cat"], ["orange dog"]),
        (
            ENGLISH,
            "make the hat green, remove the background",
            ["a girl with a red hat and long black hair", "(castle:1.3)"],
            ["a girl with a green hat and long black hair"],
        ),
        (ENGLISH, "change the sunset to night", ["sunset"], ["night"]),
        (ENGLISH, "make it night and add snow", ["sunset"], ["night", "snow"]),
        (ENGLISH, "castle weight 1.1", ["(castle:1.3)"], ["(castle:1.1)"]),
        (ENGLISH, "set the weight of the castle to 1", ["(castle:1.3)"], ["castle"]),
        (ENGLISH, "turn the castle into an old tower", ["(castle:1.3)"], ["(old tower:1.3)"]),
        (
            ENGLISH,
            "remove the hat",
            ["a girl with a red hat and long black hair"],
            ["a girl with long black hair"],
        ),
        (ENGLISH, "把城堡换成寺庙", ["(castle:1.3)"], ["(temple:1.3)"]),
    ],
)
async def test_what_is_asked_for_changes_and_nothing_else(
    text: str, sentence: str, gone: list[str], new: list[str], translators: Chain
) -> None:
    before, edited = await change(text, sentence, translators)
    assert sorted(own(edited.prompt)) == sorted([one for one in own(before) if one not in gone] + new)
    assert {one for one in gone if one not in own(before)} == set(), "the test itself"
    assert [one for one in edited.prompt.fragments if one.origin == "preset"] == [
        one for one in before.fragments if one.origin == "preset"
    ]


@pytest.mark.parametrize(
    "sentence", ["头发改成蓝色，换成夜景，去掉帽子", "背景换成雪山", "短发", "不要文字", "帽子权重1.3"]
)
async def test_the_new_text_says_the_new_prompt(sentence: str, translators: Chain) -> None:
    _, edited = await change(GIRL, sentence, translators)
    again, _ = await compose(edited.prompt.text, translators=translators)
    assert sorted(own(again)) == sorted(own(edited.prompt))
    assert sorted(unwanted(again)) == sorted(unwanted(edited.prompt))


async def test_the_text_stays_the_persons_own_where_it_can(translators: Chain) -> None:
    _, edited = await change(GIRL, "帽子改成绿色，换成夜景", translators)
    assert edited.prompt.text == "一个黑色长发的女孩，戴着（绿色帽子：1.2），站在森林里，夜景，水彩"
    _, edited = await change(CAT, "加上雪花", translators)
    assert edited.prompt.text == CAT + "，雪花"


async def test_one_edit_after_another(translators: Chain) -> None:
    prompt, _ = await compose("一只戴红色帽子的橘猫，白天", translators=translators)
    for sentence in ("帽子改成绿色，换成夜景", "把猫换成狗", "帽子改成蓝色", "去掉帽子"):
        prompt = (await edit(prompt, sentence, translators=translators)).prompt
        again, _ = await compose(prompt.text, translators=translators)
        assert sorted(own(again)) == sorted(own(prompt))
        assert all(one.source in prompt.text for one in prompt.fragments if one.origin != "preset")
    assert [one for one in own(prompt) if "hat" in one] == [] and "night" in own(prompt)


async def test_what_is_not_wanted_goes_to_the_negative_where_it_is_not_there(translators: Chain) -> None:
    _, edited = await change(GIRL, "不要帽子，不要胡子", translators)
    assert unwanted(edited.prompt) == ["beard"]
    assert not any("hat" in one for one in own(edited.prompt))
    again = await edit(edited.prompt, "加上胡子", translators=translators)
    assert "beard" in own(again.prompt) and "beard" not in unwanted(again.prompt)


@pytest.mark.parametrize(
    ("text", "sentence", "gone"),
    [
        ("a clown holding balloons in front of a tent", "without the balloons", "balloon"),
        ("a man in a grey coat walking in the rain", "no more rain", "rain"),
        ("a table with a lamp, a book and a vase", "lose the vase", "vase"),
        ("一个穿和服的女孩在看烟花", "不要和服", "kimono"),
        ("一个男孩戴着帽子，手里拿着一把剑", "别画剑", "sword"),
        ("夜晚的森林，一个提着灯笼的女孩", "灯笼也不要", "lantern"),
    ],
)
async def test_what_was_there_goes_and_is_not_denied_too(
    text: str, sentence: str, gone: str, translators: Chain
) -> None:
    before, edited = await change(text, sentence, translators)
    assert any(gone in one for one in own(before)) and not any(gone in one for one in own(edited.prompt))
    assert unwanted(edited.prompt) == []


@pytest.mark.parametrize(
    ("text", "sentence", "denied"),
    [
        ("山谷里的小村庄，炊烟", "去掉水印", "watermark"),
        ("海边日落，沙滩", "把路人去掉", "pedestrian"),
        ("a cathedral square at noon", "remove the people", "people"),
        ("a poster of a band", "get rid of the signature", "signature"),
    ],
)
async def test_what_models_draw_unasked_goes_to_the_negative(
    text: str, sentence: str, denied: str, translators: Chain
) -> None:
    _, edited = await change(text, sentence, translators)
    assert any(denied in one for one in unwanted(edited.prompt))


@pytest.mark.parametrize(
    ("text", "sentence", "stays"),
    [
        ("女孩抱着一只兔子站在花田里，天上飘着气球", "气球不要了", "女孩抱着一只兔子站在花田里"),
        ("一条小船停在湖面上，岸边开满了花", "花去了", "一条小船停在湖面上"),
        ("一碗热腾腾的牛肉面，桌上有筷子，特写", "去掉筷子", "一碗热腾腾的牛肉面，特写"),
        ("森林里有一间木屋，门口挂着灯笼", "灯笼也不要", "森林里有一间木屋"),
        ("街上有很多人，路灯，夜晚", "人都去掉", "街上，路灯，夜晚"),
    ],
)
async def test_a_place_goes_with_the_only_thing_that_was_there(
    text: str, sentence: str, stays: str, translators: Chain
) -> None:
    _, edited = await change(text, sentence, translators)
    assert edited.prompt.text == stays


async def test_the_changes_are_told(translators: Chain) -> None:
    _, edited = await change(GIRL, "头发改成蓝色，加上雪花，去掉帽子，帽子权重2，把飞机换成火车", translators)
    assert edited.changes == (
        Change("replaced", "black hair", "blue hair"),
        Change("added", after="snowflakes"),
        Change("removed", "wearing (red hat:1.2)"),
        Change("missed", "帽子"),
        Change("missed", "飞机"),
    )
    assert [note.key for note in edited.prompt.notes][:2] == ["edit.replaced", "edit.added"]
    again = await edit(edited.prompt, "加上星星", translators=translators)
    assert [note.key for note in again.prompt.notes] == ["edit.added"]


async def test_options_may_be_named_too(translators: Chain) -> None:
    _, edited = await change(GIRL, "改成竖图，换成夜景", translators)
    assert edited.options.ratio == pytest.approx(2 / 3)
    assert "night" in own(edited.prompt)
    _, edited = await change(GIRL, "种子123", translators)
    assert edited.options.seed == 123 and edited.changes == ()


async def test_a_negative_preset_does_not_speak_against_what_is_new(translators: Chain) -> None:
    before, edited = await change(GIRL, "加上文字", translators)
    assert "text" in [one.text for one in before.negatives]
    assert "text" not in [one.text for one in edited.prompt.negatives]


async def test_a_raw_prompt_stays_raw(translators: Chain) -> None:
    before, _ = await compose("red hat, (cat:1.2) BREAK day", translators=translators, raw=True)
    edited = await edit(before, "make the hat green", translators=translators)
    assert edited.prompt.raw and own(edited.prompt) == ["green hat", "(cat:1.2)", "BREAK", "day"]


async def test_loras_stay(translators: Chain) -> None:
    _, edited = await change("一只猫 <lora:ink:0.8>", "换成夜景", translators)
    assert [lora.name for lora in edited.prompt.loras] == ["ink"] and "<lora:ink:0.8>" in edited.prompt.text


@pytest.mark.parametrize(
    ("text", "sentence", "key", "values"),
    [
        ("一只猫", "", "edit.empty", {}),
        ("一只猫", "？？", "edit.not_understood", {"sentence": "？？"}),
        ("一只猫", "把门刷一下", "edit.not_understood", {"sentence": "把门刷一下"}),
        ("一只猫", "飞机权重1.3", "edit.near", {"before": "飞机", "after": "一只猫"}),
        ("一只猫", "把飞机换成火车，轮船换成马车", "edit.near", {"before": "飞机、轮船", "after": "一只猫"}),
        ("一个男孩在踢足球", "把狗去掉", "edit.near", {"before": "狗", "after": "一个男孩、踢足球"}),
        ("橘猫坐在沙发上，窗边", "去掉狗", "edit.near", {"before": "狗", "after": "橘猫"}),
        (
            "a bowl of ramen on a table",
            "get rid of the fork",
            "edit.near",
            {"before": "fork", "after": "bowl of ramen on a table"},
        ),
        ("女孩，气泡，海边", "气球去掉", "edit.near", {"before": "气球", "after": "气泡"}),
        ("女孩，氣泡，海邊", "氣球換成風箏", "edit.near", {"before": "氣球", "after": "氣泡"}),
        ("女孩，蝴蝶结，公园", "蝴碟结改成蓝色", "edit.near", {"before": "蝴碟结", "after": "蝴蝶结"}),
        ("a girl with a balloon, park", "remove the ballon", "edit.near", {"before": "ballon", "after": "balloon"}),
        (
            "a girl in a park",
            "replace the elephant with a dog",
            "edit.near",
            {"before": "elephant", "after": "girl, park"},
        ),
        ("红色的汽车", "车改成红色", "edit.same", {"before": "red car"}),
    ],
)
async def test_what_cannot_be_done_is_said(
    text: str, sentence: str, key: str, values: dict[str, str], translators: Chain
) -> None:
    before, _ = await compose(text, translators=translators)
    with pytest.raises(Refusal) as refused:
        await edit(before, sentence, translators=translators)
    assert (refused.value.key, dict(refused.value.values)) == (key, values)


async def test_a_picture_of_nothing_is_refused(translators: Chain) -> None:
    before, _ = await compose("cat", translators=translators, raw=True)
    with pytest.raises(Refusal) as refused:
        await edit(before, "remove the cat", translators=translators)
    assert refused.value.key == "edit.nothing_left"


@tried(60)
@given(st.text(alphabet="把换成去掉不要加上猫帽子红色的权重1.3，、 ()：:[]{}<>makegreenhat\ud83d\x00", max_size=40))
async def test_any_sentence_has_an_answer(translators: Chain, sentence: str) -> None:
    before, _ = await compose(GIRL, translators=translators)
    try:
        edited = await edit(before, sentence, translators=translators)
    except Refusal:
        return
    assert not CHINESE.search(edited.prompt.positive) and not CHINESE.search(edited.prompt.negative)
