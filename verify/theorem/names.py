"""Names that become parts of paths: a name from elsewhere must not lead out of its folder."""

from __future__ import annotations

import re

#: A letter or digit first; then also dots, spaces, dashes and underscores.
PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._ -]*$"


def is_name(text: object) -> bool:
    """Whether something is a text that may be part of a path."""
    return isinstance(text, str) and re.fullmatch(PATTERN.rstrip("$"), text) is not None
