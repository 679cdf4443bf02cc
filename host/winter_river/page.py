"""The page's files: written in TypeScript under `web/ui`, bundled by esbuild into `web/ui/dist`, once for each content.

The tools (esbuild, Preact, signals, uPlot; for checks TypeScript) are npm packages, pinned with hashes in
`web/ui/package-lock.json`. A wheel carries the built files and needs none of them.
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from winter_river import npm

NODE_MAJOR_MIN = 20  # what esbuild 0.28 and npm 10 ask for
BUNDLE_S_MAX = 60.0  # chosen: it takes under one second; a stuck one must not hold up a set-up

_SOURCE = Path(__file__).parent / "web" / "ui"
_DIST = _SOURCE / "dist"
_HASH_FILE = "source.sha256"
_COPIED = ("index.html", "guide.html", "icon.svg")
_NOT_SOURCE = ("dist", "node_modules")
_LICENCES_OF = ("preact", "@preact/signals", "@preact/signals-core", "uplot")
_OPTIONS = (
    "--bundle",
    "--minify",
    "--format=esm",
    "--splitting",  # what is seldom opened comes when it is
    "--entry-names=app",
    "--chunk-names=[name]-[hash]",
    "--target=es2022",
    "--jsx=automatic",
    "--jsx-import-source=preact",
    "--legal-comments=none",  # they are in licences.txt, whole
    "--log-level=warning",
)

_MISSING = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Winter River: the page is not built</title>
<h1>The site runs; its page is not built</h1>
<p>The page is bundled once, at set-up, by Node.js, and that has not happened on this machine.</p>
<p>Cure: <code>tools/setup run</code> in the checkout says what is missing and builds it (it needs the network that one
time). On 32-bit ARM first <code>sudo apt install nodejs npm</code>. Then reload this page; nothing needs a restart.</p>
<p>Meanwhile the <a href="/docs">HTTP interface</a>, the live view in the terminal and
<code>winter-river send</code> work as ever.</p>
</html>
"""


class PageError(RuntimeError):
    """The page cannot be built on this machine; the text says why and what cures it."""


def folder() -> Path | None:
    """The built files (index.html, guide.html, app.js, app.css, ...); None where they have not been built."""
    return _DIST if (_DIST / "index.html").is_file() else None


def missing_html() -> str:
    """What `/` says while there is no built page: what is missing and the cure."""
    return _MISSING


def is_current() -> bool:
    """Whether the built files are those of the sources; a wheel has no sources and is always current."""
    if not (_SOURCE / "src").is_dir():
        return folder() is not None
    try:
        return (_DIST / _HASH_FILE).read_text() == _source_hash()
    except OSError:
        return False


def build(*, progress: Callable[[str], None] | None = None) -> Path:
    """The folder of the built page, built first where it is not that of the sources. Raises PageError."""
    if is_current():
        return _DIST
    nodejs = _nodejs()
    notice = "Installing what the page is built with (once, about 12 MB) ..."
    try:
        packages = npm.install(nodejs, _SOURCE, name="page-tools", notice=notice, progress=progress) / "node_modules"
    except npm.NpmError as error:
        raise PageError(str(error)) from error
    if progress is not None:
        progress("Building the page ...")
    scratch = Path(tempfile.mkdtemp(prefix=".new-", dir=_SOURCE))
    try:
        _bundle(nodejs, packages, scratch)
        for name in _COPIED:
            shutil.copyfile(_SOURCE / name, scratch / name)
        for picture in _SOURCE.glob("pictures/*.png"):
            shutil.copyfile(picture, scratch / picture.name)
        (scratch / "licences.txt").write_text(_licences(packages))
        (scratch / _HASH_FILE).write_text(_source_hash())
        scratch.chmod(0o755)
        shutil.rmtree(_DIST, ignore_errors=True)
        os.rename(scratch, _DIST)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return _DIST


def check_types(*, progress: Callable[[str], None] | None = None) -> str:
    """What TypeScript finds wrong with the sources, one line a fault; "" when nothing. Raises PageError."""
    nodejs = _nodejs()
    notice = "Installing what checks the page's types (once, about 30 MB) ..."
    try:
        tools = npm.install(nodejs, _SOURCE, name="page-checks", notice=notice, progress=progress, development=True)
    except npm.NpmError as error:
        raise PageError(str(error)) from error
    # TypeScript looks for packages beside the sources only, and there they would end in the wheel.
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        (place / "node_modules").symlink_to(tools / "node_modules")
        shutil.copytree(_SOURCE / "src", place / "src")
        shutil.copyfile(_SOURCE / "tsconfig.json", place / "tsconfig.json")
        script = tools / "node_modules" / "typescript" / "bin" / "tsc"
        done = _run([nodejs.program, str(script), "--noEmit", "--pretty", "false"], place, {})
    return "" if done.returncode == 0 else (done.stdout + done.stderr).strip()


def _nodejs() -> npm.Nodejs:
    nodejs = npm.find(NODE_MAJOR_MIN)
    if nodejs is None:
        raise PageError(
            f"no Node.js {NODE_MAJOR_MIN} or newer with npm to build the page; cure: sudo apt install nodejs npm"
        )
    return nodejs


def _bundle(nodejs: npm.Nodejs, packages: Path, target: Path) -> None:
    command = [nodejs.program, str(packages / "esbuild" / "bin" / "esbuild"), "src/main.tsx"]
    done = _run([*command, *_OPTIONS, f"--outdir={target}"], _SOURCE, {"NODE_PATH": str(packages)})
    if done.returncode:
        raise PageError(f"esbuild could not bundle the page:\n{done.stderr.strip()[-2000:]}")


def _run(command: list[str], place: Path, variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command,
            cwd=place,
            env={**os.environ, **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=BUNDLE_S_MAX,
            check=False,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise PageError(f"could not run {Path(command[1]).name}: {error}") from error


def _licences(packages: Path) -> str:
    """The licence texts of what the bundle holds of others."""
    texts = []
    for name in _LICENCES_OF:
        file = packages / name / "LICENSE"
        if file.is_file():
            texts.append(f"{name}\n\n{file.read_text(encoding='utf-8').strip()}\n")
    return "\n\n".join(texts)


def _source_hash() -> str:
    content = hashlib.sha256()
    for file in _source_files():
        content.update(f"{file.relative_to(_SOURCE).as_posix()}\0".encode())
        content.update(file.read_bytes())
    content.update(" ".join(_OPTIONS).encode())
    return content.hexdigest()


def _source_files() -> Iterator[Path]:
    for file in sorted(_SOURCE.rglob("*")):
        parts = file.relative_to(_SOURCE).parts
        if file.is_file() and parts[0] not in _NOT_SOURCE and not parts[0].startswith("."):
            yield file
