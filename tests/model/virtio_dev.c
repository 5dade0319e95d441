// SPDX-License-Identifier: BSD-3-Clause
/* The virtio model's registers: configuration space, common configuration, doorbells. */
#include <limits.h>
#include <string.h>

#include "model/virtio_dev_ring.h"

#define COMMON(member) (VIRTIO_DEV_COMMON + offsetof(struct virtio_dev_common, member))

static struct virtio_dev *virtio_of(struct model_dev *md)
{
	return fn_container_of(md, struct virtio_dev, md);
}

void virtio_dev_note(struct virtio_dev *vd, enum virtio_dev_step step, uint32_t value)
{
	if (vd->trace_n < VIRTIO_DEV_TRACE)
		vd->trace[vd->trace_n++] = (struct virtio_dev_trace){ step, value };
}

void virtio_dev_config_changed(struct virtio_dev *vd)
{
	vd->generation++;
	if (vd->config_vector != VDEV_NO_VECTOR)
		model_dev_signal(&vd->md, vd->config_vector);
}

void virtio_dev_needs_reset(struct virtio_dev *vd)
{
	vd->status |= VDEV_STATUS_DEVICE_NEEDS_RESET;
	if (vd->status & VDEV_STATUS_DRIVER_OK)
		virtio_dev_config_changed(vd);
}

void virtio_dev_link(struct virtio_dev *vd, bool up)
{
	const uint16_t old = fn_le16_to_cpu(vd->config.status);
	const unsigned other = old & ~VDEV_S_LINK_UP;

	vd->config.status = fn_cpu_to_le16((uint16_t)(up ? other | VDEV_S_LINK_UP : other));
	virtio_dev_config_changed(vd);
}

static void queue_reset(struct virtio_dev_queue *q)
{
	const unsigned kicks = q->kicks;
	const unsigned irqs = q->irqs;
	const uint32_t size_max = q->size_max;
	const bool no_notify = q->no_notify;

	memset(q, 0, sizeof(*q));
	q->size_max = size_max;
	q->size = size_max;
	q->vector = VDEV_NO_VECTOR;
	q->kicks = kicks;
	q->irqs = irqs;
	q->no_notify = no_notify;
}

/* 2.4: everything is as at power-on. */
static void device_reset(struct virtio_dev *vd)
{
	model_shadow_clear(&vd->md);
	vd->status = 0;
	vd->accepted = 0;
	vd->config_vector = VDEV_NO_VECTOR;
	vd->pairs = 1;
	memset(&vd->filter, 0, sizeof(vd->filter));
	vd->filter.promisc = true;
	memset(&vd->rss, 0, sizeof(vd->rss));
	memset(&vd->coal_rx, 0, sizeof(vd->coal_rx));
	memset(&vd->coal_tx, 0, sizeof(vd->coal_tx));
	memset(vd->flows, 0, sizeof(vd->flows));
	(void)model_clock_cancel(vd->md.clock, NULL, vd);
	if (vd->mac_set)
		memcpy(vd->config.mac, vd->factory_mac, sizeof(vd->factory_mac));
	vd->mac_set = false;
	memcpy(vd->mac, vd->config.mac, sizeof(vd->mac));
	for (unsigned i = 0; i < VIRTIO_DEV_QUEUES; i++)
		queue_reset(&vd->queues[i]);
}

/* 5.1.3.1: which features need which others. */
static void features_check(struct virtio_dev *vd)
{
	static const struct {
		uint64_t feature;
		uint64_t needs;
	} rules[] = {
		{ VDEV_F_GUEST_TSO4, VDEV_F_GUEST_CSUM },  { VDEV_F_GUEST_TSO6, VDEV_F_GUEST_CSUM },
		{ VDEV_F_HOST_TSO4, VDEV_F_CSUM },         { VDEV_F_HOST_TSO6, VDEV_F_CSUM },
		{ VDEV_F_HOST_ECN, VDEV_F_CSUM },          { VDEV_F_CTRL_RX, VDEV_F_CTRL_VQ },
		{ VDEV_F_CTRL_VLAN, VDEV_F_CTRL_VQ },      { VDEV_F_CTRL_RX_EXTRA, VDEV_F_CTRL_VQ },
		{ VDEV_F_GUEST_ANNOUNCE, VDEV_F_CTRL_VQ }, { VDEV_F_MQ, VDEV_F_CTRL_VQ },
		{ VDEV_F_CTRL_MAC_ADDR, VDEV_F_CTRL_VQ },  { VDEV_F_RSS, VDEV_F_CTRL_VQ },
		{ VDEV_F_HASH_REPORT, VDEV_F_CTRL_VQ },    { VDEV_F_NOTF_COAL, VDEV_F_CTRL_VQ },
	};

	for (unsigned i = 0; i < FN_ARRAY_LEN(rules); i++)
		if ((vd->accepted & rules[i].feature) && !(vd->accepted & rules[i].needs))
			virtio_dev_violation(vd,
					     "a feature without the one that it needs (5.1.3.1)");
	if (!(vd->accepted & VDEV_F_VERSION_1))
		virtio_dev_violation(vd, "VIRTIO_F_VERSION_1 is not accepted (6.1)");
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
	if ((value & VDEV_STATUS_DRIVER) && !(vd->status & VDEV_STATUS_ACKNOWLEDGE))
		virtio_dev_violation(vd, "DRIVER before ACKNOWLEDGE (3.1.1)");
	if ((value & VDEV_STATUS_DRIVER_OK) && !(vd->status & VDEV_STATUS_FEATURES_OK))
		virtio_dev_violation(vd, "DRIVER_OK before FEATURES_OK (3.1.1)");
	if (value & ~vd->status & VDEV_STATUS_FEATURES_OK)
		features_check(vd);
	if (vd->refuse_features)
		value &= (uint8_t)~VDEV_STATUS_FEATURES_OK;
	vd->status = value;
}

static uint8_t status_read(struct virtio_dev *vd)
{
	virtio_dev_note(vd, VIRTIO_DEV_READ_STATUS, vd->status);
	if (!vd->resetting)
		return vd->status;
	if (vd->resetting != UINT_MAX)
		vd->resetting--;
	return VDEV_STATUS_ACKNOWLEDGE;
}

/* What a vector reads after it was written. */
static uint16_t vector_taken(struct virtio_dev *vd, uint64_t value)
{
	if (value > VDEV_VECTOR_MAX && value != VDEV_NO_VECTOR)
		virtio_dev_violation(vd, "a vector that is no MSI-X entry (4.1.5.1.2)");
	return value < vd->vectors_refused ? (uint16_t)value : VDEV_NO_VECTOR;
}

static struct virtio_dev_queue *selected(struct virtio_dev *vd)
{
	static struct virtio_dev_queue none;

	none = (struct virtio_dev_queue){ .vector = VDEV_NO_VECTOR };
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

static void queue_enable(struct virtio_dev *vd, struct virtio_dev_queue *q, uint64_t value)
{
	const bool packed = (vd->accepted & VDEV_F_RING_PACKED) != 0;

	if (value != 1 || !q->desc || !q->driver || !q->device)
		virtio_dev_violation(vd, "a queue is enabled without rings (4.1.4.3.2)");
	if (q->desc % 16 || q->driver % (packed ? 4 : 2) || q->device % 4)
		virtio_dev_violation(vd, "a ring is not aligned (2.7, 2.8.10.1)");
	if (!(vd->status & VDEV_STATUS_FEATURES_OK) || (vd->status & VDEV_STATUS_DRIVER_OK))
		virtio_dev_violation(vd, "a queue is enabled out of turn (3.1.1)");
	if (packed && q->size > VIRTIO_DEV_PACKED_MAX)
		virtio_dev_violation(vd, "the model has no packed rings of that size");
	virtio_dev_note(vd, VIRTIO_DEV_ENABLE, vd->queue_select);
	model_shadow_set(&vd->md, 2u * vd->queue_select, q->desc, 16 * (size_t)q->size);
	if (!packed)
		model_shadow_set(&vd->md, 2u * vd->queue_select + 1, q->driver,
				 6 + 2 * (size_t)q->size);
	else
		model_shadow_set(&vd->md, 2u * vd->queue_select + 1, q->driver, 4);
	q->enabled = true;
}

static void queue_write(struct virtio_dev *vd, uint64_t off, uint64_t value)
{
	struct virtio_dev_queue *q = selected(vd);

	if (q->enabled)
		virtio_dev_violation(vd, "a queue is changed while it is enabled (4.1.4.3.2)");
	switch (off) {
	case COMMON(queue_size):
		if (!(vd->accepted & VDEV_F_RING_PACKED) && !fn_is_pow2(value))
			virtio_dev_violation(vd, "a queue size that is no power of two (2.7)");
		if (!value || value > q->size_max)
			virtio_dev_violation(vd, "a queue size that is not allowed (4.1.4.3.2)");
		q->size = (uint32_t)value;
		break;
	case COMMON(queue_msix_vector):
		q->vector = vector_taken(vd, value);
		break;
	case COMMON(queue_enable):
		queue_enable(vd, q, value);
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
	if (!(vd->status & VDEV_STATUS_DRIVER) || (vd->status & VDEV_STATUS_FEATURES_OK))
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
		vd->config_vector = vector_taken(vd, value);
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

static uint64_t bar_read(struct model_dev *md, unsigned idx, uint64_t off, unsigned width)
{
	struct virtio_dev *vd = virtio_of(md);
	uint64_t value = 0;

	(void)idx;
	if (off >= VIRTIO_DEV_CONFIG && off + width <= VIRTIO_DEV_CONFIG + sizeof(vd->config)) {
		memcpy(&value, (uint8_t *)&vd->config + (off - VIRTIO_DEV_CONFIG), width);
		return value;
	}
	if (off >= sizeof(struct virtio_dev_common)) {
		virtio_dev_violation(vd, "a read outside of all structures");
		return UINT64_MAX;
	}
	if (width != common_width(off))
		virtio_dev_violation(vd, "a field is read in another width (4.1.3.1)");
	return common_read(vd, off);
}

static void serve(void *arg, uint64_t queue)
{
	struct virtio_dev *vd = arg;

	if (queue == virtio_dev_ctrl_queue(vd))
		virtio_dev_ctrl(vd, (unsigned)queue);
	else if (vd->auto_tx && (queue & 1))
		(void)virtio_dev_transmit(vd, (unsigned)queue / 2, UINT_MAX);
}

static void notify(struct virtio_dev *vd, uint64_t off, uint64_t value, unsigned width)
{
	const unsigned queue = (unsigned)(off / VIRTIO_DEV_NOTIFY_STEP);

	virtio_dev_note(vd, VIRTIO_DEV_KICK, queue);
	if (width != 2 || value != queue || queue >= vd->num_queues || !vd->queues[queue].enabled) {
		virtio_dev_violation(vd, "a doorbell that is not a queue's (4.1.5.2)");
		return;
	}
	if (!(vd->status & VDEV_STATUS_DRIVER_OK))
		virtio_dev_violation(vd, "a doorbell before DRIVER_OK (3.1.1)");
	vd->queues[queue].kicks++;
	virtio_dev_watch(vd, queue, true);
	model_dev_later(&vd->md, serve, vd, queue);
}

static void bar_write(struct model_dev *md, unsigned idx, uint64_t off, unsigned width,
		      uint64_t value)
{
	struct virtio_dev *vd = virtio_of(md);

	(void)idx;
	if (off >= VIRTIO_DEV_NOTIFY) {
		notify(vd, off - VIRTIO_DEV_NOTIFY, value, width);
		return;
	}
	if (off >= sizeof(struct virtio_dev_common)) {
		virtio_dev_violation(vd, "a write outside of all structures");
		return;
	}
	if (width != common_width(off))
		virtio_dev_violation(vd, "a field is written in another width (4.1.3.1)");
	common_write(vd, off, value);
}

/* What was made available until now must have been there at an earlier fence. */
static void fence(struct model_dev *md, bool full)
{
	struct virtio_dev *vd = virtio_of(md);

	/* What the device says that it has may be a lie, too. */
	for (unsigned i = 0; i < vd->num_queues && i < VIRTIO_DEV_QUEUES; i++) {
		virtio_dev_watch(vd, i, false);
		if (full)
			vd->queues[i].fenced_at = vd->queues[i].watch_at;
	}
}

static const struct model_dev_ops ops = { .bar_read = bar_read,
					  .bar_write = bar_write,
					  .fence = fence };

static void cap_put(struct virtio_dev *vd, unsigned at, unsigned next, uint8_t type,
		    uint32_t offset, uint32_t length)
{
	const struct virtio_dev_cap cap = {
		.id = VDEV_CAP_ID,
		.next = (uint8_t)next,
		.len = type == VDEV_CAP_NOTIFY_CFG ? VDEV_CAP_NOTIFY_BYTES : VDEV_CAP_BYTES,
		.type = type,
		.bar = VIRTIO_DEV_BAR,
		.offset = fn_cpu_to_le32(offset),
		.length = fn_cpu_to_le32(length),
		.notify_multiplier = fn_cpu_to_le32(VIRTIO_DEV_NOTIFY_STEP),
	};

	memcpy(vd->md.cfg + at, &cap, cap.len);
}

static void cfg_init(struct virtio_dev *vd)
{
	vd->md.cfg[0x06] = 0x10; /* there is a list of capabilities */
	vd->md.cfg[0x08] = 1;    /* 4.1.2.1: a modern device's revision is 1 or more */
	vd->md.cfg[0x34] = VIRTIO_DEV_CAP_COMMON;
	cap_put(vd, VIRTIO_DEV_CAP_COMMON, VIRTIO_DEV_CAP_ISR, VDEV_CAP_COMMON_CFG,
		VIRTIO_DEV_COMMON, 0x1000);
	cap_put(vd, VIRTIO_DEV_CAP_ISR, VIRTIO_DEV_CAP_CONFIG, VDEV_CAP_ISR_CFG, VIRTIO_DEV_ISR,
		0x1000);
	cap_put(vd, VIRTIO_DEV_CAP_CONFIG, VIRTIO_DEV_CAP_NOTIFY, VDEV_CAP_DEVICE_CFG,
		VIRTIO_DEV_CONFIG, 0x1000);
	cap_put(vd, VIRTIO_DEV_CAP_NOTIFY, 0, VDEV_CAP_NOTIFY_CFG, VIRTIO_DEV_NOTIFY, 0x1000);
}

void virtio_dev_init(struct virtio_dev *vd)
{
	static const uint8_t mac[6] = { 0x52, 0x54, 0x00, 0x12, 0x34, 0x56 };

	memset(vd, 0, sizeof(*vd));
	model_dev_init(&vd->md, &ops, VDEV_PCI_VENDOR, VDEV_PCI_DEVICE_NET);
	vd->md.bar_bytes[VIRTIO_DEV_BAR] = VIRTIO_DEV_BAR_BYTES;
	vd->md.busdev.irqs = 6;
	cfg_init(vd);
	vd->offered = VDEV_F_MTU | VDEV_F_MAC | VDEV_F_STATUS | VDEV_F_CTRL_VQ | VDEV_F_CTRL_RX |
		      VDEV_F_MQ | VDEV_F_CTRL_MAC_ADDR | VDEV_F_SPEED_DUPLEX | VDEV_F_EVENT_IDX |
		      VDEV_F_VERSION_1 | VDEV_F_ACCESS_PLATFORM | VDEV_F_ORDER_PLATFORM;
	vd->vectors_refused = UINT16_MAX;
	vd->num_queues = 5;
	memcpy(vd->config.mac, mac, sizeof(mac));
	vd->config.status = fn_cpu_to_le16(VDEV_S_LINK_UP);
	vd->config.max_virtqueue_pairs = fn_cpu_to_le16(2);
	vd->config.mtu = fn_cpu_to_le16(1500);
	vd->config.speed = fn_cpu_to_le32(25000);
	vd->config.duplex = 1;
	vd->config.rss_max_key_size = 40;
	vd->config.rss_max_indirection_table_length = fn_cpu_to_le16(128);
	vd->config.supported_hash_types = fn_cpu_to_le32(VDEV_HASH_ALL);
	vd->ctrl_ack = VDEV_OK;
	for (unsigned i = 0; i < VIRTIO_DEV_QUEUES; i++)
		vd->queues[i].size_max = 1024;
	device_reset(vd);
}
