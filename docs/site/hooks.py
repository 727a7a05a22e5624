"""What mkdocs must know of this repository: a page a theorem, and files outside `docs` that pages show."""

from __future__ import annotations

import posixpath
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))  # the theorems of this clone, installed or not

from docs.site import theorem_pages  # noqa: E402

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

#: Links of Markdown to a place outside `docs`.
OUTSIDE = re.compile(r"(!?)\[([^\]]*)\]\(\.\./([^)#]+)(#[^)]*)?\)")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put the theorems into the navigation."""
    assert config.nav is not None
    for section in config.nav:
        if "Theorems" in section:
            section["Theorems"] += [{name: theorem_pages.place(name)} for name in theorem_pages.names()]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the page of each theorem with its report, and whatever the pages show of the repository."""
    from mkdocs.structure.files import File

    files.append(File.generated(config, "index.md", content=_readme()))
    for name in theorem_pages.names():
        files.append(File.generated(config, theorem_pages.place(name), content=theorem_pages.page(name)))
        files.append(
            File.generated(config, theorem_pages.report_place(name), content=theorem_pages.report(name))
        )
    for path in sorted(set(_shown())):
        files.append(File.generated(config, path, abs_src_path=str(ROOT / path)))
    return files


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Point links to files of the repository where the site has them; of other places only the name stays."""
    here = posixpath.dirname(page.file.src_uri)

    def link(found: re.Match[str]) -> str:
        picture, text, target, anchor = found.groups()
        path = posixpath.normpath(posixpath.join("docs", here, "..", target))
        if path.startswith("docs/"):
            return found.group()
        if not (ROOT / path).is_file():
            return f"`{path}`" if text.strip("`") == path else f"{text} (`{path}`)"
        return f"{picture}[{text}]({posixpath.relpath(path, here or '.')}{anchor or ''})"

    return OUTSIDE.sub(link, markdown)


def _readme() -> str:
    """The README as the first page, its links seen from `docs`."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return re.sub(r"\]\((?!docs/|https?:)", "](../", text).replace("](docs/", "](")


def _shown() -> Iterator[str]:
    """Files outside `docs` that its pages link to, those that such pages link to included."""
    waiting = [("docs/", path.read_text(encoding="utf-8")) for path in ROOT.glob("docs/*.md")]
    waiting.append(("docs/", _readme()))
    seen: set[str] = set()
    while waiting:
        base, text = waiting.pop()
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
            path = posixpath.normpath(base + target)
            if path.startswith("docs/") or path in seen or not (ROOT / path).is_file():
                continue
            seen.add(path)
            yield path
            if path.endswith(".md"):
                waiting.append((posixpath.dirname(path) + "/", (ROOT / path).read_text(encoding="utf-8")))
