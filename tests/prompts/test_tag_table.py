"""The tag table: what nobody touched comes back to the sign, and what is touched breaks nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts import grammar, tag_changes
from prompts.blocked_tags import folded, without_blocked
from prompts.compose import compose
from prompts.errors import Refusal
from prompts.prompt import Fragment, LoraUse, Prompt
from prompts.tag_neighbours import called, neighbours
from prompts.tag_rows import of_text
from prompts.tag_table import TagTable, changed_locks, marks_kept, prompt_of, with_locked
from prompts.translate.chain import chain
from tests.properties import tried

RAW = (
    "a cat, (red hat:1.3), [dog:bird:0.5] BREAK ((moon)), [a|b], __animal__, {x|2::y}\n, embedding:easy, old town "
    "AND dog :1.2 AND x :0.5"
)
SENTENCE = "戴红围巾的橘猫，雪地，(月亮:1.2)，水彩，不要帽子 <lora:ink:0.7>"
PIECES = st.one_of(
    st.sampled_from(
        ["a cat", "(red:1.2)", "((moon))", "[dog]", "[a:b:0.5]", "[a|b]", "{x|y}", "__animal__", "BREAK", " AND ",
         ":1.2", "<lora:x:1>",
         "embedding:easy", "(", ")", "[", "\\(", ",", ", ", "，", "\n", " ", ":3", "(a, b:1.1)", "猫", ""]
    ),
    st.text(max_size=4),
)  # fmt: skip
TEXTS = st.lists(PIECES, max_size=12).map("".join)
WORDS = st.sampled_from(["a cat", "red hat", "moon", "masterpiece", "old man", "a (red:0.5) bus", "[a:b:0.5]"])
FRAGMENTS = st.lists(
    st.builds(
        Fragment,
        WORDS,
        st.sampled_from([1.0, 1.1, 0.85, 1.333, 2.5]),
        st.sampled_from(["quality_style", "subject", "scene_detail"]),
        st.sampled_from(["person", "glossary", "preset"]),
        st.sampled_from(["", "猫", "红帽子"]),
    ),
    max_size=6,
).map(tuple)


def raw(text: str, negative: str = "") -> Prompt:
    return Prompt(text, (Fragment(text, source=text),), (Fragment(negative),) if negative else (), raw=True)


async def composed(text: str = SENTENCE) -> Prompt:
    return (await compose(text, translators=chain(None), family="sd15"))[0]


def at(table: TagTable, text: str) -> int:
    return next(row.id for row in table.rows if row.text == text)


@given(TEXTS, TEXTS)
@tried(300)
def test_a_text_taken_as_it_stands_comes_back_to_the_sign(text: str, negative: str) -> None:
    rows, tail = of_text(0, "positive", text)
    assert "".join(row.lead + row.written for row in rows) + tail == text
    prompt = raw(text, negative)
    table = TagTable.of(prompt)
    assert prompt_of(table, prompt) == prompt
    assert TagTable.from_json(table.to_json()) == table


@given(FRAGMENTS, FRAGMENTS)
@tried(200)
def test_fragments_come_back_as_they_were(fragments: tuple[Fragment, ...], negatives: tuple[Fragment, ...]) -> None:
    prompt = Prompt("x", fragments, negatives, (LoraUse("ink", 0.7, 0.35),))
    table = TagTable.of(prompt)
    assert prompt_of(table, prompt) == prompt == prompt_of(TagTable.from_json(table.to_json()), prompt)


@given(TEXTS, st.data())
@tried(300)
def test_there_and_back_again_is_the_same(text: str, data: st.DataObject) -> None:
    prompt = raw(text)
    table = TagTable.of(prompt)
    open_ = [row for row in table.rows if not row.sign]
    if not open_:
        return
    row = data.draw(st.sampled_from(open_))
    if row.weighable and 0.2 <= row.weight <= 2.9:
        heavier = tag_changes.weighed(table, row.id, 1)
        assert prompt_of(tag_changes.weighed(heavier, row.id, -1), prompt) == prompt
        read = TagTable.of(prompt_of(heavier, prompt)).rows[table.rows.index(row)]
        assert (read.text, read.now) == (row.text, round(row.weight + 0.1, 2))
    assert prompt_of(tag_changes.switched(tag_changes.switched(table, row.id), row.id), prompt) == prompt
    assert prompt_of(tag_changes.moved(tag_changes.moved(table, row.id, 1), row.id, -1), prompt).positive in (
        prompt.positive,
        prompt_of(tag_changes.moved(table, row.id, -1), prompt).positive,  # the last one stays
    )


def test_rows_are_shown_as_what_they_are() -> None:
    kinds = {row.text: row.kind for row in TagTable.of(raw(RAW)).rows}
    assert kinds == {
        "a cat": "tag", "red hat": "tag", "[dog:bird:0.5]": "schedule", "BREAK": "break", "moon": "tag",
        "[a|b]": "alternate", "__animal__": "wildcard", "{x|2::y}": "choice", "embedding:easy": "embedding",
        "old town": "tag", "AND": "and", "dog": "tag", ":1.2": "and", "x": "tag", ":0.5": "and",
    }  # fmt: skip
    assert [row.kind for row in TagTable.of(raw("(unclosed, x")).rows] == ["stray", "tag"]
    known = TagTable.of(raw("easynegative, cat"), ["easynegative"])
    assert [row.kind for row in known.rows] == ["embedding", "tag"]
    assert [row.kind for row in TagTable.of(Prompt("", (Fragment(":3"), Fragment("cat")))).rows] == ["tag", "tag"]


@pytest.mark.parametrize(
    ("text", "tag", "heavier", "without"),
    [
        ("a cat, moon", "a cat", "(a cat:1.1), moon", "moon"),
        ("a cat, ((moon))", "moon", "a cat, (moon:1.31)", "a cat"),
        ("[a:b:0.5], x", "[a:b:0.5]", "([a:b:0.5]:1.1), x", "x"),
        ("a BREAK b", "b", "a BREAK (b:1.1)", "a"),
        ("a BREAK b", "a", "(a:1.1) BREAK b", "b"),
        ("a AND b :1.2 AND c :0.5", "c", "a AND b :1.2 AND (c:1.1) :0.5", "a AND b :1.2"),
        ("a AND b :1.2", "a", "(a:1.1) AND b :1.2", "b"),
        ("（猫：1.2），x", "猫", "(猫:1.3)，x", "x"),
        ("x :3, y", "y", "x :3, (y:1.1)", "x :3"),
    ],
)
def test_a_tag_is_weighed_or_put_aside_and_all_else_stays(text: str, tag: str, heavier: str, without: str) -> None:
    prompt = raw(text)
    table = TagTable.of(prompt)
    assert prompt_of(tag_changes.weighed(table, at(table, tag), 1), prompt).positive == heavier
    off = prompt_of(tag_changes.switched(table, at(table, tag)), prompt)
    assert off.positive == without
    again = TagTable.of(Prompt.from_json(off.to_json()))  # years later, in the table of what was drawn with it
    (row,) = [row for row in again.rows if row.off]
    assert row.text == tag and tag in prompt_of(tag_changes.switched(again, row.id), off).positive


async def test_what_was_read_keeps_its_parts_and_both_languages() -> None:
    prompt = await composed()
    table = TagTable.of(prompt)
    rows = {row.text: row for row in table.rows}
    assert rows["orange cat"].source == "橘猫" and rows["moon"].now == 1.2 and rows["hat"].side == "negative"
    assert rows["ink"].kind == "lora" and called("masterpiece")
    heavier = tag_changes.weighed(table, rows["moon"].id, 1)
    heavier = tag_changes.weighed(heavier, rows["ink"].id, -1)
    made = prompt_of(heavier, prompt)
    assert "(moon:1.3)" in made.positive and made.loras == (LoraUse("ink", 0.6),)
    assert [replace(one, weight=1.0) for one in made.fragments] == [
        replace(one, weight=1.0) for one in prompt.fragments
    ]
    kept = prompt_of(tag_changes.kept(table, rows["orange cat"].id), prompt)
    assert "橘猫" in kept.positive and "orange cat" not in kept.positive
    first = tag_changes.moved(table, rows["watercolor"].id, -99)
    assert prompt_of(first, prompt).positive.startswith("watercolor, ")
    more = tag_changes.added(
        table,
        (Fragment("lighthouse", part="scene_detail", source="灯塔"), Fragment("moon")),
        (Fragment("rain"),),
        (LoraUse("ink", 0.4), LoraUse("gilded")),
    )
    made = prompt_of(more, prompt)
    assert "(moon:1.2), lighthouse" in made.positive and made.positive.count("moon") == 1
    assert made.negatives[-1].text == "rain" or "rain" in made.negative
    assert made.loras == (LoraUse("ink", 0.4), LoraUse("gilded"))


async def test_a_locked_tag_is_left_alone_by_everything() -> None:
    prompt = await composed()
    table = TagTable.of(prompt)
    cat = at(table, "orange cat")
    locked = tag_changes.locked(table, cat)
    for touch in (
        lambda: tag_changes.weighed(locked, cat, 1),
        lambda: tag_changes.switched(locked, cat),
        lambda: tag_changes.exchanged(locked, cat, Fragment("dog")),
        lambda: tag_changes.kept(locked, cat),
    ):
        with pytest.raises(Refusal, match=r"tags\.locked"):
            touch()
    made = prompt_of(locked, prompt)
    assert made.locked == ("orange cat",) and made.positive == prompt.positive
    assert TagTable.of(made).row(cat) == replace(table.rows[cat], locked=True)
    dog = replace(
        made, fragments=tuple(replace(one, text="dog") if one.text == "orange cat" else one for one in made.fragments)
    )
    assert changed_locks(dog, made) == ("橘猫",) and changed_locks(made, made) == ()
    assert with_locked(replace(made, fragments=made.fragments[1:]), made).fragments == made.fragments[1:]
    lost = replace(made, fragments=tuple(one for one in made.fragments if one.text != "orange cat"))
    assert with_locked(lost, made).fragments == made.fragments


async def test_what_was_put_aside_stays_aside_where_presets_come_anew() -> None:
    prompt = await composed()
    table = TagTable.of(prompt)
    off = prompt_of(tag_changes.switched(table, at(table, "masterpiece")), prompt)
    assert "masterpiece" not in off.positive and marks_kept(prompt, off).positive == off.positive
    asked = replace(prompt, fragments=(Fragment("masterpiece"), *prompt.fragments[1:]))
    assert "masterpiece" in marks_kept(asked, off).positive  # somebody's own word


def test_limits_are_told() -> None:
    table = TagTable.of(raw("(a:3.0), (b:0.1), (c, AND x"))
    for id, steps, key in ((0, 1, "tags.heaviest"), (1, -1, "tags.lightest"), (2, 1, "tags.no_weight")):
        with pytest.raises(Refusal, match=key):
            tag_changes.weighed(table, id, steps)
    with pytest.raises(Refusal, match=r"press\.unknown"):
        tag_changes.switched(table, 99)
    with pytest.raises(Refusal, match=r"press\.unknown"):
        tag_changes.switched(table, 3)  # AND


def test_what_is_added_has_its_weight_and_breaks_no_lock() -> None:
    made = Prompt("", (Fragment("red hat"), Fragment("moon")), loras=(LoraUse("ink", 0.7),))
    table = TagTable.of(made)
    heavier = tag_changes.added(table, (Fragment("red hat", 1.3),), (), (LoraUse("ink", 0.4),))
    assert prompt_of(heavier, made).positive == "(red hat:1.3), moon" and heavier.rows[2].now == 0.4
    assert tag_changes.added(heavier, (Fragment("red hat"),), (), ()) == heavier
    for row in table.rows:
        table = tag_changes.locked(table, row.id)
    assert tag_changes.added(table, (Fragment("moon"),), (), (LoraUse("ink", 0.7),)) == table
    for fragments, loras in (((Fragment("red hat", 1.3),), ()), ((), (LoraUse("ink", 0.4),))):
        with pytest.raises(Refusal, match=r"tags\.locked"):
            tag_changes.added(table, fragments, (), loras)


@pytest.mark.parametrize(
    ("tag", "one"),
    [("orange cat", "black cat"), ("wearing red scarf", "wearing blue scarf"), ("long hair", "short hair"),
     ("lighthouse", "clock tower"), ("watercolor", "oil painting"), ("blue eyes", "green eyes")],
)  # fmt: skip
def test_a_tag_has_neighbours(tag: str, one: str) -> None:
    found = {each.text: each.chinese for each in neighbours(tag)}
    assert found[one] and tag not in found and len(found) <= 24


def test_what_nobody_knows_has_none() -> None:
    assert neighbours("xyzzy") == () and called("xyzzy") == ""


async def test_blocked_words_are_left_out_and_named() -> None:
    prompt = await composed()
    blocked = {folded(word): word for word in ("Red Scarf", "雪地", "masterpiece", "hat")}
    made = without_blocked(prompt, blocked)
    assert made.positive == prompt.positive.replace("(masterpiece:1.2), ", "").replace(
        "wearing red scarf, snowy field, ", ""
    )
    assert made.negative == prompt.negative  # where unwanted words belong
    assert made.notes[-1].key == "note.blocked" and made.notes[-1].values == {"words": "masterpiece、戴红围巾、雪地"}
    assert without_blocked(prompt, {"dog": "dog"}) is prompt
    assert without_blocked(raw("a cat, (hat:1.2), moon"), blocked).positive == "a cat, moon"
    with pytest.raises(Refusal, match=r"blocked\.nothing_left"):
        without_blocked(raw("hat"), blocked)


def test_a_table_says_in_the_grammar_what_it_shows() -> None:
    """The weights of a changed table are those that the grammar reads of its text."""
    prompt = raw("a cat, [moon], (sea:1.3)")
    table = TagTable.of(prompt)
    for row in table.rows:
        table = tag_changes.weighed(table, row.id, 2)
    read, _ = grammar.pieces(prompt_of(table, prompt).positive)
    assert {one.text: one.weight for one in read} == {"a cat": 1.2, "moon": 1.11, "sea": 1.5}
