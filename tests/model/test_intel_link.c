// SPDX-License-Identifier: BSD-3-Clause
/*
 * The Intel model, 82574 and 82576: NVM, semaphores, PHY and link, loopback, pause frames, resets,
 * and what takes its time.
 */
#include <unistd.h>

#include "model/intel_port.h"

#define QREG(tx, off)                                                \
	((family == INTEL_82576 ? (tx) ? IDEV_TXQ_76 : IDEV_RXQ_76 : \
	  (tx)                  ? IDEV_TXQ_74 :                      \
				  IDEV_RXQ_74) +                                      \
	 (off))

static unsigned irqs(unsigned vector)
{
	uint64_t n = 0;

	return read(is.fds[vector], &n, sizeof(n)) == sizeof(n) ? (unsigned)n : 0;
}

static void nvm(void **state)
{
	(void)state;
	up();
	id.nvm[300] = 0x1234;
	assert_int_equal(intel_standin_nvm(&is, 300), 0x1234);
	assert_int_equal(intel_standin_nvm(&is, 1999), 0xffff);
	id.md.late_min_ns = id.md.late_max_ns = 5000;
	assert_int_equal(intel_standin_nvm(&is, 300), 0x1234);
	assert_true(intel_standin_own(&is, true));
	intel_standin_write(&is, IDEV_EERD, 300u << 2 | IDEV_EERD_START);
	intel_standin_write(&is, IDEV_EERD, 1u << 2 | IDEV_EERD_START);
	assert_violation(&id.md, "before it was DONE");
	model_bus.delay_ns(is.busdev, 10000);
	id.md.late_min_ns = id.md.late_max_ns = 0;
	intel_standin_write(&is, IDEV_EERD, 0x3000u << 2 | IDEV_EERD_START);
	assert_violation(&id.md, "word of the NVM");
	assert_true(intel_standin_own(&is, false));
	/* The address is there again after each reset, whatever stood in its place. */
	intel_standin_write(&is, IDEV_RAL(0), 5);
	intel_standin_reset(&is);
	assert_int_equal(intel_standin_read(&is, IDEV_RAL(0)), 0x12005452);
	assert_int_equal(intel_standin_read(&is, IDEV_RAH(0)), 0x80005634);
	down();
}

static void semaphores(void **state)
{
	(void)state;
	up();
	assert_int_equal(intel_standin_phy(&is, 1, 2), family == INTEL_82576 ? 0x2a8 : 0x141);
	/* Without. */
	intel_standin_write(&is, IDEV_MDIC, IDEV_MDIC_READ | 1u << 21);
	assert_violation(&id.md, "without the semaphore");
	/* The PHY of another port. */
	if (family == INTEL_82576) {
		id.lan_id = 2;
		assert_int_equal(intel_standin_phy(&is, 1, 2), 0x2a8);
		assert_violation(&id.md, "without the semaphore");
		id.lan_id = 0;
	}
	/* The firmware's. */
	id.fw_holds = true;
	assert_int_equal(intel_standin_phy(&is, 1, 2), -EBUSY);
	id.fw_holds = false;
	if (family == INTEL_82576) {
		intel_standin_write(&is, IDEV_SW_FW_SYNC, IDEV_SYNC_SW_PHY0);
		assert_violation(&id.md, "without SWSM.SWESMBI");
		intel_standin_write(&is, IDEV_SWSM, IDEV_SWSM_SWESMBI);
		intel_standin_write(&is, IDEV_SW_FW_SYNC, 0);
		intel_standin_write(&is, IDEV_SWSM, 0);
	}
	/* The PHY does not answer. */
	id.phy_dead = true;
	assert_int_equal(intel_standin_phy(&is, 1, 2), -ETIMEDOUT);
	id.phy_dead = false;
	/* SMBI outlives a reset: the other port may have it. */
	assert_int_equal(intel_standin_read(&is, IDEV_SWSM) & IDEV_SWSM_SMBI, 0);
	intel_standin_reset(&is);
	assert_int_equal(intel_standin_read(&is, IDEV_SWSM) & IDEV_SWSM_SMBI, 1);
	intel_dev_check_left(&id);
	assert_violation(&id.md, "semaphore taken");
	intel_standin_write(&is, IDEV_SWSM, 0);
	intel_dev_check_left(&id);
	assert_no_violation(&id.md);
	down();
}

static uint32_t speed(void)
{
	return (intel_standin_read(&is, IDEV_STATUS) & IDEV_STATUS_SPEED_MASK) >>
	       IDEV_STATUS_SPEED_SHIFT;
}

static bool full(void)
{
	return intel_standin_read(&is, IDEV_STATUS) & IDEV_STATUS_FD;
}

/* Let autonegotiation end. */
static bool linked(void)
{
	model_bus.delay_ns(is.busdev, id.link_ns);
	return intel_standin_read(&is, IDEV_STATUS) & IDEV_STATUS_LU;
}

static void negotiation(void **state)
{
	/* Marvell's PHY takes nothing on without. */
	const uint16_t reset = family == INTEL_82574 ? 0x8000 : 0;

	(void)state;
	up();
	assert_true(speed() == 2 && full());
	(void)irqs(0);
	/* A partner with less, duplex too. */
	intel_dev_partner(&id, 0x0081, 0);
	assert_false(intel_standin_read(&is, IDEV_STATUS) & IDEV_STATUS_LU);
	assert_true(linked());
	assert_true(speed() == 1 && !full());
	assert_true(irqs(0) >= 1);
	intel_dev_partner(&id, 0x0041, 0);
	assert_true(linked());
	assert_true(speed() == 0 && full());
	/* Nothing in common. */
	intel_dev_partner(&id, 0x0001, 0);
	assert_false(linked());
	intel_dev_partner(&id, 0xcde1, 0x3c00);
	assert_true(linked());
	/* Offering less oneself: from the next restart on. */
	assert_int_equal(intel_standin_phy_write(&is, 9, 0), 0);
	assert_int_equal(speed(), 2);
	assert_int_equal(intel_standin_phy_write(&is, 0, 0x1340), 0);
	assert_false(intel_standin_read(&is, IDEV_STATUS) & IDEV_STATUS_LU);
	assert_true(linked());
	assert_true(speed() == 1 && full());
	/* By force: the PHY's, and the MAC's. */
	if (reset) {
		assert_int_equal(intel_standin_phy_write(&is, 0, 0x0100), 0);
		assert_true(linked());
		assert_true(speed() == 1 && full());
	}
	/* Not while it looks for crossed wires. */
	assert_int_equal(intel_standin_phy_write(&is, 0, 0x0100 | reset), 0);
	assert_false(linked());
	assert_int_equal(intel_standin_phy_write(&is, family == INTEL_82576 ? 18 : 16, 0), 0);
	assert_int_equal(intel_standin_phy_write(&is, 0, 0x0100 | reset), 0);
	assert_true(linked());
	assert_true(speed() == 0 && full());
	intel_standin_write(&is, IDEV_CTRL,
			    IDEV_CTRL_SLU | IDEV_CTRL_FRCSPD | IDEV_CTRL_FRCDPX | 1u << 8);
	/* Not of one mind. */
	assert_int_equal(intel_standin_phy_write(&is, 0, 0x0000 | reset), 0);
	assert_false(linked());
	assert_int_equal(intel_standin_phy_write(&is, 0, 0x2000 | reset), 0);
	assert_true(linked());
	assert_true(speed() == 1 && !full());
	/* Power down; and a reset of the PHY makes it as it was. */
	assert_int_equal(intel_standin_phy_write(&is, 0, 0x2800), 0);
	assert_false(linked());
	intel_standin_write(&is, IDEV_CTRL, IDEV_CTRL_SLU);
	assert_int_equal(intel_standin_phy_write(&is, 9, 0x0300), 0);
	assert_int_equal(intel_standin_phy_write(&is, 0, 0x9140), 0);
	assert_int_equal(intel_standin_phy(&is, 1, 0), 0x1140);
	assert_true(linked());
	assert_true(speed() == 2 && full());
	assert_true(intel_standin_read(&is, IDEV_STATUS) & IDEV_STATUS_PHYRA);
	intel_standin_write(&is, IDEV_STATUS, 0);
	assert_false(intel_standin_read(&is, IDEV_STATUS) & IDEV_STATUS_PHYRA);
	/* It says when it is done. */
	id.md.late_min_ns = id.md.late_max_ns = 9000;
	assert_int_equal(intel_standin_phy_write(&is, 0, 0x9140), 0);
	assert_int_equal(id.phy[0] & 0x8000, 0x8000);
	assert_true(linked() || linked() || linked() || linked() || linked() || linked() ||
		    linked() || linked() || linked() || linked());
	down();
}

/* In the MAC without any link; in the PHY, which has one then. Nothing gets out. */
static void loopback(void **state)
{
	const struct model_build b = { .payload = 200, .seq = 5 };
	struct intel_standin_rx rx;
	uint32_t len;

	(void)state;
	up_opts((struct intel_standin_opts){ .rctl = IDEV_RCTL_BAM | IDEV_RCTL_UPE });
	intel_dev_cable(&id, false);
	for (unsigned phy = 0; phy < 2; phy++) {
		len = model_build(frame, &b);
		if (phy) {
			/* The MAC has to take the PHY's link. */
			intel_standin_write(&is, IDEV_CTRL, 0);
			assert_int_equal(intel_standin_phy_write(&is, 0, 0x4140), 0);
			assert_false(linked() || intel_dev_loops(&id));
			intel_standin_write(&is, IDEV_CTRL, IDEV_CTRL_SLU);
			assert_true(linked());
		} else {
			intel_standin_write(&is, IDEV_RCTL,
					    intel_standin_read(&is, IDEV_RCTL) | IDEV_RCTL_LBM_MAC);
		}
		assert_true(intel_standin_send(&is, 0, frame, len, &plain_tx) >= 0);
		assert_int_equal(intel_standin_recv(&is, 0, got, &rx), len);
		assert_memory_equal(got, frame, len);
		assert_int_equal(wire.n, 0);
		intel_standin_write(&is, IDEV_RCTL,
				    intel_standin_read(&is, IDEV_RCTL) & ~IDEV_RCTL_LBM_MAC);
	}
	down();
}

static void pause_frames(void **state)
{
	uint8_t pause[60] = { 0x01, 0x80, 0xc2, 0x00, 0x00, 0x01, 2, 2, 2,
			      2,    2,    2,    0x88, 0x08, 0,    1, 0, 10 };
	uint32_t len = model_build(frame, &(struct model_build){ .payload = 60 });

	(void)state;
	up();
	/* Not asked for: it is counted as that, and no filter wants it. */
	assert_int_equal(intel_dev_receive(&id, pause, 60), -EPERM);
	assert_int_equal(intel_standin_read(&is, IDEV_FCRUC), 1);
	intel_standin_write(&is, IDEV_CTRL, IDEV_CTRL_SLU | IDEV_CTRL_RFCE);
	assert_int_equal(intel_dev_receive(&id, pause, 60), -EPERM);
	assert_int_equal(intel_standin_read(&is, IDEV_XOFFRXC), 1);
	assert_true(intel_standin_send(&is, 0, frame, len, &plain_tx) >= 0);
	assert_int_equal(wire.n, 0);
	pause[17] = 0;
	assert_int_equal(intel_dev_receive(&id, pause, 60), -EPERM);
	assert_int_equal(intel_standin_read(&is, IDEV_XONRXC), 1);
	assert_int_equal(wire.n, 1);
	/* 10 quanta at 1 Gbit/s. */
	pause[17] = 10;
	assert_int_equal(intel_dev_receive(&id, pause, 60), -EPERM);
	model_bus.delay_ns(is.busdev, 5000);
	assert_true(intel_standin_send(&is, 0, frame, len, &plain_tx) >= 0);
	assert_int_equal(wire.n, 1);
	model_bus.delay_ns(is.busdev, 120);
	assert_int_equal(wire.n, 2);
	/* The other way: how long is said first. */
	intel_standin_write(&is, IDEV_CTRL, IDEV_CTRL_SLU | IDEV_CTRL_TFCE);
	assert_violation(&id.md, "of no time");
	intel_standin_write(&is, IDEV_FCTTV, 1);
	intel_standin_write(&is, IDEV_CTRL, IDEV_CTRL_SLU | IDEV_CTRL_TFCE);
	down();
}

/* Master disable: nothing more, and STATUS says so in its time, or never. */
static void master(void **state)
{
	const uint32_t len = model_build(frame, &(struct model_build){ .payload = 60 });

	(void)state;
	up();
	id.md.late_min_ns = id.md.late_max_ns = 3000;
	intel_standin_write(&is, IDEV_CTRL, IDEV_CTRL_SLU | IDEV_CTRL_GIO_MASTER_DISABLE);
	assert_true(intel_standin_read(&is, IDEV_STATUS) & IDEV_STATUS_GIO_MASTER);
	assert_int_equal(intel_dev_receive(&id, frame, len), -ENETDOWN);
	assert_true(intel_standin_send(&is, 0, frame, len, &plain_tx) >= 0);
	model_bus.delay_ns(is.busdev, 4000);
	assert_int_equal(wire.n, 0);
	assert_false(intel_standin_read(&is, IDEV_STATUS) & IDEV_STATUS_GIO_MASTER);
	intel_standin_write(&is, IDEV_CTRL, IDEV_CTRL_SLU);
	assert_true(intel_standin_read(&is, IDEV_STATUS) & IDEV_STATUS_GIO_MASTER);
	id.master_stuck = true;
	intel_standin_write(&is, IDEV_CTRL, IDEV_CTRL_SLU | IDEV_CTRL_GIO_MASTER_DISABLE);
	model_bus.delay_ns(is.busdev, 1000000);
	assert_true(intel_standin_read(&is, IDEV_STATUS) & IDEV_STATUS_GIO_MASTER);
	id.md.late_min_ns = id.md.late_max_ns = 0;
	intel_dev_check_left(&id);
	assert_violation(&id.md, "transmitter on");
	down();
}

/* What a driver may not do with queues and engines. */
static void order(void **state)
{
	const uint32_t ctl = QREG(false, IDEV_Q_CTL);

	(void)state;
	up();
	intel_standin_reset(&is);
	intel_standin_write(&is, IDEV_RCTL, IDEV_RCTL_EN);
	assert_violation(&id.md, "before a ring is set up");
	intel_standin_write(&is, IDEV_RCTL, 1u << 24);
	assert_violation(&id.md, "reserved bit of RCTL");
	intel_standin_write(&is, IDEV_RCTL, 0);
	intel_standin_write(&is, IDEV_RETA, family == INTEL_82576 ? 0x10 : 1);
	assert_violation(&id.md, "reserved bit of RETA");
	intel_standin_write(&is, IDEV_RETA, 0);
	if (family == INTEL_82574) {
		intel_standin_write(&is, IDEV_TXQ_74 + IDEV_Q_LEN, 128);
		intel_standin_write(&is, IDEV_TCTL, IDEV_TCTL_EN);
		assert_violation(&id.md, "TXDCTL bit 22");
		down();
		return;
	}
	intel_standin_write(&is, ctl, IDEV_QCTL_ENABLE);
	assert_violation(&id.md, "before its ring is set up");
	intel_standin_write(&is, ctl, 0);
	intel_standin_write(&is, QREG(false, IDEV_Q_LEN), 512);
	intel_standin_write(&is, QREG(false, IDEV_Q_TAIL), 5);
	assert_violation(&id.md, "before its queue is on");
	intel_standin_write(&is, QREG(false, IDEV_Q_SRRCTL), 17);
	assert_violation(&id.md, "16 KiB");
	/* The bit comes late, both ways. */
	id.md.late_min_ns = id.md.late_max_ns = 2000;
	intel_standin_write(&is, ctl, IDEV_QCTL_ENABLE);
	assert_false(intel_standin_read(&is, ctl) & IDEV_QCTL_ENABLE);
	model_bus.delay_ns(is.busdev, 2000);
	assert_true(intel_standin_read(&is, ctl) & IDEV_QCTL_ENABLE);
	intel_standin_write(&is, ctl, 0);
	assert_true(intel_standin_read(&is, ctl) & IDEV_QCTL_ENABLE);
	model_bus.delay_ns(is.busdev, 2000);
	assert_false(intel_standin_read(&is, ctl) & IDEV_QCTL_ENABLE);
	down();
}

/* Writes are on their way for a while, or until something is read. */
static void posted(void **state)
{
	const uint32_t len = model_build(frame, &(struct model_build){ .payload = 60 });
	unsigned reads;
	unsigned tails;

	(void)state;
	up();
	tails = id.tails[1][0];
	id.posted_max_ns = 4000;
	assert_true(intel_standin_send(&is, 0, frame, len, &plain_tx) >= 0);
	assert_int_equal(wire.n, 0);
	model_bus.delay_ns(is.busdev, 4000);
	assert_int_equal(wire.n, 1);
	reads = id.reads;
	assert_true(intel_standin_send(&is, 0, frame, len, &plain_tx) >= 0);
	assert_int_equal(id.reads, reads);
	assert_int_equal(wire.n, 1);
	(void)intel_standin_read(&is, IDEV_STATUS);
	assert_int_equal(id.reads, reads + 1);
	assert_int_equal(wire.n, 2);
	assert_int_equal(id.tails[1][0] - tails, 2);
	/* In order, and more than are kept. */
	for (unsigned i = 0; i < 200; i++)
		intel_standin_write(&is, IDEV_VET, i);
	assert_int_equal(intel_standin_read(&is, IDEV_VET), 199);
	id.posted_max_ns = 0;
	down();
}

/* A frame in several descriptors: the last one later, and before that of the next frame. */
static void parts(void **state)
{
	struct intel_standin_rx rx;
	uint32_t dw[4];
	uint32_t len;

	(void)state;
	up_opts((struct intel_standin_opts){
		.rctl = IDEV_RCTL_LPE | IDEV_RCTL_BAM, .rx_bytes = 1024, .ring = 16 });
	(void)irqs(1);
	id.md.late_min_ns = id.md.late_max_ns = 3000;
	len = model_build(frame, &(struct model_build){ .payload = 3000 });
	assert_int_equal(intel_dev_receive(&id, frame, len), 0);
	assert_true(intel_dev_desc_read(&id, false, 0, 1, dw) && (dw[2] & IDEV_RXD_DD));
	assert_true(intel_dev_desc_read(&id, false, 0, 2, dw) && !(dw[2] & IDEV_RXD_DD));
	assert_int_equal(irqs(1), 0);
	model_bus.delay_ns(is.busdev, 3000);
	assert_int_equal(irqs(1), 1);
	assert_int_equal(intel_standin_recv(&is, 0, got, &rx), len);
	assert_memory_equal(got, frame, len);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(intel_dev_receive(&id, frame, len), 0);
	assert_int_equal(intel_standin_recv(&is, 0, got, &rx), len);
	assert_int_equal(intel_standin_recv(&is, 0, got, &rx), -EAGAIN);
	model_bus.delay_ns(is.busdev, 3000);
	assert_int_equal(intel_standin_recv(&is, 0, got, &rx), len);
	down();
}

/* A wire that keeps what finds no room asks first. */
static void starved(void **state)
{
	const struct model_build b = { .payload = 60 };
	const uint32_t len = model_build(frame, &b);
	struct intel_standin_rx rx;
	unsigned n = 0;

	(void)state;
	up_opts((struct intel_standin_opts){ .rctl = IDEV_RCTL_BAM, .ring = 8 });
	(void)irqs(0);
	(void)intel_standin_read(&is, IDEV_ICR);
	if (family == INTEL_82574)
		intel_standin_write(&is, IDEV_ICR, UINT32_MAX);
	else
		(void)intel_standin_read(&is, IDEV_EICR);
	intel_standin_write(&is, IDEV_IMS, IDEV_ICR_RXO);
	while (intel_dev_would_receive(&id, frame, len) == 0) {
		assert_int_equal(intel_dev_receive(&id, frame, len), 0);
		n++;
	}
	assert_int_equal(n, 7);
	assert_int_equal(intel_dev_would_receive(&id, frame, len), -ENOBUFS);
	intel_dev_starved(&id);
	assert_int_equal(irqs(0), 1);
	assert_true(intel_standin_read(&is, IDEV_ICR) & IDEV_ICR_RXO);
	assert_int_equal(intel_standin_read(&is, IDEV_RNBC), 1);
	assert_int_equal(id.dropped, 0);
	assert_int_equal(intel_standin_recv(&is, 0, got, &rx), len);
	assert_int_equal(intel_dev_would_receive(&id, frame, len), 0);
	frame[0] ^= 2;
	assert_int_equal(intel_dev_would_receive(&id, frame, len), -EPERM);
	intel_standin_write(&is, IDEV_RCTL, 0);
	assert_int_equal(intel_dev_would_receive(&id, frame, len), -ENETDOWN);
	down();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(nvm),          BOTH(semaphores), BOTH(negotiation), BOTH(loopback),
		BOTH(pause_frames), BOTH(master),     BOTH(order),       BOTH(posted),
		BOTH(parts),        BOTH(starved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
