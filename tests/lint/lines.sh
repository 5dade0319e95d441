#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# No line of more than 100 columns in C and 120 in shell, no white space at the end, an SPDX line in every source.
set -eu
. tests/lint/sources.sh
bad=0
for file in $(c_sources) $(shell_sources); do
	case $file in *.[ch]) most=100 ;; *) most=120 ;; esac
	expand "$file" | awk -v file="$file" -v most=$most '
		length > most { print file ":" NR ": " length " columns"; bad = 1 }
		/[ \t]$/ { print file ":" NR ": white space at the end"; bad = 1 } END { exit bad }' || bad=1
	head -n 3 "$file" | grep -q 'SPDX-License-Identifier: BSD-3-Clause' || {
		echo "$file: no SPDX line"
		bad=1
	}
done
exit $bad
