# SPDX-License-Identifier: BSD-3-Clause
# Reads mutations, and makes a directory of each: work/m/NAME/{file,says,kill,old,new}; the names go
# to work/names in their order. The directories are there.
function die(what) {
	printf "%s:%d: %s\n", FILENAME, FNR, what > "/dev/stderr"
	failed = 1
	exit 1
}

function put(what, text) {
	printf "%s", text > (dir "/" what)
	close(dir "/" what)
}

function rest(line) {
	sub(/^[^ ]+ +/, "", line)
	return line
}

part == "old" && $0 == "new" { part = "new"; next }
part == "new" && $0 == "end" {
	if (old == "")
		die("mutation " name " has no old text")
	put("old", old)
	put("new", new)
	put("kill", kill)
	if (file == "" || says == "" || kill == "")
		die("mutation " name " lacks its file, its sentence, or the tests that must see it")
	print name > (work "/names")
	part = name = ""
	next
}
part == "old" { old = old $0 "\n"; next }
part == "new" { new = new $0 "\n"; next }

/^#/ || /^$/ { next }
$1 == "mutation" {
	if (name != "")
		die("mutation " name " has no end")
	if (NF != 2 || $2 !~ /^[a-z0-9_]+$/ || $2 == "none" || ($2 in names))
		die("a mutation needs one name of its own, of a-z, 0-9 and _")
	name = $2
	names[name] = 1
	dir = work "/m/" name
	file = says = kill = old = new = ""
	next
}
name == "" { die("this belongs to no mutation") }
$1 == "file" { file = $2; put("file", file); next }
$1 == "says" { says = rest($0); put("says", says); next }
$1 == "kill" && NF == 3 { kill = kill $2 " " $3 "\n"; next }
$1 == "quick" { put("quick", ""); next }
$0 == "old" { part = "old"; next }
{ die("not understood; see docs/testing.md") }

END {
	if (!failed && name != "")
		die("mutation " name " has no end")
	if (failed)
		exit 1
}
