"""Addresses of webhooks. Pure."""

from __future__ import annotations

from urllib.parse import urlsplit


def fault_of_url(url: str) -> str:
    """Why an address cannot be called, or ""."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return "is not http://host/... or https://host/..."
    return "has a name or a password in it: they would stand in logs" if parts.username or parts.password else ""
