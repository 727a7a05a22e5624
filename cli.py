"""The command line, for those who have the repository: ``python cli.py`` is ``verify``."""

from verify.app import cli, main

__all__ = ["cli", "main"]

if __name__ == "__main__":
    main()
