"""What people say of a picture without a verb of changing, said with one: "天黑了" asks for night, "镜头拉近" for a
close shot; and what they say only of things that are to stay."""

from __future__ import annotations

import re

from prompts.edit.forms import COLOURS

_SOME = "(?:一点儿?|一些|点儿?|些)?"
_LENS = "(?:镜头|画面|视角|相机|拍得?)"
_IT = r"(?:it|this|the (?:picture|image|scene|photo))(?: is| looks|'s)(?: a bit| a little)?"
_WHICH_ONE = r"(?:[a-z]+ on the (?:left|right)|(?:left|right|first|second|other) (?:one|[a-z]+))"
_BEINGS = "girl|boy|man|woman|child|robot|elf|knight|witch|angel|demon|cat|dog|fox"
_HAPPENS = tuple(
    (re.compile(said), plainly)
    for said, plainly in (
        (
            r"(?P<what>[^我，]{1,6})我(?:想要|希望|要|想)(?:是|它)?(?P<how>.{1,8}?的)(?:那[种个款])?",
            r"\g<what>要\g<how>",
        ),
        (
            r"(?P<what>(?![这那我你他她它咱大上前后第原左右还是今明现]|.*张)[^，]{2,8}?)(?:会|可能|应该)?(?:更|比较)"
            r"(?:好看|好|合适|搭|漂亮|有感觉)(?:一点|一些|些)?",
            r"改成\g<what>",
        ),
        (
            r"(?:[她他它]们?)?(?P<does>[喂穿拿骑戴吃喝抱弹玩看画写撑背])的(?:应该|得)?是(?P<what>[^，我你]{1,8})",
            r"改成\g<does>\g<what>",  # "喂的是海鸥"
        ),
        (
            r"(?P<does>[骑穿拿戴吃喝抱弹])的(?:东西)?(?:改成|换成|变成|换)(?P<what>[^，我你]{1,8})",
            r"改成\g<does>\g<what>",  # "骑的换成滑板"
        ),
        ("(?:再)?长大(?:一点|一些|点|些|了)?|成年(?:人|的|一点)?", "人物改成成年人"),
        (r"天(?:空)?(?:都|已经|要)?(?:变|快)?(?:亮|明)", "改成白天"),
        (r"天(?:空|色)?(?:都|已经|要)?(?:变|快)?(?:黑|暗)|夜幕降临|入夜|夜深", "改成夜晚"),
        (r"太阳(?:要)?(?:下山|落山|落下)", "改成黄昏"),
        (r"(?:出|有)(?:了|来)?(?:大)?太阳|太阳(?:也)?出来|放晴|转晴|天晴|雨过天晴|天气(?:变|转)?(?:好|晴)", "改成晴天"),
        (r"(?:开始|正在|外面)(?:在)?(?P<what>下[大小暴]?[雨雪]|起雾|刮风|打雷)", r"改成\g<what>"),
        (r"(?:it )?(?:starts|started|begins) (?:to )?(?P<what>rain|snow)(?:ing)?", r"make it \g<what>"),
    )
)
_PLAINLY = tuple(
    (re.compile(said), plainly)
    for said, plainly in (
        (
            rf"(?:把|将)?{_LENS}?再?[拉推靠凑移离]得?近{_SOME}(?:镜头)?|(?:{_LENS}|距离)?[再更]?近(?:一点儿?|一些|点儿?|些)|镜头近",
            "改成近景",
        ),
        (
            rf"(?:把|将)?{_LENS}?再?[拉推退离]得?远{_SOME}(?:镜头)?|(?:{_LENS}|距离)?[再更]?远(?:一点儿?|一些|点儿?|些)|镜头远",
            "改成远景",
        ),
        (
            "(?:zoom|move) in(?: closer| more)?|(?:come |move |get |go )?(?:a (?:bit|little) )?closer(?: up)?",
            "make it a close shot",
        ),
        (
            r"(?:给|让|在)?(?P<who>.{0,4}?的?)手(?:里|上|中)?(?:再)?(?:加上?|放上?|多|添上?|塞|配)"
            r"一?(?P<what>[个把只束本杯条支根朵台部盏].{1,8})",
            r"加上手里一\g<what>",  # "给他手里加个手机"
        ),
        (
            r"(?:给|让|在)?(?P<who>.{0,4}?的?)(?P<where>头上|头顶|脖子上?)(?:再)?(?:加上?|放上?|多|添上?|挂上?|套上?|配)"
            r"(?P<what>(?:一|两)?[个把只束本杯条支根朵顶枚串].{1,8})",
            r"加上\g<where>戴着\g<what>",
        ),
        (
            r"(?:[给帮让][她他它]们?)?(?:剪|理|留|烫|梳|扎)(?:成|了|上)?一?个?(?P<what>.{1,5}?(?:头|发|辫子?|刘海|发型|马尾|丸子头))",
            r"改成\g<what>",
        ),
        (rf"(?:头发|发型|发丝)(?:再|要|更|得|弄|烫|变)*(?:卷|卷卷的?|弯){_SOME}", "头发改成卷发"),
        (rf"(?:头发|发型|发丝)(?:再|要|更|得|弄|拉|变)*(?:直|顺){_SOME}", "头发改成直发"),
        (rf"(?:头发|发型|发丝)(?:再|要|更|得|弄|变)*(?:乱|凌乱){_SOME}", "头发改成凌乱的头发"),
        (
            rf"(?:灯光|光线|阳光|光影|打光|光)(?:再|要|更|得)*(?P<how>柔和|柔|温暖|暖|冷|昏暗|明亮){_SOME}的?",
            r"加上光线\g<how>",
        ),
        (r"(?:给(?:它|她|他|画面|图))?(?:上个?色|涂上?颜色|填色)|(?:变|要|来|改)?成?彩色的?", "改成彩色"),
        (r"(?:头发|发色)?(?:染|漂|挑染)(?:成|个|上|为)?(?P<what>.{1,4}色)的?", r"发色改成\g<what>"),
        (
            r"头发(?:再|要|剪|留|改|长|弄|放)*(?:到|至|齐|及|成)*(?:齐|及|到|披)?肩(?:膀|膀的?位置)?(?:那么)?(?:长|短)?",
            "头发改成齐肩发",
        ),
        (r"(?P<what>.+?)(?:不要|别|不用)(?:那么|这么|太|过于)大(?<![雨雪风雾云烟火浪光]大)", r"\g<what>小一点"),
        (
            r"(?:把|将)?(?:[叫唤弄吵喊]醒.{0,4}|.{1,4}[叫唤弄吵喊]醒|(?:[她他它]们?)?(?:睡)?醒(?:过来|来|了)+|快?醒醒|起床|[^提清觉苏，,]{1,3}醒(?:过来|来|了)?)",
            "不要睡觉",
        ),
        (r"(?P<where>.{1,6}?)[里上中]?(?:空无一人|没有?一个人|一个人(?:都|也)没有)", r"\g<where>改成空荡荡的"),
        (r"(?:行?人|路人|人群|人们)(?:再)?(?P<less>[少多])(?:一点儿?|一些|点儿?|些)", r"\g<less>一点人群"),
        (
            r"(?:外面|天上|空中|窗外)?(?:再)?(?:飘|下|来|起|落)(?:着|起|了)?(?:一点儿?|一些|点儿?|些)(?P<what>小?[雨雪])花?",
            r"改成下\g<what>",
        ),
        (r"(?:再)?起(?:一?点儿?|一?些|了)(?P<what>[大小薄]?雾)", r"改成起\g<what>"),
        (
            r"it should (?:also )?be (?P<what>raining|snowing|(?:sunn|rain|snow|fogg|storm|cloud)y|dark|bright|"
            r"night|day|dusk|"
            r"dawn|sunset|sunrise|winter|summer|spring|autumn|(?:early |late )?(?:morning|evening|afternoon))",
            r"make it \g<what>",
        ),
        (r"(?P<who>one of (?:them|the [a-z ]+)) should be (?P<what>an? .+)", r"turn \g<who> into \g<what>"),
        (r"(?:zoom|move|go|focus|close) in on (?:her|his|its|their|the) [a-z ]+", "make it a close-up"),
        (r"(?:can|could|should|may) (?P<what>(?:the|her|his|its) .+?) be (?P<how>.+)", r"make \g<what> \g<how>"),
        (rf"(?:an? |the )?(?P<what>{COLOURS}) ones?", r"change the color to \g<what>"),
        (r"change what (?:she|he|it|they) (?:is|are) doing(?: to|:)? (?P<what>.+)", r"change the pose to \g<what>"),
        (
            rf"give (?P<who>(?:the )?{_WHICH_ONE}) (?P<how>[a-z ]+?) (?P<what>hair|eyes)",
            r"make \g<who>'s \g<what> \g<how>",
        ),
        (
            r"(?:给|帮|让)?(?P<who>[左右][边侧面]?(?:那个|的)?.{1,3}?)(?:换|改|染|变|弄)(?:成|个|上)?"
            r"(?P<how>[^的]{1,3}?)色?的?(?P<what>头发|眼睛)",
            r"\g<who>的\g<what>改成\g<how>色",
        ),
        (
            r"make (?P<who>the [a-z]+) (?P<what>an? (?!bit|little|lot|touch|shade|different).+)",
            r"change \g<who> to \g<what>",
        ),
        (
            r"(?:paint|draw|render|do) (?:it|this|that) (?:in|with) (?P<what>oils?|watercolou?rs?|ink|acrylics?)",
            r"make it \g<what> painting",
        ),
        (r"(?:paint|draw|render) (?:it|this|that) (?:as|like) (?P<what>.+)", r"as \g<what>"),
        (rf"(?:{_IT} )?(?:way |a bit |a little )?too dark", "make it bright"),
        (rf"(?:{_IT} )?(?:way |a bit |a little )?too bright", "make it dark"),
        (rf"(?:[她他]们?的?|人物的?)?(?:年纪|年龄|岁数)(?:再|更|要|改)*[大老]{_SOME}", "人物改成年老的"),
        (rf"(?:[她他]们?的?|人物的?)?(?:年纪|年龄|岁数)(?:再|更|要|改)*[小轻]{_SOME}", "人物改成年轻的"),
        (r"(?:it )?(?:has )?stopped (?P<what>rain|snow)ing", r"remove the \g<what>"),
        *(
            (
                rf"(?!(?:it|that|this|looks?|way|far)\b)(?P<what>.+?)(?: is| are| looks?)?(?: a bit)? too {too}",
                rf"make \g<what> {less}",
            )
            for too, less in zip(
                ["big", "small", "long", "short", "dark", "bright", "old", "young"],
                ["smaller", "bigger", "shorter", "longer", "brighter", "darker", "younger", "older"],
                strict=True,
            )
        ),
        (rf"(?:as|make (?:her|him|it|them)) (?P<what>an? (?:[a-z]+ )?(?:{_BEINGS}))", r"turn her into \g<what>"),
        ("zoom out|(?:go |move )?(?:further|farther) away|pull back", "make it a wide shot"),
        (rf"(?:画面|图片?|整体|光线|背景)?(?:太|过于|有点)暗|(?:画面|整体|光线)(?:再|更)?亮{_SOME}", "更亮一点"),
        (rf"(?:画面|图片?|整体|光线)?(?:太|过于|有点)亮|(?:画面|整体|光线)(?:再|更)?暗{_SOME}", "更暗一点"),
        *(
            (rf"(?P<what>.+?)(?:太|过于|有点|有些){too}(?<![雨雪风雾云烟火浪光]大)", rf"\g<what>{less}一点")
            for too, less in zip("大小暗亮长短高矮胖瘦宽窄", "小大亮暗短长矮高瘦胖窄宽", strict=True)
        ),
    )
)
_STAYS = (
    "(?:保持|维持)?"
    "(?:原样|不变|不动|不用动|不用改|不要动|不要改|不改|别动|别改|别变|照旧|原封不动|[和跟](?:原来|之前|现在)一样)"
)
KEPT = re.compile(
    r".{1,20}?(?:要?保留|要?留着|要?留下来?|要?保持)(?:着|不变|不动)?|(?:其他|其它|其余|别的|剩下)(?:的|地方|部分)?都?(?:先)?(?:不要?|别|不用)(?:动|变|改|管).*|"
    rf".{{1,20}}?(?:都|也|全部|还是|依然|继续)?{_STAYS}(?:就行|就好|吧|哦)?|"
    r"(?:其[他它余]|别的|剩下)(?:的|东西|动物|人|都|全|全部)*(?:不要|去掉|删掉|删了|删除|拿掉|去除)了?|"
    r"留(?:下|着)?(?![一二两三四五六七八九十几\\d个长短]).{1,8}(?:就好|就行|就可以|即可)|"
    rf"(?:(?:只|仅)?(?:保持|维持|别动|不要动|不改|别改)|保留|留着)(?![一二两三四五六七八九十几\d]).{{1,20}}?|"
    r"(?:please )?(?:keep|leave|don't (?:change|touch)) (?!only\b|just\b)"
    r"(?:the |her |his |its |everything |all )?.{1,40}|"
    r"(?:everything|all|the rest|nothing|the [\w ]{1,30})(?: else)? "
    r"(?:stays?|remains?|should stay|unchanged|the same).*"
)

_SAID_BEFORE = (
    "nah|nope|no|ugh|eh|oh|ah|ooh|ok|okay|alright|yeah|yes|yep|yo|hey|hi|so|well|um+|uh+|hm+|er+m?|em+|lol|haha|wow|"
    "nice|cool|great|good|perfect|love it|i love it|i like it|looks? (?:good|great|nice)|not bad|thanks|thank you|"
    "sorry|wait|please|(?:way )?too (?:many|much)|a bit much|"
    "嗯+|呃+|额+|哦+|噢|喔|啊+|哈+|唉|诶|欸|哎呀?|那个|这个|不错|很好|好的?|好看|可以|挺好的?|真好看|太好看了|"
    "太棒了|谢谢|"
    "(?:the )?same(?: (?:thing|picture|image|scene|one|prompt|as before))?|同样的?|还是这张|"
    "(?:that's|that is|this is|it's) not what i (?:meant|wanted|asked for|said)|not what i (?:meant|wanted|asked for)|"
    "不是这个意思|我不是这个意思|你理解错了|搞错了|"
    "(?:like|about|around|say|maybe)? ?\\d{2}(?: years? old| or so|ish)|(?:like|about|around|say) \\d{2}|"
    "不对|等等|算了|要不|不如|[太有][多少大小丑]了?|有点[多少乱]"
)
FILLER = re.compile(rf"(?:(?:{_SAID_BEFORE})[ ~～]*)+")  # what people say before they say what they want


def happens(clause: str) -> bool:
    """Whether a clause only tells what happens, as people do to each other, too: "天黑了"."""
    return any(said.fullmatch(clause) for said, _ in _HAPPENS)


def said_plainly(clause: str) -> str:
    """The clause with a verb of changing, where it is one of the sayings; else as it is."""
    for said, plainly in (*_HAPPENS, *_PLAINLY):
        if match := said.fullmatch(clause):
            return match.expand(plainly)
    return clause
