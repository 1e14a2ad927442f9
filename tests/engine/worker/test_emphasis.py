"""A1111's way from a prompt to embeddings, against a few lines of plain torch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import torch
from torch import Tensor

from engine.files import catalog
from engine.models import loading
from engine.models.loaded import Loaded
from engine.recipe import A1111
from engine.worker import prompt_encoding, walks
from engine.worker.emphasis import Calls, conditionings, guides, padded
from prompts import grammar
from prompts.errors import Refusal
from tests import tiny_families
from tests.engine.drawing import recipe

Words = Sequence[tuple[str, float]]


@pytest.fixture
def biased(loaded: Loaded) -> Iterator[Loaded]:
    """An encoder whose mean is not zero, as in trained ones."""
    bias = loaded.text_encoder.final_layer_norm.bias
    before = bias.detach().clone()
    bias.data.copy_(torch.linspace(-0.2, 0.6, len(before)))
    loaded.embeddings.clear()
    yield loaded
    bias.data.copy_(before)
    loaded.embeddings.clear()


@pytest.fixture(scope="module")
def families(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Loaded]:
    folder = tmp_path_factory.mktemp("families")
    tiny_families.save_single(tiny_families.sdxl(), folder / "sdxl.safetensors")
    tiny_families.save_single(tiny_families.sd2(), folder / "sd2.safetensors")
    found = [one for one in catalog.models([folder]) if not one.builtin]
    return {one.name: loading.load(one, torch.device("cpu")) for one in found}


def read(encoder: Any, tokenizer: Any, words: Words, layer: int = 0) -> tuple[Tensor, Tensor]:
    """The states of one chunk, of the last layer or the hidden one so many before the end, and its weights."""
    ids: list[int] = []
    weights: list[float] = []
    for text, weight in words:
        own = tokenizer(text, add_special_tokens=False).input_ids
        ids, weights = ids + own, weights + [weight] * len(own)
    left = 75 - len(ids)
    ids = [tokenizer.bos_token_id, *ids, tokenizer.eos_token_id, *[tokenizer.pad_token_id] * left]
    with torch.no_grad():
        output = encoder(torch.tensor([ids]), output_hidden_states=True)
    states = output.hidden_states[-layer] if layer else output.last_hidden_state
    return states, torch.tensor([[1.0, *weights, 1.0, *[1.0] * left]])


def original(*chunks: tuple[Tensor, Tensor]) -> Tensor:
    """The chunks of one place as A1111 weighs them, (n, 77, width)."""
    plain, weights = (torch.cat(part) for part in zip(*chunks, strict=True))
    scaled = plain * weights[..., None]
    return scaled * (plain.mean() / scaled.mean())


def of(loaded: Loaded, text: str, emphasis: str = "Original", negative: str = "", skip: int = 1, **calls: int) -> Any:
    return conditionings(loaded, text, negative, Calls(**{"own": 20, **calls}), skip, emphasis)


def test_each_emphasis_is_a1111s(biased: Loaded) -> None:
    words = [("a ", 1.0), ("red", 1.5), (" cat ", 1.0), ("dog", 1 / 1.1)]
    states, weights = read(biased.text_encoder, biased.tokenizer, words)
    text = "a (red:1.5) cat [dog]"
    wanted = {
        "Original": original((states, weights)),
        "No norm": states * weights[..., None],
        "Ignore": states,
        "None": read(biased.text_encoder, biased.tokenizer, [(text, 1.0)])[0],
    }
    for emphasis, expected in wanted.items():
        [part], _ = of(biased, text, emphasis)
        torch.testing.assert_close(part.at(1), expected, rtol=0, atol=1e-5)
    assert not torch.allclose(wanted["Original"], wanted["No norm"], atol=1e-3)
    with pytest.raises(Refusal):
        of(biased, text, "Loud")


def test_the_mean_is_restored_however_much_it_changes(biased: Loaded) -> None:
    """Ours leaves a mean alone that would blow the chunk up; A1111 never does."""
    states, weights = read(biased.text_encoder, biased.tokenizer, [("a red cat", 30.0)])
    [part], _ = of(biased, "(a red cat:30)")
    torch.testing.assert_close(part.at(1), original((states, weights)), rtol=1e-4, atol=1e-5)


def test_the_mean_of_the_built_in_models_words_is_nothing_and_not_restored() -> None:
    demo = loading.load(catalog.builtin(), torch.device("cpu"))
    text = "a (red:1.2) fox, (snow:0.8)"
    [plain], _ = of(demo, text, "No norm")
    [part], _ = of(demo, text)
    assert torch.equal(part.at(1), plain.at(1))
    states, _ = read(demo.text_encoder, demo.tokenizer, [("a red fox", 1.0)])
    assert abs(states.mean()) < 1e-5 * states.std()  # their quotient would be any number


@pytest.mark.parametrize("emphasis", ["Original", "No norm"])
def test_both_encoders_of_sdxl_are_weighed_and_clip_skip_is_not_theirs(
    emphasis: str, families: dict[str, Loaded]
) -> None:
    sdxl = families["sdxl"]
    expected = []
    for tokenizer, encoder in sdxl.encoders:
        states, weights = read(encoder, tokenizer, [("a ", 1.0), ("red", 1.3), (" cat", 1.0)], layer=2)
        expected.append(original((states, weights)) if emphasis == "Original" else states * weights[..., None])
    for skip in (1, 2, 3):
        [part], negative = of(sdxl, "a (red:1.3) cat", emphasis, skip=skip)
        torch.testing.assert_close(part.at(1), torch.cat(expected, dim=-1), rtol=1e-4, atol=1e-5)
        assert not negative.at(1).any()  # nothing said is zeros
        assert not negative.pooled_at(1).any()
    [ours], _ = prompt_encoding.conditionings(sdxl, "a red cat", "", 20)
    assert torch.equal(of(sdxl, "a red cat")[0][0].pooled_at(1), ours.pooled_at(1))
    assert of(sdxl, "a cat", negative=" ")[1].at(1).any()


def test_clip_skip_is_that_of_sd1_alone(biased: Loaded, families: dict[str, Loaded]) -> None:
    second = biased.text_encoder.final_layer_norm(read(biased.text_encoder, biased.tokenizer, [("a cat", 1.0)], 2)[0])
    torch.testing.assert_close(of(biased, "a cat", skip=2)[0][0].at(1), second, rtol=0, atol=1e-5)
    sd2 = families["sd2"]
    assert torch.equal(of(sd2, "a cat", skip=2)[0][0].at(1), of(sd2, "a cat", skip=1)[0][0].at(1))


def test_the_texts_of_a_schedule_are_weighed_together(biased: Loaded) -> None:
    """In one batch, as A1111 encodes them: each as often as it stands in the schedule."""
    cat, dog = (read(biased.text_encoder, biased.tokenizer, [(name, 1.4)]) for name in ("cat", "dog"))
    both = original(cat, dog)
    [part], _ = of(biased, "([cat:dog:0.5]:1.4)")
    torch.testing.assert_close(part.at(1), both[:1], rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(part.at(15), both[1:], rtol=1e-4, atol=1e-5)
    [turns], _ = of(biased, "([cat|dog]:1.4)", own=3)  # cat, dog, cat
    torch.testing.assert_close(turns.at(0), original(cat, dog, cat)[:1], rtol=1e-4, atol=1e-5)


def test_texts_of_different_length_are_filled_up_as_in_a1111(biased: Loaded) -> None:
    """The negative stands for itself; what AND joins goes on with its last vector."""
    [one, other], negative = of(biased, "a cat AND a dog BREAK a boat", negative="blurry")
    assert (one.length, other.length, negative.length) == (154, 154, 77)
    short = read(biased.text_encoder, biased.tokenizer, [("a cat", 1.0)])[0]
    expected = torch.cat([short, short[:, -1:].repeat(1, 77, 1)], dim=1)
    torch.testing.assert_close(one.at(1), expected, rtol=0, atol=1e-5)
    [scheduled], _ = of(biased, "[a cat:a dog BREAK a boat:0.5]")  # the texts of one schedule with an empty chunk
    empty = read(biased.text_encoder, biased.tokenizer, [])[0]
    torch.testing.assert_close(scheduled.at(1), torch.cat([short, empty], dim=1), rtol=0, atol=1e-5)


def test_a_shorter_text_is_filled_up_where_a1111_was_told_to(biased: Loaded) -> None:
    short, long = "a cat", "a dog BREAK a boat BREAK a tree"
    empty = read(biased.text_encoder, biased.tokenizer, [])[0]
    cat = read(biased.text_encoder, biased.tokenizer, [("a cat", 1.0)])[0]
    [whole], _ = of(biased, long)

    def told(positive: str, negative: str, pad: str) -> tuple[Tensor, Tensor]:
        (one, *_), other = padded(biased, *of(biased, positive, negative=negative), A1111(pad=pad), 1)
        return one.at(1), other.at(1)

    for found, expected in (
        (told(short, long, "empty"), (torch.cat([cat, empty, empty], dim=1), whole.at(1))),
        (told(long, short, "empty"), (whole.at(1), torch.cat([cat, empty, empty], dim=1))),
        (told(short, long, "v0"), (cat, whole.at(1)[:, :77])),
        (told(long, short, "v0"), (whole.at(1), torch.cat([cat, cat[:, -1:].repeat(1, 154, 1)], dim=1))),
        (told(short, short, "empty"), (cat, cat)),
    ):
        for one, other in zip(found, expected, strict=True):
            torch.testing.assert_close(one, other, rtol=0, atol=1e-5)


def test_filled_up_texts_are_what_is_drawn_with(biased: Loaded) -> None:
    """Also where the negative counts for nothing but its length."""
    long = "a dog BREAK a boat"
    for pad, guidance, lengths in (
        ("", 7.0, (77, 154)), ("empty", 7.0, (154, 154)), ("v0", 7.0, (77, 77)), ("empty", 1.0, (154, None)),
    ):  # fmt: skip
        own = recipe("a cat", negative=long, guidance=guidance, like=A1111(rng="CPU", pad=pad))
        [one], other = walks.texts(own, biased)
        assert (one.length, other and other.length) == lengths


def test_a_number_behind_a_colon_is_a_weight(loaded: Loaded) -> None:
    [part], negative = of(loaded, "a clock at 12:30", negative="a clock at 12:30")
    assert part.weight == 30.0
    assert torch.equal(part.at(1), of(loaded, "a clock at 12")[0][0].at(1))
    whole = read(loaded.text_encoder, loaded.tokenizer, [("a clock at 12:30", 1.0)])[0]
    torch.testing.assert_close(negative.at(1), whole, rtol=0, atol=1e-5)
    assert [guides(text) for text in ("a cat", "a cat:0.5", "a AND b", "a (cat:1.2)")] == [False, True, True, False]


def test_changes_come_one_call_late_and_go_round_beyond_the_end(loaded: Loaded) -> None:
    """A1111 counts calls from 0 and takes the first text whose end is not below."""

    def told(text: str, **calls: Any) -> str:
        [part], _ = of(loaded, text, **calls)
        known = {name: of(loaded, name)[0][0].at(1) for name in ("a", "b")}
        steps = range(calls.get("own", 20) + 2)
        return "".join(next(name for name, own in known.items() if torch.equal(part.at(step), own)) for step in steps)

    assert told("[a:b:3]", own=6) == "aaaabbba"
    assert told("[a|b]", own=4) == "aababa"
    assert told("[a:b:0.5]", own=6) == "aaaabbba"
    # A second pass goes on counting: shares of it are those from 1 to 2, numbers begin with the first pass's.
    assert told("[a:b:0.5]", own=4, before=20) == "bbbbbb"
    assert told("[a:b:1.5]", own=4, before=20) == "aaabba"
    assert told("[a:b:22]", own=4, before=20) == "aaabba"
    # Before 1.6 the second pass counted like the first, by that one's steps.
    assert told("[a:b:0.5]", own=6, old=True) == "aaaabbba"
    assert told("[a:b:1.5]", own=6, old=True) == "aabbbbba"
    assert told("[a:b:0.5]", own=6, before=4, old=True) == "aaabbaaa"


def test_a_break_that_a_group_weighs_is_a_word() -> None:
    assert grammar.attention("(a BREAK b:1.2) BREAK c", exact=True) == [
        ("a", 1.2), ("BREAK", -1.2), ("b", 1.2), ("", 1.0), ("BREAK", -1), ("c", 1.0),
    ]  # fmt: skip
    assert ("BREAK", -1) in grammar.attention("(a BREAK b:1.2)")


def test_what_was_read_before_changes_nothing(biased: Loaded) -> None:
    texts = ["a (red:1.5) cat", "a red cat", "[a (red:1.5) cat]"]
    ways = ["Original", "No norm", "Ignore", "None"]
    alone = {}
    for text in texts:
        for way in ways:
            biased.embeddings.clear()
            alone[text, way] = of(biased, text, way)[0][0].at(1)
    ours = {}
    for text in texts:
        biased.embeddings.clear()
        ours[text] = prompt_encoding.embed(biased, text, "")[0]
    for text in texts:
        for way in reversed(ways):
            assert torch.equal(of(biased, text, way)[0][0].at(1), alone[text, way])
        assert torch.equal(prompt_encoding.embed(biased, text, "")[0], ours[text])
