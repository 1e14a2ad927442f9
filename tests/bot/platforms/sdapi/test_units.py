"""ControlNet's units in requests of A1111's API, and the extension's own routes."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import aiohttp
import pytest
from PIL import Image, ImageDraw

from bot.people.limits import Limits
from bot.platforms.sdapi import controlnet
from engine.files import catalog
from tests.bot.platforms.sdapi.conftest import SMALL, Serve, Served, received, sent

pytestmark = pytest.mark.asyncio(loop_scope="session")

DISC = Image.new("RGB", (64, 64), "white")
ImageDraw.Draw(DISC).ellipse((10, 10, 50, 50), fill="red")
UNIT = {"image": sent(DISC), "module": "canny", "model": "demo-edges [12345678]"}


async def served_with_nets(serve: Serve) -> Served:
    served = await serve()
    served.studio.rules = replace(served.studio.rules, models=(catalog.COMPANIONS,))
    served.chat.settings = replace(served.chat.settings, folders=(catalog.COMPANIONS,))
    return served


def asking(*units: Any, name: str = "ControlNet", **more: Any) -> dict[str, Any]:
    return {**SMALL, "alwayson_scripts": {name: {"args": list(units)}}, **more}


async def test_a_unit_becomes_a_control_with_its_map(serve: Serve) -> None:
    served = await served_with_nets(serve)
    unit = {
        **UNIT, "weight": 0.8, "guidance_start": 0.1, "guidance_end": 0.9,
        "control_mode": "My prompt is more important", "resize_mode": "Resize and Fill",
        "threshold_a": 50, "threshold_b": 150,
        "pixel_perfect": True, "low_vram": True, "processor_res": 512, "hr_option": "Both", "advanced_weighting": None,
    }  # fmt: skip
    status, said = await served.post("txt2img", asking(unit))
    assert status == 200, said
    [made] = await served.recipes()
    [control] = made.controls
    assert (control.net, control.preprocessor, control.strength) == ("demo-edges", "canny", 0.8)
    assert (control.start, control.end, control.mode, control.fit) == (0.1, 0.9, "prompt", "fill")
    assert (control.low, control.high, made.source) == (50, 150, None)
    told = json.loads(said["info"])
    assert told["danqing_left"] == []
    assert "Module: canny, Model: demo-edges, Weight: 0.8" in told["extra_generation_params"]["ControlNet 0"]


async def test_maps_come_behind_the_pictures(serve: Serve) -> None:
    served = await served_with_nets(serve)
    ready = Image.new("RGB", (32, 64), "red")
    other = {**UNIT, "module": "none", "image": sent(ready), "resize_mode": "Just Resize"}
    status, said = await served.post("txt2img", asking(UNIT, other, batch_size=2))
    assert status == 200, said
    [made, _] = await served.recipes()
    shown = [received(one) for one in said["images"]]
    size = (made.width, made.height)
    assert [one.size for one in shown[2:]] == [size, size] and all(one.format == "PNG" for one in shown)
    edges = received(base64.b64encode(await served.db.files.get(made.controls[0].picture)).decode())
    assert shown[2].tobytes() == edges.convert("RGB").tobytes()
    assert shown[3].convert("RGB").getcolors() == [(size[0] * size[1], (255, 0, 0))]  # as it was laid on the picture
    assert len(json.loads(said["info"])["infotexts"]) == 2
    status, said = await served.post("txt2img", asking(UNIT, enable_hr=True, hr_scale=1.5))
    assert [received(one).size for one in said["images"][1:]] == [(size[0] * 3 // 2, size[1] * 3 // 2), size]


@pytest.mark.parametrize(
    ("unit", "more"),
    [
        ({"save_detected_map": False}, {}),
        ({"weight": 0}, {}),
        ({}, {"override_settings": {"control_net_no_detectmap": True}}),
        ({"enabled": False}, {}),
    ],
)
async def test_maps_that_are_not_wanted_do_not_come(serve: Serve, unit: dict[str, Any], more: dict[str, Any]) -> None:
    served = await served_with_nets(serve)
    status, said = await served.post("txt2img", asking({**UNIT, **unit}, **more))
    assert status == 200 and len(said["images"]) == 1, said
    assert json.loads(said["info"])["danqing_left"] == []
    status, said = await served.post("txt2img", asking(UNIT, send_images=False))
    assert said["images"] == []


async def test_maps_by_themselves_count_to_what_a_caller_has(serve: Serve) -> None:
    served = await serve(password="word", access=Limits(seconds=5))  # without one it is an admin, who has no limit
    served.pool.map_seconds, own = 6.0, {"Authorization": aiohttp.encode_basic_auth("danqing", "word")}
    asked = {"controlnet_module": "canny", "controlnet_input_images": [UNIT["image"]], "controlnet_processor_res": 64}
    for size, status in ((64, 200), (128, 429)):
        body = {**asked, "controlnet_processor_res": size}
        async with served.session.post(f"{controlnet.PATH}/detect", json=body, headers=own) as answer:
            assert answer.status == status, await answer.text()
    assert len(served.pool.maps) == 1


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        ({"control_mode": 2, "resize_mode": 0}, ("control", "stretch", 1.0, "canny")),
        ({"guessmode": True, "resize_mode": "Scale to Fit (Inner Fit)"}, ("control", "", 1.0, "canny")),
        ({"guidance": 0.5, "module": "none"}, ("", "", 0.5, "")),
        ({"image": None, "input_image": UNIT["image"]}, ("", "", 1.0, "canny")),
        ({"image": {"image": UNIT["image"], "mask": None}}, ("", "", 1.0, "canny")),
    ],
)
async def test_other_ways_to_say_it(serve: Serve, unit: dict[str, Any], expected: tuple[Any, ...]) -> None:
    served = await served_with_nets(serve)
    status, said = await served.post("txt2img", asking({**UNIT, **unit}, name="controlnet"))
    assert status == 200, said
    [control] = (await served.recipes())[0].controls
    assert (control.mode, control.fit, control.end, control.preprocessor) == expected


async def test_over_a_picture_a_unit_without_one_takes_that(serve: Serve) -> None:
    served = await served_with_nets(serve)
    unit = {"module": "canny", "model": "demo-edges"}
    status, said = await served.post("img2img", asking(unit, init_images=[sent(DISC)]))
    assert status == 200, said
    [made] = await served.recipes()
    assert made.source and made.controls[0].source == made.source.picture


async def test_units_that_are_off_and_other_scripts_do_nothing(serve: Serve) -> None:
    served = await served_with_nets(serve)
    body = asking({**UNIT, "enabled": False}, {**UNIT, "odd": 3})
    body["alwayson_scripts"]["ADetailer"] = {"args": [True]}
    status, said = await served.post("txt2img", body)
    assert status == 200, said
    assert len((await served.recipes())[0].controls) == 1
    assert sorted(json.loads(said["info"])["danqing_left"]) == [
        "alwayson_scripts.ADetailer", "alwayson_scripts.ControlNet.args[1].odd"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("unit", "told"),
    [
        ({**UNIT, "model": "None"}, "model"),
        ({**UNIT, "model": "control_gone"}, "control_gone"),
        ({**UNIT, "module": "reference_only"}, "reference_only"),
        ({**UNIT, "weight": 7}, "from 0.0 to 2.0"),
        ({**UNIT, "control_mode": "odd"}, "odd"),
        ({**UNIT, "resize_mode": 9}, "9"),
        ({**UNIT, "image": "!"}, "base64"),
        ({**UNIT, "image": None}, "image"),
        ("unit", "no unit"),
    ],
)
async def test_what_cannot_be_is_said(serve: Serve, unit: Any, told: str) -> None:
    served = await served_with_nets(serve)
    status, detail = await served.refused("txt2img", asking(unit))
    assert status in (404, 422) and told in detail, detail
    assert not served.pool.drawn


async def test_what_there_is_is_listed_and_a_map_is_made(serve: Serve) -> None:
    served = await served_with_nets(serve)

    async def get(path: str) -> Any:
        async with served.session.get(f"{controlnet.PATH}/{path}") as answer:
            assert answer.status == 200
            return await answer.json()

    assert [name.partition(" ")[0] for name in (await get("model_list"))["model_list"]] == ["demo-edges"]
    modules = await get("module_list")
    assert {"none", "canny"} <= {*modules["module_list"]} and len(modules["module_detail"]["canny"]["sliders"]) == 2
    types = (await get("control_types"))["control_types"]
    assert types["Edges"]["default_model"].startswith("demo-edges") and "canny" in types["Edges"]["module_list"]
    assert (await get("settings"))["control_net_unit_count"] == 4
    asked = {"controlnet_module": "canny", "controlnet_input_images": [UNIT["image"]], "controlnet_processor_res": 128}
    async with served.session.post(f"{controlnet.PATH}/detect", json=asked) as answer:
        said = await answer.json()
        assert answer.status == 200, said
    assert received(said["images"][0]).size == (128, 128)
    async with served.session.post(f"{controlnet.PATH}/detect", json={**asked, "controlnet_module": "odd"}) as answer:
        assert answer.status in (404, 422) and "odd" in (await answer.json())["detail"]
