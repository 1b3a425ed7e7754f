"""Imports only go down: each room may import the rooms that the table names, the ground, and itself."""

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src" / "antiphon"
GROUND = {"config", "errors", "files", "__init__"}
TORCH = {"torch", "lightning_fabric", "safetensors"}

MAY_IMPORT: dict[str, set[str]] = {
    "music": set(),
    "io": {"music"},
    "codecs": {"music"},
    "data": {"music", "io", "codecs"},
    "evaluation": {"music", "io", "codecs", "data", "nn"},
    "nn": set(),
    "gan": {"nn"},
    "training": {"gan", "nn"},
    "families": {"music", "codecs", "nn", "gan"},
    "loader": {"music", "codecs", "data", "gan"},
    "piece_loader": {"resolved", "families", "codecs"},
    "piece_observers": {"families", "codecs", "io", "training", "gan"},
    "resolved": {"families", "codecs", "training"},
    "presets": {"resolved", "families", "codecs", "data", "training"},
    "model_files": {"resolved", "presets", "families", "codecs", "training", "gan"},
    "asked": {"part_options", "codecs", "music"},
    "writers": {"asked", "families", "codecs", "music", "gan", "nn"},
    "composing": {"asked", "model_files", "writers", "codecs", "music"},
    "orders": {"asked", "writers", "codecs", "music"},
    "plans": {"orders", "composing", "writers", "codecs", "music"},
    "continuing": {"asked", "composing", "orders", "performing", "writers", "families", "codecs", "music", "io"},
    "part_options": {"codecs", "music"},
    "joining": {"part_options", "codecs", "music", "io"},
    "accompanying": {"asked", "joining", "part_options", "playing", "writers", "codecs", "music"},
    "playing": {"asked", "part_options", "writers", "codecs", "music"},
    "performing": {"asked", "orders", "writers", "codecs", "music", "io"},
    "between_songs": {"asked", "orders", "playing", "writers", "music"},
    "varying": {"asked", "orders", "part_options", "playing", "writers", "music"},
    "generate": {
        "accompanying",
        "asked",
        "between_songs",
        "composing",
        "continuing",
        "orders",
        "performing",
        "plans",
        "playing",
        "varying",
        "resolved",
        "writers",
        "model_files",
        "presets",
        "families",
        "codecs",
        "music",
        "io",
        "data",
        "training",
        "gan",
    },
    "licences": set(),
    "origins": {"licences", "resolved", "model_files", "families", "codecs", "data", "training", "gan"},
    "phrase_evidence": {"families", "codecs", "training", "gan", "nn"},
    "observers": {
        "phrase_evidence",
        "evaluation",
        "writers",
        "families",
        "codecs",
        "music",
        "io",
        "data",
        "training",
        "gan",
    },
    "fit": {
        "resolved",
        "observers",
        "model_files",
        "presets",
        "families",
        "codecs",
        "data",
        "loader",
        "origins",
        "piece_loader",
        "piece_observers",
        "training",
        "gan",
    },
    "reproductions": {
        "resolved",
        "fit",
        "presets",
        "families",
        "evaluation",
        "codecs",
        "data",
        "io",
        "music",
        "training",
        "gan",
        "nn",
    },
    "reproduce": {"reproductions"},
    "commands": {"*"},
    "doors": {"asked", "commands", "evaluation", "fit", "generate"},
    "cli": {"doors"},
    "__main__": {"cli"},
}
"""Room -> rooms below it. `fit`, `generate` and `reproduce` are the roof; `doors`, `commands`, `cli` and `__main__` the
way in."""

WITHIN_EVALUATION = ("metrics", "sets", "report", "examiner", "suite")
"""Its rooms, from the ground up: each may import those before it; `examiner` and `report` do without each other."""

WITHOUT_TORCH = ("music", "io", "codecs", "data", "asked", "part_options", "joining")
WITHOUT_MUSIC = ("nn", "gan", "training")


def room(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def imports(path: Path) -> set[str]:
    """Every module that a file imports, wherever in it, save those needed for types alone."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            node.body = []
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def rooms_of(names: set[str]) -> set[str]:
    return {name.split(".")[1] for name in names if name.startswith("antiphon.")}


FILES = sorted(path for path in SOURCE.rglob("*.py") if room(path) not in GROUND)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_imports_only_go_down(path: Path) -> None:
    allowed = MAY_IMPORT[room(path)]
    above = rooms_of(imports(path)) - allowed - GROUND - {room(path), "__version__"}
    assert "*" in allowed or not above, f"{path.name} in {room(path)} reaches up or sideways to {sorted(above)}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_the_wings_stay_apart(path: Path) -> None:
    outside = {name.split(".")[0] for name in imports(path)}
    if room(path) in WITHOUT_TORCH:
        assert not outside & TORCH, "the music wing works without torch"
    if room(path) in WITHOUT_MUSIC:
        assert not rooms_of(imports(path)) & {"music", "io", "codecs", "data", "evaluation"}


@pytest.mark.parametrize("path", [p for p in FILES if room(p) == "families"], ids=lambda p: "/".join(p.parts[-2:]))
def test_a_family_never_imports_a_sibling(path: Path) -> None:
    own = path.relative_to(SOURCE / "families").parts[0]
    others = {name.split(".")[2] for name in imports(path) if name.startswith("antiphon.families.")} - {own}
    assert not others


def test_ground_imports_nothing_of_the_house() -> None:
    for name in ("config", "errors", "files"):
        assert rooms_of(imports(SOURCE / f"{name}.py")) <= GROUND


def test_every_file_says_what_it_is() -> None:
    silent = [
        path for path in FILES if path.name != "__init__.py" and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert not silent


def test_empty_init_files() -> None:
    full = [path for path in SOURCE.rglob("__init__.py") if path.parent != SOURCE and path.read_text().strip()]
    assert not full, "an __init__ that imports is how import cycles begin"


@pytest.mark.parametrize(
    "path", sorted((SOURCE / "evaluation").rglob("*.py")), ids=lambda path: str(path.relative_to(SOURCE))
)
def test_evaluation_only_imports_down(path: Path) -> None:
    own = path.relative_to(SOURCE / "evaluation").parts[0]
    level = WITHIN_EVALUATION.index(own) if own in WITHIN_EVALUATION else -1
    used = {name.split(".")[2] for name in imports(path) if name.startswith("antiphon.evaluation.")}
    above = {room for room in used & set(WITHIN_EVALUATION) if WITHIN_EVALUATION.index(room) > level}
    assert not above, f"{path.name} in {own} reaches up to {sorted(above)}"
