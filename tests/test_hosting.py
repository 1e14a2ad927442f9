"""The files for hosting agree with the program: there is no Docker here, so they are read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from bot.cli import watchdog
from bot.platforms import health
from bot.settings.config import Config
from bot.settings.sections.drawing import EngineSection
from bot.settings.settings import settings
from bot.standby import LOST
from tests.running import ROOT

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
BOTS = [one for name, one in COMPOSE["services"].items() if name.startswith("bot")]
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
HOSTING = ROOT / "docs" / "hosting"
VARIABLES = {one.variable: one for one in settings(Config).values()}
FOLDERS = [name for name in EngineSection.model_fields if VARIABLES[f"DANQING_ENGINE_{name.upper()}"].many]


def test_tokens_and_secrets_reach_the_bot() -> None:
    for bot in BOTS:
        handed = set(bot["environment"])
        ours = {name for name in handed if name.startswith("DANQING_")}
        assert ours - set(VARIABLES) == set()
        secrets = {name for name, one in VARIABLES.items() if one.secret}
        assert secrets - handed == {"DANQING_WEB_PASSWORD"} and bot["secrets"] == ["web-password"]
        assert all(bot["environment"][name] == f"${{{name}:-}}" for name in ours)
    assert "DANQING_WEB_PASSWORD_FILE=/run/secrets/web-password" in DOCKERFILE


def test_there_is_a_folder_for_every_kind_of_file_and_all_can_be_written() -> None:
    kinds = [name for name in FOLDERS if name != "devices"]
    assert {"models", "loras", "embeddings", "vaes", "controlnets", "upscalers"} <= set(kinds)
    (made,) = re.findall(r"mkdir -p ([\w ]+)", DOCKERFILE)
    (owned,) = re.findall(r"chown danqing ([\w ]+)", DOCKERFILE)
    for bot in BOTS:
        assert {f"./{kind}:/app/{kind}" for kind in kinds} | {"data:/app/data"} <= set(bot["volumes"])
    assert set(kinds) <= set(made.split()) and made.split() == owned.split()
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert set(kinds) <= set(ignored)


def test_one_profile_each_draws_on_the_processor_and_on_graphics_cards() -> None:
    cpu, gpu = COMPOSE["services"]["bot"], COMPOSE["services"]["bot-gpu"]
    assert (cpu["profiles"], gpu["profiles"]) == (["cpu"], ["gpu"])
    (device,) = gpu["deploy"]["resources"]["reservations"]["devices"]
    assert device == {"driver": "nvidia", "count": "all", "capabilities": ["gpu"]} and "deploy" not in cpu
    assert "/cpu" in cpu["build"]["args"]["TORCH_INDEX"] and "/cpu" not in gpu["build"]["args"]["TORCH_INDEX"]
    assert cpu["depends_on"]["postgres"] == {"condition": "service_healthy", "required": False}
    assert COMPOSE["services"]["postgres"]["healthcheck"]


def test_health_is_asked_at_the_port_of_the_metrics() -> None:
    assert "DANQING_METRICS_PORT=" in DOCKERFILE and "/health" in DOCKERFILE.partition("HEALTHCHECK")[2]


def test_a_second_bot_takes_over_with_all_that_the_first_has() -> None:
    for first, second in (("bot", "bot-standby"), ("bot-gpu", "bot-standby-gpu")):
        one, other = dict(COMPOSE["services"][first]), dict(COMPOSE["services"][second])
        assert one.pop("ports") != other.pop("ports")
        assert one.pop("profiles") != other.pop("profiles")
        assert one == other and one["restart"] == "unless-stopped"
    assert "Restart=on-failure" in (HOSTING / "danqing.service").read_text(
        "utf-8"
    )  # the status of one that lost the lead


def test_the_example_for_kubernetes_agrees_with_the_program() -> None:
    kinds = {one["kind"]: one for one in yaml.safe_load_all((HOSTING / "kubernetes.yaml").read_text("utf-8"))}
    spec = kinds["Deployment"]["spec"]
    (bot,) = spec["template"]["spec"]["containers"]
    assert spec["replicas"] == 2 and spec["strategy"]["rollingUpdate"]["maxUnavailable"] == "100%"
    assert {one["name"] for one in bot["env"]} <= set(VARIABLES)
    values = {one["name"]: one.get("value") for one in bot["env"]}
    ports = {one["name"]: one["containerPort"] for one in bot["ports"]}
    assert ports == {"page": Config().web.port, "metrics": int(values["DANQING_METRICS_PORT"])}
    asked = {name: bot[f"{name}Probe"]["httpGet"] for name in ("startup", "liveness", "readiness")}
    assert {one["port"] for one in asked.values()} == {"metrics"} and values["DANQING_METRICS_HOST"] == "0.0.0.0"
    assert (asked["liveness"]["path"], asked["readiness"]["path"]) == health.PATHS
    assert {f"{one['mountPath']}" for one in bot["volumeMounts"]} == {"/app/data", "/app/models"}


def test_proxies_are_given_the_settings_they_need() -> None:
    for name in ("nginx.conf", "Caddyfile"):
        text = (HOSTING / name).read_text("utf-8")
        assert all(word in text for word in ("public_url", "trusted_proxies", "password_file", "webhook"))
        config = Config()
        assert f"127.0.0.1:{config.web.port}" in text and f"127.0.0.1:{config.telegram.webhook_port}" in text
        sizes = [int(found) for found in re.findall(r"(\d+)(?:m;|MB)", text)]
        assert sizes and min(sizes) > config.web.max_upload_mb
    nginx = (HOSTING / "nginx.conf").read_text("utf-8")
    assert all(
        word in nginx for word in ("X-Forwarded-For", "X-Forwarded-Proto", "Host $http_host", "proxy_buffering off")
    )


def test_what_the_documents_name_is_there() -> None:
    for name in ("hosting.md", "hosting.zh.md", "takeover.md", "takeover.zh.md"):
        text = (ROOT / "docs" / name).read_text("utf-8")
        for link in re.findall(r"\]\(([^)#]+)\)", text):
            assert link.startswith("http") or (Path(ROOT / "docs") / link).exists(), link
        named = set(re.findall(r"\b((?:web|metrics|engine|storage|telegram)\.[a-z_]+)\b", text))
        known = {one.name for one in VARIABLES.values()}
        assert {one for one in named if not one.endswith((".md", ".conf"))} <= known
        if name.startswith("takeover"):
            assert set(re.findall(r"/health(?:/ready)?", text)) == set(health.PATHS) and str(LOST) in text
            assert all(f"`{one}`" in text for one in ("ok", "standby")) and str(watchdog.PATIENCE) in text
            continue
        assert re.search(r"torch==([\d.]+)", text) is not None
        (told,) = set(re.findall(r"torch==([\d.]+)", text))
        assert f"torch=={told}" in (ROOT / "constraints.txt").read_text("utf-8")
