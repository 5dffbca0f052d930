#!/usr/bin/env python
"""The project's command line."""

import os
import sys

MIN_PYTHON = (3, 11)


def main() -> None:
    """Run a command. What we refuse on purpose is told in its two sentences, with exit code 2."""
    if sys.version_info < MIN_PYTHON:
        found = ".".join(map(str, sys.version_info[:2]))
        sys.stderr.write(
            f"MixArena needs Python 3.11 or newer, this is {found}. Install one and run `make run` again.\n"
        )
        sys.exit(2)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mixarena.settings")
    if sys.argv[1:2] != ["arena"]:
        # A command tells its own progress.
        os.environ.setdefault("LOG_LEVEL", "WARNING")
    from django.core.management import execute_from_command_line

    from mixing.errors import MixArenaError

    try:
        execute_from_command_line(sys.argv)
    except MixArenaError as error:
        sys.stderr.write(f"{error.message}\n")
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
