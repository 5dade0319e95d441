// SPDX-License-Identifier: BSD-3-Clause
/* The reset of Intel's gigabit controllers, and registers that take their time. */
#include <errno.h>

#include "drivers/intel/intel.h"
#include "drivers/intel/intel_nvm.h"

/* How long requests on PCIe may still be on their way. */
#define MASTER_LIMIT_MS 80u
/* 82574 10.2.2.1, 82576 8.2.1: nothing is read for a moment after the reset. */
#define RESET_SETTLE_NS FN_MS(1)
#define RESET_LIMIT_MS 20u
#define AUTO_READ_LIMIT_MS 10u
#define POLL_NS FN_US(50)
/*
 * The 82574 sets its PHY up from the NVM once that was read (EECD.AUTO_RD), says of no end, and
 * neither of them must be disturbed; Linux waits as long.
 */
#define SET_UP_NS FN_MS(25)

bool intel_is_gone(struct fn_dev *dev, uint32_t value)
{
	return value == UINT32_MAX && fn_busdev_is_gone(dev->bus);
}

uint32_t intel_look(const struct intel_port *port, uint32_t reg)
{
	const uint32_t value = intel_read(port, reg);

	return value == UINT32_MAX ? intel_read(port, reg) : value;
}

static int fail_gone(const struct fn_dev *dev)
{
	return fn_fail(-ENODEV, "%s does not answer: it was removed or has failed; close it",
		       dev->bus->name);
}

int intel_change(struct fn_dev *dev, uint32_t reg, uint32_t clear, uint32_t set)
{
	const struct intel_port *port = intel_port_of(dev);
	const uint32_t value = intel_read(port, reg);

	if (intel_is_gone(dev, value))
		return fail_gone(dev);
	/* What would be written then is not what anybody meant. */
	if (value == UINT32_MAX)
		return fn_fail(-EIO, "%s: register 0x%05x cannot be read: try again",
			       dev->bus->name, reg);
	intel_write(port, reg, (value & ~clear) | set);
	return 0;
}

int intel_wait(struct fn_dev *dev, uint32_t reg, uint32_t mask, uint32_t want, uint64_t limit_ns)
{
	const struct intel_port *port = intel_port_of(dev);
	const uint64_t start_ns = fn_dev_now_ns(dev);

	for (;;) {
		/* The time first: a look after the limit counts, however late it was. */
		const bool over = fn_dev_now_ns(dev) - start_ns >= limit_ns;
		const uint32_t value = intel_read(port, reg);

		if (intel_is_gone(dev, value))
			return fail_gone(dev);
		if (value != UINT32_MAX && (value & mask) == want)
			return 0;
		if (over)
			return -ETIMEDOUT;
		fn_dev_delay_ns(dev, POLL_NS);
	}
}

int intel_flush(struct fn_dev *dev)
{
	if (intel_is_gone(dev, intel_read(intel_port_of(dev), INTEL_STATUS)))
		return fn_dev_mark_gone(dev);
	return 0;
}

/*
 * Set a bit of CTRL in front of a reset, which undoes all other bits: what cannot be read is no
 * reason to do without the reset.
 */
static int ctrl_set(struct fn_dev *dev, uint32_t bit)
{
	const struct intel_port *port = intel_port_of(dev);
	const uint32_t value = intel_read(port, INTEL_CTRL);

	if (intel_is_gone(dev, value))
		return fail_gone(dev);
	intel_write(port, INTEL_CTRL, value == UINT32_MAX ? bit : value | bit);
	return 0;
}

/*
 * CTRL.GIO_MASTER_DISABLE: a reset amid requests on PCIe may leave completions that nobody waits
 * for, so the device makes no new ones and those on their way come to an end first. One that does
 * not stop is reset all the same: it is no better off without.
 */
static int master_disable(struct fn_dev *dev)
{
	int ret = ctrl_set(dev, INTEL_CTRL_MASTER_DISABLE);

	if (!ret)
		ret = intel_wait(dev, INTEL_STATUS, INTEL_STATUS_MASTER, 0, FN_MS(MASTER_LIMIT_MS));
	if (ret != -ETIMEDOUT)
		return ret;
	fn_log(dev->ctx, FN_LOG_WARN,
	       "%s: requests on PCIe are still on their way after %u ms; it is reset all the same",
	       dev->bus->name, MASTER_LIMIT_MS);
	return 0;
}

/*
 * The registers that the NVM fills are valid once it was read. A chip without an NVM never says so,
 * nor does QEMU's igb: who kept silent once is not waited for again (unit test_intel_gone,
 * nvm_never_read).
 */
static int auto_read_wait(struct fn_dev *dev)
{
	struct intel_port *port = intel_port_of(dev);
	int ret;

	if (port->auto_read == INTEL_AUTO_READ_SILENT)
		return 0;
	ret = intel_wait(dev, INTEL_EECD, INTEL_EECD_AUTO_RD, INTEL_EECD_AUTO_RD,
			 FN_MS(AUTO_READ_LIMIT_MS));
	if (!ret)
		port->auto_read = INTEL_AUTO_READ_TOLD;
	if (ret != -ETIMEDOUT)
		return ret;
	fn_log(dev->ctx, FN_LOG_DEBUG, "%s: does not say that it has read its NVM", dev->bus->name);
	if (port->auto_read == INTEL_AUTO_READ_UNKNOWN)
		port->auto_read = INTEL_AUTO_READ_SILENT;
	return 0;
}

static int mac_reset(struct fn_dev *dev)
{
	int ret = ctrl_set(dev, INTEL_CTRL_RST);

	if (ret)
		return ret;
	fn_dev_delay_ns(dev, RESET_SETTLE_NS);
	ret = intel_wait(dev, INTEL_CTRL, INTEL_CTRL_RST, 0, FN_MS(RESET_LIMIT_MS));
	if (ret != -ETIMEDOUT)
		return ret;
	return fn_fail(
		-EIO,
		"%s: its reset (CTRL.RST) does not end within %u ms: turn the machine off and "
		"on",
		dev->bus->name, RESET_LIMIT_MS);
}

int intel_reset(struct fn_dev *dev)
{
	struct intel_port *port = intel_port_of(dev);
	const struct intel_steps *steps = port->chip->steps;
	int ret;

	steps->irqs_off(port);
	intel_write(port, INTEL_RCTL, 0);
	intel_write(port, INTEL_TCTL, INTEL_TCTL_PSP);
	ret = master_disable(dev);
	if (!ret && steps->before_reset)
		ret = steps->before_reset(dev);
	if (!ret)
		ret = mac_reset(dev);
	if (!ret)
		ret = auto_read_wait(dev);
	if (ret)
		return ret;
	if (!port->chip->is_82576)
		port->set_up_ns = fn_dev_now_ns(dev) + SET_UP_NS;
	if (steps->after_reset)
		steps->after_reset(dev);
	steps->irqs_off(port);
	return 0;
}

void intel_set_up_wait(struct fn_dev *dev)
{
	const uint64_t until_ns = intel_port_of(dev)->set_up_ns;
	const uint64_t now_ns = fn_dev_now_ns(dev);

	if (now_ns < until_ns)
		fn_dev_delay_ns(dev, until_ns - now_ns);
}
