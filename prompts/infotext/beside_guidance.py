"""What acts beside guidance, in the fields of the extensions that write it: dynamic thresholding (A1111's
and Forge's), perturbed attention (PAG: Forge's, sd-perturbed-attention's, incantations'), smoothed energy (SEG)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from prompts import further_guidance
from prompts.errors import Refusal
from prompts.option_values import real

Said = dict[str, float | str]
Field = Callable[[Said, str], None]  # what a field's value adds to what an option says


@dataclass(frozen=True, slots=True)
class Extension:
    """The fields of one extension: `on` says that it acted at all, and the others are those of the option `name`."""

    name: str
    on: str
    fields: Mapping[str, Field]
    usual: tuple[tuple[str, str], ...] = ()  # what the extension takes for granted


def _as(key: str, change: Callable[[str], str] = str.strip) -> Field:
    """A value that is said by this name behind the option's scale."""

    def read(said: Said, value: str) -> None:
        said[key] = change(value)

    return read


def _must(*allowed: str) -> Field:
    """A value that says nothing where it is one of these."""

    def read(said: Said, value: str) -> None:
        if value.casefold() not in allowed:
            raise Refusal("option.bad_value", option="", value=value)

    return read


def _number(holds: Callable[[float], bool]) -> Field:
    """A number that says nothing where this holds of it."""

    def read(said: Said, value: str) -> None:
        if not holds(real("", value, -1e9, 1e9)):
            raise Refusal("option.bad_value", option="", value=value)

    return read


def _fourth_power(said: Said, value: str) -> None:
    """sd-perturbed-attention takes the scale times the fourth power of it for each timestep."""
    said["adaptive"] = f"{real('', str(said['scale']), 0.0, 100.0) * real('', value, 0.0, 1.0) ** 4:.9f}"


def _blocks(said: Said, value: str) -> None:
    said["layers"] = {"middle": "mid", "input": "down", "output": "up"}[value.casefold()]


def _block_number(said: Said, value: str) -> None:
    """A block as the first program numbered them, of three a level on the way down and up."""
    level, place = divmod(int(real("", value, 0, 11)) - (said.get("layers") == "down"), 3)
    if said.get("layers", "mid") == "mid":
        if value != "0":
            raise Refusal("option.bad_value", option="", value=value)
    else:
        said["layers"] = f"{said['layers']}.{level}.{place}"


def _blur(said: Said, value: str) -> None:
    blur = real("", value, -1.0, 1e9)
    said["blur"] = "infinite" if blur < 0 or blur >= further_guidance.ENDLESS else value


def _share(value: str) -> str:
    return f"{real('', value, 0.0, 1.0) * 100:.9f}"


def _thresholding(prefix: str, names: Mapping[str, str], share: Callable[[str], str]) -> dict[str, Field]:
    fields = {f"{prefix}{name}": _as(key) for name, key in names.items()}
    channels = {"true": "separate", "false": "together", "enable": "separate", "disable": "together"}
    for name, key in names.items():
        if key == "channels":
            fields[f"{prefix}{name}"] = _as(key, lambda value: channels.get(value.casefold(), value))
        elif key == "percentile":
            fields[f"{prefix}{name}"] = _as(key, share)
    return fields


_A1111 = {
    "mimic scale": "scale",
    "threshold percentile": "percentile",
    "mimic mode": "mode",
    "mimic scale minimum": "min",
    "cfg mode": "cfg-mode",
    "cfg scale minimum": "cfg-min",
    "scheduler value": "value",
    "power scheduler value": "value",
    "separate feature channels": "channels",
    "scaling startpoint": "from",
    "variability measure": "measure",
    "interpolate phi": "mix",
}
_FORGE = {
    "mimic_scale": "scale",
    "threshold_percentile": "percentile",
    "mimic_mode": "mode",
    "mimic_scale_min": "min",
    "cfg_mode": "cfg-mode",
    "cfg_scale_min": "cfg-min",
    "sched_val": "value",
    "separate_feature_channels": "channels",
    "scaling_startpoint": "from",
    "variability_measure": "measure",
    "interpolate_phi": "mix",
}


def _perturbed(prefix: str, own: Mapping[str, Field]) -> dict[str, Field]:
    return {
        f"{prefix}_scale": _as("scale"),
        f"{prefix}_block": _blocks,
        f"{prefix}_block_id": _block_number,
        f"{prefix}_block_list": _must(""),
        f"{prefix}_layers": _as("layers"),  # ours
        f"{prefix}_rescale": _number(lambda value: value == 0),
        f"{prefix}_rescale_mode": _must("full", "partial", "snf"),
        f"{prefix}_sigma_start": _number(lambda value: value < 0),
        f"{prefix}_sigma_end": _number(lambda value: value < 0),
        f"{prefix}_hr_override": _must("false"),
        **own,
    }


EXTENSIONS = (
    Extension("mimic", "dynamic thresholding enabled", _thresholding("", _A1111, str.strip)),
    Extension("mimic", "dynthres_enabled", _thresholding("dynthres_", _FORGE, _share), (("by", "time"),)),
    Extension("pag", "pag_enabled", _perturbed("pag", {"pag_adaptive_scale": _fourth_power})),
    Extension("seg", "seg_enabled", _perturbed("seg", {"seg_blur_sigma": _blur})),
    Extension("pag", "perturbedattentionguidance_enabled", {"perturbedattentionguidance_scale": _as("scale")}),
    Extension(
        "pag",
        "pag active",
        {
            "pag scale": _as("scale"),
            "pag sanf": _must("false"),
            "pag start step": _number(lambda value: value == 0),
            "pag end step": _number(lambda value: value >= 150),  # the most that it can be set to
        },
        (("layers", "mid.0.0"),),
    ),
)


def read(fields: Mapping[str, str]) -> tuple[dict[str, str], Mapping[str, str], frozenset[str]]:
    """The options of an infotext's fields by their names ("pag": "3:layers=mid"), what of them is put aside by its name
    with its value, and the names of all that were read."""
    asked: dict[str, str] = {}
    aside: dict[str, str] = {}
    read: set[str] = set()
    known = {name.casefold(): name for name in fields}
    for extension in EXTENSIONS:
        if extension.on not in known or fields[known[extension.on]].casefold() in ("false", "0"):
            off = extension.on in known
            read |= {known[name] for name in (extension.on, *extension.fields) if off and name in known}
            continue
        own = {name: fields[known[name]] for name in extension.fields if name in known}
        read |= {known[name] for name in (extension.on, *own)}
        text, wrong = _text(extension, own)
        aside |= {known[name]: own[name] for name in (wrong if text else own)}
        if text and extension.name in asked:  # two extensions at once: the later comes on top, and there is one here
            aside[known[extension.on]] = fields[known[extension.on]]
        elif text:
            asked[extension.name] = text
        elif not own:
            aside[known[extension.on]] = fields[known[extension.on]]
    return asked, aside, frozenset(read)


def _text(extension: Extension, own: Mapping[str, str]) -> tuple[str, list[str]]:
    """The option's text, "" where its scale cannot be, and the fields that cannot be."""
    said, wrong = dict[str, float | str](), list[str]()
    for name, field in extension.fields.items():  # in their order: some need those before them
        if name not in own:
            continue
        trial = dict(said)
        try:
            field(trial, own[name].strip())
            checked = {"scale": "1"} | trial
            further_guidance.values(extension.name, further_guidance.written(checked))
        except (Refusal, KeyError):
            wrong.append(name)
        else:
            said = trial
    if "scale" not in said:
        return "", wrong
    whole = further_guidance.written(dict(extension.usual) | said)
    return further_guidance.written(further_guidance.values(extension.name, whole)), wrong
