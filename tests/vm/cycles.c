// SPDX-License-Identifier: BSD-3-Clause
/*
 * cycles PORT PORT [COUNT]: opens, configures, starts, stops and closes two NICs that face each
 * other, COUNT times, and sees that nothing is left. Without COUNT, 100 times, and then it makes
 * the same calls in every wrong order (cycles_order.c).
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cycles.h"

#define FRAME_BYTES 200
#define PCI_COMMAND 0x04
#define PCI_COMMAND_MASTER 0x0004

static bool failed;

bool check(bool ok, const char *fmt, ...)
{
	va_list args;

	(void)fputs(ok ? "ok: " : "FAIL: ", stdout);
	va_start(args, fmt);
	(void)vprintf(fmt, args);
	va_end(args);
	(void)putchar('\n');
	(void)fflush(stdout);
	failed |= !ok;
	return ok;
}

bool any_failure(void)
{
	return failed;
}

void must(int ret, const char *what)
{
	if (!ret)
		return;
	(void)check(false, "%s returns %d: %s", what, ret, fn_error_last());
	exit(1);
}

static unsigned count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned n = 0;

	while (dir && readdir(dir))
		n++;
	if (dir)
		(void)closedir(dir);
	return n;
}

/* Lines of a file that start with @key, and the number behind it in the last of them. */
static unsigned count_lines(const char *path, const char *key, unsigned *number)
{
	FILE *file = fopen(path, "re");
	char line[512];
	unsigned n = 0;

	while (file && fgets(line, sizeof(line), file)) {
		if (strncmp(line, key, strlen(key)) != 0)
			continue;
		n++;
		if (number)
			*number = (unsigned)strtoul(line + strlen(key), NULL, 10);
	}
	if (file)
		(void)fclose(file);
	return n;
}

struct holdings holdings_now(void)
{
	struct holdings h = { .fds = count_fds() };

	h.maps = count_lines("/proc/self/maps", "", NULL);
	if (!count_lines("/proc/meminfo", "HugePages_Free:", &h.hugepages) ||
	    !count_lines("/proc/self/status", "VmLck:", &h.locked_kb))
		must(-1, "reading /proc");
	return h;
}

bool holdings_same(const struct holdings *a, const struct holdings *b)
{
	if (a->fds == b->fds && a->maps == b->maps && a->hugepages == b->hugepages &&
	    a->locked_kb == b->locked_kb)
		return true;
	(void)printf("    before: %u descriptors, %u mappings, %u free hugepages, %u KiB locked\n"
		     "    now:    %u descriptors, %u mappings, %u free hugepages, %u KiB locked\n",
		     a->fds, a->maps, a->hugepages, a->locked_kb, b->fds, b->maps, b->hugepages,
		     b->locked_kb);
	return false;
}

bool is_bus_master(const char *bdf)
{
	uint16_t command = 0;
	char path[128];
	int fd;

	(void)snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/config", bdf);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || pread(fd, &command, sizeof(command), PCI_COMMAND) != sizeof(command))
		must(-1, path);
	(void)close(fd);
	return command & PCI_COMMAND_MASTER;
}

void rig_create(struct rig *rig)
{
	struct fn_ctx_opts opts = { .sz = sizeof(opts) };

	must(fn_ctx_create(&opts, &rig->ctx), "fn_ctx_create");
	must(fn_pool_create(rig->ctx, NULL, &rig->pool), "fn_pool_create");
}

void rig_destroy(struct rig *rig)
{
	must(fn_pool_destroy(rig->pool), "fn_pool_destroy");
	must(fn_ctx_destroy(rig->ctx), "fn_ctx_destroy");
}

void rig_open(struct rig *rig)
{
	for (unsigned i = 0; i < 2; i++)
		must(fn_dev_open(rig->ctx, rig->name[i], NULL, &rig->dev[i]), "fn_dev_open");
}

void rig_configure(struct rig *rig)
{
	struct fn_dev_conf conf = { .sz = sizeof(conf), .pool = rig->pool, .promisc = true };

	for (unsigned i = 0; i < 2; i++)
		must(fn_dev_configure(rig->dev[i], &conf), "fn_dev_configure");
}

void rig_start(struct rig *rig)
{
	for (unsigned i = 0; i < 2; i++)
		must(fn_dev_start(rig->dev[i]), "fn_dev_start");
}

void rig_stop(struct rig *rig)
{
	for (unsigned i = 0; i < 2; i++)
		must(fn_dev_stop(rig->dev[i]), "fn_dev_stop");
}

void rig_close(struct rig *rig)
{
	for (unsigned i = 0; i < 2; i++) {
		must(fn_dev_close(rig->dev[i]), "fn_dev_close");
		rig->dev[i] = NULL;
	}
}

static bool frame_is(const struct fn_pkt *pkt, uint8_t mark)
{
	for (unsigned i = 12; i < FRAME_BYTES; i++)
		if (pkt->data[i] != (uint8_t)(mark + i))
			return false;
	return pkt->len == FRAME_BYTES;
}

static struct fn_pkt *receive_one(struct fn_rxq *rxq, uint8_t mark)
{
	const struct timespec pause = { 0, 1000000 };
	struct fn_pkt *pkt;

	for (int ms = 0; ms < 2000; ms++) {
		if (fn_rx_burst(rxq, &pkt, 1)) {
			if (frame_is(pkt, mark))
				return pkt;
			(void)check(false, "a frame of %u bytes came that nobody sent", pkt->len);
			fn_pkt_free(pkt);
			return NULL;
		}
		(void)nanosleep(&pause, NULL);
	}
	(void)check(false, "no frame came within 2 s");
	return NULL;
}

struct fn_pkt *send_one(struct rig *rig, unsigned from, uint8_t mark)
{
	struct fn_pkt *pkt = fn_pkt_alloc(rig->pool);
	uint8_t *data = pkt ? fn_pkt_append(pkt, FRAME_BYTES) : NULL;

	if (!data) {
		(void)check(false, "the pool has a packet of %u bytes", FRAME_BYTES);
		return NULL;
	}
	memset(data, 0xff, 12);
	for (unsigned i = 12; i < FRAME_BYTES; i++)
		data[i] = (uint8_t)(mark + i);
	if (fn_tx_burst(fn_dev_txq(rig->dev[from], 0), &pkt, 1) != 1) {
		(void)check(false, "the transmit queue takes a frame");
		fn_pkt_free(pkt);
		return NULL;
	}
	return receive_one(fn_dev_rxq(rig->dev[!from], 0), mark);
}

/*
 * Bus mastering must be on exactly while packets may flow: a NIC that is not started reaches no
 * memory.
 */
static void masters_are(const struct rig *rig, bool on, const char *when)
{
	for (unsigned i = 0; i < 2; i++)
		if (is_bus_master(rig->name[i]) != on)
			(void)check(false, "bus mastering of %s is %s %s", rig->name[i],
				    on ? "on" : "off", when);
}

/* Every 10th cycle carries a frame, each time the other way; so does the first. */
static void cycle(struct rig *rig, unsigned n)
{
	rig_open(rig);
	masters_are(rig, false, "after open");
	rig_configure(rig);
	masters_are(rig, false, "after configure");
	rig_start(rig);
	masters_are(rig, true, "after start");
	if (n % 10 == 0)
		fn_pkt_free(send_one(rig, n / 10 % 2, (uint8_t)n));
	rig_stop(rig);
	masters_are(rig, false, "after stop");
	rig_close(rig);
}

/*
 * Half of the cycles begin with fn_ctx_create() and half share a context. Before it is measured
 * what a cycle leaves there is one that does not count: what the C library (stdio, malloc's arena)
 * and the VFIO container set up once for the process or for the context is no leak. Descriptors and
 * hugepages are exact from the very first cycle on.
 */
static void test_cycles(struct rig *rig, unsigned count)
{
	struct holdings first = holdings_now();
	struct holdings before = first;
	struct holdings now;

	for (unsigned n = 0; n <= count / 2 && !failed; n++) {
		rig_create(rig);
		cycle(rig, n);
		rig_destroy(rig);
		now = holdings_now();
		if (n == 0) {
			(void)check(
				now.fds == first.fds && now.hugepages == first.hugepages &&
					now.locked_kb == first.locked_kb,
				"the first cycle leaves no descriptor, hugepage or locked memory");
			before = now;
		}
		if (!holdings_same(&before, &now))
			(void)check(false, "cycle %u leaves nothing", n);
	}
	(void)check(!failed, "%u cycles with a context of their own left nothing", count / 2);

	rig_create(rig);
	for (unsigned n = 0; n <= count / 2 && !failed; n++) {
		cycle(rig, n);
		now = holdings_now();
		if (n == 0)
			before = now;
		if (!holdings_same(&before, &now))
			(void)check(false, "cycle %u leaves nothing", n);
	}
	(void)check(!failed, "%u cycles in one context left nothing", count / 2);
	rig_destroy(rig);
}

int main(int argc, char **argv)
{
	struct rig rig = { 0 };
	struct holdings before = { 0 };
	struct holdings now;

	if (argc < 3 || argc > 4) {
		(void)fprintf(stderr, "Usage: cycles PORT PORT [COUNT]\n");
		return 2;
	}
	rig.name[0] = argv[1];
	rig.name[1] = argv[2];
	test_cycles(&rig, argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 100);
	if (argc == 3 && !failed) {
		before = holdings_now();
		test_order(&rig);
		test_random_order(&rig);
		now = holdings_now();
		(void)check(holdings_same(&before, &now), "calls in any order left nothing either");
	}
	(void)check(true, "the end");
	return failed;
}
