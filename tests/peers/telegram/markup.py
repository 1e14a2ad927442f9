"""Telegram's two markups, parsed as strictly as Telegram does; offsets are in UTF-16 code units."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from typing import Any

from tests.peers.telegram.refusal import Breach, breach

Entity = dict[str, Any]
TAGS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "a": "text_link",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "tg-emoji": "custom_emoji",
}
MARKS = {"*": "bold", "_": "italic", "__": "underline", "~": "strikethrough", "||": "spoiler"}
RESERVED = "_*[]()~`>#+-=|{}.!"
ATTRIBUTE = re.compile(r"""\s+([a-z-]+)(?:\s*=\s*("[^"]*"|'[^']*'|[\w.-]+))?""")
NAMED = re.compile(r"&(lt|gt|amp|quot|#\d+|#x[0-9a-fA-F]+);")
FOUND = (
    ("bot_command", re.compile(r"(?<![\w/])/[A-Za-z0-9_]{1,64}(?:@\w{3,32})?(?![\w/])")),
    ("mention", re.compile(r"(?<!\w)@[A-Za-z]\w{3,31}", re.ASCII)),
    ("url", re.compile(r"(?<!\w)https?://[^\s<>]+[^\s<>.,;!?)]")),
    ("hashtag", re.compile(r"(?<!\w)#\w*[^\W\d]\w*")),
)


def width(text: str) -> int:
    """Length in UTF-16 code units."""
    return len(text.encode("utf-16-le")) // 2


def parse(text: str, mode: str | None, entities: Sequence[Entity] = ()) -> tuple[str, list[Entity]]:
    """The text as people see it, without blanks around it, and its entities; `Breach` for broken markup."""
    match (mode or "").lower():
        case "html":
            plain, found = _html(text)
        case "markdownv2":
            plain, found = _markdown(text)
        case _:
            plain, found = text, [dict(one) for one in entities]
    if any(one["offset"] < 0 or one["offset"] + one["length"] > width(plain) for one in found):
        raise _broken("an entity reaches beyond the text")
    lead, kept = width(plain) - width(plain.lstrip()), plain.strip()
    for one in found:
        start, end = (min(max(at - lead, 0), width(kept)) for at in (one["offset"], one["offset"] + one["length"]))
        one |= {"offset": start, "length": end - start}
    found = [one for one in found if one["length"] > 0]
    found += noticed(kept, found)
    return kept, sorted(found, key=lambda one: (one["offset"], -one["length"]))


def noticed(text: str, taken: Sequence[Entity] = ()) -> Iterator[Entity]:
    """Commands, mentions, links and hashtags, which Telegram finds by itself outside code and links."""
    used = [
        (one["offset"], one["offset"] + one["length"]) for one in taken if one["type"] in ("code", "pre", "text_link")
    ]
    for kind, pattern in FOUND:
        for hit in pattern.finditer(text):
            start, end = width(text[: hit.start()]), width(text[: hit.end()])
            if all(end <= first or start >= last for first, last in used):
                used.append((start, end))
                yield {"type": kind, "offset": start, "length": end - start}


def _broken(why: str) -> Breach:
    return breach(f"can't parse entities: {why}")


def _html(text: str) -> tuple[str, list[Entity]]:
    plain, open_, found, at = "", list[tuple[str, Entity]](), list[Entity](), 0
    while at < len(text):
        place = f"at byte offset {len(text[:at].encode())}"
        if named := NAMED.match(text, at):
            plain += html.unescape(named[0])
            at = named.end()
        elif text[at] != "<":
            plain += text[at]
            at += 1
        elif close := re.compile(r"</([a-z0-9-]*)\s*>").match(text, at):
            if not open_:
                raise _broken(f"Unexpected end tag {place}")
            tag, entity = open_.pop()
            if close[1] not in ("", tag):
                raise _broken(f'Unmatched end tag {place}, expected "</{tag}>", found "</{close[1]}>"')
            found.append(entity | {"length": width(plain) - entity["offset"]})
            at = close.end()
        else:
            start = re.compile(r"<([a-zA-Z0-9-]*)").match(text, at)
            assert start is not None
            tag = start[1].lower()
            if tag not in TAGS:
                raise _broken(f'Unsupported start tag "{tag}" {place}')
            at, given = start.end(), dict[str, str]()
            while attribute := ATTRIBUTE.match(text, at):
                given[attribute[1]] = html.unescape((attribute[2] or "").strip("\"'"))
                at = attribute.end()
            if not (end := re.compile(r"\s*>").match(text, at)):
                raise _broken(f"Unclosed start tag {place}")
            at = end.end()
            open_.append((tag, _tagged(tag, given, place) | {"offset": width(plain)}))
    if open_:
        raise _broken(f'Can\'t find end tag corresponding to start tag "{open_[-1][0]}"')
    return plain, _languages(found)


def _tagged(tag: str, given: dict[str, str], place: str) -> Entity:
    if tag == "span" and given.get("class") != "tg-spoiler":
        raise _broken(f'Tag "span" must have class "tg-spoiler" {place}')
    entity: Entity = {"type": TAGS[tag]}
    if tag == "a":
        entity["url"] = given.get("href", "")
    elif tag == "tg-emoji":
        entity["custom_emoji_id"] = given.get("emoji-id", "")
    elif tag == "blockquote" and "expandable" in given:
        entity["type"] = "expandable_blockquote"
    elif tag == "code" and given.get("class", "").startswith("language-"):
        entity["language"] = given["class"].removeprefix("language-")
    return entity


def _languages(found: list[Entity]) -> list[Entity]:
    """<pre><code class="language-x"> is one entity; a lone <code> has no language."""
    spans = {(one["offset"], one["length"]): one for one in found if one["type"] == "pre"}
    kept = []
    for one in found:
        outer = spans.get((one["offset"], one["length"]))
        if one["type"] == "code" and outer is not None:
            outer |= {"language": one["language"]} if "language" in one else {}
        else:
            one.pop("language", None) if one["type"] == "code" else None
            kept.append(one)
    return kept


def _markdown(text: str) -> tuple[str, list[Entity]]:
    plain, open_, found, at = "", list[tuple[str, Entity]](), list[Entity](), 0

    def close() -> None:
        entity = open_.pop()[1]
        found.append(entity | {"length": width(plain) - entity["offset"]})

    while at < len(text):
        place = f"at byte offset {len(text[:at].encode())}"
        inside = open_[-1][0] if open_ else ""
        rest = text[at:]
        if rest[0] == "\\" and len(rest) > 1 and 0 < ord(rest[1]) < 127:
            plain, at = plain + rest[1], at + 2
        elif rest.startswith("`"):
            fence = "```" if rest.startswith("```") else "`"
            length = re.compile(rf"{fence}((?:\\.|[^\\])*?){fence}", re.S).match(rest)
            if length is None:
                raise _broken(f"Can't find end of {'Pre' if fence == '```' else 'Code'} entity {place}")
            words = re.sub(r"\\([\x01-\x7e])", r"\1", length[1])
            entity: Entity = {"type": "pre" if fence == "```" else "code", "offset": width(plain)}
            if fence == "```" and (language := re.match(r"([\w+-]+)\n", words)):
                entity["language"], words = language[1], words[language.end() :]
            words = words.removeprefix("\n") if fence == "```" else words
            plain, at = plain + words, at + length.end()
            found.append(entity | {"length": width(words)})
        elif rest.startswith(("[", "![")):
            skip = rest.index("[") + 1
            entity = {"type": "custom_emoji" if skip == 2 else "text_link", "offset": width(plain)}
            open_.append(("]", entity))
            at += skip
        elif rest[0] == "]" and inside == "]":
            target = re.compile(r"\]\(((?:\\.|[^\\)])*)\)").match(rest)
            if target is None:
                raise _broken(f"Character ']' is reserved and must be escaped with the preceding '\\' {place}")
            url, entity = re.sub(r"\\(.)", r"\1", target[1]), open_[-1][1]
            if entity["type"] == "custom_emoji":
                entity["custom_emoji_id"] = url.rpartition("id=")[2]
            else:
                entity["url"] = url
            close()
            at += target.end()
        elif rest[0] == ">" and (not plain or plain.endswith("\n")):
            lines = re.compile(r"(?:>[^\n]*(?:\n|$))+").match(rest)
            assert lines is not None
            quoted = "\n".join(line[1:] for line in lines[0].rstrip("\n").split("\n"))
            kind = "expandable_blockquote" if quoted.endswith("||") else "blockquote"
            words, inner = _markdown(quoted.removesuffix("||"))
            found += [one | {"offset": one["offset"] + width(plain)} for one in inner]
            found.append({"type": kind, "offset": width(plain), "length": width(words)})
            plain, at = plain + words + "\n" * lines[0].endswith("\n"), at + lines.end()
        elif mark := next((mark for mark in ("||", "__", "*", "_", "~") if rest.startswith(mark)), ""):
            at += len(mark)
            if inside == mark:
                close()
            elif any(mark == one for one, _ in open_):
                raise _broken(f"Can't find end of {open_[-1][1]['type'].title()} entity {place}")
            else:
                open_.append((mark, {"type": MARKS[mark], "offset": width(plain)}))
        elif rest[0] in RESERVED:
            raise _broken(f"Character '{rest[0]}' is reserved and must be escaped with the preceding '\\' {place}")
        else:
            plain, at = plain + rest[0], at + 1
    if open_:
        raise _broken(f"Can't find end of the entity starting at offset {open_[-1][1]['offset']}")
    return plain, found
