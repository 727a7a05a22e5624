"""Running theorems: once, many times, side by side, with false claims."""
