"""Cookies, tries, names and languages, each by itself."""

import pytest
from aiohttp.test_utils import make_mocked_request

from bot.platforms.web.server import WebChat
from bot.platforms.web.session import Attempts, Cookies, host_allowed, language_of, network, new_account
from bot.platforms.web.settings import WebSettings
from prompts.errors import Refusal
from tests.bot.platforms.web.conftest import commands
from tests.bot.platforms.web.desk import Easel


def test_tries_come_back_with_time_and_a_home_is_one_address() -> None:
    now = 0.0
    attempts = Attempts(clock=lambda: now)
    for _ in range(5):
        attempts.take("1.2.3.4")
    with pytest.raises(Refusal) as refusal:
        attempts.take("1.2.3.4")
    assert refusal.value.values["seconds"] == 21
    attempts.take("1.2.3.5")
    now = 21.0
    attempts.take("1.2.3.4")
    assert network("2001:db8::1") == network("2001:db8::ffff") != network("2001:db8:0:1::1")


def test_a_forged_old_or_foreign_cookie_is_nobody() -> None:
    cookies, account = Cookies("secret", "sesame"), new_account()
    cookie = cookies.sign(account, 1000)
    assert cookies.account(cookie, 2000) == account
    assert cookies.account(cookie, 1000 + 366 * 86400) is None
    for forged in ("", "a", "..", "é.1.x", cookie.replace(account, new_account()), cookie[:-1], f"{cookie}0"):
        assert cookies.account(forged, 2000) is None
    assert Cookies("secret", "other").account(cookie, 2000) is None, "a new password ends old sessions"
    assert Cookies("other", "sesame").account(cookie, 2000) is None


def test_names_of_the_settings_are_known_without_case() -> None:
    assert host_allowed("Studio.Local:8080", WebSettings(names=("studio.local",)))
    assert not host_allowed("studio.local.evil.example", WebSettings(names=("studio.local",)))


def test_the_browser_language() -> None:
    def language(accept: str, cookie: str = "") -> str:
        headers = {"Accept-Language": accept, "Cookie": f"danqing_language={cookie}"}
        return language_of(make_mocked_request("GET", "/", headers=headers))

    assert (
        language("zh-Hant-TW") == "zh-TW"
        and language("fr,zh-HK;q=0.9,zh;q=0.8") == "zh-HK"
        and language("en-GB,zh;q=0.5") == "en"
        and language("de") == "en"
    )
    assert language_of(make_mocked_request("GET", "/", headers={"Accept-Language": "en"}), "zh") == "zh"
    assert language("en;q=x,zh;q=0.1") == "zh" and language("en", "zh") == "zh" and language("zh", "../x") == "zh"
    assert language_of(make_mocked_request("GET", "/")) == "en", "programs send no such header"


@pytest.mark.parametrize(
    ("accept", "language"),
    [
        ("", "en"),
        (" , ,", "en"),
        (";q=1", "en"),
        ("*", "en"),
        ("-", "en"),
        ("zh ; q=0.5, en;q=0.4", "zh"),
        ("zh;Q=0.9,en;q=0.4", "zh"),
        ("ZH_hk", "zh-HK"),
        ("zh;q=0", "en"),
        ("zh;q=nan,en", "en"),
        ("zh;q=inf,en", "en"),
        ("zh;q=-1", "en"),
        ("zh;q=", "en"),
        ("zh;q=0.5,*;q=0.8", "zh"),
        ("éé,zh", "zh"),
        ("fr," * 400 + "zh", "en"),
    ],
)
def test_odd_headers_ask_for_a_language_that_is_spoken(accept: str, language: str) -> None:
    assert language_of(make_mocked_request("GET", "/", headers={"Accept-Language": accept})) == language


def test_the_address_is_one_a_browser_takes() -> None:
    def address(host: str) -> str:
        desk = Easel(None)  # type: ignore[arg-type]
        return WebChat(None, WebSettings(host=host, port=80), desk.status, commands).address  # type: ignore[arg-type]

    assert address("127.0.0.1") == address("0.0.0.0") == "http://127.0.0.1:80"
    assert address("::1") == address("::") == "http://[::1]:80"
