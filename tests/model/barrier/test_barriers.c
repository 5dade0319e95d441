// SPDX-License-Identifier: BSD-3-Clause
/*
 * In a build in which fences are calls: a driver with all of them sees nothing of it, and each kind
 * that is left out is found, on split, packed and Intel rings.
 */
#include "base/barrier.h"
#include "model/intel_standin.h"
#include "model/model_build.h"
#include "model/model_test.h"
#include "model/virtio_standin.h"

static const uint64_t kinds[] = { 0, VDEV_F_EVENT_IDX, VDEV_F_RING_PACKED,
				  VDEV_F_RING_PACKED | VDEV_F_EVENT_IDX };
static const struct virtio_dev_hdr no_hdr;
static const struct intel_standin_tx no_tx;

static struct virtio_dev vd;
static struct virtio_standin si;
static struct intel_dev id;
static struct intel_standin is;
static uint8_t frame[MODEL_FRAME_MAX];
static uint8_t got[MODEL_FRAME_MAX];

static void virtio_up(uint64_t kind)
{
	virtio_dev_init(&vd);
	vd.offered |= VDEV_F_RING_PACKED;
	model_dev_plug(&vd.md, 3);
	standin_open(&si, &vd, (struct standin_opts){ .features = kind, .pairs = 1, .ring = 16 });
}

static void virtio_down(void)
{
	model_barrier_state.ignored = 0;
	standin_close(&si);
	model_dev_unplug(&vd.md);
}

static void intel_up(enum intel_family family)
{
	intel_dev_init(&id, family);
	model_dev_plug(&id.md, 4);
	intel_standin_open(&is, &id, (struct intel_standin_opts){ .queues = 1, .ring = 16 });
}

static void intel_down(void)
{
	model_barrier_state.ignored = 0;
	intel_standin_close(&is);
	model_dev_unplug(&id.md);
}

static void honest(void **state)
{
	struct intel_standin_rx rx;
	struct virtio_dev_hdr hdr;

	(void)state;
	for (unsigned k = 0; k < 4; k++) {
		virtio_up(kinds[k]);
		for (unsigned seq = 0; seq < 100; seq++) {
			const uint32_t len =
				model_build(frame, &(struct model_build){ .seq = seq,
									  .payload = 50 + seq });

			assert_int_equal(virtio_dev_receive(&vd, 0, frame, len), 0);
			assert_int_equal(standin_recv(&si, 0, &hdr, got), len);
			assert_memory_equal(got, frame, len);
			assert_true(standin_send(&si, 0, &no_hdr, frame, len, 1 + seq % 3) >= 0);
			(void)standin_publish(&si.q[1]);
			assert_int_equal(virtio_dev_transmit(&vd, 0, 9), 1);
			assert_int_equal(standin_reclaim(&si, 0), 1);
		}
		assert_no_violation(&vd.md);
		virtio_down();
	}
	for (unsigned k = 0; k < 2; k++) {
		intel_up(k ? INTEL_82576 : INTEL_82574);
		for (unsigned seq = 0; seq < 100; seq++) {
			const uint32_t len =
				model_build(frame, &(struct model_build){ .seq = seq,
									  .payload = 50 + seq });

			assert_int_equal(intel_dev_receive(&id, frame, len), 0);
			assert_int_equal(intel_standin_recv(&is, 0, got, &rx), len);
			assert_memory_equal(got, frame, len);
			assert_true(intel_standin_send(&is, 0, frame, len, &no_tx) >= 0);
			assert_int_equal(intel_standin_reclaim(&is, 0), 1);
		}
		assert_no_violation(&id.md);
		intel_down();
	}
}

/* Behind "done" there is nothing to be read yet. */
static void reader(void **state)
{
	const uint32_t len = model_build(frame, &(struct model_build){ .payload = 100 });

	(void)state;
	for (unsigned k = 0; k < 4; k++) {
		virtio_up(kinds[k]);
		assert_int_equal(virtio_dev_receive(&vd, 0, frame, len), 0);
		model_barrier_state.ignored = MODEL_RMB;
		if (kinds[k] & VDEV_F_RING_PACKED) {
			const struct virtio_dev_pdesc *ring = si.q[0].desc.va;

			assert_true(fn_read_le16(&ring[0].flags) & VDEV_DESC_F_USED);
			assert_int_equal(fn_read_le16(&ring[0].id), 0xa5a5);
			fn_mb_dma();
			assert_int_equal(fn_read_le16(&ring[0].id), 0);
		} else {
			const fn_le32 *used = si.q[0].device.va;

			assert_int_equal(fn_read_le32(&used[0]) >> 16, 1); /* used->idx */
			assert_int_equal(fn_read_le32(&used[1]), 0xa5a5a5a5);
			assert_int_equal(fn_read_le32(&used[2]), 0xa5a5a5a5);
			assert_int_equal(((uint8_t *)si.q[0].bufs.va)[20], 0xa5);
			fn_mb_dma();
			assert_memory_equal((uint8_t *)si.q[0].bufs.va + 12, frame, len);
		}
		virtio_down();
	}
	for (unsigned k = 0; k < 2; k++) {
		const uint8_t *bufs;
		uint32_t dw[4];

		intel_up(k ? INTEL_82576 : INTEL_82574);
		bufs = is.rx[0].bufs.va;
		assert_int_equal(intel_dev_receive(&id, frame, len), 0);
		assert_true(intel_dev_desc_read(&id, false, 0, 0, dw));
		assert_true(dw[2] & IDEV_RXD_DD);
		/* Status and length are one look; the hash is not in it. */
		assert_int_equal(dw[3], len);
		assert_int_equal(dw[1], 0xa5a5a5a5);
		assert_int_equal(bufs[20], 0xa5);
		fn_rmb_dma();
		assert_true(intel_dev_desc_read(&id, false, 0, 0, dw));
		assert_int_not_equal(dw[1], 0xa5a5a5a5);
		assert_memory_equal(bufs, frame, len);
		intel_down();
	}
}

/* The fence between a buffer and what makes it available, and the one behind that. */
static void writer(void **state)
{
	const uint32_t len = model_build(frame, &(struct model_build){ .payload = 100 });

	(void)state;
	for (unsigned k = 0; k < 8; k++) {
		virtio_up(kinds[k / 2]);
		assert_no_violation(&vd.md);
		model_barrier_state.ignored = k & 1 ? MODEL_MB : MODEL_WMB;
		assert_true(standin_send(&si, 0, &no_hdr, frame, len, 2) >= 0);
		(void)standin_publish(&si.q[1]);
		assert_violation(&vd.md, k & 1 ? "look whether to ring" :
						 "between a buffer and what makes it available");
		virtio_down();
	}
	/* The one behind a wish for an interrupt. */
	for (unsigned k = 0; k < 4; k++) {
		virtio_up(kinds[k]);
		standin_arm(&si.q[0], false);
		model_barrier_state.ignored = MODEL_MB;
		standin_arm(&si.q[0], true);
		assert_int_equal(virtio_dev_receive(&vd, 0, frame, len), 0);
		assert_violation(&vd.md, "wish for an interrupt");
		virtio_down();
	}
	for (unsigned k = 0; k < 2; k++) {
		intel_up(k ? INTEL_82576 : INTEL_82574);
		assert_no_violation(&id.md);
		model_barrier_state.ignored = MODEL_WMB;
		assert_true(intel_standin_send(&is, 0, frame, len, &no_tx) >= 0);
		assert_violation(&id.md, "between a descriptor and the tail");
		intel_down();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(honest),
		cmocka_unit_test(reader),
		cmocka_unit_test(writer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
