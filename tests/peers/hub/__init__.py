"""A model hub on loopback, as the Hugging Face hub answers those who fetch: what a repository holds, and its files."""

from __future__ import annotations

from tests.peers.hub.repository import File, Repository
from tests.peers.hub.server import Asked, Fault, Hub

__all__ = ["Asked", "Fault", "File", "Hub", "Repository"]
