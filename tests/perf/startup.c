// SPDX-License-Identifier: BSD-3-Clause
/*
 * How long l2fwd takes from exec to its first received frame, in the guest: startup RUNS INTERFACE
 * SHIM PROGRAM ARG... Reports, judges nothing. Run by tests/perf/startup.sh.
 *
 * INTERFACE faces the first NIC of PROGRAM. A frame is sent on it each 2 ms from before the start,
 * since QEMU drops what comes while the NIC is not ready; so the time is up to 2 ms longer than it
 * would have to be, and the sender's share of the processors is in it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RUNS_MAX 100u
#define OUTPUT "/tmp/startup.out"
#define NOTES "/tmp/startup.notes"
#define ETHERTYPE_EXPERIMENTAL 0x88b5
#define SEND_NS 2000000
#define GOAL_MS 250
#define GOAL_KIB 10240

/* What is reported. A row of notes sums those of its name that began before the first frame. */
enum row {
	GROSS,
	GET_FD,
	RESET,
	NET,
	LOAD,
	CTX_CREATE,
	DEV_OPEN,
	SET_CONTAINER,
	SET_IOMMU,
	OTHER_IOCTL,
	POOL_CREATE,
	MAP_DMA,
	CONFIGURE,
	SET_IRQS,
	START,
	LAST,
	ROWS
};

static const struct {
	const char *note; /* of startup_shim.c, or NULL */
	const char *text;
} rows[ROWS] = {
	[GROSS] = { NULL, "exec to first received frame, gross" },
	[GET_FD] = { "VFIO_GROUP_GET_DEVICE_FD", "- in VFIO_GROUP_GET_DEVICE_FD" },
	[RESET] = { "VFIO_DEVICE_RESET", "- in VFIO_DEVICE_RESET" },
	[NET] = { NULL, "exec to first received frame, net" },
	[LOAD] = { NULL, "exec to libraries loaded" },
	[CTX_CREATE] = { "fn_ctx_create", "fn_ctx_create" },
	[DEV_OPEN] = { "fn_dev_open", "fn_dev_open, all" },
	[SET_CONTAINER] = { "VFIO_GROUP_SET_CONTAINER", "  in VFIO_GROUP_SET_CONTAINER" },
	[SET_IOMMU] = { "VFIO_SET_IOMMU", "  in VFIO_SET_IOMMU" },
	[OTHER_IOCTL] = { "other_ioctl", "  in other ioctls" },
	[POOL_CREATE] = { "fn_pool_create", "fn_pool_create" },
	[MAP_DMA] = { "VFIO_IOMMU_MAP_DMA", "  in VFIO_IOMMU_MAP_DMA" },
	[CONFIGURE] = { "fn_dev_configure", "fn_dev_configure, all" },
	[SET_IRQS] = { "VFIO_DEVICE_SET_IRQS", "  in VFIO_DEVICE_SET_IRQS" },
	[START] = { "fn_dev_start", "fn_dev_start, all" },
	[LAST] = { NULL, "from the last start to the first frame" },
};

static uint64_t ns[ROWS][RUNS_MAX];
static uint64_t peak_kib[RUNS_MAX];
static uint64_t dma_kib;

static __attribute__((noreturn, format(printf, 1, 2))) void fail(const char *fmt, ...)
{
	va_list ap;

	(void)fputs("startup: ", stderr);
	va_start(ap, fmt);
	(void)vfprintf(stderr, fmt, ap);
	va_end(ap);
	(void)fputc('\n', stderr);
	exit(1);
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* A process that sends until it is killed. */
static pid_t sender_start(const char *interface)
{
	const uint8_t frame[64] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02,
				    0,    0,    0,    0,    1,    0x88, 0xb5 };
	const struct sockaddr_ll to = { .sll_family = AF_PACKET,
					.sll_protocol = htons(ETHERTYPE_EXPERIMENTAL),
					.sll_ifindex = (int)if_nametoindex(interface) };
	const struct timespec pause = { .tv_nsec = SEND_NS };
	const int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	const pid_t pid = fork();

	if (fd < 0 || !to.sll_ifindex || pid < 0)
		fail("cannot send on %s: %s", interface, strerror(errno));
	while (pid == 0) {
		(void)sendto(fd, frame, sizeof(frame), MSG_DONTWAIT, (const struct sockaddr *)&to,
			     sizeof(to));
		(void)nanosleep(&pause, NULL);
	}
	(void)close(fd);
	return pid;
}

/* In the child: becomes the program; the time before is told through @told. */
static __attribute__((noreturn)) void become(const char *shim, char **argv, int told)
{
	const int out = open(OUTPUT, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	uint64_t exec_ns;

	if (out < 0 || dup2(out, STDOUT_FILENO) < 0 || setenv("LD_PRELOAD", shim, 1) ||
	    setenv("STARTUP_NOTES", NOTES, 1))
		_exit(126);
	exec_ns = now_ns();
	if (write(told, &exec_ns, sizeof(exec_ns)) == sizeof(exec_ns))
		(void)execvp(argv[0], argv);
	_exit(127);
}

/* Returns when it was started. */
static uint64_t run_program(const char *shim, char **argv)
{
	uint64_t exec_ns = 0;
	int pipe_fds[2];
	int status = 0;
	pid_t pid;

	(void)unlink(NOTES);
	if (pipe2(pipe_fds, O_CLOEXEC))
		fail("pipe: %s", strerror(errno));
	pid = fork();
	if (pid == 0)
		become(shim, argv, pipe_fds[1]);
	if (pid < 0 || read(pipe_fds[0], &exec_ns, sizeof(exec_ns)) != sizeof(exec_ns) ||
	    waitpid(pid, &status, 0) != pid || status)
		fail("%s did not run well (wait status 0x%x)", argv[0], (unsigned)status);
	(void)close(pipe_fds[0]);
	(void)close(pipe_fds[1]);
	return exec_ns;
}

static uint64_t first_frame_ns(void)
{
	static const char key[] = "\"first_frame_monotonic_ns\":";
	static char text[65536];
	FILE *f = fopen(OUTPUT, "re");
	const char *at = NULL;
	uint64_t first;

	while (f && !at && fgets(text, sizeof(text), f))
		at = strstr(text, key);
	if (f)
		(void)fclose(f);
	first = at ? strtoull(at + strlen(key), NULL, 10) : 0;
	if (!first)
		fail("the program received no frame, or does not say when");
	return first;
}

/* VmHWM counts ordinary pages of DMA memory too, and no hugepages. */
static void take_memory(unsigned run, const char *which, uint64_t kib)
{
	static uint64_t huge_kib;

	if (strcmp(which, "VmHWM") == 0)
		peak_kib[run] = kib;
	else if (strcmp(which, "HugetlbPages") == 0)
		huge_kib = kib;
	else
		dma_kib = kib;
	if (strcmp(which, "mapped") == 0)
		peak_kib[run] -= kib - (kib < huge_kib ? kib : huge_kib);
}

static void take_notes(unsigned run, uint64_t exec_ns, uint64_t first_ns)
{
	FILE *f = fopen(NOTES, "re");
	char name[64];
	uint64_t begin;
	uint64_t end;
	char line[256];

	if (!f)
		fail("the preloaded shim left no notes");
	while (fgets(line, sizeof(line), f)) {
		/* NOLINTNEXTLINE(cert-err34-c): the shim's own numbers */
		const int n = sscanf(line, "%63s %" SCNu64 " %" SCNu64, name, &begin, &end);
		char which[32];

		/* NOLINTNEXTLINE(cert-err34-c) */
		if (sscanf(line, "memory %31s %" SCNu64, which, &end) == 2)
			take_memory(run, which, end);
		if (n != 3 || begin > first_ns)
			continue;
		if (strcmp(name, "loaded") == 0)
			ns[LOAD][run] = begin - exec_ns;
		if (strcmp(name, "fn_dev_start") == 0)
			ns[LAST][run] = first_ns - end;
		for (unsigned r = 0; r < ROWS; r++)
			if (rows[r].note && strcmp(rows[r].note, name) == 0)
				ns[r][run] += end - begin;
	}
	(void)fclose(f);
	ns[GROSS][run] = first_ns - exec_ns;
	ns[NET][run] = ns[GROSS][run] - ns[GET_FD][run] - ns[RESET][run];
}

static int compare(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a;
	const uint64_t y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static uint64_t median(const uint64_t *sorted, unsigned n)
{
	return n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}

static void print_row(unsigned r, unsigned n)
{
	uint64_t *v = ns[r];

	qsort(v, n, sizeof(*v), compare);
	(void)printf("  %-42s %8.1f %8.1f %8.1f%s", rows[r].text, (double)v[0] * 1e-6,
		     (double)median(v, n) * 1e-6, (double)v[n - 1] * 1e-6, r == NET ? "" : "\n");
	if (r == NET)
		(void)printf("   goal: a median of %u\n", GOAL_MS);
}

int main(int argc, char **argv)
{
	const unsigned runs = argc > 4 ? (unsigned)strtoul(argv[1], NULL, 10) : 0;

	if (!runs || runs > RUNS_MAX)
		fail("usage: startup RUNS INTERFACE SHIM PROGRAM ARG...; 1 to %u runs", RUNS_MAX);
	for (unsigned run = 0; run < runs; run++) {
		const pid_t sender = sender_start(argv[2]);
		const uint64_t exec_ns = run_program(argv[3], argv + 4);

		(void)kill(sender, SIGKILL);
		(void)waitpid(sender, NULL, 0);
		take_notes(run, exec_ns, first_frame_ns());
	}
	(void)printf("start-up of l2fwd, %u runs %24s %8s %8s   ms\n", runs, "min", "median",
		     "max");
	for (unsigned r = 0; r < ROWS; r++) {
		print_row(r, runs);
		if (r == NET)
			(void)puts("where it goes (all times in the kernel included)");
	}
	qsort(peak_kib, runs, sizeof(peak_kib[0]), compare);
	(void)printf("memory %59s KiB\n  %-42s %8s %8" PRIu64 "\n", "", "DMA memory", "", dma_kib);
	(void)printf("  %-42s %8" PRIu64 " %8" PRIu64 " %8" PRIu64 "   goal: %u\n",
		     "peak beside it", peak_kib[0], median(peak_kib, runs), peak_kib[runs - 1],
		     GOAL_KIB);
	return 0;
}
