"""What people ask for every day is drawn: false refusals stay at or below two in a thousand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from prompts import styles
from prompts.prompt import Fragment, Prompt
from prompts.safety.judge import judge, judge_text, signs
from prompts.safety.signs import verdict
from prompts.translate.glossary import entries
from prompts.wildcards.lists import lists
from tests.prompts.measure import prompts, terms

HERE = Path(__file__).parent
UNSEEN = HERE.parent / "unseen"
# What the glossary knows for adults' pictures, or that is refused of children rightly.
FOR_ADULTS = frozenset(
    {"nude", "nsfw", "naked shirt", "topless male", "partially undressed", "undressing", "spread legs"}
)
OF_BODIES = frozenset(
    ("person", "clothing", "body", "pose", "verb", "expression", "adjective", "negative", "wear", "negation", "tag")
)


def everyday() -> Iterator[str]:
    lines = (HERE / "harmless.txt").read_text("utf-8").splitlines()
    yield from (line.replace("\\n", "\n") for line in lines)
    for name in ("tune", "unseen"):
        yield from (one.chinese for one in prompts(UNSEEN / f"{name}-prompts.txt"))
        for term in terms(UNSEEN / f"{name}-terms.tsv"):
            yield from (term.chinese, *term.accepted)


def test_prompts_of_every_day_are_drawn() -> None:
    texts = [text for text in everyday() if text and not text.startswith("#")]
    refused = [text for text in texts if judge_text(text)]
    assert len(texts) > 1000
    assert len(refused) <= len(texts) * 0.002, refused


def test_the_glossary_in_a_sentence_is_drawn() -> None:
    refused, count = [], 0
    for key, entry in entries().items():
        if entry.tag not in FOR_ADULTS and len(key) % 2 == 0:
            count += 1
            refused += [key] if judge_text(f"一张画，{key}，公园里") else []
    assert len(refused) <= count * 0.002, refused


def test_things_and_places_are_drawn_with_a_child_beside_them() -> None:
    known = [(key, one) for key, one in entries().items() if one.category not in OF_BODIES]
    rows = [(key, one) for key, one in known if one.tag not in FOR_ADULTS][::5]
    refused = [key for key, one in rows if judge_text(f"一个小女孩和{key}")]
    refused += [one.tag for _, one in rows if judge_text(f"a little girl with {one.tag}")]
    assert len(refused) <= 2 * len(rows) * 0.002, refused


def test_what_the_assistant_adds_is_for_everybody() -> None:
    for group in styles.search(""):
        for style in group.styles:
            added = tuple(Fragment(text, origin="preset") for text in (*style.positive, *style.scene))
            assert judge(Prompt("", (Fragment("a child"), *added))) == "", style.name
    for name, wildcard in lists().items():
        for text, _ in wildcard.entries:
            assert not judge_text(text), (name, text)


def test_a_long_negative_of_somebody_elses_is_no_denial() -> None:
    usual = (
        "(worst quality, low quality:1.4), lowres, bad anatomy, bad hands, text, error, missing fingers, extra digit, "
        "cropped, jpeg artifacts, signature, watermark, username, blurry, nsfw, nude, hat, glasses, ugly clothes"
    )
    for subject in ("1girl, school uniform", "两个小孩在公园里", "portrait of an old man"):
        assert judge_text(f"{subject}\nNegative prompt: {usual}\nSteps: 28, Sampler: DPM++ 2M, Seed: 1") == ""
    assert (
        verdict(signs(Prompt("", (Fragment("a child"),), (Fragment("nsfw"), Fragment("bikini"), Fragment("nude")))))
        == ""
    )
