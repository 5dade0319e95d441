// SPDX-License-Identifier: BSD-3-Clause
/*
 * 82574 and 82576 of the model, in the sweep's world: what a register asks for and the device does
 * not do, or not in time.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "model/intel_dev.h"
#include "model/model_build.h"
#include "sweep/fault.h"
#include "sweep/subject.h"

/* Flows that are tried to find one that leads to a queue. */
#define FLOWS 64u

/* How long firmware that was told to keeps a semaphore: longer than a driver waits for it. */
#define FIRMWARE_NS 200000000u

static struct intel_dev id;

/**
 * struct held_back - what a fault goes on with
 * @reset: CTRL.RST reads as set until CTRL is written again
 * @firmware_until_ns: the firmware gives the semaphore back
 */
static struct held_back {
	bool reset;
	uint64_t firmware_until_ns;
} held_back;

static uint32_t reg(uint32_t off)
{
	return id.reg[off / 4];
}

static struct model_dev *plug(enum intel_family family, unsigned slot)
{
	intel_dev_init(&id, family);
	id.md.events = true;
	id.auto_tx = false;
	held_back = (struct held_back){ 0 };
	model_dev_plug(&id.md, slot);
	return &id.md;
}

static struct model_dev *plug_74(unsigned slot)
{
	return plug(INTEL_82574, slot);
}

static struct model_dev *plug_76(unsigned slot)
{
	return plug(INTEL_82576, slot);
}

/*
 * Semaphores that the driver has. One cannot be given back while the firmware does not let its
 * register be written (82576 8.7.1), nor may it be while a reset goes on (82574 10.2.2.1): who
 * comes next has it, or takes it after its deadline.
 */
static uint32_t semaphores(void)
{
	if (held_back.firmware_until_ns || held_back.reset)
		return 0;
	return (reg(IDEV_SWSM) & (IDEV_SWSM_SMBI | IDEV_SWSM_SWESMBI)) |
	       (reg(IDEV_SW_FW_SYNC) & IDEV_SYNC_SW_MASK) << 4 |
	       (reg(IDEV_EXTCNF_CTRL) & IDEV_EXTCNF_MDIO_SW) << 20;
}

static void unplug(void)
{
	if (!semaphores()) {
		id.reg[IDEV_SW_FW_SYNC / 4] &= ~IDEV_SYNC_SW_MASK;
		id.reg[IDEV_EXTCNF_CTRL / 4] &= ~IDEV_EXTCNF_MDIO_SW;
	}
	intel_dev_check_left(&id);
	model_dev_unplug(&id.md);
}

static void cable(bool plugged)
{
	intel_dev_cable(&id, plugged);
}

static void hold(bool on)
{
	id.auto_tx = !on;
}

static unsigned transmit(unsigned pair)
{
	return intel_dev_transmit(&id, pair, UINT32_MAX);
}

/* A broadcast, which all filters let in, of a flow that leads to the queue. */
static int receive(unsigned pair, uint8_t frame[SWEEP_FRAME])
{
	static uint8_t built[MODEL_FRAME_MAX];
	struct model_build b = { .dst = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff },
				 .ip = 4,
				 .proto = MODEL_PROTO_TCP,
				 .payload = SWEEP_FRAME - 14 - 20 - 20 };
	int queue = -ENOENT;

	for (b.sport = 1; b.sport <= FLOWS; b.sport++) {
		uint32_t len;

		b.src_addr = 0x0a010000u + 5u * b.sport;
		len = model_build(built, &b);

		memcpy(frame, built, SWEEP_FRAME);
		queue = intel_dev_would_receive(&id, frame, len);
		if (queue < 0)
			return queue;
		if ((unsigned)queue == pair)
			return intel_dev_receive(&id, frame, len) == queue ? 0 : -EIO;
	}
	return -ENOENT;
}

static void put_sum(struct sweep_text *t, const char *name, uint32_t off, size_t bytes)
{
	sweep_put(t, " %s=%" PRIx64, name, sweep_sum(&id.reg[off / 4], bytes));
}

/* Addresses in the exact table; what an entry that is off holds is of no effect. */
static void put_macs(struct sweep_text *t)
{
	for (unsigned i = 0; i < (id.family == INTEL_82576 ? 24u : 16u); i++)
		if (reg(IDEV_RAH(i)) & IDEV_RAH_AV)
			sweep_put(t, " ra%u=%04x%08x", i, reg(IDEV_RAH(i)) & 0xffffu,
				  reg(IDEV_RAL(i)));
}

static void put_rings(struct sweep_text *t)
{
	for (unsigned i = 0; i < 2 * id.queues; i++) {
		const bool tx = i % 2;
		const uint32_t size = intel_dev_ring_size(&id, tx, i / 2);

		if (size)
			sweep_put(t, " %s%u=%u/%x/%x", tx ? "tx" : "rx", i / 2, size,
				  *intel_dev_qreg(&id, tx, i / 2, IDEV_Q_CTL),
				  tx || id.family == INTEL_82574 ?
					  0 :
					  *intel_dev_qreg(&id, tx, i / 2, IDEV_Q_SRRCTL));
	}
}

static void put_irqs(struct sweep_text *t)
{
	sweep_put(t, "\n ims=%x iam=%x", reg(IDEV_IMS), reg(IDEV_IAM));
	if (id.family == INTEL_82576) {
		sweep_put(t, " gpie=%x eims=%x eiac=%x eiam=%x misc=%x", reg(IDEV_GPIE),
			  reg(IDEV_EIMS), reg(IDEV_EIAC), reg(IDEV_EIAM), reg(IDEV_IVAR_MISC));
		put_sum(t, "ivar", IDEV_IVAR_76, 32);
		put_sum(t, "eitr", IDEV_EITR_76, 100);
		return;
	}
	sweep_put(t, " eiac=%x ivar=%x itr=%x rdtr=%x radv=%x tidv=%x tadv=%x", reg(IDEV_EIAC_74),
		  reg(IDEV_IVAR_74), reg(IDEV_ITR), reg(IDEV_RDTR), reg(IDEV_RADV), reg(IDEV_TIDV),
		  reg(IDEV_TADV));
	put_sum(t, "eitr", IDEV_EITR_74, 20);
}

/*
 * The LEDs, which blink in any state, and semaphores; the rest while it runs, as a reset forgets
 * it. The PHY (802.3 22.2.4: control, advertisement, 1000BASE-T control) does not, but is set up
 * anew then.
 */
static void state(struct sweep_text *t)
{
	const uint32_t ctrl = IDEV_CTRL_FD | IDEV_CTRL_SLU | 3u << 8 | IDEV_CTRL_FRCSPD |
			      IDEV_CTRL_FRCDPX | IDEV_CTRL_RFCE | IDEV_CTRL_RFCE << 1 |
			      IDEV_CTRL_VME;
	const bool runs = reg(IDEV_RCTL) & IDEV_RCTL_EN || reg(IDEV_TCTL) & IDEV_TCTL_EN;

	sweep_put(t, " runs=%d leds=%x semaphores=%x", runs, reg(IDEV_LEDCTL), semaphores());
	if (!runs)
		return;
	sweep_put(t, " phy=%x/%x/%x ctrl=%x ext=%x rctl=%x tctl=%x rxcsum=%x rfctl=%x rlpml=%x",
		  id.phy[0], id.phy[4], id.phy[9], reg(IDEV_CTRL) & ctrl, reg(IDEV_CTRL_EXT),
		  reg(IDEV_RCTL), reg(IDEV_TCTL), reg(IDEV_RXCSUM), reg(IDEV_RFCTL),
		  reg(IDEV_RLPML));
	sweep_put(t, " pause=%x/%x/%x mrqc=%x", reg(IDEV_FCRTL), reg(IDEV_FCRTH), reg(IDEV_FCTTV),
		  reg(IDEV_MRQC));
	put_macs(t);
	put_sum(t, "mta", IDEV_MTA, 512);
	put_sum(t, "vfta", IDEV_VFTA, 512);
	put_sum(t, "reta", IDEV_RETA, 128);
	put_sum(t, "rssrk", IDEV_RSSRK, 40);
	put_rings(t);
	put_irqs(t);
}

/* With the call that is swept its faults are over, this one too. */
static void firmware_looks(bool asked)
{
	const uint64_t now_ns = id.md.clock->now_ns;

	if (!fault_is_armed() || now_ns >= held_back.firmware_until_ns)
		id.fw_holds = false;
	if (asked && !id.fw_holds && fault_here("semaphore (kept by the firmware)")) {
		id.fw_holds = true;
		held_back.firmware_until_ns = now_ns + FIRMWARE_NS;
	}
}

static bool asks_for_semaphore(uint32_t off, uint32_t value)
{
	if (id.family == INTEL_82574)
		return off == IDEV_EXTCNF_CTRL && (value & IDEV_EXTCNF_MDIO_SW);
	return off == IDEV_SWSM && (value & IDEV_SWSM_SWESMBI);
}

static bool starts_queue(uint32_t off, uint32_t value)
{
	uint32_t which;
	unsigned queue;
	bool tx;

	return id.family == INTEL_82576 && (value & IDEV_QCTL_ENABLE) &&
	       intel_dev_queue_reg(&id, off, &tx, &queue, &which) && which == IDEV_Q_CTL;
}

static void ctrl_is_written(uint32_t value)
{
	held_back.reset = (value & IDEV_CTRL_RST) && fault_here("CTRL.RST (unending)");
	id.master_stuck = !(value & IDEV_CTRL_RST) && (value & IDEV_CTRL_GIO_MASTER_DISABLE) &&
			  fault_here("master disable (unending)");
}

static uint64_t read_reg(struct fn_busdev *busdev, unsigned idx, uint64_t off, unsigned width)
{
	const uint64_t value = model_bus.bar_read(busdev, idx, off, width);

	return off == IDEV_CTRL && held_back.reset ? value | IDEV_CTRL_RST : value;
}

static void write_reg(struct fn_busdev *busdev, unsigned idx, uint64_t off64, unsigned width,
		      uint64_t value)
{
	const uint32_t off = (uint32_t)off64;

	if (id.md.gone)
		return;
	firmware_looks(asks_for_semaphore(off, (uint32_t)value));
	if (off == IDEV_CTRL)
		ctrl_is_written((uint32_t)value);
	if (off == IDEV_MDIC) {
		id.phy_error = fault_here("PHY (error)");
		id.phy_dead = !id.phy_error && fault_here("PHY (unanswered)");
	}
	if (starts_queue(off, (uint32_t)value) && fault_here("queue (does not start)"))
		value &= ~(uint64_t)IDEV_QCTL_ENABLE;
	if (off == IDEV_EERD && fault_here("NVM (unanswered)"))
		id.reg[IDEV_EERD / 4] = 0;
	else
		model_bus.bar_write(busdev, idx, off, width, value);
	id.phy_error = false;
	id.phy_dead = false;
}

const struct sweep_subject sweep_e1000e = {
	.name = "e1000e",
	.asks_again = true,
	.plug = plug_74,
	.unplug = unplug,
	.cable = cable,
	.hold = hold,
	.transmit = transmit,
	.receive = receive,
	.state = state,
	.read = read_reg,
	.write = write_reg,
};

const struct sweep_subject sweep_igb = {
	.name = "igb",
	.asks_again = true,
	.plug = plug_76,
	.unplug = unplug,
	.cable = cable,
	.hold = hold,
	.transmit = transmit,
	.receive = receive,
	.state = state,
	.read = read_reg,
	.write = write_reg,
};
