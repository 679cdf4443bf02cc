"""Builds the web page where it is not that of its sources; `--types` checks the sources' types instead."""

import sys

from winter_river import page


def main() -> None:
    try:
        if "--types" in sys.argv[1:]:
            sys.exit(page.check_types(progress=print) or 0)
        page.build(progress=print)
    except page.PageError as error:
        sys.exit(f"build_page: {error}")


if __name__ == "__main__":
    main()
