"""Maps of people's pictures: made once, kept by what they were made with."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from bot.studio import maps
from engine.maps import making
from prompts.errors import Refusal
from storage import uploads
from tests.bot.studio.test_studio import House
from tests.drawn import rectangle
from tests.onnx_files import map_network

PICTURE = rectangle((64, 48), (10, 10, 50, 40))


class Home(House):
    """A house in which somebody sent a picture."""

    async def map(self, name: str, *numbers: float, size: tuple[int, int] = (64, 48), **said: Any) -> str:
        low, high = (*numbers, -1.0, -1.0)[:2]
        return (await maps.kept(self.db, self.queue, (), self.picture, name, (low, high), size, **said)).hash

    async def enter(self) -> None:
        await self.open()
        self.person = (await self.studio.person("fake", "ann")).id
        self.picture = await uploads.add_upload(self.db, self.person, making.png(PICTURE))


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    made = Home(tmp_path)
    await made.enter()
    yield made
    await made.close()


async def test_a_map_is_made_once_and_found_by_any_of_its_names(home: Home) -> None:
    first = await home.map("canny")
    for name in ("硬边缘", "Canny"):
        assert await home.map(name, 100, 200) == first
    assert len(home.pool.maps) == 1
    image = Image.open(io.BytesIO(await home.db.files.get(first)))
    assert image.tobytes() == making.make("canny", PICTURE, (64, 48)).tobytes()


async def test_another_size_number_seed_or_mask_makes_another(home: Home) -> None:
    await home.map("canny")
    await home.map("canny", size=(48, 64))
    await home.map("canny", 50)
    await home.map("canny", fit="stretch")
    await home.map("shuffle", seed=1)
    await home.map("shuffle", seed=2)
    await home.map("inpaint_only", mask=home.picture)
    assert len(home.pool.maps) == 7
    await home.map("canny", seed=5, mask=home.picture)  # neither is of any account here
    assert len(home.pool.maps) == 7


async def test_a_new_version_makes_maps_anew(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    await home.map("canny")
    monkeypatch.setattr(maps, "VERSION", 999)
    await home.map("canny")
    assert len(home.pool.maps) == 2


async def test_a_network_that_was_changed_makes_maps_anew(home: Home, tmp_path: Path) -> None:
    file = map_network(tmp_path / "depth_tiny.onnx")
    one = maps._network(maps.preprocessor("depth"), (tmp_path,))
    file.write_bytes(file.read_bytes() + b"\0")
    assert one.startswith("depth_tiny.onnx") and maps._network(maps.preprocessor("depth"), (tmp_path,)) != one


async def test_notes_are_kept_with_a_map(home: Home) -> None:
    for _ in range(2):
        kept = await maps.kept(home.db, home.queue, (), home.picture, "invert", size=(64, 48))
        assert [note.key for note in kept.notes] == ["map.not_inverted"]
    assert len(home.pool.maps) == 1


async def test_a_code_is_made_of_a_text_and_is_its_persons(home: Home) -> None:
    kept = await maps.code(home.db, home.queue, home.person, "https://example.org", (256, 256))
    assert kept.notes[0].values == {"text": "https://example.org"}
    assert await uploads.find(home.db, home.person, kept.hash) == kept.hash


async def test_refusals(home: Home) -> None:
    for name, numbers, size, key in (
        ("cany", (), (64, 48), "map.unknown"),
        ("canny", (999,), (64, 48), "map.out_of_range"),
        ("canny", (), (0, 10), "map.size"),
        ("depth", (), (64, 48), "map.no_file"),
    ):
        with pytest.raises(Refusal) as refused:
            await home.map(name, *numbers, size=size)
        assert refused.value.key == key
    with pytest.raises(Refusal, match=r"picture\.gone"):
        await maps.kept(home.db, home.queue, (), "ab" * 32, "canny")
