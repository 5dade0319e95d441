// SPDX-License-Identifier: BSD-3-Clause
/*
 * Frames that virtio-net hands over with a partial checksum (5.1.6.4): from a virtual machine or
 * from the host, which never put them on a wire. They are completed here, as if they had come by
 * one.
 */
#include "drivers/virtio/virtio_net_rx.h"
#include "pkt/csum.h"

static void byte_put(struct fn_pkt *pkt, uint32_t at, uint8_t byte)
{
	while (at >= pkt->len) {
		at -= pkt->len;
		pkt = pkt->next;
	}
	pkt->data[at] = byte;
}

/*
 * The checksum of all from @start on goes to @start + @offset, where the pseudo header's sum is
 * now. False, and nothing is changed, when this is not within the packet.
 */
static bool complete(struct fn_pkt *pkt, uint32_t start, uint32_t offset)
{
	const uint32_t at = start + offset;
	uint16_t csum;
	uint8_t bytes[2];

	if (at + sizeof(csum) > fn_pkt_len(pkt))
		return false;
	csum = (uint16_t)~fn_csum_fold(fn_csum_add_pkt(0, pkt, start));
	/* RFC 768: 0 says that there is none. To TCP both are the same. */
	if (!csum)
		csum = UINT16_MAX;
	memcpy(bytes, &csum, sizeof(bytes));
	byte_put(pkt, at, bytes[0]);
	byte_put(pkt, at + 1, bytes[1]);
	return true;
}

/*
 * Where the checksum is comes from the frame's sender, through a host that commonly checks it. A
 * place that is not in the frame is no reason to believe nothing of the device any more: such a
 * sender could take the queue down. The frame is handed over as what it is, one with a bad
 * checksum.
 */
void virtio_rx_complete(struct virtio_rxq *q, struct fn_pkt *pkt)
{
	const uint8_t *const hdr = virtio_rx_hdr(q, pkt);
	const uint16_t start = virtio_hdr_read16(hdr, VIRTIO_HDR_FIELD(csum_start));
	const uint16_t offset = virtio_hdr_read16(hdr, VIRTIO_HDR_FIELD(csum_offset));
	/* Without headroom the header is still the first of the data (rx_burst_shifted()). */
	const uint16_t ahead = (uint16_t)(q->hdr_bytes - q->hdr_back);
	bool good;

	pkt->data += ahead;
	good = complete(pkt, start, offset);
	pkt->data -= ahead;
	pkt->flags &= (uint16_t)~FN_PKT_RX_L4_GOOD;
	pkt->flags |= good ? FN_PKT_RX_L4_GOOD : FN_PKT_RX_L4_BAD;
	if (!good)
		fn_queue_count(fn_rxq_queue(&q->pub), FN_RX_CSUM_BAD, 1);
}
