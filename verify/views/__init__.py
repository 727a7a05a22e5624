"""Everything that is shown of a record: terminal, HTML, Markdown, JUnit, GitHub."""
