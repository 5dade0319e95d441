#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# No line of more than 100 columns in C and 120 in shell, no white space at the end, an SPDX line in every source.
set -eu
. tests/lint/sources.sh
# The names are words.
# shellcheck disable=SC2046
awk '
function fail(text) {
	print text
	bad = 1
}
function columns(line, at) {
	while ((at = index(line, "\t")) > 0)
		line = substr(line, 1, at - 1) substr("        ", 1, 8 - (at - 1) % 8) substr(line, at + 1)
	return length(line)
}
function file_ends() {
	if (file != "" && !licensed)
		fail(file ": no SPDX line")
}
FNR == 1 {
	file_ends()
	file = FILENAME
	files++
	licensed = 0
	most = file ~ /\.[ch]$/ ? 100 : 120
}
FNR <= 3 && /SPDX-License-Identifier: BSD-3-Clause/ { licensed = 1 }
length > most / 8 && columns($0) > most { fail(file ":" FNR ": " columns($0) " columns") }
/[ \t]$/ { fail(file ":" FNR ": white space at the end") }
END {
	file_ends()
	if (!files)
		fail("no source was looked at")
	exit bad
}' $(c_sources) $(shell_sources)
