"""`GPU=1 make bench`: SD 1.5 and SDXL at their real sizes, with random weights, on a graphics card."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

from engine.models import Loaded
from tests.speed.figure import Figure
from tests.speed.mixed import COUNTS, Person, compared, dressed, people

# TFLOP of one 20-step picture with guidance and its decoding, counted layer by layer, and what an H200 has been seen
# to do in bfloat16, so that the floor is their quotient.
TFLOP = {"sd15": 34.7, "sdxl": 281.0}
PEAK = 790.0


def figures() -> list[Figure]:
    import torch

    if not torch.cuda.is_available():
        raise SystemExit("there is no graphics card here")
    found = []
    for family in ("sd15", "sdxl"):
        with tempfile.TemporaryDirectory() as name:
            found += _family(family, Path(name))
        torch.cuda.empty_cache()
    return found


def _family(family: str, folder: Path) -> list[Figure]:
    import torch
    from diffusers import StableDiffusionPipeline, StableDiffusionXLPipeline

    from engine import catalog, models
    from tests.lora_files import kohya

    made = _make(family)
    made.to(torch.float16).save_pretrained(folder / family)
    del made
    device = torch.device("cuda")
    model = catalog.model(catalog.models([folder]), family)
    torch.cuda.reset_peak_memory_stats()
    began = time.perf_counter()
    loaded = models.load(model, device)
    at_once = people(1, model, [], steps=20)
    first = _until_first_step(loaded, at_once[0], began)
    files = [kohya(folder / f"{n}.safetensors", loaded, n, ("attn", "ff.net", "mlp"), rank=32) for n in range(4)]
    kind = StableDiffusionXLPipeline if family == "sdxl" else StableDiffusionPipeline
    pipe = kind.from_pretrained(folder / family, dtype=torch.float16, local_files_only=True).to(device)
    alone = _alone(loaded, at_once[0])
    floor = TFLOP[family] / PEAK
    found = [
        Figure(f"{family}, from disk to the first step", first, "s"),
        Figure(f"{family}, one picture, 20 steps, guided, fp16", alone, "s", floor, "the floor of an H200"),
        Figure(f"{family}, a newcomer's first step beside 8 rows", _newcomer(loaded, files), "s"),
        *_lora_change(loaded, files),
        *compared(loaded, dressed(pipe, files), files, COUNTS),
    ]
    peak = torch.cuda.max_memory_allocated() / 2**30
    return [*found, Figure(f"{family}, most memory used by both together", peak, "GiB")]


def _make(family: str) -> Any:
    """The pipeline at the size of the published models, with weights drawn at random."""
    import torch
    from diffusers import (
        AutoencoderKL,
        EulerDiscreteScheduler,
        StableDiffusionPipeline,
        StableDiffusionXLPipeline,
        UNet2DConditionModel,
    )
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

    from engine.catalog import DEMO

    large = family == "sdxl"
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
    tokenizer = CLIPTokenizer.from_pretrained(DEMO / "tokenizer")
    torch.manual_seed(0)
    parts: dict[str, Any] = {
        "vae": AutoencoderKL(**vae, **blocks, scaling_factor=0.13025 if large else 0.18215),
        "text_encoder": CLIPTextModel(CLIPTextConfig(**clip)),
        "tokenizer": tokenizer,
        "scheduler": EulerDiscreteScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear"),
    }
    if not large:
        small = UNet2DConditionModel(sample_size=64, cross_attention_dim=768, attention_head_dim=8)
        quiet = {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}
        return StableDiffusionPipeline(unet=small, **parts, **quiet)
    second = CLIPTextModelWithProjection(CLIPTextConfig(**open_clip, projection_dim=1280, hidden_act="gelu"))
    return StableDiffusionXLPipeline(
        unet=UNet2DConditionModel(**unet), text_encoder_2=second, tokenizer_2=tokenizer, **parts
    )


def _rows(loaded: Loaded, at_once: list[Person]) -> Any:
    from engine import begin
    from engine.rows import Rows

    drawn = Rows()
    for index, person in enumerate(at_once):
        drawn.add(begin.start("j", index, person.recipe, loaded, person.loras))
    return drawn


def _until_first_step(loaded: Loaded, person: Person, began: float) -> float:
    _rows(loaded, [person]).turn()  # its prediction comes to the CPU, so the card has finished
    return time.perf_counter() - began


def _alone(loaded: Loaded, person: Person) -> float:
    from tests.speed.mixed import median, rows

    return median(lambda: rows(loaded, [person]))


def _newcomer(loaded: Loaded, files: list[Path]) -> float:
    """Seconds from a request to its first step while eight rows with LoRAs are being drawn."""
    from engine import begin

    busy = _rows(loaded, people(8, loaded.model, files, steps=20))
    for _ in range(3):
        busy.turn()
    began = time.perf_counter()
    busy.turn()  # the step under way when the request comes
    busy.add(begin.start("new", 0, people(1, loaded.model, [])[0].recipe, loaded, ()))
    busy.turn()
    return time.perf_counter() - began


def _lora_change(loaded: Loaded, files: list[Path]) -> list[Figure]:
    from engine import loras
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
