// SPDX-License-Identifier: BSD-3-Clause
/*
 * Posts one transmit and one receive descriptor with an address that the device must not reach,
 * between good frames, and says what happened: fault [--mapped] SENDER RECEIVER, for fault.sh.
 *
 * The address is the physical one of a page of this process. It is no IOVA of the context (those
 * start at 4 GiB), so a device that the IOMMU did not stop would read or write just that page. With
 * --mapped the page is mapped for the devices and the address is its IOVA: what the test looks for
 * is then there.
 *
 * Lines "fault: ..." in the kernel's log mark where each phase begins.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <fastnic/fastnic.h>

#include "dev/dev.h"
#include "drivers/virtio/virtio_net.h"

#define PAGE 4096u
#define FRAMES 32u
#define FRAME_BYTES 200u
/* In the page, so that what lies in front (virtio_net_hdr) is in the same one. */
#define PAGE_OFF 256u
#define SECRET_BYTE 0xa5
#define WAIT_NS 5000000000u
#define QUIET_NS 300000000u

struct test {
	struct fn_ctx *ctx;
	struct fn_pool *pool;
	struct fn_dev *dev[2];
	int kmsg;
	bool mapped;
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static __attribute__((noreturn, format(printf, 1, 2))) void fail(const char *fmt, ...)
{
	va_list ap;

	(void)fputs("fault: ", stderr);
	va_start(ap, fmt);
	(void)vfprintf(stderr, fmt, ap);
	va_end(ap);
	(void)fputc('\n', stderr);
	exit(1);
}

/* Whether the IOMMU reported something since the last call. */
static bool kmsg_faults(const struct test *t)
{
	char record[2048];
	bool seen = false;

	for (;;) {
		const ssize_t n = read(t->kmsg, record, sizeof(record) - 1);

		if (n < 0 && errno == EPIPE)
			continue; /* overwritten before it was read */
		if (n <= 0)
			return seen;
		record[n] = '\0';
		seen = seen || strstr(record, "DMAR: [");
	}
}

/* Wait for a fault as long as one may take, then until no more come. */
static void settle(const struct test *t, bool expected)
{
	const uint64_t start = now_ns();
	uint64_t last = start;
	bool seen = false;

	while ((expected && !seen) ? now_ns() - start < WAIT_NS : now_ns() - last < QUIET_NS) {
		if (kmsg_faults(t)) {
			seen = true;
			last = now_ns();
		}
		(void)usleep(10000);
	}
}

/* The next phase, in the kernel's log too; the faults of the one before have been logged. */
static void phase(const struct test *t, bool expected_before, const char *name)
{
	char line[128];
	int n;

	settle(t, expected_before);
	n = snprintf(line, sizeof(line), "<6>fault: %s %s\n", t->mapped ? "mapped" : "unmapped",
		     name);
	if (write(t->kmsg, line, (size_t)n) != n)
		fail("cannot write to the kernel's log: %s", strerror(errno));
}

static uint8_t *page_new(void)
{
	uint8_t *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE | MAP_LOCKED, -1, 0);

	if (page == MAP_FAILED)
		fail("no page: %s", strerror(errno));
	memset(page, SECRET_BYTE, PAGE);
	return page;
}

static bool page_intact(const uint8_t *page)
{
	for (unsigned i = 0; i < PAGE; i++)
		if (((const volatile uint8_t *)page)[i] != SECRET_BYTE)
			return false;
	return true;
}

/* Linux admin-guide/mm/pagemap.rst: bits 0 to 54 are the page frame's number, bit 63: present. */
static uint64_t page_physical(const uint8_t *page)
{
	const int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	uint64_t entry = 0;

	if (fd < 0 || pread(fd, &entry, sizeof(entry), (off_t)((uintptr_t)page / PAGE * 8)) != 8 ||
	    !(entry >> 63) || !(entry << 9 >> 9))
		fail("cannot tell a page's physical address (root?)");
	(void)close(fd);
	return (entry << 9 >> 9) * PAGE;
}

/* Where the device shall be sent to. */
static uint64_t page_address(const struct test *t, uint8_t *page)
{
	struct fn_dma dma;
	uint64_t address;

	if (t->mapped) {
		if (fn_dma_map(t->ctx, page, PAGE, NULL, &dma))
			fail("%s", fn_error_last());
		return dma.iova.v;
	}
	address = page_physical(page);
	if (address >= UINT64_C(1) << 32)
		fail("physical address 0x%" PRIx64 " could be an IOVA: give the guest less memory",
		     address);
	return address;
}

static void frame_fill(struct fn_pkt *pkt, unsigned n)
{
	uint8_t *data = fn_pkt_append(pkt, FRAME_BYTES);

	memset(data, 0xff, 6);
	/* From a local address; of the EtherType for experiments. */
	memcpy(data + 6, "\x02\0\0\0\0\x01\x88\xb5", 8);
	for (unsigned i = 14; i < FRAME_BYTES; i++)
		data[i] = (uint8_t)(n + i);
}

static void send_one(const struct test *t, struct fn_pkt *pkt)
{
	if (fn_tx_burst(fn_dev_txq(t->dev[0], 0), &pkt, 1) != 1)
		fail("the sender takes no frame");
}

/* The next frame, or NULL when none comes in time. */
static struct fn_pkt *receive_one(const struct test *t)
{
	const uint64_t start = now_ns();
	struct fn_pkt *pkt;

	while (now_ns() - start < WAIT_NS)
		if (fn_rx_burst(fn_dev_rxq(t->dev[1], 0), &pkt, 1))
			return pkt;
	return NULL;
}

static void good_frames(const struct test *t, const char *name)
{
	uint8_t expected[FRAME_BYTES];
	struct fn_pkt *pkt;

	for (unsigned n = 0; n < FRAMES; n++) {
		pkt = fn_pkt_alloc(t->pool);
		if (!pkt)
			fail("the pool is empty");
		frame_fill(pkt, n);
		memcpy(expected, pkt->data, FRAME_BYTES);
		send_one(t, pkt);
		pkt = receive_one(t);
		if (!pkt)
			fail("%s: frame %u did not arrive", name, n);
		if (fn_pkt_len(pkt) != FRAME_BYTES || memcmp(pkt->data, expected, FRAME_BYTES) != 0)
			fail("%s: frame %u arrived, but not as it was sent", name, n);
		fn_pkt_free(pkt);
	}
	(void)printf("%s: %u frames passed\n", name, FRAMES);
}

/* The second reference keeps the packet here, and the driver from writing its header into it. */
static void bad_transmit(const struct test *t)
{
	uint8_t *page = page_new();
	const uint64_t address = page_address(t, page);
	struct fn_pkt *pkt = fn_pkt_alloc(t->pool);
	struct fn_pkt *got;
	fn_iova_t own;

	if (!pkt || fn_pkt_ref(pkt))
		fail("no packet");
	frame_fill(pkt, 0);
	own = pkt->iova;
	pkt->iova.v = address + PAGE_OFF;
	(void)printf("transmit from 0x%" PRIx64 "\n", address);
	send_one(t, pkt);
	got = receive_one(t);
	if (!got)
		(void)puts("transmit: nothing was sent");
	else
		(void)printf("transmit: %s\n",
			     memcmp(got->data, page + PAGE_OFF, FRAME_BYTES) == 0 ?
				     "the page was sent" :
				     "something else was sent");
	fn_pkt_free(got);
	settle(t, false);
	(void)fn_tx_reclaim(fn_dev_txq(t->dev[0], 0));
	if (fn_pkt_is_shared(pkt))
		fail("the sender keeps the frame");
	pkt->iova = own;
	fn_pkt_free(pkt);
}

static void bad_receive(const struct test *t)
{
	struct virtio_rxq *q = virtio_rxq_of(fn_dev_rxq(t->dev[1], 0));
	uint8_t *page = page_new();
	const uint64_t address = page_address(t, page);
	struct fn_pkt *pkt = fn_pkt_alloc(t->pool);

	if (!pkt)
		fail("the pool is empty");
	frame_fill(pkt, 0);
	/* The descriptor that the device uses next; it reads it when a frame comes. */
	fn_write_le64(&q->desc[q->ids[q->used_pos & q->mask]].addr, address + PAGE_OFF);
	(void)printf("receive to 0x%" PRIx64 "\n", address);
	send_one(t, pkt);
	pkt = receive_one(t);
	(void)printf("receive: the page is %s\n", page_intact(page) ? "intact" : "overwritten");
	if (!pkt)
		(void)puts("receive: the frame is lost");
	fn_pkt_free(pkt);
}

static void open_all(struct test *t, char **names)
{
	struct fn_dev_conf conf = { .sz = sizeof(conf), .promisc = true };

	t->kmsg = open("/dev/kmsg", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (t->kmsg < 0 || lseek(t->kmsg, 0, SEEK_END) < 0)
		fail("no /dev/kmsg: %s", strerror(errno));
	if (fn_ctx_create(NULL, &t->ctx) || fn_pool_create(t->ctx, NULL, &t->pool))
		fail("%s", fn_error_last());
	conf.pool = t->pool;
	for (unsigned i = 0; i < 2; i++)
		if (fn_dev_open(t->ctx, names[i], NULL, &t->dev[i]) ||
		    fn_dev_configure(t->dev[i], &conf) || fn_dev_start(t->dev[i]))
			fail("%s", fn_error_last());
}

int main(int argc, char **argv)
{
	struct test t = { .mapped = argc == 4 && strcmp(argv[1], "--mapped") == 0 };

	if (argc != 3 && !t.mapped)
		fail("usage: fault [--mapped] SENDER RECEIVER");
	open_all(&t, argv + argc - 2);
	phase(&t, false, "good before");
	good_frames(&t, "before");
	phase(&t, false, "transmit");
	bad_transmit(&t);
	phase(&t, !t.mapped, "good between");
	good_frames(&t, "between");
	phase(&t, false, "receive");
	bad_receive(&t);
	phase(&t, !t.mapped, "good after");
	good_frames(&t, "after");
	phase(&t, false, "end");
	for (unsigned i = 0; i < 2; i++)
		if (fn_dev_close(t.dev[i]))
			fail("%s", fn_error_last());
	return 0;
}
