#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# All shell scripts pass shellcheck.
set -eu
. tests/lint/sources.sh
command -v shellcheck >/dev/null || skip "shellcheck is not installed"
shell_sources | xargs shellcheck -x
