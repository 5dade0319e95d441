// SPDX-License-Identifier: BSD-3-Clause
/* The loopback test: frames that a device sends to itself, one after the other. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "dev/dev.h"

#define FRAMES 64u

/* Without padding, so that what comes back is as long as what was sent. */
#define FRAME_MIN 60u

#define HEADER_BYTES 14u

/* How long a frame may take, of which it needs microseconds. */
#define FRAME_NS FN_MS(1000)
#define LOOK_NS FN_US(20)

/* What became of a frame. */
enum outcome {
	LATE,
	SAME,
	CHANGED,
};

/* Byte @at of frame @seq: to the device itself, of a type for experiments (802 9.2.3). */
static uint8_t frame_byte(const struct fn_dev *dev, unsigned seq, uint32_t at)
{
	static const uint8_t type[] = { 0x88, 0xb5 };

	if (at < 12)
		return dev->mac[at % 6];
	return at < HEADER_BYTES ? type[at - 12] : (uint8_t)(seq * 31 + at * 7);
}

/* Lengths from the shortest to the longest that both the MTU and a buffer allow. */
static uint32_t frame_len(const struct fn_dev *dev, unsigned seq)
{
	const uint32_t room = fn_pool_room_bytes(dev->conf.pool);
	uint32_t most = dev->conf.mtu + HEADER_BYTES;

	if (most > room)
		most = room;
	return most > FRAME_MIN ? FRAME_MIN + (most - FRAME_MIN) * seq / (FRAMES - 1) : FRAME_MIN;
}

static struct fn_pkt *frame_make(const struct fn_dev *dev, unsigned seq)
{
	const uint32_t len = frame_len(dev, seq);
	struct fn_pkt *pkt = fn_pkt_alloc(dev->conf.pool);
	uint8_t *data = pkt ? fn_pkt_append(pkt, (uint16_t)len) : NULL;

	for (uint32_t i = 0; data && i < len; i++)
		data[i] = frame_byte(dev, seq, i);
	return pkt;
}

/* The first byte that is not as it was sent, or the length of a frame that is whole. */
static uint32_t frame_same(const struct fn_dev *dev, const struct fn_pkt *pkt, unsigned seq)
{
	uint32_t at = 0;

	for (; pkt; pkt = pkt->next)
		for (uint32_t i = 0; i < pkt->len; i++, at++)
			if (pkt->data[i] != frame_byte(dev, seq, at))
				return at;
	return at;
}

/* What came in while a frame is waited for; frames of others are of no interest. */
static enum outcome look(const struct fn_dev *dev, struct fn_rxq *q, unsigned seq)
{
	enum outcome outcome = LATE;
	struct fn_pkt *pkt;

	while (outcome == LATE && fn_rx_burst(q, &pkt, 1)) {
		const uint32_t same = frame_same(dev, pkt, seq);

		if (same == frame_len(dev, seq) && same == fn_pkt_len(pkt))
			outcome = SAME;
		else if (same >= HEADER_BYTES)
			outcome = CHANGED;
		fn_pkt_free(pkt);
	}
	return outcome;
}

static enum outcome loop_one(struct fn_dev *dev, struct fn_pkt *pkt, unsigned seq)
{
	struct fn_txq *tx = dev->txqs[seq % dev->conf.txqs];
	const uint64_t start_ns = fn_dev_now_ns(dev);
	enum outcome outcome = LATE;
	bool sent = false;

	while (outcome == LATE && fn_dev_now_ns(dev) - start_ns < FRAME_NS) {
		sent = sent || fn_tx_burst(tx, &pkt, 1);
		for (unsigned i = 0; outcome == LATE && i < dev->conf.rxqs; i++)
			outcome = look(dev, dev->rxqs[i], seq);
		if (outcome == LATE)
			fn_dev_delay_ns(dev, LOOK_NS);
	}
	if (!sent)
		fn_pkt_free(pkt);
	return outcome;
}

static enum fn_selftest_verdict loop_all(struct fn_dev *dev, char text[FN_SELFTEST_TEXT_BYTES])
{
	for (unsigned seq = 0; seq < FRAMES; seq++) {
		struct fn_pkt *pkt = frame_make(dev, seq);
		enum outcome outcome;

		if (!pkt) {
			(void)snprintf(text, FN_SELFTEST_TEXT_BYTES, "%s has no packet left",
				       fn_pool_name(dev->conf.pool));
			return FN_VERDICT_NOT_RUN;
		}
		outcome = loop_one(dev, pkt, seq);
		if (outcome == SAME)
			continue;
		(void)snprintf(text, FN_SELFTEST_TEXT_BYTES,
			       outcome == CHANGED ?
				       "frame %u of %u bytes from queue %u came back changed" :
				       "frame %u of %u bytes from queue %u did not come back",
			       seq, frame_len(dev, seq), seq % dev->conf.txqs);
		return FN_VERDICT_FAILED;
	}
	(void)snprintf(text, FN_SELFTEST_TEXT_BYTES,
		       "%u frames of %u to %u bytes came back unchanged", FRAMES, FRAME_MIN,
		       frame_len(dev, FRAMES - 1));
	return FN_VERDICT_PASSED;
}

enum fn_selftest_verdict fn_loopback_test(struct fn_dev *dev, char text[FN_SELFTEST_TEXT_BYTES])
{
	enum fn_selftest_verdict verdict = FN_VERDICT_FAILED;
	int ret;

	dev->loopback = true;
	ret = fn_dev_start_held(dev);
	if (!ret) {
		verdict = loop_all(dev, text);
		ret = fn_dev_stop_held(dev);
	}
	dev->loopback = false;
	if (ret) {
		verdict = FN_VERDICT_FAILED;
		(void)snprintf(text, FN_SELFTEST_TEXT_BYTES, "%s", fn_error_last());
	}
	return verdict;
}
