"""A newcomer's first minutes: the shipped program, the built-in model, a real browser, a restart in between."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.bot.commands.test_papers import PLAIN, of_camera
from tests.bot.platforms.web.test_page import CHROMIUM, PHONE, WIDE, no_sideways_scroll, write
from tests.bot.platforms.web.test_region_painter import paint
from tests.bot.platforms.web.test_training import begun as draft_begun
from tests.bot.platforms.web.test_training import payload
from tests.engine.train import totem
from tests.patience import until
from tests.stories.conftest import Begun

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.page,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]


async def pictures(page: Page, count: int) -> None:
    """Wait until so many finished pictures stand in the conversation."""
    await expect(page.locator("#log [data-action=again]")).to_have_count(count)


async def loaded(page: Page) -> None:
    """Wait until every picture in sight is there; those further away come when they are scrolled to."""
    script = """() => [...document.images].filter(one => {
        const box = one.getBoundingClientRect()
        return box.height && box.bottom > 0 && box.top < innerHeight && !one.naturalWidth
    }).length"""

    async def all_there() -> bool:
        return not await page.evaluate(script)

    await until(all_there, every=0.05)


async def test_from_a_chinese_line_to_a_picture_and_on(tmp_path: Path, begun: Begun) -> None:
    bot, page = begun.bot, await begun.page(**WIDE)
    await write(page, "一只戴红色帽子的橘猫，水彩 步数60")
    for word in ("watercolor", "orange cat", "wearing red hat"):
        await expect(page.get_by_text(word).first).to_be_visible()
    await pictures(page, 1)
    await write(page, "/imagine a red apple on a blue background --seed 3")
    await pictures(page, 2)
    await loaded(page)
    await page.screenshot(path=tmp_path / "wide.png")

    address = bot.address
    await bot.stop()
    bot.settings["DANQING_WEB_PORT"] = address.rpartition(":")[2]
    await bot.start()
    await page.reload()
    for count, action in enumerate(("again", "vary", "upscale", "larger"), 3):
        if action == "larger":
            await page.locator("#log .message.bot").nth(1).get_by_role("button", name="更多").click()
        await page.locator(f"#log [data-action={action}]").nth(1).click()
        await pictures(page, count)

    small = await begun.page(locale="en-US", of=page, **PHONE)
    await pictures(small, 6)
    await no_sideways_scroll(small)
    await loaded(small)
    await small.screenshot(path=tmp_path / "phone.png")
    await small.goto(f"{bot.address}/#history")
    await expect(small.locator("#panel img")).to_have_count(6)
    await loaded(small)
    await small.screenshot(path=tmp_path / "history.png")


async def test_regions_are_painted_and_drawn(tmp_path: Path, begun: Begun) -> None:
    page = await begun.page(**WIDE)
    await page.get_by_role("button", name="涂色分区").click()
    for colour, words, at in (("red", "红色的蘑菇", 0.75), ("blue", "蓝色的伞", 0.25)):
        await page.locator(f'[data-colour="{colour}"]').click()
        await paint(page, ((at, 0.3), (at, 0.7)))
        await page.locator(".region input").nth(0 if colour == "red" else 1).fill(words)
    await page.locator('[data-does="use"]').click()
    line = page.locator("#composer textarea")
    await expect(line).to_have_value("红：红色的蘑菇 | 蓝：蓝色的伞")
    await line.press("Enter")
    await pictures(page, 1)
    await loaded(page)
    await page.screenshot(path=tmp_path / "regions.png")
    await expect(page.locator(".job.done .fields")).to_contain_text("🟥 red mushroom\n🟦 blue umbrella")


async def test_a_comparison_is_looked_at_voted_on_taken_over_and_two_are_laid_over_each_other(
    tmp_path: Path, begun: Begun
) -> None:
    page = await begun.page(**PHONE)
    await write(page, "/对比 红色的苹果 步数=2,4,8 cfg=2,3")
    await page.get_by_role("button", name="开始画").click()
    table = page.locator(".compared")
    await expect(table.locator("td a")).to_have_count(6)
    await expect(page.locator("#log").get_by_text("6 张图都在历史里")).to_be_visible()
    await table.get_by_role("button", name="选 1 号").click()
    await table.get_by_role("button", name="选 6 号").click()
    await expect(table.get_by_role("slider")).to_be_visible()
    await no_sideways_scroll(page)
    await loaded(page)
    await page.screenshot(path=tmp_path / "compared.png")
    sixth = table.get_by_role("group", name="6 号")
    await sixth.get_by_role("button", name="投它一票").click()
    await expect(table.locator(".votes").get_by_text("1 票")).to_be_visible()
    await sixth.get_by_role("button", name="就用这个").click()
    await expect(page.locator("#log").get_by_text("以后没有另外说明")).to_be_visible()
    await write(page, "绿色的树")
    await pictures(page, 1)
    await page.locator("#log .message.bot").last.get_by_role("button", name="更多").click()
    await page.locator("#log [data-action=versus]").click()
    await page.locator("#log [data-action=versus_with]").first.click()
    await expect(page.locator(".compared")).to_have_count(2)
    lines = page.locator("#log .message.bot").last.locator(".fields")
    await expect(lines).to_contain_text("green tree → red apple")
    await page.get_by_role("button", name="恢复原样").click()
    await expect(page.locator("#toasts").get_by_text("恢复原样了")).to_be_visible()


async def test_a_picture_with_papers_is_drawn_compared_and_found_again(tmp_path: Path, begun: Begun) -> None:
    (tmp_path / "paper.jpg").write_bytes(of_camera(PLAIN))
    page = await begun.page(**WIDE)
    await page.locator("input[type=file]").first.set_input_files(tmp_path / "paper.jpg")
    await page.get_by_role("button", name="移除图").wait_for()
    await page.locator("#composer textarea").press("Enter")
    paper = page.locator("#log .message.bot").last
    await expect(paper).to_contain_text("读自 A1111")
    await expect(paper).to_contain_text("没有模型“somebodysMix_v3”")
    await paper.get_by_role("button", name="和我的比").click()
    both = page.get_by_role("button", name="两种都画")
    await expect(page.locator("#log .message.bot").last).to_contain_text("5.5 → ")
    await both.click()
    await expect(page.locator("#log .message.bot").last).to_contain_text("全部再来一次")
    await page.get_by_role("button", name="照着画").click()
    drawn = page.locator("#log .message.bot").last
    await expect(drawn).to_contain_text("再来一张")
    await drawn.locator("img").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("4711")
    await loaded(page)
    await page.screenshot(path=tmp_path / "opened.png")  # as somebody's own screenshot of it
    await page.keyboard.press("Escape")
    await page.locator("input[type=file]").first.set_input_files(tmp_path / "opened.png")
    await page.get_by_role("button", name="移除图").wait_for()
    await write(page, "/find")
    found = page.locator("#log .message.bot").last
    await expect(found).to_contain_text("和它一样的有")
    await loaded(page)
    await page.screenshot(path=tmp_path / "found.png")


async def test_a_prompt_is_touched_tag_by_tag(tmp_path: Path, begun: Begun) -> None:
    bot, page = begun.bot, await begun.page(**PHONE)
    await write(page, "戴红围巾的橘猫，雪地，(月亮:1.2)，水彩 步数8 --seed 5")
    await pictures(page, 1)
    await page.locator("[data-action=tags]").click()
    table = page.locator(".tag-table")
    await expect(table.locator(".tag-chip", has_text="橘猫")).to_contain_text("orange cat")
    draw = table.get_by_role("button", name="就这样画")
    await draw.click()
    await pictures(page, 2)
    kept = (await (await page.request.get(f"{bot.address}/api/history")).json())["pictures"]
    same, first = [await (await page.request.get(f"{bot.address}/pictures/{one['id']}.png")).body() for one in kept]
    assert same == first  # nothing was touched: the same picture, to the bit

    address = bot.address
    await bot.kill()
    bot.settings["DANQING_WEB_PORT"] = address.rpartition(":")[2]
    await bot.start()
    await page.reload()
    cat = table.locator(".tag-chip", has_text="橘猫").locator(".tag-name")
    await cat.focus()
    await page.keyboard.press("+")
    await expect(cat).to_have_attribute("aria-label", "橘猫 · orange cat，×1.1")
    await expect(cat).to_be_focused()
    await page.keyboard.press("Alt+ArrowRight")
    subjects = table.locator(".tag-chips", has_text="橘猫").locator(".tag-name b")
    await expect(subjects).to_have_text(["戴红围巾", "橘猫"])
    await table.locator(".tag-chip", has_text="雪地").locator(".tag-name").tap()
    await expect(table.locator(".tag-chip", has_text="雪地")).to_have_class(re.compile("chosen"))
    await table.locator("[data-what=off]").tap()
    await expect(table.locator(".tag-chip.off")).to_contain_text("雪地")
    await table.locator(".tag-adding input").fill("灯塔")
    await table.get_by_role("button", name="加标签").tap()
    await expect(table.locator(".tag-chip", has_text="灯塔")).to_have_count(1)
    await no_sideways_scroll(page)
    await loaded(page)
    await page.screenshot(path=tmp_path / "tags.png")
    await draw.click()
    await pictures(page, 3)
    drawn = page.locator(".message.bot").last
    await expect(drawn.locator("blockquote")).to_contain_text("(橘猫:1.1)")
    await expect(drawn.locator("blockquote")).not_to_contain_text("雪地")

    wide = await begun.page(of=page, **WIDE)
    table = wide.locator(".tag-table")
    scarf, cat = (table.locator(".tag-chip", has_text=words) for words in ("戴红围巾", "橘猫"))
    await cat.locator(".tag-name").drag_to(scarf.locator(".tag-name"))
    subjects = table.locator(".tag-chips", has_text="橘猫").locator(".tag-name b")
    await expect(subjects).to_have_text(["橘猫", "戴红围巾", "灯塔"])


async def test_words_used_again_a_favourite_filled_in_and_why(tmp_path: Path, begun: Begun) -> None:
    bot, page = begun.bot, await begun.page(**PHONE)
    await write(page, "一只橘猫，森林 --steps 8 --seed 5")
    await pictures(page, 1)
    await page.locator("#open-history").click()
    await page.locator("#panel .tab", has_text="提示词").click()
    await page.locator("#panel input[type=search]").fill("貓")
    await page.locator("#panel").get_by_role("button", name="再用").click()
    line = page.locator("#composer textarea")
    await expect(line).to_have_value("一只橘猫，森林 --steps 8 --seed 5")

    await write(page, "/收藏 save 肖像 {动物}，在{地点=雪地} --steps 4")
    await expect(page.get_by_text("已收藏为“肖像”。")).to_be_visible()
    await write(page, "/收藏 use 肖像")
    await page.get_by_role("button", name="填空").click()
    await page.locator("#fill-0").fill("狐狸")
    await page.locator("#fill-0").press("Enter")
    await pictures(page, 2)
    await expect(page.get_by_text("动物 = 狐狸")).to_be_visible()
    await page.goto(f"{bot.address}/#favourites")
    await page.locator("#panel").get_by_role("button", name="使用").click()
    await page.locator("#fill-0").fill("兔子")
    await page.locator("#fill-1").fill("海边 $& $1")
    await page.locator("#fill-1").press("Enter")
    await expect(line).to_have_value("兔子，在海边 $& $1 --steps 4")

    await line.fill("")
    await write(page, "/提示词历史")
    await expect(page.locator("#log figure [data-action=use_again]").first).to_have_text("再用 1")
    await write(page, "/为什么 步数")
    await expect(page.locator("#log").get_by_text("步数是把噪声一点点擦掉的次数，这里由 4 变成 16")).to_be_visible()
    await no_sideways_scroll(page)
    await loaded(page)
    await page.screenshot(path=tmp_path / "why.png")


async def test_a_thing_is_taught_from_pictures_and_drawn_on_a_phone(tmp_path: Path, begun: Begun) -> None:
    page = await begun.page(**PHONE)
    await draft_begun(page, "图腾")
    draft = page.locator(".train-draft")
    files = []
    for place, (image, background) in enumerate(totem.pictures(8)):
        made = io.BytesIO()
        image.save(made, "PNG")
        files += [
            payload(f"{place}.png", made.getvalue()),
            payload(f"{place}.txt", f"a zwx, {background} background".encode(), "text/plain"),
        ]
    await draft.locator("input[type=file]").set_input_files(files)
    await expect(draft.locator(".train-pictures > li")).to_have_count(8)
    for label, said in (("触发词", "zwx"), ("步数", "8")):
        await draft.get_by_label(label).fill(said)
        await draft.get_by_label(label).blur()
    await draft.get_by_role("button", name="开始训练").click()
    course = page.locator(".train-course")
    await expect(course.locator(".train-result code")).to_have_text("zwx <lora:图腾:1>")
    await expect(course.locator(".samples-large img")).to_have_count(4)
    await loaded(page)
    await no_sideways_scroll(page)
    await page.screenshot(path=tmp_path / "taught.png", full_page=True)
    await course.get_by_role("button", name="用它画").click()
    line = page.locator("#composer textarea")
    await expect(line).to_have_value("zwx <lora:图腾:1>")
    await line.press("Enter")
    await pictures(page, 1)
    await write(page, "/loras")
    await expect(page.locator("#log .message.bot").last).to_contain_text("图腾")
    stranger = await begun.page(**PHONE)
    await write(stranger, "zwx <lora:图腾:1>")
    await expect(stranger.locator("#log .message.bot").last).to_contain_text("是别人私有的")
    await pictures(stranger, 0)
