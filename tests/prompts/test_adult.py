"""Words for adults only are found where they mean it, and nowhere else."""

from __future__ import annotations

import pytest

from prompts.adult import judge, read
from prompts.prompt import Fragment, LoraUse, Prompt


@pytest.mark.parametrize(
    "text",
    [
        "breast of chicken on a plate",
        "a church in Essex, Sussex and Middlesex",
        "Scunthorpe, assassin, cocktail, peacock, grape, sextant, analysis, titanic",
        "stars seen with the naked eye",
        "a naked mole rat",
        "nude lipstick, baby pink walls",
        "pussy willow in a vase",
        "great tits and blue tits on a branch",
        "裸露的岩石，淫雨霏霏",
        "裸色的裙子，用裸眼看星星",
        "a sexy woman in a red dress",
        "性感的女人",
        "两个小孩在海边玩",
        "a six year old boy with a kite",
        "lolita fashion",
    ],
)
def test_harmless_words_stay_harmless(text: str) -> None:
    assert read(text) == ""


@pytest.mark.parametrize(
    "text",
    [
        "a nude woman",
        "(NUDE:1.3), 1girl",
        "completely_naked",
        "ｎｕｄｅ",
        "裸体的女人",
        "裸體",
        "a 22 year old woman, topless",
        "二十二岁 裸体",
        "18岁，全裸",
        "nude, baby blue walls",
        "hentai",
    ],
)
def test_words_for_adults_are_found(text: str) -> None:
    assert read(text) == "adult"


@pytest.mark.parametrize(
    "text",
    [
        "nude little girl",
        "a 12 years old girl in lingerie",
        "a 17-year-old, topless",
        "naked, aged 9",
        "16yo, nsfw",
        "裸体的少女",
        "十二岁，内衣",
        "9岁 性感",
        "sexy schoolgirl",
        "lolicon",
        "children, erotic",
        "loli, panties",
    ],
)
def test_children_are_never_made_sexual(text: str) -> None:
    assert read(text) == "never"


def test_what_a_prompt_denies_or_the_assistant_adds_does_not_count() -> None:
    unwanted = (Fragment("nsfw"), Fragment("nude"))
    assert judge(Prompt("", (Fragment("a girl"),), unwanted)) == ""
    assert judge(Prompt("", (Fragment("a girl"), Fragment("nude", origin="preset")))) == ""
    assert judge(Prompt("", (Fragment("a woman", source="裸女"),))) == "adult"
    assert judge(Prompt("", (Fragment("a woman"),), loras=(LoraUse("nude_style"),))) == "adult"
