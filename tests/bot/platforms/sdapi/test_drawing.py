"""Drawing by A1111's API: what its fields become, batches, progress, interruption, and who hangs up."""

from __future__ import annotations

import asyncio
import io
import json
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image

from bot.people.limits import Limits
from bot.platforms.sdapi.server import PATH
from engine.recipe import A1111, Hires, Variation
from storage import jobs
from storage.jobs import Place
from tests.bot.platforms.sdapi.conftest import SMALL, Serve, Served, received, sent
from tests.patience import until

pytestmark = pytest.mark.asyncio(loop_scope="session")

HALF = Image.new("L", (128, 128))
HALF.paste(255, (0, 0, 64, 128))


async def info(served: Served, path: str, **body: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    status, said = await served.post(path, {**SMALL, **body})
    assert status == 200, said
    return said, json.loads(said["info"])


async def test_a_request_is_answered_with_its_pictures_what_was_asked_and_how_they_were_drawn(serve: Serve) -> None:
    served = await serve()
    said, told = await info(served, "txt2img", negative_prompt="blurry", batch_size=2, n_iter=2)
    assert len(said["images"]) == 4 and received(said["images"][0]).size == (128, 128)
    assert said["parameters"]["prompt"] == "a red apple" and said["parameters"]["cfg_scale"] == 7.0
    assert told["all_seeds"] == [7, 8, 9, 10] and told["seed"] == 7 and len(told["infotexts"]) == 4
    assert told["negative_prompt"] == "blurry" and told["sampler_name"] == "Euler" and told["danqing_left"] == []
    [first, *_] = await served.recipes()
    assert first.like == A1111() and first.steps == 5 and first.guidance == 7
    assert first.prompt.positive == "a red apple" and first.prompt.negative == "blurry"  # no word of ours
    said, _ = await info(served, "txt2img", send_images=False)
    assert said["images"] == []


async def test_what_is_not_said_is_what_a1111_takes(serve: Serve) -> None:
    served = await serve()
    status, said = await served.post("txt2img", {"prompt": "a red apple"})
    assert status == 200, said
    [made] = await served.recipes()
    assert (made.steps, made.guidance, made.width, made.height, made.sampler) == (50, 7.0, 512, 512, "Euler")


async def test_fields_become_the_recipe(serve: Serve) -> None:
    served = await serve()
    fields = {
        "sampler_name": "DPM++ 2M Karras",
        "subseed": 5,
        "subseed_strength": 0.25,
        "seed_resize_from_w": 64,
        "seed_resize_from_h": 96,
        "s_churn": 2,
        "s_noise": 1.01,
        "tiling": True,
        "enable_hr": True,
        "hr_scale": 1.5,
        "hr_second_pass_steps": 3,
        "hr_prompt": '"a green apple", raw',
        "hr_sampler_name": "Euler a",
        "hr_scheduler": "Use same scheduler",
        "hr_checkpoint_name": "Use same checkpoint",
        "denoising_strength": 0,
        "override_settings": {"CLIP_stop_at_last_layers": 2, "randn_source": "CPU", "eta_noise_seed_delta": 31337},
    }
    _, told = await info(served, "txt2img", **fields)
    [made] = await served.recipes()
    assert (made.sampler, made.clip_skip, made.tiling) == ("DPM++ 2M", 2, "xy")
    assert made.variation == Variation(5, 0.25)
    like = {"schedule": "Karras", "rng": "CPU", "ensd": 31337, "churn": 2.0, "noise": 1.01}
    assert made.like == A1111(**like, seed_resize=(64, 96))  # type: ignore[arg-type]
    assert made.hires == Hires(1.5, 0.0, 3, prompt='"a green apple", raw', sampler="Euler a")
    assert told["danqing_left"] == []
    assert told["subseed"] == 5 and told["seed_resize_from_h"] == 96 and told["clip_skip"] == 2


async def test_what_is_not_done_is_named(serve: Serve) -> None:
    served = await serve()
    more = {
        "restore_faces": True,
        "alwayson_scripts": {"ADetailer": {"args": []}},
        "override_settings": {"sd_lora": "x"},
        "firstphase_width": 64,
        "nonsense": 3,
        "do_not_save_grid": False,
    }
    _, told = await info(served, "txt2img", **more)
    assert set(told["danqing_left"]) == {
        "restore_faces", "alwayson_scripts.ADetailer", "override_settings.sd_lora", "firstphase_width", "nonsense",
    }  # fmt: skip


async def test_a_prompt_is_taken_as_it_stands(serve: Serve) -> None:
    served = await serve()
    for prompt in ("/forget", "一只猫 --steps 3", "(a:1.2) [b|c]", "draw a cat please"):
        _, told = await info(served, "txt2img", prompt=prompt)
        assert told["prompt"] == prompt
        [made] = await served.recipes()
        assert made.prompt.text == prompt and made.steps == 5


async def test_styles_are_put_behind_both_prompts(serve: Serve) -> None:
    served = await serve()
    [style] = [one for one in (await served.get("prompt-styles"))[1] if one["name"] == "cinematic"]
    _, told = await info(served, "txt2img", styles=["cinematic"])
    assert told["prompt"] == f"a red apple, {style['prompt']}" and told["negative_prompt"] == style["negative_prompt"]


async def test_a_picture_is_drawn_over_where_its_mask_says(serve: Serve) -> None:
    served = await serve()
    picture = Image.new("RGBA", (128, 128), (200, 0, 0, 255))
    picture.paste((0, 0, 0, 0), (0, 0, 10, 10))
    await info(served, "img2img", init_images=["data:image/png;base64," + sent(picture)])
    [made] = await served.recipes()
    assert made.source and not made.source.mask and made.source.strength == 0.75
    with Image.open(io.BytesIO(await served.db.files.get(made.source.picture))) as kept:
        assert kept.mode == "RGB" and kept.getpixel((5, 5)) == (255, 255, 255)  # see-through is white, no mask
    body = {"init_images": [sent(picture)], "mask": sent(HALF), "inpainting_fill": 2, "inpaint_full_res_padding": 16}
    said, _ = await info(served, "img2img", **body, inpainting_mask_invert=1, denoising_strength=0.5)
    [made] = await served.recipes(2)
    assert made.source and made.source.mask and made.source.strength == 0.5
    assert (made.source.fill, made.source.blur, made.source.padding) == ("latent noise", 4, 16)
    with Image.open(io.BytesIO(await served.db.files.get(made.source.mask))) as kept:
        assert [kept.getpixel((x, 64)) for x in (10, 100)] == [0, 255]
    assert said["parameters"]["init_images"] is None and said["parameters"]["mask"] is None
    await info(served, "img2img", **body, inpaint_full_res=False, mask_blur=0)
    [made] = await served.recipes(3)
    assert made.source and made.source.padding is None and made.source.blur == 0


async def test_what_cannot_be_drawn_over_is_refused_by_name(serve: Serve) -> None:
    served = await serve()
    picture = sent(Image.new("RGB", (128, 64), "red"))
    for body, status, word in (
        ({}, 404, "Init image"),
        ({"init_images": ["http://127.0.0.1/x.png"]}, 422, "address"),
        ({"init_images": ["%%%"]}, 422, "base64"),
        ({"init_images": [7]}, 422, "base64"),
        ({"init_images": {"a": 1}}, 404, "Init image"),
        ({"init_images": [sent(HALF)[:80]]}, 422, ""),
        ({"init_images": [picture, picture]}, 422, "one picture"),
        ({"init_images": [picture], "resize_mode": 1}, 422, "resize_mode 1"),
        ({"init_images": [picture], "mask": sent(Image.new("L", (128, 64)))}, 422, "white"),
        ({"init_images": [picture], "mask": sent(HALF), "inpainting_fill": 9}, 422, "inpainting_fill"),
    ):
        found, said = await served.refused("img2img", {**SMALL, **body})
        assert found == status and word in said, (body, said)
    fitting = {"init_images": [picture], "resize_mode": 1, "width": 256, "height": 128}
    assert (await info(served, "img2img", **fitting))[1]["width"] == 256
    assert len(served.pool.drawn) == 1


async def test_the_noise_over_a_picture_is_that_of_the_settings_unless_the_request_says_another(serve: Serve) -> None:
    served = await serve()
    body = {"init_images": [sent(HALF)], "override_settings": {"initial_noise_multiplier": 0.9}}
    for number, (more, wanted) in enumerate((({}, 0.9), ({"initial_noise_multiplier": 0.8}, 0.8)), 1):
        await info(served, "img2img", **body, **more)
        [made] = await served.recipes(number)
        assert made.like and made.like.noise_multiplier == wanted


async def test_progress_is_told_and_an_interrupted_request_is_answered(serve: Serve) -> None:
    served = await serve(seconds=None)
    idle = (await served.get("progress"))[1]
    assert idle["progress"] == 0 and idle["state"]["job_count"] == 0
    asked = asyncio.create_task(served.post("txt2img", {**SMALL, "batch_size": 2}))
    job = await served.drawing()
    served.pool.step(job, 2, preview=b"jpeg")

    async def under_way() -> Any:
        return (said := (await served.get("progress"))[1])["progress"] and said

    said = await until(under_way)
    assert said["progress"] == pytest.approx(0.2) and said["current_image"] == "anBlZw=="
    assert said["state"]["job_count"] == 2 and said["state"]["sampling_steps"] == 10
    bare = (await served.get("progress?skip_current_image=true"))[1]
    assert bare["current_image"] is None
    served.pool.draw_one(job, 0)
    assert await served.post("interrupt") == (200, {})
    status, answer = await asked
    told = json.loads(answer["info"])
    assert status == 200 and len(answer["images"]) <= 1
    assert told["danqing_left"] == ["interrupted: what was not finished is not here"]
    assert (await served.get("progress"))[1]["state"]["job_count"] == 0


async def test_who_hangs_up_draws_nothing_more(serve: Serve) -> None:
    served = await serve(seconds=None)
    asked = asyncio.create_task(served.session.post(f"{PATH}/txt2img", json=SMALL))
    job = await served.drawing()
    asked.cancel()

    async def cancelled() -> bool:
        kept = await jobs.get(served.db, job)
        return bool(kept and kept.job.state == "cancelled")

    await until(cancelled)
    await until(lambda: not served.chat._asking)


async def test_what_a_crash_left_is_not_drawn_for_nobody(serve: Serve) -> None:
    served = await serve(seconds=None)
    asked = asyncio.create_task(served.post("txt2img", SMALL))
    kept = await jobs.get(served.db, await served.drawing())
    assert kept and kept.place.platform == "sdapi"
    left = Place("sdapi", "somebody")
    await jobs.add(served.db, replace(kept.job, id="another"), place=left, language="en", request_key="x")
    await served.chat.listen(served.studio.chats["sdapi"]._desk)  # type: ignore[attr-defined]
    assert await jobs.unanswered(served.db, ["sdapi"]) == []
    served.pool.finish(kept.job.id)
    await asked


async def test_a_job_that_fails_is_an_error(serve: Serve) -> None:
    served = await serve(seconds=None)
    asked = asyncio.create_task(served.refused("txt2img", SMALL))
    served.pool.fail(await served.drawing())
    status, said = await asked
    assert status == 500 and said


async def test_what_a_checker_saw_is_kept_back_as_the_rule_says(serve: Serve) -> None:
    served = await serve(seconds=None, access=Limits(adult="never"))
    asked = asyncio.create_task(served.refused("txt2img", SMALL))
    served.pool.finish(await served.drawing(), adult={0})
    assert (await asked)[0] == 403
    some = asyncio.create_task(served.post("txt2img", {**SMALL, "batch_size": 2}))
    served.pool.finish(await served.drawing(2), adult={0})
    status, said = await some
    assert status == 200 and len(said["images"]) == 1 and json.loads(said["info"])["danqing_left"]
