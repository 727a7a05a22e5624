"""``python -m verify`` is the command line."""

from cli import main

main()
