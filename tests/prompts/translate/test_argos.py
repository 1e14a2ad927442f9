"""The Argos translator on a real, tiny CTranslate2 model that always says the sentence it was built with."""

import io
import json
from itertools import pairwise
from pathlib import Path

import ctranslate2
import numpy as np
import pytest
import sentencepiece
from ctranslate2.specs import common_spec, transformer_spec

from prompts.compose import compose
from prompts.translate import chain
from prompts.translate.argos import Argos, installed, sound

SENTENCE = "An old fisherman mends his nets"


def package(folder: Path, sentence: str, version: str = "1.0") -> Path:
    """An unpacked zh→en package. Its model has attention and feed-forward layers of zeros, so what comes next depends
    on the word before alone: a chain through the pieces of one sentence."""
    folder.mkdir(parents=True)
    trained = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([*[sentence] * 20, *["老渔夫在岸边修补渔网", "猫狗鱼"] * 20]),
        model_writer=trained,
        vocab_size=60,
        user_defined_symbols=[f"▁{word}" for word in dict.fromkeys(sentence.split())],
        hard_vocab_limit=False,
        minloglevel=2,
    )
    (folder / "sentencepiece.model").write_bytes(trained.getvalue())
    pieces = sentencepiece.SentencePieceProcessor(model_proto=trained.getvalue())
    spoken: list[str] = pieces.encode(sentence, out_type=str)
    source = [pieces.id_to_piece(at) for at in range(pieces.get_piece_size())]
    target = ["<unk>", "<s>", "</s>", *(f"{piece}" for piece in dict.fromkeys(spoken))]
    width = 64
    spec = transformer_spec.TransformerSpec.from_config((1, 1), num_heads=1)
    spec.register_source_vocabulary(source)
    spec.register_target_vocabulary(target)
    for vocabulary, embeddings in ((source, spec.encoder.embeddings[0]), (target, spec.decoder.embeddings)):
        embeddings.weight = np.zeros((len(vocabulary), width), np.float32)
    follows = np.zeros((len(target), width), np.float32)
    chain_ = ["<s>", *spoken, "</s>"]
    for at, (before, after) in enumerate(pairwise(chain_)):
        spec.decoder.embeddings.weight[target.index(before), at] = 100.0
        follows[target.index(after), at] = 1.0
    spec.decoder.projection.weight = follows
    fill(spec.encoder, width)
    fill(spec.decoder, width)
    spec.config.bos_token, spec.config.decoder_start_token = "<s>", "<s>"
    spec.validate()
    spec.save(str(make(folder / "model")))
    (folder / "metadata.json").write_text(
        json.dumps({"from_code": "zh", "to_code": "en", "package_version": version}), encoding="utf-8"
    )
    return folder


def make(folder: Path) -> Path:
    folder.mkdir()
    return folder


def fill(part: object, width: int) -> None:
    """Zeros for every layer, and norms that change nothing but the scale."""
    part.position_encodings.encodings = np.zeros((256, width), np.float32)  # type: ignore[attr-defined]
    norms = [part.layer_norm]  # type: ignore[attr-defined]
    for layer in part.layer:  # type: ignore[attr-defined]
        attentions = [layer.self_attention] + ([layer.attention] if hasattr(layer, "attention") else [])
        for attention in attentions:
            norms.append(attention.layer_norm)
            linears = attention.linear
            shapes = {2: (3 * width, width), 3: (width, width)}
            for at, linear in enumerate(linears):
                rows = (
                    3 * width
                    if len(linears) == 2 and at == 0
                    else 2 * width
                    if len(linears) == 3 and at == 1
                    else shapes[3][0]
                )
                zero(linear, rows, width)
        norms.append(layer.ffn.layer_norm)
        zero(layer.ffn.linear_0, width, width)
        zero(layer.ffn.linear_1, width, width)
    for norm in norms:
        norm.gamma, norm.beta = np.ones(width, np.float32), np.zeros(width, np.float32)


def zero(linear: common_spec.LinearSpec, rows: int, columns: int) -> None:
    linear.weight = np.zeros((rows, columns), np.float32)
    linear.bias = np.zeros(rows, np.float32)


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packages")
    package(folder / "translate-zh_en-1_0", SENTENCE)
    return folder


def test_a_package_is_found_and_translates(packages: Path) -> None:
    found = installed(packages)
    assert found == packages / "translate-zh_en-1_0"
    assert found is not None
    (phrase,) = Argos(found).translate("老渔夫在岸边修补渔网")
    assert (phrase.text, phrase.origin) == ("an old fisherman mends his nets", "argos")
    assert phrase.source == "老渔夫在岸边修补渔网"


async def test_compose_asks_it_for_what_the_glossary_leaves_dark(packages: Path, tmp_path: Path) -> None:
    translators = chain(tmp_path, packages)
    prompt, _ = await compose("一只猫，囫囵吞枣耄耋之年", translators=translators, family="")
    assert [(f.text, f.origin) for f in prompt.fragments] == [
        ("cat", "glossary"),
        ("an old fisherman mends his nets", "argos"),
    ]


def test_a_model_that_stutters_is_not_believed(tmp_path: Path) -> None:
    stutter = package(tmp_path / "p", "no no no no no no no no")
    assert Argos(stutter).translate("老渔夫在岸边修补渔网") == ()


def test_a_damaged_package_costs_nothing_but_its_answer(tmp_path: Path) -> None:
    damaged = package(tmp_path / "p", SENTENCE)
    (damaged / "model" / "model.bin").write_bytes(b"no model")
    assert Argos(damaged).translate("老渔夫") == ()


def test_the_newest_whole_package_is_taken(tmp_path: Path) -> None:
    assert installed(tmp_path) is None
    (tmp_path / "stray").mkdir()
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "metadata.json").write_text("{", encoding="utf-8")
    for version in ("1.9", "1.10"):
        folder = tmp_path / f"v{version}"
        (folder / "model").mkdir(parents=True)
        (folder / "sentencepiece.model").touch()
        content = {"from_code": "zh", "to_code": "en", "package_version": version}
        (folder / "metadata.json").write_text(json.dumps(content), encoding="utf-8")
    assert installed(tmp_path) == tmp_path / "v1.10"


@pytest.mark.parametrize(
    ("english", "clause", "trusted"),
    [
        ("a cat in the forest", "森林里的猫", True),
        ("", "猫", False),
        ("a 猫", "猫", False),
        ("the the the cat", "一只猫", False),
        ("red hat red hat red hat red hat", "一顶红色的帽子", False),
        (" ".join(map(str, range(50))), "猫", False),
    ],
)
def test_what_can_be_trusted(english: str, clause: str, trusted: bool) -> None:
    assert sound(english, clause) is trusted


def test_ctranslate2_is_the_one_we_know() -> None:
    assert int(ctranslate2.__version__.split(".")[0]) == 4
