"""What is a greeting and nothing else, and what only begins like one."""

from __future__ import annotations

import pytest

from prompts.greetings import greeting, thanks

GREETINGS = """
hello | Hello! | HELLO | hi | Hi there | hiii | hey | Hey bot | hello there! | Good morning | good evening everyone
yo | howdy | what's up | How are you? | how are you doing today? | hello, how are you? | thanks | Thanks!
Thank you so much | thank you very much | thx | ty | thanks a lot | test | testing | Test 123 | test test | ping
are you there? | who are you? | Who are you | what are you? | what can you do? | hi, what can you do? | what is this
how do I use this? | how does this work? | help | help me please | bye | goodbye | good night | ok | cool | nice
hello hello | anyone here? | hello bot, are you there? | 你好 | 您好 | 你好！ | 你好呀 | 你好啊~ | 嗨 | 哈喽 | 哈囉
在吗 | 在吗？ | 在么 | 有人吗 | 有人在吗 | 早上好 | 早 | 早安 | 下午好 | 晚上好 | 晚安 | 大家好 | 谢谢 | 謝謝
谢谢你 | 非常感谢 | 多谢 | 谢谢啦 | 辛苦了 | 测试 | 測試 | 测试一下 | 试试 | 你是谁 | 你是谁？ | 你是誰 | 你叫什么
你叫什么名字 | 你会什么 | 你會什麼？ | 你能做什么 | 你会画什么 | 你能画画吗 | 你会画画吗 | 怎么用 | 怎么用？
这是什么 | 你好，你是谁 | 你好，在吗？ | 机器人你好 | 丹青你好 | hello你好 | 你好 hello | 再见 | 拜拜 | 好的
好的，谢谢 | 你好吗 | 嗨嗨 | 帮助 | 使用说明 | 你可以做什么 | bye-bye | - hi - | 👋 | 👋👋 | 你好👋 | hi 👋 | 你好😊
ｈｅｌｌｏ | 早上好，大家 | ok谢谢 | 你有什么功能
"""
PICTURES = """
hello kitty | hello kitty poster | a cat saying hello | hi-tech city | hello world poster | test tube
testing ground | a thank you card | thanksgiving dinner | good morning sunrise over the sea | morning | evening sky
goodnight moon | help desk | ping pong table | yo-yo | a bot | robot | cool cat | nice girl
who framed roger rabbit | night | cat | a girl | heyday | who are you, a girl in a mirror | what can a dog do
perfect circle | wow player | okapi | bye bye birdie | test pattern | 你好世界海报 | 你好的女孩 | 谢谢卡片
早上好的海边 | 早晨 | 早晨的森林 | 晚上的城市 | 测试管 | 感谢信 | 在海边 | 好看的女孩 | 再见面的情侣 | 猫 | 一个女孩
生日快乐 | merry christmas | 新年快乐海报 | 生日快乐贺卡 | 早餐 | 早点 | 谢幕 | 嗨歌 | 晚安月亮 | 机器人 | 丹青
在雨中 | 你好李焕英 | 牛 | 帮助老人的孩子 | 介绍信 | 说明书封面 | 牛仔 | 你是我的女孩，夕阳 | 😺 | 🐱 | 🌙
好大的雪 | 测试员 | 哈哈镜 | 画一个女孩说你好
"""


def rows(table: str) -> list[str]:
    return [each.strip() for line in table.strip().splitlines() for each in line.split(" | ")]


@pytest.mark.parametrize("text", rows(GREETINGS))
def test_a_greeting(text: str) -> None:
    assert greeting(text)


@pytest.mark.parametrize("text", [*rows(PICTURES), "", "  ", "!!!", "hello " * 20])
def test_no_greeting(text: str) -> None:
    assert not greeting(text)


@pytest.mark.parametrize(
    "text",
    rows("谢谢 | 谢谢！ | 好的，谢谢 | ok谢谢 | 太感谢了 | 多謝 | Thanks! | thank you so much | ok thx | 谢谢你 🙏"),
)
def test_thanks(text: str) -> None:
    assert thanks(text)


@pytest.mark.parametrize("text", rows("你好 | 好的 | ok | hello | party | a thank you card | 感谢信 | pretty | test"))
def test_no_thanks(text: str) -> None:
    assert not thanks(text)
