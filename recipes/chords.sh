#!/usr/bin/env bash
# The shipped model `chords`, from the embedded lieder to the model file: three minutes of one core.
set -euo pipefail
cd "$(dirname "$0")/.."
export OMP_NUM_THREADS=1
run=${1:-runs/chords}
.venv/bin/antiphon train chords lieder --run "$run"
.venv/bin/antiphon publish "$run" src/antiphon/models/chords.safetensors
.venv/bin/python -m benchmarks progressions
