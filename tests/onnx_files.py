"""ONNX networks of a few hundred bytes, written as the format's own messages: they find bright squares."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from pathlib import Path

SIDE, CELL = 64, 8
CELLS = (SIDE // CELL) ** 2


def _number(value: int) -> bytes:
    """A number as protocol buffers write it: seven bits a byte."""
    made = bytearray()
    value &= 2**64 - 1
    while value > 127:
        made.append(value & 127 | 128)
        value >>= 7
    return bytes([*made, value])


def _field(number: int, value: int | str | bytes) -> bytes:
    if isinstance(value, int):
        return _number(number << 3) + _number(value)
    content = value.encode() if isinstance(value, str) else value
    return _number(number << 3 | 2) + _number(len(content)) + content


def _all(number: int, values: Iterable[int | str | bytes]) -> bytes:
    return b"".join(_field(number, value) for value in values)


def _values(name: str, shape: Sequence[int], values: Sequence[float]) -> bytes:
    return _all(1, shape) + _field(2, 1) + _field(8, name) + _field(9, struct.pack(f"<{len(values)}f", *values))


def _whole(name: str, values: Sequence[int]) -> bytes:
    return _field(1, len(values)) + _field(2, 7) + _field(8, name) + _field(9, struct.pack(f"<{len(values)}q", *values))


def _node(kind: str, given: Sequence[str], made: str, **values: int | Sequence[int]) -> bytes:
    attributes = b""
    for name, value in values.items():
        if isinstance(value, int):
            attributes += _field(5, _field(1, name) + _field(3, value) + _field(20, 2))
        else:
            attributes += _field(5, _field(1, name) + _all(8, value) + _field(20, 7))
    return _all(1, given) + _field(2, made) + _field(4, kind) + attributes


def _shape(name: str, shape: Sequence[int | str]) -> bytes:
    sizes = b"".join(_field(1, _field(1 if isinstance(one, int) else 2, one)) for one in shape)
    return _field(1, name) + _field(2, _field(1, _field(1, 1) + _field(2, sizes)))


def _model(path: Path, nodes: Sequence[bytes], constants: Sequence[bytes], shape: Sequence[int], names: str) -> Path:
    graph = _all(1, nodes) + _field(2, "bright") + _all(5, constants)
    graph += _field(11, _shape("images", (1, 3, SIDE, SIDE))) + _field(12, _shape("output0", shape))
    said = _field(14, _field(1, "names") + _field(2, names)) if names else b""
    path.write_bytes(_field(1, 8) + _field(7, graph) + _field(8, _field(2, 13)) + said)
    return path


def bright(path: Path, *, layout: str = "v8", names: str = "{0: 'lamp'}", classes: int = 1) -> Path:
    """A network that is as sure of a thing in each cell of 8 × 8 pixels as the cell is bright; each thing is as large
    as two cells. `layout` says whose answers it gives: "v8", "v5" or "sorted"; with two classes it is as sure of the
    second as the cell is dark."""
    middles = [CELL * (at + 0.5) for at in range(SIDE // CELL)]
    xs, ys = [x for _ in middles for x in middles], [y for y in middles for _ in middles]
    size = [2.0 * CELL] * CELLS
    nodes = [
        _node("ReduceMean", ["images"], "grey", axes=[1], keepdims=1),
        _node("AveragePool", ["grey"], "cells", kernel_shape=[CELL, CELL], strides=[CELL, CELL]),
        _node("Reshape", ["cells", "row"], "sure"),
    ]
    constants = [_whole("row", [1, 1, CELLS])]
    chances = ["sure"]
    if classes == 2:
        constants.append(_values("one", [1], [1.0]))
        nodes.append(_node("Sub", ["one", "sure"], "dark"))
        chances.append("dark")
    if layout == "sorted":
        corners = [place + by for by in (-CELL, CELL) for places in (xs, ys) for place in places]
        constants += [_values("boxes", [1, 4, CELLS], corners), _values("class", [1, 1, CELLS], [0.0] * CELLS)]
        parts = ["boxes", "sure", "class"]
    else:
        constants.append(_values("boxes", [1, 4, CELLS], [*xs, *ys, *size, *size]))
        parts = ["boxes", *chances]
        if layout == "v5":
            constants.append(_values("things", [1, 1, CELLS], [1.0] * CELLS))
            parts.insert(1, "things")
    width = {"v8": 4 + classes, "v5": 5 + classes, "sorted": 6}[layout]
    nodes.append(_node("Concat", parts, "output0" if layout == "v8" else "wide", axis=1))
    if layout != "v8":
        nodes.append(_node("Transpose", ["wide"], "output0", perm=[0, 2, 1]))
    return _model(path, nodes, constants, (1, width, CELLS) if layout == "v8" else (1, CELLS, width), names)


def tagger(folder: Path, *, damaged: bool = False) -> Path:
    """A tagger that rates a picture the more explicit the brighter it is in blue, with its list of tags beside it."""
    folder.mkdir(parents=True)
    rows = [("general", 9), ("sensitive", 9), ("questionable", 9), ("explicit", 9), ("1girl", 0)]
    tags = [f"{number},{name},{category},10" for number, (name, category) in enumerate(rows)]
    (folder / "selected_tags.csv").write_text("\n".join(["tag_id,name,category,count", *tags]), "utf-8")
    nodes = [
        _node("ReduceMean", ["images"], "colour", axes=[1, 2], keepdims=0),
        _node("MatMul", ["colour", "by"], "more"),
        _node("Add", ["more", "from"], "ratings"),
    ]
    blue = [-1 / 255, 0.0, 0.0, 1 / 255, 0.0]  # of a picture in BGR the first
    constants = [_values("by", [3, 5], blue + [0.0] * 10), _values("from", [5], [1.0, 0.1, 0.1, 0.0, 0.0])]
    graph = _all(1, nodes) + _field(2, "rating") + _all(5, constants)
    graph += _field(11, _shape("images", ("n", 8, 8, 3))) + _field(12, _shape("ratings", ("n", 5)))
    content = b"nothing" if damaged else _field(1, 8) + _field(7, graph) + _field(8, _field(2, 13))
    (folder / "model.onnx").write_bytes(content)
    return folder


SEEN = (  # what the taggers below know, with category and answer: chance = at + red, green, blue × by, in 0…1
    ("general", 9, 0.9, (0.0, 0.0, -0.8)),
    ("sensitive", 9, 0.1, (0.0, 0.0, 0.0)),
    ("questionable", 9, 0.1, (0.0, 0.0, 0.0)),
    ("explicit", 9, 0.05, (0.0, 0.0, 0.8)),
    ("red_theme", 0, 0.0, (0.9, -0.9, -0.9)),
    ("green_theme", 0, 0.0, (-0.9, 0.9, -0.9)),
    ("blue_theme", 0, 0.0, (-0.9, -0.9, 0.9)),
    ("^_^", 0, 0.5, (0.0, 0.0, 0.0)),
    ("hatsune_miku_(cosplay)", 4, 0.0, (0.0, 0.95, 0.0)),
)


def known_tagger(
    folder: Path,
    *,
    side: int | None = 8,
    last: bool = True,
    batch: int | str = "n",
    outputs: str = "one",
    logits: bool = False,
    labels: str = "selected_tags.csv",
    name: str = "model.onnx",
) -> Path:
    """A tagger that sees the mean colour of a picture, as SEEN says; `outputs`: "one", or one for each kind ("named"),
    or nameless parts ("parts")."""
    folder.mkdir(parents=True, exist_ok=True)
    tags = [f"{number},{tag},{category},10" for number, (tag, category, _, _) in enumerate(SEEN)]
    (folder / labels).write_text("\n".join(["tag_id,name,category,count", *tags]), "utf-8")
    scale = (1 / 255, 0.0) if last else (0.5, 0.5)  # what is seen of a shade of 0…1
    by = [row[3][2 - channel] * scale[0] for channel in range(3) for row in SEEN]  # the picture comes in BGR
    at = [row[2] + sum(row[3]) * scale[1] for row in SEEN]
    nodes = [
        _node("ReduceMean", ["images"], "colour", axes=[1, 2] if last else [2, 3], keepdims=0),
        _node("MatMul", ["colour", "by"], "more"),
        _node("Add", ["more", "at"], "raw"),
        _node("Clip", ["raw", "least", "most"], "chances"),
    ]
    constants = [_values("by", [3, len(SEEN)], by), _values("at", [len(SEEN)], at)]
    constants += [_values("least", [], [0.001]), _values("most", [], [0.999]), _values("one", [1], [1.0])]
    final = "chances"
    if logits:  # ln(chance / (1 - chance))
        nodes += [
            _node("Sub", ["one", "chances"], "rest"),
            _node("Div", ["chances", "rest"], "odds"),
            _node("Log", ["odds"], "logits"),
        ]
        final = "logits"
    shapes = [(final, len(SEEN))]
    if outputs != "one":
        shapes = [("rating", 4), ("general_tags", 4), ("character", 1)]
        starts = {"rating": 0, "general_tags": 4, "character": 8}
        called = {key: key if outputs == "named" else f"part{index}" for index, key in enumerate(starts)}
        for key, start in starts.items():
            width = dict(shapes)[key]
            constants += [_whole(f"{key}_from", [start]), _whole(f"{key}_to", [start + width])]
            nodes.append(_node("Slice", [final, f"{key}_from", f"{key}_to", "columns"], called[key]))
        constants.append(_whole("columns", [1]))
        shapes = [(called[key], width) for key, width in shapes]
        shapes = shapes if outputs == "parts" else shapes[::-1]
    high = side or "side"
    graph = _all(1, nodes) + _field(2, "tags") + _all(5, constants)
    graph += _field(11, _shape("images", (batch, high, high, 3) if last else (batch, 3, high, high)))
    graph += b"".join(_field(12, _shape(one, (batch, width))) for one, width in shapes)
    (folder / name).write_bytes(_field(1, 8) + _field(7, graph) + _field(8, _field(2, 13)))
    return folder


def map_network(path: Path, *, channels: int = 1, side: int | None = None, last: bool = False, deep: int = 3) -> Path:
    """A network that makes a map of a picture: a channel each of its red, green and blue, by random weights. Any size
    where no `side` is said; `last`: its channels come last; `deep` are those of its input."""
    random = [0.6, -0.2, 0.1, -0.4, 0.9, 0.3, 0.2, -0.7, 0.5]
    weights = [random[(3 * number + number // 3 + part) % 9] for number in range(channels) for part in range(deep)]
    high, wide = (side, side) if side else ("h", "w")
    nodes = [_node("Transpose", ["images"], "turned", perm=[0, 3, 1, 2])] if last else []
    nodes.append(_node("Conv", ["turned" if last else "images", "weights"], "map", kernel_shape=[1, 1]))
    graph = _all(1, nodes) + _field(2, "map") + _all(5, [_values("weights", [channels, deep, 1, 1], weights)])
    graph += _field(11, _shape("images", (1, high, wide, deep) if last else (1, deep, high, wide)))
    graph += _field(12, _shape("map", (1, channels, high, wide)))
    path.write_bytes(_field(1, 8) + _field(7, graph) + _field(8, _field(2, 13)))
    return path


def pose_network(path: Path, points: Sequence[tuple[float, float, float]], *, high: int = 64, wide: int = 48) -> Path:
    """A network of the RTMPose family that sees these points in every picture: x, y in pixels of its input, and how
    sure it is."""
    columns, rows = (
        [sure * (round(2 * place[axis]) == at) for place in points for sure in place[2:] for at in range(2 * length)]
        for axis, length in ((0, wide), (1, high))
    )
    count = len(points)
    constants = [_values("columns", [1, count, 2 * wide], columns), _values("rows", [1, count, 2 * high], rows)]
    nodes = [
        _node("ReduceMean", ["images"], "grey", axes=[1, 2, 3], keepdims=0),
        _node("Mul", ["grey", "nothing"], "none"),
        _node("Add", ["columns", "none"], "simcc_x"),
        _node("Add", ["rows", "none"], "simcc_y"),
    ]
    graph = _all(1, nodes) + _field(2, "pose") + _all(5, [*constants, _values("nothing", [1], [0.0])])
    graph += _field(11, _shape("images", ("n", 3, high, wide)))
    for name, length in (("simcc_x", wide), ("simcc_y", high)):
        graph += _field(12, _shape(name, ("n", count, 2 * length)))
    path.write_bytes(_field(1, 8) + _field(7, graph) + _field(8, _field(2, 13)))
    return path
