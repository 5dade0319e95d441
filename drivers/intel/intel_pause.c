// SPDX-License-Identifier: BSD-3-Clause
/* Flow control by PAUSE frames. */
#include "drivers/intel/intel_pause.h"
#include "drivers/intel/intel.h"
#include "drivers/intel/intel_phy.h"

/* 82574 10.2, 82576 8.5. FCRTV is where QEMU and Linux have it, in either family. */
#define FCAL 0x00028u
#define FCAH 0x0002cu
#define FCT 0x00030u
#define FCTTV 0x00170u
#define FCRTL 0x02160u
#define FCRTL_XONE (1u << 31)
#define FCRTH 0x02168u
#define FCRTV_82574 0x05f40u
#define FCRTV_82576 0x02460u

/* 802.3 31B.1: PAUSE frames go to 01-80-c2-00-00-01, of type 8808h. */
#define PAUSE_MAC_LOW 0x00c28001u
#define PAUSE_MAC_HIGH 0x00000100u
#define PAUSE_TYPE 0x8808u

/*
 * How long the other end is to be quiet, in times of 512 bits: 33 ms at 1 Gb/s. I210 8.5.7: it is
 * told again when so much of that is over, while the buffer is still full; with 0 it is not.
 */
#define PAUSE_TIME 0xffffu
#define PAUSE_REFRESH 0x8000u

/*
 * PBA, RXPBS: KiB of the packet buffer that are for receiving (82574 10.2, 82576 8.3). The I210 has
 * another size right above. The I350 has a code there, which is less than any size that is in use.
 */
#define PBA 0x01000u
#define PBA_RX_MASK 0xffffu
#define RXPBS 0x02404u
#define RXPBS_MASK_82576 0x7fu
#define RXPBS_MASK_SUCCESSOR 0x3fu
#define RX_KIB_MIN 16u
#define RX_KIB_UNKNOWN 32u

uint16_t intel_pause_advertised(const struct fn_link_conf *c)
{
	/*
	 * 28B.3: who would obey and not ask has to offer both, and then may be asked for both: what
	 * it was not told to do, intel_pause_apply() leaves.
	 */
	if (c->rx_pause)
		return INTEL_ADVERTISE_PAUSE | INTEL_ADVERTISE_ASYM;
	return c->tx_pause ? INTEL_ADVERTISE_ASYM : 0;
}

/* 802.3 28B.3, table 28B-3. */
unsigned intel_pause_agreed(uint16_t own, uint16_t partner)
{
	if (own & partner & INTEL_ADVERTISE_PAUSE)
		return INTEL_PAUSE_RX | INTEL_PAUSE_TX;
	if (!(own & partner & INTEL_ADVERTISE_ASYM))
		return 0;
	if (partner & INTEL_ADVERTISE_PAUSE)
		return INTEL_PAUSE_TX;
	return own & INTEL_ADVERTISE_PAUSE ? INTEL_PAUSE_RX : 0;
}

static uint32_t buffer_bytes(struct intel_port *port)
{
	uint32_t kib;

	if (!port->chip->is_82576)
		kib = intel_look(port, PBA) & PBA_RX_MASK;
	else if (port->chip->is_successor)
		kib = intel_look(port, RXPBS) & RXPBS_MASK_SUCCESSOR;
	else
		kib = intel_look(port, RXPBS) & RXPBS_MASK_82576;

	return (kib < RX_KIB_MIN ? RX_KIB_UNKNOWN : kib) * 1024;
}

/*
 * XOFF goes out when two frames still fit: one that the other end is sending already, and one that
 * this end is sending and that XOFF waits for (802.3 31B.3.7). XON when a frame more does. In a
 * buffer of four frames or less XOFF goes out at half, where a second one may find no room. Both
 * are multiples of 8 on the 82574 and of 16 on the 82576.
 */
void intel_pause_start(struct fn_dev *dev)
{
	struct intel_port *port = intel_port_of(dev);
	const uint32_t frame = intel_frame_bytes(dev);
	const uint32_t size = buffer_bytes(port);
	const uint32_t high = (size > 4 * frame ? size - 2 * frame : size / 2) & ~15u;
	const uint32_t low = (size > 4 * frame ? high - frame : high / 2) & ~15u;

	intel_write(port, FCAL, PAUSE_MAC_LOW);
	intel_write(port, FCAH, PAUSE_MAC_HIGH);
	intel_write(port, FCT, PAUSE_TYPE);
	intel_write(port, FCTTV, PAUSE_TIME);
	intel_write(port, port->chip->is_82576 ? FCRTV_82576 : FCRTV_82574, PAUSE_REFRESH);
	intel_write(port, FCRTL, low | FCRTL_XONE);
	intel_write(port, FCRTH, high);
}

int intel_pause_apply(struct fn_dev *dev, const struct fn_link_conf *c, bool full_duplex,
		      unsigned agreed)
{
	const unsigned does = c->pause_forced ? INTEL_PAUSE_RX | INTEL_PAUSE_TX : agreed;
	uint32_t ctrl = 0;

	if (full_duplex && c->rx_pause && (does & INTEL_PAUSE_RX))
		ctrl |= INTEL_CTRL_RFCE;
	if (full_duplex && c->tx_pause && (does & INTEL_PAUSE_TX))
		ctrl |= INTEL_CTRL_TFCE;
	return intel_change(dev, INTEL_CTRL, INTEL_CTRL_RFCE | INTEL_CTRL_TFCE, ctrl);
}
