#!/usr/bin/env bash
# The shipped model `bar`, from the embedded lieder to the model file: about ten minutes of one core.
set -euo pipefail
cd "$(dirname "$0")/.."
export OMP_NUM_THREADS=1
antiphon=${ANTIPHON:-.venv/bin/antiphon}
run=${1:-runs/bar}
"$antiphon" train bar lieder --run "$run"
"$antiphon" publish "$run" src/antiphon/models/bar.safetensors
.venv/bin/python -m benchmarks quality
