"""Pieces of the command line that know no theorem: options, progress, exit codes."""
