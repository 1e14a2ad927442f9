"""Files with a pose in them that people send: OpenPose's JSON, kept as the map drawn from it, and maps made here."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace

from bot.studio.recipes import SizedSource
from engine import control_words
from engine.poses import reading, writing
from engine.poses.skeleton import Pose
from prompts.controls import NONE, AskedControl
from prompts.prompt import Options
from storage import uploads
from storage.database import Database

KIND = "openpose"  # of nets and of the preprocessor
# Nets that were trained on lines which grow with the picture.
_WIDE = re.compile(r"xinsir|union|promax", re.IGNORECASE)


def wide(net: str) -> bool:
    """Whether a net, by its name, wants the wide lines of engine/poses/drawing.py."""
    return bool(_WIDE.search(net))


async def pose_in(db: Database, file: str) -> Pose | None:
    """The pose in a kept file; None where it is another picture."""
    content = await db.files.get(file)
    if not await asyncio.to_thread(reading.readable, content):
        return None
    return await asyncio.to_thread(reading.read, content)


async def drawn(db: Database, person: str, pose: Pose, size: tuple[int, int], net: str) -> str:
    """The hash of the pose's map of that size, as this net wants it: a file of the person's from now on."""
    content = await asyncio.to_thread(writing.png, pose, *size, wide=wide(net))
    return await uploads.add_upload(db, person, content)


async def sent(
    db: Database, found: tuple[SizedSource, ...], options: Options
) -> tuple[tuple[SizedSource, ...], Options, SizedSource | None]:
    """Of pictures that came with a text those to draw over, and the options with the pose that is to be followed where
    the only one is a pose and nothing is said of it; then also the map, whose shape the picture takes."""
    if len(found) != 1 or options.controls or options.pose or options.strength is not None:
        return found, options, None
    if await pose_in(db, found[0].picture) is None:
        return found, options, None
    return (), replace(options, pose=found[0].picture), found[0]


async def finished(db: Database, asked: AskedControl, picture: SizedSource | None) -> AskedControl:
    """The control as asked for, one for poses without a preprocessor where its picture is a pose already."""
    row = control_words.word(asked.name)
    if picture is None or asked.by or row is None or KIND not in row.kinds:
        return asked
    return replace(asked, by=NONE) if await pose_in(db, picture.picture) else asked
