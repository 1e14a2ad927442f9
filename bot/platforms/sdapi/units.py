"""The units of sd-webui-controlnet in a request: what is asked of each, its picture, and what is left out of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.chat import Upload
from bot.platforms.sdapi.faults import Fault, of_refusal
from bot.platforms.sdapi.sent_pictures import decoded, mask_of
from bot.platforms.sdapi.values import off, on, real, text
from bot.studio import uploads
from bot.studio.contact_sheet import encoded
from prompts.controls import MOST, NONE, AskedControl, asked
from prompts.errors import Refusal
from prompts.infotext.controls import HASH, MODES, PASSES, RESIZES
from prompts.prompt import Json

Body = Mapping[str, Json]
SCRIPTS = "alwayson_scripts"
NAME = "controlnet"  # of the script, whatever its case
OLD = "controlnet_units"  # before spring 2023
NO_MAPS = "control_net_no_detectmap"  # the extension's setting
_MODES = ("", "prompt", "control")  # by their numbers
_RESIZES = ("stretch", "", "fill")
# What says nothing of the picture here, as maps are always made at its own size.
_IGNORED = {
    "enabled", "low_vram", "lowvram", "pixel_perfect", "processor_res", "is_ui", "input_mode",
    "batch_images", "batch_mask_gallery", "batch_image_files", "batch_image_dir", "batch_mask_dir", "batch_modifiers",
    "animatediff_batch", "output_dir", "loopback", "use_preview_as_input", "generated_image", "hr_option_value",
    "inpaint_crop_input_image",
}  # fmt: skip
_READ = {
    "module", "model", "image", "input_image", "mask", "mask_image", "mask_image_fg", "effective_region_mask", "weight",
    "guidance_start", "guidance_end", "guidance", "control_mode", "guessmode", "resize_mode", "threshold_a",
    "threshold_b", "hr_option", "union_control_type", "save_detected_map",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Units:
    """The controls that a request asks for, the picture of each, whether its map is wanted among those that are
    answered, and by name what is left out."""

    asked: tuple[str, ...] = ()
    guides: tuple[Upload, ...] = ()
    saved: tuple[bool, ...] = ()
    left: tuple[str, ...] = ()


def read(body: Body, megapixels: int, over: Upload | None = None) -> Units:
    """What is asked of ControlNet; a unit without a picture has that which is drawn `over`, as there. Runs for up to a
    second: call it in a thread. Raises Fault 422, and Refusal `upload.…` for what is no picture."""
    found: list[str] = []
    guides: list[Upload] = []
    left: list[str] = []
    saved: list[bool] = []
    overrides = body.get("override_settings")
    none = isinstance(overrides, dict) and on(overrides, NO_MAPS)
    for name, unit in _units(body):
        if not on(unit, "enabled", True):
            continue
        if len(found) == MOST:
            raise Fault(422, f"{name}: at most {MOST} units act on one picture.")
        picture = _picture(name, unit, megapixels) or over
        if picture is None:
            raise Fault(422, f"{name}.image: a unit needs a picture.")
        try:
            found.append(str(_asked(name, unit)))
        except Refusal as refusal:
            raise of_refusal(refusal) from None
        guides.append(picture)
        saved.append(not none and on(unit, "save_detected_map", True))
        left += [f"{name}.{one[:80]}" for one, value in unit.items() if _unread(one, value)]
    return Units(tuple(found), tuple(guides), tuple(saved), tuple(left))


def of_body(body: Body) -> frozenset[str]:
    """The names of the scripts that `read` looks at."""
    scripts = body.get(SCRIPTS)
    return frozenset(one for one in scripts if one.casefold() == NAME) if isinstance(scripts, dict) else frozenset()


def _units(body: Body) -> list[tuple[str, Body]]:
    """Every unit with its name in the request. Raises Fault 422."""
    found: list[tuple[str, Body]] = []
    scripts = body.get(SCRIPTS)
    given: list[tuple[str, Json]] = [(OLD, body.get(OLD))]
    for name in sorted(of_body(body)):
        script = scripts[name] if isinstance(scripts, dict) else None
        args = script.get("args") if isinstance(script, dict) else script
        given.append((f"{SCRIPTS}.{name}.args", args))
    for name, args in given:
        if args is None:
            continue
        rows = [args] if isinstance(args, dict) else args
        if not isinstance(rows, list):
            raise Fault(422, f"{name} is no list of units.")
        for at, row in enumerate(rows):
            if isinstance(row, bool):  # whether it is the page of A1111 that asks, which once came first
                continue
            if not isinstance(row, dict):
                raise Fault(422, f"{name}[{at}] is no unit.")
            found.append((f"{name}[{at}]", row))
    return found


def _picture(name: str, unit: Body, megapixels: int) -> Upload | None:
    image: Json = unit.get("image") or unit.get("input_image")
    mask: Json = unit.get("effective_region_mask") or unit.get("mask_image") or unit.get("mask")
    if isinstance(image, dict):
        both: Body = image
        image, mask = both.get("image"), both.get("mask") or mask
    if not image:
        return None
    picture = uploads.checked(Upload("control.png", decoded(f"{name}.image", image)), megapixels)
    if not mask:
        return picture
    marked = uploads.checked(Upload("mask.png", decoded(f"{name}.mask", mask)), megapixels)
    shades = mask_of(marked.content)
    if shades.getextrema() in ((0, 0), (255, 255)):  # some programs always send one
        return picture
    return Upload(picture.name, picture.content, encoded(shades, "PNG"))


def _asked(name: str, unit: Body) -> AskedControl:
    module, net = text(unit, "module"), HASH.sub("", text(unit, "model"))
    module = "" if module.casefold() in ("", NONE) else module
    if net.casefold() in ("", NONE):
        raise Fault(422, f"{name}.model: no net is named; GET /controlnet/model_list lists them.")
    made = AskedControl(
        net,
        real(unit, "weight", 1.0),
        real(unit, "guidance_start", 0.0),
        real(unit, "guidance_end", real(unit, "guidance", 1.0)),
        mode="control" if on(unit, "guessmode") else _choice(name, unit, "control_mode", _MODES, MODES),
        fit=_choice(name, unit, "resize_mode", _RESIZES, RESIZES, 1),
        stages=_choice(name, unit, "hr_option", ("", "first", "second"), PASSES),
        type=_type(unit),
        net=net,
        by=module or NONE,
        low=_number(unit, "threshold_a") if module else -1.0,
        high=_number(unit, "threshold_b") if module else -1.0,
    )
    return asked(str(made), name)


def _choice(
    name: str, unit: Body, field: str, numbered: tuple[str, ...], named: Mapping[str, str], usual: int = 0
) -> str:
    """One of several, by its number or its name. Raises Fault 422."""
    value = unit.get(field)
    if value is None or value == "":
        return numbered[usual]
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(numbered):
        return numbered[value]
    if isinstance(value, str) and value.strip().casefold() in named:
        return named[value.strip().casefold()]
    raise Fault(422, f"{name}.{field}: '{str(value)[:80]}' is none of {', '.join(named)}.")


def _type(unit: Body) -> str:
    """What a net for several kinds of maps is told."""
    said = text(unit, "union_control_type").casefold()
    return "" if said in ("", "unknown") else said.split("/")[0].strip()


def _number(unit: Body, field: str) -> float:
    """A threshold; that of the preprocessor below 0."""
    return max(real(unit, field, -1.0), -1.0)


def _unread(name: str, value: Json) -> bool:
    return name not in _IGNORED and name not in _READ and not off(value)
