"""What is near enough to be suggested, and what is not: one measure for every list of names."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from bot.commands.table import NAMES
from bot.texts import say, texts
from engine.a1111 import find_schedule
from engine.samplers import find_sampler
from prompts import options, styles
from prompts.errors import Refusal
from prompts.spelling import near
from prompts.wildcards.lists import lists

FILES = ("dreamshaper_8", "anything-v5", "ink-style", "ghibli_style_v2", "add_detail", "pastel-mix", "lcm-lora-sdv1-5")
FAVOURITES = ("sunset", "red fox 2", "雪山日出", "我的猫", "castle")
ROWS = [
    line.split("\t")
    for line in (Path(__file__).parent / "near-names.tsv").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]


def suggested(kind: str, written: str) -> str:
    """What is said to be meant by a name that is none, and no name for one that is right but for its signs."""
    try:
        match kind:
            case "sampler":
                return find_sampler(written).name
            case "schedule":
                return find_schedule(written)
            case "style":
                return styles.find_style(written).en.lower()
            case "option":
                options.flags(f"cat --{written} 3")
                return written
    except Refusal as refusal:
        said = str(refusal.values["near"]).removeprefix("--")
        return style.en if kind == "style" and (style := styles.named(said)) else said
    names: dict[str, Iterable[str]] = {"command": NAMES, "file": FILES, "favourite": FAVOURITES}
    return near(written, names[kind] if kind in names else lists(()))


@pytest.mark.parametrize(("kind", "written", "wanted"), ROWS)
def test_only_what_is_near_is_suggested(kind: str, written: str, wanted: str) -> None:
    if kind == "style" and wanted:
        wanted = styles.find_style(wanted).en
    assert suggested(kind, written).lower() == wanted.lower()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_name_that_nothing_is_near_to_is_answered_without_a_suggestion(language: str) -> None:
    far = [
        key.removesuffix("_far")
        for key in texts(language)
        if key.endswith("unknown_far") and not key.startswith("config.")
    ]
    assert len(far) == 15
    for key in far:
        said = say(language, key, name="banana", option="--banana", near="", where="", allowed="")
        assert "banana" in said and "「」" not in said and "“”" not in said


def test_the_three_of_the_report() -> None:
    for find, text in ((find_sampler, "banana"), (styles.find_style, "no-such-style")):
        with pytest.raises(Refusal) as refused:
            find(text)  # type: ignore[operator]
        assert refused.value.values["near"] == ""
    assert near("nosuch", NAMES) == ""
