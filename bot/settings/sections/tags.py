"""How tags are read out of pictures."""

from __future__ import annotations

from bot.settings.sections.field_types import Section
from bot.settings.settings import setting


class TagsSection(Section):
    """How tags are read out of pictures, where nobody says otherwise."""

    reader: str = setting(
        "",
        "The tagger that reads tags when nobody names one; empty takes the first, without any what comes with the bot.",
        "没有指定时用哪个反推模型；留空用第一个，一个都没有时用自带的检测器。",
        example="wd-vit-tagger-v3",
    )
    general: float = setting(
        0.35, "From which score on a tag is told.", "一般标签的阈值，高于它才列出。", ge=0, le=1, allow_inf_nan=False
    )
    character: float = setting(
        0.85,
        "From which score on the name of a character is told.",
        "角色标签的阈值，高于它才列出。",
        ge=0,
        le=1,
        allow_inf_nan=False,
    )
    rating: float = setting(
        0.0, "From which score on a rating is told.", "分级的阈值，高于它才列出。", ge=0, le=1, allow_inf_nan=False
    )
