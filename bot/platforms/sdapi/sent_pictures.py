"""The pictures in a request, base64 or data: addresses, as uploads that are drawn over."""

from __future__ import annotations

import base64
import binascii
import io

from PIL import Image, ImageChops

from bot.chat import Upload
from bot.platforms.sdapi.faults import Fault
from bot.platforms.sdapi.values import on, whole
from bot.studio import uploads
from bot.studio.contact_sheet import encoded
from engine.pixels import masks, png_recipe
from prompts.prompt import Json

Body = dict[str, Json]
JUST_RESIZE = 0


def decoded(name: str, value: Json) -> bytes:
    """The file in a field. Raises Fault 422: addresses are not fetched."""
    if not isinstance(value, str):
        raise Fault(422, f"{name} is no base64 text.")
    if value[:8].lower().startswith(("http://", "https://")):
        raise Fault(422, f"{name} is an address; pictures are not fetched, send them as base64.")
    if value[:5].lower() == "data:":
        value = value.partition(",")[2]
    try:
        return base64.b64decode("".join(value.split()), validate=True)
    except (binascii.Error, ValueError):
        raise Fault(422, f"{name} is no base64 text.") from None


def over(body: Body, megapixels: int) -> Upload:
    """The one picture of `init_images` with its mask. Runs for up to a second: call it in a thread. Raises Fault 422,
    and Refusal `upload.…` for what is no picture."""
    given = body.get("init_images") or []
    if not isinstance(given, list) or not given:
        raise Fault(404, "Init image not found")
    if len(given) > 1:
        raise Fault(422, "init_images: one picture is drawn over at a time; send a request for each.")
    picture = uploads.checked(Upload("init.png", decoded("init_images", given[0])), megapixels)
    picture = _opaque(picture)
    _check_shape(body, picture)
    if not body.get("mask"):
        return picture
    mask = mask_of(uploads.checked(Upload("mask.png", decoded("mask", body["mask"])), megapixels).content)
    if on(body, "inpainting_mask_invert"):
        mask = ImageChops.invert(mask)
    if masks.empty(mask):
        raise Fault(422, "mask: nothing is marked in it; what is white is drawn again.")
    return Upload(picture.name, picture.content, encoded(mask, "PNG"))


def _opaque(picture: Upload) -> Upload:
    """The picture on white where it is see-through, as A1111 takes it: only its `mask` marks anything."""
    with Image.open(io.BytesIO(picture.content)) as image:
        if not image.has_transparency_data:
            return picture
        flat = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image.convert("RGBA")).convert("RGB")
    return Upload(picture.name, png_recipe.with_texts(encoded(flat, "PNG"), picture.content))


def mask_of(content: bytes) -> Image.Image:
    """White where to redraw: what a mask shows, or where it is opaque if it is see-through anywhere."""
    with Image.open(io.BytesIO(content)) as image:
        alpha = image.convert("RGBA").getchannel("A") if image.has_transparency_data else None
        see_through = alpha is not None and masks.solid(alpha).getextrema() != (255, 255)
        return masks.solid(alpha if alpha is not None and see_through else image)


def _check_shape(body: Body, picture: Upload) -> None:
    """Raises Fault 422 for another way to the size than stretching, where that would be another picture."""
    mode = whole(body, "resize_mode", JUST_RESIZE)
    wide, high = uploads.measured(picture.content)
    if mode == JUST_RESIZE or (
        mode in (1, 2) and wide * whole(body, "height", 512) == high * whole(body, "width", 512)
    ):
        return
    raise Fault(
        422,
        f"resize_mode {mode} is not done here, only 0 (just resize); "
        f"ask for a size of the picture's own shape, {wide}x{high}.",
    )
