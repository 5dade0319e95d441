#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# pending.sh: what judges the results together (tests/conform/pending.sh) sees what is skipped everywhere, a table
# that says something else, and results that are none.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failed=0

# A conform of three behaviours and four places, of which one needs a guest.
cat >"$dir/conform" <<'SH'
#!/bin/sh
case $1 in
--places) printf 'model/a\nmodel/b\nvfio/c\nqtest/d\n' ;;
--list) printf 's\tone\tIt is one.\ns\ttwo\tIt is two.\nt\tthree\tIt is three.\n' ;;
esac
SH
chmod +x "$dir/conform"
touch -d '1 hour ago' "$dir/conform"
# results PLACE ONE TWO THREE: how each of them went.
results() {
	printf '%s\ts\tone\t%s\t5\t\n%s\ts\ttwo\t%s\t5\tno such thing\n%s\tt\tthree\t%s\t5\tnot here\n' \
		"$1" "$2" "$1" "$3" "$1" "$4" >"$dir/conform.$(echo "$1" | tr / .).results"
}
fresh() {
	rm -f "$dir"/conform.*.results
	results model/a ok ok skip
	results model/b ok skip skip
	results vfio/c ok ok skip
	results qtest/d ok ok skip
	sh tests/conform/table "$dir/conform" "$dir"/conform.*.results >"$dir/table"
	echo 'three driver it is missing' >"$dir/pending"
}
# judge STATUS WORDS: it ends so, and says that.
judge() {
	status=0
	sh tests/conform/pending.sh "$dir/conform" "$dir" "$dir/table" "$dir/pending" >"$dir/out" 2>&1 || status=$?
	if [ $status != "$1" ] || ! grep -q "$2" "$dir/out"; then
		echo "FAIL: exit status $status, not $1 with \"$2\":"
		cat "$dir/out"
		failed=1
	fi
}

fresh; judge 0 '^ok: 3 behaviours, 2 of them run somewhere$'
fresh; : >"$dir/pending"; judge 1 '^FAIL: three is skipped in every place'
fresh; echo 'one driver it runs' >>"$dir/pending"; judge 1 '^FAIL: one is in pending.txt and runs'
fresh; echo 'four driver it is not' >>"$dir/pending"; judge 1 'there is no behaviour four$'
# The table: another result in one place, another sentence, a place that it does not know, a reason's number.
fresh; results model/b ok ok skip; judge 1 '^> .two. in model/b: ok$'
fresh; results vfio/c skip ok skip; judge 1 '^> .one. in vfio/c: skip$'
fresh; results model/a FAIL ok skip; judge 1 '^> .one. in model/a: \*\*FAIL\*\*$'
fresh; sed -i 's/It is two/It was two/' "$dir/table"; judge 1 '^> .two. It is two\.$'
fresh; sed -i '/.two./d' "$dir/table"; judge 1 '^> .two. It is two\.$'
fresh; sed -i 's/ qtest\/d |$//' "$dir/table"; judge 1 'does not know qtest/d$'
fresh; sed -i 's/skip (1)/skip (9)/' "$dir/table"; judge 0 '^ok: '
# What fails or did not run, whether there are results or not.
fresh; results vfio/c FAIL ok skip; sh tests/conform/table "$dir/conform" "$dir"/conform.*.results >"$dir/table"
rm "$dir/conform.vfio.c.results"; judge 1 'has these, which fail or did not run$'
fresh; sed -i 's/^\(| .two.*\)| ok | ok |$/\1| not run | ok |/' "$dir/table"; rm "$dir/conform.vfio.c.results"
judge 1 'has these, which fail or did not run$'
# Results that are none.
fresh; rm "$dir/conform.vfio.c.results"; judge 0 '^no results of vfio/c, judged without: there are none'
fresh; results vfio/c FAIL ok ok; touch -d '2 hours ago' "$dir/conform.vfio.c.results"
judge 0 '^no results of vfio/c, judged without: they are older'
fresh; touch -d '2 hours ago' "$dir/conform.model.b.results"; judge 77 '^SKIP: no results of model/b: they are older'
fresh; sed -i 1d "$dir/conform.model.a.results"; judge 77 '^SKIP: no results of model/a: they are of other'
fresh; rm "$dir/conform.model.a.results"; judge 77 '^SKIP: no results of model/a: there are none'
fresh; rm "$dir/conform.qtest.d.results"; judge 77 '^SKIP: no results of qtest/d: there are none'
# Those of another build.
mkdir -p "$dir/also/bin"
cp -p "$dir/conform" "$dir/also/bin/conform"
fresh; mv "$dir/conform.qtest.d.results" "$dir/also"
export CONFORM_ALSO="$dir/also"
judge 0 "^results of qtest/d: $dir/also/conform.qtest.d.results"
rm "$dir/conform.model.a.results"; judge 77 '^SKIP: no results of model/a: there are none'
fresh; rm "$dir/conform.qtest.d.results"; touch -d '2 hours ago' "$dir/also/conform.qtest.d.results"
judge 77 '^SKIP: no results of qtest/d: there are none'
fresh; mv "$dir/conform.qtest.d.results" "$dir/also"; sed -i 's/\tok\t/\tFAIL\t/' "$dir/also/conform.qtest.d.results"
judge 1 'in qtest/d: \*\*FAIL\*\*$'
[ $failed = 1 ] || echo "ok: the results are judged together"
exit $failed
