"""The Argos translator on a real, tiny CTranslate2 model that always says the sentence it was built with."""

import asyncio
import json
from pathlib import Path

import ctranslate2
import pytest

from prompts.compose import compose
from prompts.translate.argos import Argos, clauses, installed
from prompts.translate.chain import chain
from tests.prompts.translate.toy import SENTENCE, package


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packages")
    package(folder / "translate-zh_en-1_0", SENTENCE)
    return folder


async def test_a_package_is_found_and_translates(packages: Path) -> None:
    found = installed(packages)
    assert found == packages / "translate-zh_en-1_0"
    assert found is not None
    argos = Argos(found)
    assert await argos.english("老渔夫在岸边修补渔网") == SENTENCE
    assert "1.0" in argos.name and found.name in argos.name
    both = await asyncio.gather(*(argos.english("老漁夫在岸邊修補漁網") for _ in range(8)))
    assert set(both) == {SENTENCE}


async def test_a_long_text_is_translated_clause_by_clause(packages: Path) -> None:
    found = installed(packages)
    assert found is not None
    assert await Argos(found).english("老渔夫。修补渔网！") == f"{SENTENCE}, {SENTENCE}"
    assert await Argos(found).english("网" * 700) == ""


def test_clauses_are_cut_at_punctuation_then_at_joints_then_by_length() -> None:
    assert clauses("老渔夫在岸边，修补渔网。") == ["老渔夫在岸边，", "修补渔网。"]
    assert clauses("。，！") == []
    long = "老渔夫在岸边修补渔网" * 5 + "然后" + "回家吃饭" * 5
    assert clauses(long) == ["老渔夫在岸边修补渔网" * 5, "然后" + "回家吃饭" * 5]
    assert [len(piece) for piece in clauses("网" * 130)] == [60, 60, 10]
    assert "".join(clauses(long + "和" * 300)) == long + "和" * 300


async def test_compose_asks_it_for_what_the_glossary_leaves_dark(packages: Path, tmp_path: Path) -> None:
    translators = chain(tmp_path, packages)
    prompt, _ = await compose("一只猫，囫囵吞枣耄耋之年", translators=translators, family="")
    assert [(f.text, f.origin) for f in prompt.fragments] == [
        ("cat", "glossary"),
        ("an old fisherman mends his nets", "argos"),
    ]


async def test_a_model_that_stutters_is_not_believed(tmp_path: Path) -> None:
    package(tmp_path / "packages" / "p", "no no no no no no no no")
    prompt, _ = await compose("囫囵吞枣耄耋之年", translators=chain(tmp_path, tmp_path / "packages"), family="")
    assert "argos" not in {f.origin for f in prompt.fragments} and "no no" not in prompt.positive


async def test_a_damaged_package_costs_nothing_but_its_answer(tmp_path: Path) -> None:
    damaged = package(tmp_path / "p", SENTENCE)
    (damaged / "model" / "model.bin").write_bytes(b"no model")
    argos = Argos(damaged)
    assert await argos.english("老渔夫") == ""
    with pytest.raises(RuntimeError):
        argos.load()


async def test_a_target_prefix_is_given_and_taken_away(tmp_path: Path) -> None:
    made = package(tmp_path / "p", SENTENCE)
    told = json.loads((made / "metadata.json").read_text("utf-8")) | {"target_prefix": "▁An"}
    (made / "metadata.json").write_text(json.dumps(told), encoding="utf-8")
    assert await Argos(made).english("老渔夫") == SENTENCE.removeprefix("An ")


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
    (tmp_path / "v1.10").rename(tmp_path / ".new-1.10")  # one that is being unpacked
    assert installed(tmp_path) == tmp_path / "v1.9"
    (tmp_path / ".new-1.10").rename(tmp_path / "v1.10")
    assert installed(tmp_path) == tmp_path / "v1.10"


def test_ctranslate2_is_the_one_we_know() -> None:
    assert int(ctranslate2.__version__.split(".")[0]) == 4
