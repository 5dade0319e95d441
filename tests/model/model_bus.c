// SPDX-License-Identifier: BSD-3-Clause
/* The bus of the model devices. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/ctx.h"
#include "base/error.h"
#include "model/model_barrier.h"

/* PCI 3.0 6.2.2: the command register. */
#define PCI_COMMAND 4u
#define PCI_COMMAND_MASTER 4u
#define PCI_COMMAND_WRITABLE 0x0547u

static struct model_dev *plugged[MODEL_SLOTS];

static struct model_dev *model_of(struct fn_busdev *busdev)
{
	return fn_container_of(busdev, struct model_dev, busdev);
}

void model_dev_violation(struct model_dev *md, const char *what)
{
	md->violations++;
	if (!md->violation)
		md->violation = what;
}

bool model_dev_fails(struct model_dev *md)
{
	return ++md->calls == md->fail_call;
}

bool model_dev_idle(const struct model_dev *md)
{
	return md->gone || md->stuck || !md->master;
}

static void ring(struct model_dev *md, int fd)
{
	const uint64_t one = 1;

	if (write(fd, &one, sizeof(one)) != sizeof(one))
		model_dev_violation(md, "an eventfd that cannot be written");
}

void model_dev_signal(struct model_dev *md, unsigned entry)
{
	if (md->gone)
		return;
	if (!md->master)
		model_dev_violation(md, "an interrupt without bus mastering");
	if (entry < MODEL_VECTORS)
		md->signals[entry]++;
	if (entry < md->fds_n && md->fds[entry] >= 0)
		ring(md, md->fds[entry]);
}

void model_dev_request(struct model_dev *md)
{
	if (md->busdev.req_fd >= 0)
		ring(md, md->busdev.req_fd);
}

void model_dev_error(struct model_dev *md)
{
	if (md->busdev.err_fd >= 0)
		ring(md, md->busdev.err_fd);
}

void model_dev_later(struct model_dev *md, void (*fire)(void *arg, uint64_t value), void *arg,
		     uint64_t value)
{
	uint64_t ns = md->late_min_ns;

	if (!md->late_max_ns) {
		fire(arg, value);
		return;
	}
	if (md->late_max_ns > ns)
		ns += model_clock_random_below(md->clock, md->late_max_ns - ns + 1);
	model_clock_after(md->clock, ns, fire, arg, value);
}

static uint64_t bar_read(struct fn_busdev *busdev, unsigned idx, uint64_t off, unsigned width)
{
	struct model_dev *md = model_of(busdev);

	if (md->gone)
		return UINT64_MAX;
	if (idx >= FN_ARRAY_LEN(md->bar_bytes) || off + width > md->bar_bytes[idx]) {
		model_dev_violation(md, "a read outside of the BAR");
		return UINT64_MAX;
	}
	return md->ops->bar_read(md, idx, off, width);
}

static void bar_write(struct fn_busdev *busdev, unsigned idx, uint64_t off, unsigned width,
		      uint64_t value)
{
	struct model_dev *md = model_of(busdev);

	if (md->gone)
		return;
	if (idx >= FN_ARRAY_LEN(md->bar_bytes) || off + width > md->bar_bytes[idx])
		model_dev_violation(md, "a write outside of the BAR");
	else
		md->ops->bar_write(md, idx, off, width, value);
}

static int cfg_read(struct fn_busdev *busdev, uint16_t off, void *buf, size_t len)
{
	struct model_dev *md = model_of(busdev);

	memset(buf, 0xff, len);
	if (md->gone || off + len > sizeof(md->cfg))
		return -EIO;
	memcpy(buf, md->cfg + off, len);
	return 0;
}

static int cfg_write(struct fn_busdev *busdev, uint16_t off, const void *buf, size_t len)
{
	struct model_dev *md = model_of(busdev);
	const uint8_t *from = buf;

	if (md->gone || off + len > sizeof(md->cfg) || model_dev_fails(md))
		return fn_fail(-EIO, "%s: configuration space cannot be written", busdev->name);
	for (size_t i = 0; i < len; i++) {
		const uint8_t mask = md->cfg_writable[off + i];

		md->cfg[off + i] = (uint8_t)((md->cfg[off + i] & ~mask) | (from[i] & mask));
	}
	md->master = (md->cfg[PCI_COMMAND] & PCI_COMMAND_MASTER) != 0;
	return 0;
}

static int bar_map(struct fn_busdev *busdev, unsigned idx, uint64_t off, uint64_t len,
		   struct fn_bar *bar)
{
	struct model_dev *md = model_of(busdev);

	if (idx >= FN_ARRAY_LEN(md->bar_bytes) || off > md->bar_bytes[idx] ||
	    len > md->bar_bytes[idx] - off)
		return fn_fail(-EINVAL, "%s: no such window in BAR %u", busdev->name, idx);
	if (model_dev_fails(md))
		return fn_fail(-ENOMEM, "%s: BAR %u cannot be mapped", busdev->name, idx);
	*bar = (struct fn_bar){ .busdev = busdev, .off = off, .len = len, .idx = (uint8_t)idx };
	md->windows++;
	return 0;
}

static void bar_unmap(struct fn_busdev *busdev, struct fn_bar *bar)
{
	model_of(busdev)->windows--;
	memset(bar, 0, sizeof(*bar));
}

static int irq_set(struct fn_busdev *busdev, const int *fds, unsigned n)
{
	struct model_dev *md = model_of(busdev);

	if (n > busdev->irqs || n > MODEL_VECTORS)
		return fn_fail(-EINVAL, "%s: no such MSI-X entry", busdev->name);
	if (model_dev_fails(md))
		return fn_fail(-EIO, "%s: MSI-X cannot be set up", busdev->name);
	for (unsigned i = 0; i < n; i++)
		md->fds[i] = fds[i];
	md->fds_n = n;
	if (md->ops->irq_set && !md->gone)
		md->ops->irq_set(md);
	return 0;
}

static int irq_affinity(struct fn_busdev *busdev, unsigned entry, unsigned cpu)
{
	struct model_dev *md = model_of(busdev);

	if (entry >= md->fds_n)
		return fn_fail(-ENOENT, "%s has no entry %u that signals anything", busdev->name,
			       entry);
	md->cpus[entry] = cpu + 1;
	return 0;
}

static int bus_reset(struct fn_busdev *busdev)
{
	struct model_dev *md = model_of(busdev);

	if (!md->ops->reset)
		return -ENOTTY;
	if (md->gone || model_dev_fails(md))
		return fn_fail(-EIO, "%s: the function cannot be reset", busdev->name);
	md->ops->reset(md);
	return 0;
}

static uint64_t now_ns(struct fn_busdev *busdev)
{
	struct model_clock *clock = model_of(busdev)->clock;

	model_clock_advance(clock, MODEL_TICK_NS);
	return clock->now_ns;
}

static void delay_ns(struct fn_busdev *busdev, uint64_t ns)
{
	model_clock_advance(model_of(busdev)->clock, ns);
}

static int events_open(struct model_dev *md)
{
	if (!md->events)
		return 0;
	md->busdev.req_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	md->busdev.err_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return md->busdev.req_fd < 0 || md->busdev.err_fd < 0 ? fn_fail(-errno, "no eventfd") : 0;
}

static void events_close(struct model_dev *md)
{
	if (md->busdev.req_fd >= 0)
		(void)close(md->busdev.req_fd);
	if (md->busdev.err_fd >= 0)
		(void)close(md->busdev.err_fd);
	md->busdev.req_fd = -1;
	md->busdev.err_fd = -1;
}

static int claim(struct fn_ctx *ctx, struct model_dev *md)
{
	static const struct fn_dma_range all = { 0, ((uint64_t)1 << 48) - 1 };
	int ret;

	if (md->opened)
		return fn_fail(-EBUSY, "%s is in use", md->busdev.name);
	if (model_dev_fails(md))
		return fn_fail(-EACCES, "%s cannot be claimed", md->busdev.name);
	md->busdev.ctx = ctx;
	md->busdev.vendor_id = fn_cfg_read16(&md->busdev, 0);
	md->busdev.device_id = fn_cfg_read16(&md->busdev, 2);
	md->busdev.revision = fn_cfg_read8(&md->busdev, 8);
	md->target = (struct fn_dma_target){ .ops = &model_dma_target_ops,
					     .name = "the model's IOMMU",
					     .ranges = &all,
					     .ranges_n = 1 };
	fn_list_init(&md->target.node);
	ret = events_open(md);
	if (!ret)
		ret = fn_dma_domain_attach(ctx->dma, &md->target);
	if (ret) {
		events_close(md);
		return ret;
	}
	md->opened = true;
	return 0;
}

static int bus_open(struct fn_ctx *ctx, const struct fn_pci_addr *addr, struct fn_busdev **out)
{
	for (unsigned i = 0; i < FN_ARRAY_LEN(plugged); i++)
		if (plugged[i] && fn_pci_addr_equal(&plugged[i]->busdev.addr, addr)) {
			*out = &plugged[i]->busdev;
			return claim(ctx, plugged[i]);
		}
	return fn_fail(-ENOENT, "no device there");
}

static void bus_close(struct fn_busdev *busdev)
{
	struct model_dev *md = model_of(busdev);

	/* Closing never fails: that is the bus's promise (&fn_bus_ops.close). */
	md->fail_call = 0;
	(void)fn_busdev_set_master(busdev, false);
	fn_dma_domain_detach(busdev->ctx->dma, &md->target);
	if (md->windows)
		model_dev_violation(md, "a window of a BAR is not unmapped, or twice");
	md->windows = 0;
	model_shadow_clear(md);
	md->fds_n = 0;
	events_close(md);
	md->opened = false;
}

void model_bus_each(void (*each)(struct model_dev *md, unsigned arg), unsigned arg)
{
	for (unsigned i = 0; i < FN_ARRAY_LEN(plugged); i++)
		if (plugged[i] && plugged[i]->opened)
			each(plugged[i], arg);
}

const struct fn_bus_ops model_bus = {
	.name = "model",
	.open = bus_open,
	.close = bus_close,
	.cfg_read = cfg_read,
	.cfg_write = cfg_write,
	.map = bar_map,
	.unmap = bar_unmap,
	.bar_read = bar_read,
	.bar_write = bar_write,
	.irq_set = irq_set,
	.irq_affinity = irq_affinity,
	.reset = bus_reset,
	.now_ns = now_ns,
	.delay_ns = delay_ns,
};

void model_dev_init(struct model_dev *md, const struct model_dev_ops *ops, uint16_t vendor_id,
		    uint16_t device_id)
{
	memset(md, 0, sizeof(*md));
	md->ops = ops;
	md->cfg[0] = (uint8_t)vendor_id;
	md->cfg[1] = (uint8_t)(vendor_id >> 8);
	md->cfg[2] = (uint8_t)device_id;
	md->cfg[3] = (uint8_t)(device_id >> 8);
	md->cfg[0x04] = 0x02; /* memory decoding is on, as the bus's open promises */
	md->cfg[0x0b] = 0x02; /* class: network controller */
	md->cfg_writable[PCI_COMMAND] = (uint8_t)PCI_COMMAND_WRITABLE;
	md->cfg_writable[PCI_COMMAND + 1] = (uint8_t)(PCI_COMMAND_WRITABLE >> 8);
	md->busdev.ops = &model_bus;
	md->busdev.numa_node = -1;
	md->busdev.iommu_group = -1;
	md->busdev.req_fd = -1;
	md->busdev.err_fd = -1;
	md->barriers = MODEL_BARRIERS;
	model_clock_init(&md->own_clock, 1);
	md->clock = &md->own_clock;
}

void model_dev_plug(struct model_dev *md, unsigned slot)
{
	(void)snprintf(md->busdev.name, sizeof(md->busdev.name), "0000:00:%02x.0", slot);
	(void)fn_pci_addr_parse(md->busdev.name, &md->busdev.addr);
	/* In the place of the one that a failed test has left there, perhaps. */
	plugged[slot % FN_ARRAY_LEN(plugged)] = md;
}

void model_dev_unplug(struct model_dev *md)
{
	for (unsigned i = 0; i < FN_ARRAY_LEN(plugged); i++)
		if (plugged[i] == md)
			plugged[i] = NULL;
}
