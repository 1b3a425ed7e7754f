"""The README tells the truth: its map is the tree, its commands exist, its figures have a command.

`python tests/test_readme.py` rewrites the map from the files' own first sentences.
"""

import ast
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
HEADING = "## Map of the tree\n"

CAPTIONS = {
    ".ci/run": "the README's test command, for machines",
    ".gitignore": "what is made and not kept",
    "CHANGELOG.md": "what changed for users, by version",
    "CITATION.cff": "how to cite",
    "CONTRIBUTING.md": "the house rules on one page; how to add a family, codec, metric, corpus, loss",
    "LICENSE": "MIT",
    "LOG.md": "experiments, the failed ones above all, with date and figure",
    "Makefile": "demo, test, check, bench",
    "NOTICE": "licences of the data, the soundfont and the letters that ship",
    "README.md": "this page",
    "constraints.txt": "the versions that the tests run on",
    "pyproject.toml": "the package, its dependencies, and the settings of its tools",
    "docs/": "model card, corpora and their licences, pictures",
    "src/antiphon/py.typed": "says that the package carries types",
    "src/antiphon/data/embedded/": "six corpora, packed, and the songs of each split",
    "src/antiphon/io/soundfont/": "General MIDI sounds in 1.4 MB, with their licence",
    "src/antiphon/io/glyphs.npz": "letters for pictures",
    "src/antiphon/models/": "the shipped weights",
}
"""Files that cannot speak for themselves, and folders told in one line."""


def files() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return sorted(path for path in set(listed.stdout.splitlines()) if (ROOT / path).is_file())


def caption(path: str) -> str:
    if path in CAPTIONS:
        return CAPTIONS[path]
    text = (ROOT / path).read_text()
    if path.endswith(".sh"):
        return text.split("\n")[1].removeprefix("# ").rstrip(".")
    sentence = (ast.get_docstring(ast.parse(text)) or "").split("\n")[0].rstrip(".")
    assert sentence or path.startswith("tests/"), f"{path} needs a first sentence, or a caption here"
    return sentence


def lines() -> list[str]:
    """Folders in order, each file with its caption; empty __init__ files and tests that mirror a file are left out."""
    folders: dict[str, list[str]] = {}
    told = {folder for folder in CAPTIONS if folder.endswith("/")}
    for folder in sorted(told):
        folders.setdefault(str(Path(folder).parent), []).append(f"{Path(folder).name}/ - {CAPTIONS[folder]}")
    for path in files():
        if any(path.startswith(folder) for folder in told) or (
            path.endswith("__init__.py") and "antiphon/__" not in path
        ):
            continue
        text = caption(path)
        folders.setdefault(str(Path(path).parent), []).append(f"{Path(path).name}{' - ' + text if text else ''}")
    return [
        f"{folder}/\n" + "".join(f"    {entry}\n" for entry in sorted(folders[folder])) for folder in sorted(folders)
    ]


def tree_map() -> str:
    return "```\n" + "".join(lines()).replace("./\n", "antiphon/\n", 1) + "```\n"


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="the map is of the repository, not of an installed copy")
def test_the_map_is_the_tree() -> None:
    written = README.read_text().split(HEADING)[1]
    assert written == tree_map(), "run `python tests/test_readme.py`"


def test_every_command_is_one_that_exists() -> None:
    from antiphon.cli import app

    commands = set(re.findall(r"^antiphon ([a-z]+)", README.read_text(), re.MULTILINE))
    assert {"generate", "prepare", "train", "publish"} <= commands
    assert commands <= set(app)


def test_the_makefile_has_the_two_commands() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {"demo", "test", "check", "bench"} <= targets
    for command in ("make demo", "make test"):
        assert command in README.read_text()


def test_files_that_the_readme_names_exist() -> None:
    text = README.read_text().split(HEADING)[0]
    for name in re.findall(r"\]\(((?!http)[^)]+)\)", text) + re.findall(
        r"`(recipes/[a-z_]+\.py|docs/[a-z_]+\.md)`", text
    ):
        assert (ROOT / name).exists(), name


def results() -> list[list[str]]:
    """The cells of the results table's rows: what, figure, goal, compared with, command."""
    section = README.read_text().split("\n## Results\n")[1].split("\n## ")[0]
    table = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[2:]]


def test_every_figure_has_a_command_that_exists() -> None:
    before = ""
    for what, *cells in results():
        if what.startswith("**"):
            assert cells == 4 * [""], what
            before = ""
            continue
        figure, _, _, how = cells
        assert figure and "@" not in figure, what
        assert how != "same" or before, f"{what}: the same as what?"
        before = before if how == "same" else how
        benchmark = re.fullmatch(r"`python -m benchmarks ([a-z_]+)( --quick)?`", before)
        tests = re.fullmatch(r"`(?:[A-Z_]+=\S+ )?pytest (\S+)`", before)
        command = re.fullmatch(r"`antiphon ([a-z]+)( \S+)*`", before)
        assert benchmark or tests or command, f"{what}: no command"
        assert "STORY" not in figure, what
        if benchmark:
            source = ROOT / "benchmarks" / f"{benchmark[1]}.py"
            assert source.is_file() and "\ndef run(" in source.read_text(), before
        if tests:
            assert (ROOT / tests[1]).exists(), before


def blocks(language: str) -> list[str]:
    """What stands between fences of that language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README.read_text(), re.MULTILINE | re.DOTALL)


# The README's training takes hours, and its examiners minutes; less takes the same ways.
SMALLER = {
    "train": ["train.iterations=4", "train.batch_size=8", "train.device=cpu"],
    "evaluate": ["--no-examiner", "--protocol=bar"],
}


@pytest.fixture
def newcomer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in and a home with a folder of MIDI, such as a reader of the README has."""
    from tests.made import folder, song

    from antiphon.io.midi import write_midi

    folder(tmp_path / "home" / "some" / "folder")
    for seed, name in enumerate(("my-tune.mid", "my-song.mid")):
        write_midi(song(seed), tmp_path / "here" / name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


@pytest.mark.slow
def test_the_shell_block_runs(newcomer: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from antiphon.cli import run

    block = next(text for text in blocks("") if "antiphon train" in text)
    told = {"generate": 0, "prepare": 0, "train": 0, "publish": 0, "render": 0, "evaluate": 0, "continue": 0}
    told |= {"accompany": 0}
    for line in block.splitlines():
        words = [str(Path(word).expanduser()) for word in shlex.split(line, comments=True)]
        if not words or words[0] == ".":
            continue
        assert words[0] == "antiphon", line
        smaller = [word for word in SMALLER.get(words[1], []) if word not in words]
        assert run([*words[1:], *smaller]) == 0, (line, capsys.readouterr().err)
        told[words[1]] += 1
        # Files that a remark promises, "out/bar-0.mid, .wav, .png" being three.
        promised = re.findall(r"\b(out/[\w-]+)((?:,? ?\.[a-z]+)+)", line.partition("#")[2])
        for stem, suffixes in promised:
            assert all((newcomer / f"{stem}{suffix}").is_file() for suffix in re.findall(r"\.[a-z]+", suffixes)), line
        assert promised or words[1:] != ["generate"]
    assert min(told.values()) > 0
    assert (newcomer / "my-song.wav").read_bytes().startswith(b"RIFF")
    assert (newcomer / "out" / "model-0.mid").exists()


@pytest.mark.slow
def test_the_python_block_runs(newcomer: Path) -> None:
    from antiphon.io.midi import read_midi

    (block,) = blocks("python")
    exec(compile(block, "README.md", "exec"), {})
    score = read_midi(newcomer / "song.mid")
    assert (newcomer / "song.wav").read_bytes().startswith(b"RIFF") and (newcomer / "song.png").stat().st_size > 1000
    assert [symbol for _, symbol in score.chords] == 2 * ["C", "G", "Am", "F"]


def test_every_listing_and_result_is_there_as_json() -> None:
    import inspect

    from antiphon.cli import app
    from antiphon.doors.app import convert

    assert "every listing and result is there as `--json` too" in README.read_text()
    for command in (door[name] for door in (app, convert) for name in door if not name.startswith("-")):
        if command is not convert:
            assert command.default_command is not None, command.name
            # Most print it instead; a report goes to a file beside its page.
            assert {"as_json", "json"} & set(inspect.signature(command.default_command).parameters), command.name


def test_nothing_of_one_machine_is_in_the_tree() -> None:
    home = re.compile(r"(^|[^\w.])/(home|Users|work|root)/", re.MULTILINE)
    texts = [path for path in files() if Path(path).suffix in {".py", ".md", ".toml", ".txt", ".json", ".cff"}]
    assert [path for path in texts if path != "tests/test_readme.py" and home.search((ROOT / path).read_text())] == []


if __name__ == "__main__":
    README.write_text(README.read_text().split(HEADING)[0] + HEADING + tree_map())
    sys.exit(0)
