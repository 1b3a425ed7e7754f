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
    """Name, place, songs, licence and checksum of each embedded corpus, and of each that a user can fetch."""
    from antiphon.data import container, sources

    rows: list[Row] = []
    for name in container.names():
        manifest, *_ = container.load(name)
        facts = {"where": "embedded", "songs": len(manifest.songs), "licence": manifest.licence}
        rows.append({"name": name, **facts, "prepare": "reads it", "checksum": "in the package"})
    for name, known in sources.KNOWN.items():
        if name not in container.names():
            where = known.address if known.address_of == "file" else f"{known.address} ({known.address_of})"
            facts = {"where": where, "songs": None, "licence": known.licence}
            reads = f"cannot read it: {known.unreadable}" if known.unreadable else "reads it"
            rows.append({"name": name, **facts, "prepare": reads, "checksum": known.checksum_words})
    return rows


def preset_rows() -> list[Row]:
    """Name, summary and source of each preset."""
    from antiphon.presets.table import PRESETS

    return [{"name": row.name, "summary": row.summary, "source": row.source} for row in PRESETS.values()]


def presets_in_full() -> list[Row]:
    """Every setting of every preset."""
    from antiphon.presets.table import PRESETS

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
