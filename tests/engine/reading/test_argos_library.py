"""Argos Translate itself in a process of its own, on packages of 60 kB installed for it. Skipped where it is not
installed: pip install -e '.[argos]'."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest
from rich.console import Console

from bot import texts
from bot.cli import translating
from bot.settings.config import load
from bot.studio import own_readers
from bot.studio.translators import translators
from prompts.compose import compose
from prompts.translate.chain import close
from prompts.translate.own_process import OwnProcess, Program
from prompts.translate.translator import Unavailable
from tests.patience import PATIENCE
from tests.prompts.translate.toy import SENTENCE, package
from tests.running import ROOT

pytestmark = pytest.mark.skipif(find_spec("argostranslate") is None, reason="argostranslate is not installed")


def installed(folder: Path, source: str, target: str, sentence: str) -> Path:
    """A package as the library has it on the disk."""
    made = package(folder / f"translate-{source}_{target}-1_0", sentence)
    names = {"from_code": source, "from_name": source, "to_code": target, "to_name": target}
    (made / "metadata.json").write_text(json.dumps({"package_version": "1.0", "argos_version": "1.5", **names}))
    return made


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the library's packages; nothing of this machine's own, and no way to the network."""
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    folder = tmp_path / "xdg_data_home" / "argos-translate" / "packages"
    folder.mkdir(parents=True)
    return folder


@asynccontextmanager
async def library() -> AsyncIterator[OwnProcess]:
    command = (sys.executable, "-m", "engine.reading", "argos")
    made = OwnProcess(Program("argostranslate 1", "Argos Translate", "argos", command, ROOT), PATIENCE)
    try:
        await made.ready(PATIENCE)
        yield made
    finally:
        await made.close()


async def test_a_package_is_taken_without_asking_the_network(packages: Path) -> None:
    installed(packages, "zh", "en", SENTENCE)
    async with library() as made:
        assert await made.english("老渔夫在岸边修补渔网") == SENTENCE
        assert await made.english("老渔夫。修补渔网！") == f"{SENTENCE}, {SENTENCE}"
        assert await made.english("傘をさす女の子") == "", "there is no way from Japanese"


async def test_ways_lead_over_other_languages(packages: Path) -> None:
    installed(packages, "ja", "zh", "老渔夫")
    installed(packages, "zh", "de", "Ein alter Fischer")
    installed(packages, "de", "en", SENTENCE)
    installed(packages, "ko", "en", "A girl with an umbrella")
    async with library() as made:
        assert await made.english("老渔夫在岸边") == SENTENCE
        assert await made.english("岸辺の老いた漁師") == SENTENCE
        assert await made.english("우산을 든 소녀") == "A girl with an umbrella"


async def test_without_a_way_to_english_it_is_told(packages: Path) -> None:
    installed(packages, "zh", "de", "Ein alter Fischer")
    with pytest.raises(Unavailable) as failure:
        async with library():
            pass
    assert failure.value.note and failure.value.note.key == "note.reader_broken"


async def test_the_settings_ask_for_it_and_status_says_so(packages: Path, tmp_path: Path) -> None:
    installed(packages, "zh", "en", "a whole taotie")
    installed(packages, "ja", "en", "A girl with an umbrella")
    (tmp_path / "config.yaml").write_text("translate: {argos: library, packages: none}\ndata: {folder: data}\n")
    config = load(tmp_path / "config.yaml", {})
    (program,) = own_readers.programs(config)
    assert "translate-zh_en-1_0" in program.name
    chain = translators(config, patience=PATIENCE)
    said = {}
    for text in ("饕餮囫囵耄耋", "傘をさす女の子"):
        prompt, _ = await compose(text, translators=chain, family="")
        said |= {one.text: one.origin for one in prompt.fragments}
    await close(chain)
    assert said == {"a whole taotie": "argos", "a girl with an umbrella": "argos"}
    with (tmp_path / "out.txt").open("w", encoding="utf-8") as file:
        await translating.status(config, "en", Console(file=file, width=300))
    shown = (tmp_path / "out.txt").read_text("utf-8")
    assert "Argos Translate works" in shown and texts.say("en", "translate.order", readers="Argos Translate") in shown
