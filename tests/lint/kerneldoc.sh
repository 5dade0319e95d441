#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Every public function has a kernel-doc comment that names it and each of its parameters; one that
# returns something says what.
set -eu
bad=0
for header in include/fastnic/*.h; do
	awk -v file="$header" '
	/^\/\*\*/ { doc = ""; indoc = 1 }
	indoc { doc = doc $0 "\n"; if (/\*\//) indoc = 0; next }
	/^(FN_API|FN_INLINE) / {
		decl = $0
		while (decl !~ /[;{]/ && (getline line) > 0)
			decl = decl " " line
		check()
		doc = ""
	}
	function fail(what) { print file ": " name ": " what; bad = 1 }
	function check(	args, n, i, parts, arg, ret) {
		name = decl; sub(/\(.*/, "", name)
		ret = name; sub(/^(FN_API|FN_INLINE) /, "", ret)
		sub(/.*[ *]/, "", name); count++
		if (index(doc, "* " name " - ") == 0) { fail("no kernel-doc comment in front"); return }
		args = decl; sub(/^[^(]*\(/, "", args); sub(/\)[^)]*$/, "", args)
		n = split(args, parts, ",")
		for (i = 1; i <= n; i++) {
			arg = parts[i]
			if (arg ~ /^[ \t]*void[ \t]*$/) continue
			sub(/\[[^\]]*\]/, "", arg); sub(/.*[ \t*]/, "", arg); sub(/\)$/, "", arg)
			if (index(doc, "* @" arg ":") == 0) fail("@" arg " is not described")
		}
		if (ret !~ /^void [^*]/ && ret !~ /^void$/ && doc !~ /Return:/ && ret !~ /^bool /)
			fail("does not say what it returns")
	}
	END {
		if (!count && file !~ /\/fastnic\.h$/) {
			print file ": no function found: mend this check"
			bad = 1
		}
		exit bad
	}' "$header" || bad=1
done
exit $bad
