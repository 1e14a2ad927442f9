"""`python bot.py map`: maps on the terminal, in this process where no network is needed."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from rich.console import Console

from bot import app
from bot.cli import cli, map_files
from bot.cli.map_files import MapWish
from bot.settings.config import Config
from engine.maps import making
from prompts.errors import Refusal
from tests.drawn import rectangle
from tests.fakes import FakePool

PICTURE = rectangle((64, 48), (10, 10, 50, 40))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "photo.jpg"
    PICTURE.save(path, "PNG")
    return path


async def run(wish: MapWish, language: str = "en", config: Config | None = None) -> str:
    said = io.StringIO()
    await map_files.make(config or Config(), wish, language, Console(file=said, width=200))
    return said.getvalue()


def seen(path: Path | str) -> Image.Image:
    return Image.open(io.BytesIO(Path(path).read_bytes()))


async def test_a_map_lies_beside_its_picture(file: Path) -> None:
    said = await run(MapWish("边缘", file, None))
    made = file.with_name("photo-canny.png")
    assert str(made) in said
    assert seen(made).tobytes() == making.make("canny", PICTURE, (64, 48)).tobytes()


async def test_numbers_size_seed_fit_and_mask_go_into_it(file: Path, tmp_path: Path) -> None:
    out, mask = tmp_path / "map.png", tmp_path / "mask.png"
    PICTURE.save(mask)
    await run(MapWish("canny", file, out, (32, 32), 10, 20, fit="fill"))
    assert seen(out).tobytes() == making.make("canny", PICTURE, (32, 32), 10, 20, fit="fill").tobytes()
    await run(MapWish("shuffle", file, out, seed=7))
    assert seen(out).tobytes() == making.make("shuffle", PICTURE, (64, 48), seed=7).tobytes()
    await run(MapWish("inpaint_only", file, out, mask=mask))
    assert seen(out).mode == "RGBA"


@pytest.mark.parametrize(("language", "words"), [("en", "says: https://example.org"), ("zh", "控制图里的二维码")])
async def test_a_code_is_written_and_what_was_done_is_said(tmp_path: Path, language: str, words: str) -> None:
    said = await run(MapWish("qr", None, tmp_path / "qr.png", text="https://example.org"), language)
    assert words in said and seen(tmp_path / "qr.png").size == (768, 768)


async def test_a_network_is_run_by_a_worker(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pool = FakePool()
    monkeypatch.setattr(app, "pool", lambda config: pool)
    with pytest.raises(Refusal, match=r"map\.no_network"):  # which this pool has none of
        await run(MapWish("mlsd", file, tmp_path / "map.png"))
    assert [(wish.preprocessor, wish.width, wish.height) for _, wish in pool.maps] == [("mlsd", 64, 48)]


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"name": "cany"}, "map.unknown"),
        ({"low": 999.0}, "map.out_of_range"),
        ({"picture": None}, "map.no_picture"),
        ({"picture": Path("no/such.png")}, "cli.not_read"),
        ({"out": Path("map.jpg")}, "cli.out_kind"),
        ({"out": Path("no/such/map.png")}, "cli.no_folder"),
        ({"name": "depth"}, "map.no_file"),
        ({"text": "x"}, "map.no_text"),
        ({"size": (0, 8)}, "map.size"),
        ({"fit": "squash"}, "map.fit"),
    ],
)
async def test_what_cannot_be_is_refused(file: Path, changes: dict[str, Any], key: str) -> None:
    wish = {"name": "canny", "picture": file, "out": file.with_name("map.png")} | changes
    config = Config.model_validate({"engine": {"detectors": [str(file.parent)]}})
    with pytest.raises(Refusal) as refused:
        await run(MapWish(**wish), config=config)
    assert refused.value.key == key


@pytest.mark.parametrize(
    ("language", "words"), [("en", ("hard edges", "--low 100", "Missing")), ("zh", ("深度", "还缺"))]
)
def test_all_are_listed(language: str, words: tuple[str, ...]) -> None:
    said = io.StringIO()
    map_files.show(Config(), language, Console(file=said, width=240))
    for word in (*words, "canny", "openpose", "depth"):
        assert word in said.getvalue()


def test_the_command_reads_its_options(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(file.parent)
    for name in ("LANG", "LC_ALL"):
        monkeypatch.setenv(name, "en_US.UTF-8")
    monkeypatch.setattr(
        "sys.argv", ["bot.py", "map", "canny", str(file), "--out", "m.png", "--low", "50", "--size", "32x24"]
    )
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 0
    assert seen("m.png").tobytes() == making.make("canny", PICTURE, (32, 24), 50).tobytes()
    monkeypatch.setattr("sys.argv", ["bot.py", "map", "canny", str(file), "--low", "-5"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1
