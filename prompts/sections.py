"""What a text wants and what it does not, where it says so in headings: "负面:", "Negative prompt:"."""

from __future__ import annotations

import re

_HEAD = r"(?:^|(?<=[\s,。;；、!！.]))(?:{})\s*:"
_PROMPT = "(?:提示词|提示詞|提示|词|詞)?"
_NEGATIVE_HEAD = re.compile(
    _HEAD.format(
        f"(?:负面|負面|负向|負向|反向|反面){_PROMPT}|不想要的|negative(?: prompt)?|negativer prompt|negatieve prompt"
        "|negatywny prompt|negatif prompt|prompt (?:negativo|négatif|negatif)|негативн(?:ый|ий) промпт"
        "|ネガティブプロンプト|부정 프롬프트"
    ),
    re.IGNORECASE,
)
_POSITIVE_HEAD = re.compile(
    _HEAD.format(f"(?:正面|正向){_PROMPT}|提示词|提示詞|关键词|positive(?: prompt)?|prompt"), re.IGNORECASE
)

_SENTENCE_END = re.compile(r"。(?=\s*\S)")
_FIRST_END = re.compile(r"。(?=\s*\S)|\n(?=\s*\S)")


def sections(text: str) -> tuple[str, str]:
    """The text before and behind "负面:" ("Negative prompt:"). That ends with "正面:", a full stop or, where it began
    the text, a line."""
    wanted, unwanted = [], []
    head = _NEGATIVE_HEAD.search(text)
    while head is not None:
        wanted.append(text[: head.start()])
        text = text[head.end() :]
        back = _POSITIVE_HEAD.search(text) or (_SENTENCE_END if "".join(wanted).strip() else _FIRST_END).search(text)
        unwanted.append(text[: back.start()] if back else text)
        text = text[back.start() :] if back else ""
        head = _NEGATIVE_HEAD.search(text)
    wanted.append(text)
    return ", ".join(_POSITIVE_HEAD.sub(" ", part) for part in wanted), ", ".join(unwanted)
