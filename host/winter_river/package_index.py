"""Fetches a source archive by name from the Python package index that the user's pip is set up for.

The only importer of unearth. pip itself cannot be asked: it runs an archive's own build before it hands the file over,
and the MicroPython archives do not build under CPython.
"""

import ast
import logging
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import unearth
from unearth.auth import MultiDomainBasicAuth
from unearth.fetchers import Fetcher, PyPIClient
from unearth.preparer import HTTPErrors

PIP_ANSWER_S_MAX = 30.0  # chosen: reading its settings takes pip half a second; a Pi with a slow card gets its time


class FetchError(RuntimeError):
    """The archive could not be had; the text says why."""


def source_archive(name: str, version: str) -> bytes:
    """The bytes of the source archive of one release. Raises FetchError."""
    finder = _finder(name, pip_settings())
    try:
        match = finder.find_best_match(f"{name}=={version}").best
        if match is None:
            raise FetchError("the package index does not offer it")
        with tempfile.TemporaryDirectory() as folder:
            return finder.download(match.link, folder).read_bytes()
    except HTTPErrors as error:
        raise FetchError(str(error) or type(error).__name__) from error
    except (OSError, unearth.UnpackError) as error:
        raise FetchError(str(error)) from error


def pip_settings() -> dict[str, str]:
    """pip's own settings, `index-url` and so on, from its files and the environment; empty when pip is not installed."""
    command = [sys.executable, "-m", "pip", "config", "list"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PIP_ANSWER_S_MAX, check=True)
    except (OSError, subprocess.SubprocessError):
        return {}
    return parse_pip_settings(done.stdout)


def parse_pip_settings(listing: str) -> dict[str, str]:
    """Option name to value from the text of `pip config list`; the environment beats the files, as in pip."""
    from_files: dict[str, str] = {}
    from_environment: dict[str, str] = {}
    for line in listing.splitlines():
        key, equals, quoted = line.partition("=")
        section, dot, option = key.rpartition(".")
        if not equals or not dot or section not in (":env:", "global", "download"):
            continue
        settings = from_environment if section == ":env:" else from_files
        try:
            settings[option] = str(ast.literal_eval(quoted))
        except (SyntaxError, ValueError):
            continue  # not a setting line of pip; its warnings share the listing
    return {**from_files, **from_environment}


def _finder(name: str, settings: Mapping[str, str]) -> unearth.PackageFinder:
    """A finder of source archives; the first place that has the release wins, the main index before the others."""
    # A place that does not answer is named by our own error; unearth's warnings on top of it only confuse.
    logging.getLogger("unearth").setLevel(logging.ERROR)
    finder = unearth.PackageFinder(
        session=_session(settings),
        index_urls=settings.get("index-url", "").split(),  # none: the default index
        no_binary=[name],
        trusted_hosts=settings.get("trusted-host", "").split(),
        respect_source_order=True,
    )
    for url in settings.get("extra-index-url", "").split():
        finder.add_index_url(url)
    for place in settings.get("find-links", "").split():
        if "://" in place or Path(place).exists():
            finder.add_find_links(place)
    return finder


def _session(settings: Mapping[str, str]) -> Fetcher | None:
    """A session that trusts the certificate authority pip was told of; None when it was told of none."""
    authority = settings.get("cert", "")
    if not authority:
        return None
    session = PyPIClient(
        verify=ssl.create_default_context(cafile=authority), trusted_hosts=settings.get("trusted-host", "").split()
    )
    urls = [*settings.get("index-url", "").split(), *settings.get("extra-index-url", "").split()]
    session.auth = MultiDomainBasicAuth(index_urls=urls)
    return cast(Fetcher, session)  # it is one; its own annotations are narrower than the protocol's
