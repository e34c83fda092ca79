"""Reads a page as a browser and a screen reader would: tags in balance, labels, headings, links and forms."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

BLOCKS = {"div", "dt", "dd", "td", "th", "p", "li", "span"}
VOID = {"meta", "link", "input", "br", "img", "hr", "circle", "path", "rect", "polyline"}


@dataclass
class FormSeen:
    """A form and the values it would send without a script."""

    action: str
    method: str
    values: dict[str, str] = field(default_factory=dict)
    actions: list[str] = field(default_factory=list)


class Page(HTMLParser):
    """What a page holds. `faults` names what is not as it should be."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html
        self.open: list[str] = []
        self.faults: list[str] = []
        self.ids: list[str] = []
        self.headings: list[str] = []
        self.links: list[str] = []
        self.forms: list[FormSeen] = []
        self.text = ""
        self._labelled: set[str] = set()
        self._fields: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()
        if self.open:
            self.faults.append(f"never closed: {self.open}")
        self.faults += [f"id twice: {name}" for name in self.ids if self.ids.count(name) > 1]
        for tag, attributes in self._fields:
            if not (attributes.get("id") in self._labelled or "aria-label" in attributes or "_in_label" in attributes):
                self.faults.append(f"{tag} {attributes.get('name')} has no label")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if "style" in attributes or any(name.startswith("on") for name in attributes):
            self.faults.append(f"inline style or script on {tag}")
        if tag == "script" and "src" not in attributes:
            self.faults.append("inline script")
        if attributes.get("id"):
            self.ids.append(str(attributes["id"]))
        if tag == "label" and attributes.get("for"):
            self._labelled.add(str(attributes["for"]))
        if tag in ("input", "select", "textarea") and attributes.get("type") != "hidden":
            self._fields.append((tag, {**attributes, **({"_in_label": None} if "label" in self.open else {})}))
        self._form(tag, attributes)
        if tag == "a" and attributes.get("href") is not None:
            self.links.append(str(attributes["href"]))
        if tag in ("h1", "h2", "h3"):
            self.headings.append(tag)
        if tag in BLOCKS:
            self.text += " "
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.faults.append(f"{tag} closes itself")

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> closes something else at {self.getpos()}")

    def handle_data(self, data: str) -> None:
        self.text += data

    def form(self, action: str) -> FormSeen:
        """The form that goes to this address."""
        return next(form for form in self.forms if action in (form.action, *form.actions))

    def _form(self, tag: str, attributes: dict[str, str | None]) -> None:
        if tag == "form":
            self.forms.append(FormSeen(str(attributes.get("action")), str(attributes.get("method", "get"))))
        elif "form" in self.open and self.forms:
            form = self.forms[-1]
            if attributes.get("formaction"):
                form.actions.append(str(attributes["formaction"]))
            chosen = attributes.get("type") != "radio" or "checked" in attributes
            if tag in ("input", "textarea") and attributes.get("name") and chosen:
                form.values[str(attributes["name"])] = attributes.get("value") or ""
