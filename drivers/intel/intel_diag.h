/* SPDX-License-Identifier: BSD-3-Clause */
/* What the port's link, counters and LED are between two calls. */
#ifndef INTEL_DIAG_H
#define INTEL_DIAG_H

#include <stdbool.h>
#include <stdint.h>

/* Queues of each kind that count their packets, at most (I350). */
#define INTEL_COUNTED_QUEUES 8u

/**
 * struct intel_diag - a port's
 * @link_settled: the link is up, and what negotiation brought was read and applied
 * @link_autoneg: it was negotiated
 * @link_touched: the PHY was written to since another link was asked for
 * @looped: the PHY is in loopback
 * @nvm_kept: 82576: the semaphore of the NVM could not be given back, and is this port's still
 * @led_kept: @ledctl is what the LEDs showed before they began to blink
 * @ledctl: LEDCTL as it was
 * @rx_packets: successors of the 82576: PQGPRC of each queue as it was read last: it runs on, and
 *	reading does not clear it
 * @tx_packets: PQGPTC, as @rx_packets
 */
struct intel_diag {
	bool link_settled;
	bool link_autoneg;
	bool link_touched;
	bool looped;
	bool nvm_kept;
	bool led_kept;
	uint32_t ledctl;
	uint32_t rx_packets[INTEL_COUNTED_QUEUES];
	uint32_t tx_packets[INTEL_COUNTED_QUEUES];
};

#endif
