# SPDX-License-Identifier: BSD-3-Clause
# Prints behaviour x mutation, and what is wrong with it. Reads work/names; results are in work/m.
function first_line(path,    line) {
	line = ""
	getline line < path
	close(path)
	return line
}

# What is skipped without a mutation judges nothing, whatever it does with one.
function read_skipped(    line, f) {
	while ((getline line < (work "/m/none/result")) > 0) {
		split(line, f, "\t")
		if (f[3] == "skip")
			skipped[f[1], f[2]] = 1
	}
	close(work "/m/none/result")
}

NR == 1 { read_skipped() }

{
	m = ++mutations
	name[m] = $1
	dir = work "/m/" $1
	while ((getline line < (dir "/kill")) > 0) {
		split(line, f, " ")
		k = split(f[2], t, ",")
		for (i = 1; i <= k; i++)
			must[m, f[1], t[i]] = 1
	}
	close(dir "/kill")
	while ((getline line < (dir "/result")) > 0) {
		split(line, f, "\t")
		ran_in[f[1]] = 1
		if ((f[1], f[2]) in skipped)
			f[3] = "skip"
		if (f[3] == "FAIL") {
			sees[m, f[2]] = 1
			seen[f[2]]++
			killers[m]++
			if (f[4] ~ /^asking [0-9]+: /)
				late[++lates] = name[m] ": not seen by " f[2] " in " f[1] " before " substr(f[4], 1, 100)
			if (!(m in why))
				why[m] = f[1] " " f[2] ": " f[4]
		} else if (f[3] == "ok") {
			ran[m, f[2]] = 1
		}
		if ((m, f[1], f[2]) in must) {
			if (f[3] != "FAIL")
				survived[++survivors] = name[m] ": not seen by " f[2] " in " f[1] \
					(f[3] == "skip" ? ", which is skipped: " f[4] : "")
			delete must[m, f[1], f[2]]
		}
	}
	close(dir "/result")
	if (!killers[m])
		survived[++survivors] = name[m] ": seen by nothing that ran: " first_line(dir "/says")
}

END {
	for (key in must) {
		split(key, f, SUBSEP)
		if (!full || f[2] in ran_in)
			survived[++survivors] = name[f[1]] ": " f[3] " did not run in " f[2]
	}
	while ((getline line < unseen) > 0)
		if (line !~ /^#/ && line != "") {
			at = index(line, " ")
			excused[substr(line, 1, at - 1)] = substr(line, at + 1)
		}
	close(unseen)

	printf "Behaviours from top to bottom, mutations from left to right: "
	printf "x fails, . does not, blank did not run.\n\n"
	for (row = 100; row; row = int(row / 10)) {
		printf "%-26s", ""
		for (m = 1; m <= mutations; m++)
			printf "%s", int(m / row) % 10
		printf "\n"
	}
	while ((getline line < (work "/behaviours")) > 0) {
		split(line, f, "\t")
		b = f[2]
		known[b] = 1
		printf "%-26s", b
		for (m = 1; m <= mutations; m++)
			printf "%s", ((m, b) in sees) ? "x" : ((m, b) in ran) ? "." : " "
		printf "\n"
		if (seen[b])
			covered++
		else if (!(b in excused))
			blunt[++blunts] = b ": " f[3]
		if (seen[b] && (b in excused))
			blunt[++blunts] = b ": it sees a mutation; take it out of " unseen
		behaviours++
	}
	printf "\n"
	for (m = 1; m <= mutations; m++)
		printf "%3d %-32s %3d s  %s\n", m, name[m], \
			first_line(work "/m/" name[m] "/seconds"), substr(why[m], 1, 130)
	for (b in excused)
		if (!(b in known))
			blunt[++blunts] = b ": " unseen " names it, and there is no such behaviour"

	printf "\n%d mutations; %d of %d behaviours see one\n", mutations, covered, behaviours
	for (i = 1; i <= lates; i++)
		printf "LATE %s\n", late[i]
	for (i = 1; i <= survivors; i++)
		printf "SURVIVES %s\n", survived[i]
	if (!some)
		for (i = 1; i <= blunts; i++)
			printf "BLUNT %s\n", blunt[i]
	exit survivors || (!some && blunts) ? 1 : 0
}
