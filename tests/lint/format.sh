#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The sources are laid out as .clang-format says. Versions of clang-format differ: 14 is the judge.
set -eu
. tests/lint/sources.sh
format=$(command -v clang-format-14 || command -v clang-format) || skip "clang-format is not installed"
"$format" --version | grep -qE 'version 14\.' || skip "clang-format is not version 14"
c_sources | xargs "$format" --dry-run --Werror
