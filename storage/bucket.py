"""The address of object storage that speaks S3 (AWS, MinIO, Garage, Ceph, Cloudflare R2, Alibaba OSS …)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

BUCKET = re.compile(r"[A-Za-z0-9][\w.-]{1,62}", re.ASCII)
KNOWN = {"endpoint", "region", "style"}
STYLES = {"path", "host"}


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket at an endpoint ("": AWS's own), and what stands before each name in it; `path_style` has the bucket's
    name in the path of addresses, not in their host, as servers of one's own want it. Without a key the machine's own
    role is asked, as AWS's programs do."""

    name: str
    prefix: str = ""
    endpoint: str = ""
    region: str = "us-east-1"
    path_style: bool = True
    key: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)

    @property
    def where(self) -> str:
        """What may be shown of it."""
        at = f" ({urlsplit(self.endpoint).netloc})" if self.endpoint else ""
        return f"s3://{self.name}/{self.prefix}".rstrip("/") + at


def bucket_of(url: str, key: str = "", secret: str = "") -> Bucket:
    """The bucket that `s3://bucket/prefix?endpoint=https://host:port&region=…&style=path|host` names. Raises
    ValueError."""
    parts = urlsplit(url)
    query = parse_qs(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
    if parts.scheme != "s3" or not BUCKET.fullmatch(parts.netloc) or not query.keys() <= KNOWN or parts.fragment:
        raise ValueError("no address of a bucket")
    if any(len(values) > 1 for values in query.values()):
        raise ValueError("said twice")
    [endpoint], [region], [style] = (query.get(name, [""]) for name in ("endpoint", "region", "style"))
    if endpoint:
        at = urlsplit(endpoint)
        if at.scheme not in ("http", "https") or not at.hostname or at.username or at.query or at.fragment:
            raise ValueError("no address of a server")
        _ = at.port  # raises ValueError
    if style and style not in STYLES:
        raise ValueError("no style of addresses")
    path_style = style == "path" if style else bool(endpoint)
    prefix = "/".join(part for part in parts.path.split("/") if part)
    return Bucket(parts.netloc, prefix, endpoint.rstrip("/"), region or "us-east-1", path_style, key, secret)
