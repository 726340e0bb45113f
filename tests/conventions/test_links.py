"""Every link of a document leads to a file of the repository, and to a title in it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
PAGES = sorted(REPOSITORY.glob("*.md")) + sorted((REPOSITORY / "docs").rglob("*.md"))
LINK = re.compile(r"\]\(([^()\s]+)\)")
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
TITLE = re.compile(r"^#+ (.+)$", re.MULTILINE)


def anchors(page: str) -> set[str]:
    """Return the anchors of a page's titles, as GitHub makes them."""
    titles = TITLE.findall(FENCED.sub("", page))
    return {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles}


def broken_links(page: Path) -> Iterator[str]:
    for link in LINK.findall(page.read_text("utf-8")):
        if "://" in link:
            continue
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page
        if not target.exists() or (anchor and anchor not in anchors(target.read_text("utf-8"))):
            yield link


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    assert list(broken_links(page)) == []


def test_every_page_of_docs_is_linked_from_the_readme() -> None:
    linked = set(LINK.findall((REPOSITORY / "README.md").read_text("utf-8")))
    assert {f"docs/{page.name}" for page in (REPOSITORY / "docs").glob("*.md")} <= linked


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    (page := tmp_path / "page.md").write_text(
        "# A title, in `code`\n[a](#a-title-in-code) [b](gone.md) [c](#gone) [d](https://x.org/y)\n"
    )
    assert list(broken_links(page)) == ["gone.md", "#gone"]
