"""Who may have a LoRA learnt, and how much of everything that takes."""

from __future__ import annotations

from typing import Annotated, Literal

from bot.settings.sections.field_types import AnyCase, Named, Section
from bot.settings.settings import setting


class TrainingSection(Section):
    """Who may have a LoRA learnt, and how much of everything that takes."""

    who: Annotated[Literal["off", "admins", "roles", "everybody"], AnyCase] = setting(
        "admins",
        "Who may have LoRAs learnt from pictures: off, admins, roles (those of training.roles, in servers) or "
        "everybody. A server's own rule may allow fewer, never more.",
        "谁可以用图片训练 LoRA：off 关闭、admins 管理员、roles 只限 training.roles 里的身份组（在服务器里）、"
        "everybody 所有人。服务器自己的规则只能收紧，不能放宽。",
    )
    roles: Named = setting(
        (),
        "The roles whose members may with training.who: roles, each as platform:id.",
        "training.who 设为 roles 时可以训练的身份组，写成“平台:编号”。",
        example="discord:123456789",
    )
    active: int = setting(
        1, "How many trainings a person may have under way.", "每人最多同时进行几个训练。", ge=1, le=100
    )
    drafts: int = setting(
        3, "How many drafts a person may have that have not begun.", "每人最多有几个还没开始的草稿。", ge=1, le=100
    )
    megabytes: int = setting(
        500,
        "How many megabytes the pictures of all trainings of a person may have.",
        "每人所有训练的图片合计最多多少 MB。",
        ge=1,
        le=1_000_000,
    )
    draft_days: int = setting(
        7, "After how many days a draft is deleted that nobody touched.", "草稿多少天没人动就删除。", ge=1, le=3650
    )
    keep_days: int = setting(
        30,
        "How many days after its end a training's pictures and checkpoints are kept; the LoRA stays.",
        "训练结束后，图片和检查点保留多少天；LoRA 本身一直保留。",
        ge=0,
        le=3650,
    )
