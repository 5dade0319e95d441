// SPDX-License-Identifier: BSD-3-Clause
/* The model bus, whose reads are not always what the device has in its registers. */
#include <string.h>

#include "fuzz/hostile.h"

static struct hostile *session;

void hostile_bus_of(struct hostile *h)
{
	session = h;
}

/* What a register reads that lies: often the extremes. */
static uint64_t lie(uint64_t honest)
{
	if (session->reg_ones)
		return UINT64_MAX;
	switch (hostile_below(session, 6)) {
	case 0:
		return UINT64_MAX;
	case 1:
		return 0;
	case 2:
		return honest ^ 1ull << hostile_below(session, 64);
	case 3:
		return honest + 1;
	case 4:
		return hostile_below(session, 256);
	default:
		return hostile_random(session);
	}
}

static bool lies(void)
{
	return session->reg_ones ||
	       (session->reg_lies && hostile_below(session, 256) < session->reg_lies);
}

static int lying_open(struct fn_ctx *ctx, const struct fn_pci_addr *addr, struct fn_busdev **out)
{
	const int ret = model_bus.open(ctx, addr, out);

	if (!ret)
		(*out)->ops = &hostile_bus;
	return ret;
}

static void lying_close(struct fn_busdev *busdev)
{
	busdev->ops = &model_bus;
	model_bus.close(busdev);
}

static int lying_cfg_read(struct fn_busdev *busdev, uint16_t off, void *buf, size_t len)
{
	const int ret = model_bus.cfg_read(busdev, off, buf, len);
	uint64_t value = 0;

	/* Identity and command are the kernel's, which keeps them from the device. */
	if (ret || off < 8 || len > sizeof(value) || !lies())
		return ret;
	memcpy(&value, buf, len);
	value = lie(value);
	memcpy(buf, &value, len);
	return 0;
}

static uint64_t lying_bar_read(struct fn_busdev *busdev, unsigned idx, uint64_t off, unsigned width)
{
	const uint64_t value = model_bus.bar_read(busdev, idx, off, width);

	return lies() ? lie(value) : value;
}

static int pass_cfg_write(struct fn_busdev *busdev, uint16_t off, const void *buf, size_t len)
{
	return model_bus.cfg_write(busdev, off, buf, len);
}

static int pass_map(struct fn_busdev *busdev, unsigned idx, uint64_t off, uint64_t len,
		    struct fn_bar *bar)
{
	return model_bus.map(busdev, idx, off, len, bar);
}

static void pass_unmap(struct fn_busdev *busdev, struct fn_bar *bar)
{
	model_bus.unmap(busdev, bar);
}

static void pass_bar_write(struct fn_busdev *busdev, unsigned idx, uint64_t off, unsigned width,
			   uint64_t value)
{
	model_bus.bar_write(busdev, idx, off, width, value);
}

static int pass_irq_set(struct fn_busdev *busdev, const int *fds, unsigned n)
{
	return model_bus.irq_set(busdev, fds, n);
}

static int pass_reset(struct fn_busdev *busdev)
{
	return model_bus.reset(busdev);
}

static uint64_t pass_now_ns(struct fn_busdev *busdev)
{
	return model_bus.now_ns(busdev);
}

static void pass_delay_ns(struct fn_busdev *busdev, uint64_t ns)
{
	model_bus.delay_ns(busdev, ns);
}

const struct fn_bus_ops hostile_bus = {
	.name = "hostile",
	.open = lying_open,
	.close = lying_close,
	.cfg_read = lying_cfg_read,
	.cfg_write = pass_cfg_write,
	.map = pass_map,
	.unmap = pass_unmap,
	.bar_read = lying_bar_read,
	.bar_write = pass_bar_write,
	.irq_set = pass_irq_set,
	.reset = pass_reset,
	.now_ns = pass_now_ns,
	.delay_ns = pass_delay_ns,
};
