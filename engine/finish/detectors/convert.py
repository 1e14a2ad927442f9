"""`python engine/finish/detectors/convert.py IN.tflite OUT.safetensors`: a small TFLite network as weights and steps.

Needs `pip install tflite numpy safetensors`; README.md beside this file says which networks were converted.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tflite
from numpy.typing import NDArray
from safetensors.numpy import save_file

TYPES = {
    tflite.TensorType.FLOAT32: np.float32,
    tflite.TensorType.FLOAT16: np.float16,
    tflite.TensorType.INT32: np.int32,
}
ACTIVATIONS = {
    tflite.ActivationFunctionType.NONE: "",
    tflite.ActivationFunctionType.RELU: "relu",
    tflite.ActivationFunctionType.RELU6: "relu6",
}
NAMES = {number: name for name, number in vars(tflite.BuiltinOperator).items() if isinstance(number, int)}
Values = NDArray[Any]


class TfliteFile:
    """The file as its schema reads it; `at` follows values that are only unpacked (DEQUANTIZE)."""

    def __init__(self, content: bytes) -> None:
        self.model = tflite.Model.GetRootAsModel(content, 0)
        self.graph = self.model.Subgraphs(0)
        self.unpacked: dict[int, int] = {}

    def at(self, number: int) -> int:
        return self.unpacked.get(number, number)

    def constant(self, number: int) -> Values | None:
        """A tensor's values, where the file has them."""
        tensor = self.graph.Tensors(self.at(number))
        content = self.model.Buffers(tensor.Buffer()).DataAsNumpy()
        if isinstance(content, int) or not len(content):
            return None
        values = np.frombuffer(content.tobytes(), TYPES[tensor.Type()])
        return values.reshape(tensor.ShapeAsNumpy())

    def operators(self) -> Iterator[tuple[str, list[int], int, Any]]:
        for index in range(self.graph.OperatorsLength()):
            one = self.graph.Operators(index)
            code = self.model.OperatorCodes(one.OpcodeIndex())
            name = NAMES[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]
            yield name, [int(number) for number in one.InputsAsNumpy()], one.Outputs(0), one.BuiltinOptions()


def options(kind: type, table: Any) -> Any:
    made = kind()
    made.Init(table.Bytes, table.Pos)
    return made


def converted(content: bytes) -> tuple[dict[str, Values], dict[str, Any]]:
    """The weights in half precision, channels first, and the graph: its steps, its inputs' and outputs' numbers."""
    source, weights, steps = TfliteFile(content), {}, []

    def weight(number: int, axes: tuple[int, ...] | None = None) -> str:
        values = source.constant(number)
        assert values is not None
        turned = values if axes is None else values.transpose(axes)
        weights[str(number)] = np.ascontiguousarray(turned.astype(np.float16))
        return str(number)

    for name, inputs, output, table in source.operators():
        given = source.at(inputs[0])
        match name:
            case "DEQUANTIZE":
                source.unpacked[output] = given
                continue
            case "CONV_2D" | "DEPTHWISE_CONV_2D":
                deep = name == "CONV_2D"
                own = options(tflite.Conv2DOptions if deep else tflite.DepthwiseConv2DOptions, table)
                axes = (0, 3, 1, 2) if deep else (3, 0, 1, 2)
                values = {
                    "weight": weight(inputs[1], axes),
                    "bias": weight(inputs[2]),
                    "stride": own.StrideH(),
                    "same": own.Padding() == tflite.Padding.SAME,
                    "deep": deep,
                    "then": ACTIVATIONS[own.FusedActivationFunction()],
                }
                steps.append(["conv", [given], output, values])
            case "PRELU":
                steps.append(["prelu", [given], output, {"weight": weight(inputs[1])}])
            case "RELU":
                steps.append(["relu", [given], output, {}])
            case "ADD":
                own = options(tflite.AddOptions, table)
                values = {"then": ACTIVATIONS[own.FusedActivationFunction()]}
                steps.append(["add", [given, source.at(inputs[1])], output, values])
            case "MAX_POOL_2D":
                own = options(tflite.Pool2DOptions, table)
                steps.append(["pool", [given], output, {"size": own.FilterHeight(), "stride": own.StrideH()}])
            case "PAD":
                edges = source.constant(inputs[1])
                assert edges is not None and not edges[0].any()
                rows, columns, channels = edges[1:].tolist()
                steps.append(["pad", [given], output, {"edges": [*columns, *rows, *channels]}])
            case "RESIZE_BILINEAR":
                own, size = options(tflite.ResizeBilinearOptions, table), source.constant(inputs[1])
                assert size is not None
                values = {"size": size.tolist(), "corners": own.AlignCorners(), "centres": own.HalfPixelCenters()}
                steps.append(["resize", [given], output, values])
            case "RESHAPE":
                width = int(source.graph.Tensors(output).ShapeAsNumpy()[-1])
                steps.append(["rows", [given], output, {"width": width}])
            case "MEAN":
                steps.append(["mean", [given], output, {}])
            case "FULLY_CONNECTED":
                values = {"weight": weight(inputs[1]), "bias": weight(inputs[2])}
                steps.append(["linear", [given], output, values])
            case "LOGISTIC":
                steps.append(["sigmoid", [given], output, {}])
            case "CONCATENATION":
                steps.append(["join", [source.at(number) for number in inputs], output, {}])
            case _:
                raise SystemExit(f"{name} is not known here")
    graph = source.graph
    side = int(graph.Tensors(graph.Inputs(0)).ShapeAsNumpy()[1])
    outputs = sorted(
        (int(graph.Outputs(index)) for index in range(graph.OutputsLength())),
        key=lambda number: -int(graph.Tensors(number).ShapeAsNumpy()[-1]),
    )
    return weights, {"side": side, "input": int(graph.Inputs(0)), "outputs": outputs, "steps": steps}


if __name__ == "__main__":
    tensors, steps = converted(Path(sys.argv[1]).read_bytes())
    save_file(tensors, sys.argv[2], {"graph": json.dumps(steps, separators=(",", ":"))})
