"""`GPU=1 make bench`: SD 1.5 and SDXL at their real sizes, with random weights, on a graphics card. The same is
rehearsed with tiny models on the processor by tests/speed/test_card.py, so that it works when a card is there."""

from __future__ import annotations

import resource
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.models.loaded import Loaded
from tests.speed.figure import Figure
from tests.speed.mixed import COUNTS, Person, compared, dressed, median, people, rows

if TYPE_CHECKING:
    import torch

# TFLOP of one 20-step picture with guidance and its decoding, counted layer by layer, and what an H200 has been seen
# to do in bfloat16, so that the floor is their quotient.
TFLOP = {"sd15": 34.7, "sdxl": 281.0}
PEAK = 790.0


@dataclass(frozen=True, slots=True)
class Trial:
    """What is measured: `make` gives a pipeline of diffusers, `loras` are so many of a rank, `busy` is how many rows
    are drawn when somebody new comes. `floor` is the least seconds that a picture can take, 0 where nobody knows."""

    family: str
    device: str
    make: Callable[[], Any]
    counts: Sequence[int] = COUNTS
    steps: int = 20
    loras: int = 4
    rank: int = 32
    busy: int = 8
    floor: float = 0.0


def figures() -> list[Figure]:
    import torch

    if not torch.cuda.is_available():
        raise SystemExit("there is no graphics card here; tests/speed/test_card.py rehearses this on the processor")
    found = []
    for family in ("sd15", "sdxl"):
        made = Trial(family, "cuda", partial(random, family), floor=TFLOP[family] / PEAK)
        with tempfile.TemporaryDirectory() as name:
            found += measured(made, Path(name))
        torch.cuda.empty_cache()
    return found


def measured(trial: Trial, folder: Path) -> list[Figure]:
    """All figures of a trial; its models and LoRAs are written into the folder."""
    import torch

    from engine.files import catalog
    from engine.models import loading
    from tests.lora_files import kohya

    family, device = trial.family, torch.device(trial.device)
    dtype = torch.float32 if device.type == "cpu" else torch.float16
    for name in (family, f"{family}-other"):
        trial.make().to(dtype).save_pretrained(folder / name)
    model = catalog.model(catalog.models([folder]), family)
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
    began = time.perf_counter()
    loaded = loading.load(model, device)
    at_once = people(1, model, [], steps=trial.steps)
    first = _until_first_step(loaded, at_once[0], began)
    files = [
        kohya(folder / f"{n}.safetensors", loaded, n, ("attn", "ff.net", "mlp"), rank=trial.rank)
        for n in range(trial.loras)
    ]
    alone = _alone(loaded, at_once[0])
    crowd = people(max(trial.counts), model, files, steps=trial.steps)
    rows(loaded, crowd)
    taken = _memory(device)
    floor = (trial.floor, "the floor of an H200") if trial.floor else (None, "")
    precision = str(loaded.dtype).removeprefix("torch.")
    found = [
        Figure(f"{family}, from disk to the first step", first, "s"),
        Figure(f"{family}, one picture, {trial.steps} steps, guided, {precision}", alone, "s", *floor),
        Figure(f"{family}, a newcomer's first step beside {trial.busy} rows", _newcomer(loaded, files, trial), "s"),
        Figure(f"{family}, most memory of the engine, {len(crowd)} people", taken, "GiB"),
        *_lora_change(loaded, files),
        *_model_change(trial, folder),
    ]
    pipe = _pipe(family).from_pretrained(folder / family, dtype=dtype, local_files_only=True).to(device)
    found += compared(loaded, dressed(pipe, files), files, trial.counts, trial.steps // 2)
    return [*found, Figure(f"{family}, most memory with diffusers' pipeline beside it", _memory(device), "GiB")]


def _pipe(family: str) -> Any:
    from diffusers import StableDiffusionPipeline, StableDiffusionXLPipeline

    return StableDiffusionXLPipeline if family == "sdxl" else StableDiffusionPipeline


def _memory(device: torch.device) -> float:
    """The most memory that was taken so far, in GiB: the card's, or this process's."""
    import torch

    if device.type == "cuda":
        return float(torch.cuda.max_memory_allocated(device)) / 2**30
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def random(family: str) -> Any:
    """The pipeline at the size of the published models, with weights drawn at random."""
    import torch
    from diffusers import EulerDiscreteScheduler
    from transformers import CLIPTokenizer

    from engine.files.catalog import DEMO

    torch.manual_seed(0)
    tokenizer = CLIPTokenizer.from_pretrained(DEMO / "tokenizer")
    scheduler = EulerDiscreteScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")
    parts = networks(family) | {"tokenizer": tokenizer, "scheduler": scheduler}
    if family == "sdxl":
        return _pipe(family)(**parts, tokenizer_2=tokenizer)
    return _pipe(family)(**parts, safety_checker=None, feature_extractor=None, requires_safety_checker=False)


def networks(family: str) -> dict[str, Any]:
    """The networks alone, by the names that a pipeline has for them."""
    from diffusers import AutoencoderKL, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    large = family == "sdxl"
    unet: dict[str, Any] = {"sample_size": 64, "cross_attention_dim": 768, "attention_head_dim": 8}
    if large:
        unet = {
            "sample_size": 128,
            "block_out_channels": (320, 640, 1280),
            "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
            "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
            "transformer_layers_per_block": (1, 2, 10),
            "attention_head_dim": (5, 10, 20),
            "cross_attention_dim": 2048,
            "use_linear_projection": True,
            "addition_embed_type": "text_time",
            "addition_time_embed_dim": 256,
            "projection_class_embeddings_input_dim": 2816,
        }
    vae = {"block_out_channels": (128, 256, 512, 512), "layers_per_block": 2, "latent_channels": 4}
    blocks = {"down_block_types": ("DownEncoderBlock2D",) * 4, "up_block_types": ("UpDecoderBlock2D",) * 4}
    clip = {"hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12, "num_attention_heads": 12}
    open_clip = {"hidden_size": 1280, "intermediate_size": 5120, "num_hidden_layers": 32, "num_attention_heads": 20}
    parts: dict[str, Any] = {
        "unet": UNet2DConditionModel(**unet),
        "vae": AutoencoderKL(**vae, **blocks, scaling_factor=0.13025 if large else 0.18215),
        "text_encoder": CLIPTextModel(CLIPTextConfig(**clip)),
    }
    if large:
        second = CLIPTextConfig(**open_clip, projection_dim=1280, hidden_act="gelu")
        parts["text_encoder_2"] = CLIPTextModelWithProjection(second)
    return parts


def _rows(loaded: Loaded, at_once: list[Person]) -> Any:
    from engine.worker import prepare
    from engine.worker.rows import Rows

    drawn = Rows()
    for index, person in enumerate(at_once):
        drawn.add(prepare.start("j", index, person.recipe, loaded, person.loras))
    return drawn


def _until_first_step(loaded: Loaded, person: Person, began: float) -> float:
    _rows(loaded, [person]).turn()
    _wait(loaded)
    return time.perf_counter() - began


def _alone(loaded: Loaded, person: Person) -> float:
    return median(lambda: rows(loaded, [person]))


def _newcomer(loaded: Loaded, files: list[Path], trial: Trial) -> float:
    """Seconds from a request to its first step while rows with LoRAs are being drawn."""
    from engine.worker import prepare

    busy = _rows(loaded, people(trial.busy, loaded.model, files, steps=max(6, trial.steps)))
    for _ in range(3):
        busy.turn()
    began = time.perf_counter()
    busy.turn()  # the step under way when the request comes
    busy.add(prepare.start("new", 0, people(1, loaded.model, [])[0].recipe, loaded, ()))
    busy.turn()
    _wait(loaded)
    return time.perf_counter() - began


def _wait(loaded: Loaded) -> None:
    """Wait until the card has done what it was told."""
    from engine.models import streams

    streams.settled(loaded.device, streams.mark(loaded.device))


def _model_change(trial: Trial, folder: Path) -> list[Figure]:
    """Until the first step with another model than the last: one from the disk, and one that is in memory still."""
    import torch

    from engine.files import catalog
    from engine.models.model_cache import ModelCache

    known = catalog.models([folder])
    both = [catalog.model(known, name) for name in (trial.family, f"{trial.family}-other")]
    held = ModelCache(torch.device(trial.device))
    seconds = []
    for model in (*both, both[0]):
        began = time.perf_counter()
        seconds.append(_until_first_step(held.get(model), people(1, model, [], steps=trial.steps)[0], began))
    return [
        Figure(f"{trial.family}, change to a model on the disk, until its first step", seconds[1], "s"),
        Figure(
            f"{trial.family}, back to one in memory, until its first step", seconds[2], "s", seconds[1], "from disk"
        ),
    ]


def _lora_change(loaded: Loaded, files: list[Path]) -> list[Figure]:
    from engine.adapters import loras
    from tests.speed.changes import median, timed

    each = [((path, 0.8, 0.8),) for path in files[:2]]

    def read() -> float:
        loaded.loras.clear()
        return timed(lambda: loras.choose(loaded, each[0]))

    chosen = [loras.choose(loaded, wanted) for wanted in each]

    def put_on() -> None:
        for one in chosen:
            with loras.on_unet(loaded, [one]):
                pass

    size = chosen[0][0][0].bytes / 2**20
    return [
        Figure(f"{loaded.model.name}, a LoRA of {size:.0f} MiB from disk", median(read), "s"),
        Figure(f"{loaded.model.name}, one in memory put on", median(lambda: timed(put_on) / 2), "s"),
    ]
