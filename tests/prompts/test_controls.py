"""What is asked to guide a picture is read in whatever way people write it, and written the same way for ever."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts.controls import FITS, MODES, PASSES, AskedControl, asked
from prompts.errors import Refusal
from prompts.options import read_options
from tests.properties import tried


@pytest.mark.parametrize(
    ("text", "controls", "rest"),
    [
        ("a girl --control pose", ("pose",), "a girl"),
        ("a girl --control 姿势:0.8:0-0.5", ("姿势:0.8:0-0.5",), "a girl"),
        ("--control：姿势：80％ 一个女孩", ("姿势:0.8",), "一个女孩"),
        ("--控制 线稿 0.8 0.1-0.9 一个女孩", ("线稿:0.8:0.1-0.9",), "一个女孩"),
        ("一只猫——控制 姿势：0.8，在跑", ("姿势:0.8",), "一只猫 ，在跑"),
        ("a --control pose 80% 0-50% dancing", ("pose:0.8:0-0.5",), "a dancing"),
        ("a girl --control pose 2 girls", ("pose",), "a girl 2 girls"),
        ('--control "soft edges":50% a cat', ("soft edges:0.5",), "a cat"),
        ("--control “软 边缘” 猫", ("软 边缘",), "猫"),
        ("a --control canny:x1.2:-0.5:mode=control:low=50 --control depth.", ("canny:1.2:0-0.5:mode=control:low=50",
         "depth."), "a"),
        ("a --control tile:0.5-:fit=stretch:pass=second", ("tile:0.5-1:fit=stretch:pass=second",), "a"),
        ("a --control 姿势:0.8~1:模式=控制:模型=my_net", ("姿势:0.8-1:mode=control:net=my_net",), "a"),
        ("a --control pose:0", ("pose:0",), "a"),
        ("a --control pose:map=3F2A9c11", ("pose:map=3f2a9c11",), "a"),
        ("a town --control qr=https://a.org:80/a?b=1 now", ("qr:text=https://a.org:80/a?b=1",), "a town now"),
        ("--控制 二维码：1.2＝https://例.cn，城堡", ("二维码:1.2:text=https://例.cn",), "，城堡"),
        ('--control qr="hello: world = 1." 1.5 a cat', ("qr:1.5:text=hello: world = 1.",), "a cat"),
        ("--control qr:mode=control:text=“a b” --control pose", ("qr:mode=control:text=a b", "pose"), ""),
        ("a --control pose:mask=3F2A9C11 --控制 姿势:蒙版=附图", ("pose:mask=3f2a9c11", "姿势:mask=sent"), "a"),
        ("--控制 二维码：https://example.org 猫", ("二维码:text=https://example.org",), "猫"),
    ],
)  # fmt: skip
def test_however_it_is_written(text: str, controls: tuple[str, ...], rest: str) -> None:
    read = read_options(text)
    assert (read.options.controls, read.text) == (controls, rest)


@pytest.mark.parametrize(
    ("text", "key", "told"),
    [
        ("a --control", "option.bad_value", ""),
        ("a --control pose:3", "option.out_of_range", "3"),
        ("a --control pose:300%", "option.out_of_range", "300"),
        ("a --control pose:0.8-0.2", "control.range", "0.8"),
        ("a --control pose:mode=wild", "option.bad_value", "wild"),
        ("a --control pose:map=face", "option.bad_value", "face"),
        ("a --control pose:mask=left", "option.bad_value", "left"),
        ("a --control pose:colour=red", "option.further", "colour"),
        ("a" + " --control pose" * 5, "control.too_many", "5"),
    ],
)
def test_what_cannot_be(text: str, key: str, told: str) -> None:
    with pytest.raises(Refusal) as refused:
        read_options(text)
    assert refused.value.key == key
    assert told in " ".join(map(str, refused.value.values.values()))


shares = st.integers(0, 100).map(lambda share: share / 100)
controls = st.builds(
    AskedControl,
    name=st.sampled_from(["pose", "线稿", "control_v11p_sd15_canny", "soft edges"]),
    strength=st.integers(0, 200).map(lambda share: share / 100),
    start=st.integers(0, 50).map(lambda share: share / 100),
    end=st.integers(51, 100).map(lambda share: share / 100),
    mode=st.sampled_from(sorted(set(MODES.values()))),
    fit=st.sampled_from(sorted(set(FITS.values()))),
    stages=st.sampled_from(sorted(set(PASSES.values()))),
    net=st.sampled_from(["", "my net"]),
    by=st.sampled_from(["", "none", "canny"]),
    map=st.sampled_from(["", "3f2a9c11"]),
    mask=st.sampled_from(["", "3f2a9c11", "sent"]),
    low=st.sampled_from([-1.0, 0.0, 0.1, 100.0]),
    high=st.sampled_from([-1.0, 200.0]),
    text=st.sampled_from(["", "https://example.org:80/?a=1", "text=two words：1.5"]),
)


@tried(100)
@given(controls)
def test_what_is_written_is_read_as_the_same(one: AskedControl) -> None:
    assert asked(str(one)) == one
