"""``python -m verify`` is the command line."""

from verify.app import main

main()
