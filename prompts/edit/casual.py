"""English as people type it in a chat, written out: "u" and "dont" in whole words, without what only says why."""

from __future__ import annotations

import re

_CONTRACTED = {
    "dont": "don't", "doesnt": "doesn't", "didnt": "didn't", "isnt": "isn't", "arent": "aren't", "wasnt": "wasn't",
    "cant": "can't", "wont": "won't", "shouldnt": "shouldn't", "wouldnt": "wouldn't", "couldnt": "couldn't",
    "mustnt": "mustn't", "hes": "he's", "shes": "she's", "theyre": "they're", "theres": "there's", "thats": "that's",
    "whats": "what's", "im": "i'm", "ive": "i've", "lets": "let's", "youre": "you're", "u": "you", "ur": "your",
    "r": "are", "plz": "please", "pls": "please", "plss": "please", "thx": "thanks", "tysm": "thanks", "ty": "thanks",
    "colour": "color",
    "w/": "with", "w": "with", "em": "them", "w/o": "without",
    "brand-new": "new",
    "b&w": "black and white", "bg": "background", "gonna": "going to",
    "wanna": "want to", "gotta": "have to", "kinda": "", "sorta": "", "rly": "really", "lol": "", "lmao": "",
    "haha": "",
    "hahaha": "", "hehe": "", "xd": "", "tbh": "", "btw": "", "imo": "",
}  # fmt: skip
_WORD = re.compile(rf"(?<![\w'&/-])(?:{'|'.join(map(re.escape, _CONTRACTED))})(?![\w'&/-])", re.IGNORECASE)
_ITS = re.compile(
    r"\bits (?=(?:a|an|the|too|not|now|just|so|very|really|night|day|morning|evening|raining|snowing|dark)\b)"
)
_DRAWN_OUT = re.compile(r"\b([a-z]*?)([a-z])\2{2,}([a-z]*)\b")  # "sooo"
_WHY = re.compile(
    r"(?<=\w) so (?:that )?(?:i|we|you|people) (?:can|could|get to) (?![^,.;!?]*\b(?:whole|full|entire)\b)[^,.;!?]*",
    re.IGNORECASE,
)
_STOP = re.compile(r"(?<=[a-z)'\s])\.+(?=\s|$)")


def written_out(sentence: str) -> str:
    """The sentence in whole words, a comma for each full stop."""
    said = _WORD.sub(lambda found: _CONTRACTED[found.group().lower()], sentence)
    said = said.replace("brand new ", "new ").replace("brand new", "new")
    said = _DRAWN_OUT.sub(r"\1\2\3", _ITS.sub("it's ", said))
    return re.sub(r" {2,}", " ", _WHY.sub("", _STOP.sub(",", said))).strip(" ,")
