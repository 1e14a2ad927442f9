"""LoRAs on a loaded model: adapters are loaded once, switched between turns, and dropped when many have come by."""

from __future__ import annotations

import importlib
import itertools
import logging
import warnings
from collections.abc import Iterable
from pathlib import Path

from engine import catalog
from engine.models import BROKEN, Loaded, Loras, out_of_memory
from prompts.errors import Refusal
from prompts.prompt import LoraUse

log = logging.getLogger(__name__)

KEPT = 4  # adapters kept on a model; each costs its file's size and a little time per call
_names = (f"lora{number}" for number in itertools.count())


def resolve(uses: Iterable[LoraUse], folders: Iterable[Path]) -> Loras:
    """The LoRAs of a prompt as files and weights, in a fixed order; those of weight 0 are left out, and of one
    named twice the last counts. Raises Refusal `lora.unknown` or `lora.none`."""
    named = tuple(uses)
    files = catalog.loras(tuple(folders)) if named else ()
    found: dict[Path, tuple[float, float]] = {}
    for use in named:
        path = catalog.lora(files, use.name).path
        found[path] = use.weight, use.weight if use.text_weight is None else use.text_weight
    return tuple((path, *weights) for path, weights in sorted(found.items()) if any(weights))


def apply(loaded: Loaded, wanted: Loras) -> None:
    """Make exactly these LoRAs act on the model. Raises Refusal `lora.damaged`, `lora.wrong_base` or `lora.kind`."""
    if wanted == loaded.active:
        return
    for path, _, _ in wanted:
        if path in loaded.adapters:
            loaded.adapters.move_to_end(path)
        else:
            _load(loaded, path)
    pipeline = loaded.pipeline
    if wanted:
        pipeline.enable_lora()
        pipeline.set_adapters(
            [loaded.adapters[path] for path, _, _ in wanted],
            [_weights(loaded, loaded.adapters[path], unet, text) for path, unet, text in wanted],
        )
    else:
        pipeline.disable_lora()
    loaded.active = wanted
    _tidy(loaded)


def _weights(loaded: Loaded, adapter: str, unet: float, text: float) -> dict[str, float]:
    """Weights for the parts that this adapter reaches; naming another part is an error in diffusers."""
    reached = {part for part, names in loaded.pipeline.get_list_adapters().items() if adapter in names}
    return {part: weight for part, weight in (("unet", unet), ("text_encoder", text)) if part in reached}


def _load(loaded: Loaded, path: Path) -> None:
    if loaded.pipeline is None:
        # Imported here: it takes a second that starting up has no use for.
        diffusers = importlib.import_module("diffusers")
        loaded.pipeline = diffusers.StableDiffusionPipeline(
            unet=loaded.unet,
            vae=loaded.vae,
            text_encoder=loaded.text_encoder,
            tokenizer=loaded.tokenizer,
            scheduler=diffusers.EulerDiscreteScheduler(steps_offset=1),  # never used: the rows have their own
            safety_checker=None,
            feature_extractor=None,
            requires_safety_checker=False,
        )
    adapter = next(_names)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Already found a `peft_config`")  # several are meant to be there
            loaded.pipeline.load_lora_weights(
                path.parent, weight_name=path.name, adapter_name=adapter, local_files_only=True
            )
        if not any(adapter in names for names in loaded.pipeline.get_list_adapters().values()):
            raise ValueError("size mismatch: no layer of this model is named in it")
    except BROKEN as error:
        # Half of it may be in place; the others are loaded again when they are wanted.
        loaded.pipeline.unload_lora_weights()
        loaded.adapters.clear()
        loaded.active = ()
        if out_of_memory(error):
            raise
        log.warning("LoRA %s cannot be used: %s", path.name, str(error)[:500])
        raise Refusal(_reason(str(error)), name=path.stem, model=loaded.model.name) from error
    loaded.adapters[path] = adapter


def _reason(text: str) -> str:
    if "size mismatch" in text:
        return "lora.wrong_base"
    if "not been correctly renamed" in text:
        return "lora.kind"
    return "lora.damaged"


def _tidy(loaded: Loaded) -> None:
    idle = [path for path in loaded.adapters if path not in {path for path, _, _ in loaded.active}]
    for path in idle[: max(0, len(loaded.adapters) - KEPT)]:
        loaded.pipeline.delete_adapters(loaded.adapters.pop(path))
