"""The names of what can be compared (prompts/axes.py): options of a text, parts of a recipe, words and LoRAs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

# Flags of a text (prompts/options.py) that may be an axis, by what their values are, with the names they are called by.
WHOLE: Mapping[str, tuple[str, ...]] = {
    "steps": ("steps", "step", "步数", "步數", "采样步数", "採樣步數", "迭代步数"),
    "seed": ("seed", "seeds", "种子", "種子"),
    "clip-skip": ("clip skip", "clip-skip", "clip_skip", "clipskip", "跳层", "跳層"),
    "hypertile": ("hypertile",),
    "mask-blur": ("mask blur", "mask-blur", "蒙版模糊", "遮罩模糊"),
    "only-masked": ("only masked padding", "masked padding", "蒙版边距", "遮罩邊距"),
}
REAL: Mapping[str, tuple[str, ...]] = {
    "guidance": ("cfg scale", "cfg-scale", "cfg_scale", "cfg", "guidance", "引导", "引導", "引导强度", "提示词相关性"),
    "rescale": ("cfg rescale", "guidance rescale", "rescale"),
    "strength": (
        "denoising strength",
        "denoising",
        "denoise",
        "strength",
        "重绘幅度",
        "重繪幅度",
        "重绘强度",
        "重繪強度",
    ),
    "guidance-start": ("guidance start", "guidance-start", "cfg start", "引导开始", "引導開始"),
    "guidance-end": ("guidance end", "guidance-end", "cfg end", "引导结束", "引導結束"),
    "token-merging": ("token merging ratio", "token merging", "token-merging"),
    "perp-neg": ("perp neg", "perp-neg"),
    "pag": ("pag",),
    "seg": ("seg",),
    "redraw": ("redraw", "tile denoising", "重画", "重畫"),
}
WORDS: Mapping[str, tuple[str, ...]] = {
    "sampler": ("sampler name", "sampler", "采样器", "採樣器", "采样方法", "採樣方法", "采样"),
    "schedule": ("schedule type", "schedule", "scheduler", "调度器", "調度器", "调度", "調度", "噪声表"),
    "model": ("checkpoint name", "checkpoint", "model", "模型"),
    "style": ("style", "风格", "風格", "画风", "畫風"),
    "vae": ("vae",),
    "size": ("size", "尺寸", "大小", "分辨率", "解析度"),
    "ar": ("aspect ratio", "ratio", "ar", "比例", "画幅", "畫幅"),
    "quality": ("quality", "质量档", "品質檔"),
    "guidance-curve": ("guidance curve", "guidance-curve", "cfg schedule", "引导曲线", "引導曲線"),
    "upscale": ("upscaler", "upscale", "放大", "放大器"),
    "hires-checkpoint": ("hires checkpoint", "hires-checkpoint", "高清模型"),
    "hires-vae": ("hires vae", "hires-vae", "高清vae"),
    "fix": ("fix", "修复", "修復", "adetailer"),
    "tiling": ("tiling", "平铺", "平鋪", "无缝", "無縫"),
    "mimic": ("mimic", "dynamic thresholding"),
    "freeu": ("freeu",),
    "fill": ("masked content", "fill", "蒙版内容", "遮罩內容"),
    "control": ("control", "controlnet", "控制"),
    "pose": ("pose", "姿势", "姿勢"),
    "like": ("like", "画法", "畫法"),
    "rng": ("rng source", "rng", "随机源", "隨機源"),
}
SWITCHES: Mapping[str, tuple[str, ...]] = {
    "hd": ("hires", "hires fix", "hires. fix", "hd", "高清", "高清修复", "高清修復"),
    "plain": ("plain", "原样", "原樣"),
    "expand": ("expand", "扩写", "擴寫"),
    "soft-inpainting": ("soft inpainting", "soft-inpainting", "柔和重绘", "柔和重繪"),
}


@dataclass(frozen=True, slots=True)
class RecipePart:
    """A part of a recipe that options of a text do not say by themselves: its `names`, what its values are ("whole" or
    "real" numbers from `low` to `high`, or "words"), and what to write in the text (`needs`) where there has to be
    something that it is a part of."""

    names: tuple[str, ...]
    values: str = "real"
    low: float = 0.0
    high: float = 1.0
    needs: str = ""


_CONTROL, _FIX, _PLACES, _LIKE = "--control pose", "--fix face", "--regions", "--like a1111"
# By the field of a recipe and, behind a dot, of what it holds (bot/studio/recipe_axes.py).
PARTS: Mapping[str, RecipePart] = {
    "controls.strength": RecipePart(
        ("control weight", "control strength", "controlnet weight", "控制权重", "控制權重", "控制强度", "控制強度"),
        high=2.0,
        needs=_CONTROL,
    ),
    "controls.start": RecipePart(("control start", "控制开始", "控制開始", "控制起点"), needs=_CONTROL),
    "controls.end": RecipePart(("control end", "控制结束", "控制結束", "控制终点"), needs=_CONTROL),
    "controls.mode": RecipePart(("control mode", "控制模式"), "words", needs=_CONTROL),
    "hires.strength": RecipePart(
        ("hires denoising strength", "hires denoising", "hires strength", "高清重绘幅度", "高清重繪幅度", "高清幅度")
    ),
    "hires.steps": RecipePart(("hires steps", "高清步数", "高清步數"), "whole", 1, 150),
    "hires.factor": RecipePart(("hires upscale", "hires scale", "hires factor", "高清倍数", "高清倍數"), "real", 1, 4),
    "hires.upscaler": RecipePart(("hires upscaler", "高清放大器", "高清放大算法"), "words"),
    "hires.sampler": RecipePart(("hires sampler", "高清采样器", "高清採樣器"), "words"),
    "hires.guidance": RecipePart(("hires cfg scale", "hires cfg", "高清引导", "高清引導"), "real", 1, 30),
    "fixes.strength": RecipePart(("fix strength", "修复强度", "修復強度", "修复幅度", "修復幅度"), needs=_FIX),
    "upscale.factor": RecipePart(("upscale factor", "upscale by", "放大倍数", "放大倍數"), "real", 1, 8),
    "refiner.model": RecipePart(("refiner checkpoint", "refiner", "精修模型"), "words"),
    "refiner.switch": RecipePart(("refiner switch at", "refiner switch", "精修切换", "精修切換"), needs="refiner=NAME"),
    "variation.strength": RecipePart(
        ("variation strength", "var. strength", "var strength", "变化强度", "變化強度", "变异强度")
    ),
    "variation.seed": RecipePart(
        ("variation seed", "var. seed", "var seed", "变化种子", "變化種子", "变异种子"), "whole", 0, 2**32 - 1
    ),
    "regions.base": RecipePart(("regions base", "base ratio", "分区底", "分區底"), needs=_PLACES),
    "like.eta": RecipePart(("eta", "噪声乘数", "噪聲乘數"), needs=_LIKE),
    "like.churn": RecipePart(("sigma churn", "噪声搅动", "噪聲攪動"), "real", 0, 100, _LIKE),
    "like.noise": RecipePart(("sigma noise", "噪声强度", "噪聲強度"), "real", 0, 2, _LIKE),
    "like.tmin": RecipePart(("sigma tmin", "搅动起点", "攪動起點"), "real", 0, 1000, _LIKE),
    "like.tmax": RecipePart(("sigma tmax", "搅动终点", "攪動終點"), "real", 0, 1000, _LIKE),
    "like.sigma_min": RecipePart(("schedule min sigma", "sigma min", "最小噪声", "最小噪聲"), "real", 0, 1000, _LIKE),
    "like.sigma_max": RecipePart(("schedule max sigma", "sigma max", "最大噪声", "最大噪聲"), "real", 0, 1000, _LIKE),
    "like.rho": RecipePart(("schedule rho", "rho", "噪声曲率", "噪聲曲率"), "real", 0, 100, _LIKE),
    "like.ngms": RecipePart(
        ("negative guidance minimum sigma", "ngms", "负面引导下限", "負面引導下限"), "real", 0, 15, _LIKE
    ),
    "like.skip_early": RecipePart(("skip early cfg", "跳过开头引导", "跳過開頭引導"), needs=_LIKE),
    "like.extra_noise": RecipePart(("extra noise", "额外噪声", "額外噪聲"), needs=_LIKE),
    "like.noise_multiplier": RecipePart(
        ("initial noise multiplier", "noise multiplier", "初始噪声倍数", "初始噪聲倍數"), "real", 0, 1.5, _LIKE
    ),
    "like.mask_weight": RecipePart(("cond. image mask weight", "mask weight", "蒙版权重", "蒙版權重"), needs=_LIKE),
    "like.beta_alpha": RecipePart(("beta schedule alpha", "beta alpha", "贝塔甲", "貝塔甲"), "real", 0.01, 10, _LIKE),
    "like.beta_beta": RecipePart(("beta schedule beta", "beta beta", "贝塔乙", "貝塔乙"), "real", 0.01, 10, _LIKE),
    "like.unipc_order": RecipePart(("unipc order", "unipc阶数", "unipc階數"), "whole", 1, 7, _LIKE),
}
