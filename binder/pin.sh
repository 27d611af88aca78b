#!/bin/bash
# Write binder/requirements.txt anew: everything that Binder installs, with exact versions.
# `notebook` is there because Binder's base image has an older one, which does not fit our
# JupyterLab; Binder starts the server through it.
set -euo pipefail
cd "$(dirname "$0")/.."
pins=$(echo notebook | .venv/bin/uv pip compile pyproject.toml - --extra cpu --extra lessons \
  --python-version 3.11 --python-platform x86_64-manylinux_2_28 --quiet --no-header --no-annotate \
  --no-emit-index-url --no-emit-find-links)
{
  echo "# What Binder installs, on Linux x86-64 with Python 3.11. Made by binder/pin.sh; do not edit."
  echo "$pins"
  echo "# This project; without this line Binder would install all but it."
  echo "."
} >binder/requirements.txt
