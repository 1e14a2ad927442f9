"""The ways in which a text may be meant to be read: spaced out, in look-alike letters, with digits for letters."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator
from functools import partial
from urllib.parse import unquote

from prompts.translate import chinese

HAN = "\u3005\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_HAN = re.compile(f"[{HAN}]")
_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u064b-\u0652\u0640\u180b-\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]"
)
_SIGNS = re.compile(r"[_\-()\[\]{}:*\\<>|/\"“”「」『』《》【】#~^=`´]+")
_OWN = re.compile(r"['’ʼ]s?\b")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z][a-z])")
_ACCENTS = re.compile("[\u0300-\u036f]")

# Letters of other scripts that look like Latin ones, small capitals among them; from Unicode's confusables, by eye.
_ALIKE = str.maketrans(
    "псабвгԁеёһіїјкӏмнорԛѕтцуѵѡхуꭓьαβγεζηικνορτυχωɑɡıɩℓɴᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍᴏᴘǫʀꜱᴛᴜᴠᴡʏᴢøđłħŧ",
    "ncabbrdeehiijklmhopqstuyvwxyxbabyeznikvoptuxwagiilnabcdefghijklmopqrstuvwyzodlht",
)
_REGIONAL = {0x1F1E6 + at: chr(ord("a") + at) for at in range(26)}
_DIGITS = {"0": "o", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s", "!": "i", "€": "e"}
_ONES = (str.maketrans({**_DIGITS, "1": "i"}), str.maketrans({**_DIGITS, "1": "l"}))
_CODED = re.compile(r"(?<![a-z0-9@$!€])(?=[0-9@$!€]*[a-z])(?=[a-z]*[0-9@$!€])[a-z0-9@$!€]+")
_GAP = r"[\s.·・•*~+|/\\'_\-]{1,3}"
_WIDE_GAP = r"[\s.,·・•*~+|/\\'_\-、，。]{1,3}"
_SPACED = re.compile(rf"(?<!\w)(?:[^\W\d_]{_GAP}){{2,}}[^\W\d_](?!\w)")
_SPACED_HAN = re.compile(rf"(?<=[{HAN}])[\s.·・•*~+|/\\_\-]+(?=[{HAN}])")
_SPACED_WIDE = re.compile(rf"(?<!\w)(?:[^\W\d_]{_WIDE_GAP}){{2,}}[^\W\d_](?!\w)")
_LONE_HAN = re.compile(rf"(?<![{HAN}])(?:[{HAN}]{_WIDE_GAP})+[{HAN}](?![{HAN}])")
_STOPPED = re.compile(r"(?<=\w)(?:%[0-9a-f]{2}|[.+=&?·•/]|\bbreak\b)(?=\w)|\bbreak\b")
_CAPITAL = re.compile(r"(?<=[a-z])I(?=[a-z]|\b)")  # loIi
_BROKEN = re.compile(r"(?<=[a-z])[-/:{}()*~]{1,2}(?=[a-z])")  # na-ked
_LONG = re.compile(r"([^\W\d_])\1{2,}")


def folded(text: str) -> str:
    """The text in small letters, half width, simplified Chinese and single spaces, without brackets, weights' colons
    and signs that are not seen."""
    if "%" in text or "&" in text:
        text = unquote(html.unescape(text))
    plain = unicodedata.normalize("NFKC", _CAMEL.sub(" ", text.replace("\\n", "\n"))).translate(_REGIONAL)
    plain = re.sub(r"\s*[\n\r|]\s*", ", ", _UNSEEN.sub("", plain).casefold())
    if _HAN.search(plain):
        plain = chinese.readings(plain)[-1]
    return " ".join(_SIGNS.sub(" ", _OWN.sub(" ", plain)).split())


def plain(text: str) -> str:
    """The text without accents: "niña" as "nina"."""
    return unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFD", text)))


def _uncoded(letters: dict[int, str], found: re.Match[str]) -> str:
    return found.group().translate(letters)


def readings(text: str) -> Iterator[str]:
    """The folded text, and what else it may be read as where that differs."""
    base = folded(text)
    seen = {base}
    yield base
    joined = _LONE_HAN.sub(lambda found: re.sub(_WIDE_GAP, "", found.group()), base)
    joined = _SPACED_HAN.sub("", _SPACED.sub(lambda found: re.sub(_GAP, "", found.group()), joined))
    wide = _SPACED_WIDE.sub(lambda found: re.sub(_WIDE_GAP, "", found.group()), base)
    parted = " ".join(_STOPPED.sub(" ", base).split())
    one_line = folded(re.sub(r"[\n\r|]", " ", text))
    closed = folded(_BROKEN.sub("", text.casefold()))
    latin = plain(joined).translate(_ALIKE)
    others = [plain(base), joined, wide, parted, one_line, closed, latin, _LONG.sub(r"\1\1", latin)]
    others.append(folded(_CAPITAL.sub("l", text)))
    others += [_LONG.sub(r"\1", _CODED.sub(partial(_uncoded, ones), latin)) for ones in _ONES]
    for candidate in others:
        if candidate not in seen:
            seen.add(candidate)
            yield candidate
