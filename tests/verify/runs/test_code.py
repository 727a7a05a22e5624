"""The version of code that numbers come from."""

from verify.runs.code import code_version


def test_the_code_version_follows_imports_within_the_project(tmp_path, monkeypatch):
    package = tmp_path / "sample_project"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "outer.py").write_text("import numpy\nfrom sample_project.inner import value\n")
    (package / "inner.py").write_text("value = 1\n")
    (package / "other.py").write_text("value = 1\n")
    monkeypatch.syspath_prepend(tmp_path)

    def version():
        code_version.cache_clear()
        return code_version("sample_project.outer")

    first = version()
    assert version() == first
    (package / "other.py").write_text("value = 2\n")
    assert version() == first
    (package / "inner.py").write_text("value = 2\n")
    assert version() != first
    code_version.cache_clear()
