"""Config: the sections (bot/settings/sections/) together, read once from one YAML file and the environment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from bot import texts
from bot.settings import lined_yaml
from bot.settings.sections.access import AccessSection
from bot.settings.sections.chats import DiscordSection, SdapiSection, TelegramSection, WebSection
from bot.settings.sections.drawing import DrawSection, EngineSection, QueueSection, TranslateSection
from bot.settings.sections.field_types import AnyCase, Section, has_password
from bot.settings.sections.hosts import HostsSection
from bot.settings.sections.metrics import MetricsSection
from bot.settings.sections.storage import DataSection, StorageSection
from bot.settings.sections.tags import TagsSection
from bot.settings.sections.training import TrainingSection
from bot.settings.settings import Setting, read_settings, setting, settings

BESIDE = Path(__file__).resolve().parents[2] / "config.yaml"  # beside bot.py


def _language(value: object) -> object:
    return (texts.language_called(value) or value.lower()) if isinstance(value, str) else value


Language = BeforeValidator(_language)


class Config(Section):
    """Every setting of the bot; secrets in it show as stars."""

    language: Annotated[Literal["auto", "zh", "zh-TW", "zh-HK", "en"], Language] = setting(
        "auto",
        "The language for people who have chosen none; auto goes by their app or browser.",
        "没有选择语言的人看到的语言；auto 表示跟随其应用或浏览器。",
    )
    log_level: Annotated[Literal["debug", "info", "warning", "error"], AnyCase] = setting(
        "info", "How much the log tells.", "日志的详细程度。"
    )
    log_format: Annotated[Literal["text", "json"], AnyCase] = setting(
        "text",
        "The form of the log: text for people, json for programs that collect logs.",
        "日志的格式：text 给人看，json 给收集日志的程序看。",
    )
    data: DataSection = Field(default_factory=DataSection)
    web: WebSection = Field(default_factory=WebSection)
    sdapi: SdapiSection = Field(default_factory=SdapiSection)
    discord: DiscordSection = Field(default_factory=DiscordSection)
    telegram: TelegramSection = Field(default_factory=TelegramSection)
    storage: StorageSection = Field(default_factory=StorageSection)
    engine: EngineSection = Field(default_factory=EngineSection)
    hosts: HostsSection = Field(default_factory=HostsSection)
    queue: QueueSection = Field(default_factory=QueueSection)
    translate: TranslateSection = Field(default_factory=TranslateSection)
    access: AccessSection = Field(default_factory=AccessSection)
    draw: DrawSection = Field(default_factory=DrawSection)
    tags: TagsSection = Field(default_factory=TagsSection)
    training: TrainingSection = Field(default_factory=TrainingSection)
    metrics: MetricsSection = Field(default_factory=MetricsSection)


def load(path: Path | None, environ: Mapping[str, str]) -> Config:
    """The settings of one start: a YAML file (without `path`, the config.yaml beside bot.py where there is one),
    and above it the environment's DANQING_<SECTION>_<KEY>. Raises ConfigError with every problem found."""
    file = path or (BESIDE if BESIDE.is_file() else None)
    if file is None:
        return read_settings(Config, lined_yaml.Lined({}, {}), None, Path.cwd(), environ, _forbidden)
    return read_settings(Config, lined_yaml.read_yaml(file), file, file.absolute().parent, environ, _forbidden)


def _forbidden(spot: Setting, value: object) -> bool:
    if spot.name == "storage.url":
        return isinstance(value, str) and has_password(value)
    return spot.secret


def example() -> str:
    """config.example.yaml: every setting with its default and its sentence."""
    lines = [
        "# Danqing's settings, each with its default. Copy this file to config.yaml and keep the lines you change.",
        "# 丹青的全部设置及默认值。复制为 config.yaml，只留下要改的行即可。",
        "#",
        "# Every setting can be given in the environment as well, which goes before this file: web.port is",
        "# DANQING_WEB_PORT. Lists are separated by commas there. Relative folders start at this file's folder.",
        "# 每项设置也可以用环境变量给出，且优先于本文件：web.port 对应 DANQING_WEB_PORT，列表用逗号分隔。",
        "# 相对路径从本文件所在的文件夹算起。",
    ]
    section = ""
    for spot in settings(Config).values():
        if len(spot.keys) == 2 and spot.keys[0] != section:
            section = spot.keys[0]
            lines += ["", f"{section}:"]
        indent = "  " * (len(spot.keys) - 1)
        if not lines[-1].endswith(f"{section}:"):
            lines.append("")
        lines += [f"{indent}# {spot.sentence('en')}", f"{indent}# {spot.sentence('zh')}"]
        if spot.secret and spot.name != "storage.url":
            lines.append(f"{indent}# Secret: never in this file. 机密：不要写在本文件里。{spot.variable}=…")
            continue
        if spot.example and spot.default == "":
            lines.append(f"{indent}# e.g. {spot.example}")
        lines.append(f"{indent}{spot.keys[-1]}: {spot.default}".rstrip())
    return "\n".join(lines) + "\n"
