"""Emoji as words, by their Unicode names and a few better ones."""

from __future__ import annotations

import re
import unicodedata

EMOJI = re.compile(
    "[\u203c\u2049\u2139\u2190-\u21ff\u231a-\u23ff\u25aa-\u27bf\u2934-\u2935\u2b00-\u2bff\u3030\u303d\u3297\u3299"
    "\U0001f000-\U0001fbff][\ufe0e\ufe0f\u200d\U0001f3fb-\U0001f3ff\u20e3]*"
)
_NO_WORD = re.compile(
    "[\U0001f1e6-\U0001f1ff\U0001f3fb-\U0001f3ff\u2190-\u21ff\u2900-\u297f\u25aa-\u25fe\u2b05-\u2b55]"
)
_BETTER = {
    "🌸": "cherry blossoms", "🌊": "ocean wave", "🌈": "rainbow", "🌙": "crescent moon", "⭐": "star", "✨": "sparkles",
    "🔥": "fire", "❄": "snowflake", "☀": "sun", "🌞": "sun", "🌧": "rain", "⛄": "snowman", "☃": "snowman", "❤": "heart",
    "♡": "heart", "♥": "heart",
    "💀": "skull", "👻": "ghost", "🤖": "robot", "👽": "alien", "🎃": "jack-o'-lantern", "🎄": "christmas tree",
    "👧": "1girl", "👦": "1boy", "👩": "woman", "👨": "man", "👶": "baby", "👵": "old woman", "👴": "old man",
    "👸": "princess", "🤴": "prince", "🧙": "wizard", "🧚": "fairy", "🧜": "mermaid", "🧛": "vampire", "🥷": "ninja",
    "😀": "smile", "😊": "smile", "😂": "laughing", "😭": "crying", "😢": "tears", "😡": "angry",
    "😍": "heart-shaped pupils",
    "😴": "sleeping", "😎": "sunglasses", "🏯": "japanese castle", "🏰": "castle", "🏖": "beach", "🏔": "snowy mountain",
    "🌃": "city, night", "🌆": "city, sunset", "🌅": "sunrise", "🌌": "milky way", "🚗": "car", "🍎": "red apple",
    "⛩": "torii", "🗻": "mount fuji", "🎏": "koi banner", "🏮": "red lantern", "🧋": "bubble tea", "☕": "coffee",
}  # fmt: skip


def words(sign: str) -> str:
    """The words for one emoji, empty where it is no thing that can be drawn (flags, arrows, skin tones)."""
    first = sign[0]
    if _NO_WORD.match(first):
        return ""
    if better := _BETTER.get(first):
        return better
    name = unicodedata.name(first, "").lower()
    return re.sub(r"\b(face|symbol|sign|emoji)$|^(smiling|white|black|heavy) (?=.* face)|[^a-z\- ]", "", name).strip()
