#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Every public function has a kernel-doc comment that names it and each of its parameters and says
# which thread may call it; one that returns something says what, and one that returns an int also
# how it fails. Units and who owns what are for the reader to look for.
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
	# What a rule of threads and what a failure is known by; "as another function" counts if that
	# one, in the same header, says it itself.
	function rule(doc) {
		gsub(/\n \*/, "", doc)
		if (doc ~ /[Aa]ny thread|[Oo]nly the thread|[Nn]o other thread|calling thread/)
			ruled[name] = 1
		else if (match(doc, / As fn_[a-z_]+\(\)[.,:]/))
			rule_as[name] = substr(doc, RSTART + 4, RLENGTH - 7)
		else
			fail("does not say which thread may call it")
	}
	function failures(doc) {
		sub(/.*Return:/, "", doc)
		if (doc ~ /-E[A-Z]|or -1 |first error met|cannot fail/)
			fails[name] = 1
		else if (match(doc, /as fn_[a-z_]+\(\)/))
			fails_as[name] = substr(doc, RSTART + 3, RLENGTH - 5)
		else
			fail("does not say how it fails, or that it cannot")
	}
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
		rule(doc)
		if (ret ~ /^int /)
			failures(doc)
		if (ret !~ /^void [^*]/ && ret !~ /^void$/ && doc !~ /Return:/ && ret !~ /^bool /)
			fail("does not say what it returns")
	}
	END {
		if (!count && file !~ /\/fastnic\.h$/) {
			print file ": no function found: mend this check"
			bad = 1
		}
		for (name in rule_as)
			if (!(rule_as[name] in ruled))
				fail("has its threads of " rule_as[name] "(), which does not say them")
		for (name in fails_as)
			if (!(fails_as[name] in fails))
				fail("fails as " fails_as[name] "(), which does not say how")
		exit bad
	}' "$header" || bad=1
done
exit $bad
