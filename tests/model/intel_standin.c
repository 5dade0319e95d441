// SPDX-License-Identifier: BSD-3-Clause
/* The driver's side of 82574 and 82576 for tests of the model: bring-up and receiving. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

#include <fastnic/ctx.h>

#include "base/barrier.h"
#include "model/intel_standin.h"

uint32_t intel_standin_read(struct intel_standin *is, uint32_t off)
{
	return fn_bar_read32(&is->bar, off);
}

void intel_standin_write(struct intel_standin *is, uint32_t off, uint32_t value)
{
	fn_bar_write32(&is->bar, off, value);
}

static uint32_t qreg(const struct intel_standin *is, bool tx, unsigned queue, uint32_t off)
{
	if (is->id->family == INTEL_82576)
		return (tx ? IDEV_TXQ_76 : IDEV_RXQ_76) + 0x40 * queue + off;
	return (tx ? IDEV_TXQ_74 : IDEV_RXQ_74) + 0x100 * queue + off;
}

static void queue_open(struct intel_standin *is, bool tx, unsigned idx)
{
	struct intel_standin_queue *q = tx ? &is->tx[idx] : &is->rx[idx];
	const uint32_t bytes = tx ? INTEL_STANDIN_TX_BYTES : is->rx_bytes;

	q->size = is->opts.ring;
	q->next = 0;
	q->clean = 0;
	assert_int_equal(fn_dma_alloc_for(is->ctx, FN_DMA_PRIVATE, 16 * (size_t)q->size, 128, -1,
					  &q->ring),
			 0);
	assert_int_equal(fn_dma_alloc_for(is->ctx, FN_DMA_PRIVATE, (size_t)bytes * q->size, 128, -1,
					  &q->bufs),
			 0);
	assert_int_equal(fn_dma_alloc_for(is->ctx, FN_DMA_PRIVATE, 64, 64, -1, &q->head), 0);
	intel_standin_write(is, qreg(is, tx, idx, IDEV_Q_BAL), fn_lower_32(q->ring.iova.v));
	intel_standin_write(is, qreg(is, tx, idx, IDEV_Q_BAH), fn_upper_32(q->ring.iova.v));
	intel_standin_write(is, qreg(is, tx, idx, IDEV_Q_LEN), 16 * q->size);
	intel_standin_write(is, qreg(is, tx, idx, IDEV_Q_HEAD), 0);
	intel_standin_write(is, qreg(is, tx, idx, IDEV_Q_TAIL), 0);
	if (is->id->family == INTEL_82574) {
		if (tx)
			intel_standin_write(is, qreg(is, tx, idx, IDEV_Q_CTL), IDEV_TXDCTL_COUNT);
		return;
	}
	if (!tx)
		intel_standin_write(is, qreg(is, tx, idx, IDEV_Q_SRRCTL),
				    is->rx_bytes / 1024 | IDEV_SRRCTL_TYPE_ADV);
	if (tx && is->opts.head_wb) {
		intel_standin_write(is, qreg(is, tx, idx, IDEV_Q_WBAH),
				    fn_upper_32(q->head.iova.v));
		intel_standin_write(is, qreg(is, tx, idx, IDEV_Q_WBAL),
				    fn_lower_32(q->head.iova.v) | 1);
	}
	intel_standin_write(is, qreg(is, tx, idx, IDEV_Q_CTL), IDEV_QCTL_ENABLE);
	while (!(intel_standin_read(is, qreg(is, tx, idx, IDEV_Q_CTL)) & IDEV_QCTL_ENABLE))
		model_bus.delay_ns(is->busdev, 100);
}

/* Give the next buffer to the device; the tail is written by the caller. */
static void give(struct intel_standin *is, struct intel_standin_queue *q)
{
	fn_le64 *desc = (fn_le64 *)q->ring.va + 2 * (size_t)q->next;

	fn_write_le64(&desc[0], q->bufs.iova.v + (uint64_t)is->rx_bytes * q->next);
	fn_write_le64(&desc[1], 0);
	q->next = (q->next + 1) % q->size;
}

/* Vector 0: all that is other; 1 + n: queue n both ways. */
static void vectors(struct intel_standin *is)
{
	if (is->id->family == INTEL_82574) {
		intel_standin_write(is, IDEV_IVAR_74,
				    IDEV_IVAR_TX_EACH | 0x8u << 16 | 0xau << 12 | 0x9u << 8 |
					    0xau << 4 | 0x9u);
		intel_standin_write(is, IDEV_EIAC_74, 0x00f00000);
		intel_standin_write(is, IDEV_IMS, IDEV_ICR_OTHER | IDEV_ICR_LSC | 0x00f00000);
		return;
	}
	intel_standin_write(is, IDEV_GPIE, IDEV_GPIE_MSIX | IDEV_GPIE_NSICR | IDEV_GPIE_PBA);
	for (unsigned i = 0; i < 8; i++)
		intel_standin_write(is, IDEV_IVAR_76 + 4 * i, 0x01010101u * (0x80 | (1 + i)));
	intel_standin_write(is, IDEV_IVAR_MISC, 0x8000);
	intel_standin_write(is, IDEV_EIAC, 0x1fe);
	intel_standin_write(is, IDEV_EIMS, 0x1ff);
	intel_standin_write(is, IDEV_IMS, IDEV_ICR_LSC);
}

static void rss(struct intel_standin *is)
{
	const bool wide = is->id->family == INTEL_82576;

	intel_standin_write(is, IDEV_RXCSUM,
			    IDEV_RXCSUM_IPOFL | IDEV_RXCSUM_TUOFL | IDEV_RXCSUM_PCSD |
				    (wide ? IDEV_RXCSUM_CRCOFL : 0));
	if (!is->opts.mrqc)
		return;
	for (unsigned i = 0; i < 10; i++)
		intel_standin_write(is, IDEV_RSSRK + 4 * i,
				    (uint32_t)is->opts.key[4 * i] |
					    (uint32_t)is->opts.key[4 * i + 1] << 8 |
					    (uint32_t)is->opts.key[4 * i + 2] << 16 |
					    (uint32_t)is->opts.key[4 * i + 3] << 24);
	for (unsigned i = 0; i < 32; i++) {
		uint32_t value = 0;

		for (unsigned k = 0; k < 4; k++)
			value |= (4 * i + k) % is->opts.queues << (8 * k + (wide ? 0 : 7));
		intel_standin_write(is, IDEV_RETA + 4 * i, value);
	}
	intel_standin_write(is, IDEV_MRQC, is->opts.mrqc);
}

static void bus_up(struct intel_standin *is)
{
	const struct fn_ctx_opts ctx_opts = { .sz = sizeof(ctx_opts), .page_bytes = 4096 };

	assert_int_equal(fn_ctx_create(&ctx_opts, &is->ctx), 0);
	assert_int_equal(model_bus.open(is->ctx, &is->id->md.busdev.addr, &is->busdev), 0);
	assert_int_equal(model_bus.map(is->busdev, 0, 0, INTEL_DEV_BAR_BYTES, &is->bar), 0);
	for (unsigned i = 0; i < is->busdev->irqs; i++)
		is->fds[i] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	assert_int_equal(model_bus.irq_set(is->busdev, is->fds, is->busdev->irqs), 0);
	assert_int_equal(fn_busdev_set_master(is->busdev, true), 0);
}

/* 82574 4.6, 82576 5.2.3.3: no access to memory is cut in the middle. */
void intel_standin_reset(struct intel_standin *is)
{
	intel_standin_write(is, IDEV_CTRL, IDEV_CTRL_GIO_MASTER_DISABLE);
	for (unsigned i = 0;
	     i < 100 && (intel_standin_read(is, IDEV_STATUS) & IDEV_STATUS_GIO_MASTER); i++)
		model_bus.delay_ns(is->busdev, 1000);
	intel_standin_write(is, IDEV_CTRL, IDEV_CTRL_RST | IDEV_CTRL_GIO_MASTER_DISABLE);
	while (intel_standin_read(is, IDEV_CTRL) & IDEV_CTRL_RST)
		model_bus.delay_ns(is->busdev, 100);
	while (!(intel_standin_read(is, IDEV_EECD) & IDEV_EECD_AUTO_RD))
		model_bus.delay_ns(is->busdev, 100);
	/* The 82574 sets its PHY up for a while, and its NVM is not for others meanwhile. */
	model_bus.delay_ns(is->busdev, is->id->set_up_ns);
}

/* 82574 4.6, I210 4.5: reset, link, rings, then the engines. */
void intel_standin_open(struct intel_standin *is, struct intel_dev *id,
			struct intel_standin_opts opts)
{
	memset(is, 0, sizeof(*is));
	is->id = id;
	is->opts = opts;
	is->rx_bytes = opts.rx_bytes ? opts.rx_bytes : 2048;
	bus_up(is);
	intel_standin_reset(is);
	intel_standin_write(is, IDEV_CTRL, IDEV_CTRL_SLU | opts.ctrl);
	if (id->family == INTEL_82574)
		intel_standin_write(is, IDEV_RFCTL, IDEV_RFCTL_EXSTEN);
	for (unsigned i = 0; i < 128; i++)
		intel_standin_write(is, IDEV_MTA + 4 * i, 0);
	vectors(is);
	rss(is);
	for (unsigned i = 0; i < opts.queues; i++) {
		queue_open(is, false, i);
		queue_open(is, true, i);
	}
	intel_standin_write(is, IDEV_RCTL,
			    IDEV_RCTL_EN | IDEV_RCTL_SECRC | opts.rctl |
				    (is->rx_bytes == 1024 ? 1u << 16 : 0));
	intel_standin_write(is, IDEV_TCTL, IDEV_TCTL_EN | IDEV_TCTL_PSP);
	for (unsigned i = 0; i < opts.queues; i++) {
		for (unsigned k = 0; k + 1 < opts.ring; k++)
			give(is, &is->rx[i]);
		fn_wmb_dma();
		intel_standin_write(is, qreg(is, false, i, IDEV_Q_TAIL), is->rx[i].next);
	}
	model_bus.delay_ns(is->busdev, id->link_ns);
	assert_true(intel_standin_read(is, IDEV_STATUS) & IDEV_STATUS_LU);
}

static void queue_close(struct intel_standin *is, struct intel_standin_queue *q)
{
	fn_dma_free(is->ctx, &q->ring);
	fn_dma_free(is->ctx, &q->bufs);
	fn_dma_free(is->ctx, &q->head);
}

void intel_standin_close(struct intel_standin *is)
{
	if (!is->id->md.gone)
		intel_standin_reset(is);
	(void)model_bus.irq_set(is->busdev, NULL, 0);
	for (unsigned i = 0; i < INTEL_DEV_QUEUES; i++) {
		queue_close(is, &is->rx[i]);
		queue_close(is, &is->tx[i]);
	}
	for (unsigned i = 0; i < is->busdev->irqs; i++)
		(void)close(is->fds[i]);
	model_bus.unmap(is->busdev, &is->bar);
	model_bus.close(is->busdev);
	assert_int_equal(fn_ctx_destroy(is->ctx), 0);
	assert_int_equal(is->id->md.maps_n, 0);
}

int intel_standin_recv(struct intel_standin *is, unsigned queue, uint8_t *frame,
		       struct intel_standin_rx *rx)
{
	struct intel_standin_queue *q = &is->rx[queue];
	uint32_t at = q->clean;

	memset(rx, 0, sizeof(*rx));
	do {
		const fn_le32 *desc = (const fn_le32 *)q->ring.va + 4 * (size_t)at;
		uint32_t len;

		rx->status = fn_read_le32(&desc[2]);
		if (!(rx->status & IDEV_RXD_DD))
			return -EAGAIN;
		/* Pairs with the device's write of DD, its last one. */
		fn_rmb_dma();
		len = fn_read_le32(&desc[3]) & 0xffff;
		assert_in_range(len, 1, is->rx_bytes);
		memcpy(frame + rx->len, (const uint8_t *)q->bufs.va + (size_t)is->rx_bytes * at,
		       len);
		rx->len += len;
		rx->vlan = (uint16_t)(fn_read_le32(&desc[3]) >> 16);
		rx->type = fn_read_le32(&desc[0]);
		rx->hash = fn_read_le32(&desc[1]);
		rx->descs++;
		at = (at + 1) % q->size;
	} while (!(rx->status & IDEV_RXD_EOP));
	for (unsigned i = 0; i < rx->descs; i++)
		give(is, q);
	q->clean = at;
	fn_wmb_dma();
	intel_standin_write(is, qreg(is, false, queue, IDEV_Q_TAIL), q->next);
	return (int)rx->len;
}

uint16_t intel_standin_nvm(struct intel_standin *is, unsigned word)
{
	const bool own = is->id->family == INTEL_82574 && intel_standin_own(is, true);
	uint32_t value;

	intel_standin_write(is, IDEV_EERD, word << 2 | IDEV_EERD_START);
	while (!((value = intel_standin_read(is, IDEV_EERD)) & IDEV_EERD_DONE))
		model_bus.delay_ns(is->busdev, 100);
	if (own)
		(void)intel_standin_own(is, false);
	return (uint16_t)(value >> 16);
}

/* 82574: EXTCNF_CTRL; 82576: SWSM, and then SW_FW_SYNC. False: somebody else has it. */
bool intel_standin_own(struct intel_standin *is, bool own)
{
	const uint32_t bit = own ? IDEV_SYNC_SW_PHY0 : 0;

	if (is->id->family == INTEL_82574) {
		intel_standin_write(is, IDEV_EXTCNF_CTRL, own ? IDEV_EXTCNF_MDIO_SW : 0);
		return !own || (intel_standin_read(is, IDEV_EXTCNF_CTRL) & IDEV_EXTCNF_MDIO_SW);
	}
	if (intel_standin_read(is, IDEV_SWSM) & IDEV_SWSM_SMBI)
		return false;
	intel_standin_write(is, IDEV_SWSM, IDEV_SWSM_SMBI | IDEV_SWSM_SWESMBI);
	if (!(intel_standin_read(is, IDEV_SWSM) & IDEV_SWSM_SWESMBI)) {
		intel_standin_write(is, IDEV_SWSM, 0);
		return false;
	}
	intel_standin_write(is, IDEV_SW_FW_SYNC, bit);
	intel_standin_write(is, IDEV_SWSM, 0);
	return true;
}

static int mdic(struct intel_standin *is, uint32_t cmd)
{
	int ret = -ETIMEDOUT;

	if (!intel_standin_own(is, true))
		return -EBUSY;
	intel_standin_write(is, IDEV_MDIC, cmd);
	for (unsigned i = 0; i < 1000 && ret == -ETIMEDOUT; i++) {
		const uint32_t value = intel_standin_read(is, IDEV_MDIC);

		if (value & IDEV_MDIC_READY)
			ret = value & IDEV_MDIC_ERROR ? -EIO : (int)(value & 0xffff);
		else
			model_bus.delay_ns(is->busdev, 1000);
	}
	(void)intel_standin_own(is, false);
	return ret;
}

int intel_standin_phy(struct intel_standin *is, unsigned addr, unsigned reg)
{
	return mdic(is, IDEV_MDIC_READ | addr << 21 | reg << 16);
}

int intel_standin_phy_write(struct intel_standin *is, unsigned reg, uint16_t value)
{
	const int ret = mdic(is, IDEV_MDIC_WRITE | 1u << 21 | reg << 16 | value);

	return ret < 0 ? ret : 0;
}
