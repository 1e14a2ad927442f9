"""The commands, in the order in which help lists them."""

from __future__ import annotations

from bot import texts
from bot.commands import (
    admin,
    blocked,
    cancel,
    compare,
    control,
    controls,
    dictionary,
    edit,
    favourites,
    find,
    forget,
    hello,
    help,
    history,
    imagine,
    info,
    link,
    loras,
    models,
    mydata,
    poses,
    prompt,
    prompts,
    queue,
    recipe,
    samplers,
    settings,
    styles,
    tags,
    tagtable,
    train,
    why,
)
from bot.commands.command import Command
from prompts.errors import Refusal
from prompts.greetings import greeting
from prompts.spelling import near

_OTHERS: tuple[Command, ...] = (
    imagine.COMMAND,
    prompt.COMMAND,
    edit.COMMAND,
    tagtable.COMMAND,
    control.COMMAND,
    compare.COMMAND,
    why.COMMAND,
    favourites.COMMAND,
    dictionary.COMMAND,
    blocked.COMMAND,
    history.COMMAND,
    prompts.COMMAND,
    find.COMMAND,
    recipe.COMMAND,
    tags.COMMAND,
    queue.COMMAND,
    cancel.COMMAND,
    models.COMMAND,
    loras.COMMAND,
    train.COMMAND,
    controls.COMMAND,
    styles.COMMAND,
    poses.COMMAND,
    samplers.COMMAND,
    settings.COMMAND,
    link.COMMAND,
    mydata.COMMAND,
    forget.COMMAND,
    info.COMMAND,
    admin.COMMAND,
)
COMMANDS: tuple[Command, ...] = (*_OTHERS, help.command(_OTHERS))
# What can be written; a greeting is in no list of commands.
NAMES = {name: one for one in (*COMMANDS, hello.COMMAND) for name in (one.name, *one.aliases)}


def command_of(text: str) -> tuple[Command, str]:
    """The command a text calls and what follows it; a greeting is answered, any other text is drawn. Raises Refusal
    `command.unknown`."""
    text = text.strip()
    if not text.startswith(("/", "／")):
        return hello.COMMAND if not text or greeting(text) else imagine.COMMAND, text
    name, _, rest = text[1:].partition(" ")
    name, _, more = name.partition("\n")
    name = name.split("@")[0].lower()
    name = texts.meant(name, NAMES) or name
    if name not in NAMES:
        raise Refusal("command.unknown", name=name[:40], near=near(name, NAMES))
    return NAMES[name], f"{more}\n{rest}".strip()
