#!/bin/sh
# Writes requirements.txt and requirements-dev.txt from pyproject.toml. Argument: the uv to do it with.
set -eu
compile() {
    "$uv" pip compile pyproject.toml --universal --python-version 3.11 --no-header --no-annotate --no-emit-index-url \
        --quiet --upgrade "$@"
}
uv=$1
# What PyTorch brings for GPUs is its own choice on each machine.
left_out=$(compile | sed -n 's/^\(nvidia[a-z0-9-]*\|cuda[a-z0-9-]*\|triton\).*/--no-emit-package \1/p')
# shellcheck disable=SC2086  (a list of options)
compile $left_out >requirements.txt
# shellcheck disable=SC2086
{ echo "-c requirements.txt"; compile --extra dev --constraint requirements.txt $left_out; } >requirements-dev.new
mv requirements-dev.new requirements-dev.txt
