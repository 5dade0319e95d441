// SPDX-License-Identifier: BSD-3-Clause
/*
 * What an 82574 or 82576 does that means harm: descriptors that say anything, at any time and in
 * any order, registers, interrupts, and parts that do not answer.
 */
#include <errno.h>
#include <string.h>

#include "dev/dev.h"
#include "fuzz/hostile.h"
#include "model/intel_dev.h"
#include "model/model_build.h"

/* What a driver can do without, it may not be able to wait for: none of its deadlines is longer. */
#define LONG_NS FN_MS(10000)

/**
 * struct intel_lies - what the device's descriptors say instead of the truth
 * @h: whose
 * @rate: of 256 descriptors that are written back so many lie
 * @endless: no frame ends (EOP)
 * @len: the next descriptor has this length; UINT32_MAX: the true one
 */
struct intel_lies {
	struct hostile *h;
	unsigned rate;
	bool endless;
	uint32_t len;
};

static struct intel_dev id;
static struct intel_lies lies;

/* The non-volatile memory and the link partner, as they were at first. */
static uint16_t honest_nvm[INTEL_DEV_NVM_WORDS];
static uint16_t honest_partner[2];

/* A queue of either kind. */
static unsigned any_queue(struct hostile *h)
{
	return hostile_below(h, hostile_below(h, 4) ? 2 : id.queues);
}

/* The device can reach the ring. */
static bool reaches(const struct intel_dev *dev, bool tx, unsigned queue)
{
	return dev->md.master && !dev->md.gone && intel_dev_ring_size(dev, tx, queue);
}

/* What a descriptor says: all of it, or a part, is anything. */
static void distort(struct hostile *h, uint32_t dw[4], bool tx)
{
	switch (hostile_below(h, 9)) {
	case 0:
		for (unsigned i = 0; i < 4; i++)
			dw[i] = (uint32_t)hostile_random(h);
		break;
	case 1:
		memset(dw, 0xff, 4 * sizeof(*dw));
		break;
	case 2:
		memset(dw, 0, 4 * sizeof(*dw));
		break;
	case 3:
		dw[2] ^= 1u << hostile_below(h, 32);
		break;
	case 4:
		dw[3] ^= 1u << hostile_below(h, 32);
		break;
	case 5: /* errors of the MAC and of checksums */
		dw[2] |= (uint32_t)hostile_random(h) & 0xff000000;
		break;
	case 6:
		dw[2] &= ~(uint32_t)IDEV_RXD_EOP;
		break;
	case 7: /* a hash or tag, a packet type */
		dw[hostile_below(h, 2)] = (uint32_t)hostile_random(h);
		break;
	default:
		if (tx)
			dw[3] &= ~(uint32_t)IDEV_TXD_DD;
		else
			dw[3] = (dw[3] & 0xffff0000) | (hostile_number(h, dw[3]) & 0xffff);
		break;
	}
}

/* A descriptor is about to be written back: late, elsewhere, twice, never, or with other words. */
static void write_back(void *arg, struct intel_wb *wb)
{
	struct hostile *h = lies.h;

	(void)arg;
	if (!wb->tx && lies.len != UINT32_MAX) {
		wb->dw[3] = (wb->dw[3] & 0xffff0000) | lies.len;
		lies.len = UINT32_MAX;
	}
	if (!wb->tx && lies.endless)
		wb->dw[2] &= ~(uint32_t)IDEV_RXD_EOP;
	if (hostile_below(h, 256) >= lies.rate)
		return;
	switch (hostile_below(h, 4)) {
	case 0:
		wb->lost = true;
		break;
	case 1:
		wb->idx ^= 1u << hostile_below(h, 3);
		break;
	case 2:
		intel_dev_desc_write(&id, wb->tx, wb->queue,
				     (wb->idx + 1) % intel_dev_ring_size(&id, wb->tx, wb->queue),
				     wb->dw);
		break;
	default:
		distort(h, wb->dw, wb->tx);
		break;
	}
}

/* Honest work, so that lies meet a ring that is in use. */

static void receive(struct hostile *h)
{
	static uint8_t frame[MODEL_FRAME_MAX];
	unsigned n = hostile_below(h, 8);

	while (n--) {
		const uint32_t len = hostile_frame(h, frame);

		/* Whatever address the application has chosen. */
		if (hostile_below(h, 2))
			memset(frame, 0xff, 6);
		(void)intel_dev_receive(&id, frame, len);
	}
}

static void transmit(struct hostile *h)
{
	(void)intel_dev_transmit(&id, any_queue(h), hostile_below(h, 40));
}

static void time_passes(struct hostile *h)
{
	model_clock_advance(id.md.clock, hostile_below(h, 3000));
}

/* Lies. */

static void descriptors(struct hostile *h)
{
	static const unsigned rates[] = { 0, 0, 0, 4, 64, 256 };

	lies.rate = rates[hostile_below(h, FN_ARRAY_LEN(rates))];
	lies.endless = !hostile_below(h, 8);
	h->desc_lies = lies.rate || lies.endless;
	h->clean = h->clean && !h->desc_lies;
}

/* A length that no buffer has: the queue cannot overlook it. */
static void length(struct hostile *h)
{
	static const uint32_t lens[] = { 0, 0x4001, 0x8000, 0xffff };
	static uint8_t frame[MODEL_FRAME_MAX];
	bool ran[INTEL_DEV_QUEUES];
	uint32_t len;
	int queue;

	for (unsigned i = 0; i < INTEL_DEV_QUEUES; i++)
		ran[i] = hostile_app_runs(h, false, i);
	lies.len = lens[hostile_below(h, FN_ARRAY_LEN(lens))];
	len = hostile_frame(h, frame);
	memset(frame, 0xff, 6);
	queue = intel_dev_receive(&id, frame, len);
	lies.len = UINT32_MAX;
	if (queue >= 0 && ran[queue])
		hostile_app_must_be_broken(h, false, (unsigned)queue);
}

/* To all addresses, which no filter keeps out. */
static int receive_flow(struct hostile *h, unsigned flow)
{
	static uint8_t frame[MODEL_FRAME_MAX];
	const struct model_build b = { .dst = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff },
				       .ip = 4,
				       .proto = MODEL_PROTO_TCP,
				       .sport = (uint16_t)(1000 + flow),
				       .payload = 100 };

	(void)h;
	/* The link comes up meanwhile. */
	model_clock_advance(id.md.clock, 10 * id.link_ns);
	return intel_dev_receive(&id, frame, model_build(frame, &b));
}

/* A frame that does not end, however many buffers it gets: the queue cannot wait for ever. */
static void endless(struct hostile *h)
{
	const unsigned flow = hostile_below(h, 64);
	const int queue = receive_flow(h, flow);
	unsigned tries = 600;

	if (queue < 0 || !h->clean || !hostile_app_runs(h, false, (unsigned)queue))
		return;
	hostile_app_drain(h);
	/* With an empty pool it has no more buffers, and may get some. */
	if (h->hoarded || !hostile_pkts_plenty(h))
		return;
	lies.endless = true;
	while (tries && hostile_app_runs(h, false, (unsigned)queue)) {
		const int ret = receive_flow(h, flow);

		/* The link has gone down, or the driver steers it elsewhere. */
		if (ret != queue && ret != -ENOBUFS)
			break;
		hostile_app_drain(h);
		tries--;
	}
	lies.endless = false;
	if (!tries)
		hostile_app_must_be_broken(h, false, (unsigned)queue);
	/* What it has begun it does not end. */
	h->clean = false;
}

/* Leave the queue without a buffer. Whether it is. */
static bool dry(struct hostile *h, unsigned queue, unsigned flow)
{
	for (unsigned i = 0; i < 50; i++) {
		/* What the application frees on the way is posted at its next look. */
		hostile_app_drain(h);
		hostile_pkts_hoard(h);
		model_clock_advance(id.md.clock, id.posted_max_ns + 1);
		if (!hostile_app_runs(h, false, queue) || !intel_dev_rx_free(&id, queue))
			break;
		while (receive_flow(h, flow) == (int)queue)
			continue;
	}
	return h->clean && hostile_app_runs(h, false, queue) && !intel_dev_rx_free(&id, queue);
}

/* What it has not got is done all the same. */
static void not_given(struct hostile *h)
{
	const uint32_t done[4] = { 0, 0, IDEV_RXD_DD | IDEV_RXD_EOP, 100 };
	const uint32_t not_done[4] = { 0 };
	const unsigned flow = hostile_below(h, 64);
	const int queue = receive_flow(h, flow);

	if (queue < 0 || !h->clean || !hostile_app_runs(h, false, (unsigned)queue))
		return;
	if (dry(h, (unsigned)queue, flow)) {
		const uint32_t size = intel_dev_ring_size(&id, false, (unsigned)queue);
		const uint32_t head = *intel_dev_qreg(&id, false, (unsigned)queue, IDEV_Q_HEAD);
		const unsigned n = hostile_below(h, 2) ? 1 + hostile_below(h, 4) : size;

		/* What was done a lap ago says so still, unless it is written over. */
		for (unsigned i = 0; i < size; i++)
			intel_dev_desc_write(&id, false, (unsigned)queue, (head + i) % size,
					     i < n ? done : not_done);
		h->clean = false;
		hostile_app_takes_nothing(h, (unsigned)queue);
	}
	hostile_pkts_unhoard(h);
}

/* A descriptor that is nobody's turn: done where nothing came, once more, all ones, not done. */
static void descriptor(struct hostile *h)
{
	const bool tx = hostile_below(h, 2);
	const unsigned queue = any_queue(h);
	unsigned n = 1 + hostile_below(h, 8);
	uint32_t idx;

	if (!reaches(&id, tx, queue))
		return;
	h->clean = false;
	idx = hostile_below(h, 2) ? *intel_dev_qreg(&id, tx, queue, IDEV_Q_HEAD) :
				    (uint32_t)hostile_random(h);
	/* What is written over is not fetched any more: the driver's packet does not leave. */
	if (tx)
		*intel_dev_qreg(&id, tx, queue, IDEV_Q_HEAD) =
			*intel_dev_qreg(&id, tx, queue, IDEV_Q_TAIL);
	while (n--) {
		const uint32_t at = (idx + n) % intel_dev_ring_size(&id, tx, queue);
		uint32_t dw[4] = { 0 };

		(void)intel_dev_desc_read(&id, tx, queue, at, dw);
		dw[tx ? 3 : 2] |= 1; /* DD */
		if (!tx && hostile_below(h, 2)) {
			dw[2] |= IDEV_RXD_EOP;
			dw[3] = 60 + hostile_below(h, 1500);
		}
		if (hostile_below(h, 2))
			distort(h, dw, tx);
		intel_dev_desc_write(&id, tx, queue, at, dw);
	}
}

/* The low bits of a ring's address are not there in hardware (RDBAL, TDBAL). */
static void align_rings(void)
{
	for (unsigned i = 0; i < 2 * id.queues; i++)
		*intel_dev_qreg(&id, i & 1, i / 2, IDEV_Q_BAL) &= ~UINT32_C(127);
}

/* A register holds anything: those of queues, of interrupts, or any at all. */
static void register_word(struct hostile *h)
{
	static const uint32_t offs[] = { IDEV_CTRL, IDEV_STATUS, IDEV_EECD,  IDEV_MDIC,
					 IDEV_ICR,  IDEV_ICR_76, IDEV_EICR,  IDEV_RCTL,
					 IDEV_TCTL, IDEV_SWSM,   IDEV_RAL(0) };
	uint32_t *reg = &id.reg[offs[hostile_below(h, FN_ARRAY_LEN(offs))] / 4];

	h->lied = true;
	h->clean = false;
	if (!hostile_below(h, 3))
		reg = &id.reg[hostile_below(h, FN_ARRAY_LEN(id.reg))];
	else if (!hostile_below(h, 3))
		reg = intel_dev_qreg(&id, hostile_below(h, 2), any_queue(h),
				     4 * hostile_below(h, 16));
	*reg = hostile_below(h, 2) ? *reg ^ 1u << hostile_below(h, 32) : hostile_number(h, *reg);
	align_rings();
}

/* Causes that are none, and a statistic that has run away. */
static void causes(struct hostile *h)
{
	if (!id.md.master || id.md.gone)
		return;
	intel_dev_cause(&id, hostile_below(h, 2) ? 1u << hostile_below(h, 32) :
						   (uint32_t)hostile_random(h));
	intel_dev_queue_cause(&id, hostile_below(h, 2), any_queue(h), hostile_below(h, 2));
	intel_dev_count(&id, IDEV_STATS + 4 * hostile_below(h, 64), (uint32_t)hostile_random(h));
}

/* Parts that do not answer, or too late. */
static void parts(struct hostile *h)
{
	h->lied = true;
	switch (hostile_below(h, 9)) {
	case 0:
		id.phy_dead = !id.phy_dead;
		break;
	case 1:
		id.phy_error = !id.phy_error;
		break;
	case 2:
		id.fw_holds = !hostile_below(h, 4);
		break;
	case 3:
		id.master_stuck = !hostile_below(h, 2);
		break;
	case 4:
		id.reset_ns = hostile_below(h, 4) ? hostile_below(h, 100000) : LONG_NS;
		break;
	case 5:
		id.auto_read_ns = hostile_below(h, 4) ? hostile_below(h, 100000) : LONG_NS;
		break;
	case 6:
		id.weak_off = 4 * hostile_below(h, INTEL_DEV_BAR_BYTES / 4);
		id.weak_bits = (uint32_t)hostile_random(h);
		break;
	case 7:
		id.md.stuck = !hostile_below(h, 8);
		break;
	default:
		id.nvm[hostile_below(h, 2) ? hostile_below(h, 4) :
					     hostile_below(h, INTEL_DEV_NVM_WORDS)] =
			(uint16_t)hostile_number(h, 0);
		break;
	}
}

/* The cable, the link partner and the PHY. */
static void link_lies(struct hostile *h)
{
	h->lied = true;
	if (id.md.gone)
		return;
	switch (hostile_below(h, 3)) {
	case 0:
		intel_dev_cable(&id, hostile_below(h, 4));
		break;
	case 1:
		intel_dev_partner(&id, (uint16_t)hostile_random(h), (uint16_t)hostile_random(h));
		break;
	default:
		id.phy[hostile_below(h, 32)] = (uint16_t)hostile_number(h, 0);
		break;
	}
}

static void deed(struct hostile *h)
{
	/* By how often: honest work comes first, or nothing would be in the rings. */
	static void (*const deeds[])(struct hostile *) = {
		receive,           receive,          receive,
		receive,           receive,          receive,
		receive,           receive,          transmit,
		transmit,          transmit,         transmit,
		time_passes,       time_passes,      descriptors,
		descriptors,       length,           endless,
		not_given,         descriptor,       descriptor,
		register_word,     causes,           parts,
		link_lies,         hostile_scribble, hostile_registers,
		hostile_interrupt, hostile_vanish,   hostile_honest,
		hostile_honest,
	};
	const unsigned i = hostile_below(h, FN_ARRAY_LEN(deeds));

	hostile_note(h, i);
	deeds[i](h);
}

static void honest(struct hostile *h)
{
	(void)h;
	lies.rate = 0;
	lies.endless = false;
	lies.len = UINT32_MAX;
	id.phy_dead = false;
	id.phy_error = false;
	id.fw_holds = false;
	id.master_stuck = false;
	id.link_ns = 1000;
	id.reset_ns = 1000;
	id.auto_read_ns = 1000;
	id.reset_until_ns = 0;
	id.pause_until_ns = 0;
	id.weak_bits = 0;
	id.md.stuck = false;
	/* No reset changes what firmware says that it has. */
	id.reg[IDEV_SW_FW_SYNC / 4] &= IDEV_SYNC_SW_MASK;
	memcpy(id.nvm, honest_nvm, sizeof(honest_nvm));
	/* A driver goes by which PHY it is, as each kind is forced to a speed its own way. */
	id.phy[2] = (uint16_t)(id.phy_id >> 16);
	id.phy[3] = (uint16_t)id.phy_id;
	intel_dev_cable(&id, true);
	intel_dev_partner(&id, honest_partner[0], honest_partner[1]);
}

static void begin(struct hostile *h, enum intel_family family)
{
	intel_dev_init(&id, family);
	/* Some are younger: an I350, which has half as many queues. */
	if (family == INTEL_82576 && !hostile_below(h, 3)) {
		id.successor = true;
		id.queues = 8;
		id.md.cfg[2] = 0x21;
		id.md.cfg[3] = 0x15;
	}
	lies = (struct intel_lies){ .h = h, .len = UINT32_MAX };
	id.writeback = write_back;
	id.auto_tx = hostile_below(h, 2);
	id.md.late_max_ns = hostile_below(h, 2) ? 0 : 1 + hostile_below(h, 20000);
	id.posted_max_ns = hostile_below(h, 2) ? 0 : 1 + hostile_below(h, 1000);
	id.masks_by_eiac = hostile_below(h, 2);
	id.stale_stats = hostile_below(h, 2);
	id.md.busdev.irqs = 1 + hostile_below(h, id.md.busdev.irqs);
	id.md.events = true;
	memcpy(honest_nvm, id.nvm, sizeof(honest_nvm));
	honest_partner[0] = id.phy[5];
	honest_partner[1] = id.phy[10];
	h->md = &id.md;
	model_dev_plug(&id.md, 3);
}

static void begin_e1000e(struct hostile *h)
{
	begin(h, INTEL_82574);
}

static void begin_igb(struct hostile *h)
{
	begin(h, INTEL_82576);
}

static void transmit_all(struct hostile *h, unsigned queue)
{
	(void)h;
	(void)intel_dev_transmit(&id, queue, 1000);
}

const struct hostile_kind hostile_e1000e = {
	.name = "e1000e",
	.begin = begin_e1000e,
	.deed = deed,
	.honest = honest,
	.receive = receive_flow,
	.transmit = transmit_all,
};

const struct hostile_kind hostile_igb = {
	.name = "igb",
	.begin = begin_igb,
	.deed = deed,
	.honest = honest,
	.receive = receive_flow,
	.transmit = transmit_all,
};
