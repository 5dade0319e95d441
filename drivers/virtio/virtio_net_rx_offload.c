// SPDX-License-Identifier: BSD-3-Clause
/* The receive bursts of virtio-net that look at the header: checksum and hash. */
#include "drivers/virtio/virtio_net_rx.h"

VIRTIO_RX_BURST(csum, VIRTIO_RX_MODE(true, false, false))
VIRTIO_RX_BURST(hash, VIRTIO_RX_MODE(false, true, false))
VIRTIO_RX_BURST(csum_hash, VIRTIO_RX_MODE(true, true, false))

const struct virtio_rx_variant virtio_rx_offload_variants[2][2] = {
	/* [hash][csum]; with neither it is another table's */
	{ { NULL, NULL }, { "split csum", rx_burst_csum } },
	{ { "split hash", rx_burst_hash }, { "split csum hash", rx_burst_csum_hash } },
};
