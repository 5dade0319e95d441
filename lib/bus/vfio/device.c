// SPDX-License-Identifier: BSD-3-Clause
/* A device on the VFIO bus: opened, configuration space, reset, closed. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "bus/vfio/vfio.h"

/* Below this a thread spins, because a sleep is never that short. */
#define SPIN_NS 50000u

#define NS_PER_S UINT64_C(1000000000)

const struct fn_vfio_roots fn_vfio_roots = { "/sys", "/dev/vfio", "/proc" };

static int vfio_cfg_read(struct fn_busdev *busdev, uint16_t off, void *buf, size_t len)
{
	const struct fn_vfio_dev *dev = fn_vfio_dev(busdev);
	size_t done = 0;

	/* The kernel reads in pieces; what is left when one fails stays all ones. */
	memset(buf, 0xff, len);
	if (off > dev->config.size || len > dev->config.size - off)
		return -EINVAL;
	while (done < len) {
		const ssize_t n = pread(dev->fd, (char *)buf + done, len - done,
					(off_t)(dev->config.offset + off + done));

		if (n <= 0 && !(n < 0 && errno == EINTR))
			return n ? -errno : -EIO;
		done += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

static int vfio_cfg_write(struct fn_busdev *busdev, uint16_t off, const void *buf, size_t len)
{
	const struct fn_vfio_dev *dev = fn_vfio_dev(busdev);
	ssize_t n;

	if (off > dev->config.size || len > dev->config.size - off)
		return fn_fail(-EINVAL, "%s: 0x%x lies outside of the configuration space",
			       busdev->name, off);
	do
		n = pwrite(dev->fd, buf, len, (off_t)(dev->config.offset + off));
	while (n < 0 && errno == EINTR);
	if (n == (ssize_t)len)
		return 0;
	return fn_fail(n < 0 ? -errno : -EIO,
		       "%s: cannot write the configuration space at 0x%x: %s", busdev->name, off,
		       n < 0 ? fn_strerror(errno) : "written in part");
}

static int vfio_reset(struct fn_busdev *busdev)
{
	const struct fn_vfio_dev *dev = fn_vfio_dev(busdev);

	/* Without a function-level or power-management reset the kernel has none to offer. */
	if (!dev->has_reset)
		return -ENOTTY;
	if (ioctl(dev->fd, VFIO_DEVICE_RESET) == 0)
		return 0;
	return fn_fail(-errno, "%s: VFIO cannot reset the device: %s", busdev->name,
		       fn_strerror(errno));
}

static uint64_t vfio_now_ns(struct fn_busdev *busdev)
{
	struct timespec ts;

	(void)busdev;
	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

static void cpu_relax(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

static void vfio_delay_ns(struct fn_busdev *busdev, uint64_t ns)
{
	const uint64_t until = vfio_now_ns(busdev) + ns;
	const struct timespec ts = { (time_t)(until / NS_PER_S), (long)(until % NS_PER_S) };

	if (ns <= SPIN_NS) {
		while (vfio_now_ns(busdev) < until)
			cpu_relax();
		return;
	}
	/* To an absolute time, so that a signal does not make it longer. */
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) == EINTR)
		;
}

static int device_fd(struct fn_vfio_dev *dev)
{

	/* The kernel resets the function here, where it can: no second reset is needed. */
	dev->fd = ioctl(dev->group->fd, VFIO_GROUP_GET_DEVICE_FD, dev->busdev.name);
	if (dev->fd >= 0)
		return 0;
	return fn_fail(-errno,
		       "%s: vfio-pci does not hand out the device: %s; the kernel's log (dmesg) "
		       "has the reason",
		       dev->busdev.name, fn_strerror(errno));
}

static int device_info(struct fn_vfio_dev *dev)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };

	if (ioctl(dev->fd, VFIO_DEVICE_GET_INFO, &info) < 0 ||
	    !(info.flags & VFIO_DEVICE_FLAGS_PCI) ||
	    info.num_regions <= VFIO_PCI_CONFIG_REGION_INDEX)
		return fn_fail(-ENODEV,
			       "%s: VFIO does not know it as a PCI function; is its driver "
			       "vfio-pci? fastnic-bind status shows it",
			       dev->busdev.name);
	dev->has_reset = info.flags & VFIO_DEVICE_FLAGS_RESET;
	return 0;
}

static int device_regions(struct fn_vfio_dev *dev)
{
	int ret = fn_vfio_region_get(dev, VFIO_PCI_CONFIG_REGION_INDEX, &dev->config);

	for (unsigned i = 0; !ret && i < FN_VFIO_BARS; i++)
		ret = fn_vfio_region_get(dev, VFIO_PCI_BAR0_REGION_INDEX + i, &dev->bars[i]);
	return ret;
}

static void device_free(struct fn_vfio_dev *dev)
{
	for (unsigned i = 0; i < FN_VFIO_BARS; i++)
		fn_vfio_region_clear(&dev->bars[i]);
	fn_vfio_region_clear(&dev->config);
	if (dev->fd >= 0)
		(void)close(dev->fd);
	fn_vfio_irq_exit(dev);
	if (dev->group)
		fn_vfio_group_put(dev->busdev.ctx, dev->group);
	free(dev);
}

static struct fn_vfio_dev *device_new(struct fn_ctx *ctx, const struct fn_vfio_roots *roots,
				      const struct fn_pci_addr *addr,
				      const struct fn_pci_info *info)
{
	struct fn_vfio_dev *dev = calloc(1, sizeof(*dev));

	if (!dev)
		return NULL;
	dev->busdev = (struct fn_busdev){
		.ops = &fn_bus_vfio,
		.ctx = ctx,
		.addr = *addr,
		.numa_node = info->numa_node,
		.iommu_group = info->iommu_group,
		.req_fd = -1,
		.err_fd = -1,
	};
	fn_pci_addr_format(addr, dev->busdev.name);
	dev->roots = roots;
	dev->fd = -1;
	fn_list_init(&dev->mappings);
	return dev;
}

int fn_vfio_open_at(struct fn_ctx *ctx, const struct fn_vfio_roots *roots,
		    const struct fn_pci_addr *addr, struct fn_busdev **busdev)
{
	struct fn_pci_info info;
	struct fn_vfio_dev *dev;
	int ret = fn_vfio_check(roots, addr, &info);

	if (ret)
		return ret;
	dev = device_new(ctx, roots, addr, &info);
	if (!dev)
		return fn_fail(-ENOMEM, "%s: out of memory", info.bdf);
	ret = fn_vfio_group_get(ctx, roots, &info, &dev->group);
	if (!ret)
		ret = device_fd(dev);
	if (!ret)
		ret = device_info(dev);
	if (!ret)
		ret = device_regions(dev);
	if (!ret)
		ret = fn_busdev_identify(&dev->busdev);
	if (!ret)
		ret = fn_vfio_irq_init(dev);
	if (ret) {
		device_free(dev);
		return ret;
	}
	*busdev = &dev->busdev;
	return 0;
}

static int vfio_open(struct fn_ctx *ctx, const struct fn_pci_addr *addr, struct fn_busdev **busdev)
{
	return fn_vfio_open_at(ctx, &fn_vfio_roots, addr, busdev);
}

/* On a device that vanished each step fails at once, which changes nothing of the next one. */
static void vfio_close(struct fn_busdev *busdev)
{
	struct fn_vfio_dev *dev = fn_vfio_dev(busdev);

	(void)fn_busdev_set_master(busdev, false);
	(void)fn_vfio_irq_set(busdev, NULL, 0);
	/* A mapping holds the device's file open, and with it the group in its container. */
	fn_vfio_unmap_all(dev);
	device_free(dev);
}

const struct fn_bus_ops fn_bus_vfio = {
	.name = "vfio",
	.open = vfio_open,
	.close = vfio_close,
	.cfg_read = vfio_cfg_read,
	.cfg_write = vfio_cfg_write,
	.map = fn_vfio_map,
	.unmap = fn_vfio_unmap,
	.bar_read = fn_vfio_bar_read,
	.bar_write = fn_vfio_bar_write,
	.irq_set = fn_vfio_irq_set,
	.irq_affinity = fn_vfio_irq_affinity,
	.reset = vfio_reset,
	.now_ns = vfio_now_ns,
	.delay_ns = vfio_delay_ns,
};
