"""A real zh→en package of 60 kB: a CTranslate2 model that always says the sentence it was built with."""

from __future__ import annotations

import io
import json
import zipfile
from itertools import pairwise
from pathlib import Path

import numpy as np
import sentencepiece
from ctranslate2.specs import common_spec, transformer_spec

SENTENCE = "An old fisherman mends his nets"


def package(folder: Path, sentence: str, version: str = "1.0", bpe: str = "") -> Path:
    """An unpacked zh→en package. Its model has attention and feed-forward layers of zeros, so what comes next depends
    on the word before alone: a chain through the pieces of one sentence. With `bpe`, the content of a bpe.model, these
    are the words of the sentence as they stand."""
    folder.mkdir(parents=True)
    if bpe:
        (folder / "bpe.model").write_text(bpe, encoding="utf-8")
        source, spoken = ["<unk>", "<s>", "</s>", "老渔夫"], sentence.split()
    else:
        source, spoken = _sentencepiece(folder, sentence)
    target = ["<unk>", "<s>", "</s>", *dict.fromkeys(spoken)]
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


def _sentencepiece(folder: Path, sentence: str) -> tuple[list[str], list[str]]:
    """Train and write sentencepiece.model; the pieces there are, and those of the sentence."""
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
    return source, spoken


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


def archive(package: Path, file: Path, top: str = "translate-zh_en-1_0") -> Path:
    """The .argosmodel file of an unpacked package."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in sorted(package.rglob("*")):
            packed.write(path, f"{top}/{path.relative_to(package)}")
    return file
