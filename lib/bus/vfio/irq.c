// SPDX-License-Identifier: BSD-3-Clause
/* Interrupts on the VFIO bus: MSI-X entries, the kernel's release request, and fatal errors. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "bus/vfio/vfio.h"

/* How many entries an index has that can signal an eventfd. */
static unsigned irq_count(const struct fn_vfio_dev *dev, unsigned index)
{
	struct vfio_irq_info info = { .argsz = sizeof(info), .index = index };

	if (ioctl(dev->fd, VFIO_DEVICE_GET_IRQ_INFO, &info) < 0 ||
	    !(info.flags & VFIO_IRQ_INFO_EVENTFD))
		return 0;
	return info.count;
}

/* Make the entries of an index signal eventfds, in one call. 0, or -errno without words. */
static int irq_trigger(const struct fn_vfio_dev *dev, unsigned index, const int *fds, unsigned n)
{
	const size_t bytes = sizeof(struct vfio_irq_set) + n * sizeof(int32_t);
	struct vfio_irq_set *set = calloc(1, bytes);
	int ret;

	if (!set)
		return -ENOMEM;
	set->argsz = (uint32_t)bytes;
	set->flags = VFIO_IRQ_SET_ACTION_TRIGGER |
		     (n ? VFIO_IRQ_SET_DATA_EVENTFD : VFIO_IRQ_SET_DATA_NONE);
	set->index = index;
	set->count = n;
	if (n)
		memcpy(set->data, fds, n * sizeof(int32_t));
	ret = ioctl(dev->fd, VFIO_DEVICE_SET_IRQS, set);
	if (ret < 0)
		ret = -errno;
	free(set);
	/* A positive answer says how many vectors there would have been. */
	return ret > 0 ? -ENOSPC : ret;
}

_Static_assert(sizeof(int) == sizeof(int32_t), "VFIO takes descriptors as 32 bits");

/* An eventfd for an index with one entry; -1 when the device does not have it. */
static int irq_single(const struct fn_vfio_dev *dev, unsigned index, int *fd)
{
	int ret;

	*fd = -1;
	if (!irq_count(dev, index))
		return 0;
	*fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (*fd < 0)
		return fn_fail(-errno,
			       "%s: no eventfd to be had: %s; raise the limit on open files "
			       "(ulimit -n)",
			       dev->busdev.name, fn_strerror(errno));
	ret = irq_trigger(dev, index, fd, 1);
	if (!ret)
		return 0;
	(void)close(*fd);
	*fd = -1;
	return fn_fail(ret, "%s: VFIO does not signal its interrupt %u: %s", dev->busdev.name,
		       index, fn_strerror(-ret));
}

int fn_vfio_irq_init(struct fn_vfio_dev *dev)
{
	const int ret = irq_single(dev, VFIO_PCI_REQ_IRQ_INDEX, &dev->busdev.req_fd);

	dev->busdev.irqs = irq_count(dev, VFIO_PCI_MSIX_IRQ_INDEX);
	return ret ? ret : irq_single(dev, VFIO_PCI_ERR_IRQ_INDEX, &dev->busdev.err_fd);
}

/* After the device's descriptor was closed, which ends all signalling. */
void fn_vfio_irq_exit(struct fn_vfio_dev *dev)
{
	if (dev->busdev.req_fd >= 0)
		(void)close(dev->busdev.req_fd);
	if (dev->busdev.err_fd >= 0)
		(void)close(dev->busdev.err_fd);
	dev->busdev.req_fd = -1;
	dev->busdev.err_fd = -1;
}

/*
 * VFIO does not change the number of entries of MSI-X that is on, therefore it is switched off
 * first. A failure leaves it off.
 */
int fn_vfio_irq_set(struct fn_busdev *busdev, const int *fds, unsigned n)
{
	struct fn_vfio_dev *dev = fn_vfio_dev(busdev);
	int ret;

	if (n > busdev->irqs)
		return fn_fail(-EINVAL, "%s has %u MSI-X entries, and %u are asked for",
			       busdev->name, busdev->irqs, n);
	if (dev->irqs_on) {
		ret = irq_trigger(dev, VFIO_PCI_MSIX_IRQ_INDEX, NULL, 0);
		if (ret)
			return fn_fail(ret, "%s: VFIO does not switch MSI-X off: %s", busdev->name,
				       fn_strerror(-ret));
		dev->irqs_on = false;
	}
	if (!n)
		return 0;
	ret = irq_trigger(dev, VFIO_PCI_MSIX_IRQ_INDEX, fds, n);
	if (ret)
		return fn_fail(ret, "%s: VFIO does not give %u MSI-X entries: %s", busdev->name, n,
			       fn_strerror(-ret));
	dev->irqs_on = true;
	return 0;
}
