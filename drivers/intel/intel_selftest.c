// SPDX-License-Identifier: BSD-3-Clause
/* The self-test of a port: registers, interrupts, NVM and link. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "drivers/intel/intel.h"
#include "drivers/intel/intel_link.h"
#include "drivers/intel/intel_nvm.h"
#include "drivers/intel/intel_selftest.h"

/* How long a message may take, of which it needs microseconds. */
#define IRQ_NS FN_MS(100)
#define IRQ_LOOK_NS FN_US(20)

__attribute__((format(printf, 3, 4))) static enum fn_selftest_verdict say(
	char text[FN_SELFTEST_TEXT_BYTES], enum fn_selftest_verdict verdict, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, FN_SELFTEST_TEXT_BYTES, fmt, args);
	va_end(args);
	return verdict;
}

/* What went wrong has a sentence already. */
static enum fn_selftest_verdict say_error(char text[FN_SELFTEST_TEXT_BYTES])
{
	return say(text, FN_VERDICT_FAILED, "%s", fn_error_last());
}

static enum fn_selftest_verdict test_link(struct fn_dev *dev, char text[FN_SELFTEST_TEXT_BYTES])
{
	struct fn_link link = { 0 };

	if (intel_link(dev, &link))
		return say_error(text);
	if (link.up)
		return say(text, FN_VERDICT_PASSED, "up, %u Mb/s, %s duplex", link.speed_mbps,
			   link.full_duplex ? "full" : "half");
	/* Between stop and start the link is let go of: nothing is wrong with it. */
	if (dev->state != FN_DEV_STARTED)
		return say(text, FN_VERDICT_NOT_RUN,
			   "the link is up on a started device only: test it then");
	return say(text, FN_VERDICT_FAILED,
		   "down: look at the cable and at the other end, and at fn_dev_set_link_conf()");
}

static enum fn_selftest_verdict test_nvm(struct fn_dev *dev, char text[FN_SELFTEST_TEXT_BYTES])
{
	return intel_nvm_check(dev) ? say_error(text) :
				      say(text, FN_VERDICT_PASSED, "its checksum is right");
}

/**
 * struct probe - a register that keeps what is written to it, and does nothing by it
 * @name: as the data sheet has it
 * @reg: where it is
 * @mask: the bits that it keeps
 */
struct probe {
	const char *name;
	uint32_t reg;
	uint32_t mask;
};

/* Tables and addresses, while neither receiver nor transmitter is on. */
static const struct probe probes_both[] = {
	{ "RAL1", INTEL_RAL(1), UINT32_MAX },
	{ "RAH1", INTEL_RAH(1), 0x0000ffff },
	{ "MTA0", INTEL_MTA, UINT32_MAX },
	{ "MTA127", INTEL_MTA + 4 * 127, UINT32_MAX },
	{ "VFTA127", INTEL_VFTA + 4 * 127, UINT32_MAX },
	{ "RSSRK0", INTEL_RSSRK, UINT32_MAX },
	{ "RSSRK9", INTEL_RSSRK + 4 * 9, UINT32_MAX },
};

static const uint32_t patterns[] = { 0x5a5a5a5a, 0xa5a5a5a5, 0xffffffff, 0x00000000 };

/* The VLAN table as often as it needs (&intel_chip.vfta_writes). */
static void probe_write(const struct intel_port *port, const struct probe *p, uint32_t value)
{
	const bool vfta = p->reg >= INTEL_VFTA && p->reg < INTEL_VFTA + 4 * INTEL_VFTA_WORDS;

	for (unsigned i = 0; i < (vfta ? port->chip->vfta_writes : 1u); i++)
		intel_write(port, p->reg, value);
}

/* 0, or -EIO with what was found in @text. */
static int probe(struct intel_port *port, const struct probe *p, char text[FN_SELFTEST_TEXT_BYTES])
{
	for (unsigned i = 0; i < FN_ARRAY_LEN(patterns); i++) {
		const uint32_t want = patterns[i] & p->mask;
		uint32_t got;

		probe_write(port, p, want);
		got = intel_read(port, p->reg) & p->mask;
		if (got == want)
			continue;
		(void)say(text, FN_VERDICT_FAILED,
			  "register %s (0x%05x) was written 0x%08x and reads 0x%08x", p->name,
			  p->reg, want, got);
		return -EIO;
	}
	return 0;
}

#define PROBES_OF_CHIP 6u

/*
 * RETA has as many bits as there are queues to name. The ring is that of the last queue, which is
 * not enabled (I210 4.5.9), at the address of no memory.
 */
static void probes_of_chip(const struct intel_port *port, struct probe out[PROBES_OF_CHIP])
{
	const uint32_t reta = (port->chip->queues - 1u) * 0x01010101u << port->chip->reta_shift;
	const uint16_t last = (uint16_t)(port->chip->queues - 1);
	const uint32_t low = UINT32_MAX & ~127u;

	out[0] = (struct probe){ "RETA0", INTEL_RETA, reta };
	out[1] = (struct probe){ "RETA31", INTEL_RETA + 4 * 31, reta };
	out[2] = (struct probe){ "RDBAL", intel_rxq_reg(port, last, INTEL_Q_BAL), low };
	out[3] = (struct probe){ "RDBAH", intel_rxq_reg(port, last, INTEL_Q_BAH), UINT32_MAX };
	out[4] = (struct probe){ "TDBAL", intel_txq_reg(port, last, INTEL_Q_BAL), low };
	out[5] = (struct probe){ "TDBAH", intel_txq_reg(port, last, INTEL_Q_BAH), UINT32_MAX };
}

static enum fn_selftest_verdict test_registers(struct fn_dev *dev,
					       char text[FN_SELFTEST_TEXT_BYTES])
{
	struct intel_port *port = intel_port_of(dev);
	struct probe own[PROBES_OF_CHIP];
	int ret = 0;

	probes_of_chip(port, own);
	for (unsigned i = 0; !ret && i < FN_ARRAY_LEN(probes_both); i++)
		ret = probe(port, &probes_both[i], text);
	for (unsigned i = 0; !ret && i < PROBES_OF_CHIP; i++)
		ret = probe(port, &own[i], text);
	if (ret)
		return FN_VERDICT_FAILED;
	return say(text, FN_VERDICT_PASSED, "%u registers keep %u patterns",
		   (unsigned)FN_ARRAY_LEN(probes_both) + PROBES_OF_CHIP,
		   (unsigned)FN_ARRAY_LEN(patterns));
}

/* Messages that came for an entry since the last look. */
static uint64_t came(int fd)
{
	uint64_t n;

	return read(fd, &n, sizeof(n)) == sizeof(n) ? n : 0;
}

static bool comes(struct fn_dev *dev, unsigned entry)
{
	const uint64_t start_ns = fn_dev_now_ns(dev);

	while (!came(dev->irq_fds[entry])) {
		if (fn_dev_now_ns(dev) - start_ns >= IRQ_NS)
			return false;
		fn_dev_delay_ns(dev, IRQ_LOOK_NS);
	}
	return true;
}

static enum fn_selftest_verdict test_entry(struct fn_dev *dev, unsigned entry,
					   char text[FN_SELFTEST_TEXT_BYTES])
{
	struct intel_port *port = intel_port_of(dev);

	for (unsigned i = 0; i < dev->irq_n; i++)
		(void)came(dev->irq_fds[i]);
	port->chip->steps->irq_raise(port, entry);
	if (!comes(dev, entry))
		return say(text, FN_VERDICT_FAILED,
			   "MSI-X entry %u was asked for an interrupt, and none came within %u ms",
			   entry, (unsigned)(IRQ_NS / FN_MS(1)));
	for (unsigned i = 0; i < dev->irq_n; i++)
		if (came(dev->irq_fds[i]))
			return say(text, FN_VERDICT_FAILED,
				   "MSI-X entry %u was asked for one interrupt, and another came "
				   "for entry %u",
				   entry, i);
	return FN_VERDICT_PASSED;
}

static enum fn_selftest_verdict test_interrupts(struct fn_dev *dev,
						char text[FN_SELFTEST_TEXT_BYTES])
{
	enum fn_selftest_verdict verdict = FN_VERDICT_PASSED;

	if (!dev->irq_n)
		return say(text, FN_VERDICT_NOT_RUN, "no MSI-X entry is in use");
	for (unsigned i = 0; verdict == FN_VERDICT_PASSED && i < dev->irq_n; i++) {
		if (intel_reset(dev))
			return say_error(text);
		verdict = test_entry(dev, i, text);
	}
	if (verdict != FN_VERDICT_PASSED)
		return verdict;
	return say(text, verdict, "each of %u MSI-X entries interrupted once when asked to",
		   dev->irq_n);
}

/* A reset in front, so that all is as it should be, and one behind, which leaves nothing. */
static enum fn_selftest_verdict with_reset(
	struct fn_dev *dev,
	enum fn_selftest_verdict (*test)(struct fn_dev *, char text[FN_SELFTEST_TEXT_BYTES]),
	char text[FN_SELFTEST_TEXT_BYTES])
{
	enum fn_selftest_verdict verdict;

	if (intel_reset(dev))
		return say_error(text);
	verdict = test(dev, text);
	if (intel_reset(dev))
		return say_error(text);
	return verdict;
}

uint32_t intel_selftests(const struct fn_dev *dev)
{
	return 1u << FN_SELFTEST_LINK | 1u << FN_SELFTEST_REGISTERS | 1u << FN_SELFTEST_INTERRUPTS |
	       1u << FN_SELFTEST_LOOPBACK | (dev->limits.nvm_words ? 1u << FN_SELFTEST_NVM : 0);
}

enum fn_selftest_verdict intel_selftest(struct fn_dev *dev, enum fn_selftest_test test,
					char text[FN_SELFTEST_TEXT_BYTES])
{
	switch (test) {
	case FN_SELFTEST_LINK:
		return test_link(dev, text);
	case FN_SELFTEST_NVM:
		return test_nvm(dev, text);
	case FN_SELFTEST_REGISTERS:
		return with_reset(dev, test_registers, text);
	case FN_SELFTEST_INTERRUPTS:
		return with_reset(dev, test_interrupts, text);
	default:
		return say(text, FN_VERDICT_NOT_RUN, "the driver has no such test");
	}
}
