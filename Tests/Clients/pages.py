"""The README and the manual's pages as tests read them.

Run with a directory, it copies the catalogues there for DocC. Pages link to each other as Markdown does, so that the links work wherever
the pages are read; in the copies they are DocC's own, which it checks, and links that lead out of a catalogue are plain text.
"""

import pathlib
import re
import shutil
import sys

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
README = REPOSITORY / "README.md"
MANUAL = REPOSITORY / "Sources" / "accrue" / "Manual.docc"
CATALOGUES = sorted((REPOSITORY / "Sources").glob("*/*.docc"))
# Files beside the README and the catalogues that are written for people.
HOUSE = [REPOSITORY / ".github" / name for name in ("CONTRIBUTING.md", "SECURITY.md")]

_FENCED = re.compile(r"^```.*?^```$", re.M | re.S)
_LINK = re.compile(r"(?<!!)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)")


def all_pages():
    """All pages for people, the README first."""
    return [README, *HOUSE, *(page for catalogue in CATALOGUES for page in sorted(catalogue.glob("*.md")))]


def manual_page(name):
    """The text of a page of the manual."""
    return (MANUAL / f"{name}.md").read_text()


def section(text, title):
    """The text under a heading, up to the next heading of the same level."""
    match = re.search(rf"^## {re.escape(title)}[^\n]*\n(.*?)(?=^## |\Z)", text, re.M | re.S)
    assert match, f"there is no section {title!r}"
    return match[1]


def blocks(text):
    """The fenced blocks of a text: pairs of language and content."""
    return re.findall(r"^```(\w+)\n(.*?)^```$", text, re.M | re.S)


def rows(text):
    """The rows of the tables in a text, as lists of cells."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    return [row for row in cells if not set(row[0]) <= set("-: ")]


def headings(text):
    """The headings of a text by the anchors that they get on the web."""
    titles = re.findall(r"^##+ (.*)$", _FENCED.sub("", text), re.M)
    return {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-"): title for title in titles}


def links(text):
    """The targets of the links in a text that are no addresses on the web."""
    return [target for _, target in _LINK.findall(_FENCED.sub("", text)) if ":" not in target]


def broken_links(page):
    """The links of a page that lead to no file, or to no heading of it."""
    broken = []
    for target in links(page.read_text()):
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (anchor and anchor not in headings(file.read_text())):
            broken.append(target)
    return broken


def _as_docc(page):
    """The text of a page with its links as DocC has them."""

    def replaced(match):
        label, target = match[1], match[2]
        path, _, anchor = target.partition("#")
        if ":" in target:
            return match[0]
        file = page.parent / path if path else page
        if file.parent.resolve() != page.parent.resolve():
            return label
        if not anchor:
            return f"[{label}](doc:{file.stem})"
        heading = headings(file.read_text())[anchor].replace("`", "").replace(" ", "-")
        return f"[{label}](doc:{file.stem}#{heading})"

    text = page.read_text()
    parts = _FENCED.split(text)
    fences = [*_FENCED.findall(text), ""]
    return "".join(_LINK.sub(replaced, part) + fence for part, fence in zip(parts, fences))


def copy_for_docc(directory):
    """Copies all catalogues into a directory, with links as DocC has them."""
    for catalogue in CATALOGUES:
        target = pathlib.Path(directory) / catalogue.name
        shutil.copytree(catalogue, target)
        for page in target.glob("*.md"):
            page.write_text(_as_docc(catalogue / page.name))


if __name__ == "__main__":
    bad = {page: broken for page in all_pages() if (broken := broken_links(page))}
    for page, targets in bad.items():
        print(f"{page.relative_to(REPOSITORY)}: broken links: {', '.join(targets)}", file=sys.stderr)
    if bad:
        sys.exit(1)
    copy_for_docc(sys.argv[1])
