"""Where each kind of file goes that is fetched from a hub."""

from __future__ import annotations

from pathlib import Path

from bot.settings.sections.drawing import EngineSection


def places(engine: EngineSection) -> dict[str, Path]:
    """The folder for each kind of file: the first that the settings name for it."""
    kinds = {
        "lora": engine.loras,
        "embedding": engine.embeddings,
        "vae": engine.vaes,
        "controlnet": engine.controlnets,
        "upscaler": engine.upscalers,
        "tagger": engine.taggers,
    }
    usual = (*engine.models, *engine.folders[:-1], Path("models"))[0]
    return {"checkpoint": usual} | {kind: folders[0] for kind, folders in kinds.items() if folders}
