"""The figures of translation without Argos, on terms and prompts that nothing was tuned on. The thresholds stand a few
points under what was measured: `python -m tests.prompts.measure tests/prompts/unseen/unseen-terms.tsv` says how well it
does today, and lists what it gets wrong."""

from collections.abc import Sequence
from pathlib import Path

import opencc
import pytest

from prompts.translate.chinese import CHINESE
from prompts.translate.translator import Translator
from tests.prompts.measure import Score, composed, f1, judge, prompts, score_prompts, score_terms, terms

FOLDER = Path(__file__).parent / "unseen"


def share(score: Score) -> tuple[float, float]:
    return 100 * score.exact / score.asked, 100 * score.close / score.asked


def test_the_sets_are_large_and_apart() -> None:
    for kind, least in (("terms.tsv", 400), ("prompts.txt", 200)):
        read = terms if kind == "terms.tsv" else prompts
        halves = [{row.chinese for row in read(FOLDER / f"{half}-{kind}")} for half in ("tune", "unseen")]
        assert halves[0].isdisjoint(halves[1])
        assert sum(map(len, halves)) >= least


def test_single_terms(translators: Sequence[Translator]) -> None:
    exact, close = share(score_terms(FOLDER / "unseen-terms.tsv", translators)[""])
    assert exact >= 85 and close >= 92, (exact, close)


def test_required_phrases_of_prompts(translators: Sequence[Translator]) -> None:
    score = score_prompts(FOLDER / "unseen-prompts.txt", translators)
    placed, said = share(score.phrases)
    assert placed >= 92 and said >= 92, (placed, said)
    assert score.right >= 0.76 * score.asked and score.reversed <= 1, (score.right, score.reversed)
    assert score.left == 0 and score.refused == 0


# Taiwan's signs and words, and Hong Kong's signs.
@pytest.mark.parametrize("script", ["s2t", "s2tw", "s2twp", "s2hk"])
def test_traditional_is_understood_as_well_as_simplified(script: str, translators: Sequence[Translator]) -> None:
    convert = opencc.OpenCC(script).convert
    rows = terms(FOLDER / "unseen-terms.tsv")
    plain = sum(judge(row, translators)[0] for row in rows)
    traditional = sum(
        judge(type(row)(convert(row.chinese), row.accepted, row.category), translators)[0] for row in rows
    )
    assert traditional >= plain - 0.01 * len(rows), (traditional, plain)


def test_protected_spans_come_through_every_prompt(translators: Sequence[Translator]) -> None:
    for asked in prompts(FOLDER / "unseen-prompts.txt")[:40]:
        prompt = composed(f"{asked.chinese}，<lora:水墨_v2:0.7>，__颜色__，{{a|b}}", translators)
        assert [lora.name for lora in prompt.loras] == ["水墨_v2"]
        assert not CHINESE.search(prompt.positive)


@pytest.mark.parametrize(
    ("said", "wanted", "alike"), [("red hat", "red hats", 1.0), ("hat", "red hat", 2 / 3), ("cat", "dog", 0.0)]
)
def test_likeness(said: str, wanted: str, alike: float) -> None:
    assert f1(said, wanted) == pytest.approx(alike)
