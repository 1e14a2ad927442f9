"""Who may do what."""

from __future__ import annotations

from typing import Annotated, Literal

from bot.settings.sections.field_types import AnyCase, Counted, Named, Section
from bot.settings.settings import setting


class AccessSection(Section):
    """Who may do what."""

    admins: Named = setting(
        (),
        "The people who may stop anybody's request and use /admin, each as platform:account.",
        "可以取消任何人的请求、使用 /admin 的管理员，写成“平台:账号”。",
        example="discord:123456789",
    )
    servers: Named = setting(
        (),
        "The servers and groups the bot answers in, each as platform:id; empty answers in all.",
        "机器人只在这些服务器和群里回应，写成“平台:编号”；留空则都回应。",
        example="discord:123456789",
    )
    chats: Named = setting(
        (),
        "The channels in servers the bot answers in, each as platform:id; empty answers in all.",
        "机器人只在服务器里的这些频道回应，写成“平台:编号”；留空则都回应。",
        example="discord:123456789",
    )
    roles: Named = setting(
        (),
        "Who may draw in servers has one of these roles, each as platform:id; empty asks for none.",
        "在服务器里画画需要其中一个身份组，写成“平台:编号”；留空则不需要。",
        example="discord:123456789",
    )
    private: bool = setting(True, "Whether strangers may draw in private conversations.", "是否允许大家在私聊里画画。")
    blocked: Named = setting(
        (),
        "The people who may do nothing, each as platform:account.",
        "不许使用机器人的人，写成“平台:账号”。",
        example="telegram:123456789",
    )
    pictures_per_day: int = setting(
        0,
        "How many pictures a person may ask for in a day (UTC); 0 sets no limit.",
        "每人每天（UTC）最多画几张；0 表示不限。",
        ge=0,
        le=100_000,
    )
    seconds_per_day: int = setting(
        0,
        "How many seconds of drawing time a person has in a day (UTC), with what their maps for ControlNets took; "
        "0 sets no limit.",
        "每人每天（UTC）最多用几秒绘画时间，做 ControlNet 控制图的时间也算在内；0 表示不限。",
        ge=0,
        le=86_400,
    )
    role_pictures_per_day: Counted = setting(
        (),
        "Other numbers of pictures for roles, each as platform:id=number; the best of a person's roles counts.",
        "为身份组另设的每天张数，写成“平台:编号=数量”；一个人有多个身份组时取最多的。",
        example="discord:123456789=100",
    )
    role_seconds_per_day: Counted = setting(
        (),
        "Other numbers of seconds for roles, each as platform:id=number; the best of a person's roles counts.",
        "为身份组另设的每天秒数，写成“平台:编号=数量”；一个人有多个身份组时取最多的。",
        example="discord:123456789=600",
    )
    cooldown: float = setting(
        0.0,
        "How many seconds a person waits between two requests.",
        "每个人两次请求之间要等几秒。",
        ge=0,
        le=86_400,
        allow_inf_nan=False,
    )
    adult: Annotated[Literal["refuse", "spoiler", "allow", "never"], AnyCase] = setting(
        "refuse",
        "What becomes of words for adults outside age-restricted rooms, where a server has no rule of its own: refuse, "
        "spoiler (veil the pictures) or allow; never refuses them everywhere.",
        "有年龄限制的频道以外出现成人词语时怎么办（服务器可自行另设）：refuse 拒绝、spoiler 画出来但遮住、allow 允许；"
        "never 表示任何地方都拒绝。",
    )
    adult_by_picture: bool = setting(
        False,
        "Whether the taggers in engine.taggers look at every finished picture, too: one rated questionable or explicit "
        "is treated as words for adults are, whatever its words were.",
        "是否让 engine.taggers 里的反推模型也查看每一张画好的图：分级为存疑或露骨的，"
        "不论词语怎么写，都按成人词语的规则处理。",
    )
