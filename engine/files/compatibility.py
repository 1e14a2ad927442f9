"""Which files go together: a model and the LoRAs, embeddings, VAE and refiner that a recipe names. No torch here, so
that a wrong pair is refused while its person is still there; the worker asks again, for files may have changed
since."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from engine import second_pass
from engine.files import catalog
from engine.files.catalog import Companion, LoraFile, Model
from engine.files.upscalers import LATENT
from engine.pixels import control_map
from engine.recipe import Hires, Recipe
from prompts import clip_tokens
from prompts.errors import Refusal
from prompts.grammar.embeddings import NAMED, name_of
from prompts.prompt import Prompt

# Families that share a latent space, so that one's VAE decodes the other's latents and one can go on with them.
LATENTS = {"sd15": "sd", "sd2": "sd", "sdxl": "xl", "refiner": "xl"}


def check_recipe(recipe: Recipe, model: Model, folders: Sequence[Path]) -> None:
    """Raises Refusal for what is not in the folders, and `….made_for` for what was made for another kind of model,
    naming both."""
    words = second_pass.all_words(recipe) if second_model(recipe, folders) is None else second_pass.first_words(recipe)
    check_loras(words, model, folders)
    check_embeddings(words, model, folders)
    if recipe.vae:
        vae = catalog.vae(catalog.vaes(folders), recipe.vae, folders)
        if not vae_fits(vae, model):
            raise _made_for("vae.made_for", vae.name, vae.family, model)
    check_controls(recipe, model, folders)
    if recipe.refiner:
        refiner = catalog.model(catalog.models(folders), recipe.refiner.model, folders)
        if _latents(refiner.family) != _latents(model.family):
            raise _made_for("refiner.made_for", refiner.name, refiner.family, model)
    if recipe.hires:
        _check_second(recipe, recipe.hires, model, folders)


def second_model(recipe: Recipe, folders: Sequence[Path]) -> Model | None:
    """The other model that the second pass of a recipe is drawn with, None where it is its own. Raises Refusal as
    catalog.model."""
    name = recipe.hires.checkpoint if recipe.hires else ""
    if not name or name.strip().casefold() == recipe.model.casefold():
        return None
    return catalog.model(catalog.models(folders), name, folders)


def _check_second(recipe: Recipe, hires: Hires, model: Model, folders: Sequence[Path]) -> None:
    """The second pass alone: its model has to take its LoRAs and embeddings, and the latents where these are what is
    enlarged; a picture that is enlarged may go on with a model of any kind."""
    other = second_model(recipe, folders)
    if other:
        check_loras(second_pass.prompt(recipe), other, folders)
        check_embeddings(second_pass.prompt(recipe), other, folders)
        if hires.upscaler in LATENT and _latents(other.family) != _latents(model.family):
            raise _made_for("hires.made_for", other.name, other.family, model)
    if name := hires.vae or (recipe.vae if other else ""):
        vae = catalog.vae(catalog.vaes(folders), name, folders)
        if not vae_fits(vae, other or model):
            raise _made_for("vae.made_for", vae.name, vae.family, other or model)


def check_loras(prompt: Prompt, model: Model, folders: Sequence[Path]) -> None:
    """Raises Refusal `lora.made_for`, `lora.unknown` or `lora.none`."""
    named = [use for use in prompt.loras if use.weight or use.text_weight]
    files = catalog.loras(folders) if named else ()
    for use in named:
        check_lora(model, catalog.lora(files, use.name, folders))


def lora_fits(lora: LoraFile, model: Model) -> bool:
    """Whether a LoRA was made for this kind of model; True where that is not known."""
    if lora.context and model.context:
        return lora.context == model.context
    return not lora.family or not model.family or lora.family == model.family


def check_lora(model: Model, lora: LoraFile) -> None:
    """Raises Refusal `lora.made_for`, naming both, where a LoRA was made for another kind of model."""
    if not lora_fits(lora, model):
        raise Refusal(
            "lora.made_for",
            name=lora.name,
            base=lora.family or str(lora.context),
            model=model.name,
            family=model.family,
        )


def check_embeddings(prompt: Prompt, model: Model, folders: Sequence[Path]) -> None:
    """Raises Refusal `embedding.made_for`, or why one cannot be used that is asked for by `embedding:`. One whose name
    is a word of English is read as that word, as it is where no such file lies about."""
    for one in alien(prompt, model, known := catalog.embeddings(folders)):
        raise _made_for("embedding.made_for", one.name, base_of(one), model)
    there = {one.name.casefold() for one in known}
    for said in NAMED.finditer(f"{prompt.positive}\n{prompt.negative}"):
        name = name_of(said.group())
        if name.casefold() not in there and (spoiled := catalog.unusable(folders, "embedding", name)):
            raise Refusal(spoiled.key, **spoiled.values)


def alien(prompt: Prompt, model: Model, embeddings: Sequence[Companion]) -> Iterator[Companion]:
    """The embeddings that a prompt names and the model's text encoders do not take."""
    others = {one.name.casefold(): one for one in embeddings if not fits(one, model)}
    for text in (prompt.positive, prompt.negative):
        for piece, named in clip_tokens.pieces(text, others):
            if named and (not clip_tokens.is_one_token(piece) or f"embedding:{piece}" in text.casefold()):
                yield others[piece]


def vae_fits(vae: Companion, model: Model) -> bool:
    """Whether a VAE decodes what the model draws; True where it is not known what it was made for."""
    return not vae.family or _latents(vae.family) == _latents(model.family)


def check_controls(recipe: Recipe, model: Model, folders: Sequence[Path]) -> None:
    """Raises Refusal `control.made_for`, naming the one of the two passes' models that it does not fit,
    `control.unknown` or `control.none`, and as control_map.check."""
    control_map.check(recipe.controls)
    known = catalog.controlnets(folders) if recipe.controls else ()
    second = second_model(recipe, folders) if recipe.controls else None
    for control in recipe.controls:
        net = catalog.controlnet(known, control.net, folders)
        drawing = {"first": (model,), "second": (second or model,)}.get(control.stages, (model, second or model))
        for one in drawing:
            if not control_fits(net, one):
                raise _made_for("control.made_for", net.name, net.family, one)


def control_fits(net: Companion, model: Model) -> bool:
    """Whether a ControlNet or T2I-Adapter guides this kind of model; True where it is not known what it was made
    for."""
    return not net.family or net.family == model.family


def base_of(embedding: Companion) -> str:
    """What an embedding was made for, in a word."""
    return embedding.family or _widths(embedding)


def fits(embedding: Companion, model: Model) -> bool:
    """Whether the model's text encoders take an embedding's vectors; True where that is not known."""
    return not model.context or not embedding.widths or sum(embedding.widths) == model.context


def _latents(family: str) -> str:
    return LATENTS.get(family, family)


def _widths(embedding: Companion) -> str:
    return " + ".join(map(str, embedding.widths))


def _made_for(key: str, name: str, base: str, model: Model) -> Refusal:
    return Refusal(key, name=name, base=base, model=model.name, family=model.family)
