"""What is compared, as people and A1111's X/Y/Z plot write it."""

from __future__ import annotations

import time

import pytest

from prompts import axes
from prompts.axes import Axis, Value
from prompts.errors import Refusal
from prompts.options import NAMES as FLAGS
from prompts.prompt import LoraUse


def read(said: str) -> list[tuple[str, str, tuple[Value, ...]]]:
    return [(axis.title, axis.what or axis.kind, axis.values) for axis in axes.read(said)]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (
            "步数=10,20,30 采样器=Euler a,DPM++ 2M Karras",
            [("步数", "steps", (10, 20, 30)), ("采样器", "sampler", ("Euler a", "DPM++ 2M Karras"))],
        ),
        (
            "x:steps=10-50(+10) y:cfg=3-9[4] z:model=a,b",
            [
                ("steps", "steps", (10, 20, 30, 40, 50)),
                ("cfg", "guidance", (3, 5, 7, 9)),
                ("model", "model", ("a", "b")),
            ],
        ),
        ("lora:A,B 权重:0.4,0.7,1", [("lora", "lora", ("A", "B")), ("权重", "weight", (0.4, 0.7, 1))]),
        ("把“红”换成 红,蓝，绿", [("红", "红", ("红", "蓝", "绿"))]),
        ("replace red with red, blue 步數：4，8", [("red", "red", ("red", "blue")), ("步數", "steps", (4, 8))]),
        ("seed=1-4", [("seed", "seed", (1, 2, 3, 4))]),
        ("seed=4-1", [("seed", "seed", (4, 3, 2, 1))]),
        ("steps=5-1（-2）", [("steps", "steps", (5, 3, 1))]),
        ("denoising=0.4-1(+0.2)", [("denoising", "strength", (0.4, 0.6, 0.8, 1))]),
        ("重绘幅度=0.4到0.8[3]", [("重绘幅度", "strength", (0.4, 0.6, 0.8))]),
        ("steps=8,8,4", [("steps", "steps", (8, 4))]),
        ('prompt s/r="a, b",c', [("prompt s/r", "a, b", ("a, b", "c"))]),
        ("提示词顺序=a,b", [("提示词顺序", "a, b", ("a, b", "b, a"))]),
        (
            "z:steps=1,2 x:cfg=3 y:seed=1",
            [("cfg", "guidance", (3,)), ("seed", "seed", (1,)), ("steps", "steps", (1, 2))],
        ),
        (
            "Clip skip=1,2；尺寸=512x512,768x512",
            [("Clip skip", "clip-skip", (1, 2)), ("尺寸", "size", ("512x512", "768x512"))],
        ),
    ],
)
def test_lists_ranges_and_counts_are_read(said: str, expected: list[tuple[str, str, tuple[Value, ...]]]) -> None:
    assert read(said) == expected


@pytest.mark.parametrize(
    ("said", "key"),
    [
        ("stpes=3", "compare.unknown"),
        ("steps=3 cgf=4", "compare.unknown"),
        ("a cat", "compare.form"),
        ("", "compare.form"),
        ("a cat steps=3", "compare.form"),
        ("steps=a", "compare.no_number"),
        ("steps=1-9(-1)", "compare.no_number"),
        ("steps=1-9(+0)", "compare.no_number"),
        ("steps=", "compare.no_values"),
        ("steps=1,2 steps=3", "compare.twice"),
        ("x:steps=1,2 x:cfg=3", "compare.twice"),
        ("steps=1,2 步数=3,4", "compare.twice"),
        ("x:steps=1,2 y:steps=3,4", "compare.twice"),
        ("seed=1-1000000000", "compare.too_many_values"),
        ("steps=1 cfg=1 seed=1 style=a", "compare.too_many_axes"),
        ("提示词顺序=a,b,c,d,e", "compare.too_many_values"),
    ],
)
def test_what_cannot_be_compared_is_said(said: str, key: str) -> None:
    with pytest.raises(Refusal) as refused:
        axes.read(said)
    assert refused.value.key == key


def test_lines_are_read_as_spaces() -> None:
    assert read("model=a\nb,c\nsteps=1") == [("model", "model", ("a b", "c")), ("steps", "steps", (1,))]


@pytest.mark.parametrize("said", ["，把" * 10_000, "，把“" * 10_000, ' replace "' * 3_000])
def test_a_hostile_text_is_read_in_a_moment(said: str) -> None:
    began = time.process_time()
    axes.parted(said)
    assert time.process_time() - began < 2.0


def test_nothing_of_a_long_list_is_left_out() -> None:
    words = [f"word{number:04}" for number in range(axes.MOST_VALUES)]
    said = f"把红换成 {','.join(words)} {' ' * 2000} 步数=4"
    assert [axis.values for axis in axes.read(said)] == [tuple(words), (4,)]


def test_the_nearest_name_is_offered() -> None:
    with pytest.raises(Refusal) as refused:
        axes.read("stpes=Euler a")
    assert refused.value.values["near"] == "steps"


def test_every_flag_of_an_axis_is_one_that_texts_have() -> None:
    assert {flag for kind, flag in axes._KINDS.values() if kind in ("whole", "real", "words", "switch")} <= FLAGS


def test_cells_go_sheet_by_sheet_and_row_by_row() -> None:
    found = axes.cells(axes.read("x:steps=1,2 y:cfg=3,4 z:seed=5,6"))
    assert found[:4] == ((1, 3, 5), (2, 3, 5), (1, 4, 5), (2, 4, 5)) and found[4] == (1, 3, 6) and len(found) == 8


def asked(text: str, said: str, *values: Value) -> axes.AskedPicture:
    return axes.asked(text, axes.read(said), values)


def test_options_are_said_beside_the_text() -> None:
    one = asked("a cat", "sampler=Euler a size=512x768", "Euler a", "512x768")
    assert (one.text, one.options.sampler, one.options.width, one.options.height) == ("a cat", "Euler a", 512, 768)
    assert asked("a cat", "高清=开,关", "开").options.large and not asked("a cat", "高清=开,关", "关").options.large
    assert asked("a cat --vae b", "vae=无,a", "无").text == "a cat"


def test_loras_have_the_weight_of_the_other_axis() -> None:
    assert asked("a <lora:C:0.5>", "权重=1 lora=A", 1, "A").loras == (LoraUse("A", 1.0),)
    assert asked("a <lora:C:0.5> b", "权重=0.3", 0.3).text == "a <lora:C:0.3> b"
    assert asked("a cat", "lora=none,A", "none").loras == ()
    assert asked("a <lora:C:0.5>", "lora=none,A 权重=0.3,1", "none", 0.3) == axes.AskedPicture("a <lora:C:0.5>")
    with pytest.raises(Refusal, match=r"compare\.no_lora"):
        asked("a cat", "权重=0.3", 0.3)


def test_words_take_each_others_place_at_once() -> None:
    assert asked("a red cat, red hat", "prompt s/r=red,blue", "blue").text == "a blue cat, blue hat"
    assert asked("a, b", "提示词顺序=a,b", "b, a").text == "b, a"
    with pytest.raises(Refusal) as refused:
        asked("a cat", "把狗换成 狗,猪", "猪")
    assert (refused.value.key, refused.value.values["words"]) == ("compare.not_there", "狗")


@pytest.mark.parametrize("said", ["steps=1,2", "把“红”换成 蓝", "x:lora=a,b y:权重=1"])
def test_an_axis_has_a_title_to_be_shown(said: str) -> None:
    assert all(isinstance(axis, Axis) and axis.title and axis.values for axis in axes.read(said))
