"""The stories: what somebody does, in either language. What is waited for is in the hands."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.texts import say
from tests.cards.hands import Hands
from tests.patience import until
from tests.scene import data, scene

Tell = Callable[[Hands], Awaitable[None]]


@dataclass(frozen=True)
class Story:
    zh: str
    en: str
    tell: Tell

    def title(self, language: str) -> str:
        return self.zh if language == "zh" else self.en


STORIES: list[Story] = []


def story(zh: str, en: str) -> Callable[[Tell], Tell]:
    def kept(tell: Tell) -> Tell:
        STORIES.append(Story(zh, en, tell))
        return tell

    return kept


def cat(hands: Hands) -> str:
    return hands.either("一只戴红色帽子的橘猫，水彩", "an orange cat in a red hat, watercolor")


@story("一句话", "One sentence")
async def sentence(hands: Hands) -> None:
    await hands.say(cat(hands))


@story("四张", "Four pictures")
async def four(hands: Hands) -> None:
    await hands.say(hands.either("雪地里的企鹅 四张", "a penguin in the snow --n 4"))
    await hands.press("upscale")
    await hands.press("again_all")


@story("再来一张、变化", "Again, and varied")
async def again(hands: Hands) -> None:
    await hands.say(cat(hands))
    await hands.press("again")
    await hands.press("vary")


@story("改一句", "Changed by a sentence")
async def change(hands: Hands) -> None:
    await hands.say(cat(hands))
    await hands.press("edit", sentence=hands.either("帽子改成蓝色", "make the hat blue"))
    await hands.reply(hands.either("背景换成雪山", "change the background to snowy mountains"))


@story("更多", "More")
async def more(hands: Hands) -> None:
    await hands.say(cat(hands))
    await hands.press("zoom_out")


@story("收藏，再按一次", "A favourite, and pressed again")
async def favourite(hands: Hands) -> None:
    await hands.say(cat(hands))
    await hands.press("favourite", turns="unfavourite")
    await hands.command("favourites list")
    await hands.press("unfavourite", turns="favourite")


@story("历史", "History")
async def history(hands: Hands) -> None:
    await hands.say(cat(hands))
    await hands.say(hands.either("雪地里的企鹅", "a penguin in the snow"))
    await hands.command("history")
    await hands.command("history", words=hands.either("猫", "cat"))
    await hands.command("history", words=hands.either("大象", "elephant"))


@story("配方", "The recipe")
async def recipe(hands: Hands) -> None:
    await hands.say(cat(hands))
    await hands.press("recipe")


@story("分享", "Sharing")
async def sharing(hands: Hands) -> None:
    await hands.say(cat(hands))
    await hands.press("share")
    await hands.press("unshare")


@story("删除", "Deleting")
async def deleting(hands: Hands) -> None:
    await hands.say(cat(hands))
    await hands.press("delete")
    await hands.press("delete")


@story("取消", "Cancelled")
async def cancelled(hands: Hands) -> None:
    hands.house.pool.seconds = None
    await hands.say(cat(hands))
    hands.house.pool.seconds = 0.0
    await hands.press("cancel")


@story("画坏了", "Failed")
async def failed(hands: Hands) -> None:
    hands.house.pool.seconds = None
    await hands.say(cat(hands))
    hands.house.pool.fail(await hands.house.drawing())
    hands.house.pool.seconds = 0.0
    await hands.look()


@story("照着图片画", "Over a picture")
async def over(hands: Hands) -> None:
    await hands.say(hands.either("变成水彩画", "turn it into a watercolor"), data(scene()))


@story("只看理解", "Understood, not drawn")
async def understood(hands: Hands) -> None:
    await hands.command("prompt", text=cat(hands))


@story("医生", "The doctor")
async def doctor(hands: Hands) -> None:
    await hands.command("prompt", text="masterpeice, 1girl, solo, 2girls, (red hat:3)")


@story("不画的", "What is never drawn")
async def never(hands: Hands) -> None:
    await hands.say(hands.either("小学生 裸体", "a naked schoolgirl"))


@story("成人内容在普通频道", "Words for adults where they do not belong")
async def adult(hands: Hands) -> None:
    await hands.say(hands.either("成年女人 裸体 油画", "a nude adult woman, oil painting"))


@story("写错的选项", "A wrong option")
async def wrong(hands: Hands) -> None:
    await hands.say(f"{cat(hands)} --size 9999x1 --steps 5000")
    await hands.say(f"{cat(hands)} --sampler Euller")
    await hands.say(f"{cat(hands)} --style no-such-style")
    await hands.say(f"{cat(hands)} <lora:no-such-file:1>")


@story("设置", "Settings")
async def settings(hands: Hands) -> None:
    await hands.command("settings")


@story("帮助", "Help")
async def helping(hands: Hands) -> None:
    await hands.command("help")


@story("模型、LoRA、采样器、风格", "Models, LoRAs, samplers, styles")
async def lists(hands: Hands) -> None:
    await hands.command("models")
    await hands.command("loras")
    await hands.command("samplers")
    await hands.command("styles")


@story("队列", "The queue")
async def queue(hands: Hands) -> None:
    await hands.command("queue")


@story("词典", "The dictionary")
async def dictionary(hands: Hands) -> None:
    await hands.command("dictionary")


@story("两个账号", "Two accounts")
async def linking(hands: Hands) -> None:
    await hands.command("link")


@story("陌生人按了按钮", "A stranger presses")
async def stranger(hands: Hands) -> None:
    hands.among_others()
    await hands.say(cat(hands))
    await hands.press("edit", stranger=True)
    await hands.press("favourite", stranger=True)


@story("你好", "Hello")
async def hello(hands: Hands) -> None:
    await hands.write(hands.either("你好", "hello"))
    await hands.press("example")


@story("说错了，改一下", "Said wrongly, and changed")
async def rewritten(hands: Hands) -> None:
    hands.house.pool.seconds = None
    await hands.write(hands.either("一只橘猫", "an orange cat"))
    hands.house.pool.seconds = 0.0
    await hands.rewrite(hands.either("一只白猫", "a white cat"))


@story("帮助的一页，设置的一项", "A page of the help, one of the settings")
async def panels(hands: Hands) -> None:
    await hands.command("help")
    await hands.press("help")
    await hands.command("settings")
    await hands.press("choose")


@story("按一下就改好", "Mended by one tap")
async def mended(hands: Hands) -> None:
    await hands.command("prompt", text="masterpeice, a cat, (red hat:3)")
    await hands.press("mend_all")


@story("带走和忘记", "Taken along, and forgotten")
async def leaving(hands: Hands) -> None:
    await hands.say(cat(hands))
    await hands.command("mydata")
    await hands.command("forget")


@story("错过时间的改动", "Changed too late")
async def late(hands: Hands) -> None:
    await hands.write(hands.either("一只橘猫", "an orange cat"))
    await hands.rewrite(hands.either("一只白猫", "a white cat"))


@story("还在等，画到一半", "Waiting, and half drawn")
async def on_its_way(hands: Hands) -> None:
    pool = hands.house.pool
    pool.seconds = None
    pool.give(slots=1)
    await hands.say(cat(hands))
    first = await hands.house.drawing()
    await hands.say(hands.either("雪地里的企鹅", "a penguin in the snow"))
    place = say(hands.language, "queue.place", place=1, seconds=9.0)
    await hands.look_closely(place[: place.index("1") + 1], say(hands.language, "page.progress.next"))
    pool.finish(first)
    second = await hands.house.drawing(after=first)
    await until(lambda: any(message.pictures for _, message in hands.messages()))
    await hands.look()
    pool.step(second, 10)
    await hands.look_closely(say(hands.language, "page.progress.step", step=10, steps=20))
    pool.give(slots=8)
    pool.finish(second)
    pool.seconds = 0.0
    await hands.look()
