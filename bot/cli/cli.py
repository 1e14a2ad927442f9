"""The command line: run, work, imagine, compare, train, map, tags, prompt, history, models, check, backup, restore,
pictures, translate."""

from __future__ import annotations

import asyncio
import locale
import logging
import os
import subprocess
import sys
from dataclasses import replace
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from typer.core import TyperCommand

from bot import texts
from bot.cli import logs
from bot.settings.config import Config, load
from engine import importing
from prompts.errors import Refusal
from prompts.option_values import with_like, with_rng
from prompts.prompt import Json, LoraUse, Options

# What a command needs is imported in it: so `--help` and whatever was mistyped are answered at once.
app = typer.Typer(add_completion=False, help="丹青 Danqing: a painting bot.", rich_markup_mode=None)
translate = typer.Typer(help="Install a translation package, or see what translates.", rich_markup_mode=None)
app.add_typer(translate, name="translate")
models_app = typer.Typer(help="List, fetch and convert models.", rich_markup_mode=None)
app.add_typer(models_app, name="models")
out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

ROOT = Path(__file__).resolve().parents[2]
ConfigFile = Annotated[Path | None, typer.Option("--config", help="The settings file (config.yaml).")]


def main() -> None:
    """What `python bot.py` does; the third of the three places that catch everything."""
    for stream in (sys.stdout, sys.stderr):  # on Windows a file or pipe has the old code page, without 丹青 in it
        if isinstance(stream, TextIOWrapper) and stream.encoding.lower().replace("-", "") != "utf8":
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    arguments = sys.argv[1:]
    if not arguments or arguments[0].startswith("--config"):  # without a command it runs
        arguments = ["run", *arguments]
    try:
        app(arguments)
    except Refusal as refusal:
        _refuse(refusal)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:  # a mistake of ours: the whole of it is for whoever looks into it
        _refuse(_unexpected(error))


def _unexpected(error: Exception) -> Refusal:
    logging.getLogger(__name__).debug("the program failed", exc_info=error)
    return Refusal("cli.unexpected", problem=f"{type(error).__name__}: {error}")


def language() -> str:
    """The terminal's language; where its variables say nothing, the system's on Windows."""
    tag = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    if not tag and sys.platform == "win32":
        import ctypes  # there and nowhere else

        tag = locale.windows_locale.get(ctypes.windll.kernel32.GetUserDefaultUILanguage(), "")
    return texts.language_of(tag)


def say(key: str, /, **values: object) -> str:
    return texts.say(language(), key, **values)


@app.command()
def run(config: ConfigFile = None) -> None:
    """Start the bot."""
    from bot.app import run as serve  # only now: `--help` is to come at once
    from bot.cli.signals import stopped
    from bot.cli.watchdog import watched

    async def serving(told: Config) -> None:
        with watched():
            await serve(told, stopped())

    asyncio.run(serving(_load(config)))


@app.command()
def work(config: ConfigFile = None) -> None:
    """Draw on this machine for a bot that runs on another, over the server of hosts.url."""
    from bot.cli.signals import stopped  # only now: `--help` is to come at once
    from bot.cli.working import work as draw

    async def drawing(told: Config) -> None:
        await draw(told, stopped(), say)

    asyncio.run(drawing(_load(config)))


class _OfTexts(TyperCommand):
    """A command that takes the options of a text, which its help lists."""

    def get_help(self, ctx: Any) -> str:  # typer's own kind of context has no public name
        from prompts.option_list import listed  # only now: other commands need no grammar

        lines = [super().get_help(ctx)]
        for group, rows in listed().items():
            lines += ["", say("help.options", group=say(f"help.options.{group}"))]
            lines += [f"  {written:<22}{say(f'option.help.{name}')}" for name, written in rows]
        return "\n".join(lines)


@app.command(cls=_OfTexts, context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def imagine(
    context: typer.Context,
    text: str,
    output: Annotated[Path | None, typer.Option("--out", help="The PNG file to write.")] = None,
    model: Annotated[str | None, typer.Option(help="A model's name, or a diffusers folder.")] = None,
    size: Annotated[str | None, typer.Option(help="Width x height, as 512x768.")] = None,
    steps: int | None = None,
    sampler: str | None = None,
    schedule: Annotated[str | None, typer.Option(help="Karras, Exponential; with --like a1111 all of its own.")] = None,
    like: Annotated[str | None, typer.Option(help="Whose way it is drawn in: danqing or a1111.")] = None,
    rng: Annotated[str | None, typer.Option(help="Where A1111's noise comes from: cpu, gpu or nv.")] = None,
    clip_skip: Annotated[int | None, typer.Option(help="As A1111 counts: 1 is the last layer.")] = None,
    guidance: float | None = None,
    rescale: Annotated[float | None, typer.Option(help="Guidance rescale, 0 to 1.")] = None,
    quality: Annotated[str | None, typer.Option(help="fast or full.")] = None,
    seed: int | None = None,
    negative: str = "",
    count: int | None = None,
    lora: Annotated[list[str] | None, typer.Option(help="NAME:WEIGHT; may be given several times.")] = None,
    image: Annotated[Path | None, typer.Option(help="A picture to draw over.")] = None,
    strength: Annotated[float | None, typer.Option(help="How far that picture may change, 0 to 1.")] = None,
    control: Annotated[
        list[str] | None,
        typer.Option(help="NET_OR_WORD[:WEIGHT[:START-END]]=PICTURE that guides its shapes; repeatable."),
    ] = None,
    control_map: Annotated[
        list[str] | None, typer.Option(help="The same with a finished map for a net: NAME:0.8=MAP.")
    ] = None,
    regions_map: Annotated[
        Path | None, typer.Option(help="A picture painted in flat colours, for words as “red: a cat | blue: a dog”.")
    ] = None,
    raw: Annotated[bool, typer.Option("--raw", help="Take the text as the final prompt.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    config: ConfigFile = None,
) -> None:
    """Draw a text. Every option that a text may have is one here, too."""
    from bot.cli.control_files import with_controls  # only now: `--help` is to come at once
    from bot.cli.terminal import Beside, DrawnFrom, beside, draw
    from bot.studio.recipes import merged

    said = beside(context.args)
    width, height = _size(size)
    options = Options(
        width=width,
        height=height,
        count=count,
        steps=steps,
        sampler=sampler,
        guidance=guidance,
        rescale=rescale,
        quality=quality,
        seed=seed,
        strength=strength,
        model=model,
        raw=raw,
        schedule=schedule,
        clip_skip=clip_skip,
    )
    if like:
        options = with_like(options, "--like", like)
    if rng:
        options = with_rng(options, "--rng", rng)
    options, guides = with_controls(merged(said.options, options), control or (), control_map or ())
    negative = ", ".join(filter(None, (negative, said.negative)))
    loras = (*map(_lora, lora or ()), *said.loras)
    settings = _load(config, quiet=True)
    if model and (Path(model) / "model_index.json").is_file():  # a folder, wherever it lies
        folders = (*settings.engine.models, Path(model).absolute())
        settings = settings.model_copy(update={"engine": settings.engine.model_copy(update={"models": folders})})
        options = replace(options, model=Path(model).absolute().name)
    wanted, files = Beside(options, negative, loras), DrawnFrom(image, guides, regions_map)
    asyncio.run(draw(settings, text, wanted, files, output, language(), out, quiet=as_json))


@app.command(cls=_OfTexts, context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def compare(
    context: typer.Context,
    text: str,
    axes: Annotated[str, typer.Argument(help="What differs: steps=10,20 cfg=3-9[4]; the third makes several sheets.")],
    output: Annotated[Path | None, typer.Option("--out", help="The PNG file to write.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print where each picture lies as JSON.")] = False,
    config: ConfigFile = None,
) -> None:
    """Draw a text with several values of one to three things, side by side, with every option of a text. Two codes of
    recipes tell what differs in two pictures."""
    from bot.cli.comparing import compare as draw  # only now: `--help` is to come at once
    from bot.cli.terminal import beside

    settings = _load(config, quiet=True)
    asyncio.run(draw(settings, text, axes, beside(context.args), output, language(), out, quiet=as_json))


@app.command()
def train(
    name: Annotated[str, typer.Argument(help="What the file is to be called.")],
    folder: Annotated[
        Path | None,
        typer.Argument(help="10 to 30 pictures, with captions in .txt files beside them; or a .zip of them."),
    ] = None,
    kind: Annotated[str, typer.Option(help="What is on them: thing, person or style.")] = "",
    preset: Annotated[
        str, typer.Option(help="How it is learnt: portrait, inversion, tutorial, full; without it as suits the kind.")
    ] = "",
    trigger: Annotated[str, typer.Option(help="The word that will call for it; without it the name.")] = "",
    model: Annotated[str, typer.Option(help="The model to learn it on; without it the first.")] = "",
    steps: Annotated[
        int, typer.Option(min=0, max=20_000, help="How many steps; without it as many as suit the pictures.")
    ] = 0,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="The same seed makes the same file.")] = 0,
    rank: Annotated[int, typer.Option(min=0, max=256, help="The rank; without it what suits.")] = 0,
    rate: Annotated[float, typer.Option(min=0.0, help="The learning rate; without it what suits.")] = 0.0,
    text_rate: Annotated[
        float | None, typer.Option(min=0.0, help="The text encoders' rate; 0 leaves them alone.")
    ] = None,
    optimiser: Annotated[
        str, typer.Option(help="AdamW, Adafactor, AdamW8bit, Prodigy or ScheduleFree; without it what suits.")
    ] = "",
    vectors: Annotated[int, typer.Option(min=0, max=32, help="Of an inversion: how many; without it what suits.")] = 0,
    start: Annotated[str, typer.Option(help="Of an inversion: the English word that it starts as.")] = "",
    tags: Annotated[
        str, typer.Option(help="Who reads captions where there are none: any, detectors, or a tagger's name.")
    ] = "",
    keep: Annotated[
        str, typer.Option(help="What is not to be forgotten, as “a gift”: 16 pictures of it are drawn first.")
    ] = "",
    consent: Annotated[
        bool, typer.Option("--consent", help="Whoever is in the pictures is grown up and has agreed to this.")
    ] = False,
    cut: Annotated[bool, typer.Option("--cut", help="More than an eighth of a picture may be cut off to fit.")] = False,
    files: Annotated[
        int, typer.Option(min=0, max=20, help="How many files to keep on the way, so that the best can be chosen.")
    ] = 0,
    theirs: Annotated[
        Path | None,
        typer.Option("--settings", help="The settings of another trainer: sd-scripts, kohya_ss, lora-scripts."),
    ] = None,
    forgotten: Annotated[
        bool, typer.Option("--forget", help="Delete what is kept of it: copies of pictures, checkpoints; no file.")
    ] = False,
    output: Annotated[Path | None, typer.Option("--out", help="The .safetensors file to write.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    config: ConfigFile = None,
) -> None:
    """Learn a LoRA from pictures, or vectors or a model; interrupted, the same command goes on where it was."""
    from bot.cli import training  # only now: `--help` is to come at once
    from bot.cli.training_wish import TrainingWish

    settings = _load(config, quiet=True)
    if forgotten:
        training.forget(settings, name, out, language())
        return
    said: dict[str, Json] = {"text_rate": text_rate, "optimiser": optimiser, "vectors": vectors, "start": start}
    wish = TrainingWish(
        name, folder, kind, trigger, model, steps, seed, rank, rate, keep, consent, output, preset,
        {field: value for field, value in said.items() if value not in (None, "") and (value or field == "text_rate")},
        tags, theirs, cut, files,
    )  # fmt: skip
    asyncio.run(training.train(settings, wish, language(), out, err, quiet=as_json))


@app.command("map")
def make_map(
    name: Annotated[
        str | None, typer.Argument(help="A preprocessor: canny, 边缘, depth … Without one, all are listed.")
    ] = None,
    file: Annotated[Path | None, typer.Argument(help="The picture to make it of.")] = None,
    output: Annotated[Path | None, typer.Option("--out", help="The PNG file to write.")] = None,
    low: Annotated[float | None, typer.Option(help="Its first number; the list says which and its range.")] = None,
    high: Annotated[float | None, typer.Option(help="Its second number.")] = None,
    size: Annotated[str | None, typer.Option(help="Width x height that is drawn; without it the picture's.")] = None,
    seed: Annotated[int, typer.Option(help="The seed that will be drawn with, for shuffle.")] = 0,
    fit: Annotated[str, typer.Option(help="How a picture of another shape is laid on the size: fill or stretch.")] = "",
    mask: Annotated[Path | None, typer.Option(help="For inpaint_only: white where to draw again.")] = None,
    text: Annotated[str, typer.Option(help="For qr: what the code says.")] = "",
    config: ConfigFile = None,
) -> None:
    """Make the map of a picture that a ControlNet follows, or list what makes them."""
    from bot.cli.map_files import MapWish, make, show  # only now: `--help` is to come at once

    settings = _load(config, quiet=True)
    if name is None:
        show(settings, language(), out)
        return
    for number in (low, high):
        if number is not None and number < 0:
            raise Refusal("map.below_zero", value=number)
    width, height = _size(size)
    asked = (width, height) if width is not None and height is not None else None
    one, other = (-1.0 if number is None else number for number in (low, high))
    wish = MapWish(name, file, output, asked, one, other, seed, fit, mask, text)
    asyncio.run(make(settings, wish, language(), out))


@app.command()
def tags(
    files: Annotated[list[Path], typer.Argument(help="Pictures.")],
    reader: Annotated[str, typer.Option(help="A tagger by its name, clip, detectors or danqing-demo.")] = "",
    general: Annotated[float | None, typer.Option(help="From which score on tags count, 0 to 1.")] = None,
    character: Annotated[float | None, typer.Option(help="The same for names of characters.")] = None,
    rating: Annotated[float | None, typer.Option(help="The same for ratings.")] = None,
    mcut: Annotated[bool, typer.Option("--mcut", help="Find thresholds by the widest gap between scores.")] = False,
    captions: Annotated[bool, typer.Option("--captions", help="Write a .txt for a training beside each.")] = False,
    trigger: Annotated[str, typer.Option(help="A word that stands first in captions.")] = "",
    underscores: Annotated[bool, typer.Option("--underscores", help="Keep them in captions.")] = False,
    plain_brackets: Annotated[bool, typer.Option("--plain-brackets", help="Brackets in captions as they are.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object for each file, one a line.")] = False,
    config: ConfigFile = None,
) -> None:
    """Read the tags of pictures, in two languages; or write captions for a training."""
    from bot.cli.tag_files import TagFilesWish, show  # only now: `--help` is to come at once
    from bot.studio.tag_options import CaptionStyle

    style = CaptionStyle(trigger, underscores, not plain_brackets)
    wish = TagFilesWish(files, reader, general, character, rating, mcut, captions or bool(trigger), style)
    asyncio.run(show(_load(config, quiet=True), wish, language(), out, as_json=as_json))


@app.command()
def prompt(
    text: Annotated[str | None, typer.Argument()] = None,
    stdin: Annotated[bool, typer.Option("--stdin", help="Read one text per line.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, one object per line.")] = False,
    model: str | None = None,
    negative: str = "",
    raw: Annotated[bool, typer.Option("--raw", help="Take the text as the final prompt.")] = False,
    edit: Annotated[str | None, typer.Option(help="A sentence that changes it: 帽子换成皇冠, make it night.")] = None,
    config: ConfigFile = None,
) -> None:
    """Show what the assistant makes of a text, without drawing."""
    if (text is None) == (not stdin):
        raise Refusal("cli.text_or_stdin")
    from bot.cli.composing import composing, show, show_lines  # only now: `--help` is to come at once

    async def shown() -> None:
        async with composing(_load(config, quiet=True), model, negative, raw, edit) as made:
            if text is None:
                await show_lines(made, language())
            else:
                await show(made, text, language(), out, as_json=as_json)

    asyncio.run(shown())


@app.command()
def history(
    text: Annotated[list[str] | None, typer.Argument(help="Words, last week, 2026-11, landscape, favourites …")] = None,
    count: Annotated[int, typer.Option(min=1, max=500, help="How many.")] = 20,
    before: Annotated[str | None, typer.Option(help="Those behind this picture.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    config: ConfigFile = None,
) -> None:
    """List the pictures drawn at this machine, on the page or here."""
    from bot.cli.past_pictures import show  # only now: `--help` is to come at once

    asked = show(_load(config, quiet=True), " ".join(text or ()), count, before, language(), out, as_json=as_json)
    asyncio.run(asked)


@app.command()
def pose(
    name: Annotated[
        str | None, typer.Argument(help="A pose by its name or number, or a file of OpenPose JSON.")
    ] = None,
    output: Annotated[Path | None, typer.Option("--out", help="The PNG to write, or JSON for .json.")] = None,
    size: Annotated[str | None, typer.Option(help="Width x height, as 512x768.")] = None,
    mirror: Annotated[bool, typer.Option("--mirror", help="The other way round.")] = False,
    wide: Annotated[bool, typer.Option("--wide", help="With the wider lines that xinsir's nets know.")] = False,
) -> None:
    """Draw a pose as a map for nets, or list the poses there are."""
    from bot.cli.posing import show, write  # only now: `--help` is to come at once

    if name is None:
        show(language(), out)
        return
    out.print(
        say("console.written", file=str(write(name, output, _size(size), mirror=mirror, wide=wide))),
        markup=False,
        soft_wrap=True,
    )


@models_app.callback(invoke_without_command=True)
def models(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json")] = False,
    config: ConfigFile = None,
) -> None:
    """List what can be drawn with."""
    if context.invoked_subcommand:
        return
    from bot.cli.model_list import show  # only now: `--help` is to come at once

    engine = _load(config, quiet=True).engine
    show(engine.folders, language(), out, as_json=as_json, taggers_in=engine.taggers)


@models_app.command("install")
def install_model(
    name: Annotated[str, typer.Argument(help="owner/name on the hub, or owner/name/file.safetensors.")],
    config: ConfigFile = None,
) -> None:
    """Fetch a model from the hub (HF_ENDPOINT); run again after an interruption, it goes on."""
    from bot.cli.bytes_bar import bytes_bar  # only now: `--help` is to come at once
    from bot.models import hub
    from bot.models.folders import places

    folders = places(_load(config, quiet=True).engine)
    with bytes_bar(err) as bar:
        task = bar.add_task(say("hub.fetching"), total=None)
        found = hub.install(name, folders, lambda done, total: bar.update(task, completed=done, total=total))
    out.print(say("hub.installed", path=str(found)), markup=False)


@models_app.command()
def convert(file: Annotated[Path, typer.Argument(help="A .ckpt, .pt, .pth or .bin file that you trust.")]) -> None:
    """Make a .safetensors of an old file, beside it."""
    worker = subprocess.run(
        [sys.executable, "-m", "engine.models.convert", str(file.absolute())], cwd=ROOT, check=False
    )
    if worker.returncode:
        raise Refusal("convert.failed", name=file.name)
    out.print(say("convert.done", path=str(file.with_suffix(".safetensors"))), markup=False)


@app.command()
def check(config: ConfigFile = None) -> None:
    """See whether everything is as it should be, and what to mend."""
    from bot.cli.check import check as examine  # only now: `--help` is to come at once

    findings = asyncio.run(examine(_load(config, quiet=True)))
    marks = {"ok": "[green]✓[/]", "warn": "[yellow]![/]", "error": "[red]✗[/]"}
    for finding in findings:
        out.print(marks[finding.level], end=" ")
        out.print(say(finding.text.key, **finding.text.values), markup=False)
    if any(finding.level == "error" for finding in findings):
        raise typer.Exit(1)


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="The file to write, as danqing.zip.")],
    replace: Annotated[bool, typer.Option("--replace", help="Write over a file that is there.")] = False,
    config: ConfigFile = None,
) -> None:
    """Put database, pictures and settings into one file; the bot may run meanwhile."""
    from bot.cli.backing_up import save  # only now: `--help` is to come at once

    out.print(
        asyncio.run(save(_load(config, quiet=True), config, file, replace=replace, say=say)),
        markup=False,
        soft_wrap=True,
    )


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A file that `backup` wrote.")],
    replace: Annotated[bool, typer.Option("--replace", help="Put aside what is there already.")] = False,
    config: ConfigFile = None,
) -> None:
    """Bring back what a backup holds, while the bot does not run."""
    from bot.cli.backing_up import bring_back, other_settings, settle_settings  # only now: `--help` is to come at once

    settle_settings(file, config)
    out.print(
        asyncio.run(bring_back(_load(config, quiet=True), file, replace=replace, say=say)), markup=False, soft_wrap=True
    )
    if beside := other_settings(file, config):
        out.print(say("backup.settings", path=str(beside)), markup=False, soft_wrap=True)


@app.command()
def pictures(
    to: Annotated[str, typer.Argument(help="bucket (what storage.pictures names) or folder (the data folder).")],
    remove: Annotated[bool, typer.Option("--remove", help="Remove each where it was, once it is there.")] = False,
    config: ConfigFile = None,
) -> None:
    """Bring the pictures to object storage or back; the bot may run, and after an interruption it goes on."""
    from bot.cli.moving import PicturesMoved, move  # only now: `--help` is to come at once

    if to not in ("bucket", "folder"):
        raise typer.BadParameter("bucket | folder", param_hint="TO")
    settings = _load(config, quiet=True)
    with err.status("") as status:

        def told(moved: PicturesMoved) -> None:
            status.update(say("pictures.moving", count=moved.seen))

        moved, files = asyncio.run(move(settings, "bucket" if to == "bucket" else "folder", remove=remove, told=told))
    key = "pictures.moved" if remove else "pictures.copied"
    said = {"count": moved.brought, "there": moved.there, "removed": moved.removed, "where": files.where}
    out.print(say(key, **said), markup=False, soft_wrap=True)
    for place in moved.damaged:
        err.print(say("pictures.damaged", place=place), markup=False, soft_wrap=True)
    if moved.damaged:
        raise typer.Exit(1)


@translate.command()
def install(
    name: Annotated[
        str | None,
        typer.Argument(
            help="An .argosmodel file (without it the newest is fetched), or a language model: owner/name on the hub."
        ),
    ] = None,
    index: Annotated[str, typer.Option(help="The address of an index of packages.")] = "",
    sha256: Annotated[str, typer.Option(help="What the file's checksum has to be.")] = "",
    config: ConfigFile = None,
) -> None:
    """Install Argos Translate's Chinese-English package, or a language model that reads whole clauses (for
    translate.service: local); run again after an interruption, it goes on."""
    from bot.cli.translating import install as put  # only now: `--help` is to come at once
    from bot.cli.translating import install_model

    file = Path(name) if name else None
    if name and file and name.count("/") == 1 and file.suffix != ".argosmodel" and not file.exists():
        install_model(_load(config, quiet=True), name, language(), out, err)
    else:
        asyncio.run(put(_load(config, quiet=True), file, index, sha256, language(), out, err))


@translate.command()
def status(config: ConfigFile = None) -> None:
    """See what reads whole clauses, and whether it answers."""
    from bot.cli.translating import status as show  # only now: `--help` is to come at once

    asyncio.run(show(_load(config, quiet=True), language(), out))


def _load(path: Path | None, *, quiet: bool = False) -> Config:
    importing.done()
    config = load(path, os.environ)
    logs.begin(err, "warning" if quiet else config.log_level, config.log_format)
    return config


def _refuse(refusal: Refusal) -> NoReturn:
    for problem in getattr(refusal, "problems", (refusal,)):
        err.print(say(problem.key, **problem.values), markup=False, soft_wrap=True)
    for note in refusal.notes:
        err.print(say(note.key, **note.values), markup=False, soft_wrap=True)
    sys.exit(1)


def _size(text: str | None) -> tuple[int | None, int | None]:
    if text is None:
        return None, None
    wide, _, high = text.lower().replace("×", "x").partition("x")
    if not (wide.isdecimal() and high.isdecimal()):
        raise Refusal("cli.size_form", size=text)
    return int(wide), int(high)


def _lora(text: str) -> LoraUse:
    name, _, weight = text.rpartition(":")
    try:
        return LoraUse(name, float(weight)) if name else LoraUse(text)
    except ValueError:
        raise Refusal("cli.lora_form", lora=text) from None
