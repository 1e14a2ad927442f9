"""Byte pair encoding, and a package that has it."""

from pathlib import Path

import pytest

from prompts.translate.argos import Argos, installed
from prompts.translate.bpe import Bpe
from prompts.translate.install import unpack
from tests.prompts.translate.toy import archive, package

CODES = "#version: 0.2\n渔 夫</w>\n老 渔夫</w>\nl o\nlo w</w>\nlo w\ne r</w>\n"


def coded(folder: Path, codes: str) -> Bpe:
    (folder / "bpe.model").write_text(codes, "utf-8")
    return Bpe(folder / "bpe.model")


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("老渔夫", ["老渔夫"]),
        ("渔夫，老渔夫", ["渔夫", ",", "老渔夫"]),  # full-width signs as the model knows them
        ("渔老", ["渔@@", "老"]),
        ("low lower", ["low", "low@@", "er"]),
        ("lo", ["l@@", "o"]),  # the pair was learnt inside words only
        ("", []),
    ],
)
def test_pairs_are_joined_in_the_order_in_which_they_were_learnt(tmp_path: Path, text: str, pieces: list[str]) -> None:
    bpe = coded(tmp_path, CODES)
    assert bpe.encode(text) == pieces
    assert bpe.encode(bpe.decode(pieces)) == pieces


def test_the_older_form_has_the_end_of_a_word_as_a_piece(tmp_path: Path) -> None:
    bpe = coded(tmp_path, "l o\nlo w\nlow </w>\n")
    assert bpe.encode("low lowlo") == ["low", "low@@", "lo"]


def test_english_punctuation(tmp_path: Path) -> None:
    pieces = ["a", "fisher@@", "man", "'s", "net", ",", "(", "old", ")", "."]
    assert coded(tmp_path, CODES).decode(pieces) == "a fisherman's net, (old)."


@pytest.mark.parametrize("codes", ["", "#version: 0.2\n", "a b c\n", "\0"])
def test_what_holds_no_codes(tmp_path: Path, codes: str) -> None:
    with pytest.raises(ValueError, match="no codes"):
        coded(tmp_path, codes)


async def test_a_package_with_it_is_installed_and_translates(tmp_path: Path) -> None:
    made = package(tmp_path / "made", "an old fisher@@ man , waiting", bpe=CODES)
    found = unpack(archive(made, tmp_path / "zh_en.argosmodel"), tmp_path / "packages")
    assert installed(tmp_path / "packages") == found
    assert await Argos(found).english("老渔夫") == "an old fisherman, waiting"
