"""Lines that change captions, and what else is said of a training."""

import pytest

from bot.training import orders
from bot.training.orders import TrainOrder
from bot.training.tag_changes import TagChange, changed, changes, numbers
from prompts.errors import Refusal


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("3: 红裙子, 微笑", TagChange("set", ("红裙子", "微笑"), (3,))),
        ("第3张：红裙子、微笑", TagChange("set", ("红裙子", "微笑"), (3,))),
        ("3,5-7: + hat", TagChange("plus", ("hat",), (3, 5, 6, 7))),
        ("1、2：雪", TagChange("set", ("雪",), (1, 2))),
        ("5 至 4：- 帽子", TagChange("minus", ("帽子",), (4, 5))),
        ("+ outdoors", TagChange("plus", ("outdoors",))),
        ("加 室外", TagChange("plus", ("室外",))),
        ("＋室外", TagChange("plus", ("室外",))),
        ("- smile, hat", TagChange("minus", ("smile", "hat"))),
        ("刪除 微笑", TagChange("minus", ("微笑",))),
        ("rename red hat = blue cap", TagChange("rename", ("red hat",), (), "blue cap")),
        ("改 甲 = 乙", TagChange("rename", ("甲",), (), "乙")),
        ("8:", TagChange("set", (), (8,))),
        ("all: a, A, b", TagChange("set", ("a", "b"))),
    ],
)
def test_a_line_that_changes_captions(text: str, made: TagChange) -> None:
    assert changes(text, 10) == (made,)


def test_several_lines_are_several_changes() -> None:
    assert [one.does for one in changes("+ a\n2: - b；rename c = d", 3)] == ["plus", "minus", "rename"]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("hello", "training.tags_how"),
        ("", "training.tags_how"),
        ("+", "training.tags_how"),
        ("加油", "training.tags_how"),
        ("rename a = ", "training.tags_how"),
        ("11: a", "training.no_picture"),
        ("0: a", "training.no_picture"),
    ],
)
def test_what_is_no_change_is_refused(text: str, key: str) -> None:
    with pytest.raises(Refusal) as refused:
        changes(text, 10)
    assert refused.value.key == key


def test_captions_change() -> None:
    assert changed("a, b", TagChange("plus", ("B", "c"))) == "a, b, c"
    assert changed("a, b", TagChange("minus", ("A",))) == "b"
    assert changed("a, b", TagChange("rename", ("b",), (), "c d")) == "a, c d"
    assert changed("a, b", TagChange("rename", ("x",), (), "y")) == "a, b"
    assert changed("a, b", TagChange("set", ())) == ""


def test_numbers_are_written_as_they_are_read() -> None:
    assert numbers((7, 1, 2, 3)) == "1-3, 7"
    assert changes(f"{numbers((7, 1, 2, 3))}: x", 9)[0].places == (1, 2, 3, 7)


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("", TrainOrder()),
        ("类型 画风 步数 800", TrainOrder(wishes={"kind": "画风", "steps": 800})),
        ("kind=style rank=8 files=4", TrainOrder(wishes={"kind": "style", "rank": 8, "files": 4})),
        ("觸發詞 xhdq", TrainOrder(wishes={"trigger": "xhdq"})),
        ("keep 一只猫", TrainOrder(wishes={"prior": "一只猫"})),
        ("model My Model v2", TrainOrder(wishes={"model": "My Model v2"})),
        ("rename 小蓝", TrainOrder(wishes={"name": "小蓝"})),
        ("tags", TrainOrder(tags=True)),
        ("標籤 + 室外", TrainOrder(tags=True, changes=(TagChange("plus", ("室外",)),))),
        ("3: 红裙子", TrainOrder(tags=True, changes=(TagChange("set", ("红裙子",), (3,)),))),
        ("開始", TrainOrder(deed="start")),
        ("go on", TrainOrder(deed="go_on")),
        ("stop and keep", TrainOrder(deed="stop")),
        ("从 400 步", TrainOrder(step=400)),
        ("from 400 steps", TrainOrder(step=400)),
        ("第 400 步", TrainOrder(step=400)),
        ("去掉图 3, 5-6", TrainOrder(out=(3, 5, 6))),
    ],
)
def test_what_is_wanted_of_a_training(text: str, order: TrainOrder) -> None:
    assert orders.read(text, 10) == order


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("blah", "training.words_how"),
        ("start the engine", "training.words_how"),
        ("kind", "training.value"),
        ("steps many", "training.number"),
        ("out", "training.out_how"),
    ],
)
def test_what_nobody_can_do_with_a_training_is_refused(text: str, key: str) -> None:
    with pytest.raises(Refusal) as refused:
        orders.read(text, 10)
    assert refused.value.key == key


def test_names_and_codes() -> None:
    assert orders.named("小红帽 开始", {"小红", "小红帽"}) == ("小红帽", "开始")
    assert orders.named("my cat tags", {"My Cat"}) == ("My Cat", "tags")
    assert orders.named('"a new cat" kind thing', ()) == ("a new cat", "kind thing")
    assert orders.named("小红\n+ 室外", ()) == ("小红", "+ 室外")
    assert orders.codes("小红 #abcdefgh2345 #abcdefgh2346") == (("abcdefgh2345", "abcdefgh2346"), "小红")
    assert orders.kind_called("畫風") == "style" and orders.preset_called("教程", ("thing", "tutorial")) == "tutorial"
