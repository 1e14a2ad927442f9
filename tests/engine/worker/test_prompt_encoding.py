"""Prompts as embeddings: equal to the pipeline's where it can say the same, and A1111's rules beyond it."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from engine.models.loaded import Loaded
from engine.worker.prompt_encoding import MAX_TEXTS, chunks, conditionings, embed
from prompts.errors import Refusal

CPU = torch.device("cpu")


def by_pipeline(pipeline: Any, text: str, negative: str = "") -> tuple[torch.Tensor, torch.Tensor]:
    with torch.no_grad():
        positive, other = pipeline.encode_prompt(text, CPU, 1, True, negative)
    return positive, other


@pytest.mark.parametrize(
    "text",
    ["", "a cat", "a cat, a DOG; the end!", "一只猫 a cat", r"smile \(medium\)", "red, " * 37 + "a", "😀 émile’s café"],
)
def test_plain_prompts_are_the_pipelines_bit_for_bit(text: str, loaded: Loaded, pipeline: Any) -> None:
    ours = embed(loaded, text, "blurry, ugly")
    theirs = by_pipeline(pipeline, text.replace("\\", ""), "blurry, ugly")
    assert all(torch.equal(one, other) for one, other in zip(ours, theirs, strict=True))


def test_a_weight_scales_its_tokens_and_keeps_the_mean(loaded: Loaded, pipeline: Any) -> None:
    plain, _ = by_pipeline(pipeline, "a red cat")
    bias = loaded.text_encoder.final_layer_norm.bias
    before = bias.detach().clone()
    try:
        bias.data.fill_(0.5)  # as in trained encoders, whose mean is not zero
        loaded.embeddings.clear()
        plain, _ = embed(loaded, "a red cat", "")
        weighted, _ = embed(loaded, "a (red:1.5) cat", "")
    finally:
        bias.data.copy_(before)
        loaded.embeddings.clear()
    assert weighted.mean().item() == pytest.approx(plain.mean().item(), rel=1e-5)
    ratio = weighted[0, 2] / weighted[0, 1] / (plain[0, 2] / plain[0, 1])
    assert ratio.median().item() == pytest.approx(1.5, rel=1e-4)


def test_a_mean_near_zero_is_not_restored(loaded: Loaded) -> None:
    # The tiny encoder's norm has no bias, so every vector's mean is zero but for rounding.
    plain, _ = embed(loaded, "a red cat", "")
    weighted, _ = embed(loaded, "a (red:1.5) cat", "")
    assert torch.allclose(weighted[0, 2], plain[0, 2] * 1.5)
    assert torch.equal(weighted[0, 1], plain[0, 1])


def test_long_prompts_take_more_chunks_and_so_does_the_negative(loaded: Loaded) -> None:
    positive, negative = embed(loaded, "a cat, " * 40, "blurry")
    assert positive.shape == negative.shape == (1, 2 * 77, 32)
    empty, _ = embed(loaded, "", "")
    assert torch.equal(negative[:, 77:], empty)


def test_break_ends_a_chunk(loaded: Loaded, pipeline: Any) -> None:
    positive, _ = embed(loaded, "a cat BREAK a dog", "")
    assert torch.equal(positive[:, :77], by_pipeline(pipeline, "a cat")[0])
    assert torch.equal(positive[:, 77:], by_pipeline(pipeline, "a dog")[0])


def test_a_comma_near_the_end_moves_the_tail(loaded: Loaded) -> None:
    words = loaded.tokenizer
    comma = words.convert_tokens_to_ids(",</w>")
    near = chunks(words, "a " * 60 + "," + "b " * 30)
    assert [len(chunk.tokens) for chunk in near] == [61, 30]
    assert near[0].tokens[-1] == comma
    far = chunks(words, "a " * 50 + "," + "b " * 30)
    assert [len(chunk.tokens) for chunk in far] == [75, 6]
    full = chunks(words, "a " * 75 + ", b")
    assert [len(chunk.tokens) for chunk in full] == [75, 2]
    exact = chunks(words, "a " * 75)
    assert [len(chunk.tokens) for chunk in exact] == [75]


def test_clip_skip_counts_as_a1111_does(loaded: Loaded) -> None:
    ids = loaded.tokenizer("a cat", padding="max_length", max_length=77, return_tensors="pt").input_ids
    with torch.no_grad():
        hidden = loaded.text_encoder(ids, output_hidden_states=True).hidden_states
        second = loaded.text_encoder.final_layer_norm(hidden[-2])
    assert torch.equal(embed(loaded, "a cat", "", 2)[0], second)
    assert not torch.equal(embed(loaded, "a cat", "", 1)[0], second)
    first = embed(loaded, "a cat", "", 3)[0]
    assert torch.equal(embed(loaded, "a cat", "", 12)[0], first)  # more layers than there are


def test_hostile_prompts_are_encoded_all_the_same(loaded: Loaded) -> None:
    for text in ("(" * 500, "(a:1e30)", "(a:-3)", "(a:0)", "BREAK BREAK", "\ud83d", "\x00", "a" * 5000):
        positive, negative = embed(loaded, text, text)
        assert positive.shape == negative.shape


def test_a_plain_prompt_is_one_part_with_one_entry(loaded: Loaded) -> None:
    for text in ("a cat", "", "a clock at 12:30", "a cat, " * 40, "a | b [c:d:0.5]", "a \\"):
        [part], negative = conditionings(loaded, text, "blurry ", 20)
        expected = embed(loaded, text, "blurry ")
        assert part.weight == 1.0
        assert [end for end, _ in (*part.entries, *negative.entries)] == [20, 20]
        assert torch.equal(part.at(1), expected[0])
        assert torch.equal(negative.at(20), expected[1])


def test_each_step_has_its_own_text(loaded: Loaded) -> None:
    [part], negative = conditionings(loaded, "a [cat:dog:0.5]", "[red|green|blue]", 20)
    cat, dog = embed(loaded, "a cat", "a dog")
    assert [end for end, _ in part.entries] == [10, 20]
    assert all(torch.equal(part.at(step), cat if step <= 10 else dog) for step in range(1, 21))
    colours = [embed(loaded, colour, "")[0] for colour in ("red", "green", "blue")]
    assert all(torch.equal(negative.at(step), colours[(step - 1) % 3]) for step in range(1, 21))
    assert len({id(embeddings) for _, embeddings in negative.entries}) == 3  # encoded once, whatever the steps


def test_and_joins_parts_with_weights(loaded: Loaded) -> None:
    wanted, negative = conditionings(loaded, "a cat :1.2 AND a (dog:1.3) AND [a:b:3]:-0.5", "x AND y", 10)
    assert [part.weight for part in wanted] == [1.2, 1.0, -0.5]
    assert torch.equal(wanted[0].at(1), embed(loaded, "a cat", "")[0])
    assert torch.equal(wanted[1].at(9), embed(loaded, " a (dog:1.3)", "")[0])
    assert torch.equal(wanted[2].at(3), embed(loaded, "a", "")[0])
    assert torch.equal(wanted[2].at(4), embed(loaded, "b", "")[0])
    assert torch.equal(negative.at(1), embed(loaded, "x AND y", "")[0])


def test_all_parts_have_the_longest_ones_chunks(loaded: Loaded) -> None:
    wanted, negative = conditionings(loaded, "a AND [b:b BREAK c BREAK d:2]", "[x:" + "y, " * 50 + ":0.5]", 4)
    shapes = {embeddings.shape for part in (*wanted, negative) for _, embeddings in part.entries}
    assert shapes == {(1, 3 * 77, 32)}
    assert {part.length for part in (*wanted, negative)} == {3 * 77}


def test_too_many_parts_are_refused(loaded: Loaded) -> None:
    with pytest.raises(Refusal) as caught:
        conditionings(loaded, "a AND " * MAX_TEXTS, "", 4)
    assert caught.value.key == "prompt.too_many_parts"
