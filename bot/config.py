"""Config: every setting of the bot, read once from one YAML file and the environment."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import quote, urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationInfo, model_validator
from pydantic_core import PydanticCustomError

from bot import lined_yaml
from bot.settings import Setting, read, setting, settings

BESIDE = Path(__file__).resolve().parent.parent / "config.yaml"  # beside bot.py


def _absolute(value: object, info: ValidationInfo) -> object:
    """Relative folders start at the settings file's folder, or at the working folder where there is no file."""
    if not isinstance(value, str | Path) or not str(value) or "\0" in str(value):
        raise PydanticCustomError("form", "not a path")
    start: Path = (info.context or {}).get("folder", Path.cwd())
    try:
        return (start / Path(value).expanduser()).absolute()
    except RuntimeError:  # ~somebody who has no home
        raise PydanticCustomError("form", "no such home folder") from None


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _several(value: object) -> object:
    return [value] if isinstance(value, str | Path) else value


def _bare(value: object) -> object:
    """Without the brackets that an IPv6 address wears in a URL."""
    return value.removeprefix("[").removesuffix("]") if isinstance(value, str) else value


def _size(value: object) -> object:
    match = re.fullmatch(r"(\d{2,4})[x×*](\d{2,4})", str(value))
    if not match or any(int(side) % 8 or not 64 <= int(side) <= 2048 for side in match.groups()):
        raise PydanticCustomError("form", "not a size")
    return f"{int(match[1])}x{int(match[2])}"


def _public(value: object) -> object:
    url = urlsplit(str(value))
    if url.scheme not in ("http", "https") or not url.hostname or url.username or url.query or url.fragment:
        raise PydanticCustomError("form", "not an address")
    return str(value).rstrip("/")


def _database(value: object) -> object:
    text = value.get_secret_value() if isinstance(value, SecretStr) else value
    if not isinstance(text, str) or (text and not re.match(r"(sqlite|postgres(ql)?)(\+\w+)?://", text)):
        raise PydanticCustomError("form", "not a database address")
    return text


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address."""
    try:
        return host.lower() == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def has_password(url: str) -> bool:
    """Whether a database address carries a password, in its middle or among its options."""
    try:
        parts = urlsplit(url)
        return parts.password is not None or "password=" in parts.query.lower()
    except ValueError:
        return "@" in url


Folder = Annotated[Path, BeforeValidator(_absolute)]
Folders = Annotated[tuple[Folder, ...], BeforeValidator(_several)]
Device = Annotated[str, Field(pattern=r"^(auto|cpu|cuda(:\d{1,3})?)$"), BeforeValidator(_lower)]
Devices = Annotated[tuple[Device, ...], BeforeValidator(_several), Field(min_length=1)]
Named = Annotated[tuple[Annotated[str, Field(pattern=r"^[a-z]+:\S(.*\S)?$")], ...], BeforeValidator(_several)]
Counted = Annotated[tuple[Annotated[str, Field(pattern=r"^[a-z]+:[^\s=]+=\d{1,6}$")], ...], BeforeValidator(_several)]
Reactions = Annotated[tuple[Annotated[str, Field(pattern=r"^[^\s=]+=[a-z_]+$")], ...], BeforeValidator(_several)]
Host = Annotated[str, Field(pattern=r"^[\w.:%-]+$"), BeforeValidator(_bare)]
Url = Annotated[str, BeforeValidator(_public)]


class Section(BaseModel):
    """A group of settings that cannot be changed once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True, hide_input_in_errors=True)


class Data(Section):
    """Where the bot keeps what it remembers."""

    folder: Folder = setting(
        Path("data"),
        "Where pictures and the built-in database are kept.",
        "存放图片和内置数据库的文件夹。",
    )


class Web(Section):
    """The page people paint on."""

    enabled: bool = setting(True, "Whether to serve the web chat.", "是否开启网页聊天。")
    host: Host = setting(
        "127.0.0.1",
        "The address to listen on; anything but this machine itself (as 0.0.0.0) needs a password.",
        "监听的地址；除本机以外的地址（如 0.0.0.0）必须设置密码。",
        example="127.0.0.1",
    )
    port: int = setting(
        7860, "The port to listen on; 0 takes any free one.", "监听的端口；0 表示任选空闲端口。", ge=0, le=65535
    )
    password: SecretStr | None = setting(
        None, "The password that opens the page.", "打开网页所需的密码。", min_length=1, max_length=1000
    )
    password_file: Folder | None = setting(
        None, "A file that holds the password.", "存放密码的文件。", example="web-password.txt"
    )
    max_upload_mb: int = setting(
        20, "The largest file a person may upload, in megabytes.", "上传文件的大小上限，单位 MB。", ge=1, le=200
    )
    public_url: Url | None = setting(
        None,
        "The address people type when a proxy stands before the page.",
        "网页前面有反向代理时，大家在浏览器里输入的地址。",
        example="https://paint.example.org",
    )

    @model_validator(mode="after")
    def _closed(self) -> Self:
        if self.enabled and self.password is None and not is_loopback(self.host):
            raise PydanticCustomError("open", "open to others without a password")
        return self


class Discord(Section):
    """The Discord bot; it runs where there is a token."""

    token: SecretStr | None = setting(None, "The bot's token.", "机器人的令牌。", min_length=1)
    token_file: Folder | None = setting(
        None, "A file that holds the token.", "存放令牌的文件。", example="discord-token.txt"
    )
    api_base: Url = setting(
        "https://discord.com/api/v10",
        "Where Discord's API answers.",
        "Discord 接口的地址。",
        example="https://discord.com/api/v10",
    )
    gateway: str | None = setting(
        None,
        "The gateway's address; empty asks the API for it.",
        "网关地址；留空则向接口查询。",
        pattern=r"^wss?://[^\s@]+$",
        example="wss://gateway.discord.gg",
    )
    reactions: Reactions = setting(
        ("🔁=again", "⬆️=upscale", "🎲=vary", "❤️=favourite", "⭐=favourite", "✉️=original", "ℹ️=recipe", "❌=delete"),
        "What a reaction to the bot's pictures does, each as emoji=action.",
        "给图片加表情回应会做什么，每项写成“表情=操作”。",
        example="🔁=again, ❌=delete",
    )


class Telegram(Section):
    """The Telegram bot; a token turns it on."""

    token: SecretStr | None = setting(None, "The bot's token.", "机器人的令牌。", min_length=1)
    token_file: Folder | None = setting(
        None, "A file that holds the token.", "存放令牌的文件。", example="telegram-token.txt"
    )
    api_base: Url = setting(
        "https://api.telegram.org",
        "Where Telegram's API answers.",
        "Telegram 接口的地址。",
        example="https://api.telegram.org",
    )
    file_base: Url = setting(
        "https://api.telegram.org/file",
        "Where Telegram hands out files.",
        "下载 Telegram 文件的地址。",
        example="https://api.telegram.org/file",
    )
    reactions: Reactions = setting(
        ("❤=favourite", "🔥=upscale", "👍=again", "👎=delete"),
        "What reactions to a picture do, each as emoji=action; the actions are named as the buttons are.",
        "给图片点的表情各做什么，写成“表情=动作”；动作与按钮同名。",
        example="❤=favourite",
    )
    webhook: Url | None = setting(
        None,
        "The https address where Telegram posts updates; empty asks Telegram for them, which needs no address.",
        "Telegram 推送更新的 https 地址；留空则由机器人自己去取，不需要公网地址。",
        example="https://bot.example.org/telegram",
    )
    webhook_host: Host = setting(
        "127.0.0.1",
        "The address to listen on for what Telegram posts; a proxy with the certificate stands before it.",
        "接收推送时监听的地址；前面由带证书的反向代理转发。",
        example="127.0.0.1",
    )
    webhook_port: int = setting(
        8443, "The port to listen on for what Telegram posts.", "接收推送时监听的端口。", ge=0, le=65535
    )


class Storage(Section):
    """The database."""

    url: Annotated[SecretStr, BeforeValidator(_database)] = setting(
        SecretStr(""),
        "The database; empty keeps one file in the data folder, postgresql://user@host/name uses a server.",
        "数据库地址；留空则在数据文件夹里用一个文件，postgresql://用户@主机/库名 则用服务器。",
        example="postgresql://danqing@localhost/danqing",
    )
    password: SecretStr | None = setting(None, "The database server's password.", "数据库服务器的密码。", min_length=1)
    password_file: Folder | None = setting(
        None, "A file that holds the database password.", "存放数据库密码的文件。", example="database-password.txt"
    )

    @property
    def address(self) -> str:
        """The database's URL, empty for the file in the data folder; its password is in it, so never show or log it."""
        url = self.url.get_secret_value()
        if not url.startswith("postgres") or self.password is None:
            return url
        parts = urlsplit(url)
        user, _, host = parts.netloc.rpartition("@")
        name = user.partition(":")[0]
        return parts._replace(netloc=f"{name}:{quote(self.password.get_secret_value(), safe='')}@{host}").geturl()


class Engine(Section):
    """What draws, and with which models."""

    devices: Devices = setting(
        ("auto",),
        "What draws: auto, cpu, or a list of graphics cards such as [cuda:0, cuda:1].",
        "用什么画：auto（自动）、cpu，或显卡列表，如 [cuda:0, cuda:1]。",
        example="auto, cpu, cuda:0",
    )
    slots: int = setting(
        0,
        "How many pictures a device draws at once; 0 chooses for the device.",
        "每个设备同时画几张；0 表示按设备自动选择。",
        ge=0,
        le=64,
    )
    models: Folders = setting((Path("models"),), "The folders with models.", "模型所在的文件夹。", example="models")
    loras: Folders = setting(
        (Path("loras"),), "The folders with LoRA files.", "LoRA 文件所在的文件夹。", example="loras"
    )
    embeddings: Folders = setting(
        (Path("embeddings"),),
        "The folders with embeddings (textual inversion).",
        "嵌入（textual inversion）文件所在的文件夹。",
        example="embeddings",
    )
    vaes: Folders = setting((Path("vaes"),), "The folders with VAEs.", "VAE 所在的文件夹。", example="vaes")
    upscalers: Folders = setting(
        (Path("upscalers"),),
        "The folders with files of upscaling networks.",
        "放大模型文件所在的文件夹。",
        example="upscalers",
    )
    model: str = setting(
        "danqing-demo",
        "The model that draws when nobody names one.",
        "没有指定模型时使用的模型。",
        min_length=1,
        example="danqing-demo",
    )

    @property
    def folders(self) -> tuple[Path, ...]:
        """All folders: what a file is shows in the file, wherever it lies."""
        return tuple(dict.fromkeys((*self.models, *self.loras, *self.embeddings, *self.vaes, *self.upscalers)))


class Queue(Section):
    """How much may wait."""

    waiting_per_person: int = setting(
        8, "How many requests one person may have waiting.", "每个人最多可以有几个请求在排队。", ge=1, le=1000
    )
    waiting_in_all: int = setting(
        200, "How many requests may wait in all.", "总共最多可以有几个请求在排队。", ge=1, le=100_000
    )
    pictures_per_request: int = setting(
        4, "How many pictures one request may ask for.", "一个请求最多可以要几张图。", ge=1, le=64
    )


class Translate(Section):
    """How Chinese becomes English."""

    packages: Folder = setting(
        Path("data/argos"),
        "The folder with Argos translation packages; without any, the built-in glossary and dictionary translate.",
        "Argos 翻译包所在的文件夹；没有翻译包时，用内置的词表和词典翻译。",
    )
    index: Url = setting(
        "https://raw.githubusercontent.com/argosopentech/argospm-index/main/index.json",
        "The list of packages that `python bot.py translate install` looks in.",
        "“python bot.py translate install” 查找翻译包的目录。",
        example="https://packages.example.org/index.json",
    )
    service: Annotated[Literal["none", "libretranslate", "openai"], BeforeValidator(_lower)] = setting(
        "none",
        "A service that reads whole clauses before Argos: none, libretranslate, or openai (or any compatible one).",
        "先于 Argos 翻译整句的在线服务：none（不用）、libretranslate 或 openai（或与之兼容的服务）。",
    )
    url: Url | None = setting(
        None, "Where that service answers.", "该服务的地址。", example="https://translate.example.org"
    )
    key: SecretStr | None = setting(None, "The service's key.", "该服务的密钥。", min_length=1)
    key_file: Folder | None = setting(
        None, "A file that holds the service's key.", "存放服务密钥的文件。", example="translate-key.txt"
    )
    model: str | None = setting(
        None, "The model that an openai service is asked for.", "openai 服务使用的模型。", min_length=1, example="qwen3"
    )
    timeout: float = setting(
        10.0,
        "How many seconds the service may take for a clause before the others translate it.",
        "该服务翻译一句最多等几秒，超过就改用其他方式。",
        ge=0.5,
        le=120,
        allow_inf_nan=False,
    )

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if self.service != "none" and self.url is None:
            raise PydanticCustomError("nowhere", "a service without its address")
        return self


class Access(Section):
    """Who may do what."""

    admins: Named = setting(
        (),
        "The people who may stop anybody's request and use /admin, each as platform:account.",
        "可以取消任何人的请求、使用 /admin 的管理员，写成“平台:账号”。",
        example="discord:123456789",
    )
    servers: Named = setting(
        (),
        "The servers and groups the bot answers in, each as platform:id; empty answers in all.",
        "机器人只在这些服务器和群里回应，写成“平台:编号”；留空则都回应。",
        example="discord:123456789",
    )
    chats: Named = setting(
        (),
        "The channels in servers the bot answers in, each as platform:id; empty answers in all.",
        "机器人只在服务器里的这些频道回应，写成“平台:编号”；留空则都回应。",
        example="discord:123456789",
    )
    roles: Named = setting(
        (),
        "Who may draw in servers has one of these roles, each as platform:id; empty asks for none.",
        "在服务器里画画需要其中一个身份组，写成“平台:编号”；留空则不需要。",
        example="discord:123456789",
    )
    private: bool = setting(True, "Whether strangers may draw in private conversations.", "是否允许大家在私聊里画画。")
    blocked: Named = setting(
        (),
        "The people who may do nothing, each as platform:account.",
        "不许使用机器人的人，写成“平台:账号”。",
        example="telegram:123456789",
    )
    pictures_per_day: int = setting(
        0,
        "How many pictures a person may ask for in a day (UTC); 0 sets no limit.",
        "每人每天（UTC）最多画几张；0 表示不限。",
        ge=0,
        le=100_000,
    )
    seconds_per_day: int = setting(
        0,
        "How many seconds of drawing time a person has in a day (UTC); 0 sets no limit.",
        "每人每天（UTC）最多用几秒绘画时间；0 表示不限。",
        ge=0,
        le=86_400,
    )
    role_pictures_per_day: Counted = setting(
        (),
        "Other numbers of pictures for roles, each as platform:id=number; the best of a person's roles counts.",
        "为身份组另设的每天张数，写成“平台:编号=数量”；一个人有多个身份组时取最多的。",
        example="discord:123456789=100",
    )
    role_seconds_per_day: Counted = setting(
        (),
        "Other numbers of seconds for roles, each as platform:id=number; the best of a person's roles counts.",
        "为身份组另设的每天秒数，写成“平台:编号=数量”；一个人有多个身份组时取最多的。",
        example="discord:123456789=600",
    )
    cooldown: float = setting(
        0.0,
        "How many seconds a person waits between two requests.",
        "每个人两次请求之间要等几秒。",
        ge=0,
        le=86_400,
        allow_inf_nan=False,
    )
    adult: Annotated[Literal["refuse", "spoiler", "allow", "never"], BeforeValidator(_lower)] = setting(
        "refuse",
        "What becomes of words for adults outside age-restricted rooms, where a server has no rule of its own: refuse, "
        "spoiler (veil the pictures) or allow; never refuses them everywhere.",
        "有年龄限制的频道以外出现成人词语时怎么办（服务器可自行另设）：refuse 拒绝、spoiler 画出来但遮住、allow 允许；"
        "never 表示任何地方都拒绝。",
    )


class Draw(Section):
    """What a request gets that does not say; empty leaves it to the model."""

    assistant: bool = setting(
        True,
        "Whether the assistant adds quality and style words and a negative prompt.",
        "是否由助手补上画质、风格词和反向提示词。",
    )
    size: Annotated[str, BeforeValidator(_size)] | None = setting(
        None, "Width x height in pixels, multiples of 8.", "宽x高，单位像素，须为 8 的倍数。", example="512x768"
    )
    steps: int | None = setting(None, "How many steps a picture takes.", "每张图画多少步。", ge=1, le=150)
    sampler: str | None = setting(
        None, "The sampler's name.", "采样器的名字。", min_length=1, example="DPM++ 2M Karras"
    )
    guidance: float | None = setting(
        None,
        "How closely to follow the words.",
        "贴合文字的程度（CFG）。",
        ge=0,
        le=30,
        allow_inf_nan=False,
    )


class Config(Section):
    """Every setting of the bot; secrets in it show as stars."""

    language: Annotated[Literal["auto", "zh", "en"], BeforeValidator(_lower)] = setting(
        "auto",
        "The language for people who have chosen none; auto goes by their app or browser.",
        "没有选择语言的人看到的语言；auto 表示跟随其应用或浏览器。",
    )
    log_level: Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(_lower)] = setting(
        "info", "How much the log tells.", "日志的详细程度。"
    )
    data: Data = Field(default_factory=Data)
    web: Web = Field(default_factory=Web)
    discord: Discord = Field(default_factory=Discord)
    telegram: Telegram = Field(default_factory=Telegram)
    storage: Storage = Field(default_factory=Storage)
    engine: Engine = Field(default_factory=Engine)
    queue: Queue = Field(default_factory=Queue)
    translate: Translate = Field(default_factory=Translate)
    access: Access = Field(default_factory=Access)
    draw: Draw = Field(default_factory=Draw)


def load(path: Path | None, environ: Mapping[str, str]) -> Config:
    """The settings of one start: a YAML file (without `path`, the config.yaml beside bot.py where there is one),
    and above it the environment's DANQING_<SECTION>_<KEY>. Raises ConfigError with every problem found."""
    file = path or (BESIDE if BESIDE.is_file() else None)
    if file is None:
        return read(Config, lined_yaml.Lined({}, {}), None, Path.cwd(), environ, _forbidden)
    return read(Config, lined_yaml.read(file), file, file.absolute().parent, environ, _forbidden)


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
