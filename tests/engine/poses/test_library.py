from __future__ import annotations

import itertools
import math
import re

import pytest

from engine.poses import library
from engine.poses.library import NamedPose, poses
from engine.poses.skeleton import Skeleton
from prompts.errors import Refusal
from tests.running import ROOT

# Pairs of limbs that are of one length on a body: right and left.
SIDES = (((2, 3), (5, 6)), ((3, 4), (6, 7)), ((8, 9), (11, 12)), ((9, 10), (12, 13)))
EACH = pytest.mark.parametrize("one", poses(), ids=lambda one: one.name)


def length(one: NamedPose, body: Skeleton, ends: tuple[int, int]) -> float | None:
    start, end = (body.body[at] for at in ends)
    if start is None or end is None:
        return None
    return math.hypot((start[0] - end[0]) * one.pose.width, (start[1] - end[1]) * one.pose.height)


def test_there_are_enough_of_each_kind() -> None:
    many = [one.people for one in poses()]
    assert len(poses()) >= 40 and set(many) == {1, 2, 3} and many.count(2) >= 8 and many.count(3) >= 3
    wanted = "站立 行走 奔跑 跳跃 坐 盘腿坐 跪 躺 蹲 叉腰 抱臂 比耶 挥手 指 回头 祈祷 欢呼 跳舞 芭蕾 格斗架势 射箭"
    wanted += " 持剑 看书 打字 弹吉他 瑜伽 倒立 骑车 游泳 胸像 半身 牵手 拥抱 背靠背 双人舞 击掌 三人并排"
    assert all(library.find(name) for name in wanted.split())


@EACH
def test_limbs_are_of_plausible_lengths(one: NamedPose) -> None:
    for body in one.pose.people:
        spine = max((length(one, body, (1, hip)) or 0 for hip in (8, 11)), default=0)
        for right, left in SIDES:
            lengths = [found for ends in (right, left) if (found := length(one, body, ends)) is not None]
            if spine and lengths:  # a limb that points at us looks shorter, none looks longer
                assert max(lengths) < 0.95 * spine
            if len(lengths) == 2:
                assert min(lengths) > 0.05 * max(lengths)
        arms = [found for ends in ((2, 3), (3, 4), (5, 6), (6, 7)) if (found := length(one, body, ends)) is not None]
        legs = [found for ends in ((8, 9), (11, 12)) if (found := length(one, body, ends)) is not None]
        if arms and legs:
            assert max(arms) < 1.4 * max(legs) or spine == 0 or max(legs) < 0.6 * spine
        neck, nose = body.body[1], body.body[0]
        if spine and neck and nose:
            assert 0.1 * spine < (length(one, body, (0, 1)) or 0) < 0.7 * spine


@EACH
def test_everything_lies_on_the_canvas(one: NamedPose) -> None:
    for body in one.pose.people:
        assert all(0 <= x <= 1 and 0 <= y <= 1 for x, y in body.seen)
        assert sum(at is not None for at in body.body) >= 6
    spots = [at for body in one.pose.people for at in body.seen]
    wide, high = (max(row) - min(row) for row in zip(*spots, strict=True))
    assert max(wide, high) > 0.4  # and fills it


def test_no_two_poses_are_the_same() -> None:
    each = {one.name: limbs(one) for one in poses()}
    for (name, mine), (other, theirs) in itertools.combinations(each.items(), 2):
        if len(mine) == len(theirs):
            assert max(abs(a - b) for a, b in zip(mine, theirs, strict=True)) > 0.15, (name, other)


def limbs(one: NamedPose) -> list[float]:
    """Where the limbs of everybody point, and where they end on the canvas."""
    found: list[float] = []
    for body in one.pose.people:
        for start, end in itertools.chain(*SIDES, ((1, 2), (1, 8), (1, 0))):
            a, b = body.body[start], body.body[end]
            if a is None or b is None:
                found += [9.0] * 4
                continue
            across, down = (b[0] - a[0]) * one.pose.width, (b[1] - a[1]) * one.pose.height
            found += [across / (math.hypot(across, down) or 1), down / (math.hypot(across, down) or 1), *b]
    return found


def test_names_are_apart_and_there_in_both_languages() -> None:
    names = [library._plain(name) for one in poses() for name in {*library._names(one)} if not name.isdecimal()]
    own = [library._plain(name) for one in poses() for name in (one.name, one.zh)]
    assert len(own) == len(set(own))
    by_pose = {(library._plain(name), one.name) for one in poses() for name in library._names(one)}
    assert len({name for name, _ in by_pose}) == len(by_pose), "a name that two poses have"
    assert names and all(re.fullmatch(r"[a-z0-9-]+", one.name) and not one.zh.isascii() for one in poses())
    assert all(one.tags for one in poses())


def test_a_pose_is_found_by_name_number_and_script() -> None:
    assert library.find("Standing").name == library.find("站立").name == library.find(" 1 ").name == "standing"
    assert library.find("hands_on hips").zh == library.find("双手叉腰").zh == "叉腰"
    assert library.find("奔跑").name == library.find("跑步").name == "running"
    assert library.find("揮手").name == "waving"  # traditional
    for name, near in (("standig", "standing"), ("zzzzzz", ""), ("0", ""), ("9" * 5000, "")):
        with pytest.raises(Refusal) as refused:
            library.find(name)
        assert refused.value.key == "pose.unknown" and refused.value.values["near"] == near


def test_poses_are_searched_by_names_tags_and_number_of_people() -> None:
    assert {"sitting", "typing"} <= {one.name for one in library.search("sitting")}
    assert {one.people for one in library.search("双人")} == {2} and library.search("双人 拥抱")
    assert library.search("") == poses() and library.search("zzz") == ()


@pytest.mark.parametrize(("file", "name"), [("poses.md", "name"), ("poses.zh.md", "zh")])
def test_the_documents_name_every_pose(file: str, name: str) -> None:
    text = (ROOT / "docs" / file).read_text(encoding="utf-8")
    assert [one.name for one in poses() if f"{poses().index(one) + 1} {getattr(one, name)}" not in text] == []
