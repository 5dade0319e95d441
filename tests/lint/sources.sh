# SPDX-License-Identifier: BSD-3-Clause
# Which files the lint tests look at; sourced from the top of the tree.
# shellcheck shell=sh

# c_sources [DIR...]: all C files below, sorted.
c_sources() {
	[ $# -gt 0 ] || set -- include lib drivers apps tests
	find "$@" -name '*.[ch]' | LC_ALL=C sort
}

# shell_sources: all files that start with a line that names a shell, and those that end in .sh.
shell_sources() {
	find tools tests .ci -type f | LC_ALL=C sort | while read -r file; do
		case $file in
		*.sh) echo "$file" ;;
		*) head -n 1 "$file" | grep -qE '^#!.*\b(ba)?sh\b' && echo "$file" ;;
		esac
	done
}

# skip WHAT: the tool that the check needs is not there.
skip() {
	echo "skipped: $1"
	exit 77
}
