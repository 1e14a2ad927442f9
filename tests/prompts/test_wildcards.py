import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from prompts import grammar
from prompts.compose import compose
from prompts.options import read_options
from prompts.prompt import IN_TURN, Options
from prompts.translate.chain import chain
from prompts.translate.chinese import CHINESE
from prompts.wildcards.comments import without_comments
from prompts.wildcards.drawing import DEPTH, LENGTH, drawn
from prompts.wildcards.lists import FOLDER, lists
from prompts.wildcards.outcomes import outcomes as all_outcomes
from tests.properties import tried

SEEDS = range(60)


def outcomes(text: str, folders: tuple[Path, ...] = ()) -> set[str]:
    return {drawn(text, seed, folders)[0] for seed in SEEDS}


@pytest.mark.parametrize(
    ("text", "possible"),
    [
        ("a {red|blue} car", {"a red car", "a blue car"}),
        ("{a|{b|c}}", {"a", "b", "c"}),
        ("{2$$a|b}", {"a, b", "b, a"}),
        ("{2$$ and $$a|b}", {"a and b", "b and a"}),
        ("{0-1$$a}", {"", "a"}),
        ("{9$$a|b}", {"a, b", "b, a"}),
        ("{(a:1.2)|[b|c]}", {"(a:1.2)", "[b|c]"}),
        ("{a|}", {"a", ""}),
        ("{only}", {"only"}),
        ("{0::a|1::b}", {"b"}),
    ],
)
def test_every_choice_can_come_and_no_other(text: str, possible: set[str]) -> None:
    assert outcomes(text) == possible


@pytest.mark.parametrize(
    "text", ["a cat", "{a|b", "a|b}", "\\{a\\|b\\}", "[a|b]", "__", "____", "a__b__c", "<lora:__x__:1>"]
)
def test_what_is_no_choice_stays_as_written(text: str) -> None:
    assert drawn(text, 1) == (text, ())


def test_the_same_seed_gives_the_same_on_every_machine() -> None:
    text = "{red|blue|green} {1-2$$cat|dog|bird}, __season__"
    assert drawn(text, 7) == drawn(text, 7)
    assert [drawn("{a|b|c|d}", seed)[0] for seed in range(8)] == list("dddcacda")  # promised: recipes are rerun by seed


def test_several_of_one_list_differ() -> None:
    for seed in SEEDS:
        one, two = drawn("{2$$__season__}", seed)[0].split(", ")
        assert one != two


# What the guide of Dynamic Prompts (docs/SYNTAX.md of adieyal/sd-dynamic-prompts) says of it, worked out by hand.
@pytest.mark.parametrize(
    ("text", "possible"),
    [
        ("{-2$$a|b}", {"a", "b", "a, b", "b, a"}),  # no lower bound: one
        ("{1-$$a|b}", {"a", "b", "a, b", "b, a"}),  # no upper bound: all
        ("{2-$$a|b}", {"a, b", "b, a"}),
        ("{-$$a|b}", {"a", "b", "a, b", "b, a"}),
        ("{0-$$a}", {"", "a"}),
        ("{1-2$$ and $$a|b}", {"a", "b", "a and b", "b and a"}),
        ("{2-$$ and $$a|b}", {"a and b", "b and a"}),
        ("{ 2 $$a}", {"2 $$a"}),  # the number stands at the dollars
        ("{-1$$0::a|b}", {"b"}),
        ("{.5::a|0::b}", {"a"}),
        ("{~a|b}", {"a", "b"}),
        ("{~2$$a|b}", {"a, b", "b, a"}),
        ("{2$$ or $$x|{y}}", {"x or y", "y or x"}),
        ("{2$${a|b}|c}", {"a, c", "b, c", "c, a", "c, b"}),
        ("{{rose|white} gold|steel}", {"rose gold", "white gold", "steel"}),
        ("{\n a\n | b\n}", {"a", "b"}),
    ],
)
def test_choices_as_dynamic_prompts_means_them(text: str, possible: set[str]) -> None:
    assert outcomes(text) == possible


@pytest.mark.parametrize(
    ("text", "possible"),
    [
        ("${x=a}${x} and ${x}", {"a and a"}),
        ("${x=!{a|b}} ${x}${x}", {"aa", "bb"}),  # drawn once
        ("${x={a|b}} ${x}${x}", {"aa", "ab", "ba", "bb"}),  # each time anew
        ("${x=!{a|b}}\n${y=${x}${x}} ${y}", {"aa", "bb"}),
        ("${x:a}", {"a"}),
        ("${x:{a|b}}", {"a", "b"}),
        ("${x=b} ${x:a}", {"b"}),
        ("${x=a}${x=b}${x}", {"b"}),
        ("${x=a}${x?=b}${x}", {"a"}),
        ("${x?=b}${x}", {"b"}),
        ("${ x = a } ${ x }", {"a"}),
        ("${颜色={红|蓝}}一只${颜色}猫", {"一只红猫", "一只蓝猫"}),
        ("${x=}a${x}b", {"ab"}),
        ("{${x=a}${x}|b}", {"a", "b"}),
        ("${x={a|b|c}} {2$$${x}}", {"a", "b", "c"}),
    ],
)
def test_what_has_a_name_is_said_again(text: str, possible: set[str]) -> None:
    assert outcomes(text) == possible


def test_a_value_that_nobody_gave_is_its_own_words() -> None:
    text, notes = drawn("a ${hat_shape} hat", 1)
    assert text == "a hat shape hat"
    assert [(note.key, note.values) for note in notes] == [("note.variable_unknown", {"name": "hat_shape"})]


def test_a_value_drawn_at_once_is_told_once() -> None:
    _, notes = drawn("${x=!{a|b}} ${x} ${x} ${y=c}${y}", 1)
    assert [note.values["choice"] for note in notes] == ["{a|b}"]


@pytest.mark.parametrize("text", ["${", "${}", "$5", "a $ {b", "${a", "$${", "\\${x}"])
def test_a_dollar_alone_stays(text: str) -> None:
    assert "$" in drawn(text, 1)[0]


def test_a_variable_that_holds_itself_ends() -> None:
    for text in ("${x=${x}}${x}", "${x=a ${x} ${x}}${x}", "${x=${y}}${y=${x}${x}}${x}"):
        said, notes = drawn(text, 1)
        assert len(said) < LENGTH and "note.choices_too_many" in {note.key for note in notes}


@pytest.mark.parametrize("sign", ["@", "!"])
def test_what_comes_in_turn_follows_the_seed_and_then_itself(sign: str) -> None:
    assert [drawn(f"{{{sign}a|b|c}}", seed)[0] for seed in range(4)] == ["a", "b", "c", "a"]
    assert drawn(f"{{{sign}a|b|c}} {{{sign}a|b|c}}", 1)[0] == "b c"
    assert drawn(f"${{x={{{sign}a|b}}}} ${{x}}${{x}}${{x}}", 0)[0] == "aba"
    assert [drawn(f"{{{sign}2$$a|b|c}}", seed)[0] for seed in range(3)] == ["a, b", "b, c", "c, a"]


def test_what_comes_in_turn_goes_on_from_text_to_text() -> None:
    turns: dict[str, int] = {}
    said = [drawn("a {@red|blue|green} {@cat|dog}", seed, turns=turns)[0] for seed in (9, 4, 7, 7)]
    assert said == ["a red cat", "a blue dog", "a green cat", "a red dog"]
    assert drawn("{@red|blue} hat", 3, turns=turns)[0] == "red hat"  # another choice begins by itself
    assert drawn("{@red|blue|green} {@red|blue|green}", 3, turns=turns)[0] == "blue green"
    assert [drawn("{@2$$a|b|c}", 5, turns=turns)[0] for _ in range(3)] == ["a, b", "b, c", "c, a"]
    named = [drawn("__@season__", 5, turns=turns)[0] for _ in lists()["season"].entries]
    assert named == [entry for entry, _ in lists()["season"].entries]
    assert not any(word in " ".join(turns) for word in ("red", "cat", "season"))  # nothing of the text is remembered


async def test_a_seed_that_was_said_gives_the_same_words_every_time(tmp_path: Path) -> None:
    async def said(text: str, **more: Any) -> str:
        prompt, _ = await compose(text, translators=chain(tmp_path), given=Options(plain=True), turns=turns, **more)
        seeds.append(prompt.seed)
        return next(one.text for one in prompt.fragments if one.origin != "preset")

    turns: dict[str, int] = {}
    seeds: list[int | None] = []
    assert [await said("{@cat|dog}", seed=seed) for seed in (5, 5, 8)] == ["cat", "dog", "cat"]
    assert [await said("{@cat|dog} --seed 5", seed=8) for _ in range(2)] == ["dog", "dog"]
    assert [await said("{cat|cat}", seed=8), await said("cat", seed=8)] == ["cat", "cat"]
    assert seeds == [IN_TURN, IN_TURN, IN_TURN, 5, 5, 8, None]


YAML = """
colors:
  warm: [red, "3::orange", {text: gold, weight: 0}]
  cold:
    - blue
    - {content: "{ice|sky} blue", weight: 2}
一: [a, no, 7]
clothing/hat:
  - "__colors/warm__ cap"
broken: 5
empty: []
"""


@pytest.mark.parametrize("suffix", ["yaml", "yml", "json"])
def test_lists_stand_under_keys_in_yaml_and_json(tmp_path: Path, suffix: str) -> None:
    """As Dynamic Prompts reads them: by the keys alone, whatever the file and its folder are called."""
    (tmp_path / "mine").mkdir()
    text = json.dumps(yaml.safe_load(YAML)) if suffix == "json" else YAML
    (tmp_path / "mine" / f"collection.{suffix}").write_text(text.replace("false", '"no"'), "utf-8")
    (tmp_path / f"flat.{suffix}").write_text('["one", "2::two"]', "utf-8")
    folders = (tmp_path,)
    assert outcomes("__colors/warm__", folders) == outcomes("__warm__", folders) == {"red", "orange"}
    assert outcomes("__colors/*__", folders) == {"red", "orange", "blue", "ice blue", "sky blue"}
    assert outcomes("__*/c?ld__", folders) == {"blue", "ice blue", "sky blue"}
    assert outcomes("__一__", folders) == {"a", "no", "7"}
    assert outcomes("__clothing/hat__", folders) == {"red cap", "orange cap"}
    assert outcomes("__flat__", folders) == {"one", "two"}
    found = [drawn("__colors/warm__", seed, folders)[0] for seed in range(400)]
    assert 260 < found.count("orange") < 340
    assert drawn("__broken__", 1, folders)[1][0].key == drawn("__empty__", 1, folders)[1][0].key
    assert "gold" in all_outcomes("__colors/*__", folders)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.yaml", "a: [b"),
        ("a.json", '{"a": ["b"'),
        ("a.json", "[" * 5000),
        ("a.yaml", "a: !!python/object/apply:os.system [ls]"),
        ("a.yaml", "a: &a {a: *a}"),
        ("a.yaml", "&a [*a]"),
        ("a.json", "7"),
    ],
)
def test_a_file_that_holds_no_lists_is_as_if_it_were_not_there(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, "utf-8")
    (tmp_path / "b.txt").write_text("cat\n", "utf-8")
    assert outcomes("__b__", (tmp_path,)) == {"cat"}
    assert drawn("__a__", 1, (tmp_path,))[0] in ("a", "ls")


def test_lists_as_dynamic_prompts_means_them(tmp_path: Path) -> None:
    (tmp_path / "colours").mkdir()
    files = {
        "colours/cold.txt": "# colours\nblue  # like the sea\ngreen\n# grey\n",
        "colours/warm.txt": "red\n",
        "coat.txt": "a ${colour:grey} coat\n",
        "pair.txt": "${a} and ${b:nothing}\n",
        "far.txt": "__colours/cold__\n",
        "numbers.txt": "#1\n.5::half\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, "utf-8")
    folders = (tmp_path,)
    assert outcomes("__colours/*__", folders) == {"blue", "green", "red"}
    assert outcomes("__*/w?rm__", folders) == {"red"}
    assert outcomes("__far__", folders) == {"blue", "green"}
    assert outcomes("{2$$__colours/cold__}", folders) == {"blue, green", "green, blue"}
    assert outcomes("{3-$$__colours/*__}", folders) == outcomes("{3$$__colours/*__}", folders)
    assert outcomes("__coat__", folders) == {"a grey coat"}
    assert outcomes("__coat(colour=pink)__", folders) == {"a pink coat"}
    assert outcomes("__coat(colour={pink|red})__", folders) == {"a pink coat", "a red coat"}
    assert outcomes("${colour=blue} __coat__ __coat(colour=red)__ __coat__", folders) == {
        "a blue coat a red coat a blue coat"
    }
    assert outcomes("__pair(a=x y, b={s, t|u})__", folders) == {"x y and s, t", "x y and u"}
    assert [drawn("__@colours/cold__", seed, folders)[0] for seed in range(3)] == ["blue", "green", "blue"]
    assert outcomes("__~colours/warm__", folders) == {"red"}


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("# a heading\ncat", "cat"),
        ("cat, {a|b} # one of them\ndog", "cat, {a|b}\ndog"),
        ("${x={a\n # |b   # no\n |c}}", "${x={a\n |c}}"),
        ("  #\ncat", "cat"),
        ("＃ 注释\n猫", "猫"),
        ("apartment # 5", "apartment # 5"),
        ("# 画一只猫", "# 画一只猫"),
        ("#sunset #beach\n#cat", "#sunset #beach\n#cat"),
        ("C# {a|b}, #1", "C# {a|b}, #1"),
    ],
)
def test_comments_are_left_out(text: str, left: str) -> None:
    assert without_comments(text) == left


async def test_comments_and_variables_in_a_whole_text(tmp_path: Path) -> None:
    text = "# my best one --seed 5\n${animal={cat|cat}}\na ${animal} and ${animal}, hat # --steps 3\n"
    prompt, asked = await compose(text, translators=chain(tmp_path), seed=1, given=Options(plain=True))
    assert [one.text for one in prompt.fragments if one.origin != "preset"] == ["a cat and cat", "hat"]
    assert asked == read_options(text).options == Options()
    raw, _ = await compose(text + "--raw", translators=chain(tmp_path), seed=1)
    assert "# my best one" in raw.positive


@pytest.mark.parametrize(
    "text", ["${x=naked} ${x}", "{@naked|b}", "{-2$$naked|b}", "${x:naked}", "__coat(colour=naked)__", "__@naked__"]
)
def test_all_that_may_be_drawn_is_told_before(text: str) -> None:
    said = all_outcomes(text)
    assert "naked" in re.split(r"\W+", said) and "$" not in said and "{" not in said


def test_shares_are_kept() -> None:
    found = [drawn("{3::a|b}", seed)[0] for seed in range(400)]
    assert 260 < found.count("a") < 340


def test_a_list_is_drawn_from_and_said() -> None:
    text, notes = drawn("a __flower__ and __动物__", 3)
    assert "__" not in text
    assert [(note.key, note.values["choice"]) for note in notes] == [
        ("note.chosen", "__flower__"),
        ("note.chosen", "__动物__"),
    ]
    assert all(note.values["text"] in text for note in notes)
    assert drawn("一只__animal__", 1)[0] != "一只__animal__"


def test_an_unknown_list_is_its_own_words_and_its_nearest_is_named() -> None:
    text, notes = drawn("a __big_flowr__", 1)
    assert text == "a big flowr"
    assert [(note.key, note.values["name"]) for note in notes] == [("note.wildcard_unknown", "big_flowr")]
    assert drawn("__aniaml__", 1)[1][0].values["near"] == "animal"


def test_the_owners_lists_come_first_and_change_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "wildcards"
    assert drawn("__animal__", 1, [folder])[1][0].key == "note.chosen"  # no such folder: ours
    (folder / "wear").mkdir(parents=True)
    (folder / "animal.txt").write_text("# 宠物\nmy own dog\n\n# a comment\n", "utf-8")
    (folder / "wear" / "scarf.txt").write_text("2::{red|blue} scarf\n", "utf-8")
    (folder / "wear" / "socks.txt").write_bytes(b"\xff\xfe\x00 odd")
    assert outcomes("__animal__ __宠物__", (folder,)) == {"my own dog my own dog"}
    assert outcomes("__wear/scarf__", (folder,)) == outcomes("__scarf__", (folder,)) == {"red scarf", "blue scarf"}
    assert len(outcomes("__wear/*__", (folder,))) == 3
    (folder / "animal.txt").write_text("a newer dog, longer\n", "utf-8")
    assert outcomes("__animal__", (folder,)) == {"a newer dog, longer"}


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "..", "animal.txt"])
def test_a_name_never_leaves_the_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret.txt").write_text("secret\n")
    (tmp_path / "lists").mkdir()
    text, _ = drawn(f"__{name}__ x__{name}__", 1, [tmp_path / "lists"])
    assert "secret\n" not in text and "root:" not in text


def test_nesting_ends(tmp_path: Path) -> None:
    (tmp_path / "loop.txt").write_text("x __loop__ __loop__\n")
    text, notes = drawn("__loop__", 1, [tmp_path])
    assert len(text) < LENGTH and text.startswith("x x")
    assert "note.choices_too_many" in {note.key for note in notes}
    deep = "{a|" * (DEPTH + 4) + "b" + "}" * (DEPTH + 4)
    assert all("{" not in found for found in outcomes(deep))


def test_our_lists_are_in_order() -> None:
    assert len(list(FOLDER.glob("*.txt"))) >= 30
    for one in set(lists().values()):
        assert one.aliases, one.name
        entries = [entry for entry, _ in one.entries]
        assert len(entries) >= 8 and len(set(entries)) == len(entries), one.name
        for entry in entries:
            assert not CHINESE.search(entry) and grammar.attention(entry) == [(entry, 1.0)]


SIGNS = st.sampled_from(
    [
        *("{", "}", "|", "$$", "::", "2", "__", "__animal__", "a", "猫", "\\", "(", ")", "[", "]", "-", "*", "\ud800"),
        *("${", "x", "=", "=!", ":", "@", "#", "\n"),
    ]
)


@tried(300)
@given(st.lists(SIGNS, max_size=20).map("".join), st.integers(0, 2**32 - 1))
@example("{99999999999$$a}", 1)
@example("__*a*b*c*d*__", 1)
def test_any_text_whatever_is_drawn(text: str, seed: int) -> None:
    assert drawn(text, seed) == drawn(text, seed)


def test_hostile_texts_are_quick() -> None:
    for text in (
        "{" * 4000,
        "{a|" * 1300,
        "{a|b}" * 800,
        "{" * 2000 + "}" * 2000,
        "__a" * 1300,
        "__animal__" * 400,
        "${x=" * 1000,
        "${x={a|b}}" + "${x}" * 900,
        "${x=" + "a" * 1900 + "}" + "${x}" * 500,
        "__a(" * 1000,
        "__animal(x=" * 360,
        "{-" * 2000,
        "# " * 2000,
        "<" * 4000,
    ):
        start = time.process_time()
        drawn(text, 1)
        assert time.process_time() - start < 10  # something quadratic takes minutes
