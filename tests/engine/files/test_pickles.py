"""Torch's files of every age, read without running anything in them."""

from __future__ import annotations

import io
import pickle
import struct
import tarfile
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from engine.errors import BadFile
from engine.files import pickles
from engine.files.identify import identify
from engine.files.pickled_values import Unsafe
from engine.models.torch_file import load_torch_file


class Held:
    """A tensor in an archive, by its key."""

    def __init__(self, key: int) -> None:
        self.key = key


class _Pickler(pickle.Pickler):
    def persistent_id(self, obj: Any) -> Any:
        return obj.key if isinstance(obj, Held) else None


def pickled(value: object) -> bytes:
    out = io.BytesIO()
    _Pickler(out, 2).dump(value)
    return out.getvalue()


def old_archive(path: Path, tensors: dict[str, Tensor], *, cut: int = 0, hostile: bool = False) -> Path:
    """A file as torch 0.1 wrote it: one storage for all, a part of it for the last tensor."""
    rows = [tensor.contiguous().flatten() for tensor in tensors.values()]
    numbers = torch.cat(rows)
    begin = len(numbers) - len(rows[-1])
    storages = pickled(1) + pickled((11, "cpu", torch.FloatStorage))
    storages += struct.pack("<q", len(numbers)) + numbers.numpy().tobytes()
    storages += pickled([(12, 11, begin, len(rows[-1]))])
    said, at = pickled(len(tensors)), 0
    for number, tensor in enumerate(tensors.values()):
        last = number == len(tensors) - 1
        said += pickled((100 + number, 12 if last else 11, torch.FloatTensor))
        said += struct.pack("<ii", tensor.dim(), 0) + struct.pack(f"<{tensor.dim()}q", *tensor.shape)
        said += struct.pack(f"<{tensor.dim()}q", *tensor.contiguous().stride()) + struct.pack("<q", 0 if last else at)
        at += tensor.numel()
    value: dict[str, object] = {name: Held(100 + number) for number, name in enumerate(tensors)}
    if hostile:
        value["x"] = print
    parts = {"sys_info": pickled({}), "pickle": pickled(value), "tensors": said, "storages": storages}
    with tarfile.open(path, "w:", format=tarfile.PAX_FORMAT) as archive:
        for name, data in parts.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    if cut:
        path.write_bytes(path.read_bytes()[:-cut])
    return path


def test_a_tar_archive_of_the_first_torch_is_read(tmp_path: Path) -> None:
    weights = {"emb_params": torch.randn(3, 32), "other": torch.randn(2, 2, 2), "last": torch.randn(5)}
    path = old_archive(tmp_path / "old.pt", weights)
    made = load_torch_file(path)
    assert made.keys() == weights.keys() and all(torch.equal(made[name], weights[name]) for name in weights)
    theirs = torch.load(path, weights_only=False)  # torch reads it as we do
    assert all(torch.equal(theirs[name], weights[name]) for name in weights)
    assert identify(old_archive(tmp_path / "words.pt", {"emb_params": torch.randn(3, 32)})).kind == "embedding"


def test_a_tar_archive_that_is_hostile_or_damaged_is_refused(tmp_path: Path) -> None:
    weights = {"emb_params": torch.randn(3, 3200)}
    hostile = old_archive(tmp_path / "hostile.pt", weights, hostile=True)
    with pytest.raises(Unsafe):
        pickles.read(hostile)
    assert identify(hostile).problem == "file.unsafe"
    for cut in (20_000, 39_000, 50_000):
        path = old_archive(tmp_path / "cut.pt", weights, cut=cut)
        with pytest.raises(BadFile):
            load_torch_file(path)
        assert identify(path).problem == "file.damaged"
    with tarfile.open(tmp_path / "other.pt", "w:") as archive:
        archive.addfile(tarfile.TarInfo("pickle"))
    assert identify(tmp_path / "other.pt").problem == "file.damaged"


def odd() -> dict[str, Tensor]:
    """Tensors that torch writes by other functions than the usual one."""
    noted = torch.randn(2, 3)
    noted.note = "of the trainer's"  # type: ignore[attr-defined]
    parameter = torch.nn.Parameter(torch.randn(4))
    parameter.tag = 3  # type: ignore[attr-defined]
    return {
        "bytes": torch.tensor([1, 2, 65535], dtype=torch.uint16),
        "eighth": torch.randn(2, 4).to(torch.float8_e4m3fn),
        "part": torch.arange(12, dtype=torch.int64).to(torch.uint32).view(3, 4)[1:],
        "noted": noted,
        "parameter": parameter,
        "plain": torch.randn(3),
        "empty": torch.empty(0),
    }


@pytest.mark.parametrize("archive", [True, False])
def test_tensors_that_other_functions_make_are_read(archive: bool, tmp_path: Path) -> None:
    weights = odd()
    torch.save(weights, tmp_path / "x.pt", _use_new_zipfile_serialization=archive)
    made = load_torch_file(tmp_path / "x.pt")
    assert made.keys() == weights.keys()
    for name, tensor in weights.items():
        assert (made[name].dtype, made[name].shape) == (tensor.dtype, tensor.shape), name
        assert torch.equal(made[name].view(torch.uint8), tensor.detach().contiguous().view(torch.uint8)), name


class Own(torch.Tensor):
    """A class that a file may bring along, whose code is never run."""


@pytest.mark.parametrize(
    "value",
    [
        torch.ones(2).as_subclass(Own),
        torch.ones(3).to_sparse(),
        torch.load,
        {"a": print},
    ],
)
def test_what_would_run_or_is_no_plain_tensor_is_refused(value: object, tmp_path: Path) -> None:
    torch.save({"x": value}, tmp_path / "x.pt")
    with pytest.raises(BadFile):
        pickles.read(tmp_path / "x.pt")
    assert identify(tmp_path / "x.pt").problem in ("file.unsafe", "file.damaged")
