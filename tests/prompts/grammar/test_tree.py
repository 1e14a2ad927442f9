"""The tree: what it knows of a text, and that it says the text again byte for byte."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts.grammar import attention, normalise, parse, tree, written
from prompts.grammar.tree import (
    Alternate,
    And,
    AndWeight,
    Break,
    Embedding,
    Escape,
    ExtraNetwork,
    Group,
    Node,
    Schedule,
    Stray,
    Text,
    Variant,
    Variants,
    Wildcard,
)
from tests.properties import tried


def only(text: str, *embeddings: str) -> Node:
    [node] = parse(text, embeddings).children
    return node


def test_each_form_is_a_node() -> None:
    a, b = (Text("a"),), (Text("b"),)
    assert only("a, b") == Text("a, b")
    assert only("(a)") == Group("(", a, ")", 1.1)
    assert only("[a]") == Group("[", a, "]", 1 / 1.1)
    assert only("(a : 1.3)") == Group("(", (Text("a "),), ": 1.3)", 1.3)
    assert only("(16:9:1.2)") == Group("(", (Text("16:9"),), ":1.2)", 1.2)
    assert only("[a:b:0.5]") == Schedule("[", a, ":", b, "0.5", ":0.5]")
    assert only("[a:3]") == Schedule("[", None, "", a, "3", ":3]")
    assert only("[a:: 3 ]") == Schedule("[", a, ":", (), "3", ": 3 ]")
    assert only("[a|b]") == Alternate(("[", "|", "]"), (a, b))
    assert only("[|a]") == Alternate(("[", "|", "]"), ((), a))
    assert only("{a|2::b}") == Variants(("{", "|", "}"), (Variant("", 1.0, a), Variant("2::", 2.0, b)))
    assert only("__animal/cat__") == Wildcard("__animal/cat__")
    assert only("<lora:a:0.8>") == ExtraNetwork("<lora:a:0.8>", "lora", "a", ("0.8",))
    assert only("<lora:a:0.5:0.7>") == ExtraNetwork("<lora:a:0.5:0.7>", "lora", "a", ("0.5", "0.7"))
    assert only("<hypernet:h:1>") == ExtraNetwork("<hypernet:h:1>", "hypernet", "h", ("1",))
    assert only("embedding:bad-hands") == Embedding("embedding:bad-hands", "bad-hands")
    for suffix in ("pt", "bin", "safetensors"):
        assert only(f"embedding:bad-hands.{suffix}") == Embedding(f"embedding:bad-hands.{suffix}", "bad-hands")
    assert only("embedding:v1.5") == Embedding("embedding:v1.5", "v1.5")
    assert only("EasyNegative", "EasyNegative", "other") == Embedding("EasyNegative", "EasyNegative")
    assert only("EasyNegatives", "EasyNegative") == Text("EasyNegatives")
    assert only("\\(") == Escape("\\(")
    assert only("BREAK") == Break()
    assert only("BREAKFAST") == Text("BREAKFAST")


def test_and_has_shares() -> None:
    assert parse("a :1.2 AND b AND c：-1 ").children == (
        Text("a"), AndWeight(" :1.2 ", 1.2), And(), Text(" b "), And(), Text(" c"), AndWeight("：-1 ", -1.0)
    )  # fmt: skip
    assert only("a :1.2") == Text("a :1.2")


def test_full_width_signs_are_syntax_and_stay_as_written() -> None:
    assert only("（猫：１．２）") == Group("（", (Text("猫"),), "：１．２）", 1.2)
    assert only("【猫：狗：０．５】") == Schedule("【", (Text("猫"),), "：", (Text("狗"),), "0.5", "：０．５】")
    assert only("｛猫｜狗｝") == Variants(
        ("｛", "｜", "｝"), (Variant("", 1.0, (Text("猫"),)), Variant("", 1.0, (Text("狗"),)))
    )
    assert only("<lora:胖（猫）：0.8>") == ExtraNetwork("<lora:胖（猫）：0.8>", "lora", "胖（猫）", ("0.8",))
    assert parse("（猫），<lora:（x）:1>").normal == "(猫),<lora:（x）:1>"


@pytest.mark.parametrize("text", ["[a|b:0.5]", "[a:b:c:0.5]", "[a:b]", "[a(:b:0.5]", "[a:(b:c:d):2]"])
def test_what_a1111_does_not_read_as_a_schedule_is_none(text: str) -> None:
    node = only(text)
    assert isinstance(node, Group) and node.weight == 1 / 1.1


def test_brackets_without_a_partner_are_strays() -> None:
    assert parse("a) (b [c}").children == (
        Text("a"), Stray(")"), Text(" "), Stray("("), Text("b "), Stray("["), Text("c"), Stray("}")
    )  # fmt: skip
    assert parse("(a [b)").children == (Group("(", (Text("a "), Stray("["), Text("b")), ")", 1.1),)


def test_a_tree_cannot_be_changed_but_made_anew() -> None:
    whole = parse("a, (red hair:1.2)")
    group = whole.children[1]
    assert isinstance(group, Group)
    with pytest.raises(dataclasses.FrozenInstanceError):
        group.tail = ")"  # type: ignore[misc]
    blue = dataclasses.replace(group, children=(Text("blue hair"),))
    assert str(tree.Tree((whole.children[0], blue))) == "a, (blue hair:1.2)"


def test_walking_says_where_each_node_stands() -> None:
    text = "a (b [c:(d:1.3):0.5] {e|__f__}), <lora:g>"
    found = list(parse(text).walk())
    assert all(written([node]) == text[start:stop] for node, start, stop, _ in found)
    assert ("(d:1.3)", 2) in [(text[start:stop], depth) for _, start, stop, depth in found]
    assert [text[start:stop] for node, start, stop, _ in found if isinstance(node, Wildcard)] == ["__f__"]


SIGNS = [
    *"()[]{}:|\\,ab 1.<>（：｜】猫\n\0\ud800",
    ":1.2)",
    "[a:b:0.5]",
    " AND ",
    " BREAK ",
    "__a__",
    "<lora:a:1>",
    "2::",
]


@tried(500)
@given(st.lists(st.sampled_from(SIGNS), max_size=24).map("".join))
def test_every_text_comes_back(text: str) -> None:
    whole = parse(text)
    assert str(whole) == text
    assert hash(whole) == hash(parse(text)) and whole == parse(text)
    spans = [(start, stop) for _, start, stop, depth in whole.walk() if depth == 0]
    assert "".join(text[start:stop] for start, stop in spans) == text


@tried(200)
@given(st.recursive(
    st.sampled_from(["a", " b,", "\\("]),
    lambda inner: st.one_of(
        inner.map("({})".format), inner.map("[{}]".format), inner.map("({}:1.3)".format),
        st.lists(inner, max_size=3).map("".join),
    ),
))  # fmt: skip
def test_the_weights_of_the_tree_are_those_of_a1111(text: str) -> None:
    """Multiplied down the tree, the weights are what attention reads."""

    def leaves(nodes: tuple[Node, ...], weight: float) -> list[tuple[str, float]]:
        found: list[tuple[str, float]] = []
        for node in nodes:
            if isinstance(node, Group):
                found += leaves(node.children, weight * node.weight)
            else:
                found.append((written([node]).removeprefix("\\"), weight))
        return found

    expected = [(character, weight) for leaf, weight in attention(normalise(text)) for character in leaf]
    ours = [(character, weight) for leaf, weight in leaves(parse(text).children, 1.0) for character in leaf]
    assert [character for character, _ in ours] == [character for character, _ in expected]
    assert [weight for _, weight in ours] == pytest.approx([weight for _, weight in expected])
