"""A LoRA's file as kohya's trainers write it: what they say of a training, hashes, and the same bytes for the same
content, which the library that reads such files does not promise of those it writes."""

from __future__ import annotations

import hashlib
import json
import math
import os
import shutil
import struct
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from engine.files.by_hash import old_hash
from engine.files.catalog import Model
from engine.training_plan import TrainingPlan

KINDS = {
    torch.float16: "F16", torch.float32: "F32", torch.bfloat16: "BF16", torch.float64: "F64", torch.int64: "I64",
    torch.int32: "I32", torch.uint8: "U8", torch.bool: "BOOL",
}  # fmt: skip
_OLD_FROM, _OLD_TO = 0x100000, 0x110000  # what A1111's first hash is made of
BASES = {"sd15": "sd_v1", "sd2": "sd_v2", "sdxl": "sdxl_base_v1-0", "demo": "danqing-demo"}
ARCHITECTURES = {
    "sd15": "stable-diffusion-v1", "sd2": "stable-diffusion-v2", "sdxl": "stable-diffusion-xl-v1-base",
    "demo": "danqing-demo",
}  # fmt: skip
OPTIMISERS = {
    "AdamW8bit": "bitsandbytes.optim.AdamW8bit", "Prodigy": "prodigyopt.Prodigy",
    "ScheduleFree": "schedulefree.AdamWScheduleFree",
}  # fmt: skip
WEIGHTS = "diffusion_pytorch_model.safetensors"  # of a network in a folder
FORMS = {"lora": "/lora", "inversion": "/textual-inversion", "whole": "", "controlnet": "/controlnet"}


def content(tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> bytes:
    """The file with these tensors and metadata, both in the order of their names. Raises ValueError for numbers that
    are none."""
    for name, tensor in sorted(tensors.items()):
        if tensor.is_floating_point() and not torch.isfinite(tensor).all():
            raise ValueError(f"{name} has numbers that are none")
    return b"".join(parts(tensors, metadata))


def parts(tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> Iterator[bytes]:
    """The same piece by piece, of a file that is larger than memory should hold twice."""
    header: dict[str, object] = {"__metadata__": dict(sorted(metadata.items()))}
    reached = 0
    for name, tensor in sorted(tensors.items()):
        end = reached + tensor.nbytes
        header[name] = {"dtype": KINDS[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [reached, end]}
        reached = end
    told = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    told += b" " * (-len(told) % 8)
    yield struct.pack("<Q", len(told))
    yield told
    for _, tensor in sorted(tensors.items()):
        yield tensor.contiguous().view(torch.uint8).numpy().tobytes() if tensor.ndim else _scalar(tensor)


def _scalar(tensor: Tensor) -> bytes:
    return tensor.reshape(1).view(torch.uint8).numpy().tobytes()


def lora_file(tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> bytes:
    """The same with the two hashes by which A1111 and Civitai know it, made as kohya's trainer makes them: over the
    file with its `ss_` metadata alone, the new one over its tensors, the old one over a part of it."""
    own = content(tensors, {name: value for name, value in metadata.items() if name.startswith("ss_")})
    (length,) = struct.unpack_from("<Q", own)
    hashes = {
        "sshs_model_hash": hashlib.sha256(own[8 + length :]).hexdigest(),
        "sshs_legacy_hash": hashlib.sha256(own[_OLD_FROM:_OLD_TO]).hexdigest()[:8],
    }
    return content(tensors, {**metadata, **hashes})


def write(path: Path, made: bytes | Iterable[bytes | memoryview]) -> None:
    """The file, whole or not at all, and on the disk when this returns. Raises OSError."""
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as file:
            for block in (made,) if isinstance(made, bytes) else made:
                file.write(block)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise
    if os.name == "posix":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """A new folder to be filled, which then lies at `path`, in the place of what was there; or it is gone again."""
    part, before = (path.with_name(f"{path.name}.{ending}") for ending in ("part", "before"))
    shutil.rmtree(part, ignore_errors=True)
    try:
        part.mkdir()
        yield part
        if path.exists():  # no folder takes the place of one that has files
            shutil.rmtree(before, ignore_errors=True)
            path.replace(before)
        part.replace(path)
    finally:
        for left in (part, before):
            shutil.rmtree(left, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class TrainedOn:
    """The model that a LoRA is learnt on, what that predicts, the SHA-256 of its file, and the eight digits that A1111
    knew it by at first; a folder has neither."""

    model: Model
    prediction: str
    whole: str | None = None
    old: str | None = None


def based_on(model: Model, prediction: str) -> Future[TrainedOn]:
    """The same of a model, with hashes that are computed meanwhile: gigabytes take seconds."""
    made: Future[TrainedOn] = Future()

    def run() -> None:
        try:
            if model.path.is_file():
                with model.path.open("rb") as file:
                    whole = hashlib.file_digest(file, "sha256").hexdigest()
                made.set_result(TrainedOn(model, prediction, whole, old_hash(model.path) or None))
            else:
                made.set_result(TrainedOn(model, prediction))
        except OSError:  # gone meanwhile
            made.set_result(TrainedOn(model, prediction))

    threading.Thread(target=run, name="base", daemon=True).start()
    return made


def metadata(plan: TrainingPlan, step: int, buckets: Mapping[tuple[int, int], int], base: TrainedOn) -> dict[str, str]:
    """What kohya's trainer says of a training after so many steps, of pictures by their buckets; no time, folder or
    name of a person is in it, so that the same training makes the same file."""
    family = base.model.family
    tags = Counter(tag.strip() for one in plan.new for tag in one.caption.split(",") if tag.strip())
    views = max(1, round(plan.views / len(plan.new)))
    folder = f"{views}_{plan.trigger or plan.name}"
    convolutions = {"conv_dim": str(plan.conv_rank), "conv_alpha": str(plan.conv_alpha)} if plan.conv_rank else {}
    lists = [(size, count) for size, count in sorted(buckets.items())]
    dataset = {
        "is_dreambooth": True, "batch_size_per_device": plan.batch, "num_train_images": views * len(plan.new),
        "num_reg_images": len(plan.prior), "resolution": [plan.resolution] * 2, "enable_bucket": True,
        "subsets": [{"img_count": len(plan.new), "num_repeats": views, "image_dir": folder, "is_reg": False,
                     "shuffle_caption": plan.shuffled, "keep_tokens": plan.kept_tags, "flip_aug": plan.flips}],
    }  # fmt: skip
    told = {
        "ss_output_name": plan.name,
        "ss_training_comment": "",
        "ss_steps": step,
        "ss_max_train_steps": plan.steps,
        "ss_epoch": max(1, step * plan.batch * plan.accumulate // len(plan.new)),
        "ss_num_epochs": views,
        "ss_seed": plan.seed,
        "ss_learning_rate": plan.unet_rate,
        "ss_unet_lr": plan.unet_rate,
        "ss_text_encoder_lr": plan.text_rate or None,
        "ss_lr_scheduler": "constant_with_warmup" if not plan.fall else "warmup_stable_decay",
        "ss_lr_warmup_steps": round(plan.warm * plan.steps),
        "ss_optimizer": OPTIMISERS.get(plan.optimiser, f"torch.optim.{plan.optimiser}"),
        "ss_max_grad_norm": 1.0,
        "ss_network_module": "networks.lora",
        "ss_network_dim": plan.rank,
        "ss_network_alpha": plan.alpha,
        "ss_network_args": json.dumps(convolutions) if convolutions else None,
        "ss_network_dropout": None,
        "ss_base_model_version": BASES.get(family, family),
        "ss_v2": family == "sd2",
        "ss_sd_model_name": base.model.path.name,
        "ss_sd_model_hash": base.old,
        "ss_new_sd_model_hash": base.whole,
        "ss_clip_skip": 2 if family == "sdxl" else 1,
        "ss_num_train_images": views * len(plan.new),
        "ss_num_reg_images": len(plan.prior),
        "ss_num_batches_per_epoch": math.ceil(len(plan.new) / plan.batch),
        "ss_batch_size_per_device": plan.batch,
        "ss_total_batch_size": plan.batch,
        "ss_gradient_accumulation_steps": plan.accumulate,
        "ss_resolution": f"({plan.resolution}, {plan.resolution})",
        "ss_enable_bucket": True,
        "ss_min_bucket_reso": min(min(size) for size in buckets),
        "ss_max_bucket_reso": max(max(size) for size in buckets),
        "ss_bucket_no_upscale": False,
        "ss_bucket_info": json.dumps(
            {"buckets": {str(at): {"resolution": list(size), "count": count} for at, (size, count) in enumerate(lists)}}
        ),
        "ss_dataset_dirs": json.dumps({folder: {"n_repeats": views, "img_count": len(plan.new)}}),
        "ss_datasets": json.dumps([dataset]),
        "ss_reg_dataset_dirs": "{}",
        "ss_tag_frequency": json.dumps({folder: dict(sorted(tags.items()))}, ensure_ascii=False),
        "ss_min_snr_gamma": plan.snr_gamma or None,
        "ss_noise_offset": plan.noise_offset or None,
        "ss_zero_terminal_snr": base.model.zero_snr,
        "ss_prior_loss_weight": plan.prior_weight,
        "ss_caption_dropout_rate": plan.dropout,
        "ss_caption_tag_dropout_rate": 0.0,
        "ss_shuffle_caption": plan.shuffled,
        "ss_keep_tokens": plan.kept_tags,
        "ss_flip_aug": plan.flips,
        "ss_cache_latents": True,
        "danqing.training": json.dumps(plan.settings, sort_keys=True),
        "danqing.training_code": plan.code,
        "modelspec.sai_model_spec": "1.0.1",
        "modelspec.architecture": f"{ARCHITECTURES.get(family, family)}{FORMS[plan.learns]}",
        "modelspec.implementation": "danqing",
        "modelspec.title": plan.name,
        "modelspec.trigger_phrase": plan.trigger,
        "modelspec.tags": ", ".join(tag for tag, _ in tags.most_common(20)),
        "modelspec.resolution": f"{plan.resolution}x{plan.resolution}",
        "modelspec.prediction_type": "v" if base.prediction == "v_prediction" else "epsilon",
    }
    return {name: str(value) for name, value in told.items()}
