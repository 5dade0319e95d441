/* SPDX-License-Identifier: BSD-3-Clause */
/* What the drivers of Intel's gigabit controllers share: the port, its registers and its queues. */
#ifndef INTEL_H
#define INTEL_H

#include "dev/driver.h"
#include "drivers/intel/intel_diag.h"
#include "drivers/intel/intel_regs.h"

struct intel_port;
struct intel_stats;
struct intel_regs;

/**
 * struct intel_hash - how the register MRQC says that something is hashed
 * @type: FN_RSS_IPV4 and its sisters
 * @mrqc: the bits
 */
struct intel_hash {
	uint32_t type;
	uint32_t mrqc;
};

/**
 * struct intel_steps - steps between reset and packets that a family does its own way
 * @irqs_off: mask all interrupts and forget what they were for
 * @before_reset: what comes before CTRL.RST; may be NULL, as @after_reset
 * @after_reset: what comes once it is over
 * @setup: what a reset leaves otherwise than it should be
 * @rx_setup: the receiver as a whole, which is still off
 * @rxq_start: enable a receive queue, whose ring is set
 * @txq_start: the same for a transmit queue
 * @irqs_start: the vectors of queues and of all else
 * @irq_raise: self-test, behind a reset: let an MSI-X entry through, alone, and raise it
 * @set_coalesce: hold interrupts back, of each entry as intel_throttle_choose() says
 * @throttle: let an MSI-X entry interrupt that often and no more, without cutting short what is
 *	being held back now; any thread
 */
struct intel_steps {
	void (*irqs_off)(const struct intel_port *port);
	int (*before_reset)(struct fn_dev *dev);
	void (*after_reset)(struct fn_dev *dev);
	int (*setup)(struct fn_dev *dev);
	void (*rx_setup)(struct fn_dev *dev);
	int (*rxq_start)(struct fn_dev *dev, uint16_t idx);
	int (*txq_start)(struct fn_dev *dev, uint16_t idx);
	int (*irqs_start)(struct fn_dev *dev);
	void (*irq_raise)(const struct intel_port *port, unsigned entry);
	void (*set_coalesce)(struct fn_dev *dev, const struct fn_coalesce *c);
	void (*throttle)(struct fn_dev *dev, unsigned entry, uint32_t delay_ns);
};

/* What has the settings of a port, and how much of it can be read as words. */
enum intel_nvm {
	INTEL_NVM_EEPROM, /* an EEPROM, or a flash; EECD tells what, if there is one */
	INTEL_NVM_I210,   /* a flash, or none */
	INTEL_NVM_FUSES,  /* no flash: fuses inside the chip, which are no words */
};

/**
 * struct intel_chip - what differs between chips where the code is the same
 * @rxq: register block of receive queue 0
 * @txq: register block of transmit queue 0
 * @queue_stride: bytes from one queue's block to the next one's
 * @queues: queues of each kind
 * @entries: MSI-X entries that its registers know
 * @exact_macs: entries of the table of exact addresses, the port's own included
 * @tx_seg_bytes: most bytes of a transmit descriptor
 * @rx_errors: INTEL_RXD_RXE and its sisters that the descriptors have
 * @mtu_max: largest MTU
 * @offloads: FN_OFFLOAD_RX_CSUM and its sisters
 * @hashes: what it can hash
 * @hashes_n: how many
 * @mrqc_rss: of MRQC: spread by the hash
 * @reta_shift: where in a byte of RETA the queue is
 * @coalesce_unit_ns: what delays of interrupts are multiples of
 * @coalesce_max_ns: the longest
 * @is_82576: the 82576 or a successor: advanced descriptors, many vectors
 * @vfta_writes: how often an entry of the VLAN table is written until it surely is there
 * @is_successor: of the 82576: vectors are said in pairs of queues, and the queues, too, have to be
 *	told to strip the CRC
 * @drops_stay: reading RQDPC does not clear it, writing does
 * @rxcsum_sctp: of RXCSUM: look at SCTP too
 * @nvm: where its words are read from
 * @stats: what it counts
 * @regs: registers that people may look at
 * @steps: what its family does its own way
 */
struct intel_chip {
	uint32_t rxq;
	uint32_t txq;
	uint32_t queue_stride;
	uint16_t queues;
	uint16_t entries;
	uint16_t exact_macs;
	uint16_t tx_seg_bytes;
	uint32_t rx_errors;
	uint32_t mtu_max;
	uint64_t offloads;
	const struct intel_hash *hashes;
	unsigned hashes_n;
	uint32_t mrqc_rss;
	uint8_t reta_shift;
	uint32_t coalesce_unit_ns;
	uint32_t coalesce_max_ns;
	bool is_82576;
	uint8_t vfta_writes;
	bool is_successor;
	bool drops_stay;
	uint32_t rxcsum_sctp;
	enum intel_nvm nvm;
	const struct intel_stats *stats;
	const struct intel_regs *regs;
	const struct intel_steps *steps;
};

/* &intel_chip.entries of the chip that has most. */
#define INTEL_ENTRIES_MAX 25u

/* Whether the chip says that it has read its NVM after a reset (EECD.AUTO_RD). */
enum intel_auto_read {
	INTEL_AUTO_READ_UNKNOWN,
	INTEL_AUTO_READ_TOLD,
	INTEL_AUTO_READ_SILENT,
};

/**
 * struct intel_port - a port; the first member of both families' structs
 * @regs: BAR 0
 * @chip: its chip's traits
 * @rxqs: receive queues that are made now
 * @txqs: transmit queues that are made now
 * @rctl: register RCTL, but for the receive modes
 * @filter_mode: how exactly the list of addresses is filtered
 * @auto_read: what it says of its NVM
 * @set_up_ns: 82574: when it has set its PHY up from the NVM, as far as anybody can tell
 * @is_qemu: it is one of QEMU's models, which silently drop a frame when the bytes of one of its
 *	transmit descriptors are not one piece of the guest's memory. Those of two ordinary pages
 *	seldom are: there no descriptor reaches across pages (conform's place model/igb-by-page)
 * @throttles: by MSI-X entry: what the application's coalescing makes of it (intel_throttle.c);
 *	atomic
 * @diag: what PHY, link, LED and statistics remember
 */
struct intel_port {
	struct fn_bar regs;
	const struct intel_chip *chip;
	uint16_t rxqs;
	uint16_t txqs;
	uint32_t rctl;
	enum fn_filter_mode filter_mode;
	enum intel_auto_read auto_read;
	uint64_t set_up_ns;
	bool is_qemu;
	uint32_t throttles[INTEL_ENTRIES_MAX];
	struct intel_diag diag;
};

static inline struct intel_port *intel_port_of(const struct fn_dev *dev)
{
	return dev->priv;
}

static inline uint32_t intel_read(const struct intel_port *port, uint32_t reg)
{
	return fn_bar_read32(&port->regs, reg);
}

static inline void intel_write(const struct intel_port *port, uint32_t reg, uint32_t value)
{
	fn_bar_write32(&port->regs, reg, value);
}

/* Registers of a queue: INTEL_Q_* from these on. */
static inline uint32_t intel_rxq_reg(const struct intel_port *port, uint16_t idx, uint32_t reg)
{
	return port->chip->rxq + port->chip->queue_stride * idx + reg;
}

static inline uint32_t intel_txq_reg(const struct intel_port *port, uint16_t idx, uint32_t reg)
{
	return port->chip->txq + port->chip->queue_stride * idx + reg;
}

/* 802.1Q 9.5, 9.6: VLAN tags stand behind the addresses; an outer one has a type of its own. */
#define INTEL_ETH_ADDRS 12u
#define INTEL_TAG_BYTES 4u
#define INTEL_OUTER_TPID 0x88a8u

/* 802.3 3.2.9. */
#define INTEL_CRC_BYTES 4u

/* Longest frame on the wire: the MTU, its link header, and the CRC. */
static inline uint32_t intel_frame_bytes(const struct fn_dev *dev)
{
	return dev->conf.mtu + fn_link_header_bytes(&dev->conf) + INTEL_CRC_BYTES;
}

/* Longest frame without RCTL.LPE: 1518 bytes and a VLAN tag (82574 10.2.5.1, I210 7.1.1.4). */
#define INTEL_STANDARD_FRAME_MAX 1522u

/* The MSI-X entry of a queue's vector: entry 0 is for all that is no queue's. */
#define INTEL_FIRST_VECTOR 1u
#define INTEL_NO_ENTRY UINT16_MAX

static inline uint16_t intel_entry(const struct fn_queue *queue)
{
	return queue->vector == FN_NO_VECTOR ? INTEL_NO_ENTRY :
					       (uint16_t)(queue->vector + INTEL_FIRST_VECTOR);
}

/* intel_hw.c: registers that take their time, or do not answer. What fails here has a sentence. */
/*
 * Whether the device is gone: a register that never is all ones read so, and the bus says so too.
 */
bool intel_is_gone(struct fn_dev *dev, uint32_t value);
/*
 * Read a register that is never all ones: an answer that got lost on the bus is asked for again, as
 * what it would stand for is believed, kept or written back.
 */
uint32_t intel_look(const struct intel_port *port, uint32_t reg);
/*
 * Change bits of a register that reads as it was written: 0, -EIO when it cannot be read, -ENODEV.
 */
int intel_change(struct fn_dev *dev, uint32_t reg, uint32_t clear, uint32_t set);
/*
 * Wait until the bits @mask of a register are @want: 0, -ETIMEDOUT (without a sentence), -ENODEV.
 */
int intel_wait(struct fn_dev *dev, uint32_t reg, uint32_t mask, uint32_t want, uint64_t limit_ns);
/* The posted writes have arrived, and the device is there: 0, or -ENODEV and marked as gone. */
int intel_flush(struct fn_dev *dev);
/*
 * Reset the MAC: it lets go of all memory, its registers have their defaults, and no interrupt is
 * pending: 0, -EIO, -ENODEV.
 */
int intel_reset(struct fn_dev *dev);
/* In front of each access to PHY or NVM: wait for what is left of the time that no reset tells. */
void intel_set_up_wait(struct fn_dev *dev);

/* intel_start.c: from reset to packets, and back. */
int intel_start(struct fn_dev *dev);
int intel_stop(struct fn_dev *dev);
void intel_give_back(struct fn_dev *dev);

/* intel_port.c: what a port is and can. */
int intel_open(struct fn_dev *dev, const struct intel_chip *chip);
int intel_close(struct fn_dev *dev);
int intel_check(struct fn_dev *dev, const struct fn_dev_conf *conf);
int intel_set_coalesce(struct fn_dev *dev, const struct fn_coalesce *c);
/* The shortest delay that a queue of an MSI-X entry in use has; 0: none. */
uint32_t intel_entry_delay_ns(const struct fn_dev *dev, const struct fn_coalesce *c,
			      unsigned entry);
/* intel_throttle.c: how long an MSI-X entry is held back. */

/*
 * Note what the application's choice means for an entry, before its register is written: the delay.
 */
uint32_t intel_throttle_choose(struct fn_dev *dev, const struct fn_coalesce *c, unsigned entry);
bool intel_moderate(struct fn_queue *queue, uint32_t delay_ns);

/* Which port of its controller it is, from 0 on. */
unsigned intel_lan_id(const struct fn_dev *dev);
/* config_irq: what is no queue's, as ICR said it. */
void intel_other_causes(struct fn_dev *dev, uint32_t icr);

/* intel_filter.c: which frames are let in. */
void intel_filter_start(struct fn_dev *dev);
/* Write RCTL, which lets frames in once &intel_port.rctl has INTEL_RCTL_EN. */
void intel_filter_modes(struct fn_dev *dev, bool promisc, bool allmulti);
int intel_set_mac(struct fn_dev *dev, const uint8_t mac[6]);
int intel_set_promisc(struct fn_dev *dev, bool on);
int intel_set_allmulti(struct fn_dev *dev, bool on);
int intel_set_mac_filters(struct fn_dev *dev, const uint8_t (*macs)[6], unsigned n);
int intel_set_vlan_filter(struct fn_dev *dev, uint16_t vid, bool on);

/* Addresses that fn_dev_set_mac_filters() takes: what is no exact entry goes to the hash table. */
#define INTEL_MAC_FILTERS_MAX 4096u
#define INTEL_EXACT_MACS_MAX 32u

/* intel_rss.c: which queue a frame comes to. */
uint32_t intel_rss_types(const struct intel_chip *chip);
void intel_rss_start(struct fn_dev *dev);
int intel_set_rss(struct fn_dev *dev, const struct fn_rss *rss);

/* What both families fill &struct fn_driver_ops with; beside it they open and do interrupts. */
#define INTEL_SHARED_OPS                                                                      \
	.close = intel_close, .check = intel_check, .start = intel_start, .stop = intel_stop, \
	.give_back = intel_give_back, .get_link = intel_link, .set_mac = intel_set_mac,       \
	.set_promisc = intel_set_promisc, .set_allmulti = intel_set_allmulti,                 \
	.set_mac_filters = intel_set_mac_filters, .set_vlan_filter = intel_set_vlan_filter,   \
	.set_rss = intel_set_rss, .set_coalesce = intel_set_coalesce,                         \
	.set_link_conf = intel_set_link_conf, .identify = intel_identify,                     \
	.read_reg = intel_read_reg, .selftest = intel_selftest, .phy_read = intel_phy_read,   \
	.phy_write = intel_phy_write, .nvm_read = intel_nvm_read,                             \
	.read_counters = intel_read_counters, .rx_pending = intel_rx_pending,                 \
	.tx_pending = intel_tx_pending, .tx_reclaim = intel_tx_reclaim, .moderate = intel_moderate

#endif
