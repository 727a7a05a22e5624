def unicode(text: str) -> str:
    return text
