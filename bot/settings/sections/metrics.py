"""What a monitoring program is told."""

from __future__ import annotations

from bot.settings.sections.field_types import Host, Section
from bot.settings.settings import setting


class MetricsSection(Section):
    """Numbers for Prometheus; a port turns them on."""

    port: int | None = setting(
        None,
        "The port where /metrics answers Prometheus and /health a health check, as at the page; empty serves neither.",
        "在此端口提供 /metrics（给 Prometheus）和 /health（健康检查，网页的地址上也有）；留空则都不提供。",
        ge=0,
        le=65535,
        example="9464",
    )
    host: Host = setting(
        "127.0.0.1",
        "The address to listen on for these; whoever reaches it may read them.",
        "监听的地址；能连上的人都可以看到这些数字。",
        example="127.0.0.1",
    )
