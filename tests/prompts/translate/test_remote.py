"""A translation service on the network, against a server on this machine."""

from __future__ import annotations

import asyncio
import json
import socket
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from aiohttp import web

from prompts.compose import compose
from prompts.translate.chain import chain
from prompts.translate.remote import Remote, Service, ServiceKind
from prompts.translate.translator import Unavailable
from tests.patience import PATIENCE
from tests.prompts.translate.serving import serving

CLAUSE = "饕餮囫囵耄耋"


class Server:
    """What it was asked, and what it answers: text or JSON with a status, after some seconds."""

    def __init__(self, content: object, status: int = 200, seconds: float = 0.0) -> None:
        self.content = content
        self.status = status
        self.seconds = seconds
        self.asked: list[tuple[str, dict[str, object], str]] = []

    async def __call__(self, request: web.BaseRequest) -> web.Response:
        question = json.loads(await request.read())
        self.asked.append((request.path, question, request.headers.get("Authorization", "")))
        await asyncio.sleep(self.seconds)
        body = self.content if isinstance(self.content, str) else json.dumps(self.content)
        return web.Response(status=self.status, text=body, headers={"Location": "/elsewhere"})


def spoken(text: str) -> object:
    return {"choices": [{"message": {"role": "assistant", "content": text}}]}


async def failing(service: Service) -> Unavailable:
    with pytest.raises(Unavailable) as caught:
        await Remote(service).english(CLAUSE)
    return caught.value


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The dictionary takes seconds to be made: once for all."""
    return tmp_path_factory.mktemp("cache")


async def test_libretranslate() -> None:
    server = Server({"translatedText": "a whole taotie"})
    async with serving(server) as url:
        service = Service("libretranslate", url, key="secret")
        assert await Remote(service).english(CLAUSE) == "a whole taotie"
    ((path, question, _),) = server.asked
    assert path == "/translate"
    assert question == {"q": CLAUSE, "source": "zh", "target": "en", "format": "text", "api_key": "secret"}
    assert "secret" not in repr(service) and "secret" not in Remote(service).name


async def test_newer_versions_have_another_name_for_chinese() -> None:
    asked: list[str] = []

    async def answer(request: web.BaseRequest) -> web.Response:
        question = json.loads(await request.read())
        asked.append(question["source"])
        if question["source"] == "zh":
            return web.json_response({"error": "zh is not supported"}, status=400)
        return web.json_response({"translatedText": "a cat"})

    async with serving(answer) as url:
        remote = Remote(Service("libretranslate", url))
        assert [await remote.english("猫") for _ in range(2)] == ["a cat"] * 2
    assert asked == ["zh", "zh-Hans", "zh-Hans"]


async def test_openai() -> None:
    server = Server(spoken("<think>猫 is\ncat</think>\na whole taotie "))
    async with serving(server) as url:
        assert await Remote(Service("openai", url, key="secret", model="m")).english(CLAUSE) == "a whole taotie"
    ((path, question, key),) = server.asked
    assert (path, key, question["model"]) == ("/v1/chat/completions", "Bearer secret", "m")
    assert question["messages"][-1] == {"role": "user", "content": CLAUSE}  # type: ignore[index]


def rows(*said: tuple[str, str, float, bool]) -> str:
    keys = ("text", "part", "weight", "negative")
    return json.dumps({"phrases": [dict(zip(keys, row, strict=True)) for row in said]})


async def test_openai_is_asked_for_a_form_and_its_parts_weights_and_negatives_hold(cache: Path) -> None:
    said = rows(
        ("A taotie bronze", "subject", 1.2, False),
        ("in the style of old rubbings", "quality_style", 1, False),
        ("a hall BREAK <lora:x:1>", "scene_detail", 9, False),
        ("moss", "scene_detail", 1, True),
    )
    server = Server(spoken(said))
    async with serving(server) as url:
        service = Service("openai", f"{url}/v1", model="m")
        prompt, _ = await compose("饕餮囫囵没有苔藓", translators=chain(cache, service=service), family="")
    ((_, question, _),) = server.asked
    form = question["response_format"]
    assert isinstance(form, dict) and form["type"] == "json_schema"
    jsonschema.validate(json.loads(said), form["json_schema"]["schema"])
    found = {one.text: (one.part, one.weight, one.origin) for one in prompt.fragments}
    assert found == {
        "in the style of old rubbings": ("quality_style", 1.0, "service"),
        "a taotie bronze": ("subject", 1.2, "service"),
        "a hall break lora x 1": ("scene_detail", 1.4, "service"),
    }
    assert [one.text for one in prompt.negatives] == ["moss"]


@pytest.mark.parametrize(
    "said",
    [
        '{"phrases": [{"text": "猫"}]}',
        '{"phrases": "a cat"}',
        '{"phrases": [{"text": ["a"]}]}',
        '{"phrases": [{"text": "a cat"}',
        "[" * 50_000,
        rows(*[("cat cat cat", "subject", 1, False)] * 9),
        json.dumps({"phrases": [{"text": "cat"}] * 5000}),
        '{"phrases": []}',
        "{}",
    ],
)
async def test_a_form_gone_wrong_leaves_the_words_reading(cache: Path, said: str) -> None:
    plain, _ = await compose(CLAUSE, translators=chain(cache), family="")
    async with serving(Server(spoken(said))) as url:
        service = Service("openai", url, model="m")
        prompt, _ = await compose(CLAUSE, translators=chain(cache, service=service), family="")
    assert prompt.fragments == plain.fragments and prompt.negatives == plain.negatives


@pytest.mark.parametrize("status", [400, 422, 501])
async def test_a_server_that_knows_no_form_is_asked_plainly_from_then_on(status: int) -> None:
    asked: list[bool] = []

    async def answer(request: web.BaseRequest) -> web.Response:
        question = json.loads(await request.read())
        asked.append("response_format" in question)
        if asked[-1]:
            return web.json_response({"error": "response_format is not supported"}, status=status)
        return web.json_response(spoken("a cat, no hat"))

    async with serving(answer) as url:
        remote = Remote(Service("openai", url, model="m"))
        assert [await remote.english(clause) for clause in ("猫", "狗")] == ["a cat, no hat"] * 2
    assert asked == [True, False, False]


async def test_a_server_in_trouble_is_asked_for_the_form_again(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server({}, 500)
    async with serving(server) as url:
        remote = Remote(Service("openai", url))
        with pytest.raises(Unavailable):
            await remote.english("猫")
        monkeypatch.setattr(remote, "_silent_until", 0.0)
        server.status, server.content = 200, spoken("a cat")
        assert await remote.english("猫") == "a cat"
    assert ["response_format" in question for _, question, _ in server.asked] == [True, False, True]


@pytest.mark.parametrize(("text", "source"), [("傘をさす女の子", "ja"), ("우산을 든 소녀", "ko")])
async def test_other_languages_are_asked_for_by_their_name(cache: Path, text: str, source: str) -> None:
    server = Server({"translatedText": "A girl with an umbrella, no rain"})
    async with serving(server) as url:
        translators = chain(cache, service=Service("libretranslate", url))
        prompt, _ = await compose(text, translators=translators, family="")
    assert [question["source"] for _, question, _ in server.asked] == [source]
    assert [one.text for one in prompt.fragments] == ["a girl with an umbrella"]
    assert [one.text for one in prompt.negatives] == ["rain"]


@pytest.mark.parametrize(
    ("kind", "url", "address"),
    [
        ("libretranslate", "http://h", "http://h/translate"),
        ("libretranslate", "http://h/translate", "http://h/translate"),
        ("openai", "http://h", "http://h/v1/chat/completions"),
        ("openai", "http://h/api/v3", "http://h/api/v3/chat/completions"),
        ("openai", "http://h/x/chat/completions", "http://h/x/chat/completions"),
    ],
)
def test_addresses(kind: ServiceKind, url: str, address: str) -> None:
    assert Service(kind, url).address == address


@pytest.mark.parametrize(
    ("content", "status", "key"),
    [
        ("{broken", 200, "note.service_unreadable"),
        ({"something": "else"}, 200, "note.service_unreadable"),
        ({"translatedText": ["a"]}, 200, "note.service_unreadable"),
        ("[" * 100_000, 200, "note.service_unreadable"),
        ({"error": "oops"}, 500, "note.service_status"),
        ({}, 301, "note.service_status"),
        ({}, 403, "note.service_key"),
    ],
)
async def test_answers_that_are_none(content: object, status: int, key: str) -> None:
    server = Server(content, status)
    async with serving(server) as url:
        failure = await failing(Service("libretranslate", url, key="secret"))
    assert failure.note and failure.note.key == key and "secret" not in str(failure)
    assert len(server.asked) == 1  # a redirect is not followed: the key is for this address


async def test_a_slow_service_is_not_waited_for() -> None:
    async with serving(Server({"translatedText": "x"}, seconds=3600)) as url, asyncio.timeout(PATIENCE):
        failure = await failing(Service("libretranslate", url, timeout=0.1))
    assert failure.note and failure.note.key == "note.service_slow"


async def test_nobody_there() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        failure = await failing(Service("openai", f"http://127.0.0.1:{closed.getsockname()[1]}"))
    assert failure.note and failure.note.key == "note.service_away"


async def test_an_endless_answer_is_cut_off() -> None:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(1000):
            await response.write(b"a" * 65536)
        return response

    async with serving(answer) as url:
        failure = await failing(Service("libretranslate", url))
    assert failure.note and failure.note.key == "note.service_unreadable"


async def test_a_failure_is_said_once_and_then_it_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server({}, 500)
    async with serving(server) as url:
        remote = Remote(Service("libretranslate", url))

        async def ask() -> Unavailable:
            with pytest.raises(Unavailable) as caught:
                await remote.english(CLAUSE)
            return caught.value

        together = await asyncio.gather(*(ask() for _ in range(3)))
        assert sum(failure.note is not None for failure in together) == 1
        asked = len(server.asked)
        assert (await ask()).note is None
        assert len(server.asked) == asked
        monkeypatch.setattr(remote, "_silent_until", 0.0)  # a minute later
        server.status, server.content = 200, {"translatedText": "a cat"}
        assert await remote.english(CLAUSE) == "a cat"


async def test_the_chain_goes_on_without_it(cache: Path) -> None:
    server = Server({"translatedText": "a 猫 a 猫"})
    async with serving(server) as url:
        service = Service("libretranslate", url)
        for content, status, notes in (
            ({"translatedText": "a 猫"}, 200, []),
            ({"translatedText": "a cat\nand a note"}, 200, []),
            ({"translatedText": "word " * 100}, 200, []),
            ({}, 500, ["note.service_status"]),
        ):
            server.content, server.status = content, status
            prompt, _ = await compose(f"一只猫，{CLAUSE}", translators=chain(cache, service=service), family="")
            assert prompt.fragments[0].text == "cat"
            assert "service" not in {fragment.origin for fragment in prompt.fragments}
            assert not any("一" <= sign <= "鿿" for sign in prompt.positive)
            assert [note.key for note in prompt.notes if note.key.startswith("note.service")] == notes
        server.content, server.status = {"translatedText": "A whole taotie, very old."}, 200
        prompt, _ = await compose(f"一只猫，{CLAUSE}", translators=chain(cache, service=service), family="")
        said = [(fragment.text, fragment.origin) for fragment in prompt.fragments]
        assert sorted(said) == [("a whole taotie", "service"), ("cat", "glossary"), ("very old", "service")]


async def test_a_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server({"translatedText": "a cat"})
    async with serving(server) as proxy:
        monkeypatch.setenv("http_proxy", proxy)
        service = Service("libretranslate", "http://translate.invalid")
        assert await Remote(service).english("猫") == "a cat"
        monkeypatch.setenv("no_proxy", "translate.invalid")
        failure = await failing(replace(service, timeout=5))
    assert failure.note and failure.note.key == "note.service_away"
