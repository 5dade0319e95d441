// SPDX-License-Identifier: BSD-3-Clause
/*
 * The model's face: configuration space, registers, a clock, MSI-X, and the IOMMU in front of it.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/ctx.h"
#include "base/error.h"
#include "model/virtio_dev.h"

#define COMMON(member) (VIRTIO_DEV_COMMON + offsetof(struct virtio_pci_common_cfg, member))
#define PCI_COMMAND 4u
#define PCI_COMMAND_MASTER 4u

/* What a look at the clock costs: a loop that waits without waiting ends all the same. */
#define TICK_NS 100u

static struct virtio_dev *plugged[4];

void virtio_dev_violation(struct virtio_dev *vd, const char *what)
{
	if (!vd->violation)
		vd->violation = what;
}

void virtio_dev_note(struct virtio_dev *vd, enum virtio_dev_step step, uint32_t value)
{
	if (vd->trace_n < VIRTIO_DEV_TRACE)
		vd->trace[vd->trace_n++] = (struct virtio_dev_trace){ step, value };
}

void virtio_dev_signal(struct virtio_dev *vd, uint16_t entry)
{
	const uint64_t one = 1;

	if (!vd->master)
		virtio_dev_violation(vd, "an interrupt without bus mastering");
	if (entry < vd->fds_n && vd->fds[entry] >= 0 &&
	    write(vd->fds[entry], &one, sizeof(one)) != sizeof(one))
		virtio_dev_violation(vd, "an eventfd that cannot be written");
}

void virtio_dev_config_changed(struct virtio_dev *vd)
{
	vd->generation++;
	if (vd->config_vector != VIRTIO_MSI_NO_VECTOR)
		virtio_dev_signal(vd, vd->config_vector);
}

/* 2.4: everything is as at power-on. */
static void device_reset(struct virtio_dev *vd)
{
	vd->status = 0;
	vd->accepted = 0;
	vd->config_vector = VIRTIO_MSI_NO_VECTOR;
	vd->promisc = true;
	vd->pairs = 1;
	memcpy(vd->mac, vd->config.mac, sizeof(vd->mac));
	for (unsigned i = 0; i < VIRTIO_DEV_QUEUES; i++) {
		struct virtio_dev_queue *q = &vd->queues[i];
		const unsigned kicks = q->kicks;
		const unsigned irqs = q->irqs;
		const uint32_t size_max = q->size_max;
		const bool no_notify = q->no_notify;

		*q = (struct virtio_dev_queue){ .size_max = size_max,
						.size = size_max,
						.vector = VIRTIO_MSI_NO_VECTOR,
						.kicks = kicks,
						.irqs = irqs,
						.no_notify = no_notify };
	}
}

static void status_write(struct virtio_dev *vd, uint8_t value)
{
	virtio_dev_note(vd, VIRTIO_DEV_STATUS, value);
	if (!value) {
		device_reset(vd);
		vd->resetting = vd->reset_polls;
		return;
	}
	if (vd->resetting)
		virtio_dev_violation(vd,
				     "a status is written before the reset is done (4.1.4.3.2)");
	if ((value & vd->status) != vd->status)
		virtio_dev_violation(vd, "a status bit is taken back without a reset (2.1.1)");
	if ((value & VIRTIO_STATUS_DRIVER) && !(vd->status & VIRTIO_STATUS_ACKNOWLEDGE))
		virtio_dev_violation(vd, "DRIVER before ACKNOWLEDGE (3.1.1)");
	if ((value & VIRTIO_STATUS_DRIVER_OK) && !(vd->status & VIRTIO_STATUS_FEATURES_OK))
		virtio_dev_violation(vd, "DRIVER_OK before FEATURES_OK (3.1.1)");
	if (vd->refuse_features)
		value &= (uint8_t)~VIRTIO_STATUS_FEATURES_OK;
	vd->status = value;
}

static uint8_t status_read(struct virtio_dev *vd)
{
	virtio_dev_note(vd, VIRTIO_DEV_READ_STATUS, vd->status);
	if (!vd->resetting)
		return vd->status;
	if (vd->resetting != UINT_MAX)
		vd->resetting--;
	return VIRTIO_STATUS_ACKNOWLEDGE;
}

static struct virtio_dev_queue *selected(struct virtio_dev *vd)
{
	static struct virtio_dev_queue none;

	none = (struct virtio_dev_queue){ .vector = VIRTIO_MSI_NO_VECTOR };
	return vd->queue_select < vd->num_queues ? &vd->queues[vd->queue_select] : &none;
}

static uint64_t queue_read(struct virtio_dev *vd, uint64_t off)
{
	const struct virtio_dev_queue *q = selected(vd);

	switch (off) {
	case COMMON(queue_size):
		return q->size;
	case COMMON(queue_msix_vector):
		return q->vector;
	case COMMON(queue_enable):
		return q->enabled;
	case COMMON(queue_notify_off):
		return vd->queue_select;
	default:
		return 0;
	}
}

static uint64_t common_read(struct virtio_dev *vd, uint64_t off)
{
	switch (off) {
	case COMMON(device_feature):
		virtio_dev_note(vd, VIRTIO_DEV_READ_FEATURES, vd->device_feature_select);
		return vd->device_feature_select > 1 ?
			       0 :
			       (uint32_t)(vd->offered >> (32 * vd->device_feature_select));
	case COMMON(config_msix_vector):
		return vd->config_vector;
	case COMMON(num_queues):
		return vd->num_queues;
	case COMMON(device_status):
		return status_read(vd);
	case COMMON(config_generation):
		return vd->generation_runs ? vd->generation++ : vd->generation;
	case COMMON(queue_select):
		return vd->queue_select;
	default:
		return queue_read(vd, off);
	}
}

static uint64_t half(uint64_t old, uint64_t off, uint64_t value)
{
	return off & 4 ? (old & UINT32_MAX) | value << 32 : (old & ~(uint64_t)UINT32_MAX) | value;
}

static void queue_write(struct virtio_dev *vd, uint64_t off, uint64_t value)
{
	struct virtio_dev_queue *q = selected(vd);

	if (q->enabled)
		virtio_dev_violation(vd, "a queue is changed while it is enabled (4.1.4.3.2)");
	switch (off) {
	case COMMON(queue_size):
		if (!fn_is_pow2(value) || value > q->size_max)
			virtio_dev_violation(vd, "a queue size that is not allowed (2.7)");
		q->size = (uint32_t)value;
		break;
	case COMMON(queue_msix_vector):
		q->vector = value < vd->vectors_refused ? (uint16_t)value : VIRTIO_MSI_NO_VECTOR;
		break;
	case COMMON(queue_enable):
		if (value != 1 || !q->desc || !q->driver || !q->device)
			virtio_dev_violation(vd, "a queue is enabled without rings (4.1.4.3.2)");
		if (q->desc % 16 || q->driver % 2 || q->device % 4)
			virtio_dev_violation(vd, "a ring is not aligned (2.7)");
		if (!(vd->status & VIRTIO_STATUS_FEATURES_OK) ||
		    (vd->status & VIRTIO_STATUS_DRIVER_OK))
			virtio_dev_violation(vd, "a queue is enabled out of turn (3.1.1)");
		virtio_dev_note(vd, VIRTIO_DEV_ENABLE, vd->queue_select);
		q->enabled = true;
		break;
	case COMMON(queue_desc):
	case COMMON(queue_desc) + 4:
		q->desc = half(q->desc, off, value);
		break;
	case COMMON(queue_driver):
	case COMMON(queue_driver) + 4:
		q->driver = half(q->driver, off, value);
		break;
	case COMMON(queue_device):
	case COMMON(queue_device) + 4:
		q->device = half(q->device, off, value);
		break;
	default:
		virtio_dev_violation(vd, "a write where nothing can be written");
	}
}

static void features_write(struct virtio_dev *vd, uint32_t value)
{
	const unsigned shift = 32 * vd->driver_feature_select;

	virtio_dev_note(vd, VIRTIO_DEV_WRITE_FEATURES, vd->driver_feature_select);
	if (vd->driver_feature_select > 1)
		return;
	if (!(vd->status & VIRTIO_STATUS_DRIVER) || (vd->status & VIRTIO_STATUS_FEATURES_OK))
		virtio_dev_violation(vd, "features are written out of turn (3.1.1)");
	vd->accepted &= ~((uint64_t)UINT32_MAX << shift);
	vd->accepted |= (uint64_t)value << shift;
	if (vd->accepted & ~vd->offered)
		virtio_dev_violation(vd, "a feature is accepted that is not offered (2.2.1)");
}

static void common_write(struct virtio_dev *vd, uint64_t off, uint64_t value)
{
	switch (off) {
	case COMMON(device_feature_select):
		vd->device_feature_select = (uint32_t)value;
		break;
	case COMMON(driver_feature_select):
		vd->driver_feature_select = (uint32_t)value;
		break;
	case COMMON(driver_feature):
		features_write(vd, (uint32_t)value);
		break;
	case COMMON(config_msix_vector):
		vd->config_vector =
			value < vd->vectors_refused ? (uint16_t)value : VIRTIO_MSI_NO_VECTOR;
		break;
	case COMMON(device_status):
		status_write(vd, (uint8_t)value);
		break;
	case COMMON(queue_select):
		vd->queue_select = (uint16_t)value;
		break;
	default:
		queue_write(vd, off, value);
	}
}

/* 4.1.3.1: each field is accessed in its own width, a 64-bit one in halves. */
static unsigned common_width(uint64_t off)
{
	if (off < COMMON(config_msix_vector) || off >= COMMON(queue_desc))
		return 4;
	return off == COMMON(device_status) || off == COMMON(config_generation) ? 1 : 2;
}

static uint64_t bar_read(struct fn_busdev *busdev, unsigned idx, uint64_t off, unsigned width)
{
	struct virtio_dev *vd = fn_container_of(busdev, struct virtio_dev, busdev);
	uint64_t value = 0;

	if (vd->gone)
		return UINT64_MAX;
	if (idx != VIRTIO_DEV_BAR)
		virtio_dev_violation(vd, "a read of a BAR that is not there");
	if (off >= VIRTIO_DEV_CONFIG && off + width <= VIRTIO_DEV_CONFIG + sizeof(vd->config)) {
		memcpy(&value, (uint8_t *)&vd->config + (off - VIRTIO_DEV_CONFIG), width);
		return value;
	}
	if (off >= sizeof(struct virtio_pci_common_cfg)) {
		virtio_dev_violation(vd, "a read outside of all structures");
		return UINT64_MAX;
	}
	if (width != common_width(off))
		virtio_dev_violation(vd, "a field is read in another width (4.1.3.1)");
	return common_read(vd, off);
}

static void notify(struct virtio_dev *vd, uint64_t off, uint64_t value, unsigned width)
{
	const unsigned queue = (unsigned)(off / VIRTIO_DEV_NOTIFY_STEP);

	virtio_dev_note(vd, VIRTIO_DEV_KICK, queue);
	if (width != 2 || value != queue || queue >= vd->num_queues || !vd->queues[queue].enabled) {
		virtio_dev_violation(vd, "a doorbell that is not a queue's (4.1.5.2)");
		return;
	}
	if (!(vd->status & VIRTIO_STATUS_DRIVER_OK))
		virtio_dev_violation(vd, "a doorbell before DRIVER_OK (3.1.1)");
	vd->queues[queue].kicks++;
	virtio_dev_ctrl(vd, queue);
}

static void bar_write(struct fn_busdev *busdev, unsigned idx, uint64_t off, unsigned width,
		      uint64_t value)
{
	struct virtio_dev *vd = fn_container_of(busdev, struct virtio_dev, busdev);

	if (vd->gone)
		return;
	if (idx != VIRTIO_DEV_BAR)
		virtio_dev_violation(vd, "a write of a BAR that is not there");
	if (off >= VIRTIO_DEV_NOTIFY) {
		notify(vd, off - VIRTIO_DEV_NOTIFY, value, width);
		return;
	}
	if (off >= sizeof(struct virtio_pci_common_cfg)) {
		virtio_dev_violation(vd, "a write outside of all structures");
		return;
	}
	if (width != common_width(off))
		virtio_dev_violation(vd, "a field is written in another width (4.1.3.1)");
	common_write(vd, off, value);
}

static int cfg_read(struct fn_busdev *busdev, uint16_t off, void *buf, size_t len)
{
	struct virtio_dev *vd = fn_container_of(busdev, struct virtio_dev, busdev);

	memset(buf, 0xff, len);
	if (vd->gone || off + len > sizeof(vd->cfg))
		return -EIO;
	memcpy(buf, vd->cfg + off, len);
	return 0;
}

static int cfg_write(struct fn_busdev *busdev, uint16_t off, const void *buf, size_t len)
{
	struct virtio_dev *vd = fn_container_of(busdev, struct virtio_dev, busdev);

	if (vd->gone || off + len > sizeof(vd->cfg))
		return fn_fail(-EIO, "%s: not written", busdev->name);
	memcpy(vd->cfg + off, buf, len);
	vd->master = (vd->cfg[PCI_COMMAND] & PCI_COMMAND_MASTER) != 0;
	return 0;
}

static int bar_map(struct fn_busdev *busdev, unsigned idx, uint64_t off, uint64_t len,
		   struct fn_bar *bar)
{
	if (idx != VIRTIO_DEV_BAR || off > VIRTIO_DEV_BAR_BYTES || len > VIRTIO_DEV_BAR_BYTES - off)
		return fn_fail(-EINVAL, "%s: no such window in BAR %u", busdev->name, idx);
	*bar = (struct fn_bar){ .busdev = busdev, .off = off, .len = len, .idx = (uint8_t)idx };
	return 0;
}

static void bar_unmap(struct fn_busdev *busdev, struct fn_bar *bar)
{
	(void)busdev;
	memset(bar, 0, sizeof(*bar));
}

static int irq_set(struct fn_busdev *busdev, const int *fds, unsigned n)
{
	struct virtio_dev *vd = fn_container_of(busdev, struct virtio_dev, busdev);

	if (n > busdev->irqs)
		return fn_fail(-EINVAL, "%s: no such MSI-X entry", busdev->name);
	for (unsigned i = 0; i < n; i++)
		vd->fds[i] = fds[i];
	vd->fds_n = n;
	return 0;
}

static int bus_reset(struct fn_busdev *busdev)
{
	(void)busdev;
	return -ENOTTY;
}

static uint64_t now_ns(struct fn_busdev *busdev)
{
	struct virtio_dev *vd = fn_container_of(busdev, struct virtio_dev, busdev);

	return vd->now_ns += TICK_NS;
}

static void delay_ns(struct fn_busdev *busdev, uint64_t ns)
{
	fn_container_of(busdev, struct virtio_dev, busdev)->now_ns += ns;
}

static int target_map(struct fn_dma_target *target, void *va, fn_iova_t iova, size_t len)
{
	struct virtio_dev *vd = fn_container_of(target, struct virtio_dev, target);

	if (vd->maps_n == VIRTIO_DEV_MAPS)
		return fn_fail(-ENOMEM, "%s: no more maps", target->name);
	vd->maps[vd->maps_n].va = va;
	vd->maps[vd->maps_n].iova = iova.v;
	vd->maps[vd->maps_n].len = len;
	vd->maps_n++;
	return 0;
}

static void target_unmap(struct fn_dma_target *target, fn_iova_t iova, size_t len)
{
	struct virtio_dev *vd = fn_container_of(target, struct virtio_dev, target);

	(void)len;
	for (unsigned i = 0; i < vd->maps_n; i++)
		if (vd->maps[i].iova == iova.v) {
			vd->maps[i] = vd->maps[--vd->maps_n];
			return;
		}
}

static const struct fn_dma_target_ops target_ops = { target_map, target_unmap };

uint8_t *virtio_dev_at(struct virtio_dev *vd, uint64_t iova, size_t len)
{
	if (!vd->master) {
		virtio_dev_violation(vd, "DMA without bus mastering");
		return NULL;
	}
	for (unsigned i = 0; i < vd->maps_n; i++)
		if (iova >= vd->maps[i].iova && iova - vd->maps[i].iova <= vd->maps[i].len &&
		    len <= vd->maps[i].len - (iova - vd->maps[i].iova))
			return vd->maps[i].va + (iova - vd->maps[i].iova);
	virtio_dev_violation(vd, "an address that is not mapped");
	return NULL;
}

static int bus_open(struct fn_ctx *ctx, const struct fn_pci_addr *addr, struct fn_busdev **out)
{
	static const struct fn_dma_range all = { 0, ((uint64_t)1 << 48) - 1 };

	for (unsigned i = 0; i < FN_ARRAY_LEN(plugged); i++) {
		struct virtio_dev *vd = plugged[i];

		if (!vd || !fn_pci_addr_equal(&vd->busdev.addr, addr))
			continue;
		vd->busdev.ctx = ctx;
		vd->busdev.vendor_id = fn_cfg_read16(&vd->busdev, 0);
		vd->busdev.device_id = fn_cfg_read16(&vd->busdev, 2);
		vd->target = (struct fn_dma_target){ .ops = &target_ops,
						     .name = "the model's IOMMU",
						     .ranges = &all,
						     .ranges_n = 1 };
		fn_list_init(&vd->target.node);
		*out = &vd->busdev;
		return fn_dma_domain_attach(ctx->dma, &vd->target);
	}
	return fn_fail(-ENOENT, "no device there");
}

static void bus_close(struct fn_busdev *busdev)
{
	struct virtio_dev *vd = fn_container_of(busdev, struct virtio_dev, busdev);

	(void)fn_busdev_set_master(busdev, false);
	fn_dma_domain_detach(busdev->ctx->dma, &vd->target);
}

const struct fn_bus_ops virtio_dev_bus = {
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
	.reset = bus_reset,
	.now_ns = now_ns,
	.delay_ns = delay_ns,
};

static void cap_put(struct virtio_dev *vd, unsigned at, unsigned next, uint8_t type,
		    uint32_t offset, uint32_t length)
{
	const struct virtio_pci_notify_cap cap = {
		.cap = { .cap_vndr = VIRTIO_PCI_CAP_ID,
			 .cap_next = (uint8_t)next,
			 .cap_len = type == VIRTIO_PCI_CAP_NOTIFY_CFG ? 20 : 16,
			 .cfg_type = type,
			 .bar = VIRTIO_DEV_BAR,
			 .offset = fn_cpu_to_le32(offset),
			 .length = fn_cpu_to_le32(length) },
		.notify_off_multiplier = fn_cpu_to_le32(VIRTIO_DEV_NOTIFY_STEP),
	};

	memcpy(vd->cfg + at, &cap, cap.cap.cap_len);
}

static void cfg_init(struct virtio_dev *vd)
{
	static const uint8_t head[] = { 0xf4, 0x1a, 0x41, 0x10, 0x02, 0x00, 0x10, 0x00, 0x01 };

	memcpy(vd->cfg, head, sizeof(head));
	vd->cfg[0x34] = VIRTIO_DEV_CAP_COMMON;
	cap_put(vd, VIRTIO_DEV_CAP_COMMON, VIRTIO_DEV_CAP_ISR, VIRTIO_PCI_CAP_COMMON_CFG,
		VIRTIO_DEV_COMMON, 0x1000);
	cap_put(vd, VIRTIO_DEV_CAP_ISR, VIRTIO_DEV_CAP_CONFIG, VIRTIO_PCI_CAP_ISR_CFG,
		VIRTIO_DEV_ISR, 0x1000);
	cap_put(vd, VIRTIO_DEV_CAP_CONFIG, VIRTIO_DEV_CAP_NOTIFY, VIRTIO_PCI_CAP_DEVICE_CFG,
		VIRTIO_DEV_CONFIG, 0x1000);
	cap_put(vd, VIRTIO_DEV_CAP_NOTIFY, 0, VIRTIO_PCI_CAP_NOTIFY_CFG, VIRTIO_DEV_NOTIFY, 0x1000);
}

void virtio_dev_init(struct virtio_dev *vd)
{
	static const uint8_t mac[6] = { 0x52, 0x54, 0x00, 0x12, 0x34, 0x56 };

	memset(vd, 0, sizeof(*vd));
	cfg_init(vd);
	vd->offered = VIRTIO_NET_F_MTU | VIRTIO_NET_F_MAC | VIRTIO_NET_F_STATUS |
		      VIRTIO_NET_F_CTRL_VQ | VIRTIO_NET_F_CTRL_RX | VIRTIO_NET_F_MQ |
		      VIRTIO_NET_F_CTRL_MAC_ADDR | VIRTIO_NET_F_SPEED_DUPLEX |
		      VIRTIO_F_RING_EVENT_IDX | VIRTIO_F_VERSION_1 | VIRTIO_F_ACCESS_PLATFORM |
		      VIRTIO_F_ORDER_PLATFORM;
	vd->vectors_refused = UINT16_MAX;
	vd->num_queues = 5;
	memcpy(vd->config.mac, mac, sizeof(mac));
	vd->config.status = fn_cpu_to_le16(VIRTIO_NET_S_LINK_UP);
	vd->config.max_virtqueue_pairs = fn_cpu_to_le16(2);
	vd->config.mtu = fn_cpu_to_le16(1500);
	vd->config.speed = fn_cpu_to_le32(25000);
	vd->config.duplex = VIRTIO_NET_DUPLEX_FULL;
	vd->ctrl_ack = VIRTIO_NET_CTRL_OK;
	vd->busdev.ops = &virtio_dev_bus;
	vd->busdev.numa_node = -1;
	vd->busdev.iommu_group = -1;
	vd->busdev.req_fd = -1;
	vd->busdev.err_fd = -1;
	vd->busdev.irqs = 6;
	for (unsigned i = 0; i < VIRTIO_DEV_QUEUES; i++)
		vd->queues[i].size_max = 1024;
	device_reset(vd);
}

void virtio_dev_plug(struct virtio_dev *vd, unsigned slot)
{
	(void)snprintf(vd->busdev.name, sizeof(vd->busdev.name), "0000:00:%02x.0", slot);
	(void)fn_pci_addr_parse(vd->busdev.name, &vd->busdev.addr);
	/* In the place of the one that a failed test has left there, perhaps. */
	plugged[slot % FN_ARRAY_LEN(plugged)] = vd;
}

void virtio_dev_unplug(struct virtio_dev *vd)
{
	for (unsigned i = 0; i < FN_ARRAY_LEN(plugged); i++)
		if (plugged[i] == vd)
			plugged[i] = NULL;
}
