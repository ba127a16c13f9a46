"""The evaluation as a page: Markdown with tables and pictures, and the same figures as JSON."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine.evaluate.setting import Picture, Section, Table, jsonable
from engine.files import written_whole

NAME = "README.md"


def write(folder: Path, sections: Sequence[Section], facts: dict[str, Any]) -> Path:
    """Writes the page, figures.json and the pictures into `folder`, which is made; returns the page's path."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn = {picture.name: _drawn(folder, picture) for section in sections for picture in section.pictures}
    lines = ["# The performance model, measured", "", *(f"- {name}: {value}" for name, value in facts.items()), ""]
    lines += ["All intervals are bootstrap 95 % intervals over clips, seeds or windows.", ""]
    lines += ["| demanded | met |", "|---|---|"]
    for section in sections:
        lines += [
            f"| {section.title}: {words} | {'yes' if met else '**no**'} |" for words, met in section.targets.items()
        ]
    for section in sections:
        lines += ["", f"## {section.title}", ""]
        for text in section.text:
            lines += [text, ""]
        for table in section.tables:
            lines += [*markdown(table), ""]
        for picture in section.pictures:
            if drawn[picture.name]:
                lines += [f"![{picture.caption}]({picture.name}.png)", "", f"*{picture.caption}*", ""]
    page = folder / NAME
    with written_whole(page) as part:
        part.write_text("\n".join(lines).rstrip() + "\n", "utf-8")
    table = {"facts": facts, **{s.name: {"targets": s.targets, **s.figures} for s in sections}}
    with written_whole(folder / "figures.json") as part:
        part.write_text(json.dumps(jsonable(table), indent=1, ensure_ascii=False), "utf-8")
    return page


def markdown(table: Table) -> list[str]:
    """A table's lines; a bar inside a cell is escaped."""
    rows = [[str(cell).replace("|", "\\|") for cell in row] for row in (table.head, *table.rows)]
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return [f"**{table.title}**", "", lines[0], "|" + "---|" * len(table.head), *lines[1:]]


def _drawn(folder: Path, picture: Picture) -> bool:
    """Draws a picture; False where matplotlib is not installed."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ModuleNotFoundError:
        return False
    figure = Figure(figsize=picture.size, layout="constrained")
    FigureCanvasAgg(figure)
    picture.draw(figure)
    with written_whole(folder / f"{picture.name}.png") as part:
        figure.savefig(part, dpi=110)
    return True
