# SPDX-License-Identifier: BSD-3-Clause
# Writes the mutated copy of each mutation's file to work/m/NAME/tree, at its place there. Reads the names.

# Without the last newline, so that a piece of a line can be meant.
function whole(path,    text, line, n) {
	while ((getline line < path) > 0)
		text = text (n++ ? "\n" : "") line
	close(path)
	return text
}

function wrong(what) {
	printf "mutation %s: %s\n", $1, what > "/dev/stderr"
	bad = 1
}

function change(dir, file,    text, from, at, copy) {
	if (!(file in texts))
		texts[file] = whole(file) "\n"
	text = texts[file]
	from = whole(dir "/old")
	at = index(text, from)
	if (text == "\n")
		wrong("there is no file " file)
	else if (!at)
		wrong(file " does not have its old text")
	else if (index(substr(text, at + 1), from))
		wrong(file " has its old text more than once")
	else if (copies) {
		copy = dir "/tree/" file
		printf "%s%s%s", substr(text, 1, at - 1), whole(dir "/new"), substr(text, at + length(from)) > copy
		close(copy)
	}
}

{ change(work "/m/" $1, whole(work "/m/" $1 "/file")) }

END { exit bad ? 2 : 0 }
