"""Who may draw by A1111's API, what is refused, and what hostile requests get."""

from __future__ import annotations

import base64
import io

import pytest

from bot.people.limits import Limits
from bot.platforms.sdapi.server import PATH
from tests.bot.platforms.sdapi.conftest import SMALL, Serve
from tests.bot.platforms.web.conftest import Serve as Page
from tests.bot.platforms.web.conftest import serve as page  # noqa: F401  (a fixture)

pytestmark = pytest.mark.asyncio(loop_scope="session")


def basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"}


async def test_it_is_off_unless_it_is_turned_on(page: Page) -> None:  # noqa: F811
    served = await page()
    for method, path in (("get", "options"), ("post", "txt2img")):
        async with served.browser().request(method, f"{PATH}/{path}") as answer:
            assert answer.status == 404


@pytest.mark.parametrize(("own", "pages"), [("sesame", None), (None, "sesame"), ("sesame", "another")])
async def test_a_password_is_asked_for_by_basic_auth(serve: Serve, own: str | None, pages: str | None) -> None:
    served = await serve(password=own, page=pages)
    async with served.session.get(f"{PATH}/options") as answer:
        assert answer.status == 401 and answer.headers["WWW-Authenticate"].startswith("Basic")
        assert set(await answer.json()) == {"error", "detail", "body", "errors"}
    for user, password in (("danqing", "wrong"), ("nobody", "sesame")):
        status, said = await served.get("options", headers=basic(user, password))
        assert (status, said["detail"]) == (401, "Incorrect username or password")
    assert (await served.get("options", headers={"Authorization": "Basic %%%"}))[0] == 401
    right = basic("danqing", "sesame")
    assert (await served.get("options", headers=right))[0] == 200
    status, _ = await served.post("txt2img", SMALL, headers=right)
    assert status == 200
    person = await served.studio.person("sdapi", "danqing")
    assert not person.admin


async def test_passwords_cannot_be_tried_for_ever(serve: Serve) -> None:
    served = await serve(password="sesame")
    tries = [await served.get("options", headers=basic("danqing", str(number))) for number in range(7)]
    assert [status for status, _ in tries][-1] == 429
    assert (await served.get("options", headers=basic("danqing", "sesame")))[0] == 429


async def test_other_sites_cannot_make_a_browser_draw(serve: Serve) -> None:
    served = await serve()
    for headers in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Host": "evil.example"}):
        assert (await served.post("txt2img", SMALL, headers=headers))[0] == 403
        assert (await served.get("options", headers=headers))[0] == 403
    assert not served.pool.drawn


async def test_the_page_beside_it_stays_closed(serve: Serve) -> None:
    served = await serve(password="sesame", page="another")
    right = basic("danqing", "sesame")
    for path in ("/api/history", f"{PATH}/../../api/history", f"{PATH}/%2e%2e/%2e%2e/api/history"):
        async with served.session.get(path, headers=right) as answer:
            assert answer.status in (401, 404)


async def test_what_is_refused_is_said_in_english(serve: Serve) -> None:
    served = await serve(access=Limits(adult="never"))
    for body, status, word in (
        ({"override_settings": {"sd_model_checkpoint": "danqing-dem"}}, 404, "“danqing-demo”"),
        ({"sampler_name": "Eulr"}, 404, "“Euler”"),
        ({"sampler_index": "Eulr"}, 404, "“Euler”"),
        ({"scheduler": "karas"}, 404, "“Karras”"),
        ({"styles": ["cinematc"]}, 404, "Cinematic"),
        ({"prompt": "a cat <lora:nothere:1>"}, 404, "nothere"),
        ({"prompt": "nude loli"}, 403, "do not draw"),
        ({"prompt": "a cat", "enable_hr": True, "hr_prompt": "nude loli"}, 403, "do not draw"),
        ({"prompt": "a nude woman"}, 403, "adults"),
        ({"batch_size": 5}, 422, "1 to 4"),
        ({"steps": 5000}, 422, "Steps: 5000"),
        ({"width": 127}, 422, "128x128"),
        ({"prompt": ""}, 422, ""),
        ({"prompt": "a" * 5000}, 422, "4000"),
        ({"script_name": "X/Y/Z plot"}, 422, "X/Y/Z plot"),
    ):
        found, said = await served.refused("txt2img", {**SMALL, **body})
        assert found == status and word in said, (body, found, said)
        assert not any("一" <= sign <= "鿿" for sign in said)
    assert not served.pool.drawn


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b'{"prompt": "\\ud800"' + b"}" * 3,
        {"prompt": 7}, {"prompt": ["x"]}, {"steps": {}}, {"width": []}, {"seed": "x"}, {"seed": 10**400},
        {"n_iter": "x"}, {"styles": "x"}, {"styles": [3]}, {"override_settings": 3},
        {"override_settings": {"sd_vae": 3}}, {"enable_hr": "x"}, {"sampler_name": 3}, {"subseed_strength": True},
        {"batch_size": 1e300}, {"width": 1.5},
        {"alwayson_scripts": 3, "prompt": None}, {"cfg_scale": float("nan")}, {"cfg_scale": float("inf")},
        {"refiner_checkpoint": {}}, {"tiling": "slanted"}, {"send_images": "x"}, {"script_name": 3}, {"scheduler": 1},
    ],
    ids=str,
)  # fmt: skip
async def test_a_hostile_request_gets_a_sentence(serve: Serve, body: object) -> None:
    served = await serve()
    status, said = await served.refused("txt2img", {**SMALL, **body} if isinstance(body, dict) else body)
    assert status in (404, 422) and said
    assert not served.pool.drawn


async def test_half_an_emoji_is_no_fault_of_ours(serve: Serve) -> None:
    served = await serve()
    status, said = await served.post("txt2img", b'{"prompt": "a cat \\ud83d", "steps": 5, "width": 128, "height": 128}')
    assert status == 200, said


async def test_a_body_that_is_too_large_is_refused_by_its_limit(serve: Serve) -> None:
    served = await serve()
    status, said = await served.refused("img2img", io.BytesIO(b'{"init_images": ["' + b"A" * 24 * 2**20))
    assert status == 413 and "20" in said


async def test_limits_hold_here_too(serve: Serve) -> None:
    served = await serve(password="sesame", access=Limits(pictures=1))
    right = basic("danqing", "sesame")
    assert (await served.post("txt2img", SMALL, headers=right))[0] == 200
    assert (await served.post("txt2img", SMALL, headers=right))[0] == 429
