// SPDX-License-Identifier: BSD-3-Clause
/* The driver's side of virtio-net for tests of the model: bring-up, frames and commands. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

#include <fastnic/ctx.h>

#include "model/virtio_standin.h"

#define COMMON(member) offsetof(struct virtio_dev_common, member)

static void features_set(struct virtio_standin *si, uint64_t wanted)
{
	uint64_t offered = 0;

	for (unsigned i = 0; i < 2; i++) {
		fn_bar_write32(&si->bar, COMMON(device_feature_select), i);
		offered |= (uint64_t)fn_bar_read32(&si->bar, COMMON(device_feature)) << 32 * i;
	}
	si->features = offered & (wanted | VDEV_F_VERSION_1 | VDEV_F_ACCESS_PLATFORM);
	for (unsigned i = 0; i < 2; i++) {
		fn_bar_write32(&si->bar, COMMON(driver_feature_select), i);
		fn_bar_write32(&si->bar, COMMON(driver_feature),
			       (uint32_t)(si->features >> 32 * i));
	}
}

static void write64(struct virtio_standin *si, uint64_t off, uint64_t value)
{
	fn_bar_write32(&si->bar, off, (uint32_t)value);
	fn_bar_write32(&si->bar, off + 4, (uint32_t)(value >> 32));
}

static void queue_open(struct virtio_standin *si, unsigned idx, uint32_t size, uint32_t buf_bytes)
{
	struct standin_queue *q = &si->q[idx];

	q->si = si;
	q->idx = idx;
	q->size = size;
	q->buf_bytes = buf_bytes;
	q->free_n = size;
	for (unsigned i = 0; i < size; i++)
		q->next[i] = (uint16_t)(i + 1);
	assert_int_equal(
		fn_dma_alloc_for(si->ctx, FN_DMA_PRIVATE, 16 * (size_t)size, 16, -1, &q->desc), 0);
	assert_int_equal(fn_dma_alloc_for(si->ctx, FN_DMA_PRIVATE, 6 + 2 * (size_t)size, 4, -1,
					  &q->driver),
			 0);
	assert_int_equal(fn_dma_alloc_for(si->ctx, FN_DMA_PRIVATE, 6 + 8 * (size_t)size, 4, -1,
					  &q->device),
			 0);
	assert_int_equal(fn_dma_alloc_for(si->ctx, FN_DMA_PRIVATE, (size_t)size * buf_bytes, 64, -1,
					  &q->bufs),
			 0);
	fn_bar_write16(&si->bar, COMMON(queue_select), (uint16_t)idx);
	fn_bar_write16(&si->bar, COMMON(queue_size), (uint16_t)size);
	fn_bar_write16(&si->bar, COMMON(queue_msix_vector), (uint16_t)(idx + 1));
	write64(si, COMMON(queue_desc), q->desc.iova.v);
	write64(si, COMMON(queue_driver), q->driver.iova.v);
	write64(si, COMMON(queue_device), q->device.iova.v);
	fn_bar_write16(&si->bar, COMMON(queue_enable), 1);
}

static void post(struct standin_queue *q)
{
	const struct standin_seg seg = { q->bufs.iova.v + (uint64_t)q->free * q->buf_bytes,
					 q->buf_bytes };

	assert_true(standin_add(q, &seg, 0, 1) >= 0);
}

void standin_open(struct virtio_standin *si, struct virtio_dev *vd, struct standin_opts opts)
{
	const struct fn_ctx_opts ctx_opts = { .sz = sizeof(ctx_opts), .page_bytes = 4096 };

	memset(si, 0, sizeof(*si));
	si->vd = vd;
	si->pairs = opts.pairs;
	assert_int_equal(fn_ctx_create(&ctx_opts, &si->ctx), 0);
	assert_int_equal(model_bus.open(si->ctx, &vd->md.busdev.addr, &si->busdev), 0);
	assert_int_equal(
		model_bus.map(si->busdev, VIRTIO_DEV_BAR, 0, VIRTIO_DEV_BAR_BYTES, &si->bar), 0);
	for (unsigned i = 0; i < si->busdev->irqs; i++)
		si->fds[i] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	assert_int_equal(model_bus.irq_set(si->busdev, si->fds, si->busdev->irqs), 0);
	assert_int_equal(fn_busdev_set_master(si->busdev, true), 0);
	fn_bar_write8(&si->bar, COMMON(device_status), 0);
	fn_bar_write8(&si->bar, COMMON(device_status), 1);
	fn_bar_write8(&si->bar, COMMON(device_status), 3);
	features_set(si, opts.features);
	fn_bar_write8(&si->bar, COMMON(device_status), 11);
	for (unsigned i = 0; i < 2 * opts.pairs; i++)
		queue_open(si, i, opts.ring,
			   i & 1 ? (opts.tx_bytes ? opts.tx_bytes : 2048) :
				   (opts.rx_bytes ? opts.rx_bytes : 2048));
	if (si->features & VDEV_F_CTRL_VQ)
		queue_open(si, virtio_dev_ctrl_queue(vd), 16, 2048);
	fn_bar_write16(&si->bar, COMMON(config_msix_vector), 0);
	fn_bar_write8(&si->bar, COMMON(device_status), 15);
	for (unsigned i = 0; i < 2 * opts.pairs; i += 2) {
		while (si->q[i].free_n > 1)
			post(&si->q[i]);
		(void)standin_publish(&si->q[i]);
	}
}

void standin_close(struct virtio_standin *si)
{
	if (!si->vd->md.gone)
		fn_bar_write8(&si->bar, COMMON(device_status), 0);
	(void)model_bus.irq_set(si->busdev, NULL, 0);
	for (unsigned i = 0; i < VIRTIO_DEV_QUEUES; i++) {
		fn_dma_free(si->ctx, &si->q[i].desc);
		fn_dma_free(si->ctx, &si->q[i].driver);
		fn_dma_free(si->ctx, &si->q[i].device);
		fn_dma_free(si->ctx, &si->q[i].bufs);
	}
	for (unsigned i = 0; i < si->busdev->irqs; i++)
		(void)close(si->fds[i]);
	model_bus.unmap(si->busdev, &si->bar);
	model_bus.close(si->busdev);
	assert_int_equal(fn_ctx_destroy(si->ctx), 0);
	assert_int_equal(si->vd->md.maps_n, 0);
}

int standin_send(struct virtio_standin *si, unsigned pair, const struct virtio_dev_hdr *hdr,
		 const uint8_t *frame, uint32_t len, unsigned parts)
{
	struct standin_queue *q = &si->q[2 * pair + 1];
	const uint32_t hdr_bytes = virtio_dev_hdr_bytes(si->vd);
	const size_t off = (size_t)q->free * q->buf_bytes;
	const uint64_t iova = q->bufs.iova.v + off;
	uint8_t *va = (uint8_t *)q->bufs.va + off;
	struct standin_seg seg[STANDIN_SEGS] = { { iova, hdr_bytes + len } };
	uint32_t done = hdr_bytes;

	if (q->free_n < parts)
		return -ENOSPC;
	assert_in_range(hdr_bytes + len, 1, q->buf_bytes);
	memcpy(va, hdr, hdr_bytes);
	memcpy(va + hdr_bytes, frame, len);
	for (unsigned i = 1; i < parts; i++) {
		const uint32_t n = i + 1 == parts ? hdr_bytes + len - done : len / (parts - 1);

		seg[0].len = hdr_bytes;
		seg[i] = (struct standin_seg){ iova + done, n };
		done += n;
	}
	return standin_add(q, seg, parts, 0);
}

unsigned standin_reclaim(struct virtio_standin *si, unsigned pair)
{
	uint32_t len;
	uint16_t id;
	unsigned n = 0;

	while (standin_used(&si->q[2 * pair + 1], &id, &len))
		n++;
	return n;
}

int standin_recv(struct virtio_standin *si, unsigned pair, struct virtio_dev_hdr *hdr,
		 uint8_t *frame)
{
	struct standin_queue *q = &si->q[2 * pair];
	const uint32_t hdr_bytes = virtio_dev_hdr_bytes(si->vd);
	uint32_t off = 0;
	unsigned n = 1;

	memset(hdr, 0, sizeof(*hdr));
	for (unsigned i = 0; i < n; i++) {
		uint32_t skip = i ? 0 : hdr_bytes;
		const uint8_t *va;
		uint32_t len;
		uint16_t id;

		if (!standin_used(q, &id, &len))
			return i ? -EBADMSG : -EAGAIN;
		va = (const uint8_t *)q->bufs.va + (size_t)id * q->buf_bytes;
		assert_in_range(len, skip, q->buf_bytes);
		if (!i) {
			memcpy(hdr, va, hdr_bytes);
			if (si->features & VDEV_F_MRG_RXBUF)
				n = fn_le16_to_cpu(hdr->num_buffers);
		}
		memcpy(frame + off, va + skip, len - skip);
		off += len - skip;
		post(q);
	}
	(void)standin_publish(q);
	return (int)off;
}

int standin_ctrl(struct virtio_standin *si, unsigned cmd, const void *data, uint32_t len)
{
	struct standin_queue *q = &si->q[virtio_dev_ctrl_queue(si->vd)];
	const size_t off = (size_t)q->free * q->buf_bytes;
	uint8_t *va = (uint8_t *)q->bufs.va + off;
	const uint64_t iova = q->bufs.iova.v + off;
	const struct standin_seg seg[] = { { iova, 2 },
					   { iova + 2, len },
					   { iova + q->buf_bytes - 1, 1 } };
	uint32_t used_len;
	uint16_t id;

	va[0] = (uint8_t)(cmd >> 8);
	va[1] = (uint8_t)cmd;
	if (len)
		memcpy(va + 2, data, len);
	va[q->buf_bytes - 1] = 0xa5;
	if (len)
		assert_true(standin_add(q, seg, 2, 1) >= 0);
	else
		assert_true(standin_add(q, (struct standin_seg[]){ seg[0], seg[2] }, 1, 1) >= 0);
	(void)standin_publish(q);
	for (unsigned i = 0; i < 10000; i++) {
		if (standin_used(q, &id, &used_len))
			return va[q->buf_bytes - 1];
		model_bus.delay_ns(si->busdev, 1000);
	}
	return -ETIMEDOUT;
}
