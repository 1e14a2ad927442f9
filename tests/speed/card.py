"""`GPU=1 make bench`: SD 1.5 and SDXL at their real sizes, with random weights, on a graphics card, in under ten
minutes by a clock of its own: a part that would end too late, by the pace of what has been drawn, is skipped and named.

`GPU=dry make bench` runs the very same with tiny models on the processor, as tests/speed/test_card.py does, so that it
works on the day when a card is there."""

from __future__ import annotations

import gc
import os
import resource
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
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
BUDGET = 540.0  # seconds for all of it; what has begun may end a little later
SHARES = {"sd15": 0.35, "sdxl": 1.0}  # of the time that is left, so that the larger one, drawn last, has its part
RUNS = 3  # of whatever is measured: one that warms up, two that count
SLOWER = 2.0  # diffusers, drawing for one after another, may take so many times what the engine takes for one


@dataclass(frozen=True, slots=True)
class Trial:
    """What is measured: `make` gives a pipeline of diffusers, `loras` are so many of a rank, `busy` is how many rows
    are drawn when somebody new comes. `floor` is the least seconds that a picture can take, 0 where nobody knows;
    `share` is how much of the time that is left it may take."""

    family: str
    device: str
    make: Callable[[], Any]
    counts: Sequence[int] = COUNTS
    steps: int = 20
    loras: int = 4
    rank: int = 32
    busy: int = 8
    floor: float = 0.0
    share: float = 1.0


@dataclass(slots=True)
class Budget:
    """So many seconds for all parts, by a clock; `skipped` are the parts that would have ended too late."""

    seconds: float = BUDGET
    clock: Callable[[], float] = time.monotonic
    began: float = field(init=False)
    skipped: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.began = self.clock()

    @property
    def left(self) -> float:
        """The seconds that are left."""
        return self.began + self.seconds - self.clock()

    def measured(self, name: str, seconds: float, measure: Callable[[], list[Figure]]) -> list[Figure]:
        """What a part finds that should take so many seconds; its name alone where that is too long."""
        left = self.left
        if seconds <= left:
            return measure()
        self.skipped.append(name)
        return [Figure(f"{name}: skipped, takes about {seconds:.0f} s of the {max(0.0, left):.0f} s left", 0.0, "s")]


def figures() -> list[Figure]:
    import torch

    dry = os.environ.get("GPU") == "dry"
    if not dry and not torch.cuda.is_available():
        raise SystemExit("there is no graphics card here; GPU=dry rehearses this on the processor, with tiny models")
    budget = Budget()
    found = all_measured(rehearsed() if dry else at_real_sizes(), budget)
    spent = Figure("seconds in all", budget.seconds - budget.left, "s", aim=f"at most {budget.seconds:.0f}")
    return [*found, spent, Figure("parts skipped, as they would have ended late", len(budget.skipped), "", aim="0")]


def at_real_sizes() -> list[Trial]:
    """Both families on a card."""
    whole = partial(Trial, device="cuda")
    return [
        whole(family=family, make=partial(random, family), floor=TFLOP[family] / PEAK, share=SHARES[family])
        for family in TFLOP
    ]


def rehearsed() -> list[Trial]:
    """Both families in tiny, on the processor."""
    from engine.models import loading
    from tests import tiny, tiny_families

    def made(family: str) -> Any:
        pipe = getattr(tiny_families, family)()
        # As of the published models eight pixels are one of its latents, for diffusers draws by that.
        pipe.register_modules(vae=tiny.vae())
        pipe.vae_scale_factor = 8
        return pipe

    loading.quieten()
    small = partial(Trial, device="cpu", counts=(1, 2), steps=2, loras=2, rank=2, busy=2, floor=0.001)
    return [small(family=family, make=partial(made, family), share=SHARES[family]) for family in TFLOP]


def all_measured(trials: Sequence[Trial], budget: Budget) -> list[Figure]:
    """The figures of all trials, one after another."""
    import torch

    found = list[Figure]()
    for trial in trials:
        own = Budget(trial.share * budget.left, budget.clock)
        with tempfile.TemporaryDirectory() as name:
            found += measured(trial, Path(name), own)
        budget.skipped += own.skipped
        if torch.cuda.is_available():
            gc.collect()
            torch.cuda.empty_cache()
    return found


def measured(trial: Trial, folder: Path, budget: Budget) -> list[Figure]:
    """All figures of a trial, the engine's own and then those beside diffusers; its models and LoRAs are written into
    the folder."""
    import torch

    from engine.files import catalog
    from engine.models import loading
    from tests.lora_files import kohya

    family, device = trial.family, torch.device(trial.device)
    dtype = torch.float32 if device.type == "cpu" else torch.float16
    began = time.perf_counter()
    trial.make().to(dtype).save_pretrained(folder / family)
    making = time.perf_counter() - began
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
    floor = (trial.floor, "the floor of an H200") if trial.floor else (None, "")
    precision = str(loaded.dtype).removeprefix("torch.")
    crowd = max(trial.counts)
    found = [
        Figure(f"{family}, from disk to the first step", first, "s"),
        Figure(f"{family}, one picture, {trial.steps} steps, guided, {precision}", alone, "s", *floor),
    ]
    for count in sorted({trial.busy, crowd}):
        name = f"{family}, a step of {count} rows with their own LoRAs"
        found += budget.measured(name, count * alone, partial(_step, name, loaded, files, trial, count))
    name = f"{family}, a newcomer's first step beside {trial.busy} rows"
    found += budget.measured(name, trial.busy * alone, lambda: [Figure(name, _newcomer(loaded, files, trial), "s")])
    found += budget.measured(f"{family}, LoRA change", alone + 1, lambda: _lora_change(loaded, files))
    found += budget.measured(f"{family}, model change", making / 4 + 3 * first, lambda: _model_change(trial, folder))
    name = f"{family}, most memory of the engine, {crowd} people"
    found += budget.measured(name, crowd * alone, lambda: _most_memory(name, loaded, files, trial))
    pipe: Any = None
    for count in trial.counts:
        # Half as many steps, each run in three ways, one of which draws for one after another.
        seconds = RUNS * count * alone / 2 * (2 + SLOWER)

        def beside(count: int = count) -> list[Figure]:
            nonlocal pipe
            if pipe is None:
                made = _pipe(family).from_pretrained(folder / family, dtype=dtype, local_files_only=True)
                pipe = dressed(made.to(device), files)
            return compared(loaded, pipe, files, [count], max(1, trial.steps // 2))

        found += budget.measured(f"{family}, {count} people beside diffusers", seconds + (0 if pipe else first), beside)
    if pipe:
        found.append(Figure(f"{family}, most memory with diffusers' pipeline beside it", _memory(device), "GiB"))
    return found


def _step(name: str, loaded: Loaded, files: list[Path], trial: Trial, count: int) -> list[Figure]:
    """Seconds of a step of so many rows, and how much of it their multiplications alone would take on an H200."""
    drawn = _rows(loaded, people(count, loaded.model, files, steps=trial.steps))
    times = []
    for turn in range(trial.steps):
        began = time.perf_counter()
        for _, error in drawn.turn().failed:
            raise error
        if turn or trial.steps == 1:
            times.append(time.perf_counter() - began)
    took = statistics.median(times)
    found = [Figure(name, took, "s")]
    if trial.floor:
        found.append(Figure(f"{name}: share of the floor", 100 * count * trial.floor / trial.steps / took, "%"))
    return found


def _most_memory(name: str, loaded: Loaded, files: list[Path], trial: Trial) -> list[Figure]:
    rows(loaded, people(max(trial.counts), loaded.model, files, steps=max(1, trial.steps // 2)))
    return [Figure(name, _memory(loaded.device), "GiB")]


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


def networks(family: str, only: str = "") -> dict[str, Any]:
    """The networks alone, by the names that a pipeline has for them; or `only` one of them."""
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
    parts: dict[str, Callable[[], Any]] = {
        "unet": lambda: UNet2DConditionModel(**unet),
        "vae": lambda: AutoencoderKL(**vae, **blocks, scaling_factor=0.13025 if large else 0.18215),
        "text_encoder": lambda: CLIPTextModel(CLIPTextConfig(**clip)),
    }
    if large:
        second = CLIPTextConfig(**open_clip, projection_dim=1280, hidden_act="gelu")
        parts["text_encoder_2"] = lambda: CLIPTextModelWithProjection(second)
    return {name: make() for name, make in parts.items() if only in ("", name)}


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

    shutil.copytree(folder / trial.family, folder / f"{trial.family}-other", dirs_exist_ok=True)
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
