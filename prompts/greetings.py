"""Texts that greet, thank or only try whether somebody is there, and name nothing to draw."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from pathlib import Path

from prompts.translate import chinese
from prompts.translate.chinese import CHINESE

_FILE = Path(__file__).parent / "data" / "greetings.txt"
_LONGEST = 60  # characters; a longer text has more to say than hello


def greeting(text: str) -> bool:
    """Whether the whole text is a hello, a thank-you, a test or a question about who answers ("你好", "hi there",
    "你会什么?"); a text that names anything else is none ("hello kitty", "你好世界海报")."""
    if len(text) > _LONGEST:
        return False
    said = _words(text)
    if not said:
        return bool(_WAVES.intersection(text)) and all(sign in _WAVES or not _shown(sign) for sign in text)
    if CHINESE.search(said):
        return _chinese().fullmatch(said.replace(" ", "")) is not None
    return _english().fullmatch(said) is not None


def thanks(text: str) -> bool:
    """Whether a greeting says thanks ("谢谢！", "好的，谢谢", "ok thanks")."""
    if not greeting(text):
        return False
    said = _words(text)
    return bool(_thanks().search(said.replace(" ", "") if CHINESE.search(said) else said))


def _words(text: str) -> str:
    return " ".join(re.sub(r"[^\w\s'-]|_|(?<!\w)-|-(?!\w)", " ", _plain(text)).split())


def _plain(text: str) -> str:
    return chinese.simplified(unicodedata.normalize("NFKC", text)).casefold().replace("’", "'")


def _shown(sign: str) -> bool:
    return not sign.isspace() and unicodedata.category(sign)[0] in "LNS" and unicodedata.category(sign) != "Sk"


_WAVES = frozenset("👋🙏🙋🤝👍❤😊🙂😀😄😁")


@cache
def _rows(heading: str = "") -> tuple[str, ...]:
    """All rows of the file, or those under the headings of this name."""
    found: list[str] = []
    under = ""
    for row in filter(None, _FILE.read_text(encoding="utf-8").splitlines()):
        if row.startswith("# "):
            under = row[2:]
        elif heading in ("", under):
            found.append(row)
    return tuple(found)


@cache
def _thanks() -> re.Pattern[str]:
    chinese_rows = [row for row in _rows("thanks") if CHINESE.search(row)]
    others = [row for row in _rows("thanks") if not CHINESE.search(row)]
    return re.compile(rf"{'|'.join(chinese_rows)}|\b(?:{'|'.join(others)})\b")


@cache
def _chinese() -> re.Pattern[str]:
    one = "|".join(row for row in _rows() if " " not in row)  # "hello", "ok" among Chinese words, too
    called = "(?:丹青|机器人|小助手|朋友们?|大家|各位|亲爱?的?|老师|bot|danqing)?"
    return re.compile(f"(?:{called}(?:{one})[吗呀啊哦呢嘛哟喔噢哇哈啦吧呐哒了~]*{called}){{1,3}}")


_CALLED = (
    "there|bot|danqing|everyone|everybody|all|guys|folks|friends?|mate|buddy|dear|again|you|sir|man|dude|robot|world|"
    "please|now|y'?all|people|team"
)


@cache
def _english() -> re.Pattern[str]:
    one = f"(?:{'|'.join(row for row in _rows() if not CHINESE.search(row))})(?: (?:{_CALLED}))*"
    return re.compile(f"(?:(?:oh|well|um|so|and|ok|danqing|bot) )?{one}(?: (?:and |but )?{one}){{0,2}}")
