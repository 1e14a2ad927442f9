"""A picture that somebody brings along, dropped on the page without a word: what its file says is drawn, its words are
taken, and it is compared, with a mouse and on a phone."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from tests.bot.commands.test_papers import of_camera, stamped
from tests.bot.platforms.web.test_page import CHROMIUM, PHONE, WIDE, no_sideways_scroll
from tests.stories.conftest import Begun
from tests.stories.test_page import loaded

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.page,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]
PAPER = (
    "a red fox in the snow\nNegative prompt: dog\nSteps: 3, Sampler: Euler a, Schedule type: Karras, CFG scale: 5.5, "
    "Seed: 4711, Size: 64x64, Model hash: 0123456789, Model: somebodysMix_v3, Soft inpainting enabled: True, "
    "Face restoration: CodeFormer, Version: v1.10.1"
)


async def dropped(page: Page, name: str, content: bytes) -> None:
    """Let go of a file over the page, as from another window, beside the conversation."""
    script = """([name, kind, text]) => {
        const bytes = Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
        const held = new DataTransfer();
        held.items.add(new File([bytes], name, { type: kind }));
        for (const type of ["dragenter", "dragover", "drop"]) {
            const event = new DragEvent(type, { dataTransfer: held, bubbles: true, cancelable: true });
            document.querySelector("header").dispatchEvent(event);
            if (!event.defaultPrevented) throw new Error(`the browser would open the file: ${type}`);
        }
    }"""
    kind = "image/png" if name.endswith("png") else "image/jpeg"
    await page.evaluate(script, [name, kind, base64.b64encode(content).decode()])


async def pressed(page: Page, card: Locator, action: str) -> None:
    """Press a button where it is to be seen, large enough for a finger."""
    button = card.locator(f"[data-action={action}]")
    await button.scroll_into_view_if_needed()
    await expect(button).to_be_in_viewport(ratio=1)
    box = await button.bounding_box()
    assert box and box["height"] >= 32 and box["width"] >= 32
    await (button.tap() if await page.evaluate("() => navigator.maxTouchPoints > 0") else button.click())


@pytest.mark.parametrize(
    ("context", "locale", "name"),
    [(WIDE, "en-US", "fox.png"), (PHONE, "zh-CN", "fox.jpg")],
)
async def test_a_lone_picture_is_drawn_taken_and_compared(
    tmp_path: Path, begun: Begun, context: dict[str, Any], locale: str, name: str
) -> None:
    page, problems = await begun.page(locale=locale, **context), list[str]()
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda line: problems.append(line.text) if line.type == "error" else None)
    await page.reload()  # heard from its beginning
    await expect(page.locator("#empty h2")).to_be_visible()
    content = stamped(PAPER) if name.endswith("png") else of_camera(PAPER)
    if context is WIDE:
        await dropped(page, name, content)
    else:  # nothing is dropped on a phone
        file: Any = {"name": name, "mimeType": "image/jpeg", "buffer": content}
        await page.locator("#composer input[type=file]").set_input_files(file)
    await expect(page.locator("#composer img")).to_have_count(1)
    await page.locator("#composer button[type=submit]").click()

    card = page.locator("#log .message.bot").first
    for said in ("4711", "a red fox in the snow", "A1111", "somebodysMix_v3", "CodeFormer", "--fix face"):
        await expect(card).to_contain_text(said)
    for action in ("paint_over", "paper_draw", "paper_prompt", "paper_compare"):
        await expect(card.locator(f"[data-action={action}]")).to_be_visible()
    await no_sideways_scroll(page)
    await page.screenshot(path=tmp_path / "read.png")

    await pressed(page, card, "paper_draw")
    drawn = page.locator("#log .message.bot").nth(1)
    await expect(drawn.locator("[data-action=again]")).to_have_count(1)
    await expect(drawn.locator("blockquote")).to_contain_text("a red fox in the snow")
    await pressed(page, card, "paper_compare")
    told = page.locator("#log .message.bot").nth(2)
    await expect(told).to_contain_text(re.compile("5[.]5"))
    await page.screenshot(path=tmp_path / "compared.png")
    await pressed(page, told, "paper_both")
    both = page.locator("#log .message.bot").nth(3)
    await expect(both.locator("figure img")).to_have_count(2)
    await pressed(page, card, "paper_prompt")
    taken = page.locator("#log .message.bot").nth(4)
    await expect(taken.locator("[data-action=again]")).to_have_count(1)
    await loaded(page)
    await no_sideways_scroll(page)
    await page.screenshot(path=tmp_path / "end.png")
    assert problems == []
