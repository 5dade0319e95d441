// SPDX-License-Identifier: BSD-3-Clause
/* The control queue of virtio-net (virtio 1.2 5.1.6.5): one command at a time, waited for. */
#include <errno.h>
#include <string.h>

#include "drivers/virtio/virtio_net.h"

/*
 * A command has three descriptors: its header, its data, and the byte that the device answers. One
 * without data has two.
 */
#define CTRL_DESCS 3u
#define CTRL_RING 4u

/* Where they lie in the queue's extra memory; the answer alone in a cache line. */
#define CTRL_HDR_AT 0u
#define CTRL_DATA_AT 8u
#define CTRL_ACK_AT 1216u
#define CTRL_BYTES 1280u

_Static_assert(CTRL_DATA_AT + VIRTIO_NET_CTRL_DATA_MAX <= CTRL_ACK_AT, "they do not overlap");
_Static_assert(CTRL_ACK_AT % FN_CACHE_LINE == 0 && CTRL_BYTES == CTRL_ACK_AT + FN_CACHE_LINE,
	       "a line of its own");

/* QEMU answers within the doorbell write; a device with firmware takes milliseconds. */
#define CTRL_DEADLINE_NS FN_MS(2000)
#define CTRL_DELAY_MIN_NS FN_US(2)
#define CTRL_DELAY_MAX_NS FN_US(500)

/* No legal answer (5.1.6.5: 0 and 1 are), so that an answer that was not written shows. */
#define CTRL_ACK_NONE 0xffu

int virtio_net_ctrl_create(struct fn_dev *dev)
{
	struct virtio_net *vn = virtio_net_of(dev);
	struct virtio_net_ctrl *ctrl = &vn->ctrl;
	uint32_t size;
	int ret;

	ret = virtio_pci_queue_size_max(&vn->pci, vn->ctrl_queue, &size);
	if (ret)
		return ret;
	if (size < CTRL_RING)
		return fn_fail(-EIO,
			       "%s: the device's control queue has %u entries, and a command needs "
			       "%u",
			       dev->bus->name, size, CTRL_DESCS);
	ret = virtq_alloc(&ctrl->vq, dev->ctx, CTRL_RING, CTRL_BYTES, dev->bus->numa_node);
	if (ret)
		return ret;
	ctrl->pos = 0;
	ctrl->desc = 0;
	ctrl->broken = false;
	virtq_irq_disarm(ctrl->vq.avail, CTRL_RING,
			 (vn->pci.features & VIRTIO_F_RING_EVENT_IDX) != 0, 0);
	ret = virtio_pci_queue_enable(&vn->pci, vn->ctrl_queue, &ctrl->vq, VIRTIO_MSI_NO_VECTOR,
				      &ctrl->db);
	if (ret)
		virtq_free(&ctrl->vq, dev->ctx);
	return ret;
}

void virtio_net_ctrl_destroy(struct fn_dev *dev)
{
	virtq_free(&virtio_net_of(dev)->ctrl.vq, dev->ctx);
}

/* With VIRTIO_F_IN_ORDER descriptors are used in the order of the ring (2.7.5), so always. */
static void ctrl_desc(struct virtio_net_ctrl *ctrl, uint32_t at, uint32_t len, unsigned flags)
{
	struct virtq_desc *desc = &ctrl->vq.desc[ctrl->desc];

	ctrl->desc = (ctrl->desc + 1) & (CTRL_RING - 1);
	fn_write_le64(&desc->addr, ctrl->vq.extra_iova.v + at);
	fn_write_le64(&desc->ctl,
		      VIRTQ_CTL(len, flags, flags & VIRTQ_DESC_F_NEXT ? ctrl->desc : 0));
}

/*
 * Wait until the device has used the command. It has its buffers until a reset when it never does.
 */
static int ctrl_wait(struct fn_dev *dev, struct virtio_net_ctrl *ctrl, uint16_t head)
{
	const uint64_t start_ns = fn_dev_now_ns(dev);
	uint64_t delay_ns = CTRL_DELAY_MIN_NS;
	uint16_t done;
	uint64_t elem;

	while ((done = fn_ring_used(fn_read_le16(&ctrl->vq.used->idx), ctrl->pos)) == 0) {
		if (fn_dev_now_ns(dev) - start_ns >= CTRL_DEADLINE_NS) {
			ctrl->broken = true;
			if (fn_busdev_is_gone(dev->bus))
				return fn_dev_mark_gone(dev);
			return fn_fail(-EIO,
				       "%s: the device did not answer a command on its control "
				       "queue within %u ms; fn_dev_reset() it",
				       dev->bus->name, (unsigned)(CTRL_DEADLINE_NS / FN_MS(1)));
		}
		fn_dev_delay_ns(dev, delay_ns);
		if (delay_ns < CTRL_DELAY_MAX_NS)
			delay_ns *= 2;
	}
	/*
	 * Pairs with the device's write of used->idx (2.7.8): the element and the answer lie behind
	 * it.
	 */
	fn_rmb_dma();
	elem = fn_read_le64(&virtq_used_elems(ctrl->vq.used)[ctrl->pos & (CTRL_RING - 1)]);
	if (done != 1 || VIRTQ_USED_ID(elem) != head) {
		ctrl->broken = true;
		return fn_fail(-EIO,
			       "%s: the device answered %u commands with buffer %u on its control "
			       "queue, and it had one with buffer %u; fn_dev_reset() it",
			       dev->bus->name, done, VIRTQ_USED_ID(elem), head);
	}
	ctrl->pos = fn_ring_advance(ctrl->pos, 1);
	return 0;
}

/* Lay a command out. Returns its first descriptor. */
static uint16_t ctrl_put(struct virtio_net_ctrl *ctrl, uint8_t class, uint8_t command,
			 const void *data, uint32_t len)
{
	const struct virtio_net_ctrl_hdr hdr = { class, command };
	const uint16_t head = ctrl->desc;

	memcpy(ctrl->vq.extra + CTRL_HDR_AT, &hdr, sizeof(hdr));
	ctrl_desc(ctrl, CTRL_HDR_AT, sizeof(hdr), VIRTQ_DESC_F_NEXT);
	if (len) {
		memcpy(ctrl->vq.extra + CTRL_DATA_AT, data, len);
		ctrl_desc(ctrl, CTRL_DATA_AT, len, VIRTQ_DESC_F_NEXT);
	}
	ctrl->vq.extra[CTRL_ACK_AT] = CTRL_ACK_NONE;
	ctrl_desc(ctrl, CTRL_ACK_AT, 1, VIRTQ_DESC_F_WRITE);
	return head;
}

int virtio_net_command(struct fn_dev *dev, const char *what, uint8_t class, uint8_t command,
		       const void *data, uint32_t len)
{
	struct virtio_net *vn = virtio_net_of(dev);
	struct virtio_net_ctrl *ctrl = &vn->ctrl;
	const uint16_t pos = ctrl->pos;
	uint16_t head;
	uint8_t ack;
	int ret;

	if (ctrl->broken)
		return fn_fail(-EIO, "%s: the device's control queue is broken; fn_dev_reset() it",
			       dev->bus->name);
	head = ctrl_put(ctrl, class, command, data, len);
	fn_write_le16(&ctrl->vq.avail->ring[pos & (CTRL_RING - 1)], head);
	if (virtq_publish(ctrl->vq.avail, ctrl->vq.used, CTRL_RING,
			  (vn->pci.features & VIRTIO_F_RING_EVENT_IDX) != 0,
			  fn_ring_advance(pos, 1), pos))
		fn_doorbell_ring16(&ctrl->db, vn->ctrl_queue);
	ret = ctrl_wait(dev, ctrl, head);
	/* A device that is being started is reset when it fails; a running one must say so. */
	if (ret == -EIO && dev->state == FN_DEV_STARTED)
		fn_dev_mark_broken(dev, "its control queue does not answer as it should");
	if (ret)
		return ret;
	/* Renewed with each command, used_event never comes into reach: the queue is waited for. */
	virtq_irq_disarm(ctrl->vq.avail, CTRL_RING,
			 (vn->pci.features & VIRTIO_F_RING_EVENT_IDX) != 0, ctrl->pos);
	ack = __atomic_load_n(&ctrl->vq.extra[CTRL_ACK_AT], __ATOMIC_RELAXED);
	if (ack != VIRTIO_NET_CTRL_OK)
		return fn_fail(-EIO, "%s: the device refuses to %s (answer %u)", dev->bus->name,
			       what, ack);
	return 0;
}

int virtio_net_undo(struct fn_dev *dev, int ret, const char *what, int (*undo)(struct fn_dev *dev))
{
	struct fn_first_error first = { 0 };

	/* Who is gone, or does not answer, cannot be told. */
	if (ret == -ENODEV || virtio_net_of(dev)->ctrl.broken)
		return ret;
	fn_first_error_note(&first, ret);
	ret = undo(dev);
	(void)fn_first_error_fail(&first);
	if (!ret || ret == -ENODEV)
		return first.ret;
	fn_dev_mark_broken(dev, "it does not put %s back", what);
	return fn_fail_add(first.ret, "; nor does it put %s back: fn_dev_reset() it", what);
}
