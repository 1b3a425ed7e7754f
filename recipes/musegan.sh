#!/usr/bin/env bash
# MuseGAN's presets beside `band`: as many minutes each, on the same songs, through the same table.
# bash recipes/musegan.sh [RUNS] [MINUTES]; PRESETS="..." for others. On a GPU leave MINUTES=0: the paper's length and batch.
set -euo pipefail
cd "$(dirname "$0")/.."
export OMP_NUM_THREADS=1
runs=${1:-runs} minutes=${2:-15}
mkdir -p "$runs/band_table"
for preset in ${PRESETS-musegan-hybrid musegan-hybrid-conditional musegan-v3}; do
    run=$runs/$preset-0
    if [ "$minutes" = 0 ]; then
        .venv/bin/antiphon train "$preset" freedoom:fold-0 --run "$run"
    else
        # The signal of Ctrl-C: what was trained is kept, and training ends with 130.
        timeout -s INT "${minutes}m" .venv/bin/antiphon train "$preset" freedoom:fold-0 train.batch_size=8 --run "$run" || true
    fi
    .venv/bin/antiphon publish "$run" "$run.safetensors"
    cp "$run.safetensors" "$runs/band_table/$preset-fold-0.safetensors"
done
.venv/bin/python -m benchmarks band_table --quick
