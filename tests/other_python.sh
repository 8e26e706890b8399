#!/usr/bin/env bash
# The package compiled, and the tests that need no torch, on another Python: other_python.sh python3.12
# (torch for it may be a build of gigabytes.) Says so and is content where there is no such Python.
set -euo pipefail
cd "$(dirname "$0")/.."
python=$1
for found in $(type -ap "$python") "$HOME"/.pyenv/versions/"${python#python}".*/bin/python; do
    "$found" -c 'import ensurepip, venv' 2>/dev/null && break
    found=
done
if [ -z "${found:-}" ]; then
    echo "== no $python here: not tried on it"
    exit
fi

venv=$(mktemp -d)
trap 'rm -rf "$venv"' EXIT
"$found" -m venv "$venv"
"$found" - >"$venv/needed.txt" <<'PYTHON'
import tomllib

project = tomllib.load(open("pyproject.toml", "rb"))["project"]
print("\n".join(n for n in project["dependencies"] if not n.startswith("torch")))
PYTHON
"$venv/bin/pip" install --quiet -c constraints.txt -r "$venv/needed.txt" \
    hatchling pytest pytest-timeout hypothesis jaxtyping beartype packaging jiwer
"$venv/bin/pip" install --quiet --no-deps --no-build-isolation .
"$venv/bin/python" -W error -m compileall -q -f src
"$venv/bin/viseme" --help >/dev/null
cd "$venv"  # so that the installed package is tested
"$venv/bin/python" -m pytest -c "$OLDPWD/pyproject.toml" --rootdir "$OLDPWD" -p no:cacheprovider \
    "$OLDPWD"/tests/{text,media,audio,metrics} "$OLDPWD"/tests/test_{config,files,processor,assets}.py
