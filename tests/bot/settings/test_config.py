from collections.abc import Mapping
from pathlib import Path

import pytest

from bot.errors import ConfigError
from bot.settings.config import Config, example, load
from bot.settings.settings import settings
from engine.files import catalog
from prompts.errors import Refusal

ROOT = Path(__file__).parents[3]


def written(folder: Path, text: str, environ: Mapping[str, str] | None = None) -> Config:
    file = folder / "config.yaml"
    file.write_text(text, "utf-8")
    return load(file, environ or {})


def refused(folder: Path, text: str, environ: Mapping[str, str] | None = None) -> tuple[Refusal, ...]:
    with pytest.raises(ConfigError) as caught:
        written(folder, text, environ)
    assert caught.value.key == caught.value.problems[0].key
    return caught.value.problems


def test_example_is_current_and_holds_the_defaults() -> None:
    assert (ROOT / "config.example.yaml").read_text("utf-8") == example(), "run `make docs`"
    assert load(ROOT / "config.example.yaml", {}) == Config.model_validate({}, context={"folder": ROOT})


def test_every_setting_has_both_sentences_and_a_variable_of_its_own() -> None:
    spots = settings(Config).values()
    assert all(spot.sentence("en").endswith(".") and spot.sentence("zh").endswith("。") for spot in spots)
    assert len({spot.variable for spot in spots}) == len(spots)
    for spot in spots:
        if spot.secret and spot.name != "storage.url":
            assert (*spot.keys[:-1], f"{spot.keys[-1]}_file") in settings(Config)


def test_an_empty_file_is_the_defaults(tmp_path: Path) -> None:
    config = written(tmp_path, "")
    assert (config.web.host, config.web.port, config.language) == ("127.0.0.1", 7860, "auto")
    assert written(tmp_path, "web:\nengine:\n  models:\n") == config


def test_without_a_file_the_defaults_start_at_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("bot.settings.config.BESIDE", tmp_path / "none.yaml")
    assert load(None, {}).data.folder == tmp_path / "data"


def test_the_file_beside_the_program_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.settings.config.BESIDE", tmp_path / "config.yaml")
    (tmp_path / "config.yaml").write_text("web: {port: 1}")
    assert load(None, {}).web.port == 1


def test_folders_start_at_the_file(tmp_path: Path) -> None:
    config = written(tmp_path, "data:\n  folder: here\nengine:\n  models: [a, /b]\n  loras: c")
    assert config.data.folder == tmp_path / "here"
    assert config.engine.models == (tmp_path / "a", Path("/b"))
    assert config.engine.loras == (tmp_path / "c",)


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    environ = {
        "DANQING_WEB_PORT": "80",
        "DANQING_WEB_ENABLED": "off",
        "DANQING_LOG_LEVEL": "DEBUG",
        "DANQING_ENGINE_DEVICES": "cuda:0, cuda:1",
        "DANQING_ACCESS_ADMINS": '["discord:1", "web:小红"]',
        "DANQING_DRAW_GUIDANCE": "6.5",
        "DANQING_WEB_HOST": "",
        "DANQING_TEST_POSTGRES": "for the tests",
        "PATH": "/bin",
    }
    config = written(tmp_path, "web:\n  port: 1\n  host: localhost\n", environ)
    assert (config.web.port, config.web.enabled, config.web.host) == (80, False, "localhost")
    assert config.log_level == "debug"
    assert config.engine.devices == ("cuda:0", "cuda:1")
    assert config.access.admins == ("discord:1", "web:小红")
    assert config.draw.guidance == 6.5


@pytest.mark.parametrize(
    ("text", "line", "key", "values"),
    [
        ("web:\n  prot: 1", 2, "config.unknown", {"name": "web.prot", "nearest": "web.port"}),
        ("port: 1", 1, "config.unknown", {"name": "port", "nearest": "web.port"}),
        ("weeb:\n  port: 1", 1, "config.unknown", {"name": "weeb", "nearest": "web"}),
        ("web:\n  qqqqq: 1", 2, "config.unknown_far", {"name": "web.qqqqq"}),
        ("web:\n\n  port: 99999", 3, "config.whole", {"low": "0", "high": "65535", "value": "99999"}),
        ("web:\n  port: true", 2, "config.whole", {"value": "true"}),
        ("draw: {guidance: .nan}", 1, "config.number", {"low": "0", "high": "30"}),
        ("web: {enabled: perhaps}", 1, "config.yes_no", {"value": '"perhaps"'}),
        ("log_level: warn", 1, "config.choice_near", {"nearest": "warning"}),
        ("language: no", 1, "config.choice", {"allowed": "auto, zh, zh-TW, zh-HK, en"}),
        ("web: 5", 1, "config.section", {"name": "web"}),
        ("engine:\n  devices:\n  - cpu\n  - gpu", 4, "config.form", {"name": "engine.devices", "value": '"gpu"'}),
        ("engine: {devices: []}", 1, "config.form", {"name": "engine.devices"}),
        ("access:\n  admins:\n  - discord: 12", 3, "config.text", {"name": "access.admins"}),
        ("draw: {size: 100x100}", 1, "config.form", {"example": "512x768"}),
        ("draw: {sampler: 5}", 1, "config.text", {"value": "5"}),
        ("data: {folder: ''}", 1, "config.text", {"name": "data.folder"}),
        ("storage: {url: 'mysql://x'}", 1, "config.form", {"value": "***"}),
        ("web: {public_url: 'ftp://x'}", 1, "config.form", {"name": "web.public_url"}),
        ("web: {host: 'http://x/'}", 1, "config.form", {"example": "127.0.0.1"}),
        ("web:\n  host: 0.0.0.0", 2, "config.open", {"variable": "DANQING_WEB_PASSWORD"}),
        ("language: zh\nweb:\n  port: 1\n  port: 2", 4, "config.twice", {"name": "web.port", "first": 3}),
        ("web:\n\tport: 1", 2, "config.tab", {}),
        ("translate:\n  timeout: 1\n  service: openai", 3, "config.nowhere", {"url": "translate.url"}),
        ("translate: {service: opneai}", 1, "config.choice_near", {"nearest": "openai"}),
        ("translate: {timeout: 0}", 1, "config.number", {"low": "0.5", "high": "120"}),
        ("web: [", 1, "config.yaml", {}),
        ("- web", 1, "config.top", {}),
        ("a: 1\n---\nb: 2", 2, "config.yaml", {}),
        ("web: &w\n  port: *v", 2, "config.yaml", {}),
        ("data: &a [*a]", 1, "config.yaml", {}),
        ("web:\n  port: 2020-13-45", 2, "config.yaml", {}),
        ("web:\n  port: !!python/object:os.system {}", 2, "config.yaml", {}),
        ("language: zh\n\x01", 2, "config.characters", {}),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, line: int, key: str, values: dict[str, str | int]) -> None:
    problem = refused(tmp_path, text)[0]
    assert problem.key == key
    assert problem.values["where"] == f"{tmp_path / 'config.yaml'}:{line}"
    assert problem.values.items() >= values.items()


def test_every_problem_is_named_at_once(tmp_path: Path) -> None:
    problems = refused(tmp_path, "web:\n  prot: 1\n  max_upload_mb: 0\n", {"DANQING_DRAW_STEPS": "many"})
    assert {problem.values["name"] for problem in problems} == {"web.prot", "web.max_upload_mb", "draw.steps"}


def test_a_wrong_variable_is_named(tmp_path: Path) -> None:
    for variable, near in (("DANQING_WEB_PROT", "DANQING_WEB_PORT"), ("DANQING_PORT", "DANQING_WEB_PORT")):
        (problem,) = refused(tmp_path, "", {variable: "1"})
        assert (problem.key, problem.values["where"], problem.values["nearest"]) == ("config.unknown", variable, near)
    (problem,) = refused(tmp_path, "web: {port: 2}", {"DANQING_WEB_PORT": "x"})
    assert (problem.key, problem.values["where"]) == ("config.whole", "DANQING_WEB_PORT")


@pytest.mark.parametrize(
    "name",
    ["web.password", "discord.token", "telegram.token", "storage.password", "storage.pictures_secret", "translate.key"],
)
def test_secrets_come_from_the_environment_or_a_file_only(tmp_path: Path, name: str) -> None:
    section, key = name.split(".")
    variable = f"DANQING_{section}_{key}".upper()
    (problem,) = refused(tmp_path, f"{section}:\n  {key}: hunter2\n")
    assert problem.key == "config.secret"
    assert problem.values == {"where": f"{tmp_path / 'config.yaml'}:2", "name": name, "variable": variable}

    (tmp_path / "kept.txt").write_text("  hunter2 \r\n")
    filed = written(tmp_path, f"{section}:\n  {key}_file: kept.txt\n")
    assert getattr(getattr(filed, section), key).get_secret_value() == "  hunter2 "
    both = written(tmp_path, f"{section}:\n  {key}_file: kept.txt\n", {variable: "hunter3"})
    assert getattr(getattr(both, section), key).get_secret_value() == "hunter3"
    for shown in (repr(both), str(both), both.model_dump_json(), str(both.model_dump())):
        assert "hunter" not in shown


@pytest.mark.parametrize(
    ("content", "key"), [(None, "missing"), (b"", "form"), (b"a\nb", "form"), (b"\xff\xfe\xff", "unreadable")]
)
def test_a_secret_file_that_does_not_serve_is_the_only_problem(tmp_path: Path, content: bytes | None, key: str) -> None:
    if content is not None:
        (tmp_path / "kept.txt").write_bytes(content)
    (problem,) = refused(tmp_path, "web:\n  host: 0.0.0.0\n  password_file: kept.txt")
    assert (problem.key, problem.values["name"]) == (f"config.secret_{key}", "web.password_file")


def test_no_problem_repeats_what_may_be_secret(tmp_path: Path) -> None:
    texts = [
        "web: {password: hunter2}",
        "discord: hunter2",
        "web: {port: {password: hunter2}}",
        "web: {password_file: hunter2}",
        "storage: {url: 'postgresql://u:hunter2@h/d'}",
        "storage: {url: 'postgresql://h/d?password=hunter2'}",
        "storage: {url: 'mysql://u:hunter2@h/d'}",
        "telegram: {token: *hunter2}",
        "telegram: {token: !hunter2 x}",
        "telegram: {token: 'hunter2}",
        "telegram: {token: [hunter2}",
    ]
    for text in texts:
        with pytest.raises(ConfigError) as caught:
            written(tmp_path, text)
        assert "hunter2" not in str(caught.value)
        assert caught.value.__cause__ is None


def test_the_database_password_is_put_into_its_url(tmp_path: Path) -> None:
    text = "storage: {url: 'postgresql+asyncpg://danqing@db:5432/name?ssl=require'}"
    config = written(tmp_path, text, {"DANQING_STORAGE_PASSWORD": "a b/c@d"})
    assert config.storage.address == "postgresql+asyncpg://danqing:a%20b%2Fc%40d@db:5432/name?ssl=require"
    assert "danqing:" not in repr(config)
    url = "postgresql://u:hunter2@h/d"
    assert written(tmp_path, "", {"DANQING_STORAGE_URL": url}).storage.address == url
    assert written(tmp_path, "").storage.address == ""


def test_only_this_machine_without_a_password(tmp_path: Path) -> None:
    for host in ("127.0.0.1", "127.8.8.8", "localhost", "::1"):
        assert written(tmp_path, f"web: {{host: '{host}'}}").web.host == host
    assert written(tmp_path, "web: {host: '[::1]'}").web.host == "::1"
    for host in ("0.0.0.0", "::", "192.168.1.4", "127.1", "example.org"):
        assert refused(tmp_path, "", {"DANQING_WEB_HOST": host})[0].key == "config.open"
        assert written(tmp_path, "", {"DANQING_WEB_HOST": host, "DANQING_WEB_PASSWORD": "x"}).web.host == host
    assert not written(tmp_path, "web: {host: 0.0.0.0, enabled: false}").web.enabled


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    for name, content, key in (
        ("none.yaml", None, "missing"),
        ("folder", None, "unreadable"),
        ("latin.yaml", "a: 1\nb: 丹".encode("gbk"), "encoding"),
        ("large.yaml", b"#" * 1_000_001, "large"),
        ("deep.yaml", b"[" * 5000, "yaml"),
    ):
        (tmp_path / "folder").mkdir(exist_ok=True)
        if content is not None:
            (tmp_path / name).write_bytes(content)
        with pytest.raises(ConfigError) as caught:
            load(tmp_path / name, {})
        assert caught.value.key == f"config.{key}"


def test_a_byte_order_mark_and_windows_lines_do_no_harm(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_bytes(b"\xef\xbb\xbfweb:\r\n  port: 5\r\n")
    assert load(tmp_path / "config.yaml", {}).web.port == 5


def test_a_config_cannot_be_changed(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="frozen"):
        written(tmp_path, "").web.port = 5


def test_what_goes_with_the_built_in_model_lies_in_the_last_folder(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("engine: {models: [own], loras: [own], detectors: [seen]}")
    engine = load(tmp_path / "config.yaml", {}).engine
    assert engine.folders[0] == tmp_path / "own" and engine.folders.count(tmp_path / "own") == 1
    assert tmp_path / "seen" in engine.folders and engine.folders[-1] == catalog.COMPANIONS
    assert {one.name for one in catalog.loras(engine.folders)} == {"demo-blueprint", "demo-gilded", "demo-chalkboard"}
