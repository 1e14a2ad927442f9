"""The Discord server, driven by discord.py, and by raw requests where that is too well-behaved."""

from __future__ import annotations

import asyncio
import io
import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import discord
import pytest
import yarl
from discord import app_commands
from PIL import Image

from tests.patience import until
from tests.peers.discord import Channel, DiscordServer, Message, Person, callbacks, judged, spec
from tests.peers.discord.routes import ROUTES

Interaction = discord.Interaction[discord.Client]


def png(width: int = 40, height: int = 20) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), (200, 60, 20)).save(out, "PNG")
    return out.getvalue()


def file(name: str = "a.png") -> discord.File:
    return discord.File(io.BytesIO(png()), name)


def row(*labels: str) -> dict[str, Any]:
    buttons = [{"type": 2, "style": 1, "label": label, "custom_id": f"dq1:{label.lower()}:x"} for label in labels]
    return {"type": 1, "components": buttons}


class Client(discord.Client):
    """A plain client that sets its commands when it starts; `raw` keeps the events of interactions and reactions."""

    def __init__(self, intents: discord.Intents | None = None) -> None:
        super().__init__(intents=intents or discord.Intents.default(), guild_ready_timeout=0.05)
        self.tree = app_commands.CommandTree(self)
        self.pressed: list[Interaction] = []
        self.reacted: list[discord.RawReactionActionEvent] = []
        self.heard: list[discord.Message] = []

    async def setup_hook(self) -> None:
        await self.tree.sync()

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Identify at once; the library waits five seconds."""

    async def on_interaction(self, interaction: Interaction) -> None:
        self.pressed.append(interaction)

    async def on_raw_reaction_add(self, event: discord.RawReactionActionEvent) -> None:
        self.reacted.append(event)

    async def on_message(self, message: discord.Message) -> None:
        self.heard.append(message)


class Raw:
    """Requests as they are written."""

    def __init__(self, server: DiscordServer) -> None:
        self.server = server

    async def __call__(self, method: str, path: str, body: object = None, **options: Any) -> tuple[int, Any, Any]:
        headers = {"Authorization": f"Bot {self.server.token}"}
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, self.server.api_base + path, json=body, headers=headers, **options) as answer,
        ):
            text = await answer.text()
            return answer.status, json.loads(text) if text else None, answer.headers


@pytest.fixture
async def server() -> AsyncIterator[DiscordServer]:
    async with DiscordServer() as made:
        yield made


@pytest.fixture
def raw(server: DiscordServer) -> Raw:
    return Raw(server)


@pytest.fixture
def channel(server: DiscordServer) -> Channel:
    return server.guild("Studio").channel("painting")


@pytest.fixture
def ann(server: DiscordServer, channel: Channel) -> Person:
    assert channel.guild
    return server.member("Ann", channel.guild, locale="zh-CN")


@pytest.fixture
def there(server: DiscordServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discord.http.Route, "BASE", server.api_base)
    monkeypatch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(server.gateway_base))


@asynccontextmanager
async def running(server: DiscordServer, client: Client) -> AsyncIterator[None]:
    async with client:
        task = asyncio.create_task(client.start(server.token))
        await server.ready()
        await client.wait_until_ready()
        yield
        await client.close()
        await task


def broken(server: DiscordServer, words: str) -> bool:
    """Whether the last violation speaks of this; it is forgiven then."""
    assert server.violations, "no violation"
    return words in server.violations.pop()


def imagine(client: Client) -> None:
    """The command the tests use most: it thinks, then shows a picture with two buttons."""

    @client.tree.command(name="imagine")
    async def imagine(interaction: Interaction, prompt: str, image: discord.Attachment | None = None) -> None:
        await interaction.response.defer()
        view = discord.ui.View(timeout=None)
        view.add_item(discord.ui.Button(label="Again", custom_id="dq1:again:abc"))
        view.add_item(discord.ui.Button(emoji="🗑️", custom_id="dq1:delete:abc"))
        content = await image.read() if image else png()
        shown = discord.File(io.BytesIO(content), "a.png")
        await interaction.edit_original_response(content=prompt, attachments=[shown], view=view)


async def test_a_conversation(server: DiscordServer, channel: Channel, ann: Person, there: None) -> None:
    client = Client()
    imagine(client)
    async with running(server, client):
        asked = await ann.slash(channel, "imagine", prompt="一只猫", image=png(8, 8))
        await asked.acknowledged()
        message = await asked.response(lambda one: one.files)
        assert (message.text, message.buttons, message.files[0].width) == ("一只猫", ["Again", "🗑️"], 8)
        assert [one.flags for one in message.history] == [128], "it was thinking"
        interaction = client.pressed[0]
        assert (interaction.locale, interaction.filesize_limit) == (discord.Locale.chinese, 10 * 2**20)
        assert interaction.guild and interaction.permissions.send_messages

        await ann.press(message, "delete")
        await until(lambda: len(client.pressed) == 2)
        await client.pressed[1].response.defer()
        await client.pressed[1].delete_original_response()
        await channel.until(lambda messages: not messages)
        with pytest.raises(AssertionError, match="does not see"):
            await ann.press(message, "Again")
    assert not server.unanswered


async def test_forms_selects_and_menus(server: DiscordServer, channel: Channel, ann: Person, there: None) -> None:
    client = Client()
    said: list[str] = []

    class Form(discord.ui.Modal, title="Edit"):
        prompt = discord.ui.Label(text="Prompt", component=discord.ui.TextInput(default="a cat", custom_id="prompt"))
        lora = discord.ui.Label(
            text="LoRA",
            component=discord.ui.Select(
                custom_id="lora", required=False, options=[discord.SelectOption(label="Ink", value="1")]
            ),
        )

        async def on_submit(self, interaction: discord.Interaction[Any]) -> None:
            assert isinstance(self.prompt.component, discord.ui.TextInput)
            assert isinstance(self.lora.component, discord.ui.Select)
            said.append(f"{self.prompt.component.value} {self.lora.component.values}")
            await interaction.response.send_message("ok", ephemeral=True)

    @client.tree.command()
    async def edit(interaction: Interaction) -> None:
        await interaction.response.send_modal(Form())

    @client.tree.context_menu(name="Read")
    async def read(interaction: Interaction, message: discord.Message) -> None:
        options = [discord.SelectOption(label="One", value="1"), discord.SelectOption(label="Two", value="2")]
        view = discord.ui.View()
        view.add_item(discord.ui.Select(placeholder="More", custom_id="more", options=options))
        await interaction.response.send_message(message.content, view=view)

    async with running(server, client):
        asked = await ann.slash(channel, "edit")
        with pytest.raises(AssertionError, match="no \\['colour'\\]"):
            await ann.submit(asked, colour="red")
        sent = await ann.submit(asked, Prompt="一只狗", lora=["Ink"])
        answer = await sent.response()
        assert (said, answer.ephemeral, answer.only_for) == (["一只狗 ['1']"], True, ann.user)
        bob = server.member("Bob", channel.guild)
        assert answer in channel.seen(ann.user) and answer not in channel.seen(bob.user) and not bob.sees(answer)

        words = await bob.say(channel, "hello")
        shown = await (await ann.menu(words, "Read")).response()
        await ann.choose(shown, "More", "Two")
        await until(lambda: len(client.pressed) == 4)
        assert client.pressed[-1].data["values"] == ["2"]
        await client.pressed[-1].response.edit_message(content="two", view=None)
        await channel.until(lambda messages: messages[-1].text == "two" and not messages[-1].controls)


async def test_autocomplete(server: DiscordServer, channel: Channel, ann: Person, there: None) -> None:
    client = Client()

    @client.tree.command(name="models")
    async def models(interaction: Interaction, name: str, count: app_commands.Range[int, 1, 4] = 1) -> None:
        await interaction.response.send_message(name)

    @models.autocomplete("name")
    async def offer(interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=f"{typed} {interaction.namespace.count}", value="1")]

    async with running(server, client):
        assert await ann.autocomplete(channel, "models", "name", "dre", count=2) == [{"name": "dre 2", "value": "1"}]
        with pytest.raises(AssertionError, match="at most 4"):
            await ann.slash(channel, "models", name="x", count=5)
        with pytest.raises(AssertionError, match="needs"):
            await ann.slash(channel, "models")
        with pytest.raises(AssertionError, match="has no"):
            await ann.slash(channel, "lora")


async def test_reactions_and_who_reads_what(
    server: DiscordServer, channel: Channel, ann: Person, there: None, raw: Raw
) -> None:
    client = Client()
    async with running(server, client):
        await raw("POST", f"/channels/{channel.id}/messages", {"content": "x"})
        await ann.react(server.sent[0], "🔁")
        await until(lambda: client.reacted)
        event = client.reacted[0]
        assert (str(event.emoji), event.user_id, event.message_author_id) == ("🔁", ann.id, server.bot.id)
        place = client.get_channel(channel.id)
        assert isinstance(place, discord.TextChannel)
        await place.get_partial_message(server.sent[0].id).add_reaction("⏳")
        assert server.sent[0].reactions == {"🔁": [ann.user], "⏳": [server.bot]}
        assert (await place.fetch_message(server.sent[0].id)).reactions[1].me
        await place.get_partial_message(server.sent[0].id).remove_reaction("⏳", client.user)

        await ann.unreact(server.sent[0], "🔁")
        assert server.sent[0].reactions["🔁"] == []

        await ann.say(channel, "secret")
        await ann.say(channel, f"{server.bot.mention} hello")
        await ann.say(ann.private, "画一只猫")
        await until(lambda: len(client.heard) == 4)
        assert [one.content for one in client.heard] == ["x", "", f"{server.bot.mention} hello", "画一只猫"]


async def test_direct_messages(server: DiscordServer, ann: Person, there: None) -> None:
    client = Client()
    async with running(server, client):
        user = await client.fetch_user(ann.id)
        sent = await user.send(f"<@{ann.id}>", file=file())
        shown = await ann.private.message()
        assert shown.content.pings == (ann.id,) and sent.attachments[0].width == 40
        ann.refuse_messages()
        with pytest.raises(discord.Forbidden) as refused:
            await user.send("x")
        assert refused.value.code == 50007


BODIES: list[tuple[dict[str, Any], str]] = [
    ({}, "empty message"),
    ({"content": "字" * 2001}, "2001 characters"),
    ({"content": 5}, ".content: 5 is not of type"),
    ({"content": "x", "embeds": [{"description": "y" * 4097}]}, "is too long"),
    ({"content": "x", "embeds": [{"description": "y" * 3001}, {"description": "y" * 3000}]}, "6001 characters"),
    ({"content": "x", "embeds": [{"fields": [{"name": "a", "value": "b"}] * 26}]}, "is too long"),
    ({"content": "x", "embeds": [{"image": {"url": "attachment://gone.png"}}]}, "names no file"),
    ({"content": "x", "components": [row("A")] * 6}, "6 rows"),
    ({"content": "x", "components": [row(*"ABCDEF")]}, "is too long"),
    ({"content": "x", "components": [row("A"), row("A")]}, "is used twice"),
    ({"content": "x", "components": [row("字" * 81)]}, "is too long"),
    ({"content": "x", "components": [{"type": 1, "components": [{"type": 2, "style": 1, "label": "A"}]}]}, "custom_id"),
    ({"content": "x", "components": [{"type": 10, "content": "hi"}]}, "IS_COMPONENTS_V2"),
    ({"content": "x", "flags": 64}, "ephemeral"),
    ({"content": "x", "flags": 32768, "components": [{"type": 10, "content": "hi"}]}, "cannot go with"),
    ({"content": "x", "attachments": [{"id": 0}]}, "was not sent"),
    ({"content": "x", "nonce": "n" * 26}, "nonce"),
    ({"content": "x", "flags": 128}, "cannot be set"),
]


@pytest.mark.parametrize(("body", "words"), BODIES, ids=[words for _, words in BODIES])
async def test_what_no_message_may_be(server: DiscordServer, raw: Raw, body: dict[str, Any], words: str) -> None:
    channel = server.guild("Studio").channel("painting")
    status, told, _ = await raw("POST", f"/channels/{channel.id}/messages", body)
    assert status == 400 and told["code"] in (50035, 50006)
    assert broken(server, words), server.violations
    assert not server.violations and not channel.messages


async def test_other_bodies(server: DiscordServer, raw: Raw, channel: Channel) -> None:
    assert (await raw("GET", "/guilds/1/stickers"))[0] == 404
    assert broken(server, "is not played")
    assert (await raw("GET", "/users/x"))[0] == 400
    assert broken(server, "no number")
    assert (await raw("GET", "/users/@me", params={"colour": "red"}))[0] == 400
    assert broken(server, "no query colour")
    async with aiohttp.ClientSession() as session:
        assert (await session.get(f"{server.api_base}/users/@me")).status == 401
        headers = {"Authorization": f"Bot {server.token}"}
        here = f"{server.api_base}/channels/{channel.id}/messages"
        for form in ({"payload_json": '{"content": "x"'}, {"content": "x"}):
            body = aiohttp.FormData(form, default_to_multipart=True)
            answer = await session.post(here, data=body, headers=headers)
            assert (answer.status, (await answer.json())["code"]) == (400, 50109 if "payload_json" in form else 50035)
            assert broken(server, "invalid JSON" if "payload_json" in form else "a form with content")
    assert not server.violations


async def test_our_own_replies_are_judged(server: DiscordServer, raw: Raw, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server.bot.__class__, "json", lambda self: {"id": "one"})
    assert (await raw("GET", "/users/@me"))[0] == 200
    assert len(server.violations) > 3
    server.violations.clear()


def test_every_route_is_published() -> None:
    assert set(ROUTES) <= spec.operations()


async def test_files(server: DiscordServer, channel: Channel, ann: Person, there: None) -> None:
    client = Client()
    async with running(server, client):
        place = client.get_channel(channel.id)
        assert isinstance(place, discord.TextChannel)
        embed = discord.Embed(description="x").set_image(url="attachment://b.png")
        both = [file(), discord.File(io.BytesIO(png(7, 7)), "b.png", spoiler=False, description="七")]
        sent = await place.send(files=both, embed=embed)
        assert sent.embeds[0].image.url == sent.attachments[1].url
        await sent.edit(content="y", attachments=[sent.attachments[1], file("c.png")])
        shown = server.sent[0]
        assert [(one.name, one.width, one.description) for one in shown.files] == [
            ("b.png", 7, "七"),
            ("c.png", 40, ""),
        ]
        assert await sent.attachments[1].read() == png(7, 7)
        await place.send(file=discord.File(io.BytesIO(png()), "d.png", spoiler=True))
        assert server.sent[1].files[0].spoiler
        await sent.edit(content="z")
        assert len(shown.files) == 2, "what is not named stays"
        now = server.clock()
        server.clock = lambda: now + 25 * 3600
        with pytest.raises(discord.NotFound):
            await sent.attachments[1].read()

        large = discord.File(io.BytesIO(bytes(10 * 2**20 + 1)), "large.bin")
        with pytest.raises(discord.HTTPException) as refused:
            await place.send(file=large)
        assert refused.value.code == 40005 and broken(server, "10485761 bytes")
        huge = [discord.File(io.BytesIO(bytes(9 * 2**20)), f"{at}.bin") for at in range(3)]
        with pytest.raises(discord.HTTPException) as refused:
            await place.send(files=huge)
        assert refused.value.code == 40005 and broken(server, "26214400 are allowed")


async def test_ten_files(server: DiscordServer, channel: Channel) -> None:
    form = aiohttp.FormData(quote_fields=False)
    form.add_field("payload_json", json.dumps({"content": "x"}))
    for at in range(11):
        form.add_field(f"files[{at}]", b"x", filename=f"{at}.txt")
    headers = {"Authorization": f"Bot {server.token}"}
    address = f"{server.api_base}/channels/{channel.id}/messages"
    async with aiohttp.ClientSession(headers=headers) as session:
        assert (await session.post(address, data=form)).status == 400
    assert broken(server, "11 files")


async def test_nonces(server: DiscordServer, raw: Raw, channel: Channel) -> None:
    body = {"content": "x", "nonce": "job-1", "enforce_nonce": True}
    address = f"/channels/{channel.id}/messages"
    first, second = (await raw("POST", address, body))[1], (await raw("POST", address, body))[1]
    assert first["id"] == second["id"] and first["nonce"] == "job-1" and len(server.sent) == 1
    now = server.clock()
    server.clock = lambda: now + 600
    assert (await raw("POST", address, body))[1]["id"] != first["id"]


async def test_rights(server: DiscordServer, raw: Raw, channel: Channel, ann: Person) -> None:
    here = f"/channels/{channel.id}/messages"
    assert (await raw("POST", here, {"content": "x"}))[0] == 200
    mine, hers = server.sent[0], await ann.say(channel, "y")

    async def refused(method: str, path: str, body: object = None) -> tuple[int, int]:
        status, told, _ = await raw(method, path, body)
        return status, told["code"]

    assert await refused("PATCH", f"{here}/{hers.id}", {"content": "z"}) == (403, 50005)
    assert await refused("DELETE", f"{here}/{hers.id}") == (403, 50013)
    channel.forbid(server.bot, "embed_links")
    assert await refused("POST", here, {"embeds": [{"title": "x"}]}) == (403, 50013)
    channel.forbid(server.bot, "send_messages")
    assert await refused("POST", here, {"content": "x"}) == (403, 50013)
    thread = channel.thread("details")
    assert (await raw("POST", f"/channels/{thread.id}/messages", {"content": "in the thread"}))[0] == 200
    thread.archived = True
    assert await refused("POST", f"/channels/{thread.id}/messages", {"content": "x"}) == (400, 50083)
    channel.forbid(server.bot, "view_channel")
    assert await refused("PATCH", f"{here}/{mine.id}", {"content": "x"}) == (403, 50001)
    channel.permit(server.bot, "view_channel", "send_messages")
    mods = server.role(channel.guild, "Mods", "manage_messages")
    server.join(ann, channel.guild, mods)
    await ann.delete(mine)
    assert await refused("PATCH", f"{here}/{mine.id}", {"content": "x"}) == (404, 10008)
    server.remove(channel)
    assert await refused("POST", here, {"content": "x"}) == (404, 10003)
    assert await refused("GET", "/guilds/1") == (404, 10004)
    elsewhere = server.guild("Elsewhere", bot=False).channel("general")
    assert await refused("POST", f"/channels/{elsewhere.id}/messages", {"content": "x"}) == (403, 50001)


async def test_the_rules_of_interactions(server: DiscordServer, channel: Channel, ann: Person, there: None) -> None:
    client = Client()
    client.tree.command(name="wait")(_nothing)
    async with running(server, client):
        late = await ann.slash(channel, "wait", late=4)
        await until(lambda: client.pressed)
        with pytest.raises(discord.NotFound) as refused:
            await client.pressed[0].response.defer()
        assert (refused.value.code, late.late, late.callback) == (10062, 1, 0)

        asked = await ann.slash(channel, "wait")
        await until(lambda: len(client.pressed) == 2)
        with pytest.raises(discord.NotFound) as refused:
            await client.pressed[1].followup.send("x")
        assert refused.value.code == 10015
        await client.pressed[1].response.defer(ephemeral=True)
        ann.again(asked)
        await until(lambda: len(client.pressed) == 3)
        with pytest.raises(discord.HTTPException) as again:
            await client.pressed[2].response.defer()
        assert (again.value.code, asked.twice) == (40060, 1)

        first = await client.pressed[1].followup.send("one", wait=True)
        assert asked.original and first.id == asked.original.id and asked.original.ephemeral, "it was thinking"
        second = await client.pressed[1].followup.send("two", wait=True)
        await second.edit(content="three")
        assert [one.text for one in channel.seen(ann.user)] == ["one", "three"]
        with pytest.raises(discord.NotFound):
            await client.http.get_message(channel.id, first.id)
        now = server.clock()
        server.clock = lambda: now + 15 * 60 + 1
        with pytest.raises(discord.HTTPException) as expired:
            await second.edit(content="four")
        assert (expired.value.status, expired.value.code) == (401, 50027)
    assert server.unanswered == [late]


async def _nothing(interaction: Interaction) -> None:
    """Do nothing."""


async def test_people_bring_the_bot(server: DiscordServer, there: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callbacks, "FOLLOWUPS", 2)  # of five, for which the limits would make one wait
    client = Client()
    client.tree.allowed_installs = app_commands.AppInstallationType(guild=True, user=True)
    client.tree.allowed_contexts = app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=True)
    imagine(client)
    bob = server.user("Bob")
    zoe = server.user("Zoe", installed=True)
    elsewhere = server.guild("Elsewhere", bot=False).channel("general")
    server.join(bob, elsewhere.guild)
    server.join(zoe, elsewhere.guild)
    async with running(server, client):
        with pytest.raises(AssertionError, match="is not here"):
            await bob.slash(elsewhere, "imagine", prompt="x")
        asked = await zoe.slash(elsewhere, "imagine", prompt="x")
        await asked.response(lambda one: one.files)
        interaction = client.pressed[0]
        assert interaction.is_user_integration() and not interaction.is_guild_integration()
        for _ in range(2):
            await interaction.followup.send("more")
        with pytest.raises(discord.HTTPException) as refused:
            await interaction.followup.send("too much")
        assert refused.value.code == 40094
        between = server.group(zoe, bob)
        await (await zoe.slash(between, "imagine", prompt="y")).response(lambda one: one.files)
        assert client.pressed[-1].context.private_channel and client.pressed[-1].channel is not None
        with pytest.raises(discord.Forbidden):
            await client.http.send_message(between.id, params=discord.http.handle_message_parameters("x"))


async def test_commands(server: DiscordServer, raw: Raw, channel: Channel, ann: Person) -> None:
    here = f"/applications/{server.bot.id}/commands"
    draw = {"name": "imagine", "name_localizations": {"zh-CN": "画"}, "description": "Draw", "type": 1}
    status, told, _ = await raw("PUT", here, [draw, {"name": "Again", "type": 3}])
    assert status == 200 and [one["name"] for one in told] == ["imagine", "Again"]
    again = (await raw("PUT", here, [draw | {"description": "Paint"}]))[1]
    assert again[0]["id"] == told[0]["id"] and again[0]["version"] != told[0]["version"]
    assert "name_localizations" not in (await raw("GET", here))[1][0]
    assert (await raw("GET", here, params={"with_localizations": "true"}))[1][0]["name_localizations"] == {
        "zh-CN": "画"
    }
    own = f"/applications/{server.bot.id}/guilds/{channel.guild.id}/commands"
    made = (await raw("POST", own, {"name": "admin", "description": "x", "default_member_permissions": 32}))[1]
    with pytest.raises(AssertionError, match="is not for Ann"):
        await ann.slash(channel, "admin")
    assert (await raw("PATCH", f"{own}/{made['id']}", {"description": "y"}))[1]["description"] == "y"
    assert (await raw("DELETE", f"{own}/{made['id']}"))[0] == 204
    assert (await raw("GET", f"{own}/{made['id']}"))[1]["code"] == 10063
    option = {"type": 3, "name": "p", "description": "x"}
    for wrong, words in (
        ([{"name": "Draw", "description": "x"}], "no name"),
        ([{"name": "draw it", "description": "x"}], "no name"),
        ([{"name": "draw", "description": ""}], "1 to 100"),
        ([{"name": "draw", "description": "x", "name_localizations": {"zh": "画"}}], "for ['zh']"),
        ([draw, draw], "one name"),
        ([draw | {"default_member_permissions": "32"}], "integer"),
        ([draw | {"options": [option, option | {"name": "q", "required": True}]}], "required options"),
        ([draw | {"options": [option] * 26}], "too long"),
    ):
        assert (await raw("PUT", here, wrong))[0] == 400
        assert broken(server, words), server.violations
    assert list(server.commands()) == ["imagine"]


def test_how_much_a_command_may_say() -> None:
    choices = [{"name": "n" * 100, "value": f"{at:0100}"} for at in range(25)]
    options = [{"type": 3, "name": f"o{at}", "description": "d", "choices": choices} for at in range(2)]
    with pytest.raises(judged.Breach, match="characters in all"):
        judged.commands([{"name": "draw", "description": "d", "options": options}])


async def test_rate_limits(server: DiscordServer, raw: Raw, channel: Channel) -> None:
    clock = itertools.count(0, 0.1)
    server.limits.clock = lambda: next(clock)
    here = f"/channels/{channel.id}/messages"
    answers = [await raw("POST", here, {"content": "x"}) for _ in range(6)]
    assert [status for status, _, _ in answers] == [200] * 5 + [429]
    assert [headers["X-RateLimit-Remaining"] for _, _, headers in answers] == ["4", "3", "2", "1", "0", "0"]
    _, told, headers = answers[-1]
    assert 0 < told["retry_after"] <= 5 and headers["Retry-After"] and told["global"] is False
    assert (await raw("GET", here))[0] == 200, "another bucket"
    assert len(server.limits.refused) == 1


async def test_a_client_waits_and_tries_again(server: DiscordServer, channel: Channel, there: None) -> None:
    client = Client()
    async with running(server, client):
        place = client.get_channel(channel.id)
        assert isinstance(place, discord.TextChannel)
        server.slow_down("/messages", method="POST", seconds=0.05)
        server.slow_down("/messages", method="POST", seconds=0.05, everywhere=True)
        await place.send("x")
        server.fail("/messages", status=500)
        await place.send("y")
        assert [call.status for call in server.calls("POST", "/messages")] == [429, 429, 200, 500, 200]
        server.fail("/messages", method="POST", code=10003)
        with pytest.raises(discord.NotFound):
            await place.send("z")
        assert [one.text for one in server.sent] == ["x", "y"]


async def test_replies_that_get_lost(server: DiscordServer, channel: Channel, raw: Raw) -> None:
    here = f"/channels/{channel.id}/messages"
    server.cut("/messages", done=False)
    server.cut("/messages", done=True)
    server.fail("/messages", status=502, done=True)
    server.delay("/messages", 0.01)
    for text in "wx":
        with pytest.raises(aiohttp.ClientError):
            await raw("POST", here, {"content": text})
    assert [(await raw("POST", here, {"content": text}))[0] for text in "yz"] == [502, 200]
    assert [one.text for one in server.sent] == ["x", "y", "z"]


@pytest.mark.parametrize("how", ["drop", "reconnect", "invalidate"])
async def test_a_gateway_that_resumes(
    server: DiscordServer, channel: Channel, ann: Person, there: None, how: str
) -> None:
    client = Client()
    async with running(server, client):
        server.lock_gateway(how == "drop")
        if how == "drop":
            server.drop()
        elif how == "reconnect":
            await server.gateway.reconnect()
        else:
            await server.gateway.invalidate(resume=True)
        await ann.say(channel, "lost on the way")
        server.lock_gateway(False)
        await server.until(lambda: server.gateway.resumed)
        beats = server.gateway.beats
        await server.gateway.ask_for_beat()
        await server.until(lambda: server.gateway.beats > beats)
        await ann.say(channel, "and another")
        await until(lambda: len(client.heard) >= 2)
        assert (len(client.heard), server.gateway.identified) == (2, 1)


@pytest.mark.parametrize("told", [True, False])
async def test_a_gateway_that_forgets(
    server: DiscordServer, channel: Channel, ann: Person, there: None, told: bool
) -> None:
    client = Client()
    async with running(server, client):
        if told:
            await server.gateway.invalidate()
        else:
            server.drop(resume=False)
        await ann.say(channel, "nobody hears this")
        await server.until(lambda: server.gateway.identified == 2)
        await ann.say(channel, "and this")
        await until(lambda: client.heard)
        assert [len(client.heard), server.gateway.resumed] == [1, 0]


async def test_who_may_listen(server: DiscordServer, there: None) -> None:
    with pytest.raises(discord.LoginFailure):
        async with Client() as client:
            await client.start("wrong")
    greedy = Client(discord.Intents.all())
    async with greedy:
        with pytest.raises(discord.PrivilegedIntentsRequired):
            await greedy.start(server.token)


async def test_members_are_told_where_it_was_granted(monkeypatch: pytest.MonkeyPatch) -> None:
    async with DiscordServer(privileged=discord.Intents.all()) as server:
        monkeypatch.setattr(discord.http.Route, "BASE", server.api_base)
        monkeypatch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(server.gateway_base))
        guild = server.guild("Studio")
        ann = server.member("Ann", guild)
        intents = discord.Intents.default() | discord.Intents(members=True, message_content=True)
        client = Client(intents)
        async with running(server, client):
            here = client.get_guild(guild.id)
            assert here and here.get_member(ann.id)
            channel: Any = guild.channel("new")
            await ann.say(channel, "words")
            await until(lambda: client.heard)
            assert client.heard[0].content == "words"


async def test_a_wait_that_fails_tells_why(server: DiscordServer, channel: Channel, raw: Raw) -> None:
    await raw("POST", f"/channels/{channel.id}/messages", {"content": "something else"})
    with pytest.raises(AssertionError, match=r"(?s)something else.*POST /channels/.*/messages 200"):
        await channel.message(_green, seconds=0.01)


def _green(message: Message) -> bool:
    return message.text == "green"
