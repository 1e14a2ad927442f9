"""Installing a translation package from the command line, and what translates from then on."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from storage import dictionary, people
from storage.database import Database
from tests.prompts.translate.toy import SENTENCE, archive, package
from tests.stories.conftest import Here
from tests.stories.test_terminal import bot

DARK = "囫囵吞枣耄耋之年"
ENGLISH = SENTENCE[0].lower() + SENTENCE[1:]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("package")
    return archive(package(folder / "translate-zh_en-1_0", SENTENCE), folder / "zh_en.argosmodel")


@pytest.fixture
def shop(whole: Path, tmp_path: Path) -> Iterator[str]:
    """The address of a folder with an index and the package."""
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "zh_en.argosmodel").write_bytes(whole.read_bytes())
    row = {"from_code": "zh", "to_code": "en", "package_version": "1.0", "links": ["zh_en.argosmodel"]}
    (folder / "index.json").write_text(json.dumps([row]), "utf-8")

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/index.json"
        server.shutdown()
        thread.join()


def test_a_package_is_fetched_installed_and_used(tmp_path: Path, shop: str, here: Here) -> None:
    (tmp_path / "config.yaml").write_text(f"translate:\n  packages: argos\n  index: {shop}\n", "utf-8")
    config = ("--config", "config.yaml")
    before = here("translate", "status", *config)
    assert before.returncode == 0 and "translate install" in before.stdout
    done = bot(tmp_path, "translate", "install", *config)
    assert done.returncode == 0, done.stderr
    assert SENTENCE in done.stdout and (tmp_path / "argos" / "translate-zh_en-1_0" / "metadata.json").is_file()
    after = here("translate", "status", *config, language="zh_CN.UTF-8")
    assert "翻译包 1.0" in after.stdout and SENTENCE in after.stdout
    made = json.loads(here("prompt", DARK, "--json", *config).stdout)
    assert ENGLISH in made["positive"]


def test_a_file_is_installed(here: Here, whole: Path) -> None:
    done = here("translate", "install", str(whole))
    assert done.returncode == 0 and SENTENCE in done.stdout, done.stderr


async def test_the_terminal_knows_the_words_of_whoever_sits_there(tmp_path: Path) -> None:
    db = await Database.open("", tmp_path / "data")
    person = await people.person_of(db, "web", "local")
    await dictionary.put(db, dictionary.of_person(person.id), "天青色", "celadon", person.id)
    await db.close()
    assert "celadon dress" in json.loads(bot(tmp_path, "prompt", "天青色的裙子", "--json").stdout)["positive"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nothing.argosmodel",), "nothing.argosmodel"),
        (("broken.argosmodel",), "broken.argosmodel"),
        (("--index", "http://127.0.0.1:9/index.json"), "127.0.0.1:9"),
    ],
)
def test_mistakes_get_a_sentence(tmp_path: Path, here: Here, arguments: tuple[str, ...], words: str) -> None:
    (tmp_path / "broken.argosmodel").write_bytes(b"PK no package")
    done = here("translate", "install", *arguments)
    assert done.returncode == 1
    assert words in done.stderr and "Traceback" not in done.stderr, done.stderr
