import gc
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts.grammar import attention, hints, loras, multicond, networks, normalise, parse, pieces, schedule
from prompts.grammar.lora_blocks import BLOCKS, PRESETS, block_weights
from prompts.grammar.lora_elements import element_rules, ratio
from prompts.prompt import Fragment, LoraUse, Prompt
from tests.properties import tried


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [("", 1.0)]),
        ("a cat", [("a cat", 1.0)]),
        ("(a)", [("a", 1.1)]),
        ("[a]", [("a", 1 / 1.1)]),
        ("(a:1.3)", [("a", 1.3)]),
        ("(a : 1.3 )", [("a ", 1.3)]),
        ("((a))", [("a", 1.1 * 1.1)]),
        ("((a,b,c):1.1)", [("a,b,c", 1.1 * 1.1)]),
        ("(crystal_plant,flower:1.3)", [("crystal_plant,flower", 1.3)]),
        (r"\(a\) \[b\] \\", [("(a) [b] \\", 1.0)]),
        (r"\x", [("x", 1.0)]),
        ("(a:1.3", [("a:1.3", 1.1)]),
        ("a:1.3)", [("a:1.3)", 1.0)]),
        ("a)b]", [("a)b]", 1.0)]),
        ("(a:1,2)", [("a:1,2", 1.1)]),
        ("(16:9:1.2)", [("16:9", 1.2)]),
        ("(:1.2)", [("", 1.0)]),
        ("()", [("", 1.0)]),
        ("(a:-1)", [("a", -1.0)]),
        ("a BREAK b", [("a", 1.0), ("BREAK", -1), ("b", 1.0)]),
        ("BREAK", [("", 1.0), ("BREAK", -1), ("", 1.0)]),
        ("BREAKFAST", [("BREAKFAST", 1.0)]),
        # where A1111 itself goes wrong, and what we do instead
        ("(a BREAK b:1.3)", [("a", 1.3), ("BREAK", -1), ("b", 1.3)]),
        ("(a:1.2.3)", [("a:1.2.3", 1.1)]),
        ("(a:.)", [("a:.", 1.1)]),
        # the two kinds of brackets do not know of each other
        ("([a)b]", [("a", 1.1 * (1 / 1.1)), ("b", 1 / 1.1)]),
        ("a(b(c[d", [("a", 1.0), ("b", 1.1), ("c", 1.1 * 1.1), ("d", 1.1 * 1.1 * (1 / 1.1))]),
    ],
)
def test_attention_reads_what_a1111_reads(text: str, expected: list[tuple[str, float]]) -> None:
    assert attention(text) == expected


def by_the_book(text: str) -> list[tuple[str, float]]:
    """The rules of the syntax, said once more and slowly: one leaf a character, groups multiplied as they close."""
    leaves: list[list[object]] = []
    opened: dict[str, list[int]] = {"(": [], "[": []}

    def close(start: int, factor: float) -> None:
        for leaf in leaves[start:]:
            leaf[1] *= factor  # type: ignore[operator]

    at = 0
    while at < len(text):
        sign = text[at]
        number = ""
        if sign == ":":
            rest = text[at + 1 :].lstrip()
            body, bracket, _ = rest.partition(")")
            number = body.rstrip() if bracket else ""
            try:
                factor = float(number) if set(number) <= set("0123456789.+-") and number else None
            except ValueError:
                factor = None
            if factor is not None and opened["("]:
                close(opened["("].pop(), factor)
                at = text.index(")", at) + 1
                continue
        if sign == "\\":
            escaped = text[at + 1 : at + 2]
            if escaped and escaped in "()[]\\":
                leaves.append([escaped, 1.0])
                at += 1
            else:
                leaves.append(["", 1.0])
        elif sign in "([":
            opened[sign].append(len(leaves))
        elif sign == ")" and opened["("]:
            close(opened["("].pop(), 1.1)
        elif sign == "]" and opened["["]:
            close(opened["["].pop(), 1 / 1.1)
        else:
            leaves.append([sign, 1.0])
        at += 1
    for kind, factor in (("(", 1.1), ("[", 1 / 1.1)):
        for start in opened[kind]:
            close(start, factor)
    merged: list[list[object]] = []
    for leaf, weight in leaves:
        if merged and merged[-1][1] == weight:
            merged[-1][0] += leaf  # type: ignore[operator]
        else:
            merged.append([leaf, weight])
    return [(str(leaf), float(weight)) for leaf, weight in merged] or [("", 1.0)]  # type: ignore[arg-type]


@tried(1500)
@given(st.lists(st.sampled_from([*"()[]:\\,ab 1.猫", ":1.2)", ": 0.5 )", "(a", "[b"]), max_size=24).map("".join))
def test_attention_equals_the_rules_said_slowly(text: str) -> None:
    assert attention(text) == by_the_book(text)


HOSTILE = {
    "open": "(" * 20_000,
    "nested": "(a" * 6_000 + ")" * 6_000,
    "crossing": "[(a" * 3_000 + ")]" * 3_000,
    "crossed": "([{" * 2_000 + ")]}" * 2_000,
    "colons": ":1" * 20_000 + ")",
    "colons and spaces": (":" + " " * 50) * 1_000,
    "spaces": " " * 1_000_000,
    "one word": "a" * 1_000_000,
    "backslashes": "\\" * 40_001,
    "wildcards": "__a" * 10_000,
    "networks": "<lora:" * 13_000,
    "schedules": "[a:" * 4_000 + "]" * 4_000,
    "changes": "[a:b:0.5]" * 2_000,
    "changes in changes": "[a:" * 4_000 + ":0.5]" * 4_000,
    "alternations": "[a|" * 4_000 + "]" * 4_000,
    "choices": "{a|" * 4_000 + "}" * 4_000,
    "groups": "[a:b:0.5](" * 2_000,
    "bars": "a|" * 20_000,
    "ands": "a:1 AND " * 5_000,
    "breaks": "BREAK" * 5 + " BREAK" * 10_000,
    "closed": "[a:b:3]" + ")" * 20_000,
    "bare": "a:1.2, " * 10_000,
    "empty": "(" * 6_000 + ":1.2)" * 6_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_megabyte_takes_linear_time(name: str) -> None:
    text = HOSTILE[name]

    def seconds(text: str) -> float:
        gc.disable()  # a collection in the middle would cost more than the text
        start = time.process_time()
        attention(text)
        pieces(text)
        networks(text)
        normalise(text)
        multicond(text)
        schedule(text, 3)
        hints(text)
        assert str(parse(text)) == text
        took = time.process_time() - start
        gc.enable()
        return took

    # Ten times the text may take some more than ten times as long, but nowhere near a hundred times.
    assert seconds(text) < 50 * max(seconds(text[: len(text) // 10]), 0.05)


@tried(400)
@given(st.text(st.characters(), max_size=60))
def test_no_text_whatever_makes_the_grammar_fail(text: str) -> None:
    attention(text)
    pieces(text)
    networks(text)
    multicond(text)
    schedule(text, 7)
    assert str(parse(text)) == text
    assert all(hint.applied(text) != text for hint in hints(text) if hint.fix is not None)
    assert len(normalise(text)) == len(text)


def test_lone_surrogates_are_text() -> None:
    assert attention("(\ud800:1.2)") == [("\ud800", 1.2)]


@tried(600)
@given(st.lists(st.sampled_from([*"()[]{}:|\\,ab 1", ":1.2)", "[a:b:0.5]", "(a, b:1.2)"]), max_size=16).map("".join))
def test_a_piece_said_again_keeps_its_weight(text: str) -> None:
    for piece in pieces(text)[0]:
        leaves = attention(f"({piece.text}:1.5), (x:1.3)") if piece.weight != 1 else attention(f"{piece.text}, (x:1.3)")
        assert leaves[-1] == ("x", 1.3), "a piece must not weigh what follows it"


def test_pieces_dissolve_groups_and_keep_syntax() -> None:
    found, notes = pieces("(a, (b):1.2), [c], [cat:dog:0.5], [a|b], {x, y|z} t, __animal__, e\\(f\\), g)")
    assert [(piece.text, piece.weight) for piece in found] == [
        ("a", 1.2),
        ("b", 1.32),
        ("c", 0.9091),
        ("[cat:dog:0.5]", 1.0),
        ("[a|b]", 1.0),
        ("{x, y|z} t", 1.0),
        ("__animal__", 1.0),
        ("e\\(f\\)", 1.0),
        ("g\\)", 1.0),
    ]
    assert notes == ()


def test_mistakes_are_noted() -> None:
    assert [note.key for note in pieces("[a:1.2]")[1]] == ["note.delayed"]
    assert [note.key for note in pieces("[a:0.5], [a:10]")[1]] == []
    assert [note.key for note in pieces("(a")[1]] == ["note.unclosed"]
    assert [note.key for note in pieces("(a:1.2.3)")[1]] == ["note.weight_unreadable"]


def test_break_stays_a_break_inside_a_group() -> None:
    found, _ = pieces("(a BREAK b:1.3)")
    assert [(piece.text, piece.weight, piece.kind) for piece in found] == [
        ("a", 1.3, "text"),
        ("BREAK", 1.0, "break"),
        ("b", 1.3, "text"),
    ]


def test_loras_come_out() -> None:
    text = "a, <lora:foo_bar:0.8>, b <lora:x> <lora:y:0.5:0.7> <lyco:z:te=0.3:unet=0.9> <lora:n:-0.5>"
    rest, found = loras(text)
    assert rest == "a, , b    "
    assert found == (
        LoraUse("foo_bar", 0.8),
        LoraUse("x", 1.0),
        LoraUse("y", 0.7, 0.5),
        LoraUse("z", 0.9, 0.3),
        LoraUse("n", -0.5),
    )


def test_a_lora_with_a_bad_weight_and_a_hypernet_are_noted() -> None:
    rest, found, notes = networks("<lora:a:much><lora:b:nan><hypernet:c:1>")
    assert (rest, found) == ("", (LoraUse("a"), LoraUse("b")))
    assert [note.key for note in notes] == ["note.lora_weight", "note.lora_weight", "note.hypernet"]


@pytest.mark.parametrize(
    ("tag", "use"),
    [
        ("<lora:a:0.5:lbw=1,0,0,0,0,1,1,1,1,1,1,1>", LoraUse("a", 0.5, blocks="1,0,0,0,0,1,1,1,1,1,1,1")),
        ("<lora:a:0.5:MIDD>", LoraUse("a", 0.5, blocks="MIDD")),
        ("<lora:a:lbw=outall>", LoraUse("a", blocks="outall")),
        ("<lora:a:0.7:1，0，0，0，0，1，1，1，1，1，1，1>", LoraUse("a", 0.7, blocks="1,0,0,0,0,1,1,1,1,1,1,1")),
        ("<lora:a:0.5:lbw=1,0,R,0,u,1,1,1,1,1,1,1>", LoraUse("a", 0.5, blocks="1,0,R,0,u,1,1,1,1,1,1,1")),
        ("<lora:a:0.8:step=5-10>", LoraUse("a", 0.8, start=5, stop=10)),
        ("<lora:a:START=3>", LoraUse("a", start=3)),
        ("<lora:a:0.5:0.7:stop=0>", LoraUse("a", 0.7, 0.5, stop=0)),
        ("<lora:a:0.5:lbw=INS:stop=12:start=4>", LoraUse("a", 0.5, None, "INS", 4, 12)),
        ("<lora:a:0.5:lbwe=attndeepoff>", LoraUse("a", 0.5, elements="attndeepoff")),
        ("<lora:a:0.5:lbw=OUTALL:lbwe=PROJDEEPOFF:stop=9>", LoraUse("a", 0.5, None, "OUTALL", 0, 9, "PROJDEEPOFF")),
        ("<lora:a:0.5:lbwe=IN05-OUT05:attn:0.3:stop=9>", LoraUse("a", 0.5, stop=9, elements="IN05-OUT05:attn:0.3")),
        (
            "<lora:a:0.5:lbwe=NOT IN04 M00:NOT attn1 proj:-0.5,BASE::0:lbw=ALL>",
            LoraUse("a", 0.5, blocks="ALL", elements="NOT IN04 M00:NOT attn1 proj:-0.5,BASE::0"),
        ),
        ("＜lora：a：0.5：lbwe＝IN04：attn：0＞", LoraUse("a", 0.5, elements="IN04:attn:0")),
        (
            "<lora:a:0.5:lbw=1,0,X,0,X+0.2,1,1,1,1,1,1,X-0.1:x=0.7>",
            LoraUse("a", 0.5, blocks="1,0,0.7,0,0.9,1,1,1,1,1,1,0.6"),
        ),
        ("<lora:a:0.5:lbw=1,0,X,0,0,1,1,1,1,1,1,1>", LoraUse("a", 0.5, blocks="1,0,1,0,0,1,1,1,1,1,1,1")),
        ("＜lora：a：0.5：step＝2－6＞", LoraUse("a", 0.5, start=2, stop=6)),
        ("<lora:a:0.2:0.6:LBW=" + ",".join(["0.25"] * 17) + ">", LoraUse("a", 0.6, 0.2, ",".join(["0.25"] * 17))),
    ],
)
def test_block_weights_go_with_a_lora(tag: str, use: LoraUse) -> None:
    assert networks(tag) == ("", (use,), ())
    assert networks(str(use))[1] == (use,) and LoraUse.from_json(use.to_json()) == use
    assert LoraUse("a", 0.5, 0.2).to_json() == {"name": "a", "weight": 0.5, "text_weight": 0.2}  # as in old recipes


@pytest.mark.parametrize("count", [12, 17, 20, 26])
def test_block_weights_of_every_length_name_their_blocks(count: int) -> None:
    given = block_weights(",".join(str(number + 1) for number in range(count)))
    assert given is not None and [weight for weight in given if weight] == [number + 1 for number in range(count)]
    named = {name: weight for name, weight in zip(BLOCKS, given, strict=True) if weight}
    assert named["BASE"] == 1 and named["M00"] == {12: 6, 17: 8, 20: 11, 26: 14}[count]
    assert ("IN00" in named) == (count in (20, 26)) and named["IN04"] == {12: 2, 17: 4, 20: 6, 26: 6}[count]
    assert block_weights("1," * count) is None


def test_chance_makes_weights_of_a_word_and_always_the_same() -> None:
    said = ",".join(["R"] * 6 + ["U"] * 6)
    made = [block_weights(said, str(seed)) or () for seed in range(50)]
    assert len(set(made)) == 50 and made[7] == block_weights(said.lower(), "7")
    drawn = [[weight for weight in one if weight] for one in made]
    assert all(0 <= weight <= 1 for one in drawn for weight in one[:6])
    uneven = [weight for one in drawn for weight in one[6:]]
    assert min(uneven) < 0 and max(uneven) > 1 and all(-0.5 <= weight <= 1.5 for weight in uneven)


@pytest.mark.parametrize(
    ("said", "block", "name", "weight"),
    [
        ("IN05-OUT05:attn:0", "IN05", "input_blocks_5_1_transformer_blocks_0_attn1_to_q", 0.0),
        ("IN05-OUT05:attn:0", "M00", "middle_block_1_transformer_blocks_0_attn2_to_k", 0.0),
        ("OUT05-IN05:attn:0", "OUT05", "output_blocks_5_1_transformer_blocks_0_attn1_to_q", 0.0),
        ("IN05-OUT05:attn:0", "IN04", "input_blocks_4_1_transformer_blocks_0_attn1_to_q", None),
        ("IN05-OUT05:attn:0", "IN05", "input_blocks_5_1_proj_in", None),
        ("ATTNDEEPOFF", "IN05", "input_blocks_5_1_transformer_blocks_0_attn1_to_q", 0.0),
        ("attndeepon", "IN05", "input_blocks_5_1_transformer_blocks_0_attn1_to_q", 1.0),
        ("PROJDEEPOFF", "IN07", "input_blocks_7_1_transformer_blocks_0_ff_net_0_proj", 0.0),
        ("XYZ", "", "conv_in", 1.0),
        ("NOT IN04 OUT00-OUT02:attn:2", "IN04", "attn1", None),
        ("NOT IN04 OUT00-OUT02:attn:2", "OUT01", "attn1", None),
        ("NOT IN04 OUT00-OUT02:attn:2", "IN08", "attn1", 2.0),
        ("IN04:NOT attn1 proj:2", "IN04", "attn1_to_q", None),
        ("IN04:NOT attn1 proj:2", "IN04", "attn2_to_q", 2.0),
        ("BASE::0.5", "BASE", "text_model_encoder_layers_0_mlp_fc1", 0.5),
        ("BASE::0.5", "M00", "middle_block_1_proj_in", None),
        (":attn:0.5,IN04:attn2:0.25", "IN04", "attn2_to_q", 0.25),  # the last one counts
        (":attn:0.5,IN04:attn2:0.25", "IN04", "attn1_to_q", 0.5),
        ("：attn：0。5", "IN04", "attn1_to_q", None),
    ],
)
def test_rules_for_elements_find_their_layers(said: str, block: str, name: str, weight: float | None) -> None:
    rules = element_rules(said)
    assert rules is None if "。" in said else ratio(rules or (), block, name) == weight


@pytest.mark.parametrize(
    "said", ["", "MOON", "IN04:attn", "IN99:attn:1", "IN04-IN05-IN06:attn:1", "IN04:attn:nan", "a:b:c:d"]
)
def test_what_is_no_rule_is_none(said: str) -> None:
    assert element_rules(said) is None


def test_every_preset_is_a_list() -> None:
    assert all(block_weights(name) == block_weights(row) for name, row in PRESETS.items())
    inside, middle, outside = (
        {name for name, weight in zip(BLOCKS, block_weights(preset) or (), strict=True) if weight}
        for preset in ("INALL", "MIDD", "OUTALL")
    )
    assert inside & outside == {"BASE"} and "M00" in middle - inside - outside


@pytest.mark.parametrize(
    ("tag", "use", "left"),
    [
        ("<lora:a:0.5:0.7:lbw=MIDD:stop=x>", LoraUse("a", 0.7, 0.5, "MIDD"), "stop=x"),
        ("<lora:a:lbw=OUTALL:lbwe=MOON>", LoraUse("a", blocks="OUTALL"), "lbwe=MOON"),
        ("<lora:a:lbwe=IN77:attn:0>", LoraUse("a"), "lbwe=IN77:attn:0"),
        ("<lora:a:lbwe=XYZ:lbwe=IN04:attn:0:0.5>", LoraUse("a", 0.5, elements="XYZ"), "lbwe=IN04:attn:0"),
        ("<lora:a:0.5:lbwe=IN04:attn:x>", LoraUse("a", 0.5), "lbwe=IN04:attn:x"),
        ("<lora:a:0.5:lbw=MOON>", LoraUse("a", 0.5), "lbw=MOON"),
        ("<lora:a:0.5:lbw=1,0,XY,0,0,1,1,1,1,1,1,1>", LoraUse("a", 0.5), "lbw=1,0,XY,0,0,1,1,1,1,1,1,1"),
        ("<lora:a:0.5:lbw=INS:lbw=OUTS>", LoraUse("a", 0.5, blocks="INS"), "lbw=OUTS"),
        ("<lora:a:-0.5:1,0,0.2,0>", LoraUse("a", -0.5), "1,0,0.2,0"),
        ("<lora:a:0.5:0.5:8>", LoraUse("a", 0.5), "8"),
        ("<lora:a:0.8:start=-3:step=5>", LoraUse("a", 0.8), "start=-3:step=5"),
        ("<lyco:a:te=0.3:unet=0.9:dyn=4>", LoraUse("a", 0.9, 0.3), "dyn=4"),
    ],
)
def test_what_others_say_in_a_tag_leaves_its_strength_alone(tag: str, use: LoraUse, left: str) -> None:
    rest, found, notes = networks(tag)
    assert (rest, found) == ("", (use,))
    assert [(note.key, note.values["left"]) for note in notes] == [("note.lora_left", left)]


def test_full_width_signs_are_syntax_but_not_between_angle_brackets() -> None:
    assert normalise("（猫：１．２），【a】｜<lora:胖（猫）：0.8>") == "(猫:1.2),[a]|<lora:胖（猫）：0.8>"


def test_the_weights_of_and_stay_at_its_ends() -> None:
    found, _ = pieces("a, b :1.2 AND (c:1.3) :0.5 AND d, 16:9")
    assert [(piece.text, piece.kind) for piece in found] == [
        ("a", "text"),
        ("b", "text"),
        (":1.2 AND", "and"),
        ("c", "text"),
        (":0.5 AND", "and"),
        ("d", "text"),
        ("16", "text"),
        (":9", "and"),
    ]
    assert [piece.text for piece in pieces("a clock, 12:30")[0]] == ["a clock", "12:30"]


def test_a_prompt_says_and_and_break_without_commas() -> None:
    prompt = Prompt(
        "", tuple(Fragment(piece.text, piece.weight) for piece in pieces("a, (b:1.2) :2 AND c BREAK d :-1")[0])
    )
    assert prompt.positive == "a, (b:1.2) :2 AND c BREAK d :-1"
    assert multicond(prompt.positive) == [("a, (b:1.2)", 2.0), (" c BREAK d", -1.0)]
