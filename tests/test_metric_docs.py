"""The page on metrics tells the truth: every small input has its right value, and the page is what its command makes.

`python -m benchmarks.metric_table` rewrites it.
"""

import os
import sys

import pytest
from benchmarks.metric_inputs import CASES, Case

from antiphon.errors import InputError
from benchmarks import metric_table


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_ours_is_the_right_value(case: Case) -> None:
    assert metric_table.ours(case) == pytest.approx(case.right, abs=1e-12)


def test_the_inputs_tell_the_systems_apart() -> None:
    stored = metric_table.peer_values(None)
    assert len({case.name for case in CASES}) == len(CASES) >= 10
    assert set(stored["values"]) == {case.name for case in CASES}
    for system in ("pypianoroll", "muspy", "MuseGAN"):
        wrong = [
            case.name
            for case in CASES
            if (found := metric_table.others(case, stored)).get(system, case.right) != pytest.approx(case.right)
            and system in found
        ]
        assert wrong, f"{system} is right everywhere"


@pytest.mark.skipif(not metric_table.DOCUMENT.exists(), reason="docs are of the repository, not of an installed copy")
def test_the_page_is_what_its_command_makes() -> None:
    made = metric_table.document(metric_table.peer_values(None))
    assert metric_table.DOCUMENT.read_text() == made, "run `python -m benchmarks.metric_table`"


def test_every_metric_has_its_words() -> None:
    found = metric_table.discover()
    assert {"antiphon.evaluation.metrics.multitrack", "antiphon.evaluation.metrics.rhythm"} <= set(found)
    for module, metrics in found.items():
        assert len({metric.name for metric in metrics}) == len(metrics), module
        for metric in metrics:
            assert metric.sentence.endswith("."), f"{module}: {metric.name} needs a whole sentence"
            assert metric.source and not metric.source.endswith("."), f"{module}: {metric.name} needs a source"


def test_an_interpreter_that_lacks_them_is_named() -> None:
    for interpreter in ("/no/such/python", sys.executable):
        with pytest.raises(InputError, match="ANTIPHON_PEERS"):
            metric_table.peer_values(interpreter)


@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get(metric_table.PEERS), reason="needs an interpreter with pypianoroll and muspy")
def test_the_stored_values_are_those_of_the_packages() -> None:
    measured = metric_table.peer_values(os.environ[metric_table.PEERS])
    stored = metric_table.peer_values(None)
    if measured["versions"] == stored["versions"]:
        assert measured["values"] == stored["values"]
