"""Performance tokens against those of the released code, piece by piece and variant by variant.

Reads `ANTIPHON_FIXTURES`/encoding: NAME.mid and NAME.tokens.npy, or NAME.argI.tokens.npy for variant I.
"""

import os
import re
from pathlib import Path

import numpy as np
import pytest

from antiphon.codecs.performance import PerformanceTokens, variants
from antiphon.io.midi import read_midi

FOLDER = Path(os.environ.get("ANTIPHON_FIXTURES", "")) / "encoding"
if "ANTIPHON_FIXTURES" not in os.environ or not FOLDER.is_dir():
    pytest.skip("ANTIPHON_FIXTURES names no folder with encoding/", allow_module_level=True)
SUFFIX = ".tokens.npy"
FILES = sorted(FOLDER.glob(f"*{SUFFIX}"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"encoding-{path.name.removesuffix(SUFFIX)}")
def test_tokens_are_the_published_ones(path: Path) -> None:
    name = path.name.removesuffix(SUFFIX)
    variant = re.search(r"\.arg(\d+)$", name)
    codec = variants()[int(variant[1])] if variant else PerformanceTokens()
    score = read_midi(FOLDER / f"{name.removesuffix(variant[0]) if variant else name}.mid")
    np.testing.assert_array_equal(codec.encode(score)["real"], np.load(path))
