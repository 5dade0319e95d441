// SPDX-License-Identifier: BSD-3-Clause
/* A lost wake-up, seen before anything is disarmed: what is in the rings, does it still come? */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "conform/lost.h"
#include "conform/machine.h"
#include "drivers/intel/e1000e/e1000e.h"
#include "drivers/intel/igb/igb.h"
#include "drivers/intel/igb/igb_regs.h"
#include "drivers/intel/intel_ring.h"
#include "drivers/virtio/virtio_net.h"
#include "poll/poller.h"

/* One that comes within this time more is late, and not lost. */
#define COMES_NS 5000000000ull

/* With what a check says in front of it, it fits into &conform.reason. */
#define SAID_BYTES 900u

/* The worker's; but @is_told, atomic, and behind it @said, which stays as it is then. */
static struct {
	struct fn_poller *poller;
	char said[SAID_BYTES];
	size_t at;
	bool is_told;
} lost;

/* The linker's names: NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
void __real_fn_rxq_disarm(struct fn_rxq *q);
void __wrap_fn_rxq_disarm(struct fn_rxq *q);
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

static void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static void say(const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(lost.said + lost.at, sizeof(lost.said) - lost.at, fmt, args);
	va_end(args);
	if (n > 0)
		lost.at += (size_t)n;
	if (lost.at >= sizeof(lost.said))
		lost.at = sizeof(lost.said) - 1;
}

/* How often an eventfd was signalled that nobody reads (proc(5), fdinfo). */
static uint64_t signalled(int fd)
{
	char path[48];
	char line[128];
	uint64_t count = 0;
	FILE *file;

	(void)snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	file = fopen(path, "re");
	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file))
		/* What the kernel prints. NOLINTNEXTLINE(cert-err34-c) */
		if (sscanf(line, "eventfd-count: %" SCNx64, &count) == 1)
			break;
	(void)fclose(file);
	return count;
}

static void say_virtio(struct fn_rxq *rxq)
{
	const struct virtio_rxq *q = virtio_rxq_of(rxq);
	const uint32_t size = q->mask + 1u;

	say("used %u, taken to %u, used_event %u (%s), avail %u, flags %u",
	    fn_read_le16(&q->used->idx), q->used_pos,
	    fn_read_le16(virtq_used_event(q->avail, size)), q->event_idx ? "in use" : "not in use",
	    q->avail_pos, fn_read_le16(&q->avail->flags));
}

static unsigned intel_done(const struct intel_rxq *q)
{
	unsigned n = 0;

	while (n < q->mask && (fn_read_le64(&q->desc[(q->pos + n) & q->mask].hi) & INTEL_RXD_DD))
		n++;
	return n;
}

/* Which causes are let through: a register's read, which changes nothing. */
static void say_intel(struct fn_rxq *rxq)
{
	const struct intel_rxq *q = intel_rxq_of(rxq);
	const struct fn_dev *dev = fn_rxq_queue(rxq)->dev;
	const struct intel_port *port = intel_port_of(dev);

	say("%u descriptors done from %u on, buffers to %u, ", intel_done(q), q->pos, q->avail_pos);
	if (dev->drv == &fn_driver_igb)
		say("EIMS 0x%x", intel_read(port, IGB_EIMS));
	else
		say("IMS 0x%x", intel_read(port, INTEL_IMS));
}

/* Which causes are there: the read may clear them, so it is the last thing that is done. */
static void say_causes(const struct fn_dev *dev)
{
	if (dev->drv == &fn_driver_igb)
		say("; EICR 0x%x", intel_read(intel_port_of(dev), IGB_EICR));
	else if (dev->drv == &fn_driver_e1000e)
		say("; ICR 0x%x", intel_read(intel_port_of(dev), INTEL_ICR));
}

static void say_queue(const struct fn_poller_rx *rx)
{
	const struct fn_queue *queue = rx->item.queue;
	const struct fn_driver *drv = queue->dev->drv;

	say("; rx %u (%s): ", queue->idx, fn_rxq_pending(rx->q) ? "has packets" : "empty");
	if (drv == &fn_driver_virtio_net)
		say_virtio(rx->q);
	else if (drv == &fn_driver_igb || drv == &fn_driver_e1000e)
		say_intel(rx->q);
	say(", its eventfd signalled %" PRIu64 " times", signalled(queue->event_fd));
}

/* All is armed, so that what is late comes now; the poller's next round does what it is for. */
static bool comes(struct fn_poller *p, uint64_t ns)
{
	struct fn_poll_found found = { 0 };

	fn_poll_wait(p, (int64_t)ns, &found);
	return found.vectors;
}

static void say_whether_it_comes(struct fn_poller *p)
{
	const uint64_t begin_ns = machine_now_ns();
	uint64_t now_ns = begin_ns;
	bool came;

	do {
		came = comes(p, COMES_NS - (now_ns - begin_ns));
		now_ns = machine_now_ns();
	} while (!came && now_ns - begin_ns < COMES_NS);
	if (came)
		say("; LATE: the interrupt came %.0f ms after that",
		    (double)(now_ns - begin_ns) / 1e6);
	else
		say("; LOST: no interrupt came in %.0f s more", (double)COMES_NS / 1e9);
}

static void look(struct fn_poller *p)
{
	const uint64_t waited = fn_ticks() - p->woke_ticks;
	const bool came = comes(p, 0);
	const struct fn_dev *dev = NULL;
	char machine[400];

	say("lost wake-up %" PRIu64 ": sleep %" PRIu64
	    " (time-out %.0f ms), then waited for %.0f ms, %" PRIu64 " interrupts noticed",
	    p->counts.lost_wakeups, p->counts.sleeps + 1, (double)p->opts.safety_ns / 1e6,
	    (double)waited / (double)p->cost.ticks_per_ms, p->counts.interrupts);
	for (unsigned i = 0; i < p->rx.n; i++) {
		const struct fn_poller_rx *rx = p->rx.at[i];

		if (!rx->item.armed)
			continue;
		dev = rx->item.queue->dev;
		say_queue(rx);
	}
	machine_tell(machine, sizeof(machine));
	say("; %s", machine);
	if (came)
		say("; LATE: the interrupt was there when it was looked for once more");
	else
		say_whether_it_comes(p);
	if (dev)
		say_causes(dev);
}

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
void __wrap_fn_rxq_disarm(struct fn_rxq *q)
{
	struct fn_poller *p = lost.poller;

	if (p && !lost_said() && __atomic_load_n(&p->counts.lost_wakeups, __ATOMIC_RELAXED)) {
		look(p);
		__atomic_store_n(&lost.is_told, true, __ATOMIC_RELEASE);
	}
	__real_fn_rxq_disarm(q);
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

void lost_begin(struct fn_poller *poller)
{
	lost.at = 0;
	lost.is_told = false;
	lost.poller = poller;
}

void lost_end(void)
{
	lost.poller = NULL;
}

const char *lost_said(void)
{
	return __atomic_load_n(&lost.is_told, __ATOMIC_ACQUIRE) ? lost.said : NULL;
}
