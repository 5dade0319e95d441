# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
# Whose turn it is of what a run of the tests does a part of. Sourced from the top of the tree.

# turn: a number that is the same for the same commit and, where the history is whole, one more for the next.
turn() {
	if [ "$(git rev-parse --show-toplevel 2>/dev/null)" != "$PWD" ]; then
		echo 0
	elif [ "$(git rev-parse --is-shallow-repository)" = false ]; then
		git rev-list --count HEAD
	else
		echo $((0x$(git rev-parse HEAD | cut -c 1-6)))
	fi
}
