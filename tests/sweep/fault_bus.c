// SPDX-License-Identifier: BSD-3-Clause
/* Each call of the model bus that can fail, counted and failed on demand. */
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "mem/domain.h"
#include "sweep/fault.h"
#include "sweep/fault_bus.h"
#include "sweep/subject.h"

static struct model_dev *model_of(struct fn_busdev *busdev)
{
	return fn_container_of(busdev, struct model_dev, busdev);
}

/* The access before was a write of a register. */
static bool wrote;

static void gone_here(struct fn_busdev *busdev, const char *what)
{
	if (fault_access_here(what))
		model_of(busdev)->gone = true;
}

static void access_here(struct fn_busdev *busdev, const char *what)
{
	wrote = false;
	gone_here(busdev, what);
}

/*
 * Nothing tells a driver at which one of several writes in a row the device went: the first stands
 * for them all. What is answered by way of memory does tell.
 */
static void write_here(struct fn_busdev *busdev)
{
	if (!wrote || sweep_subject->answers)
		gone_here(busdev, "bar_write");
	wrote = true;
}

static int fails(struct fn_busdev *busdev, const char *what)
{
	int ret;

	access_here(busdev, what);
	ret = fault_bus_here(what);
	return ret ? fn_fail(ret, "%s: %s was told to fail", busdev->name, what) : 0;
}

static int fault_open(struct fn_ctx *ctx, const struct fn_pci_addr *addr, struct fn_busdev **out)
{
	int ret = fault_bus_here("the bus's open");

	if (ret)
		return fn_fail(ret, "the bus's open was told to fail");
	ret = model_bus.open(ctx, addr, out);
	if (!ret)
		(*out)->ops = &fault_bus;
	return ret;
}

/* What a bus does in its own close is not the library's to answer for. */
static void fault_close(struct fn_busdev *busdev)
{
	busdev->ops = &model_bus;
	model_bus.close(busdev);
}

/* The bus fills what it cannot read with ones. */
static int fault_cfg_read(struct fn_busdev *busdev, uint16_t off, void *buf, size_t len)
{
	access_here(busdev, "cfg_read");
	if (fault_here("cfg_read")) {
		memset(buf, 0xff, len);
		return -FAULT_FIRST_CODE;
	}
	return model_bus.cfg_read(busdev, off, buf, len);
}

static int fault_cfg_write(struct fn_busdev *busdev, uint16_t off, const void *buf, size_t len)
{
	const int ret = fails(busdev, "cfg_write");

	return ret ? ret : model_bus.cfg_write(busdev, off, buf, len);
}

static int fault_map(struct fn_busdev *busdev, unsigned idx, uint64_t off, uint64_t len,
		     struct fn_bar *bar)
{
	int ret = fails(busdev, "map");

	if (!ret)
		ret = model_bus.map(busdev, idx, off, len, bar);
	if (!ret)
		fault_window(1);
	return ret;
}

static void fault_unmap(struct fn_busdev *busdev, struct fn_bar *bar)
{
	model_bus.unmap(busdev, bar);
	fault_window(-1);
}

static uint64_t fault_bar_read(struct fn_busdev *busdev, unsigned idx, uint64_t off, unsigned width)
{
	uint64_t value;

	access_here(busdev, "bar_read");
	value = sweep_subject->read(busdev, idx, off, width);
	return fault_read_here("bar_read") ? UINT64_MAX : value;
}

static void fault_bar_write(struct fn_busdev *busdev, unsigned idx, uint64_t off, unsigned width,
			    uint64_t value)
{
	write_here(busdev);
	sweep_subject->write(busdev, idx, off, width, value);
}

/* As VFIO does it: the former vectors are off before the new ones are refused. */
static int fault_irq_set(struct fn_busdev *busdev, const int *fds, unsigned n)
{
	const int ret = fails(busdev, "irq_set");

	if (!ret)
		return model_bus.irq_set(busdev, fds, n);
	(void)model_bus.irq_set(busdev, NULL, 0);
	return ret;
}

static int fault_reset(struct fn_busdev *busdev)
{
	const int ret = fails(busdev, "reset");

	return ret ? ret : model_bus.reset(busdev);
}

static uint64_t fault_now_ns(struct fn_busdev *busdev)
{
	return model_bus.now_ns(busdev);
}

static void fault_delay_ns(struct fn_busdev *busdev, uint64_t ns)
{
	model_bus.delay_ns(busdev, ns);
}

const struct fn_bus_ops fault_bus = {
	.name = "faults",
	.open = fault_open,
	.close = fault_close,
	.cfg_read = fault_cfg_read,
	.cfg_write = fault_cfg_write,
	.map = fault_map,
	.unmap = fault_unmap,
	.bar_read = fault_bar_read,
	.bar_write = fault_bar_write,
	.irq_set = fault_irq_set,
	.reset = fault_reset,
	.now_ns = fault_now_ns,
	.delay_ns = fault_delay_ns,
};

/* The IOMMU: every target of the program is the model's, and is attached through here. */
static int target_map(struct fn_dma_target *target, void *va, fn_iova_t iova, size_t len)
{
	/* The code that a full IOMMU has, for which the library has words of its own. */
	if (fault_here("DMA map"))
		return fn_fail(-ENOMEM, "%s: the map was told to fail", target->name);
	return model_dma_target_ops.map(target, va, iova, len);
}

static void target_unmap(struct fn_dma_target *target, fn_iova_t iova, size_t len)
{
	model_dma_target_ops.unmap(target, iova, len);
}

static const struct fn_dma_target_ops target_ops = { target_map, target_unmap };

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): the linker's names */
int __real_fn_dma_domain_attach(struct fn_dma_domain *domain, struct fn_dma_target *target);
int __wrap_fn_dma_domain_attach(struct fn_dma_domain *domain, struct fn_dma_target *target);

int __wrap_fn_dma_domain_attach(struct fn_dma_domain *domain, struct fn_dma_target *target)
{
	target->ops = &target_ops;
	return __real_fn_dma_domain_attach(domain, target);
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
