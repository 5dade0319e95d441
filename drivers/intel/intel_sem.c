// SPDX-License-Identifier: BSD-3-Clause
/* Semaphores between software, firmware and the ports of a controller. */
#include <errno.h>

#include "drivers/intel/intel.h"
#include "drivers/intel/intel_sem.h"

/* 82574 10.2: one flag for the MDIO wires and the NVM, as Linux uses it, which hardware grants. */
#define EXTCNF_CTRL 0x00f00u
#define EXTCNF_CTRL_MDIO_SW (1u << 5)

/*
 * 82576 8.7, I210 4.6.1: SMBI keeps programs apart, SWESMBI keeps software and firmware apart, and
 * while both are held SW_FW_SYNC says who has what: software in the low half, firmware in the high
 * one.
 */
#define SWSM 0x05b50u
#define SWSM_SMBI (1u << 0)
#define SWSM_SWESMBI (1u << 1)
#define SW_FW_SYNC 0x05b5cu
#define SW_FW_NVM 0x0001u
#define SW_FW_FIRMWARE_SHIFT 16

/* Held for a few register accesses; and for what is done with the PHY or the NVM. */
#define SHORT_NS FN_MS(100)
#define LONG_NS FN_MS(1000)
#define POLL_NS FN_US(50)

static bool is_late(struct fn_dev *dev, uint64_t start_ns, uint64_t limit_ns)
{
	return fn_dev_now_ns(dev) - start_ns >= limit_ns;
}

/* Between two looks: whoever has it needs time on the bus too. */
static void wait_a_little(struct fn_dev *dev)
{
	fn_dev_delay_ns(dev, POLL_NS);
}

static int take_82574(struct fn_dev *dev)
{
	struct intel_port *port = intel_port_of(dev);
	const uint64_t start_ns = fn_dev_now_ns(dev);
	uint32_t value;

	for (;; wait_a_little(dev)) {
		value = intel_look(port, EXTCNF_CTRL);
		if (intel_is_gone(dev, value))
			return fn_dev_mark_gone(dev);
		intel_write(port, EXTCNF_CTRL, value | EXTCNF_CTRL_MDIO_SW);
		/* The bit stays only when hardware and firmware have let go. */
		if (intel_look(port, EXTCNF_CTRL) & EXTCNF_CTRL_MDIO_SW)
			return 0;
		if (is_late(dev, start_ns, SHORT_NS))
			break;
	}
	return fn_fail(-EIO,
		       "%s: the device's firmware does not let go of the PHY and the NVM "
		       "(EXTCNF_CTRL is 0x%08x after %u ms): turn the machine off and on",
		       dev->bus->name, value, (unsigned)(SHORT_NS / FN_MS(1)));
}

static void give_82574(struct fn_dev *dev)
{
	struct intel_port *port = intel_port_of(dev);

	intel_write(port, EXTCNF_CTRL, intel_look(port, EXTCNF_CTRL) & ~EXTCNF_CTRL_MDIO_SW);
}

/* 8.7.1: reading 0 takes SMBI. */
static bool smbi_taken(struct fn_dev *dev)
{
	const uint64_t start_ns = fn_dev_now_ns(dev);

	while (intel_look(intel_port_of(dev), SWSM) & SWSM_SMBI) {
		if (is_late(dev, start_ns, SHORT_NS))
			return false;
		wait_a_little(dev);
	}
	return true;
}

static void give_swsm(struct intel_port *port)
{
	intel_write(port, SWSM, intel_look(port, SWSM) & ~(SWSM_SMBI | SWSM_SWESMBI));
}

static int take_swsm(struct fn_dev *dev)
{
	struct intel_port *port = intel_port_of(dev);
	uint64_t start_ns;

	if (!smbi_taken(dev)) {
		if (intel_is_gone(dev, intel_look(port, SWSM)))
			return fn_dev_mark_gone(dev);
		/* Nobody keeps it so long: a program died with it. */
		fn_log(dev->ctx, FN_LOG_WARN,
		       "%s: a program that is gone still held the device's semaphore (SWSM.SMBI)",
		       dev->bus->name);
		give_swsm(port);
		if (!smbi_taken(dev))
			return fn_fail(-EIO,
				       "%s: another program keeps the device's semaphore "
				       "(SWSM.SMBI): end what drives its other port",
				       dev->bus->name);
	}
	start_ns = fn_dev_now_ns(dev);
	for (;; wait_a_little(dev)) {
		intel_write(port, SWSM, intel_look(port, SWSM) | SWSM_SWESMBI);
		if (intel_look(port, SWSM) & SWSM_SWESMBI)
			return 0;
		if (is_late(dev, start_ns, SHORT_NS))
			break;
	}
	give_swsm(port);
	return fn_fail(-EIO,
		       "%s: the device's firmware keeps its semaphore (SWSM.SWESMBI): turn the "
		       "machine off and on",
		       dev->bus->name);
}

/* 8.7.3: the PHY of each port has a bit of its own. */
static uint32_t bit_of(struct fn_dev *dev, enum intel_sem what)
{
	static const uint8_t phy[] = { 0x02, 0x04, 0x20, 0x40 };

	return what == INTEL_SEM_NVM ? SW_FW_NVM : phy[intel_lan_id(dev)];
}

/*
 * Whether what software has held for so long may be taken from it. The PHY of this port has nobody
 * else's program: one that is gone held it. The NVM is the other ports' too, and may be being
 * written: it is left alone, as Linux does, but for what this program could not give back.
 */
static bool may_take_over(struct fn_dev *dev, enum intel_sem what, bool over)
{
	return what == INTEL_SEM_NVM ? intel_port_of(dev)->diag.nvm_kept : over;
}

static int fail_82576(const struct fn_dev *dev, enum intel_sem what, uint32_t sync, bool firmware)
{
	const char *name = what == INTEL_SEM_NVM ? "NVM" : "PHY";
	const unsigned ms = (unsigned)(LONG_NS / FN_MS(1));

	if (!firmware)
		return fn_fail(-EIO,
			       "%s: another program keeps the device's %s (SW_FW_SYNC is 0x%08x "
			       "after %u ms): end what drives its other port, or turn the machine "
			       "off and on",
			       dev->bus->name, name, sync, ms);
	return fn_fail(-EIO,
		       "%s: the device's firmware does not let go of the %s (SW_FW_SYNC is 0x%08x "
		       "after %u ms): turn the machine off and on",
		       dev->bus->name, name, sync, ms);
}

static int take_82576(struct fn_dev *dev, enum intel_sem what)
{
	struct intel_port *port = intel_port_of(dev);
	const uint32_t own = bit_of(dev, what);
	const uint32_t firmware = own << SW_FW_FIRMWARE_SHIFT;
	const uint64_t start_ns = fn_dev_now_ns(dev);
	uint32_t sync;
	bool over;
	int ret;

	for (;; wait_a_little(dev)) {
		over = is_late(dev, start_ns, LONG_NS);
		ret = take_swsm(dev);
		if (ret)
			return ret;
		sync = intel_look(port, SW_FW_SYNC);
		if (!(sync & firmware) && (!(sync & own) || may_take_over(dev, what, over))) {
			intel_write(port, SW_FW_SYNC, sync | own);
			give_swsm(port);
			return 0;
		}
		give_swsm(port);
		if (over)
			break;
	}
	return fail_82576(dev, what, sync, sync & firmware);
}

static void give_82576(struct fn_dev *dev, enum intel_sem what)
{
	struct intel_port *port = intel_port_of(dev);

	if (what == INTEL_SEM_NVM)
		port->diag.nvm_kept = false;
	/* Held on: the next access of this port takes it. */
	if (take_swsm(dev)) {
		if (what == INTEL_SEM_NVM)
			port->diag.nvm_kept = true;
		fn_log(dev->ctx, FN_LOG_WARN, "%s", fn_error_last());
		return;
	}
	intel_write(port, SW_FW_SYNC, intel_look(port, SW_FW_SYNC) & ~bit_of(dev, what));
	give_swsm(port);
}

int intel_sem_take(struct fn_dev *dev, enum intel_sem what)
{
	if (intel_port_of(dev)->chip->is_82576)
		return take_82576(dev, what);
	return take_82574(dev);
}

void intel_sem_give(struct fn_dev *dev, enum intel_sem what)
{
	if (intel_port_of(dev)->chip->is_82576)
		give_82576(dev, what);
	else
		give_82574(dev);
}
