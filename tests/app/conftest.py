"""The example site in a folder of the test, and ways to spoil it."""

import shutil
from pathlib import Path

import pytest

from tieline.app.example import Example, write_example
from tieline.app.site import SiteError, load_site


class Folder:
    """A site folder as a consultant edits it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.toml = path / "site.toml"

    def replace(self, old: str, new: str, file: str = "site.toml") -> int:
        """Change the first occurrence; returns its line."""
        text = (self.path / file).read_text("utf-8")
        assert old in text, f"{old!r} is not in {file}"
        (self.path / file).write_text(text.replace(old, new, 1), "utf-8")
        return text[: text.index(old)].count("\n") + 1

    def append(self, text: str, file: str = "site.toml") -> int:
        """Add to the end; returns the line it begins on."""
        before = (self.path / file).read_text("utf-8")
        (self.path / file).write_text(before + text, "utf-8")
        return before.count("\n") + 1

    def defects(self) -> list[str]:
        """What loading it tells, with paths below the folder."""
        with pytest.raises(SiteError) as caught:
            load_site(self.path)
        return [str(defect).replace(f"{self.path}/", "") for defect in caught.value.defects]


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Written once: its key pair takes a while."""
    path = tmp_path_factory.mktemp("example") / "site"
    write_example(path, Example())
    return path


@pytest.fixture
def folder(example: Path, tmp_path: Path) -> Folder:
    return Folder(shutil.copytree(example, tmp_path / "firm's site 🚀"))
