"""Files for the tools around a site: what is generated, printed or written into a folder."""

from pathlib import Path
from typing import Annotated

import typer

from winter_river.cli.errors import UsageError
from winter_river.cli.options import settings_of
from winter_river.likeness import meant

ALL = "all"


def add_to(app: typer.Typer) -> None:
    """Adds generate."""
    app.command()(generate)


def generate(
    what: Annotated[str | None, typer.Argument(help="What for, such as telegraf, or all (default: list them).")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder to write into (default: print what is one file).")
    ] = None,
) -> None:
    """Generate files for the tools around a site.

    They follow your settings: broker, root, certificates. The same settings give the same bytes.

    \b
    Examples:
      winter-river generate                     what there is
      winter-river generate telegraf > telegraf.conf
      winter-river generate all -o deploy       a folder each
    """
    from winter_river.deploy import GENERATORS

    if what is None:
        for name, generator in GENERATORS.items():
            typer.echo(f"{name:12} {generator.sentence}")
        return
    if what != ALL and what not in GENERATORS:
        names = [*GENERATORS, ALL]
        raise UsageError(f"nothing is generated for {what}{meant(what, names)}; there are {', '.join(names)}")
    settings = settings_of()
    folders = {name: dict(GENERATORS[name].make(settings)) for name in (GENERATORS if what == ALL else (what,))}
    if output is not None:
        for name, files in folders.items():
            write(output / name if what == ALL else output, files)
    elif what != ALL and len(folders[what]) == 1:
        typer.echo(next(iter(folders[what].values())), nl=False)
    else:
        count = sum(len(files) for files in folders.values())
        raise UsageError(f"{what} is {count} files; name a folder for them: --output FOLDER")


def write(folder: Path, files: dict[str, str]) -> None:
    """Files into a folder, which is made where it is not there. Raises OSError naming the file."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        typer.echo(f"{path}")
