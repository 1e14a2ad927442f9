import asyncio
import json
import os
import re
import socket
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web

from bot.cli import check_devices, check_files
from bot.cli.check import check
from bot.cli.check_result import CheckResult
from bot.settings.config import Config, load
from bot.texts import all_texts, texts
from engine import tuning
from engine.files import tiers
from storage.database import Database
from tests.fakes import a_lora
from tests.patience import PATIENCE
from tests.prompts.translate.serving import serving

ROOT = Path(__file__).parents[3]
TELEGRAM = "123456789:" + "aB3_-" * 7
DISCORD = "MTIzNDU2Nzg5MDEyMzQ1Njc4.GabcDE.abcdefghijklmnopqrstuvwxyz_0123456789-A"


@pytest.fixture(autouse=True)
def quick_look(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A look at devices that does without torch's three seconds, but for the test that is about it."""
    if "torch" not in request.node.name:
        monkeypatch.setattr(
            check_devices,
            "LOOK_AT_DEVICES",
            """print('{"torch": "2.13", "cards": {"cuda:0": ["A card", 8589934592]}}')""",
        )


def settings(folder: Path, text: str = "", **environ: str) -> Config:
    (folder / "config.yaml").write_text(text, "utf-8")
    variables = {"DANQING_WEB_PORT": "0"} | {f"DANQING_{name}": value for name, value in environ.items()}
    return load(folder / "config.yaml", variables)


async def found(config: Config) -> dict[str, CheckResult]:
    findings = await check(config)
    for finding in findings:
        for language in ("zh", "en"):
            if finding.text.key.startswith(("check.", "config.")):
                assert texts(language)[finding.text.key].format(**finding.text.values)
    return {finding.text.key: finding for finding in findings}


async def test_a_fresh_copy_has_nothing_to_mend(tmp_path: Path) -> None:
    findings = await found(settings(tmp_path))
    assert {finding.level for finding in findings.values()} == {"ok"}
    assert findings["check.models"].text.values["names"] == "demo-xl, danqing-demo"
    assert list(tmp_path.iterdir()) == [tmp_path / "config.yaml"]  # it changes nothing


async def test_detectors_in_files_need_their_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "detectors").mkdir()
    (tmp_path / "detectors" / "face_yolov8n.onnx").touch()
    monkeypatch.setattr("engine.files.detectors.RUNS_FILES", "no_such_package")
    finding = (await found(settings(tmp_path)))["detector.absent"]
    assert (finding.level, finding.text.values["name"]) == ("warn", "face_yolov8n")


async def test_the_database_is_read_and_left_as_it_is(tmp_path: Path) -> None:
    config = settings(tmp_path)
    await (await Database.open("", config.data.folder)).close()
    assert "check.database" in await found(config)

    (file,) = config.data.folder.glob("*.sqlite3")
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0001'")
    connection.close()
    assert (await found(config))["check.database_older"].text.values["revision"] == "0001"
    file.write_bytes(b"no database at all" * 100)
    assert (await found(config))["storage.damaged"].level == "error"


async def test_a_server_that_does_not_answer(tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        config = settings(tmp_path, STORAGE_URL=f"postgresql://u:hunter2@127.0.0.1:{closed.getsockname()[1]}/d")
        findings = await found(config)
    assert findings["storage.unreachable"].level == "error"
    assert "hunter2" not in str(findings)


async def test_folders(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    config = settings(
        tmp_path, "data: {folder: file/data}\nengine:\n  models: [models, typo]\n  model: danqing-dmeo\n  loras: l"
    )
    a_lora(tmp_path / "l", "ink")
    (tmp_path / "models" / "old").mkdir(parents=True)
    (tmp_path / "models" / "old" / "model_index.json").write_text("{}")
    findings = await found(config)
    assert findings["check.data_readonly"].level == "error"
    assert findings["check.folder_missing"].level == "warn"
    assert findings["check.folder_missing"].text.values["path"] == str(tmp_path / "typo")
    assert findings["check.loras"].text.values["names"] == "demo-blueprint, demo-chalkboard, demo-gilded, ink"
    assert findings["model.unknown"].text.values["near"] == "danqing-demo"
    assert findings["model.no_index"].text.values["name"] == "old"


async def test_a_read_only_data_folder(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    (tmp_path / "data").mkdir(mode=0o500)
    assert (await found(settings(tmp_path)))["check.data_readonly"].level == "error"


async def test_little_space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_files, "LITTLE_SPACE", 1e9)
    assert (await found(settings(tmp_path)))["check.space_little"].level == "warn"


async def test_what_a_request_gets_by_default_has_to_exist(tmp_path: Path) -> None:
    assert "sampler.unknown" in await found(settings(tmp_path, DRAW_SAMPLER="Eulr"))
    assert "size.not_allowed" in await found(settings(tmp_path, DRAW_SIZE="2048x2048"))


async def test_the_port(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        taken = (await found(settings(tmp_path, WEB_PORT=str(port))))["listen.taken"]
    assert (taken.level, taken.text.values["port"]) == ("error", port)
    assert "check.page" in await found(settings(tmp_path, WEB_PORT=str(port)))
    nowhere = settings(tmp_path, WEB_HOST="192.0.2.1", WEB_PASSWORD="a long password")  # an address for documents
    assert (await found(nowhere))["listen.host"].level == "error"


async def test_a_page_that_is_off(tmp_path: Path) -> None:
    alone = await found(settings(tmp_path, WEB_ENABLED="no"))
    assert alone["start.nobody"].level == "error" and not {"check.page", "check.page_private"} & set(alone)
    away = {"DISCORD_TOKEN": DISCORD, "DISCORD_API_BASE": "http://127.0.0.1:9"}
    beside = await found(settings(tmp_path, WEB_ENABLED="no", **away))
    assert beside["check.page_off"].level == "ok" and "start.nobody" not in beside


async def test_passwords_and_tokens_are_judged_and_never_shown(tmp_path: Path) -> None:
    findings = await found(
        settings(tmp_path, WEB_PASSWORD="hunter2", DISCORD_TOKEN="hunter2", TELEGRAM_TOKEN=f"{TELEGRAM}x")
    )
    assert findings["check.password_short"].level == "warn"
    assert findings["check.token_form"].level == "error"
    assert "hunter2" not in str(findings) and TELEGRAM not in str(findings)

    findings = await found(
        settings(
            tmp_path,
            WEB_PASSWORD="hunter2hunter2",
            DISCORD_TOKEN=DISCORD,
            DISCORD_API_BASE="http://127.0.0.1:1",
            TELEGRAM_TOKEN=TELEGRAM,
            TELEGRAM_API_BASE="http://127.0.0.1:1",
        )
    )
    assert "check.password" in findings and "check.token_form" not in findings
    assert findings["check.telegram_away"].level == "warn"
    assert "hunter2" not in str(findings) and TELEGRAM not in str(findings) and DISCORD not in str(findings)


@pytest.mark.parametrize("token", ["", "a.b.c", "MTIz.a", "MTIz.a.b.c", "MTIz.ü.b", "M.a.b", f"{TELEGRAM}"])
async def test_what_is_no_discord_token(tmp_path: Path, token: str) -> None:
    findings = await found(settings(tmp_path, DISCORD_TOKEN=token))
    assert ("check.token_form" in findings) == bool(token)


async def test_devices(tmp_path: Path) -> None:
    findings = await found(settings(tmp_path))
    card = findings["check.device"].text.values
    assert findings["check.tier_all"].text.values == {"device": "cuda:0", "model": "danqing-demo"}
    assert "estimates" in texts("en")[findings["check.estimated"].text.key]
    assert card == {"device": "cuda:0", "card": "A card", "memory": "8"}
    findings = await found(settings(tmp_path, ENGINE_DEVICES="cpu,cuda:1"))
    assert "check.device_cpu" in findings
    assert findings["check.device_missing"].text.values == {"device": "cuda:1", "allowed": "cuda:0"}


@pytest.mark.parametrize(
    ("name", "words", "others"),
    [("mps", "Apple (MPS)", "cuda:0"), ("xpu:0", "Intel Arc A770", "xpu:1"), ("cuda:0", "AMD RX (ROCm 6.4)", "mps")],
)
async def test_cards_of_other_makers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, words: str, others: str
) -> None:
    looked = {"torch": "2.13", "cards": {name: [words, 16 * 2**30]}}
    monkeypatch.setattr(check_devices, "LOOK_AT_DEVICES", f"print({json.dumps(looked)!r})")
    for devices in ("auto", name, name.partition(":")[0]):
        findings = await found(settings(tmp_path, ENGINE_DEVICES=devices))
        assert findings["check.device"].text.values == {"device": name, "card": words, "memory": "16"}
        assert "check.device_missing" not in findings
    findings = await found(settings(tmp_path, ENGINE_DEVICES=others))
    assert findings["check.device_missing"].text.values == {"device": others, "allowed": name}


async def test_what_draws_on_a_processor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for extra, cpu, devices, key in (
        (True, "auto", "cpu", "check.openvino"),
        (True, "torch", "cpu", ""),
        (True, "auto", "auto", ""),  # there is a card
        (False, "auto", "cpu", ""),
        (False, "openvino", "cpu", "check.openvino_missing"),
    ):
        monkeypatch.setattr(tuning, "has_openvino", lambda extra=extra: extra)
        findings = await found(settings(tmp_path, ENGINE_DEVICES=devices, ENGINE_CPU=cpu))
        assert [one for one in findings if one.startswith("check.openvino")] == [key] * bool(key)


@pytest.mark.parametrize(
    ("gigabytes", "key", "level"),
    [
        (8.0, "check.main_memory", "ok"),
        (0.22, "check.main_memory_tiles", "warn"),
        (0.1, "check.main_memory_small", "warn"),
    ],
)
async def test_main_memory_is_weighed_where_the_cpu_draws(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gigabytes: float, key: str, level: str
) -> None:
    config = settings(tmp_path, ENGINE_DEVICES="cpu")
    model = check_devices.usual(config)
    assert model
    large = replace(model, width=256, height=256)
    sizes = {"unet": 30 * 2**20, "vae": 8 * 2**20, "text_encoder": 2**20}
    monkeypatch.setattr(check_devices, "usual", lambda _: large)
    monkeypatch.setattr(tiers, "weights", lambda _: sizes)
    pages = {"SC_PAGE_SIZE": 1, "SC_PHYS_PAGES": round(gigabytes * 2**30)}
    monkeypatch.setattr(os, "sysconf", lambda name: pages[name])
    finding = (await found(config))[key]
    assert finding.level == level and finding.text.values["memory"] == f"{gigabytes:.1f}"


async def test_torch_is_looked_at_in_a_process_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert (await found(settings(tmp_path)))["check.torch"].level == "ok"


@pytest.mark.parametrize("script", ["import nothing_of_the_kind", "print(1, 2)", "import os; os._exit(1)"])
async def test_a_look_that_fails_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    monkeypatch.setattr(check_devices, "LOOK_AT_DEVICES", script)
    assert (await found(settings(tmp_path)))["check.torch_broken"].level == "error"


async def test_a_look_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_devices, "LOOK_AT_DEVICES", "import time; time.sleep(3600)")
    monkeypatch.setattr(check_devices, "PATIENCE", 0.2)
    async with asyncio.timeout(PATIENCE):
        assert (await found(settings(tmp_path)))["check.torch_broken"].level == "error"


async def test_translation_packages(tmp_path: Path) -> None:
    package = tmp_path / "data" / "argos" / "translate-zh_en-1_9"
    package.mkdir(parents=True)
    (package / "metadata.json").write_text(json.dumps({"from_code": "zh", "to_code": "en"}))
    assert (await found(settings(tmp_path)))["check.translation"].text.values["packages"] == "zh → en"
    (package / "metadata.json").write_text("[]")
    findings = await found(settings(tmp_path))
    assert findings["check.package_damaged"].level == "warn" and "check.translation_none" in findings


async def test_a_translation_service(tmp_path: Path) -> None:
    async def answer(request: web.BaseRequest) -> web.Response:
        return web.json_response({"translatedText": "cat"})

    async with serving(answer) as url:
        chosen = {"TRANSLATE_SERVICE": "libretranslate", "TRANSLATE_URL": url, "TRANSLATE_KEY": "hunter2"}
        service = (await found(settings(tmp_path, **chosen)))["check.service"]
        assert (service.level, service.text.values["english"]) == ("ok", "cat")
    findings = await found(settings(tmp_path, **chosen))
    assert findings["note.service_away"].level == "warn" and "hunter2" not in str(findings)


def test_every_sentence_is_said_and_every_key_has_one() -> None:
    rooms = (*(ROOT / "bot/settings").glob("*.py"), *(ROOT / "bot/cli").glob("check*.py"))
    source = "".join(file.read_text("utf-8") for file in (*rooms, ROOT / "bot/platforms/discord/invite.py"))
    used = set(re.findall(r'"((?:config|check)\.[a-z_]+)"', source))
    assert used == {*all_texts("en", "config."), *all_texts("en", "check.")}
