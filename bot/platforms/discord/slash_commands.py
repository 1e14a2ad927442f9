"""The slash commands and menus as Discord shows them: the house's table of commands, with options where they help."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from bot import texts
from bot.buttons import forms
from bot.commands import admin, settings
from bot.commands.command import Command
from bot.commands.table import COMMANDS
from bot.platforms.discord.rest import Payload
from bot.studio.suggest import Kind
from engine import control_words
from prompts.compose import LIMIT, SENTENCE
from prompts.prompt import Json, LoraUse, Options
from prompts.traditional import written
from storage.favourites import MAX_NAME

SUBCOMMAND, STRING, INTEGER, USER, ATTACHMENT = 1, 3, 4, 6, 11
CHAT, MESSAGE = 1, 3
MENUS = ("again", "upscale", "base", "recipe", "favourite")  # of a message; Discord allows five
EVERYWHERE: Payload = {"contexts": [0, 1, 2], "integration_types": [0, 1]}  # servers, direct messages; user-installed
LONGEST = 100  # characters of a description, of a choice's name and value
SHORT = 1000  # characters of words to look for and of values: lists of LoRAs are the longest
SHAPE = 20  # characters of a shape in words, which stand behind the prompt
CODE = 400  # characters of what a QR code says
MAX_TRAINING = 80  # characters of the name of a training
MOST_PICTURES = 64
IMAGES = ("image", "image_two", "image_three", "image_four")  # options of /imagine for pictures to draw over
NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
LEARNT = (*(f"photo_{number}" for number in NUMBERS), "zip")  # of /train, as many as a message may have
PICTURE = "picture"  # of others, for one to look at
MANAGE_GUILD = 1 << 5
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_RATIO = re.compile(r"(\d+(?:\.\d+)?)\s*[:：x×/]\s*(\d+(?:\.\d+)?)")

Values = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class SlashOption:
    """Something to fill in, of `longest` characters; `suggest` completes it, or what the setting takes that the option
    `of` names (`setting_values`); `choices` are all there is, each with its Chinese name. Its texts are
    `discord.option.<name>` and `discord.name.<name>`."""

    name: str
    kind: int = STRING
    required: bool = False
    suggest: Kind | None = None
    choices: Mapping[str, str] = field(default_factory=dict)
    longest: int = SHORT
    of: str = ""


@dataclass(frozen=True, slots=True)
class Slash:
    """How a command is filled in. `text` makes of it what stands behind the command's name, `open` says whether
    everybody sees the answer (a picture) or the person alone; where it is not `bare`, that of one with nothing filled
    in is the person's."""

    options: tuple[SlashOption, ...] = ()
    text: Callable[[Values], str] = lambda values: str(values.get("text", ""))
    open: bool = False
    bare: bool = True
    verbs: Mapping[str, Slash] | None = None


@dataclass(frozen=True, slots=True)
class SlashInput:
    """A filled-in command: the text it stands for, and the options and LoRAs given beside the text."""

    text: str
    options: Options = field(default_factory=Options)
    loras: tuple[LoraUse, ...] = ()


def _quoted(name: str) -> str:
    name = " ".join(name.replace('"', "'").split())
    return f'"{name}"' if " " in name else name


def _name_and(values: Values, other: str) -> str:
    return f"{_quoted(str(values['name']))} {values[other]}"


def _use(values: Values) -> str:
    return f"{_quoted(str(values['name']))} {values.get('values', '')}".strip()


def _words(values: Values) -> str:
    return str(values.get("words", ""))


def _history(values: Values) -> str:
    model = str(values.get("model", "")).replace('"', " ").strip()
    said = [str(values.get(name, "")).strip() for name in ("words", "when", "shape")]
    said += [f'model:"{model}"' if model else "", "favourites" if "favourites" in values else ""]
    return " ".join(filter(None, said))


def _prompts(values: Values) -> str:
    return f"{values.get('words', '')}{' favourites' if 'favourites' in values else ''}".strip()


def _control(values: Values) -> str:
    weight, code = "".join(str(values.get("weight", "")).split()), str(values.get("qr", "")).strip()
    says = (f"=“{code}”" if '"' in code else f'="{code}"') if code else ""
    return f"{_quoted(str(values['guide']))}{f':{weight}' if weight else ''}{says} {values['prompt']}"


def _train(values: Values) -> str:
    return f"{_quoted(str(values.get('training', '')))} {values.get('about', '')}".strip()


def _why(values: Values) -> str:
    return f"{values.get('id', '')} {values.get('parameter', '')}".strip()


def _change(values: Values) -> str:
    return f"{values.get('setting', values.get('rule', ''))} {values.get('value', '')}".strip()


def _chinese(names: Iterable[str], aliases: Mapping[str, str]) -> dict[str, str]:
    """Names with the Chinese alias that means them."""
    called = {meant: alias for alias, meant in aliases.items() if _CHINESE.search(alias)}
    return {name: called.get(name, name) for name in names}


NAME = SlashOption("name", required=True, suggest="favourite", longest=MAX_NAME)
TEXT = SlashOption("text", required=True, suggest="tag", longest=LIMIT)
FAVOURITES = {
    "list": Slash((SlashOption("words"),), _words),
    "use": Slash((NAME, SlashOption("values")), _use, open=True),
    "save": Slash(
        (SlashOption("name", required=True, longest=MAX_NAME), TEXT), lambda values: _name_and(values, "text")
    ),
    "rewrite": Slash((NAME, TEXT), lambda values: _name_and(values, "text")),
    "rename": Slash(
        (NAME, SlashOption("new", required=True, longest=MAX_NAME)), lambda values: _name_and(values, "new")
    ),
    "delete": Slash((NAME,), lambda values: _quoted(str(values["name"]))),
}
IMAGINE = (
    SlashOption("prompt", required=True, suggest="tag", longest=LIMIT - SHAPE - 2),
    SlashOption("style", suggest="style"),
    SlashOption("model", suggest="model"),
    SlashOption("lora", suggest="lora", longest=LIMIT),
    SlashOption("shape", suggest="shape", longest=SHAPE),
    SlashOption("count", INTEGER),
    SlashOption("upscaler", suggest="upscaler"),
    SlashOption("redraw", choices={"0.2": "轻微", "0.35": "适中", "0.5": "明显"}),
    SlashOption("fix", suggest="fix"),
    SlashOption("quality", choices={"fast": "快速", "full": "完整"}),
    *(SlashOption(name, ATTACHMENT) for name in IMAGES),
)
CONTROL = (
    SlashOption("guide", required=True, choices={row.en[0]: row.zh[0] for row in control_words.WORDS.values()}),
    SlashOption("prompt", required=True, suggest="tag", longest=LIMIT - SHAPE - 2),
    SlashOption(PICTURE, ATTACHMENT),
    SlashOption("weight", longest=SHAPE),
    SlashOption("qr", longest=CODE),
)
TRAIN = (
    SlashOption("training", suggest="training", longest=MAX_TRAINING),
    SlashOption("about", longest=LIMIT),
    *(SlashOption(name, ATTACHMENT) for name in LEARNT),
)
HISTORY = (
    SlashOption("words"),
    SlashOption("when", suggest="when"),
    SlashOption("model", suggest="used"),
    SlashOption("shape", suggest="format"),
    SlashOption("favourites", choices={"only": "只看收藏"}),
)
PERSON = SlashOption("person", USER, required=True)
COUNT = SlashOption("rule", choices=_chinese(admin.COUNTS, admin.ALIASES))
ADMIN = {
    **dict.fromkeys(("statistics", "reload", "pause", "resume", "drain"), Slash()),
    "limits": Slash(
        (PERSON, COUNT, SlashOption("value")), lambda values: f"{values['person']} {_change(values)}".strip()
    ),
    "fetch": Slash((SlashOption("repository"),), lambda values: str(values.get("repository", ""))),
    **dict.fromkeys(("block", "unblock"), Slash((PERSON,), lambda values: str(values["person"]))),
    "server": Slash(
        (SlashOption("rule", choices=_chinese(admin.SERVER, admin.ALIASES)), SlashOption("value")), _change
    ),
}
SLASHES: Mapping[str, Slash] = {
    "imagine": Slash(IMAGINE, lambda values: str(values["prompt"]), open=True),
    "prompt": Slash((TEXT,)),
    "edit": Slash(
        (SlashOption("change", required=True, longest=SENTENCE),), lambda values: str(values["change"]), open=True
    ),
    "control": Slash(CONTROL, _control, open=True),
    "compare": Slash(
        (TEXT, SlashOption("axes", required=True)), lambda values: f"{values['text']} {values['axes']}", open=True
    ),
    "tagtable": Slash((SlashOption("text", suggest="tag"),)),
    "why": Slash((SlashOption("parameter", suggest="lesson"), SlashOption("id")), _why, open=True),
    "favourites": Slash(verbs=FAVOURITES),
    "history": Slash(HISTORY, _history),
    "prompts": Slash((SlashOption("words"), HISTORY[-1]), _prompts),
    "find": Slash((SlashOption(PICTURE, ATTACHMENT), SlashOption("words")), _words),
    "tags": Slash((SlashOption(PICTURE, ATTACHMENT), SlashOption("words")), _words),
    "loras": Slash((SlashOption("lora", suggest="lora"),), lambda values: str(values.get("lora", ""))),
    "train": Slash(TRAIN, _train, open=True, bare=False),
    "styles": Slash((SlashOption("words", suggest="style"),), _words),
    "poses": Slash((SlashOption("words", suggest="pose"),), _words),
    "settings": Slash(
        (
            SlashOption("setting", choices=_chinese(settings.SETTINGS, settings.ALIASES)),
            SlashOption("value", of="setting"),
        ),
        _change,
    ),
    "cancel": Slash((SlashOption("which", choices={"all": "全部"}),), lambda values: str(values.get("which", ""))),
    "recipe": Slash(
        (SlashOption("share"), SlashOption(PICTURE, ATTACHMENT)), lambda values: str(values.get("share", ""))
    ),
    "link": Slash((SlashOption("code"),), lambda values: str(values.get("code", ""))),
    "admin": Slash(verbs=ADMIN),
    "models": Slash((SlashOption("words", suggest="model"),), _words),
    **dict.fromkeys(("queue", "samplers", "controls", "info", "help"), Slash()),
}
ANY = Slash((SlashOption("text", longest=LIMIT),))


def slash_of(name: str) -> Slash:
    """How a command is filled in; one this table does not know takes a text."""
    return SLASHES.get(name, ANY)


def option_of(name: str, verb: str, option: str) -> SlashOption | None:
    """An option of a command or of its verb."""
    slash = slash_of(name)
    slash = (slash.verbs or {}).get(verb, slash)
    return next((one for one in slash.options if one.name == option), None)


def filled_in(name: str, verb: str, values: Values) -> SlashInput:
    """The text, options and LoRAs that a command filled in with these values stands for."""
    slash = slash_of(name)
    within = (slash.verbs or {}).get(verb, slash)
    text = f"/{name} {verb} {within.text(values)}" if slash.verbs else f"/{name} {within.text(values)}"
    asked = SlashInput(text.strip())
    if name != "imagine":
        return asked
    shape = str(values.get("shape", ""))
    count = int(values["count"]) if "count" in values else None
    options = Options(
        style=_text(values, "style"),
        model=_text(values, "model"),
        count=count,
        upscaler=_text(values, "upscaler"),
        redraw=float(values["redraw"]) if "redraw" in values else None,
        fix=_text(values, "fix"),
        quality=_text(values, "quality"),
    )
    if match := _RATIO.fullmatch(shape.strip()):
        wide, high = float(match[1]), float(match[2])
        options = replace(options, ratio=wide / high if high else None)
    elif shape:
        asked = replace(asked, text=f"{asked.text}, {shape}")  # in words, as 竖图
    return replace(asked, options=options, loras=forms.loras(str(values.get("lora", ""))))


def _text(values: Values, name: str) -> str | None:
    return str(values[name]).strip() or None if name in values else None


# --- as Discord wants to hear of them ---


@cache
def registration(most: int = MOST_PICTURES) -> tuple[Payload, ...]:
    """Every command and menu, as https://discord.com/developers/docs/interactions/application-commands has them; a
    request may ask for at most so many pictures."""
    return (*(_command(one, most) for one in COMMANDS), *map(_menu, MENUS))


def signature(commands: Sequence[Payload]) -> str:
    """Changes when the commands do."""
    return hashlib.sha256(json.dumps(commands, sort_keys=True).encode()).hexdigest()


def _command(command: Command, most: int) -> Payload:
    chinese = next((alias for alias in command.aliases if _CHINESE.search(alias)), "")
    made: Payload = {"type": CHAT, "name": command.name, **_described(f"command.{command.name}"), **EVERYWHERE}
    if chinese:
        made["name_localizations"] = _localised(chinese)
    slash = slash_of(command.name)
    if slash.verbs:
        made["options"] = [_verb(verb, one, most) for verb, one in slash.verbs.items()]
    elif slash.options:
        made["options"] = _options(slash, most)
    if command.name == "admin":
        made["default_member_permissions"] = MANAGE_GUILD
    return made


def _verb(name: str, slash: Slash, most: int) -> Payload:
    said = {**_named(name), **_described(f"discord.verb.{name}")}
    return {"type": SUBCOMMAND, "name": name, **said, "options": _options(slash, most)}


def _options(slash: Slash, most: int) -> list[Json]:
    return [_option(one, most) for one in slash.options]


def _option(one: SlashOption, most: int) -> Payload:
    made: Payload = {"type": one.kind, "name": one.name, **_named(one.name), **_described(f"discord.option.{one.name}")}
    made["required"] = one.required
    if one.suggest or one.of:
        made["autocomplete"] = True
    if one.choices:
        made["choices"] = [
            {"name": name, "name_localizations": _localised(chinese), "value": name}
            for name, chinese in one.choices.items()
        ]
    elif one.kind == STRING:
        made["max_length"] = one.longest
    if one.kind == INTEGER:
        made["min_value"], made["max_value"] = 1, most
    return made


def _menu(action: str) -> Payload:
    name, chinese = (texts.say(language, f"discord.menu.{action}") for language in ("en", "zh"))
    return {"type": MESSAGE, "name": name, "name_localizations": _localised(chinese), **EVERYWHERE}


def menu_of(name: str) -> str:
    """The action behind a menu's English name, "" for one we do not have."""
    return next((action for action in MENUS if texts.say("en", f"discord.menu.{action}") == name), "")


def _named(name: str) -> Payload:
    return {"name_localizations": _localised(texts.say("zh", f"discord.name.{name}"))}


def _described(key: str) -> Payload:
    chinese = _localised(_short(texts.say("zh", key)))
    return {"description": _short(texts.say("en", key)), "description_localizations": chinese}


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _localised(chinese: str) -> dict[str, Json]:
    return {"zh-CN": chinese, "zh-TW": written(chinese, "zh-TW")}
