// SPDX-License-Identifier: BSD-3-Clause
/* The Intel model, 82574 and 82576: interrupts, statistics, registers, and misbehaviour. */
#include <unistd.h>

#include "model/intel_port.h"

static unsigned irqs(unsigned vector)
{
	uint64_t n = 0;

	return read(is.fds[vector], &n, sizeof(n)) == sizeof(n) ? (unsigned)n : 0;
}

/* A vector a queue, masks, and what clears by itself. */
static void interrupts(void **state)
{
	struct intel_standin_rx rx;
	const struct model_build b = { .payload = 60 };
	uint32_t len;

	(void)state;
	up_opts((struct intel_standin_opts){ .queues = 2 });
	assert_int_equal(irqs(0), 1); /* the link came up */
	assert_true(intel_standin_read(&is, IDEV_ICR) & IDEV_ICR_LSC);
	(void)intel_standin_read(&is, IDEV_ICR);
	if (family == INTEL_82576)
		(void)intel_standin_read(&is, IDEV_EICR);
	(void)receive(&b, &rx);
	assert_int_equal(irqs(1), 1);
	assert_int_equal(irqs(2), 0);
	len = model_build(frame, &b);
	assert_true(intel_standin_send(&is, 1, frame, len, &plain_tx) >= 0);
	assert_int_equal(irqs(1), 0);
	assert_int_equal(irqs(2), 1);
	/* Masked: it waits, and comes when it may. */
	if (family == INTEL_82576)
		intel_standin_write(&is, IDEV_EIMC, 1u << 1);
	else
		intel_standin_write(&is, IDEV_IMC, IDEV_ICR_RXQ0);
	(void)receive(&b, &rx);
	assert_int_equal(irqs(1), 0);
	if (family == INTEL_82576)
		intel_standin_write(&is, IDEV_EIMS, 1u << 1);
	else
		intel_standin_write(&is, IDEV_IMS, IDEV_ICR_RXQ0);
	assert_int_equal(irqs(1), 1);
	/* Auto-mask: one, and no more until it is let through again. */
	if (family == INTEL_82576) {
		intel_standin_write(&is, IDEV_EIAM, 1u << 1);
		intel_standin_write(&is, IDEV_GPIE,
				    IDEV_GPIE_MSIX | IDEV_GPIE_NSICR | IDEV_GPIE_EIAME |
					    IDEV_GPIE_PBA);
	} else {
		intel_standin_write(&is, IDEV_IAM, IDEV_ICR_RXQ0);
		intel_standin_write(&is, IDEV_CTRL_EXT,
				    IDEV_CTRL_EXT_RESERVED_74 | IDEV_CTRL_EXT_EIAME);
	}
	(void)receive(&b, &rx);
	(void)receive(&b, &rx);
	assert_int_equal(irqs(1), 1);
	if (family == INTEL_82576)
		intel_standin_write(&is, IDEV_EIMS, 1u << 1);
	else
		intel_standin_write(&is, IDEV_IMS, IDEV_ICR_RXQ0);
	assert_int_equal(irqs(1), 1);
	/* What has to be set first. */
	if (family == INTEL_82576) {
		intel_standin_write(&is, IDEV_GPIE, IDEV_GPIE_MSIX | IDEV_GPIE_NSICR);
		intel_standin_write(&is, IDEV_EIMS, 1u << 1);
		assert_violation(&id.md, "GPIE is not set for MSI-X");
	} else {
		intel_standin_write(&is, IDEV_IVAR_74, 0x8u << 16 | 0x9u << 8 | 0xa0u);
		assert_true(intel_standin_send(&is, 1, frame, len, &plain_tx) >= 0);
		assert_no_violation(&id.md);
		assert_true(intel_standin_send(&is, 0, frame, len, &plain_tx) >= 0);
		assert_violation(&id.md, "not each write-back");
		assert_int_equal(irqs(1), 1);
	}
	/* By hand. */
	intel_standin_write(&is, family == INTEL_82576 ? IDEV_EICS : IDEV_ICS,
			    family == INTEL_82576 ? 1u << 2 : IDEV_ICR_RXQ0 << 1);
	assert_int_equal(irqs(2), 1);
	intel_dev_cable(&id, false);
	assert_int_equal(irqs(0), 1);
	assert_false(intel_standin_read(&is, IDEV_STATUS) & IDEV_STATUS_LU);
	assert_int_equal(intel_dev_receive(&id, frame, len), -ENETDOWN);
	down();
}

/* EITR: at most one message in its time, and none lost. */
static void moderation(void **state)
{
	const struct model_build b = { .payload = 60 };
	struct intel_standin_rx rx;

	(void)state;
	up();
	/* 100 microseconds: 82576 bits 14:2; 82574 in 256 ns. */
	if (family == INTEL_82576)
		intel_standin_write(&is, IDEV_EITR_76 + 4, 100u << 2);
	else
		intel_standin_write(&is, IDEV_EITR_74 + 4, 391);
	(void)receive(&b, &rx);
	assert_int_equal(irqs(1), 1);
	for (unsigned i = 0; i < 9; i++) {
		model_bus.delay_ns(is.busdev, 10000);
		(void)receive(&b, &rx);
		assert_int_equal(irqs(1), 0);
	}
	model_bus.delay_ns(is.busdev, 11000);
	assert_int_equal(irqs(1), 1);
	model_bus.delay_ns(is.busdev, 500000);
	assert_int_equal(irqs(1), 0);
	(void)receive(&b, &rx);
	assert_int_equal(irqs(1), 1);
	down();
}

/* 82574: RDTR from the last packet, RADV from the first; TIDV for descriptors that allow it. */
static void delays(void **state)
{
	const struct model_build b = { .payload = 60 };
	struct intel_standin_rx rx;
	uint32_t dw[4];

	(void)state;
	if (family == INTEL_82576)
		return;
	up();
	intel_standin_write(&is, IDEV_RDTR, 10);
	intel_standin_write(&is, IDEV_RADV, 25);
	for (unsigned i = 0; i < 3; i++) {
		(void)receive(&b, &rx);
		model_bus.delay_ns(is.busdev, i < 2 ? 10000 : 5599);
		assert_int_equal(irqs(1), 0);
	}
	/* RADV ends at 25,600 ns, RDTR would at 30,240. */
	model_bus.delay_ns(is.busdev, 1);
	assert_int_equal(irqs(1), 1);
	model_bus.delay_ns(is.busdev, 100000);
	assert_int_equal(irqs(1), 0);
	(void)receive(&b, &rx);
	model_bus.delay_ns(is.busdev, 10239);
	assert_int_equal(irqs(1), 0);
	model_bus.delay_ns(is.busdev, 1);
	assert_int_equal(irqs(1), 1);
	(void)receive(&b, &rx);
	intel_standin_write(&is, IDEV_RDTR, 10 | IDEV_DELAY_FPD);
	assert_int_equal(irqs(1), 1);
	assert_int_equal(intel_standin_read(&is, IDEV_RDTR), 10);
	intel_standin_write(&is, IDEV_TIDV, 0);
	assert_violation(&id.md, "TIDV is 0");
	/* The stand-in does not set IDE: at once. */
	intel_standin_write(&is, IDEV_TIDV, 10);
	assert_true(intel_standin_send(&is, 0, frame, 74, &plain_tx) >= 0);
	assert_int_equal(irqs(1), 1);
	id.auto_tx = false;
	assert_true(intel_standin_send(&is, 0, frame, 74, &plain_tx) >= 0);
	assert_true(intel_dev_desc_read(&id, true, 0, 1, dw));
	dw[2] |= IDEV_TXD_IDE;
	intel_dev_desc_write(&id, true, 0, 1, dw);
	assert_int_equal(intel_dev_transmit(&id, 0, 9), 1);
	assert_int_equal(irqs(1), 0);
	model_bus.delay_ns(is.busdev, 10240);
	assert_int_equal(irqs(1), 1);
	down();
}

static void statistics(void **state)
{
	static const uint8_t multi[6] = { 0x01, 0, 0x5e, 1, 1, 1 };
	struct model_build b = { .payload = 46 };
	uint32_t bytes = 0;
	struct intel_standin_rx rx;

	(void)state;
	up_opts((struct intel_standin_opts){ .rctl = IDEV_RCTL_MPE | IDEV_RCTL_BAM });
	for (unsigned i = 0; i < 12; i++) {
		b.payload = 46 + i * 100;
		bytes += receive(&b, &rx) + 4;
		assert_true(intel_standin_send(&is, 0, frame, 60 + i * 100, &plain_tx) >= 0);
		assert_int_equal(intel_standin_reclaim(&is, 0), 1);
	}
	memcpy(b.dst, multi, 6);
	bytes += receive(&b, &rx) + 4;
	memset(b.dst, 0xff, 6);
	bytes += receive(&b, &rx) + 4;
	assert_int_equal(intel_standin_read(&is, IDEV_GPRC), 14);
	assert_int_equal(intel_standin_read(&is, IDEV_GPRC), 0);
	assert_int_equal(intel_standin_read(&is, IDEV_MPRC), 1);
	assert_int_equal(intel_standin_read(&is, IDEV_BPRC), 1);
	assert_int_equal(intel_standin_read(&is, IDEV_GORCL), bytes);
	assert_int_equal(intel_standin_read(&is, IDEV_GORCL), bytes); /* the high half clears */
	assert_int_equal(intel_standin_read(&is, IDEV_GORCH), 0);
	assert_int_equal(intel_standin_read(&is, IDEV_GORCL), 0);
	assert_int_equal(intel_standin_read(&is, IDEV_PRC64), 1);
	assert_int_equal(intel_standin_read(&is, IDEV_PRC64 + 4), 0);
	assert_int_equal(intel_standin_read(&is, IDEV_PRC64 + 8), 1);  /* 164 */
	assert_int_equal(intel_standin_read(&is, IDEV_PRC64 + 12), 3); /* 264 to 464 */
	assert_int_equal(intel_standin_read(&is, IDEV_PRC64 + 16), 5); /* 564 to 964 */
	assert_int_equal(intel_standin_read(&is, IDEV_PRC64 + 20), 4); /* 1064, 1164 (3 times) */
	assert_int_equal(intel_standin_read(&is, IDEV_GPTC), 12);
	assert_int_equal(intel_standin_read(&is, IDEV_PTC64), 1);
	assert_int_equal(intel_standin_read(&is, IDEV_GOTCL), 12 * 64 + 6600);
	if (family == INTEL_82576) {
		assert_int_equal(intel_standin_read(&is, IDEV_PQGPRC(0)), 14);
		assert_int_equal(intel_standin_read(&is, IDEV_PQGPTC(0)), 12);
		assert_int_equal(intel_standin_read(&is, IDEV_PQGPTC(1)), 0);
	}
	down();
}

/* What was on the wire is what was received and what was missed, each frame in one of them. */
static void missed(void **state)
{
	const uint32_t rqdpc = IDEV_RXQ_76 + IDEV_Q_DROPS;
	const uint32_t srrctl = IDEV_RXQ_76 + IDEV_Q_SRRCTL;
	const struct model_build b = { .payload = 100 };
	const uint32_t len = model_build(frame, &b);

	(void)state;
	up_opts((struct intel_standin_opts){ .ring = 8 });
	for (unsigned i = 0; i < 7; i++)
		assert_int_equal(intel_dev_receive(&id, frame, len), 0);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(intel_dev_receive(&id, frame, len), -ENOBUFS);
	assert_int_equal(intel_standin_read(&is, IDEV_TPR), 10);
	assert_int_equal(intel_standin_read(&is, IDEV_GPRC), 7);
	assert_int_equal(intel_standin_read(&is, IDEV_PRC64 + 4), 7);
	assert_int_equal(intel_standin_read(&is, IDEV_GORCL), 7 * (len + 4));
	assert_int_equal(intel_standin_read(&is, IDEV_MPC), 3);
	assert_int_equal(intel_standin_read(&is, IDEV_RNBC), 3);
	if (family == INTEL_82576) {
		assert_int_equal(intel_standin_read(&is, IDEV_PQGPRC(0)), 7);
		intel_standin_write(&is, srrctl,
				    intel_standin_read(&is, srrctl) | IDEV_SRRCTL_DROP_EN);
		assert_int_equal(intel_dev_receive(&id, frame, len), -ENOBUFS);
		assert_int_equal(intel_standin_read(&is, rqdpc), 1);
		assert_int_equal(intel_standin_read(&is, IDEV_MPC), 0);
		assert_int_equal(intel_standin_read(&is, IDEV_PQGPRC(0)), 7); /* runs on */
	}
	down();
}

static void registers(void **state)
{
	uint16_t sum = 0;

	(void)state;
	up();
	for (unsigned i = 0; i < 64; i++)
		sum = (uint16_t)(sum + intel_standin_nvm(&is, i));
	assert_int_equal(sum, 0xbaba);
	assert_int_equal(intel_standin_nvm(&is, 1), 0x1200);
	assert_int_equal(intel_standin_read(&is, IDEV_RAL(0)), 0x12005452);
	assert_int_equal(intel_standin_read(&is, IDEV_RAH(0)), 0x80005634);
	assert_int_equal(intel_standin_phy(&is, 1, 2), family == INTEL_82576 ? 0x2a8 : 0x141);
	assert_true(intel_standin_phy(&is, 1, 1) & 4);
	assert_int_equal(intel_standin_phy(&is, 2, 2), -EIO);
	id.md.late_min_ns = id.md.late_max_ns = 50000;
	assert_true(intel_standin_phy(&is, 1, 1) & 4);
	/* The semaphore is taken by the read. */
	assert_int_equal(intel_standin_read(&is, IDEV_SWSM) & IDEV_SWSM_SMBI, 0);
	assert_int_equal(intel_standin_read(&is, IDEV_SWSM) & IDEV_SWSM_SMBI, 1);
	/* Mistakes. */
	(void)intel_standin_read(&is, 0x1ff00);
	assert_violation(&id.md, "does not know");
	intel_standin_write(&is, 0x3c, 1);
	assert_violation(&id.md, "does not know");
	(void)fn_bar_read16(&is.bar, 0);
	assert_violation(&id.md, "another width");
	intel_standin_write(&is, family == INTEL_82576 ? IDEV_RXQ_76 + 0x18 : IDEV_RXQ_74 + 0x18,
			    64);
	assert_violation(&id.md, "tail behind");
	intel_standin_write(&is, family == INTEL_82576 ? IDEV_RXQ_76 : IDEV_RXQ_74, 128);
	assert_violation(&id.md, "while its queue is on");
	intel_standin_write(&is, IDEV_CTRL, IDEV_CTRL_RST);
	assert_violation(&id.md, "without master disable");
	intel_standin_write(&is, IDEV_VET, 1);
	assert_violation(&id.md, "resets itself");
	model_bus.delay_ns(is.busdev, 1000);
	intel_standin_write(&is, IDEV_VET, 1);
	assert_violation(&id.md, "AUTO_RD");
	model_bus.delay_ns(is.busdev, 1000);
	assert_int_equal(intel_standin_read(&is, IDEV_RCTL), 0);
	assert_int_equal(intel_standin_read(&is, IDEV_VET), 1);
	if (family == INTEL_82576) {
		/* The old places of the first four queues are the same registers. */
		intel_standin_write(&is, IDEV_RXQ_74 + 0x300, 0x5000);
		assert_int_equal(intel_standin_read(&is, IDEV_RXQ_76 + 0xc0), 0x5000);
	}
	down();
}

struct lie {
	unsigned calls;
	unsigned mode;
	struct intel_wb before;
};

static void lie(void *arg, struct intel_wb *wb)
{
	struct lie *l = arg;

	l->calls++;
	switch (l->mode) {
	case 0:
		memset(wb->dw, 0xff, sizeof(wb->dw));
		break;
	case 1:
		wb->dw[3] = 0xffff;
		break;
	case 2:
		wb->lost = true;
		break;
	case 3: /* two frames the wrong way round */
		wb->idx ^= 1;
		break;
	default: /* the one before, once more */
		if (l->calls > 1)
			memcpy(wb->dw, l->before.dw, sizeof(wb->dw));
		l->before = *wb;
	}
}

/* What a test makes of the write-backs is what the driver finds. */
static void hostile(void **state)
{
	const struct model_build b = { .payload = 60 };
	struct intel_standin_rx rx;
	struct lie l = { 0 };
	uint32_t dw[4];
	uint32_t len;

	(void)state;
	up();
	len = model_build(frame, &b);
	id.writeback = lie;
	id.writeback_arg = &l;
	assert_int_equal(intel_dev_receive(&id, frame, len), 0);
	assert_true(intel_dev_desc_read(&id, false, 0, 0, dw));
	assert_int_equal(dw[0] & dw[1] & dw[2] & dw[3], UINT32_MAX);
	l.mode = 1;
	assert_int_equal(intel_dev_receive(&id, frame, len), 0);
	assert_true(intel_dev_desc_read(&id, false, 0, 1, dw));
	assert_int_equal(dw[3], 0xffff);
	l.mode = 2;
	assert_int_equal(intel_dev_receive(&id, frame, len), 0);
	assert_true(intel_dev_desc_read(&id, false, 0, 2, dw));
	assert_int_equal(dw[2], 0);
	l.mode = 3;
	assert_int_equal(intel_dev_receive(&id, frame, len), 0); /* descriptor 3 as 2 */
	assert_true(intel_dev_desc_read(&id, false, 0, 2, dw));
	assert_true(dw[2] & IDEV_RXD_DD);
	assert_true(intel_dev_desc_read(&id, false, 0, 3, dw));
	assert_false(dw[2] & IDEV_RXD_DD);
	l = (struct lie){ .mode = 4 };
	assert_int_equal(intel_dev_receive(&id, frame, len), 0);
	assert_int_equal(intel_dev_receive(&id, frame, len - 1), 0);
	assert_true(intel_dev_desc_read(&id, false, 0, 5, dw));
	assert_int_equal(dw[3], len);
	/* A frame sent, and never said to be. */
	l.mode = 2;
	assert_true(intel_standin_send(&is, 0, frame, len, &plain_tx) >= 0);
	assert_int_equal(wire.n, 1);
	assert_int_equal(intel_standin_reclaim(&is, 0), 0);
	id.writeback = NULL;
	/* Status bits out of nowhere. */
	dw[2] = IDEV_RXD_DD | IDEV_RXD_EOP | IDEV_RXD_RXE;
	dw[3] = 100;
	intel_dev_desc_write(&id, false, 0, 0, dw);
	assert_int_equal(intel_standin_recv(&is, 0, got, &rx), 100);
	assert_true(rx.status & IDEV_RXD_RXE);
	down();
}

/* Late, stuck, gone; and a driver that gives away what is not its own. */
static void away(void **state)
{
	const struct model_build b = { .payload = 60 };
	const uint32_t len = model_build(frame, &b);
	uint32_t dw[4] = { 0x1000, 0, 0, 0 };
	struct intel_standin_rx rx;

	(void)state;
	up();
	id.md.late_min_ns = id.md.late_max_ns = 7000;
	assert_true(intel_standin_send(&is, 0, frame, len, &plain_tx) >= 0);
	model_bus.delay_ns(is.busdev, 6900);
	assert_int_equal(intel_standin_reclaim(&is, 0), 0);
	model_bus.delay_ns(is.busdev, 100);
	assert_int_equal(intel_standin_reclaim(&is, 0), 1);
	id.md.stuck = true;
	assert_true(intel_standin_send(&is, 0, frame, len, &plain_tx) >= 0);
	model_bus.delay_ns(is.busdev, 1000000);
	assert_int_equal(intel_standin_reclaim(&is, 0), 0);
	assert_int_equal(intel_dev_receive(&id, frame, len), -ENETDOWN);
	id.md.stuck = false;
	assert_int_equal(intel_dev_transmit(&id, 0, 99), 1);
	/* TCTL.EN off: descriptors stay. */
	intel_standin_write(&is, IDEV_TCTL, 0);
	assert_true(intel_standin_send(&is, 0, frame, len, &plain_tx) >= 0);
	assert_int_equal(intel_dev_transmit(&id, 0, 99), 0);
	intel_dev_desc_write(&id, false, 0, 0, dw);
	assert_int_equal(intel_dev_receive(&id, frame, len), 0);
	assert_violation(&id.md, "not mapped");
	assert_int_equal(id.md.fault_iova, 0x1000);
	id.md.gone = true;
	assert_int_equal(intel_standin_read(&is, IDEV_STATUS), UINT32_MAX);
	assert_int_equal(intel_dev_receive(&id, frame, len), -ENETDOWN);
	(void)intel_standin_recv(&is, 0, got, &rx);
	down();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(interrupts), BOTH(moderation), BOTH(delays),  BOTH(statistics),
		BOTH(missed),     BOTH(registers),  BOTH(hostile), BOTH(away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
