"""Weights of single words: a phrase that has some stays one phrase, on every road it takes."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts.compose import compose
from prompts.doctor import examine
from prompts.edit.edited import edit
from prompts.emphasis import kept, laid
from prompts.grammar import attention, bare, inner, pieces, said, schedule
from prompts.prompt import Fragment, LoraUse, Prompt
from prompts.safety import judge
from prompts.translate.translator import Translator
from tests.prompts.own import own
from tests.properties import tried

Chain = tuple[Translator, ...]


# ── the grammar ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a (red:0.5) bus", ["a (red:0.5) bus"]),
        ("a (red) bus, [big] cat", ["a (red:1.1) bus", "(big:0.9091) cat"]),
        ("a (red:1) bus", ["a red bus"]),
        ("((red:0.5) bus:1.2)", ["((red:0.5) bus:1.2)"]),
        ("((red:0.5) bus:1.2) at night", ["(red:0.6) (bus:1.2) at night"]),
        ("(red, blue:1.2) bus", ["(red:1.2)", "(blue:1.2) bus"]),
        ("(a (big:2) cat, dog:1.2) and so", ["(a (big:2) cat:1.2)", "(dog:1.2) and so"]),
        ("x (a:1.2, b) c", ["x (a:1.2:1.1)", "(b:1.1) c"]),
        ("x [a:0.5, b] c", ["x (a:0.5:0.9091)", "(b:0.9091) c"]),
        ("a (red bus", ["a (red bus:1.1)"]),
        ("a (red\\) bus", ["a (red\\) bus:1.1)"]),
        ("(red:1.2)(bus:1.2)", ["(red:1.2) (bus:1.2)"]),
        ("( red :0.5)bus", ["(red:0.5) bus"]),
        ("a (red:0) bus", ["a (red:0) bus"]),
        ("(a BREAK b:1.3) c", ["(a:1.3)", "BREAK", "(b:1.3) c"]),
        ("a (red:0.5) bus :1.2 AND (dog:1.1) :0.5", ["a (red:0.5) bus", ":1.2 AND", "(dog:1.1)", ":0.5"]),
        ("a [red:blue:0.5] (big:1.2) [cat|dog]", ["a [red:blue:0.5] (big:1.2) [cat|dog]"]),
        ("a ([red:blue:0.5]:1.2) bus", ["a ([red:blue:0.5]:1.2) bus"]),
        ("a ({red|blue}:0.5) __thing__", ["a ({red|blue}:0.5) __thing__"]),
        ("e\\(f\\) (g:1.2)", ["e\\(f\\) (g:1.2)"]),
    ],
)
def test_a_group_around_some_words_stays_with_them(text: str, expected: list[str]) -> None:
    assert [str(Fragment(piece.text, piece.weight)) for piece in pieces(text)[0]] == expected


def phrases(*words: str) -> st.SearchStrategy[str]:
    return st.recursive(
        st.sampled_from(["cat", "red", "old tower", "x", "\\(r\\)", *words]),
        lambda inside: st.one_of(
            st.builds("({})".format, inside),
            st.builds("[{} s]".format, inside),
            st.builds("({}:{})".format, inside, st.sampled_from(["0.5", "1.2", ".8", "1", "2"])),
            st.builds("{} {}".format, inside, inside),
            st.builds("{}, {}".format, inside, inside),
            st.builds("{} BREAK {}".format, inside, inside),
        ),
        max_leaves=9,
    )


# Not in one group: brackets around a colon too many are none to A1111's schedules, and beside such brackets it
# reads a change now as one and now as signs, as in "(16:9 ([p:q:0.5]):0.5)".
CHANGES, COLONS = phrases("[p:q:0.5]", "[p|q]"), phrases("16:9")
PHRASES = st.one_of(
    CHANGES, COLONS, st.builds("{}, {}".format, CHANGES, COLONS), st.builds("{}, {}".format, COLONS, CHANGES)
)


def weights(text: str) -> list[tuple[str, float]]:
    """Every visible sign but commas with its weight, at the third of seven steps."""
    [words] = [words for end, words in schedule(text, 7) if end >= 3][:1]
    return [(sign, weight) for leaf, weight in attention(words) for sign in leaf if not sign.isspace() and sign != ","]


@tried(600)
@given(PHRASES)
def test_the_pieces_say_the_same_words_with_the_same_weights(text: str) -> None:
    prompt = Prompt(text, tuple(Fragment(piece.text, piece.weight) for piece in pieces(text)[0]))
    raw, made = weights(text), weights(prompt.positive)
    assert [sign for sign, _ in made] == [sign for sign, _ in raw]
    assert [weight for _, weight in made] == pytest.approx([weight for _, weight in raw], rel=2e-3)


@tried(300)
@given(PHRASES)
def test_a_piece_is_read_again_as_it_was_written(text: str) -> None:
    for piece in pieces(text)[0]:
        assert said(inner(piece.text)) == (piece.text, 1.0)
        assert bare(bare(piece.text)) == bare(piece.text)
        assert [str(Fragment(again.text, again.weight)) for again in pieces(str(Fragment(piece.text, piece.weight)))[0]]


# ── the whole road ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "positive"),
    [
        ("a (red:0.5) bus", "a (red:0.5) bus"),
        ("draw me a (red:0.5) bus", "a (red:0.5) bus"),
        ("a (red:0.5) bus on a (blue:1.2) background", "a (red:0.5) bus, (blue:1.2) background"),
        ("a cat (on a beach:1.2)", "a cat, (on a beach:1.2)"),
        ("a (red:0.5) bus, watercolor", "watercolor, a (red:0.5) bus"),
        ("a (big:1.2) cat in the style of (monet:1.3)", "(monet:1.3) style, a (big:1.2) cat"),
        ("(masterpiece:1.2) (best quality:1.2) 1girl", "(masterpiece:1.2), (best quality:1.2), 1girl"),
        ("一辆(红色:0.5)公交车", "(red:0.5) bus"),
        ("一辆 （红色：0.5） 公交车", "(red:0.5) bus"),
        ("一辆[红色]公交车", "(red:0.9091) bus"),
        ("(一辆(红色:0.5)公交车:1.2)，晚上", "((red:0.5) bus:1.2), night"),
        ("穿着(红色:1.2)汉服的(女孩:1.3)，站在(樱花树:0.8)下",
         "(1girl:1.3), (red:1.2) hanfu, standing, under (cherry blossom tree:0.8)"),
        ("两只(猫:1.2)在沙发上", "two (cats:1.2), on sofa"),
        ("两个(孩子:1.2)在玩", "(two children:1.2), playing"),
        ("一个女孩(在海边看书:1.2)", "1girl, (reading:1.2), (seaside:1.2)"),
        ("(杰作:1.2)(最佳质量:1.2)，女孩", "(masterpiece:1.2), (best quality:1.2), 1girl"),
        ("a (red <lora:x:0.7>:0.5) bus", "a (red:0.5)  bus"),
        ("a (red:0.5) bus BREAK a (blue:0.6) car", "a (red:0.5) bus BREAK a (blue:0.6) car"),
        ("a (red:0.5) bus :1.2 AND 一辆(蓝色:0.6)汽车", "a (red:0.5) bus :1.2 AND (blue:0.6) car"),
        ("a red bus, a (red:0.5) bus", "a (red:0.5) bus"),
        ("红色(㐀㐀:1.2)公交车", "red bus"),
    ],
)  # fmt: skip
async def test_inner_weights_come_through(text: str, positive: str, translators: Chain) -> None:
    prompt, _ = await compose(text, translators=translators, family="")
    assert prompt.positive == positive
    assert Prompt.from_json(json.loads(json.dumps(prompt.to_json()))) == prompt


THINGS = ["cat", "dog", "bus", "car", "apple", "robot", "dragon", "sword"]


@tried(150)
@given(
    st.permutations(THINGS),
    st.lists(st.sampled_from(["{}", "({})", "[{}]", "({}:0.6)", "(({}:1.4))", "big {}", "(red:0.5) {}"]), min_size=8),
    st.lists(st.sampled_from([" ", " ", ", "]), min_size=8),
    st.sampled_from(["{}", "({}:1.2)", "({}) x"]),
)
async def test_a_whole_prompt_has_the_words_of_the_text_with_their_weights(
    translators: Chain, things: list[str], forms: list[str], gaps: list[str], around: str
) -> None:
    said_ = "".join(form.format(thing) + gap for thing, form, gap in zip(things, forms, gaps, strict=False))
    text = around.format(said_.strip(", "))
    prompt, _ = await compose(text, translators=translators, family="")
    made = sorted((word, weight) for leaf, weight in attention(prompt.positive) for word in re.findall(r"\w+", leaf))
    raw = sorted((word, weight) for leaf, weight in attention(text) for word in re.findall(r"\w+", leaf))
    assert [word for word, _ in made] == [word for word, _ in raw]
    assert [weight for _, weight in made] == pytest.approx([weight for _, weight in raw], rel=2e-3)


async def test_the_negative_a_style_a_lora_and_a_wildcard_leave_them_alone(translators: Chain) -> None:
    prompt, _ = await compose("猫，不要(红色:1.3)帽子 --no a (big:1.2) dog", translators=translators, family="")
    assert prompt.negative == "(red:1.3) hat, a (big:1.2) dog"
    prompt, _ = await compose("a (red:0.5) bus <lora:x:0.7> --style 水墨", translators=translators)
    assert "a (red:0.5) bus" in own(prompt) and prompt.loras == (LoraUse("x", 0.7),)
    assert prompt.positive.startswith("(masterpiece:1.2)") and "ink wash painting" in prompt.positive
    prompt, _ = await compose("a ({red|blue}:0.5) bus", translators=translators, family="", seed=1)
    assert own(prompt)[0] in ("a (red:0.5) bus", "a (blue:0.5) bus")


def test_a_prompt_of_before_is_still_read() -> None:
    row = {"text": "a", "weight": 1.0, "part": "subject", "origin": "person", "source": "a (red:0.5) bus"}
    old = {"text": "a (red:0.5) bus", "fragments": [row, row | {"text": "red", "weight": 0.5}, row | {"text": "bus"}],
           "negatives": [], "loras": [], "notes": [], "raw": False}  # fmt: skip
    assert Prompt.from_json(old).positive == "a, (red:0.5), bus"  # type: ignore[arg-type]


async def test_a_heavy_word_is_noted_and_can_be_put_right(translators: Chain) -> None:
    prompt, _ = await compose("a (red:2.5) bus", translators=translators, family="")
    assert [dict(note.values) for note in prompt.notes] == [{"text": "red", "weight": "2.5"}]
    [found] = [one for one in examine(prompt) if one.key == "note.weight"]
    assert dict(found.values) == {"text": "red", "weight": "2.5"} and found.fix == "a (red:1.6) bus"


async def test_a_weight_hides_no_word_from_who_may_see_it(translators: Chain) -> None:
    for text in ("a (sp:1.2)read (legs:0.9)", "spread (legs:1.1)"):
        prompt, _ = await compose(text, translators=translators, raw=True)
        assert judge.judge(prompt) == judge.judge_text("spread legs")


@pytest.mark.parametrize("weight", [1e7, 1234567.5, 0.00001, -0.5, 1.0 / 3])
def test_every_weight_is_written_as_the_grammar_reads_it(weight: float) -> None:
    [(words, read)] = attention(str(Fragment("cat", weight)))
    assert words == "cat" and read == pytest.approx(weight, abs=1e-4)


# ── edits ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "sentence", "positive", "written"),
    [
        ("一辆（红色：0.5）公交车", "红色更浓一点", "(red:0.6) bus", "一辆（红色：0.6）公交车"),
        ("一辆红色公交车", "更红一点", "(red:1.2) bus", "一辆(红色:1.2)公交车"),
        ("红色公交车，红色帽子", "公交车更红一点", "(red:1.2) bus, red hat", "(红色:1.2)公交车，红色帽子"),
        ("一辆公交车", "公交车更红一点", "red bus", None),
        ("一辆（红色：0.5）公交车", "把公交车改成蓝色", "(blue:0.5) bus", "一辆（蓝色：0.5）公交车"),
        ("一辆（红色：0.5）公交车", "把公交车换成卡车", "(red:0.5) truck", "一辆（红色：0.5）卡车"),
        ("一辆（红色：0.5）公交车", "公交车权重1.3", "((red:0.5) bus:1.3)", None),
        ("a (red:0.5) bus", "make the bus blue", "a (blue:0.5) bus", "a (blue:0.5) bus"),
        ("a (red:0.5) bus", "make the bus big", "a big (red:0.5) bus", "a big (red:0.5) bus"),
        ("a (red:0.5) bus", "set the weight of red to 1", "a red bus", "a red bus"),
        ("a red bus", "make it redder", "a (red:1.2) bus", "a (red:1.2) bus"),
        ("a red bus", "more red", "a (red:1.2) bus", "a (red:1.2) bus"),
        ("a girl with a (red:1.3) hat and long hair", "remove the hat", "a girl with long hair", None),
        ("a girl with a red hat", "hat weight 1.4", "a girl with a red (hat:1.4)", None),
    ],
)
async def test_edits_keep_and_change_them(
    text: str, sentence: str, positive: str, written: str | None, translators: Chain
) -> None:
    edited = await edit(text, sentence, translators=translators, family="")
    assert edited.prompt.positive == positive
    assert written is None or edited.prompt.text == written
    again, _ = await compose(edited.prompt.text, translators=translators, family="")
    assert again.positive == positive


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("a (red:0.5) bus", "a blue bus", "a (blue:0.5) bus"),
        ("a (red:0.5) bus", "a dark green bus", "a (dark green:0.5) bus"),
        ("a (red:0.5) bus", "a bus", "a bus"),
        ("wearing (red hat:1.2)", "wearing big red hat", "wearing (big red hat:1.2)"),
        ("a (red:0.5) bus", "big (red:2) cat", "big (red:2) cat"),
        ("red bus", "blue bus", "blue bus"),
    ],
)
def test_new_words_take_the_weights_of_the_old(old: str, new: str, expected: str) -> None:
    assert kept(old, new) == expected


def test_weights_are_laid_on_the_same_words() -> None:
    assert laid(["two cats", "red hat"], ["cat"], 1.2) == ["two (cats:1.2)", "red hat"]
    assert laid(["a (red:1.2) bus"], ["red"], 1.3) is None
    assert laid(["concatenate"], ["cat"], 1.2) is None
