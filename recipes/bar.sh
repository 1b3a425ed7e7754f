#!/usr/bin/env bash
# The shipped model `bar`, from the embedded lieder to the model file: ten minutes of one core.
set -euo pipefail
cd "$(dirname "$0")/.."
export OMP_NUM_THREADS=1
run=${1:-runs/bar}
.venv/bin/antiphon train bar lieder --run "$run"
.venv/bin/antiphon publish "$run" "$run/bar.safetensors"
.venv/bin/python -m recipes.calibrate_bar "$run/bar.safetensors" src/antiphon/models/bar.safetensors
.venv/bin/antiphon evaluate bar
