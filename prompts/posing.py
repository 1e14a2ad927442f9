"""The pose that a text asks for by name: "waving", "挥手:0.8:0-0.6:mirror"."""

from __future__ import annotations

from dataclasses import dataclass, replace

from prompts.controls import AskedControl, asked
from prompts.option_values import refused
from prompts.prompt import Options

MIRROR = ("mirror", "mirrored", "flip", "镜像", "鏡像", "翻转", "翻轉", "反向")


@dataclass(frozen=True, slots=True)
class AskedPose:
    """`name` is that of a pose of the library, `mirrored` whether it is meant the other way round, `control` how it
    guides the picture."""

    name: str
    mirrored: bool
    control: AskedControl


def asked_pose(text: str, option: str = "") -> AskedPose:
    """A pose from "NAME[:weight[:start-end]][:mirror]", and what else a control may have. Raises Refusal as
    `prompts.controls.asked`."""
    parts = [part.strip() for part in text.replace("：", ":").split(":")]
    rest = [part for part in parts[1:] if part.casefold() not in MIRROR]
    if not parts[0]:
        raise refused(option or "--pose", text)
    control = asked(":".join((parts[0], *rest)), option or f"--pose {text[:40]}")
    return AskedPose(parts[0], len(rest) < len(parts) - 1, control)


def with_pose(options: Options, option: str, value: str) -> Options:
    """Options that ask for a pose, which is looked for later. Raises Refusal as `asked_pose`."""
    asked_pose(value, option)
    return replace(options, pose=value)
