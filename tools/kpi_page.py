"""Writes docs/kpis.md from the definitions of the key figures: `python -m tools.kpi_page`."""

from pathlib import Path

from tieline.insights.definition import Definition, definitions

PAGE = Path(__file__).resolve().parents[1] / "docs/kpis.md"
_OPENING = """# Key figures

Made from [their definitions](../src/tieline/insights/definitions) by `python -m tools.kpi_page`; do not edit it here.

Each is one SQL statement with one row per record the figure rests on. A sum adds up their numerators; a ratio divides
the sum of the numerators by that of the denominators. So the records always add up to the figure, whatever it is asked
for: by legal entity, its region, practice (the dimension `practice`, else the service line), customer, month or part,
and of any period. A customer that was merged counts with the one it became.

- Currencies are never mixed. Converted figures name the rate and its day.
- A record that belongs to a figure and whose value is not known, such as time without a price, is left out and counted.
- Without anything to divide by the answer is *not enough data*, not 0 %.
- Margins are told for a month of a project at least, so that no line tells what somebody costs.
- A period takes the records of its days. Figures told *as of now* say what is true of these records today.

Left out, since nothing that is read tells it: forecasts of the past, and the effort of people in the other systems.
What people can work in the coming weeks beside what is wanted of them is told by [capacity](cli.md#tieline-capacity).
"""


def page() -> str:
    """The whole page."""
    parts, group = [_OPENING], None
    for one in definitions().values():
        if one.group != group:
            group = one.group
            parts.append(f"\n## {group}\n")
        parts.append(_section(one))
    return "".join(parts)


def _section(one: Definition) -> str:
    rows = [
        ("formula", one.formula),
        ("unit", one.unit),
        ("better", one.better),
        ("rests on", one.records),
        ("period by", one.day),
        ("parts by", one.parts),
        ("made of", one.sources),
        ("known", one.known),
    ]
    table = "".join(f"| {name} | {words} |\n" for name, words in rows if words)
    return f"\n### {one.name}\n`{one.id}`: {one.says}\n\n| | |\n|---|---|\n{table}"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
