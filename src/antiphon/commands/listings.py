"""What there is, as rows: shipped models, corpora, presets."""

from collections.abc import Mapping, Sequence
from typing import Any

from antiphon.model_files import SHELF, names

Row = dict[str, Any]


def model_rows() -> list[Row]:
    """Name, preset, training corpus, licence and size of each shipped model."""
    from antiphon.training.checkpoint import load_model

    rows = []
    for name in names():
        path = SHELF / f"{name}.safetensors"
        card, _ = load_model(path)
        rows.append(
            {
                "name": name,
                "preset": card.get("preset"),
                "corpus": (card.get("corpus") or {}).get("name"),
                "licence": card.get("licence"),
                "kilobytes": round(path.stat().st_size / 1000),
            }
        )
    return rows


def corpus_rows() -> list[Row]:
    """Name, place, songs and licence of each embedded corpus, and of each that a user can fetch."""
    from antiphon.data import container, sources
    from antiphon.data.corpus import Corpus

    rows: list[Row] = []
    for name in container.names():
        manifest = Corpus.open(name).manifest
        rows.append({"name": name, "where": "embedded", "songs": len(manifest.songs), "licence": manifest.licence})
    for name, known in sources.KNOWN.items():
        if name not in container.names():
            rows.append({"name": name, "where": known.address, "songs": None, "licence": known.licence})
    return rows


def preset_rows() -> list[Row]:
    """Name, summary and source of each preset."""
    from antiphon.presets import PRESETS

    return [{"name": row.name, "summary": row.summary, "source": row.source} for row in PRESETS.values()]


def presets_in_full() -> list[Row]:
    """Every setting of every preset."""
    from antiphon.presets import PRESETS

    return [row.model_dump(mode="json") for row in PRESETS.values()]


def table_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows of equal keys as lines of aligned columns under a heading."""
    if not rows:
        return "there is none"
    lines = [list(rows[0]), *([("-" if value is None else str(value)) for value in row.values()] for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )
