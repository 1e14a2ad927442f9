"""`python bot.py tags`: tables, JSON for scripts, captions beside pictures, and what is wrong."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from PIL import Image
from rich.console import Console

from bot import app
from bot.cli import check_files, model_list, tag_files
from bot.cli.tag_files import TagFilesWish
from bot.settings.config import Config
from bot.studio.tag_options import CaptionStyle
from engine.pixels import png_recipe
from engine.tagging import PictureTags, SeenTag
from prompts.errors import Refusal
from tests import onnx_files
from tests.fakes import FakePool, a_recipe

SEEN = PictureTags("wd", (SeenTag("red scarf", 0.9), SeenTag("general", 0.7, "rating"), SeenTag("a_(b)", 0.5)))


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> FakePool:
    made = FakePool()
    made.tags = lambda wish: SEEN
    monkeypatch.setattr(app, "pool", lambda config: made)
    return made


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "cat.png"
    path.write_bytes(png_recipe.png(Image.new("RGB", (32, 32)), a_recipe()))
    return path


async def run(wish: TagFilesWish, language: str = "zh", *, as_json: bool = False, config: Config | None = None) -> str:
    said = io.StringIO()
    shown = Console(file=said, width=200)
    await tag_files.show(config or Config(), wish, language, shown, as_json=as_json)
    return said.getvalue()


async def test_a_table_in_two_languages(pool: FakePool, file: Path) -> None:
    said = await run(TagFilesWish([file], general=0.2, mcut=True))
    assert "“wd”看到 2 个标签" in said and "红围巾 red scarf  90%" in said and "大众 70%" in said
    [asked] = pool.readings
    assert (asked.general, asked.character, asked.mcut) == (0.2, 0.85, True)


async def test_json_has_a_line_for_each_file(pool: FakePool, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    await run(TagFilesWish([file, file]), as_json=True)
    one, other = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert one == other and one["file"] == str(file) and one["reader"] == "wd"
    assert one["tags"][0] == {"name": "red scarf", "score": 0.9, "kind": "general", "zh": "红围巾"}
    assert one["rating"] == "general" and one["recipe"] == a_recipe().to_json() and one["prompt"]


async def test_captions_lie_beside_their_pictures(pool: FakePool, file: Path) -> None:
    said = await run(TagFilesWish([file], captions=True, style=CaptionStyle("xh", True, False)))
    assert str(file.with_suffix(".txt")) in said
    assert file.with_suffix(".txt").read_text("utf-8") == "xh, red_scarf, a_(b)\n"


class Held(bytes):
    """A picture's content, counted as long as anybody holds it."""

    now = most = 0

    def __init__(self, content: bytes) -> None:
        Held.now += 1
        Held.most = max(Held.most, Held.now)

    def __del__(self) -> None:
        Held.now -= 1


async def test_of_many_pictures_few_are_held_at_once(
    pool: FakePool, file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tag_files, "_read", lambda path: Held(path.read_bytes()))
    await run(TagFilesWish([file] * 20), as_json=True)
    assert len(capsys.readouterr().out.splitlines()) == 20 and Held.most <= 4


@pytest.mark.parametrize(
    ("wish", "key"),
    [
        (TagFilesWish([Path("no/such.png")]), "cli.not_read"),
        (TagFilesWish([Path(__file__)]), "upload.not_a_picture"),
        (TagFilesWish([], general=2.0), "tags.threshold"),
        (TagFilesWish([], reader="wd-vit"), "tags.no_reader"),
    ],
)
async def test_what_cannot_be_is_told_before_a_worker_is_started(pool: FakePool, wish: TagFilesWish, key: str) -> None:
    with pytest.raises(Refusal) as refused:
        await run(wish)
    assert refused.value.key == key and not pool.readings


def config_of(folder: Path, *, rate: bool = False) -> Config:
    return Config.model_validate({"engine": {"taggers": str(folder)}, "access": {"adult_by_picture": rate}})


def test_check_and_the_list_of_models_tell_of_taggers(tmp_path: Path) -> None:
    folder = onnx_files.known_tagger(tmp_path / "wd-tiny")
    (tmp_path / "alone.onnx").write_bytes((folder / "model.onnx").read_bytes())
    found = {one.text.key: one for one in check_files.models(config_of(tmp_path, rate=True))}
    assert found["check.taggers"].text.values["names"] == "wd-tiny" and "check.nobody_rates" not in found
    assert found["tags.no_labels"].level == "warn" and found["tags.no_labels"].text.values["file"] == "alone.onnx"
    nobody = {one.text.key for one in check_files.models(config_of(tmp_path / "none", rate=True))}
    assert "check.nobody_rates" in nobody and "check.taggers" not in nobody
    said = io.StringIO()
    model_list.show((), "en", Console(file=said, width=300), as_json=False, taggers_in=(tmp_path,))
    assert f"tagger wd-tiny  {folder / 'model.onnx'}" in said.getvalue() and "alone.onnx" in said.getvalue()


async def test_two_pictures_that_would_share_a_caption_are_named_before_anything_is_read(
    pool: FakePool, file: Path
) -> None:
    other = file.with_suffix(".jpg")
    Image.new("RGB", (32, 32)).save(other)
    with pytest.raises(Refusal) as refused:
        await run(TagFilesWish([file, other], captions=True))
    assert (refused.value.key, refused.value.values["caption"]) == ("cli.one_caption", "cat.txt")
    assert not pool.readings and not file.with_suffix(".txt").exists()
    await run(TagFilesWish([file, file], captions=True))
    assert "red scarf" in file.with_suffix(".txt").read_text()
