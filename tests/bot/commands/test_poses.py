"""/poses, and pictures that follow a pose by name."""

from __future__ import annotations

import io
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import engine
from bot.chat import Card, Upload
from bot.commands import poses
from bot.studio import pose_files, uploads
from engine.poses import drawing, library, placing, reading, writing
from prompts.errors import Refusal
from tests.bot.studio.test_studio import House, house
from tests.fakes import a_png

COMPANIONS = Path(engine.__file__).parent / "demo" / "companions"


def a_net(folder: Path, name: str) -> None:
    """A net for the built-in model that is called as one for poses."""
    shutil.copytree(COMPANIONS / "demo-edges", folder / name)


async def said(at: House, text: str, account: str = "ann") -> Card:
    return at.chat.messages[await at.say(text, account)]


async def picture(at: House, hash: str) -> Image.Image:
    return Image.open(io.BytesIO(await at.db.files.get(hash)))


async def test_poses_are_shown_on_numbered_sheets(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        card = await said(at, "/poses")
        count = len(library.poses())
        pages = -(-count // poses.EACH)
        assert card.text.key == "poses.page" and card.text.values == {"count": count, "page": 1, "pages": pages}
        assert [line.label.values["numbers"] for line in card.fields[:2]] == ["1–4", "5–8"]
        assert str(card.fields[0].value).endswith(", 4 standing from side")
        [shown] = card.pictures
        sheet = await picture(at, shown.hash)
        assert sheet.size == (shown.width, shown.height) and max(sheet.size) < 1000
        [more] = card.buttons
        assert more.target == "2."
        turned = at.chat.messages[await at.press(more.action, more.target)]
        assert turned.text.values["page"] == 2 and len(turned.buttons) == 2 and turned.panel
        last = await said(at, f"/poses p{pages + 9}")
        assert last.text.values["page"] == pages and len(last.buttons) == 1


async def test_poses_are_found_by_words_and_one_is_shown_large(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        found = await said(at, "/姿势 双人")
        assert found.text.values["count"] == len(library.search("双人"))
        standing = await said(at, "/poses standing")
        assert standing.text.key == "poses.one" and standing.text.values == {"name": "standing", "number": 1}
        assert (await said(at, "/poses 11")).text.values["name"] == "peace sign"
        content = await at.db.files.get(standing.pictures[0].hash)
        assert reading.read(content).people[0].body[0] is not None
        assert (await said(at, "/poses zzzzzz")).text.key == "pose.unknown"
        sitting = await said(at, "/poses sitting")  # a pose's own name is that pose
        assert sitting.text.key == "poses.one"
        upper = await said(at, "/poses standing, arms")
        assert upper.text.key == "poses.page" and upper.text.values["pages"] == 1
        many = await said(at, "/poses 单人")
        [more] = many.buttons
        second = at.chat.messages[await at.press("poses", more.target)]
        assert (await said(at, "/poses 单人 第2页")).fields == second.fields
        stranger = at.chat.messages[await at.press("poses", more.target, "bob")]
        assert stranger.text.key == "press.unknown"


async def test_a_pose_by_name_becomes_a_control_with_a_map_of_the_pictures_size(tmp_path: Path) -> None:
    a_net(tmp_path / "models", "any_openpose")
    async with house(tmp_path) as at:
        at.studio.rules = replace(at.studio.rules, models=(tmp_path / "models",))
        recipe = await at.recipe("a girl --姿势 挥手:0.8:0-0.6 --size 64x96")
        [control] = recipe.controls
        assert (control.net, control.preprocessor, control.source) == ("any_openpose", "openpose", "")
        assert (control.strength, control.start, control.end) == (0.8, 0.0, 0.6) and "挥手" not in recipe.prompt.text[
            -3:
        ]
        content = await at.db.files.get(control.picture)
        pose = placing.fitted(library.find("waving").pose, 64, 96)
        with Image.open(io.BytesIO(content)) as map:
            assert map.size == (64, 96) and np.array_equal(np.asarray(map), np.asarray(drawing.draw(pose, 64, 96)))
        again = await at.recipe(f"a boy --pose {control.picture[:8]}:mirror --size 96x96")
        mirrored = reading.read(await at.db.files.get(again.controls[0].picture))
        wrist, other = (
            reading.read(content).people[0].body[4],
            mirrored.people[0].body[7],
        )
        assert wrist and other and other[1] == pytest.approx(wrist[1], abs=0.01) and other[0] > 0.5 > wrist[0]
        over = await at.recipe("a girl --pose standing", files=(Upload("a.png", a_png((1, 2, 3), 64)),))
        assert over.source and len(over.controls) == 1


async def test_what_is_missing_is_said(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        assert (await said(at, "a girl --pose standing")).text.key == "control.builtin"
        (tmp_path / "models").mkdir()
        at.studio.rules = replace(at.studio.rules, models=(tmp_path / "models",))
        for text, key in (
            ("a girl --pose standig", "pose.unknown"),
            ("a girl --pose standing:9", "option.out_of_range"),
            ("a girl --pose", "option.bad_value"),
        ):
            assert (await said(at, text)).text.key == key, text
        await at.picture()
        kept = at.chat.messages[at.pool.drawn[-1][0]].pictures[0].hash
        assert (await said(at, f"a girl --pose {kept[:8]}")).text.key == "pose.unread"
        assert (await said(at, f"a girl --pose {kept[:8]}", "bob")).text.key.startswith("pose.unknown")


def test_wide_lines_are_for_the_nets_that_know_them() -> None:
    assert pose_files.wide("controlnet-union-sdxl-promax") and pose_files.wide("xinsir_openpose")
    assert not pose_files.wide("control_v11p_sd15_openpose") and not pose_files.wide("thibaud_xl_openpose")


async def test_a_file_of_points_is_a_pose_to_follow(tmp_path: Path) -> None:
    a_net(tmp_path / "models", "any_openpose")
    async with house(tmp_path) as at:
        at.studio.rules = replace(at.studio.rules, models=(tmp_path / "models",))
        pose = library.find("archery").pose
        file = uploads.checked(Upload("me.json", writing.written(pose).encode()))
        assert file.name == "me.png" and Image.open(io.BytesIO(file.content)).size == (pose.width, pose.height)
        for text in ("a girl", "a girl --control pose:0.7"):
            recipe = await at.recipe(text, files=(file,))
            [control] = recipe.controls
            assert recipe.source is None and recipe.width == recipe.height and control.preprocessor == "openpose"
            with Image.open(io.BytesIO(await at.db.files.get(control.picture))) as map:
                size = recipe.width, recipe.height
                assert np.array_equal(np.asarray(map), np.asarray(drawing.draw(placing.fitted(pose, *size), *size)))
        over = await at.recipe("a girl --strength 0.5", files=(file,))
        assert over.source and not over.controls  # drawn over, as somebody said how strongly
        with pytest.raises(Refusal, match="unread"):
            uploads.checked(Upload("x.json", b'{"people": [{}]}'))
