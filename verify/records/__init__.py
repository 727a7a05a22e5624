"""What runs leave behind: records, their folders, and how two of them compare."""
