// SPDX-License-Identifier: BSD-3-Clause
/*
 * The virtio model's rings, split and packed, with a driver's side that is as plain as can be:
 * laps, chains, order, who is told when, and mistakes that the model must see.
 */
#include <unistd.h>

#include "model/model_build.h"
#include "model/model_test.h"
#include "model/virtio_standin.h"

struct wire {
	unsigned n;
	unsigned pair;
	uint32_t len;
	uint8_t frame[MODEL_FRAME_MAX];
};

static struct virtio_dev vd;
static struct virtio_standin si;
static struct wire wire;
static const struct virtio_dev_hdr no_hdr;

static void sent(void *arg, unsigned pair, const uint8_t *frame, uint32_t len)
{
	struct wire *w = arg;

	w->n++;
	w->pair = pair;
	w->len = len;
	memcpy(w->frame, frame, len);
}

static void up(uint64_t features, uint32_t ring)
{
	memset(&wire, 0, sizeof(wire));
	virtio_dev_init(&vd);
	vd.offered |= VIRTIO_DEV_F_ALL | VDEV_F_RING_PACKED;
	vd.sent = sent;
	vd.sent_arg = &wire;
	model_dev_plug(&vd.md, 3);
	standin_open(&si, &vd,
		     (struct standin_opts){ .features = features, .pairs = 1, .ring = ring });
}

static void down(void)
{
	assert_no_violation(&vd.md);
	standin_close(&si);
	assert_no_violation(&vd.md);
	model_dev_unplug(&vd.md);
}

static uint32_t build(uint8_t *frame, unsigned seq, uint32_t payload)
{
	return model_build(frame, &(struct model_build){ .seq = seq, .payload = payload });
}

static const uint64_t kinds[] = { 0, VDEV_F_EVENT_IDX, VDEV_F_RING_PACKED,
				  VDEV_F_RING_PACKED | VDEV_F_EVENT_IDX };

/* Three and more laps each way, at sizes that are no powers of two where that is allowed. */
static void laps(void **state)
{
	static uint8_t frame[MODEL_FRAME_MAX];
	static uint8_t got[MODEL_FRAME_MAX];
	static const uint32_t sizes[] = { 4, 8, 64, 256, 5, 100 };
	struct virtio_dev_hdr hdr;

	(void)state;
	for (unsigned k = 0; k < 4 * 6; k++) {
		const uint64_t kind = kinds[k % 4];
		const uint32_t size = sizes[k / 4];

		if (!fn_is_pow2(size) && !(kind & VDEV_F_RING_PACKED))
			continue;
		up(kind, size);
		for (unsigned seq = 0; seq < 5 * size + 3; seq++) {
			const uint32_t len = build(frame, seq, seq % 1000);

			assert_int_equal(virtio_dev_posted(&vd, 0), size - 1);
			assert_int_equal(virtio_dev_receive(&vd, 0, frame, len), 0);
			assert_int_equal(standin_recv(&si, 0, &hdr, got), len);
			assert_memory_equal(got, frame, len);
			assert_int_equal(standin_recv(&si, 0, &hdr, got), -EAGAIN);
			assert_true(standin_send(&si, 0, &no_hdr, frame, len, 1 + seq % 4) >= 0);
			assert_true(standin_publish(&si.q[1]));
			assert_int_equal(standin_reclaim(&si, 0), 0);
			assert_int_equal(virtio_dev_posted(&vd, 1), 1);
			assert_int_equal(virtio_dev_transmit(&vd, 0, 9), 1);
			assert_int_equal(wire.n, seq + 1);
			assert_int_equal(wire.len, len);
			assert_memory_equal(wire.frame, frame, len);
			assert_int_equal(standin_reclaim(&si, 0), 1);
		}
		assert_int_equal(si.q[1].free_n, size);
		down();
	}
}

/* A full ring, starved and resumed; what was taken back in another order than it was posted. */
static void out_of_order(void **state)
{
	static uint8_t frame[MODEL_FRAME_MAX];

	(void)state;
	for (unsigned k = 0; k < 4; k++) {
		up(kinds[k], 16);
		for (unsigned round = 0; round < 9; round++) {
			int ids[5];
			int took[5];

			/* 3 descriptors each: 15 of 16, so that every lap starts elsewhere. */
			for (unsigned i = 0; i < 5; i++)
				ids[i] = standin_send(&si, 0, &no_hdr, frame, build(frame, i, 100),
						      3);
			assert_int_equal(standin_send(&si, 0, &no_hdr, frame, 60, 2), -ENOSPC);
			(void)standin_publish(&si.q[1]);
			for (unsigned i = 0; i < 5; i++) {
				took[i] = virtio_dev_transmit_take(&vd, 0);
				assert_int_equal(took[i], ids[i]);
			}
			assert_int_equal(virtio_dev_transmit_take(&vd, 0), -EAGAIN);
			for (unsigned i = 0; i < 5; i++)
				virtio_dev_used(&vd, 1, (uint32_t)took[(i * 2 + round) % 5], 0);
			/* Nothing is seen before it is published. */
			assert_int_equal(standin_reclaim(&si, 0), 0);
			virtio_dev_publish(&vd, 1);
			assert_int_equal(standin_reclaim(&si, 0), 5);
			assert_int_equal(si.q[1].free_n, 16);
		}
		/* Receive: one entry was left free at the start; 15 frames and no more. */
		for (unsigned i = 0; i < 15; i++)
			assert_int_equal(virtio_dev_receive(&vd, 0, frame, 60), 0);
		assert_int_equal(virtio_dev_receive(&vd, 0, frame, 60), -ENOBUFS);
		assert_int_equal(virtio_dev_receive(&vd, 0, frame, 2037), -ENOBUFS);
		down();
		up(kinds[k], 16);
		assert_int_equal(virtio_dev_receive(&vd, 0, frame, 2037), -EMSGSIZE);
		assert_int_equal(virtio_dev_posted(&vd, 0), 15);
		assert_int_equal(virtio_dev_receive(&vd, 0, frame, 2036), 0);
		down();
	}
}

static unsigned irqs(void)
{
	uint64_t n = 0;

	return read(si.fds[1], &n, sizeof(n)) == sizeof(n) ? (unsigned)n : 0;
}

/* Interrupts come when they were asked for, once with event indices, and never when not. */
static void who_is_told(void **state)
{
	static uint8_t frame[MODEL_FRAME_MAX];
	static uint8_t got[MODEL_FRAME_MAX];
	struct virtio_dev_hdr hdr;

	(void)state;
	for (unsigned k = 0; k < 4; k++) {
		const bool index = kinds[k] & VDEV_F_EVENT_IDX;

		up(kinds[k], 8);
		for (unsigned round = 0; round < 40; round++) {
			standin_arm(&si.q[0], false);
			assert_int_equal(virtio_dev_receive(&vd, 0, frame, 60), 0);
			assert_int_equal(irqs(), 0);
			assert_int_equal(standin_recv(&si, 0, &hdr, got), 60);
			standin_arm(&si.q[0], true);
			assert_int_equal(virtio_dev_receive(&vd, 0, frame, 60), 0);
			assert_int_equal(irqs(), 1);
			assert_int_equal(virtio_dev_receive(&vd, 0, frame, 60), 0);
			assert_int_equal(irqs(), index ? 0 : 1);
			while (standin_recv(&si, 0, &hdr, got) > 0)
				;
		}
		/* Doorbells: when nothing is wished for, none; else each time that one is due. */
		vd.queues[1].no_notify = true;
		assert_true(standin_send(&si, 0, &no_hdr, frame, 60, 1) >= 0);
		assert_true(standin_publish(&si.q[1]));
		assert_int_equal(virtio_dev_transmit(&vd, 0, 9), 1);
		for (unsigned i = 0; i < 20; i++) {
			assert_true(standin_send(&si, 0, &no_hdr, frame, 60, 1) >= 0);
			assert_false(standin_publish(&si.q[1]));
			assert_int_equal(virtio_dev_transmit(&vd, 0, 9), 1);
			assert_int_equal(standin_reclaim(&si, 0), i ? 1 : 2);
		}
		down();
	}
}

/* An indirect table takes one entry of the ring. */
static void indirect(void **state)
{
	static uint8_t frame[MODEL_FRAME_MAX];

	(void)state;
	for (unsigned k = 0; k < 4; k++) {
		struct standin_queue *q = &si.q[1];
		const uint32_t len = build(frame, k, 200);
		struct standin_seg seg;
		uint8_t *va;

		up(kinds[k] | VDEV_F_INDIRECT_DESC, 8);
		va = q->bufs.va;
		memset(va, 0, 64);
		memcpy(va + 64, frame, len);
		for (unsigned i = 0; i < 3; i++) {
			const uint64_t at = q->bufs.iova.v + 52 + (i ? 12u + 100u * (i - 1) : 0);
			const uint32_t n = !i ? 12 : i == 1 ? 100 : len - 100;
			const bool chained = !(kinds[k] & VDEV_F_RING_PACKED) && i < 2;
			struct virtio_dev_desc *desc = (void *)(va + 1024 + 16 * (size_t)i);

			*desc = (struct virtio_dev_desc){ .addr = fn_cpu_to_le64(at),
							  .len = fn_cpu_to_le32(n) };
			if (chained) {
				desc->flags = fn_cpu_to_le16(VDEV_DESC_F_NEXT);
				desc->next = fn_cpu_to_le16((uint16_t)(i + 1));
			}
		}
		seg = (struct standin_seg){ q->bufs.iova.v + 1024, 48 };
		assert_true(standin_add(q, &seg, 1, 0) >= 0);
		if (kinds[k] & VDEV_F_RING_PACKED)
			((struct virtio_dev_pdesc *)q->desc.va)->flags.raw |= 4;
		else
			((struct virtio_dev_desc *)q->desc.va)->flags.raw |= 4;
		(void)standin_publish(q);
		assert_int_equal(virtio_dev_transmit(&vd, 0, 9), 1);
		assert_int_equal(wire.len, len);
		assert_memory_equal(wire.frame, frame, len);
		assert_int_equal(standin_reclaim(&si, 0), 1);
		down();
	}
}

/* What a driver must not do with a ring, each once: seen, and survived. */
static void mistakes(void **state)
{
	static uint8_t frame[MODEL_FRAME_MAX];

	(void)state;
	for (unsigned k = 0; k < 4; k++) {
		const bool packed = kinds[k] & VDEV_F_RING_PACKED;
		struct standin_queue *q = &si.q[1];
		struct virtio_dev_pdesc *ring;

		up(kinds[k], 8);
		ring = q->desc.va;
		/* Memory that is not mapped. */
		(void)standin_add(q, &(struct standin_seg){ 0x10, 60 }, 1, 0);
		(void)standin_publish(q);
		assert_int_equal(virtio_dev_transmit(&vd, 0, 1), 1);
		assert_violation(&vd.md, "not mapped");
		assert_int_equal(vd.md.fault_iova, 0x10);
		/* A buffer to be written, among those to be sent. */
		(void)standin_add(q, &(struct standin_seg){ q->bufs.iova.v, 60 }, 0, 1);
		(void)standin_publish(q);
		assert_int_equal(virtio_dev_transmit(&vd, 0, 1), 1);
		assert_violation(&vd.md, "writable descriptor");
		/* Nothing in a descriptor. */
		(void)standin_add(q, &(struct standin_seg){ q->bufs.iova.v, 0 }, 1, 0);
		(void)standin_publish(q);
		assert_int_equal(virtio_dev_transmit(&vd, 0, 1), 1);
		assert_violation(&vd.md, "no bytes");
		/* A flag that nobody negotiated. */
		(void)standin_send(&si, 0, &no_hdr, frame, 60, 1);
		if (packed)
			ring[3].flags.raw |= 4;
		else
			((struct virtio_dev_desc *)q->desc.va)[3].flags.raw |= 4;
		(void)standin_publish(q);
		assert_int_equal(virtio_dev_transmit(&vd, 0, 1), 1);
		assert_violation(&vd.md, "indirect descriptor that was not negotiated");
		/* A chain that has no end. */
		(void)standin_send(&si, 0, &no_hdr, frame, 60, 2);
		if (packed) {
			for (unsigned i = 0; i < 8; i++)
				ring[i].flags = fn_cpu_to_le16(
					i < 4 ? VDEV_DESC_F_NEXT | VDEV_DESC_F_USED :
						VDEV_DESC_F_NEXT | VDEV_DESC_F_AVAIL);
		} else {
			for (unsigned i = 0; i < 8; i++)
				((struct virtio_dev_desc *)q->desc.va)[i] =
					(struct virtio_dev_desc){
						.len = fn_cpu_to_le32(1),
						.flags = fn_cpu_to_le16(VDEV_DESC_F_NEXT),
						.next = fn_cpu_to_le16((uint16_t)((i + 1) % 8)),
					};
		}
		(void)standin_publish(q);
		(void)virtio_dev_transmit(&vd, 0, 1);
		assert_non_null(vd.md.violation);
		vd.md.violation = NULL;
		down();
	}
	/* Packed only: an id twice, a list with a hole, event flags that are none. */
	up(VDEV_F_RING_PACKED, 8);
	(void)standin_send(&si, 0, &no_hdr, frame, 60, 1);
	(void)standin_send(&si, 0, &no_hdr, frame, 60, 1);
	((struct virtio_dev_pdesc *)si.q[1].desc.va)[1].id = fn_cpu_to_le16(0);
	assert_int_equal(virtio_dev_transmit_take(&vd, 0), 0);
	assert_int_equal(virtio_dev_transmit_take(&vd, 0), 0);
	assert_violation(&vd.md, "id that is in use");
	(void)standin_send(&si, 0, &no_hdr, frame, 60, 3);
	((struct virtio_dev_pdesc *)si.q[1].desc.va)[3].flags = fn_cpu_to_le16(VDEV_DESC_F_NEXT);
	(void)virtio_dev_transmit_take(&vd, 0);
	assert_violation(&vd.md, "not all descriptors are available");
	((struct virtio_dev_event *)si.q[0].driver.va)->flags = fn_cpu_to_le16(VDEV_EVENT_DESC);
	assert_int_equal(virtio_dev_receive(&vd, 0, frame, 60), 0);
	assert_violation(&vd.md, "event flags");
	down();
}

/* Late, stuck and gone. */
static void away(void **state)
{
	static uint8_t frame[MODEL_FRAME_MAX];

	(void)state;
	for (unsigned k = 0; k < 4; k++) {
		up(kinds[k], 8);
		vd.auto_tx = true;
		vd.md.late_min_ns = 5000;
		vd.md.late_max_ns = 5000;
		(void)standin_send(&si, 0, &no_hdr, frame, 60, 1);
		(void)standin_publish(&si.q[1]);
		model_bus.delay_ns(si.busdev, 4999);
		assert_int_equal(standin_reclaim(&si, 0), 0);
		model_bus.delay_ns(si.busdev, 1);
		assert_int_equal(standin_reclaim(&si, 0), 1);
		vd.md.stuck = true;
		(void)standin_send(&si, 0, &no_hdr, frame, 60, 1);
		(void)standin_publish(&si.q[1]);
		model_bus.delay_ns(si.busdev, 1000000);
		assert_int_equal(standin_reclaim(&si, 0), 0);
		assert_int_equal(virtio_dev_wire_in(&vd, frame, 60), -ENETDOWN);
		vd.md.stuck = false;
		assert_int_equal(virtio_dev_transmit(&vd, 0, 9), 1);
		assert_int_equal(standin_reclaim(&si, 0), 1);
		vd.md.gone = true;
		(void)standin_send(&si, 0, &no_hdr, frame, 60, 1);
		(void)standin_publish(&si.q[1]);
		model_bus.delay_ns(si.busdev, 1000000);
		assert_int_equal(standin_reclaim(&si, 0), 0);
		assert_int_equal(fn_bar_read32(&si.bar, 0), UINT32_MAX);
		down();
	}
}

/* What no honest device writes is written as it is. */
static void hostile(void **state)
{
	static const uint8_t zeros[16];
	struct standin_queue *q = &si.q[1];
	uint32_t len;
	uint16_t id;

	(void)state;
	up(VDEV_F_RING_PACKED, 8);
	assert_memory_equal(q->desc.va, zeros, 16);
	virtio_dev_packed_write(&vd, 1, 0, 5, 0xffffffff, VDEV_DESC_F_AVAIL | VDEV_DESC_F_USED);
	assert_true(standin_used(q, &id, &len));
	assert_int_equal(id, 5);
	assert_int_equal(len, UINT32_MAX);
	down();
	up(0, 8);
	virtio_dev_used(&vd, 1, 7, 3);
	virtio_dev_used_idx(&vd, 1, 1);
	assert_true(standin_used(&si.q[1], &id, &len));
	assert_int_equal(id, 7);
	assert_int_equal(len, 3);
	down();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(laps),        cmocka_unit_test(out_of_order),
		cmocka_unit_test(who_is_told), cmocka_unit_test(indirect),
		cmocka_unit_test(mistakes),    cmocka_unit_test(away),
		cmocka_unit_test(hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
