"""What draws, how much of it may wait, what Chinese becomes, and what a request gets that does not say."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import SecretStr, model_validator
from pydantic_core import PydanticCustomError

from bot.settings.sections.field_types import AnyCase, Devices, Folder, Folders, Section, Size, Url, secret_file
from bot.settings.settings import setting
from engine.files.catalog import COMPANIONS


class EngineSection(Section):
    """What draws, and with which models."""

    devices: Devices = setting(
        ("auto",),
        "What draws: auto (all graphics cards, else the processor), cpu, mps (Apple), or a list such as "
        "[cuda:0, cuda:1]; AMD's cards are cuda:0 too, Intel's xpu:0.",
        "用什么画：auto（所有显卡，没有显卡就用处理器）、cpu、mps（苹果），或列表，如 [cuda:0, cuda:1]；"
        "AMD 显卡也写 cuda:0，英特尔显卡写 xpu:0。",
        example="auto, cpu, cuda:0",
    )
    slots: int = setting(
        0,
        "How many pictures a device draws at once; 0 chooses for the device.",
        "每个设备同时画几张；0 表示按设备自动选择。",
        ge=0,
        le=64,
    )
    models: Folders = setting((Path("models"),), "The folders with models.", "模型所在的文件夹。", example="models")
    loras: Folders = setting(
        (Path("loras"),), "The folders with LoRA files.", "LoRA 文件所在的文件夹。", example="loras"
    )
    embeddings: Folders = setting(
        (Path("embeddings"),),
        "The folders with embeddings (textual inversion).",
        "嵌入（textual inversion）文件所在的文件夹。",
        example="embeddings",
    )
    vaes: Folders = setting((Path("vaes"),), "The folders with VAEs.", "VAE 所在的文件夹。", example="vaes")
    upscalers: Folders = setting(
        (Path("upscalers"),),
        "The folders with files of upscaling networks.",
        "放大模型文件所在的文件夹。",
        example="upscalers",
    )
    controlnets: Folders = setting(
        (Path("controlnets"),),
        "The folders with ControlNets and T2I-Adapters.",
        "ControlNet 和 T2I-Adapter 所在的文件夹。",
        example="controlnets",
    )
    detectors: Folders = setting(
        (Path("detectors"),),
        "The folders with detectors in .onnx files, for what is to be drawn again larger.",
        "检测器（.onnx 文件）所在的文件夹，用来找要重画放大的部分。",
        example="detectors",
    )
    taggers: Folders = setting(
        (Path("taggers"),),
        "The folders with taggers, which read tags out of pictures: .onnx files with their selected_tags.csv.",
        "反推标签模型所在的文件夹：.onnx 文件和它的 selected_tags.csv。",
        example="taggers",
    )
    model: str = setting(
        "danqing-demo",
        "The model that draws when nobody names one.",
        "没有指定模型时使用的模型。",
        min_length=1,
        example="danqing-demo",
    )
    previews: Annotated[Literal["auto", "colours", "none"], AnyCase] = setting(
        "auto",
        "What people see while it draws: auto shows small pictures by a tiny decoder (a TAESD folder among the models) "
        "where one fits the model, colours only blurred colours, none nothing.",
        "绘制过程中的预览：auto 用适合该模型的微型解码器（放在模型文件夹里的 TAESD）显示小图，"
        "colours 只显示模糊的色块，none 不显示。",
    )
    precision: Annotated[Literal["auto", "float32", "float16", "bfloat16"], AnyCase] = setting(
        "auto",
        "The precision models are loaded in; auto takes half of it where the device gains from that.",
        "模型的计算精度；auto 在设备能受益时使用半精度。",
    )
    attention: Annotated[Literal["auto", "flash", "efficient", "cudnn", "math"], AnyCase] = setting(
        "auto",
        "The kernel that computes attention; auto takes the quickest of the device.",
        "注意力计算所用的内核；auto 选择该设备上最快的。",
    )
    compile: Annotated[Literal["auto", "none", "graphs", "compile"], AnyCase] = setting(
        "auto",
        "How graphics cards are kept busy: graphs records CUDA graphs (what auto does); compile compiles models too, "
        "which takes minutes in the background for each size; none does neither.",
        "如何让显卡不空闲：graphs 录制 CUDA 图（auto 即如此），compile 还会编译模型（每种尺寸要在后台花几分钟），"
        "none 都不用。",
    )
    cpu: Annotated[Literal["auto", "torch", "openvino"], AnyCase] = setting(
        "auto",
        "What draws on a processor: torch, or openvino where the extra of that name is installed (what auto does).",
        "用处理器画时由谁计算：torch，或 openvino（需安装同名可选依赖；装了时 auto 即用它）。",
    )
    decoding: Annotated[Literal["auto", "float32", "bfloat16"], AnyCase] = setting(
        "auto",
        "The precision a finished picture is decoded in on a processor: auto takes bfloat16 where the model is drawn "
        "in it and the processor gains by it; pictures like A1111's and with --raw always have float32.",
        "用处理器时成品图的解码精度：auto 在模型本就用 bfloat16 绘制且处理器确能受益时用 bfloat16；"
        "仿 A1111 的图和 --raw 的图始终用 float32。",
    )
    training_share: float = setting(
        0.0,
        "How much of the time that drawing takes a training may take beside it, up to 0.3; with 0 it learns only while "
        "nobody is drawn for.",
        "有人在画图时，训练最多可占用绘图时间的几成（不超过 0.3）；0 表示只在没人画图时训练。",
        ge=0.0,
        le=0.3,
    )

    @property
    def folders(self) -> tuple[Path, ...]:
        """All folders: what a file is shows in the file, wherever it lies. The last is that of what goes with the
        built-in model."""
        own = (*self.models, *self.loras, *self.embeddings, *self.vaes, *self.controlnets, *self.upscalers)
        return tuple(dict.fromkeys((*own, *self.detectors, COMPANIONS)))


class QueueSection(Section):
    """How much may wait."""

    waiting_per_person: int = setting(
        8,
        "How many requests one person may have waiting, and how many maps for ControlNets.",
        "每个人最多可以有几个请求在排队，几张 ControlNet 的控制图在做。",
        ge=1,
        le=1000,
    )
    waiting_in_all: int = setting(
        200, "How many requests may wait in all.", "总共最多可以有几个请求在排队。", ge=1, le=100_000
    )
    pictures_per_request: int = setting(
        4, "How many pictures one request may ask for.", "一个请求最多可以要几张图。", ge=1, le=64
    )


class TranslateSection(Section):
    """How Chinese becomes English."""

    packages: Folder = setting(
        Path("data/argos"),
        "The folder with Argos translation packages; without any, the built-in glossary and dictionary translate.",
        "Argos 翻译包所在的文件夹；没有翻译包时，用内置的词表和词典翻译。",
    )
    index: Url = setting(
        "https://raw.githubusercontent.com/argosopentech/argospm-index/main/index.json",
        "The list of packages that `python bot.py translate install` looks in.",
        "“python bot.py translate install” 查找翻译包的目录。",
        example="https://packages.example.org/index.json",
    )
    argos: Annotated[Literal["packages", "library"], AnyCase] = setting(
        "packages",
        "How Argos translates: packages (those in the folder above, read directly) or library (argostranslate itself, "
        "with every package installed for it).",
        "Argos 怎么翻译：packages（直接读取上面文件夹里的翻译包）或 library（用 argostranslate 本身"
        "和为它安装的所有翻译包）。",
    )
    service: Annotated[Literal["none", "libretranslate", "openai", "local"], AnyCase] = setting(
        "none",
        "What reads whole clauses before Argos: none, libretranslate, openai (or any compatible service), or local "
        "(a small language model on this machine). The last two also read the edits that the rules do not.",
        "先于 Argos 翻译整句的服务：none（不用）、libretranslate、openai（或与之兼容的服务）"
        "或 local（本机上的小型语言模型）。后两种还会读规则读不懂的修改。",
    )
    url: Url | None = setting(
        None, "Where that service answers.", "该服务的地址。", example="https://translate.example.org"
    )
    key: SecretStr | None = setting(None, "The service's key.", "该服务的密钥。", min_length=1)
    key_file: Folder | None = secret_file("the service's key", "服务密钥", "translate-key.txt")
    model: str | None = setting(
        None,
        "The model that an openai service is asked for; for local, a folder or what `python bot.py translate install` "
        "fetched.",
        "openai 服务使用的模型；local 则是模型文件夹，或用 “python bot.py translate install” 下载的模型。",
        min_length=1,
        example="qwen3",
    )
    timeout: float = setting(
        10.0,
        "How many seconds the service may take for a clause or an edit before it is done without.",
        "该服务读一句话或一次修改最多等几秒，超过就不用它。",
        ge=0.5,
        le=120,
        allow_inf_nan=False,
    )

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if self.service == "local" and self.model is None:
            raise PydanticCustomError("modelless", "a local reader without its model")
        if self.service not in ("none", "local") and self.url is None:
            raise PydanticCustomError("nowhere", "a service without its address")
        return self


class DrawSection(Section):
    """What a request gets that does not say; empty leaves it to the model."""

    assistant: bool = setting(
        True,
        "Whether the assistant adds quality and style words and a negative prompt.",
        "是否由助手补上画质、风格词和反向提示词。",
    )
    metadata: Annotated[Literal["embed", "stealth", "strip"], AnyCase] = setting(
        "embed",
        "What pictures tell of themselves where they are sent: embed (the prompt and all parameters), stealth (the "
        "same, hidden in the pixels) or strip (nothing).",
        "发出去的图片里写什么：embed（提示词和全部参数）、stealth（同样内容，藏在像素里）或 strip（什么都不写）。",
    )
    size: Size | None = setting(
        None, "Width x height in pixels, multiples of 8.", "宽x高，单位像素，须为 8 的倍数。", example="512x768"
    )
    steps: int | None = setting(None, "How many steps a picture takes.", "每张图画多少步。", ge=1, le=150)
    sampler: str | None = setting(
        None, "The sampler's name.", "采样器的名字。", min_length=1, example="DPM++ 2M Karras"
    )
    like: Annotated[Literal["danqing", "a1111"], AnyCase] = setting(
        "danqing",
        "Whose pictures the same seed gives: danqing (those of diffusers) or a1111 (those of its web UI).",
        "同一个种子画出谁的图：danqing（与 diffusers 相同）或 a1111（与其网页版相同）。",
    )
    guidance: float | None = setting(
        None,
        "How closely to follow the words.",
        "贴合文字的程度（CFG）。",
        ge=0,
        le=30,
        allow_inf_nan=False,
    )
