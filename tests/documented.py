"""Code blocks of README and docs, for tests that run them."""

from __future__ import annotations

import re
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]


def section(page: str, title: str) -> str:
    """Return the text of a page, such as `docs/operation.md`, below the heading `## title`."""
    text = (TOP / page).read_text(encoding="utf-8")
    return text.split(f"\n## {title}\n")[1].split("\n## ")[0]


def code_blocks(text: str, language: str) -> list[str]:
    """Return the code blocks of this language, in their order."""
    return re.findall(rf"```{re.escape(language)}\n(.*?)```", text, flags=re.DOTALL)


def block_for(text: str, comment: str) -> str:
    """Return the one block of Python that begins with this comment. Raises AssertionError."""
    found = [block for block in code_blocks(text, "python") if block.startswith(f"# {comment}")]
    assert len(found) == 1, f"there are {len(found)} blocks for {comment}"
    return found[0]
