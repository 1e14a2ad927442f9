"""The doctor's findings on a prompt, with the LoRAs and embeddings that there are here."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from engine.files import bases, catalog, compatibility
from engine.files.catalog import Companion, LoraFile, Model
from prompts import options
from prompts.clip_tokens import LENGTH, meter
from prompts.doctor import Finding, LoraKnown, Misfit, Spoiled, examine
from prompts.errors import Refusal
from prompts.prompt import Prompt

KEPT = 256  # prompts remembered: more than are ever drawn at once


def known(files: Sequence[LoraFile]) -> tuple[LoraKnown, ...]:
    """The LoRAs with the words and the weight that their makers say, in the file or beside it."""
    return tuple(LoraKnown(file.name, file.triggers, file.weight) for file in files)


def spoiled(folders: Sequence[Path]) -> tuple[Spoiled, ...]:
    """The LoRAs that cannot be used, and files that may be such and do not tell."""
    files = (one for one in catalog.skipped(folders) if one.kind in ("lora", "unknown"))
    return tuple(Spoiled(one.names, one.key, {k: str(v) for k, v in one.values.items()}) for one in files)


def misfits(prompt: Prompt, model: Model, folders: Sequence[Path]) -> tuple[Misfit, ...]:
    """The LoRAs, embeddings and VAE of a prompt that were made for another kind of model than this one, each LoRA with
    the first model that takes all the prompt's LoRAs, where there is one."""
    named = {use.name.casefold() for use in prompt.loras if use.weight or use.text_weight}
    loras = [one for one in catalog.loras(folders) if one.name.casefold() in named]
    models = catalog.models(folders) if loras else ()
    all_fit = [one for one in models if all(compatibility.lora_fits(lora, one) for lora in loras)]
    akin = [one for one in all_fit if all(bases.akin(lora.base, one.base) for lora in loras)]
    made = {one.base for one in loras if one.base}
    best = next((one.name for one in akin if one.base in made), "")
    instead = best or next((one.name for one in (*akin, *all_fit)), "")
    found = []
    for one in loras:
        if not compatibility.lora_fits(one, model):
            base = one.family or str(one.context)
            found.append(Misfit("lora.made_for", one.name, base, model.name, model.family, instead))
        elif not bases.akin(one.base, model.base):
            base, family = bases.title(one.base), bases.title(model.base)
            found.append(Misfit("doctor.lora_base", one.name, base, model.name, family, best, works=True))
    for other in compatibility.alien(prompt, model, catalog.embeddings(folders)):
        base = compatibility.base_of(other)
        found.append(Misfit("embedding.made_for", other.name, base, model.name, model.family))
    if (vae := _vae(prompt.text, folders)) and not compatibility.vae_fits(vae, model):
        found.append(Misfit("vae.made_for", vae.name, vae.family, model.name, model.family))
    return tuple(found)


def _vae(text: str, folders: Sequence[Path]) -> Companion | None:
    """The VAE that a text asks for, None for one that is not there, which is refused as such."""
    with suppress(Refusal):
        if name := options.flags(text).options.vae:
            return catalog.vae(catalog.vaes(folders), name, folders)
    return None


_seen: OrderedDict[str, tuple[Finding, ...]] = OrderedDict()  # by the prompt: a job's card is made anew at every step


def lengths(model: Model, folders: Sequence[Path], prompt: Prompt) -> dict[str, int]:
    """The embeddings that this prompt may name for this model, in small letters, and how many tokens each takes: those
    in the folders, and those that lie in the files of its LoRAs."""
    brought = catalog.brought(catalog.loras(folders), prompt.loras) if prompt.loras else ()
    known = (*brought, *catalog.embeddings(folders))
    return {one.name.casefold(): one.vectors for one in known if compatibility.fits(one, model)}


def metered(text: str, embeddings: Mapping[str, int]) -> str:
    """How full each chunk of a prompt, or of a negative one, is, as `34 / 75 + 12 / 75`."""
    return " + ".join(f"{count} / {LENGTH}" for count in meter(text, embeddings=embeddings))


def meters(prompt: Prompt, embeddings: Mapping[str, int]) -> dict[str, str]:
    """How full the chunks are by the key of what is counted: of the prompt, and of its negative where it has one."""
    counted = {"prompt.meter": metered(prompt.positive, embeddings)}
    if prompt.negative:
        counted["prompt.meter_negative"] = metered(prompt.negative, embeddings)
    return counted


def look(prompt: Prompt, model: Model, folders: Sequence[Path]) -> tuple[Finding, ...]:
    """The doctor's findings on a prompt for a model, with all that lies in these folders; `glance` remembers them."""
    return _remembered(
        prompt,
        examine(
            prompt,
            loras=known(catalog.loras(folders)),
            embeddings=lengths(model, folders, prompt),
            misfits=misfits(prompt, model, folders),
            spoiled=spoiled(folders) if prompt.loras else (),
        ),
    )


def glance(prompt: Prompt) -> tuple[Finding, ...]:
    """The findings of the last `look` at this prompt, else what can be seen without any files."""
    found = _seen.get(_sign(prompt))
    return _remembered(prompt, examine(prompt)) if found is None else found


def _remembered(prompt: Prompt, found: tuple[Finding, ...]) -> tuple[Finding, ...]:
    _seen[_sign(prompt)] = found
    while len(_seen) > KEPT:
        _seen.popitem(last=False)
    return found


def _sign(prompt: Prompt) -> str:
    return json.dumps(prompt.to_json(), sort_keys=True)
