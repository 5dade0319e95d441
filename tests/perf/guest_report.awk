# SPDX-License-Identifier: BSD-3-Clause
# guest_load's lines as tests/perf/guest prints them: each window, then min, median and max of each forwarder, of the
# ratios between windows of one round, of the time to the first frame, and of how much of the machine QEMU had.
# Takes -v forwarders="NAME NAME"; the first is the one that is compared with the others. Exit status 1 when l2fwd
# lost a wake-up.

BEGIN {
	names = split(forwarders, name, " ")
	goal["testpmd"] = 1.2
	goal["mirred"] = 3
}

# Turns come in rounds, each forwarder once in each.
{ round = int(($2 - 1) / names) }

$1 == "@window" {
	cpu_ms = $9 + $10
	windows[$3]++
	kpps[$3, round] = $5 * 1000 / $7
	if (cpu_ms)
		a_cpu[$3, round] = $5 / cpu_ms
	first[$3, round] = $8 / 1000
	loop[$3, round] = $9 * 1000 / $7
	rest[$3, round] = $10 * 1000 / $7
	if (NF > 10)
		fill[$3, round] = $11
	if (round > last)
		last = round
}

$1 == "@window" && $6 == 0 { print "  turn " $2 ", " $3 ": the NIC took all that was sent, so the sender was the limit" }

# Of l2fwd, which says it. Whoever slept over packets was not measured.
$1 == "@window" && $3 == "l2fwd" && (NF < 12 || $12 > 0) {
	print "  turn " $2 ", l2fwd: wake-ups lost: " (NF < 12 ? "not told" : $12)
	failed = 1
}

$1 == "@none" {
	reason = $0
	sub(/^@none [0-9]+ [^ ]+ /, "", reason)
	none[$3] = reason
}

$1 == "@strange" && $2 > 0 { print "  frames that came where they should not, or spoilt: " $2 }

# row TEXT LIST N FORMAT: min, median, max of the list.
function row(text, list, n, format,    i, j, t) {
	if (!n)
		return
	for (i = 2; i <= n; i++)
		for (j = i; j > 1 && list[j - 1] > list[j]; j--) {
			t = list[j]
			list[j] = list[j - 1]
			list[j - 1] = t
		}
	t = n % 2 ? list[(n + 1) / 2] : (list[n / 2] + list[n / 2 + 1]) / 2
	printf "  %-34s " format " " format " " format "   %d\n", text, list[1], t, list[n], n
}

function figures_of(text, figures, f, format,    r, n, list) {
	for (r = 0; r <= last; r++)
		if ((f, r) in figures)
			list[++n] = figures[f, r]
	row(f ", " text, list, n, format)
}

# Nothing is as much more than nothing as you like: such a round has no ratio.
function ratios_of(text, figures, f,    r, n, list) {
	for (r = 0; r <= last; r++)
		if ((name[1], r) in figures && (f, r) in figures && figures[f, r])
			list[++n] = figures[name[1], r] / figures[f, r]
	row(name[1] " / " f ", " text, list, n, "%8.2f")
}

function windows_of(f,    r, text) {
	for (r = 0; r <= last; r++)
		text = text ((f, r) in kpps ? sprintf(" %7.1f", kpps[f, r]) : "       -")
	return text
}

END {
	for (i = 1; i <= names; i++)
		if (name[i] in windows)
			printf "  %-9s%s\n", name[i], windows_of(name[i])
	for (i = 1; i <= names; i++)
		if (name[i] in none)
			print "  " name[i] " was not measured further: " none[name[i]]
	printf "  %-34s %8s %8s %8s   %s\n", "", "min", "median", "max", "windows"
	for (i = 1; i <= names; i++)
		figures_of("kpps", kpps, name[i], "%8.1f")
	for (i = 2; i <= names; i++)
		ratios_of("goal " goal[name[i]], kpps, name[i])
	for (i = 1; i <= names; i++)
		figures_of("kframes a CPU second", a_cpu, name[i], "%8.1f")
	for (i = 2; i <= names; i++)
		ratios_of("a CPU second", a_cpu, name[i])
	for (i = 1; i <= names; i++)
		figures_of("frames a burst", fill, name[i], "%8.1f")
	for (i = 1; i <= names; i++)
		figures_of("first frame, ms", first, name[i], "%8.0f")
	for (i = 1; i <= names; i++) {
		figures_of("QEMU main loop, CPUs", loop, name[i], "%8.2f")
		figures_of("QEMU the rest, CPUs", rest, name[i], "%8.2f")
	}
	exit failed
}
