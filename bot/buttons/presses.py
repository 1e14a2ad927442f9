"""The table of buttons that are more than a new recipe (the buttons that are one: bot/buttons/actions.py)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from bot.buttons import redrawing
from bot.buttons.checking import check_drawn, raise_missing, seeds_missing, split_missing
from bot.buttons.comparing import compare, compare_again, compared_picture, sheet
from bot.buttons.comparing_on import compare_rest
from bot.buttons.correcting import correct
from bot.buttons.deleting import delete
from bot.buttons.drawn_prompts import older_prompts, use_again
from bot.buttons.explaining import lesson, why, why_more
from bot.buttons.forgetting import forget, forget_cancel
from bot.buttons.forms import FIELDS
from bot.buttons.found_pictures import older
from bot.buttons.guiding import other_map, same_shape, show_map, with_map
from bot.buttons.keeping import favourite, rename, unfavourite
from bot.buttons.loras import with_lora, without_lora
from bot.buttons.mending import mend, mend_all
from bot.buttons.papers import paper_both, paper_compare, paper_draw, paper_prompt
from bot.buttons.reading import add_read, caption_read, draw_read, read_tags
from bot.buttons.sent import paint_over
from bot.buttons.sharing import draw, own, share, unshare
from bot.buttons.tag_table import draw_tags, tag, tags
from bot.buttons.taking import mydata
from bot.buttons.this_one import not_this_one, this_one
from bot.buttons.training import TRAINING
from bot.buttons.using import use, use_as_it_stands
from bot.buttons.versus import versus, versus_with
from bot.buttons.voting import unvote, vote, vote_for
from bot.chat import Card, Press, Say
from bot.people import owned
from bot.people.access import veiled
from bot.studio import cards
from bot.studio.studio import Studio
from prompts.errors import Refusal
from storage import pictures
from storage.posts import Post


async def cancel(studio: Studio, press: Press) -> None:
    await owned.job(studio.db, press.person, press.target)
    if not studio.queue.cancel(press.target):
        raise Refusal("job.ended_already")


async def again_all(studio: Studio, press: Press) -> None:
    """Draw all pictures of a job once more as one job, or only the pictures named in `values["pictures"]`."""
    named = press.values.get("pictures", "").split()
    if not named:
        kept = await owned.job(studio.db, press.person, press.target)
        named = [row.id for row in await pictures.of_job(studio.db, kept.job.id)]
    rows = [await owned.picture(studio.db, press.person, one) for one in named]
    await redrawing.once_more(studio, press, rows)


def under(post: Post, action: str) -> tuple[str, str, Mapping[str, str]]:
    """The action, target and values of the press that an action on a message with pictures stands for: "again" and
    "delete" are about all of them, every other action about the first. On a comparison's sheet none is."""
    if post.compared:
        return "sheet", post.job, {"asks": action}
    together = {"pictures": " ".join(post.pictures)}
    if action == "again" and len(post.pictures) > 1:
        return "again_all", post.job or post.pictures[0], together
    if action == "delete" and len(post.pictures) > 1:
        return action, post.pictures[0], together
    return action, post.pictures[0], {}


async def retry(studio: Studio, press: Press) -> None:
    kept = await owned.job(studio.db, press.person, press.target)
    await studio.submit(press, kept.job.recipes, parent=kept.parent, comparison=kept.comparison)


async def edit(studio: Studio, press: Press) -> None:
    """By a sentence, or by a form filled in (bot/buttons/forms.py)."""
    if any(name in press.values for name in FIELDS):
        await redrawing.by_form(studio, press)
        return
    sentence = press.values.get("sentence", "")
    if not sentence.strip():
        raise Refusal("edit.how", picture=press.target)
    await redrawing.by_sentence(studio, press, press.target, sentence)


async def recipe(studio: Studio, press: Press) -> Card:
    return await own(studio, press, press.target)


async def original(studio: Studio, press: Press) -> Card:
    row = await owned.picture(studio.db, press.person, press.target)
    if not await studio.db.files.has(row.hash):
        raise Refusal("picture.file_gone")
    spoiler = await veiled(studio.sight, studio.rules.access, press, [row])
    return Card(text=Say("picture.original"), pictures=(cards.shown(row),), originals=True, spoiler=spoiler)


PRESSES: Mapping[str, Callable[[Studio, Press], Awaitable[Card | None]]] = {
    press.__name__: press
    for press in (
        cancel,
        again_all,
        redrawing.refill,
        retry,
        use,
        use_as_it_stands,
        edit,
        favourite,
        unfavourite,
        rename,
        recipe,
        share,
        unshare,
        draw,
        paper_draw,
        paper_prompt,
        paper_compare,
        paper_both,
        original,
        with_lora,
        without_lora,
        mend,
        mend_all,
        correct,
        paint_over,
        same_shape,
        show_map,
        other_map,
        with_map,
        older,
        older_prompts,
        use_again,
        read_tags,
        draw_read,
        add_read,
        caption_read,
        check_drawn,
        raise_missing,
        split_missing,
        seeds_missing,
        compare,
        compare_again,
        compared_picture,
        why,
        why_more,
        lesson,
        sheet,
        this_one,
        not_this_one,
        vote,
        vote_for,
        unvote,
        versus,
        versus_with,
        tags,
        tag,
        draw_tags,
        compare_rest,
        mydata,
        forget,
        forget_cancel,
        delete,
        *TRAINING,
    )
}
