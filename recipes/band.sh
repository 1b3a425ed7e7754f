#!/usr/bin/env bash
# The shipped model `band`, from embedded corpora to the model file, and its table over five folds of Freedoom's songs.
# bash recipes/band.sh [RUNS]; FOLDS="" for the shipped model alone. Half an hour of one core a training.
set -euo pipefail
cd "$(dirname "$0")/.."
export OMP_NUM_THREADS=1
runs=${1:-runs}
mkdir -p "$runs/band_table"
.venv/bin/antiphon train band-start lieder --run "$runs/band-start"
.venv/bin/antiphon publish "$runs/band-start" "$runs/band-start.safetensors"
for fold in all ${FOLDS-0 1 2 3 4}; do
    corpus=freedoom:fold-$fold
    [ "$fold" = all ] && corpus=freedoom
    taught=$runs/band-likelihood-$fold played=$runs/band-$fold
    .venv/bin/antiphon train band-likelihood "$corpus" --run "$taught" --from "$runs/band-start.safetensors"
    .venv/bin/antiphon publish "$taught" "$taught.safetensors"
    .venv/bin/antiphon train band-tune "$corpus" --run "$played" --from "$taught.safetensors"
    .venv/bin/antiphon publish "$played" "$played.safetensors"
    if [ "$fold" != all ]; then
        cp "$taught.safetensors" "$runs/band_table/band-likelihood-fold-$fold.safetensors"
        cp "$played.safetensors" "$runs/band_table/band-fold-$fold.safetensors"
    fi
done
cp "$runs/band-all.safetensors" src/antiphon/models/band.safetensors
.venv/bin/python -m benchmarks band_table
