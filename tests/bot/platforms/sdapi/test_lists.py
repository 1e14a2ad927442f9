"""What A1111's API lists, the caller's own options, and what a picture's file says."""

from __future__ import annotations

import base64
import io
import json

import pytest
from PIL import Image

from bot.platforms.sdapi.lists import NOT_HERE
from engine import a1111
from engine.pixels import png_recipe
from tests.bot.platforms.sdapi.conftest import SMALL, Serve, sent
from tests.fakes import a_png, a_recipe

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_what_there_is_to_draw_with_is_listed_by_a1111s_names(serve: Serve) -> None:
    served = await serve()
    keys = {
        "sd-models": {"title", "model_name", "hash", "sha256", "filename", "config"},
        "samplers": {"name", "aliases", "options"},
        "schedulers": {"name", "label", "aliases", "default_rho", "need_inner_model"},
        "upscalers": {"name", "model_name", "model_path", "model_url", "scale"},
        "latent-upscale-modes": {"name"},
        "prompt-styles": {"name", "prompt", "negative_prompt"},
    }
    for path, wanted in keys.items():
        status, rows = await served.get(path)
        assert status == 200 and rows and all(set(row) == wanted for row in rows), path
    assert [row["name"] for row in (await served.get("samplers"))[1]] == list(a1111.SAMPLERS)
    for path in ("sd-vae", "loras", "hypernetworks", "face-restorers", "extensions", "script-info"):
        status, rows = await served.get(path)
        assert status == 200 and isinstance(rows, list)
    assert (await served.get("embeddings"))[1]["skipped"] == {}
    for path in ("cmd-flags", "scripts"):
        assert (await served.get(path))[0] == 200
    for path in ("refresh-checkpoints", "refresh-vae", "refresh-loras"):
        assert await served.post(path) == (200, None)


async def test_every_schedule_that_is_listed_can_be_asked_for_by_either_name(serve: Serve) -> None:
    served = await serve()
    for row in (await served.get("schedulers"))[1]:
        for name in (row["name"], row["label"]):
            status, said = await served.post("txt2img", {**SMALL, "sampler_name": "Euler", "scheduler": name})
            assert status == 200, said
            told = json.loads(said["info"])["infotexts"][0]
            assert f"Schedule type: {row['label']}," in told


async def test_a_model_is_chosen_for_the_caller_alone(serve: Serve) -> None:
    served = await serve()
    before = (await served.get("options"))[1]
    assert before["sd_model_checkpoint"] == "danqing-demo"
    models = {row["model_name"]: row["title"] for row in (await served.get("sd-models"))[1]}
    other = next(name for name in models if name != "danqing-demo") if len(models) > 1 else "danqing-demo"
    assert await served.post("options", {"sd_model_checkpoint": models[other] + " [0123456789]"}) == (200, None)
    assert (await served.get("options"))[1]["sd_model_checkpoint"] == models[other]
    person = await served.studio.person("web", "local")
    assert not (await served.studio.understand(person, "a cat"))[1].model
    status, said = await served.post("txt2img", SMALL)
    assert status == 200 and json.loads(said["info"])["sd_model_name"] == other
    assert await served.post("options", {**before, "sd_model_checkpoint": "danqing-demo"}) == (200, None)
    for body, status, word in (
        ({"sd_model_checkpoint": "danqing-dem"}, 404, "“danqing-demo”"),
        ({"sd_model_checkpoint": 3}, 422, "text"),
        ({"CLIP_stop_at_last_layers": 2}, 422, "CLIP_stop_at_last_layers"),
        ({"foo": 1}, 422, "foo"),
    ):
        assert (found := await served.refused("options", body))[0] == status and word in found[1]


async def test_a_pictures_file_is_read(serve: Serve) -> None:
    served = await serve()
    with Image.open(io.BytesIO(a_png(side=64))) as image:
        file = png_recipe.png(image, a_recipe("a red apple", seed=5))
    status, said = await served.post("png-info", {"image": base64.b64encode(file).decode()})
    assert status == 200 and said["info"].startswith("a red apple\nNegative prompt: blurry\nSteps: 4")
    assert said["parameters"]["Seed"] == "5" and said["parameters"]["Prompt"] == "a red apple"
    assert said["items"] == {"parameters": said["info"]}
    status, said = await served.post("png-info", {"image": sent(Image.new("RGB", (64, 64)))})
    assert (status, said) == (200, {"info": "", "items": {}, "parameters": {}})
    assert (await served.refused("png-info", {}))[0] == 422
    assert (await served.refused("png-info", {"image": "AAAA"}))[0] == 422


@pytest.mark.parametrize("path", NOT_HERE)
async def test_what_is_not_done_says_so(serve: Serve, path: str) -> None:
    served = await serve()
    status, said = await served.refused(path, {})
    assert status == 501 and path in said


async def test_what_a1111_does_not_have_either_is_not_found(serve: Serve) -> None:
    served = await serve()
    assert (await served.get("nonsense"))[0] == 404
    assert (await served.get("txt2img"))[0] == 405
