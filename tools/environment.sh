#!/bin/sh
# environment.sh STAMP LATEST EXTRAS GROUPS [OPTION OF PIP …]: the virtual environment of STAMP's folder, with this checkout,
# its EXTRAS and its dependency GROUPS ("none" for none), in a Python from 3.11 to LATEST. What is whole is left alone; what
# is half made is made again.
# PYTHON names the interpreter; where it does not serve, the next is tried, but not with PYTHON_ONLY=1.
set -eu
stamp=$1 latest=$2 extras=$3 groups=$4
shift 4
folder=$(dirname "$stamp")
python=$folder/bin/python

is_whole() {
  [ -e "$stamp" ] || return 1
  for source in pyproject.toml "$@"; do
    if [ -f "$source" ] && [ "$source" -nt "$stamp" ]; then return 1; fi
  done
  "$python" tools/missing_packages.py "$extras" "$groups" >/dev/null 2>&1
}

# Print why a command cannot make the environment, or nothing.
print_problem() {
  if ! command -v "$1" >/dev/null; then
    echo "is not installed"
    return
  fi
  status=0
  output=$("$1" -c "
import sys
version = sys.version_info[:2]
if not (3, 11) <= version <= ($(echo "$latest" | tr . ,)):
    sys.exit('is Python %d.%d; 3.11 or later is needed, up to $latest' % version)
import ensurepip, venv" 2>&1) || status=$?
  case $status,$output in
    0,*) ;;
    *,'is Python '*) printf "%s\n" "$output" ;;
    *,Traceback*) echo "does not run: $(printf "%s\n" "$output" | tail -n 1)" ;;
    *) echo "does not run: $(printf "%s\n" "$output" | head -n 1) (exit $status)" ;;
  esac
}

choose_python() {
  for candidate in ${PYTHON:+"$PYTHON"} python3.11 python3.12 python3.13 python3 python; do
    problem=$(print_problem "$candidate")
    if [ -z "$problem" ]; then
      chosen=$candidate
      return
    elif [ "$candidate" = "${PYTHON:-}" ] && [ -n "${PYTHON_ONLY:-}" ]; then
      echo "ERROR: PYTHON=$candidate $problem. Name another, or leave PYTHON= out." >&2
      exit 2
    elif [ "$candidate" = "${PYTHON:-}" ] || [ "$problem" != "is not installed" ]; then
      echo "$candidate $problem; the next is tried." >&2
    fi
  done
  echo "ERROR: no Python from 3.11 to $latest is installed that can make $folder; install one, or name it: PYTHON=…" >&2
  exit 2
}

if is_whole "$@"; then exit 0; fi
if ! "$python" -c 'import pip' 2>/dev/null; then
  choose_python
  if [ -e "$folder" ]; then echo "$folder is half made, or its Python is gone: it is made again." >&2; fi
  echo "Setting up $folder with $chosen, once; TensorFlow is large, this takes some minutes."
  "$chosen" -m venv --clear "$folder"
fi
echo "Installing pytest-f07 with $extras into $folder"
if [ "$groups" != none ]; then
  for group in $(echo "$groups" | tr , ' '); do set -- "$@" --group "$group"; done
fi
# setuptools warns of every editable installation, in nine lines.
export PYTHONWARNINGS=ignore
# A terminal sees what is loaded, and how much of it is there; the log of a CI server sees nothing of that.
if [ -t 1 ]; then quiet=; else quiet=--quiet; fi
install_with_pip() {
  # Groups are for pip 25.1 or newer.
  if [ "$groups" != none ]; then "$python" -m pip install $quiet --disable-pip-version-check 'pip>=25.1'; fi
  "$python" -m pip install $quiet --disable-pip-version-check "$@" -e ".[$extras]"
}
# uv is faster, and knows nothing of what pip's configuration says of indexes: where it fails, pip is asked.
if command -v uv >/dev/null && uv pip install $quiet --python "$python" "$@" -e ".[$extras]"; then
  :
else
  install_with_pip "$@"
fi
touch "$stamp"
