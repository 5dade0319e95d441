// SPDX-License-Identifier: BSD-3-Clause
/* The locked-memory limit: whether it is what made a mapping fail, and what to type then. */
#include <inttypes.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/error.h"
#include "mem/memlock.h"

/* What /proc says of the calling thread; zero what it does not say. */
struct lock_status {
	uint64_t locked_bytes;
	uint64_t caps;
};

static void read_status(struct lock_status *status)
{
	char line[256];
	FILE *f = fopen("/proc/thread-self/status", "re");

	memset(status, 0, sizeof(*status));
	if (!f)
		return;
	while (fgets(line, sizeof(line), f)) {
		if (strncmp(line, "VmLck:", 6) == 0)
			status->locked_bytes = strtoull(line + 6, NULL, 10) * 1024;
		else if (strncmp(line, "CapEff:", 7) == 0)
			status->caps = strtoull(line + 7, NULL, 16);
	}
	(void)fclose(f);
}

/* A capability counts only in the machine's first user namespace, where every user is mapped. */
static bool in_first_userns(void)
{
	unsigned long inside = 1;
	unsigned long outside = 1;
	unsigned long users = 0;
	FILE *f = fopen("/proc/self/uid_map", "re");
	int n;

	if (!f)
		return true;
	/* NOLINTNEXTLINE(cert-err34-c): the kernel's own numbers */
	n = fscanf(f, "%lu %lu %lu", &inside, &outside, &users);
	(void)fclose(f);
	return n == 3 && inside == 0 && outside == 0 && users == UINT32_MAX;
}

int fn_memlock_explain(int ret, uint64_t want, uint64_t have)
{
	struct lock_status status;
	struct rlimit limit;
	uint64_t others;
	uint64_t kib;

	read_status(&status);
	if (getrlimit(RLIMIT_MEMLOCK, &limit) || limit.rlim_cur == RLIM_INFINITY)
		return ret;
	if ((status.caps >> CAP_IPC_LOCK & 1) && in_first_userns())
		return ret;
	others = status.locked_bytes > have ? status.locked_bytes - have : 0;
	want += others;
	if (want <= limit.rlim_cur)
		return ret;
	kib = (want + 1023) / 1024;
	return fn_fail_add(ret,
			   "; %" PRIu64
			   " bytes have to be locked in all, and the locked-memory limit is "
			   "%" PRIu64 ": type ulimit -l %" PRIu64
			   " where the hard limit allows it, or as root "
			   "add the line 'USER - memlock %" PRIu64
			   "' to /etc/security/limits.d/fastnic.conf "
			   "and log in again, or LimitMEMLOCK=%" PRIu64 " to the systemd unit",
			   want, (uint64_t)limit.rlim_cur, kib, kib, want);
}
