"""What files are, told by what is in them; and that hostile ones do nothing."""

from __future__ import annotations

import io
import json
import pickle
import struct
import time
import zipfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from engine.errors import BadFile
from engine.files import pickled_values, pickles, safetensors_header
from engine.files.identify import UNET, V_BIAS, identify
from engine.files.identity import Identity
from engine.models import convert
from engine.models.torch_file import load_torch_file
from tests.model_shapes import checkpoint, write

Shapes = Mapping[str, tuple[int, ...]]
V_PRED: Shapes = {"v_pred": (0,)}
CHECKPOINTS: list[tuple[Shapes, Mapping[str, str], tuple[str, str, int, bool, str]]] = [
    (checkpoint("sd15", vae=True), {}, ("sd15", "epsilon", 4, True, "")),
    (checkpoint("sd15", 9), {}, ("sd15", "epsilon", 9, False, "")),
    (checkpoint("sd15", 8), {}, ("sd15", "epsilon", 8, False, "model.other_kind")),
    (checkpoint("sd2"), {}, ("sd2", "epsilon", 4, False, "")),
    (checkpoint("sd2"), {"modelspec.prediction_type": "v"}, ("sd2", "v_prediction", 4, False, "")),
    (checkpoint("sdxl", vae=True), {}, ("sdxl", "epsilon", 4, True, "")),
    (checkpoint("sdxl") | V_PRED, {}, ("sdxl", "v_prediction", 4, False, "")),
    (checkpoint("sdxl", 9), {}, ("sdxl", "epsilon", 9, False, "")),
    (checkpoint("refiner"), {}, ("refiner", "epsilon", 4, False, "")),
    (checkpoint("sdxl", words=False), {}, ("sdxl", "epsilon", 4, False, "model.no_text")),
]


@pytest.mark.parametrize(("shapes", "metadata", "expected"), CHECKPOINTS)
def test_checkpoints(shapes: Shapes, metadata: Mapping[str, str], expected: tuple[Any, ...], tmp_path: Path) -> None:
    found = identify(write(tmp_path / "lora-for-sd15.safetensors", shapes, metadata))
    assert found.kind == "checkpoint"
    assert (found.family, found.prediction, found.channels, found.vae, found.problem) == expected
    assert Identity.from_json(json.loads(json.dumps(found.to_json()))) == found


def test_the_bias_tells_what_sd2_predicts(tmp_path: Path) -> None:
    for spread, dtype, expected in (
        (0.2, torch.float32, "v_prediction"), (0.2, torch.bfloat16, "v_prediction"), (0.01, torch.float16, "epsilon"),
    ):  # fmt: skip
        weights = {f"{UNET}input_blocks.0.0.weight": torch.zeros(4, 4, 3, 3)}
        weights["cond_stage_model.model.x"] = torch.zeros(1)
        weights[V_BIAS] = (torch.arange(320) % 2 * 2 - 1).to(dtype) * spread
        save_file(weights, tmp_path / "x.safetensors")
        assert identify(tmp_path / "x.safetensors").prediction == expected


def kohya(context: int, rank: int = 8, prefix: str = "lora_unet") -> dict[str, tuple[int, ...]]:
    stem = f"{prefix}_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k"
    return {
        f"{stem}.lora_down.weight": (rank, context),
        f"{stem}.lora_up.weight": (640, rank),
        f"{stem}.alpha": (),
    }


STEM = "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k"
PEFT = "unet.down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k"
TEXT = "text_model_encoder_layers_0_mlp_fc1"


def pair(stem: str, into: int, rank: int = 4, *kernel: int) -> dict[str, tuple[int, ...]]:
    return {f"{stem}.lora_down.weight": (rank, into, *kernel), f"{stem}.lora_up.weight": (640, rank)}


LORAS: list[tuple[Shapes, Mapping[str, str], tuple[str, str, int, tuple[str, ...]]]] = [
    (kohya(768), {}, ("sd15", "kohya", 8, ("unet",))),
    (kohya(768) | pair(f"lora_te_{TEXT}", 768, 8), {}, ("sd15", "kohya", 8, ("unet", "text_encoder"))),
    (kohya(2048, 32), {}, ("sdxl", "kohya", 32, ("unet",))),
    (
        pair(f"lora_te1_{TEXT}", 768) | pair(f"lora_te2_{TEXT}", 1280),
        {},
        ("sdxl", "kohya", 4, ("text_encoder", "text_encoder_2")),
    ),
    (pair(f"lora_te_{TEXT}", 768), {"ss_base_model_version": "sd_v1"}, ("sd15", "kohya", 4, ("text_encoder",))),
    (kohya(1024), {"ss_v2": "True"}, ("sd2", "kohya", 8, ("unet",))),
    (kohya(768) | pair("lora_unet_conv_in", 320, 8, 3, 3), {}, ("sd15", "locon", 8, ("unet",))),
    (
        {f"{PEFT}.lora_A.weight": (16, 2048), f"{PEFT}.lora_B.weight": (640, 16)},
        {},
        ("sdxl", "diffusers", 16, ("unet",)),
    ),
    (
        {f"{PEFT}.lora.down.weight": (4, 768), f"{PEFT}.lora.up.weight": (640, 4)},
        {},
        ("sd15", "diffusers", 4, ("unet",)),
    ),
    (
        {f"{STEM}.hada_w{n}_a": (640, 8) for n in (1, 2)} | {f"{STEM}.hada_w{n}_b": (8, 768) for n in (1, 2)},
        {},
        ("sd15", "loha", 8, ("unet",)),
    ),
    ({f"{STEM}.lokr_w1": (8, 8), f"{STEM}.lokr_w2": (80, 96)}, {}, ("sd15", "lokr", 0, ("unet",))),
    (kohya(768) | {f"{STEM}.dora_scale": (640, 1)}, {}, ("sd15", "dora", 8, ("unet",))),
    ({f"{STEM}.diff": (640, 2048)}, {}, ("sdxl", "full", 0, ("unet",))),
    ({f"{STEM}.oft_blocks": (4, 160, 160)}, {}, ("", "oft", 0, ("unet",))),
    ({f"{STEM}.weight": (640,), f"{STEM}.on_input": ()}, {}, ("", "ia3", 0, ("unet",))),
]


@pytest.mark.parametrize(
    ("shapes", "problem"),
    [
        ({f"{STEM}.hada_w1_a": (640, 8), f"{STEM}.hada_w1_b": (8, 768)}, "file.damaged"),
        ({f"{STEM}.lora_down.weight": (8, 768)}, "file.damaged"),
        ({f"transformer.blocks.0.attn.to_q.lora_{side}.weight": (2, 2) for side in "AB"}, "file.other_lora"),
        (pair("lora_unet_double_blocks_0_img_attn_proj", 3072) | pair(f"lora_te1_{TEXT}", 768), "file.other_lora"),
    ],
)
def test_what_the_loader_refuses_is_no_lora_to_draw_with(shapes: Shapes, problem: str, tmp_path: Path) -> None:
    found = identify(write(tmp_path / "x.safetensors", shapes, {}))
    assert (found.kind, found.problem) == ("lora", problem)


@pytest.mark.parametrize(("shapes", "metadata", "expected"), LORAS)
def test_loras(shapes: Shapes, metadata: Mapping[str, str], expected: tuple[Any, ...], tmp_path: Path) -> None:
    found = identify(write(tmp_path / "checkpoint.safetensors", shapes, metadata))
    assert found.kind == "lora"
    assert (found.family, found.format, found.rank, found.parts) == expected
    assert not found.problem


def test_trigger_words_are_the_makers_and_the_tags_that_all_pictures_have_are_told_apart(tmp_path: Path) -> None:
    tags = {"10_x": {"shuimo": 20, "1girl": 19, "red\0": 3}, "5_y": {"shuimo": 5, " 1girl": 4}}
    metadata = {"ss_tag_frequency": json.dumps(tags), "modelspec.trigger_phrase": "ink style, shuimo"}
    found = identify(write(tmp_path / "a.safetensors", kohya(768), metadata))
    assert (found.triggers, found.common) == (("ink style", "shuimo"), ("shuimo", "1girl"))
    for broken in ("[", "[1]", '{"a": 1}', "[" * 100_000):
        found = identify(write(tmp_path / "a.safetensors", kohya(768), {"ss_tag_frequency": broken}))
        assert (found.kind, found.common) == ("lora", ())


@pytest.mark.parametrize(
    ("shapes", "kind", "family", "problem"),
    [
        ({"emb_params": (4, 768)}, "embedding", "sd15", ""),
        ({"clip_l": (2, 768), "clip_g": (2, 1280)}, "embedding", "sdxl", ""),
        ({"emb_params": (80, 768)}, "embedding", "sd15", "embedding.too_long"),
        ({"encoder.conv_in.weight": (1, 3, 3, 3), "decoder.conv_in.weight": (1, 4, 3, 3)}, "vae", "", "vae.incomplete"),
        (
            {"encoder.conv_in.weight": (1, 3, 3, 3), "decoder.conv_in.weight": (1, 16, 3, 3)},
            "vae", "", "model.other_kind",
        ),
        ({"control_model.x.attn2.to_k.weight": (9, 768)}, "controlnet", "sd15", "control.incomplete"),
        ({"controlnet_cond_embedding.conv_in.weight": (9, 3, 3, 3)}, "controlnet", "", "control.incomplete"),
        ({"model.1.sub.0.RDB1.conv1.0.weight": (9, 9, 3, 3)}, "upscaler", "", "upscaler.lacks"),
        (
            dict.fromkeys(("model.0.weight", "model.1.sub.0.RDB1.conv1.0.weight", "model.1.sub.1.weight"), (9, 9, 3)),
            "upscaler", "", "upscaler.lacks",
        ),
        ({"conv_first.weight": (9, 9, 3, 3)}, "unknown", "", "file.unknown"),
        ({"something.weight": (9, 9, 3, 3)}, "unknown", "", "file.unknown"),
        ({}, "unknown", "", "file.unknown"),
    ],
)  # fmt: skip
def test_what_goes_with_models(shapes: Shapes, kind: str, family: str, problem: str, tmp_path: Path) -> None:
    found = identify(write(tmp_path / "x.safetensors", shapes))
    assert (found.kind, found.family, found.problem) == (kind, family, problem)


# --- damaged and hostile ---


def lying(header: bytes, length: int | None = None, data: bytes = b"") -> bytes:
    return struct.pack("<Q", len(header) if length is None else length) + header + data


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"1234",
        lying(b"{}", 2**63),
        lying(b"{}", 3),
        lying(b"{"),
        lying(b"[]"),
        lying(b"[" * 200_000),
        lying(b'{"a": 1}'),
        lying(b'{"a": {"dtype": "F16", "shape": [2], "data_offsets": [0, 2]}}', data=b"1234"),
        lying(b'{"a": {"dtype": "F16", "shape": [-1], "data_offsets": [0, 2]}}', data=b"1234"),
        lying(b'{"a": {"dtype": "F16", "shape": [2.5], "data_offsets": [0, 5]}}', data=b"12345"),
        lying(b'{"a": {"dtype": "F16", "shape": [4294967296, 4294967296], "data_offsets": [0, 2]}}', data=b"12"),
        lying(b'{"a": {"dtype": "new", "shape": [' + b"9" * 4000 + b'], "data_offsets": [0, 0]}}'),
        lying(b'{"a": {"dtype": "F16", "shape": [1' + b"0" * 5000 + b'], "data_offsets": [0, 2]}}', data=b"12"),
        lying(b'{"' + b"attn2.to_k " * 100_000 + b'": {"dtype": "F16", "shape": [0], "data_offsets": [0, 0]}}'),
    ],
)
def test_lying_headers_are_damage(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes(content)
    assert identify(path).problem == "file.damaged"
    with pytest.raises(BadFile):
        safetensors_header.read_header(path)


def test_a_file_that_ends_too_soon_is_told_by_the_tensors_that_it_lacks(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes(lying(b'{"a": {"dtype": "F16", "shape": [2], "data_offsets": [0, 4]}}'))
    found = identify(path)
    assert (found.kind, found.problem, found.lacking, found.lacks) == ("embedding", "file.cut", 1, "a")
    with pytest.raises(safetensors_header.CutShort) as cut:
        safetensors_header.read_header(path)
    assert (cut.value.count, cut.value.first) == (1, "a")


class Attack:
    def __init__(self, trace: Path) -> None:
        self._trace = trace

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self._trace,)


def torch_file(path: Path, content: object) -> Path:
    torch.save(content, path)
    return path


def archived(path: Path, data: bytes) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", data)
    return path


def test_pickles_are_named_and_never_run(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    hostile = torch_file(tmp_path / "a.pt", {"string_to_param": {"*": torch.ones(1, 8)}, "x": Attack(trace)})
    assert identify(hostile).problem == "file.unsafe"
    plain = tmp_path / "b.ckpt"
    plain.write_bytes(pickle.dumps({"x": Attack(trace)}))
    assert identify(plain).problem == "file.damaged"
    assert not trace.exists()


def test_pickled_models_are_known_and_wait_to_be_converted(tmp_path: Path) -> None:
    weights = {"state_dict": {name: torch.zeros(shape) for name, shape in checkpoint("demo").items()}}
    weights["state_dict"]["cond_stage_model.transformer.x"] = torch.nn.Parameter(torch.ones(3))
    old = torch_file(tmp_path / "old.ckpt", weights)
    found = identify(old)
    assert (found.kind, found.family, found.problem) == ("checkpoint", "demo", "file.pickle")
    made = convert.convert(old)
    assert identify(made).kind == "checkpoint" and identify(made).problem == ""
    assert torch.equal(load_file(made)["cond_stage_model.transformer.x"], torch.ones(3))
    with pytest.raises(FileExistsError):
        convert.convert(old)
    network = torch_file(tmp_path / "h.pt", {768: [{"linear.weight": torch.ones(2, 2)}]})
    assert (identify(network).kind, identify(network).problem) == ("hypernetwork", "file.hypernetwork")


def test_archives_that_grow_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.pt"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", b"\0" * 2**20)
    assert identify(path).problem == "file.damaged"
    # A list that holds itself many times over, and one without an end; a memo at place two thousand million is a memo.
    inner: list[Any] = []
    for _ in range(40):
        inner = [inner, inner]
    for data in (pickle.dumps(inner), b"\x80\x02}"):
        with pytest.raises(BadFile):
            pickles.read_shapes(archived(path, data))
    assert pickles.read_shapes(archived(path, b"\x80\x02}r\xff\xff\xff\x7f.")) == {}


def test_pickles_that_would_take_for_ever_are_given_up(tmp_path: Path) -> None:
    inner: Any = {str(number): 1 for number in range(500)}
    for _ in range(5):
        inner = {str(number): inner for number in range(500)}
    key: Any = ()
    for _ in range(50):
        key = (key, key)
    hashed = pickle.dumps([key], 2)
    hashed = b"\x80\x02}" + hashed[2:-1] + b"K\x01s."  # as a key, whose hash takes 2 ** 50 steps
    for data in (pickle.dumps(inner), b"\x80\x02" + b"(" * 10_000_000 + b".", hashed):
        began = time.process_time()
        assert identify(archived(tmp_path / "x.pt", data)).problem in ("file.damaged", "file.unknown")
        assert time.process_time() - began < 30


def test_pickles_leave_no_trace_in_what_reads_them(tmp_path: Path) -> None:
    """The operation that sets attributes, on all that a pickle may name."""

    def known() -> dict[str, dict[str, Any]]:
        return {name: dict(vars(one)) for name, one in vars(pickled_values).items() if isinstance(one, type)}

    before = known()
    for named in (b"torch\nFloatStorage", b"torch._utils\n_rebuild_tensor_v2", b"collections\nOrderedDict"):
        state = b"N}X\x08\x00\x00\x00pollutedX\x01\x00\x00\x00ys\x86b"
        assert identify(archived(tmp_path / "x.pt", b"\x80\x02c" + named + b"\n" + state + b".")).problem
    assert before == known() and len(before) > 3


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_what_torch_writes_is_read(protocol: int, tmp_path: Path) -> None:
    network = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3)).half()
    content = {
        "state_dict": network.state_dict(), "weight": network[0].weight, "size": torch.Size([1, 2]), "steps": 2**70,
        "rate": 0.1, "kind": torch.float16, "none": None, "told": True, "list": [torch.ones(4), (1, torch.ones(5))],
    }  # fmt: skip
    torch.save(content, tmp_path / "x.pt", pickle_protocol=protocol)
    shapes = pickles.read_shapes(tmp_path / "x.pt")
    assert shapes["state_dict.0.weight"] == (3, 2) and shapes["weight"] == (3, 2)
    assert shapes["state_dict.1.num_batches_tracked"] == ()
    assert (shapes["list.0"], shapes["list.1.1"]) == ((4,), (5,))


def test_odd_shapes_and_numbers_are_no_trouble(tmp_path: Path) -> None:
    flat = write(tmp_path / "flat.safetensors", {f"{UNET}input_blocks.0.0.weight": (4,)})
    assert identify(flat).problem == "model.no_text"
    for shape in ((4,), (), (0, 0), (2**20, 4, 3, 3)):
        for name in list(checkpoint("sdxl", vae=True))[::25]:
            odd = write(tmp_path / "odd.safetensors", {**checkpoint("sdxl", vae=True), name: shape})
            assert identify(odd).problem, name
    weights = {f"{UNET}input_blocks.0.0.weight": torch.zeros(4, 4, 3, 3), "cond_stage_model.model.x": torch.zeros(1)}
    for numbers in ([float("nan"), float("inf")], []):
        save_file(weights | {V_BIAS: torch.tensor(numbers)}, tmp_path / "odd.safetensors")
        assert identify(tmp_path / "odd.safetensors").prediction == "epsilon"
    told = {"modelspec.title": "a\0b", "modelspec.trigger_phrase": "x"}
    header = json.dumps({"__metadata__": told}).replace("a\\u0000b", "a\\ud800b").encode()
    header = (
        header[:-1]
        + b', "'
        + f"{UNET}input_blocks.0.0.weight".encode()
        + (b'": {"dtype": "F16", "shape": [1, 4], "data_offsets": [0, 8]}}')
    )
    (tmp_path / "half.safetensors").write_bytes(lying(header, data=bytes(8)))
    assert identify(tmp_path / "half.safetensors").title == "ab"


@pytest.mark.parametrize("content", [[torch.ones(2)], {"note": "no tensors"}, torch.ones(3)])
def test_what_is_no_model_is_not_converted(content: object, tmp_path: Path) -> None:
    file = torch_file(tmp_path / "x.ckpt", content)
    with pytest.raises(BadFile):
        convert.convert(file)
    assert [path.name for path in tmp_path.iterdir()] == ["x.ckpt"]


def test_a_conversion_of_a_cut_file_is_refused_without_a_traceback(tmp_path: Path) -> None:
    """An archive that lists its tensors and lacks their numbers."""
    whole = torch_file(tmp_path / "whole.ckpt", {"x": torch.ones(3)})
    with zipfile.ZipFile(whole) as archive, zipfile.ZipFile(tmp_path / "cut.ckpt", "w") as cut:
        for entry in archive.namelist():
            if "/data/" not in entry:
                cut.writestr(entry, archive.read(entry))
    with pytest.raises(BadFile):
        convert.convert(tmp_path / "cut.ckpt")


def test_cut_archives_are_damage(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    torch.save({"emb_params": torch.ones(4, 8)}, buffer)
    for share in (0, 10, len(buffer.getvalue()) // 2, len(buffer.getvalue()) - 1):
        (tmp_path / "cut.pt").write_bytes(buffer.getvalue()[:share])
        assert identify(tmp_path / "cut.pt").problem == "file.damaged"


def trained() -> dict[str, torch.Tensor]:
    """The weights of a LoRA for one layer."""
    stem = "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k"
    return {f"{stem}.lora_down.weight": torch.randn(4, 768), f"{stem}.lora_up.weight": torch.randn(640, 4)}


def test_what_trainers_leave_beside_the_weights_is_read_over(tmp_path: Path) -> None:
    """Callbacks, optimisers and sets of names are never made; what could run something ends the reading as ever."""
    shapes = trained()
    beside: dict[str, object] = {
        "counter": Counter({"a": 1}), "names": {"a"}, "adam": torch.optim.Adam([torch.ones(2)], lr=0.1).state_dict(),
        "number": np.float64(0.5), "place": Path("/tmp"), "device": torch.device("cpu"), "score": torch.ones(7),
    }  # fmt: skip
    for name, extra in beside.items():
        path = torch_file(tmp_path / f"{name}.ckpt", {"state_dict": shapes, "callbacks": extra})
        found = identify(path)
        assert (found.kind, found.problem) == ("lora", "file.pickle"), name
        made = load_file(convert.convert(path))
        assert made.keys() == shapes.keys() and all(torch.equal(made[key], shapes[key]) for key in shapes), name


@pytest.mark.parametrize("suffix", [".pt", ".ckpt"])
def test_files_from_before_torch_archived_them_are_read(suffix: str, tmp_path: Path) -> None:
    weights = trained()
    whole = torch.randn(4, 6, dtype=torch.float16)
    weights |= {"turned": whole.t(), "part": whole[1:3, 2:], "count": torch.tensor(2**40), "sign": torch.tensor(True)}
    path = tmp_path / f"old{suffix}"
    torch.save({"state_dict": weights, "epoch": 3}, path, _use_new_zipfile_serialization=False)
    assert (identify(path).kind, identify(path).problem) == ("lora", "file.pickle")
    made = load_torch_file(path)
    assert made.keys() == weights.keys() and all(torch.equal(made[key], weights[key]) for key in weights)
    content = path.read_bytes()
    for length in (20, len(content) // 2, len(content) - 40):
        path.write_bytes(content[:length])
        with pytest.raises(BadFile):
            load_torch_file(path)


def test_an_embedding_is_the_same_however_its_parameters_are_listed(tmp_path: Path) -> None:
    vectors = torch.randn(2, 32)
    listed = torch.nn.ParameterDict({"*": torch.nn.Parameter(vectors)})
    token = {"string_to_token": {"*": torch.tensor(265)}}
    found = [
        torch_file(tmp_path / "plain.pt", {"string_to_token": {"*": 265}, "string_to_param": {"*": vectors}}),
        torch_file(tmp_path / "listed.pt", token | {"string_to_param": listed}),
    ]
    assert len({identify(path) for path in found}) == 1 and identify(found[0]).kind == "embedding"
    for path in found:
        assert torch.equal(load_torch_file(path)["string_to_param.*"], vectors)


def test_what_was_told_by_older_rules_is_looked_into_again() -> None:
    found = Identity(kind="upscaler", format="ESRGAN").to_json()
    for old in ({**found, "rules": 1}, {name: one for name, one in found.items() if name != "rules"}):
        with pytest.raises(TypeError):
            Identity.from_json(old)
