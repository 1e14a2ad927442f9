"""Our token counter against the real CLIP tokenizer, and our chunks against engine/worker/prompt_encoding.py."""

from __future__ import annotations

import random
import subprocess
import sys
from functools import cache

import pytest
from tokenizers import Tokenizer

from prompts import clip_tokens
from prompts.translate.glossary import entries
from tests.running import ROOT

SIGNS = (
    "abcdefghijklmnopqrstuvwxyzABCXYZ      0123456789.,!?'\"-_/\\()[]{}<>:;|@#$%^&*+=~`\t\n\x1c\x1f\x00\x85\u00a0"
    "éüßñçåøœŒİıΣσςЖщאب한국ひらカタ漢字猫狗山水\u3000，。：（）²³½Ⅷ٣①🐱👩‍🎨🇨🇳\u0301\u200b\ufe0f\u2028ﬁǅ\ud7ff"
)


@cache
def real() -> Tokenizer:
    made = Tokenizer.from_file(str(ROOT / "engine/demo/model/tokenizer/tokenizer.json"))
    made.no_padding()
    made.no_truncation()
    return made


def expected(text: str) -> list[int]:
    ids: list[int] = real().encode(text, add_special_tokens=False).ids
    return ids


def random_prompts(count: int, seed: int) -> list[str]:
    chance = random.Random(seed)
    tags = [entry.tag for entry in entries().values()] + list(entries())
    made = []
    for _ in range(count):
        if chance.random() < 0.5:
            made.append("".join(chance.choices(SIGNS, k=chance.randint(0, 60))))
        else:
            tag = ", ".join(chance.choices(tags, k=chance.randint(1, 20)))
            made.append(tag.upper() if chance.random() < 0.1 else tag)
    return made


def test_tokens_are_those_of_the_real_tokenizer() -> None:
    different = [text for text in random_prompts(4000, 1) if clip_tokens.tokens(text) != expected(text)]
    assert different == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a<|endoftext|>b <|startoftext|>",
        "<|ENDOFTEXT|>",
        "it's we'll THEY'RE o'clock 'Tis",
        "ΌΣΟΣ ΣΑΣ",
        "x" * 3000,
        "ha" * 1500,
        "a,, b!, c",
        "\x1c\x1d",
    ],
)
def test_odd_texts(text: str) -> None:
    assert clip_tokens.tokens(text) == expected(text)


def test_half_an_emoji_is_no_error() -> None:
    assert clip_tokens.tokens("a \ud83d cat") == clip_tokens.tokens("a ? cat")
    assert clip_tokens.meter("a \ud83d cat") == (3,)


def test_chunks_are_those_of_the_engine() -> None:
    from transformers import CLIPTokenizerFast

    from engine.worker.prompt_encoding import chunks

    tokenizer = CLIPTokenizerFast(tokenizer_file=str(ROOT / "engine/demo/model/tokenizer/tokenizer.json"))
    chance = random.Random(7)
    tags = [entry.tag for entry in entries().values()]
    tags += ["BREAK", "(cat:1.3)", "[dog]", "((bird))", r"a\(b\)", "word " * 30]
    for _ in range(300):
        text = chance.choice([", ", ",", " ", " , "]).join(chance.choices(tags, k=chance.randint(0, 60)))
        assert list(clip_tokens.meter(text)) == [len(chunk.tokens) for chunk in chunks(tokenizer, text)], text


def test_which_piece_a_chunk_cuts() -> None:
    assert clip_tokens.cut(["cat"] * 10) is None
    assert clip_tokens.cut(["cat"] * 60) is None  # a comma is always near
    long = " ".join(["cat"] * 40)
    assert clip_tokens.cut(["dog", long, long]) == 2
    assert clip_tokens.cut(["dog", long, "BREAK", long]) is None
    assert clip_tokens.meter("cat") == (1,)
    assert clip_tokens.meter("") == (0,)
    assert clip_tokens.meter(f"{long} BREAK dog") == (40, 1)


def test_the_counter_is_small_and_light() -> None:
    assert (ROOT / "prompts/data/clip-merges.xz").stat().st_size < 600_000
    script = (
        "import sys, psutil\nimport prompts.clip_tokens as w\nw.meter('a cat')\n"
        "assert not {'torch', 'transformers', 'tokenizers'} & set(sys.modules)\n"
        "print(psutil.Process().memory_info().rss >> 20)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert int(done.stdout) < 60


def test_embeddings_count_as_many_tokens_as_they_have_vectors() -> None:
    lengths = {"bad-hands": 10, "bad": 3}
    assert clip_tokens.pieces("a Bad-Hands, badly", lengths) == [("a ", False), ("bad-hands", True), (", badly", False)]
    assert clip_tokens.pieces("a embedding:Bad-Hands.pt", lengths) == [("a ", False), ("bad-hands", True)]
    assert clip_tokens.meter("a (bad-hands:1.2), embedding:bad", embeddings=lengths) == (15,)
    assert clip_tokens.meter("a " * 70 + "bad-hands", embeddings=lengths) == (70, 10)
    assert clip_tokens.meter("a bad-hands") == (4,)
