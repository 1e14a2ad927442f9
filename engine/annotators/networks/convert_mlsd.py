"""`python engine/annotators/networks/convert_mlsd.py IN.onnx OUT.safetensors`: M-LSD's weights and steps, in half
precision.

Needs `pip install onnx numpy safetensors`; README.md beside this file says where the network is from.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper
from safetensors.numpy import save_file

SKIPPED = {"Shape", "Slice", "Split"}  # of sizes, which follow from the picture's
HEAD = "Sigmoid"  # what comes after the last step: engine/annotators/mlsd.py does it


def converted(content: bytes) -> tuple[dict[str, NDArray[Any]], list[list[Any]]]:
    """The weights by number, and the steps: kind, the numbers of what is given, the number of what is made, and more.
    The first number is the picture's; the last step's is the answer."""
    graph = onnx.load_from_string(content).graph
    constants = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
    weights: dict[str, NDArray[Any]] = {}
    steps: list[list[Any]] = []
    numbers: dict[str, int] = {}
    padded: dict[str, str] = {}
    started = False
    for node in graph.node:
        said = {one.name: helper.get_attribute_value(one) for one in node.attribute}
        if node.op_type == HEAD:
            break
        if node.op_type == "Transpose" and not started:
            numbers[node.output[0]], started = 0, True
            continue
        if not started or node.op_type in SKIPPED or (node.op_type == "Concat" and said["axis"] == 0):
            continue
        if node.op_type == "Pad":  # by one pixel to the right and below, as TensorFlow does
            padded[node.output[0]] = node.input[0]
            continue
        own = len(numbers)
        given = [numbers[padded.get(name, name)] for name in node.input if padded.get(name, name) in numbers]
        match node.op_type:
            case "Conv":
                weights[f"{own}.weight"] = constants[node.input[1]].astype(np.float16)
                weights[f"{own}.bias"] = constants[node.input[2]].astype(np.float16)
                beyond = [0, 0, 1, 1] if node.input[0] in padded else list(said.get("pads", [0, 0, 0, 0]))
                top, left, bottom, right = beyond
                values = {"pads": [left, right, top, bottom], "stride": said["strides"][0]}
                steps.append(["conv", given, own, values | {"apart": said["dilations"][0], "groups": said["group"]}])
            case "Clip":
                steps.append(["relu6", given, own, {}])
            case "Relu":
                steps.append(["relu", given, own, {}])
            case "Add":
                steps.append(["add", given, own, {}])
            case "Concat":
                steps.append(["join", given, own, {}])
            case "Resize":
                steps.append(["double", given, own, {}])
            case _:
                raise SystemExit(f"{node.op_type} is not known here")
        numbers[node.output[0]] = own
    return weights, steps


if __name__ == "__main__":
    tensors, made = converted(Path(sys.argv[1]).read_bytes())
    save_file(tensors, sys.argv[2], {"steps": json.dumps(made, separators=(",", ":"))})
