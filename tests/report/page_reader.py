"""Reads a page of the report as a browser's parser would: its tags, tables, scripts and text."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass(frozen=True)
class Tag:
    name: str
    attributes: dict[str, str]


@dataclass
class Parsed:
    tags: list[Tag] = field(default_factory=list)
    tables: dict[str, list[list[str]]] = field(default_factory=dict)  # id of its heading -> rows of texts
    scripts: list[str] = field(default_factory=list)  # those that run
    data: dict[str, str] = field(default_factory=dict)  # id of a script that is data -> its text
    text: str = ""


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.page = Parsed()
        self.table: list[list[str]] = []
        self.script: str | None = None  # id of the one that is open, "" for those that run

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {key: value or "" for key, value in attrs}
        self.page.tags.append(Tag(tag, attributes))
        if tag == "table":
            self.table = self.page.tables[attributes["aria-labelledby"]] = []
        elif tag == "tr":
            self.table.append([])
        elif tag in {"td", "th"}:
            self.table[-1].append("")
        elif tag == "script":
            self.script = attributes.get("id", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "script":
            self.script = None
        elif tag == "table":
            self.table = []

    def handle_data(self, data: str) -> None:
        if self.script:
            self.page.data[self.script] = data
            return
        if self.script is not None:
            self.page.scripts.append(data)
            return
        self.page.text += data
        if self.table and self.table[-1]:
            self.table[-1][-1] += data if data.strip() else ""


def read_page(text: str) -> Parsed:
    reader = _Reader()
    reader.feed(text)
    reader.close()
    return reader.page
