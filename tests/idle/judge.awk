# SPDX-License-Identifier: BSD-3-Clause
# What the threads of an idle l2fwd did between two times, by what strace -f -ttt wrote:
# awk -f judge.awk -v from=T -v to=T -v refresh=SECONDS [-v clock=1] THREADS TRACE
# THREADS has a line a thread, its number and what it is: "main", "worker N", or "other", which is not judged.
# With clock=1 reading a clock is a system call, as where the kernel does not trust the processor's. Prints
# what each thread called and how often, and a line "FAIL: .." for whatever is too much; exit status 1 then.

function fail(text) {
	print "FAIL: " text
	failed = 1
}

FNR == NR {
	role[$1] = $2 == "worker" ? $2 " " $3 : $2
	workers += $2 == "worker"
	next
}

# PID TIME NAME(..: a call begins. What is resumed was counted at its beginning.
$2 >= from && $2 < to && $3 ~ /^[a-z][a-z0-9_]*\(/ {
	name = substr($3, 1, index($3, "(") - 1)
	if (!($1 in role))
		fail("thread " $1 ", which is nobody's, calls " name)
	else if (role[$1] != "other")
		n[$1, name]++
	names[name]
}

# Of each call this many at most; whatever is not named: none.
function limit(who, name) {
	if (name == "clock_gettime" && clock)
		return 1e9
	if (who != "main")
		return name ~ /^(epoll_(pwait2?|wait)|io_uring_enter)$/ ? 2 * seconds : 0
	if (name ~ /^(p?poll|write)$/)
		return refreshes
	# A worker's schedstat.
	return name ~ /^(openat|newfstatat|fstat|read|close)$/ ? refreshes * workers : 0
}

# One such call at least, or the trace is not one; and all of them together no more than each alone may be.
function did(tid, pattern, sum, name, most) {
	for (name in names) {
		if (name !~ pattern)
			continue
		sum += n[tid, name]
		most = limit(role[tid], name)
	}
	if (!sum)
		fail(role[tid] " did not sleep or write once: is this a trace?")
	if (sum > most)
		fail(role[tid] sprintf(": %d such calls in %.1f s", sum, seconds))
}

END {
	seconds = to - from
	# Where the time begins within a refresh nobody knows.
	refreshes = int(seconds / refresh) + 1
	for (tid in role) {
		if (role[tid] == "other")
			continue
		line = role[tid] ":"
		for (name in names) {
			if (!n[tid, name])
				continue
			line = line " " name " " n[tid, name]
			if (n[tid, name] > limit(role[tid], name))
				fail(sprintf("%s: %s %d times in %.1f s, not %d", role[tid], name, n[tid, name],
					seconds, limit(role[tid], name)))
		}
		print line sprintf(" in %.1f s", seconds)
		did(tid, role[tid] == "main" ? "^write$" : "^(epoll_|io_uring_enter)")
	}
	exit failed
}
