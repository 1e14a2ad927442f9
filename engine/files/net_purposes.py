"""What a net was trained to follow, which is in none of its tensors: told by its name, unless its owner says it."""

from __future__ import annotations

import re

# In the order in which they are sought: a name with two of these is of the first.
PURPOSES: dict[str, str] = {
    "inpaint": r"inpaint|outpaint|repaint",
    "shuffle": r"shuffle",
    "ip2p": r"ip2p|pix2pix",
    "tile": r"tile|ttplanet",
    "qr": r"qr(?:code)?|qrpattern",
    "brightness": r"bright(?:ness)?|illumin\w*|luminance",
    "recolor": r"re-?colou?r|coloriz\w*",
    "openpose": r"(?:dw[-_ ]?)?(?:open)?pose",
    "keypose": r"keypose",
    "lineart_anime": r"(?:lineart|lines?)[-_ ]?anime|anime[-_ ]?(?:lineart|lines?)|s2_lineart",
    "lineart": r"line[-_ ]?arts?|mistoline|anyline|lines",
    "scribble": r"scribbles?|anytest",
    "softedge": r"soft[-_ ]?edges?|hed|pidi(?:net)?|ted|teed",
    "mlsd": r"m-?lsd|straight[-_ ]?lines?",
    "canny": r"canny|edges?",
    "depth": r"(?:zoe|box)?depth|midas|leres|zoe",
    "normal": r"normals?(?:bae|map)?",
    "seg": r"seg(?:mentation|ment)?|ade20k",
    "sketch": r"sketch",
    "blur": r"blur(?:red)?",
    "color": r"colou?rs?|color_?grid",
}
# The numbers under which xinsir's union nets know what they are shown; the last two are of the eight of "ProMax".
UNION = {
    "openpose": 0, "depth": 1, "softedge": 2, "scribble": 2, "canny": 3, "lineart": 3, "lineart_anime": 3, "mlsd": 3,
    "normal": 4, "seg": 5, "tile": 6, "blur": 6, "inpaint": 7,
}  # fmt: skip
_SOUGHT = {purpose: re.compile(rf"(?<![a-z])(?:{pattern})(?![a-z])") for purpose, pattern in PURPOSES.items()}
# Runs of letters behind which a purpose stands without a sign between: "sd15canny", "controlnetCanny".
_JOINED = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=\d)(?=[a-zA-Z])|(?<=controlnet)(?=[a-z])")


def purpose_of(name: str) -> str:
    """What a net of this name was trained to follow, a key of PURPOSES; "" where its name tells nothing."""
    spelt = _JOINED.sub("-", name.strip()).lower().replace("_", "-")
    plain = name.strip().lower().replace("_", "-")
    return next((one for one, sought in _SOUGHT.items() if sought.search(spelt) or sought.search(plain)), "")


def union_type(purpose: str, types: int) -> int | None:
    """The number by which a union net for so many types of maps is told of one; None where it knows none like it."""
    number = UNION.get(purpose)
    return number if number is not None and number < types else None
