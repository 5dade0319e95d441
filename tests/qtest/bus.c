// SPDX-License-Identifier: BSD-3-Clause
/* The bus "qtest": what drivers see of a NIC of QEMU. Nothing of it is mapped into the process. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "qtest/qtest_priv.h"

/* PCIe 6.0 7.5.3.3 and 7.5.3.4 */
#define EXP_DEVICE_CAP 4
#define EXP_DEVICE_CAP_FLR (UINT32_C(1) << 28)
#define EXP_DEVICE_CONTROL 8
#define EXP_DEVICE_CONTROL_FLR 0x8000u

#define CONFIG_BYTES 4096u

/* What a look at the clock costs when time jumps: a loop without a delay ends all the same. */
#define TICK_NS 100u

#define NS_PER_S UINT64_C(1000000000)

/**
 * struct qtest_busdev - a NIC that is claimed
 * @busdev: what drivers know of it
 * @q: the QEMU
 * @nic: the NIC
 * @space: what it reaches
 * @peers: the number of the eventfd of each MSI-X entry in use; 0: none
 * @peers_n: how many
 */
struct qtest_busdev {
	struct fn_busdev busdev;
	struct qtest *q;
	struct qtest_nic *nic;
	struct qtest_space *space;
	uint16_t *peers;
	unsigned peers_n;
};

static struct qtest_busdev *dev_of(struct fn_busdev *busdev)
{
	return fn_container_of(busdev, struct qtest_busdev, busdev);
}

struct qtest_nic *qtest_find(const struct fn_pci_addr *addr, struct qtest **q)
{
	if (addr->domain < QTEST_DOMAIN || addr->domain >= QTEST_DOMAIN + QTEST_MAX)
		return NULL;
	*q = qtest_at(addr->domain - QTEST_DOMAIN);
	for (unsigned i = 0; *q && i < (*q)->nics_n; i++)
		if (fn_pci_addr_equal(&(*q)->nics[i].addr, addr))
			return &(*q)->nics[i];
	return NULL;
}

static bool removed(const struct qtest_busdev *dev)
{
	return __atomic_load_n(&dev->nic->removed, __ATOMIC_ACQUIRE);
}

/* The widest access that fits: registers of configuration space are up to 4 bytes wide. */
static unsigned cfg_width(uint16_t off, size_t len)
{
	if (off % 4 == 0 && len >= 4)
		return 4;
	return off % 2 == 0 && len >= 2 ? 2 : 1;
}

static int cfg_read(struct fn_busdev *busdev, uint16_t off, void *buf, size_t len)
{
	const struct qtest_busdev *dev = dev_of(busdev);
	uint8_t *out = buf;

	memset(buf, 0xff, len);
	if (off > CONFIG_BYTES || len > (size_t)CONFIG_BYTES - off)
		return -EINVAL;
	if (removed(dev))
		return -ENODEV;
	while (len) {
		const unsigned width = cfg_width(off, len);
		const uint32_t raw = htole32(qtest_cfg_read(dev->q, dev->nic->bdf, off, width));

		memcpy(out, &raw, width);
		out += width;
		off = (uint16_t)(off + width);
		len -= width;
	}
	return 0;
}

static int cfg_write(struct fn_busdev *busdev, uint16_t off, const void *buf, size_t len)
{
	const struct qtest_busdev *dev = dev_of(busdev);
	const uint8_t *in = buf;

	if (off > CONFIG_BYTES || len > (size_t)CONFIG_BYTES - off)
		return fn_fail(-EINVAL, "%s: 0x%x lies outside of the configuration space",
			       busdev->name, off);
	if (removed(dev) || dev->q->dead)
		return fn_fail(-ENODEV, "%s: cannot write the configuration space: it is gone",
			       busdev->name);
	while (len) {
		const unsigned width = cfg_width(off, len);
		uint32_t raw = 0;

		memcpy(&raw, in, width);
		qtest_cfg_write(dev->q, dev->nic->bdf, off, width, le32toh(raw));
		in += width;
		off = (uint16_t)(off + width);
		len -= width;
	}
	return 0;
}

static int map(struct fn_busdev *busdev, unsigned idx, uint64_t off, uint64_t len,
	       struct fn_bar *bar)
{
	const struct qtest_nic *nic = dev_of(busdev)->nic;
	const uint64_t bytes = idx < PCI_BARS ? nic->bar_bytes[idx] : 0;

	if (!len || off > bytes || len > bytes - off)
		return fn_fail(-EINVAL,
			       "%s: %llu bytes at 0x%llx lie outside of BAR %u (%llu bytes)",
			       busdev->name, (unsigned long long)len, (unsigned long long)off, idx,
			       (unsigned long long)bytes);
	*bar = (struct fn_bar){ .busdev = busdev, .off = off, .len = len, .idx = (uint8_t)idx };
	return 0;
}

static void unmap(struct fn_busdev *busdev, struct fn_bar *bar)
{
	(void)busdev;
	memset(bar, 0, sizeof(*bar));
}

static uint64_t bar_read(struct fn_busdev *busdev, unsigned idx, uint64_t off, unsigned width)
{
	const struct qtest_busdev *dev = dev_of(busdev);

	return removed(dev) ? UINT64_MAX : qtest_read(dev->q, dev->nic->bar[idx] + off, width);
}

static void bar_write(struct fn_busdev *busdev, unsigned idx, uint64_t off, unsigned width,
		      uint64_t value)
{
	const struct qtest_busdev *dev = dev_of(busdev);

	if (!removed(dev))
		qtest_write(dev->q, dev->nic->bar[idx] + off, width, value);
}

/* Write the table again: a reset of the function cleared it. */
static void irqs_write(struct qtest_busdev *dev)
{
	if (removed(dev))
		return;
	for (unsigned i = 0; dev->peers_n && i < dev->nic->irqs; i++)
		qtest_msix_entry(dev->q, dev->nic, i, i < dev->peers_n ? dev->peers[i] : 0);
	qtest_msix_control(dev->q, dev->nic, dev->peers_n > 0);
	qtest_flush(dev->q);
}

static void irqs_forget(struct qtest_busdev *dev)
{
	for (unsigned i = 0; i < dev->peers_n; i++)
		if (dev->peers[i])
			qtest_peer_del(dev->q, dev->peers[i]);
	free(dev->peers);
	dev->peers = NULL;
	dev->peers_n = 0;
}

static int irqs_add(struct qtest_busdev *dev, const int *fds, unsigned n)
{
	int ret = 0;

	dev->peers = calloc(n, sizeof(*dev->peers));
	if (!dev->peers)
		return fn_fail(-ENOMEM, "%s: out of memory", dev->busdev.name);
	dev->peers_n = n;
	for (unsigned i = 0; i < n && !ret; i++)
		if (fds[i] >= 0)
			ret = qtest_peer_add(dev->q, fds[i], &dev->peers[i]);
	return ret ? ret : qtest_peers_settle(dev->q);
}

/* As with VFIO, a failure leaves MSI-X off. */
static int irq_set(struct fn_busdev *busdev, const int *fds, unsigned n)
{
	struct qtest_busdev *dev = dev_of(busdev);
	int ret = 0;

	if (n > busdev->irqs)
		return fn_fail(-EINVAL, "%s has %u MSI-X entries, and %u are asked for",
			       busdev->name, busdev->irqs, n);
	qtest_lock(dev->q);
	if (!removed(dev))
		qtest_msix_control(dev->q, dev->nic, false);
	irqs_forget(dev);
	if (n)
		ret = irqs_add(dev, fds, n);
	if (ret)
		irqs_forget(dev);
	irqs_write(dev);
	qtest_unlock(dev->q);
	return ret;
}

/*
 * A function-level reset, after which BARs, command and interrupts are what they were, as the
 * kernel's is.
 */
static int reset(struct fn_busdev *busdev)
{
	struct qtest_busdev *dev = dev_of(busdev);
	struct qtest *q = dev->q;
	const uint16_t bdf = dev->nic->bdf;
	uint32_t command;
	uint16_t exp;

	if (removed(dev) || q->dead)
		return fn_fail(-ENODEV, "%s: cannot reset the device: it is gone", busdev->name);
	exp = qtest_cfg_cap(q, bdf, PCI_CAP_EXPRESS);
	if (!exp || !(qtest_cfg_read(q, bdf, exp + EXP_DEVICE_CAP, 4) & EXP_DEVICE_CAP_FLR))
		return -ENOTTY;
	qtest_lock(q);
	command = qtest_cfg_read(q, bdf, PCI_COMMAND, 2);
	qtest_cfg_write(q, bdf, exp + EXP_DEVICE_CONTROL, 2, EXP_DEVICE_CONTROL_FLR);
	qtest_bars_write(q, dev->nic);
	qtest_cfg_write(q, bdf, PCI_COMMAND, 2, command);
	irqs_write(dev);
	qtest_unlock(q);
	return 0;
}

static uint64_t now_ns(struct fn_busdev *busdev)
{
	struct qtest *q = dev_of(busdev)->q;

	if (q->opts.time == QTEST_TIME_REAL)
		return qtest_wall_ns();
	return __atomic_add_fetch(&q->virtual_ns, TICK_NS, __ATOMIC_RELAXED);
}

/*
 * When time jumps, a delay is over at once; but QEMU gets a turn in it, so that however slow the
 * machine is, a driver's deadline is one that QEMU had many turns to meet.
 */
static void delay_ns(struct fn_busdev *busdev, uint64_t ns)
{
	struct qtest *q = dev_of(busdev)->q;
	struct timespec ts = { (time_t)(ns / NS_PER_S), (long)(ns % NS_PER_S) };

	if (q->opts.time == QTEST_TIME_REAL) {
		while (clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, &ts) == EINTR)
			;
		return;
	}
	(void)__atomic_add_fetch(&q->virtual_ns, ns, __ATOMIC_RELAXED);
	qtest_settle(q);
}

static int identify(struct qtest_busdev *dev)
{
	if (dev->q->dead)
		return fn_fail(-ENODEV, "%s does not answer: %s", dev->busdev.name,
			       dev->q->why_dead);
	dev->busdev.irqs = dev->nic->irqs;
	return fn_busdev_identify(&dev->busdev);
}

static void dev_free(struct qtest_busdev *dev)
{
	if (dev->space) {
		qtest_space_bind(dev->q, NULL, dev->nic->bdf);
		qtest_space_put(dev->q, dev->space);
	}
	if (dev->busdev.req_fd >= 0)
		(void)close(dev->busdev.req_fd);
	if (dev->busdev.err_fd >= 0)
		(void)close(dev->busdev.err_fd);
	free(dev);
}

static int dev_open(struct qtest_busdev *dev)
{
	struct fn_busdev *busdev = &dev->busdev;
	int ret;

	busdev->req_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	busdev->err_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (busdev->req_fd < 0 || busdev->err_fd < 0)
		return fn_fail(-errno, "%s: no eventfd to be had: %s", busdev->name,
			       fn_strerror(errno));
	ret = identify(dev);
	if (ret)
		return ret;
	/* The kernel resets a function when it hands it out, if it can. */
	ret = reset(busdev);
	if (ret && ret != -ENOTTY)
		return ret;
	ret = qtest_space_get(dev->q, busdev->ctx, &dev->space);
	if (!ret)
		qtest_space_bind(dev->q, dev->space, dev->nic->bdf);
	return ret;
}

static int bus_open(struct fn_ctx *ctx, const struct fn_pci_addr *addr, struct fn_busdev **busdev)
{
	char name[FN_PCI_ADDR_CHARS];
	struct qtest *q = NULL;
	struct qtest_nic *nic = qtest_find(addr, &q);
	struct qtest_busdev *dev;
	int ret;

	fn_pci_addr_format(addr, name);
	if (!nic)
		return fn_fail(-ENOENT, "no QEMU of this process has a NIC at %s", name);
	if (nic->open)
		return fn_fail(-EBUSY, "%s is open already", name);
	dev = calloc(1, sizeof(*dev));
	if (!dev)
		return fn_fail(-ENOMEM, "%s: out of memory", name);
	dev->q = q;
	dev->nic = nic;
	dev->busdev = (struct fn_busdev){ .ops = &qtest_bus,
					  .ctx = ctx,
					  .addr = *addr,
					  .numa_node = -1,
					  .iommu_group = (int)(nic - q->nics),
					  .req_fd = -1,
					  .err_fd = -1 };
	memcpy(dev->busdev.name, name, sizeof(name));
	(void)pthread_mutex_lock(&q->open_lock);
	ret = dev_open(dev);
	if (ret) {
		dev_free(dev);
	} else {
		nic->open = dev;
		*busdev = &dev->busdev;
	}
	(void)pthread_mutex_unlock(&q->open_lock);
	return ret;
}

static void bus_close(struct fn_busdev *busdev)
{
	struct qtest_busdev *dev = dev_of(busdev);
	struct qtest *q = dev->q;

	(void)pthread_mutex_lock(&q->open_lock);
	(void)fn_busdev_set_master(busdev, false);
	(void)irq_set(busdev, NULL, 0);
	dev->nic->open = NULL;
	dev_free(dev);
	(void)pthread_mutex_unlock(&q->open_lock);
}

const struct fn_bus_ops qtest_bus = {
	.name = "qtest",
	.open = bus_open,
	.close = bus_close,
	.cfg_read = cfg_read,
	.cfg_write = cfg_write,
	.map = map,
	.unmap = unmap,
	.bar_read = bar_read,
	.bar_write = bar_write,
	.irq_set = irq_set,
	.reset = reset,
	.now_ns = now_ns,
	.delay_ns = delay_ns,
};

static int signal_fd(const struct qtest_nic *nic, bool request)
{
	const uint64_t one = 1;
	int fd;

	if (!nic->open)
		return fn_fail(-EINVAL, "%s is not open", nic->name);
	fd = request ? nic->open->busdev.req_fd : nic->open->busdev.err_fd;
	if (write(fd, &one, sizeof(one)) != (ssize_t)sizeof(one))
		return fn_fail(-errno, "%s: an eventfd cannot be written", nic->name);
	return 0;
}

int qtest_request_release(struct qtest *q, unsigned nic)
{
	return signal_fd(&q->nics[nic], true);
}

int qtest_raise_error(struct qtest *q, unsigned nic)
{
	return signal_fd(&q->nics[nic], false);
}
