/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An 82574 or 82576 in this process, on the model bus: registers, rings and what becomes of frames.
 * It does what the data sheets say, as far as they are known here; a driver that does what they
 * forbid is written down as a violation. What no honest device does, a test does with
 * &intel_dev.writeback and intel_dev_desc_write().
 */
#ifndef FN_TESTS_MODEL_INTEL_DEV_H
#define FN_TESTS_MODEL_INTEL_DEV_H

#include "model/intel_dev_spec.h"
#include "model/model_barrier.h"
#include "model/model_frame.h"

#define INTEL_DEV_BAR_BYTES 0x20000u
#define INTEL_DEV_QUEUES 16u
#define INTEL_DEV_VECTORS 25u
#define INTEL_DEV_NVM_WORDS 2048u
#define INTEL_DEV_POSTED 64u

enum intel_family {
	INTEL_82574, /* e1000e: 2 queues, 5 vectors, extended descriptors */
	INTEL_82576, /* igb: 16 queues, 10 MSI-X entries, advanced descriptors */
};

/**
 * struct intel_context - what a context descriptor said
 * @set: there was one
 * @l2: bytes in front of the IP header
 * @l3: bytes of the IP header
 * @l4: bytes of the upper-layer header (TSO)
 * @ipv4: the IP header is one of IPv4
 * @l4_type: IDEV_TXC_L4_*
 * @mss: payload of a segment
 * @payload: 82574: bytes behind the headers
 * @vlan: 82576: the tag
 * @dw: 82574: its first two double words, for plain checksums
 */
struct intel_context {
	bool set;
	uint32_t l2;
	uint32_t l3;
	uint32_t l4;
	bool ipv4;
	unsigned l4_type;
	uint32_t mss;
	uint32_t payload;
	uint16_t vlan;
	uint32_t dw[2];
};

/**
 * struct intel_dev_txq - what the device remembers of a transmit queue
 * @ctx: contexts: 82574: plain, TSO; 82576: by index
 * @bytes: what was gathered of a frame
 * @len: how much of it
 * @first: first descriptor's third and fourth double word
 * @started: there is a first one
 * @sent: frames that left it
 * @descs: descriptors that it worked off
 * @reports: how many of them asked for a report (RS)
 * @contexts: how many of them were contexts
 */
struct intel_dev_txq {
	struct intel_context ctx[2];
	uint8_t bytes[MODEL_FRAME_MAX];
	uint32_t len;
	uint32_t first[2];
	bool started;
	unsigned sent;
	unsigned descs;
	unsigned reports;
	unsigned contexts;
};

/**
 * struct intel_vector - an MSI-X vector's throttle
 * @free_ns: no message before
 * @waiting: a message waits for it
 */
struct intel_vector {
	uint64_t free_ns;
	bool waiting;
};

/**
 * struct intel_delay - 82574: causes that RDTR and RADV, or TIDV and TADV, hold back
 * @causes: they; 0: none
 * @due_ns: when they are told
 * @latest_ns: how far each further one may move that
 */
struct intel_delay {
	uint32_t causes;
	uint64_t due_ns;
	uint64_t latest_ns;
};

/**
 * struct intel_wb - a descriptor that is about to be written back
 * @tx: of a transmit ring
 * @queue: which
 * @idx: which descriptor; a test may change it
 * @dw: what is written; a test may change it
 * @lost: a test sets it, and nothing is written
 */
struct intel_wb {
	bool tx;
	unsigned queue;
	uint32_t idx;
	uint32_t dw[4];
	bool lost;
};

/**
 * struct intel_part - a frame in several descriptors whose last one is not written back yet
 * @is: there is one
 * @last: that descriptor
 */
struct intel_part {
	bool is;
	struct intel_wb last;
};

/**
 * struct intel_posted - writes of registers on their way, in their order (PCI Express 2.4): with
 *	&intel_dev.posted_max_ns they arrive late, or before the next read
 * @at: they
 * @n: how many
 */
struct intel_posted {
	struct {
		uint32_t off;
		uint32_t value;
	} at[INTEL_DEV_POSTED];
	unsigned n;
};

/**
 * struct intel_dev - the device
 * @md: what all models have: @md.busdev is what the driver sees
 * @family: which of the two
 * @successor: 82576: it is an I350, I210 or I211: DVMOLR, 32 or 16 addresses, vectors by pairs of
 *	queues
 * @lan_id: 82576: which port of its controller it is
 * @queues: of each kind
 * @reg: the register file
 * @nvm: words of the NVM; the station address is in the first three
 * @eecd: what EECD says of the NVM beside that it is there and was read: its kind, its size. QEMU's
 *	models say nothing
 * @phy: registers of the PHY, at address 1; 5 and 10 are what the link partner can
 * @phy_id: which PHY it is (802.3 22.2.4.3.1): its registers 2 and 3
 * @phy_crosses: one of Marvell's looks for crossed wires, as it was told before its last reset
 * @bmcr_taken: what a PHY of Marvell's took on of its register 0
 * @phy_dead: MDIC never gets ready
 * @phy_error: the PHY does not answer: MDIC says so
 * @stale_stats: the statistics are not 0 after a reset
 * @stale_ctrl: bits of CTRL that are set after a reset
 * @weak_off: a register of which @weak_bits read 0, whatever was written
 * @weak_bits: they; 0: none
 * @fw_holds: the firmware has the semaphores, for ever
 * @master_stuck: master disable never ends
 * @cable: a link partner is there
 * @link_ns: what autonegotiation takes
 * @reset_ns: what CTRL.RST takes
 * @auto_read_ns: what reading the NVM takes afterwards (EECD.AUTO_RD)
 * @set_up_ns: 82574: what setting its PHY up from the NVM takes behind that, without a word
 * @set_up_until_ns: its end
 * @vfta_lost: so many writes of the VLAN table get lost, one after the other, for each that arrives
 * @vfta_writes: how many there were
 * @reset_until_ns: the reset's end
 * @pause_until_ns: the link partner wants nothing before (802.3 31B)
 * @posted_max_ns: how long a write of a register may be on its way; 0: it is there at once
 * @posted: registers that are being written
 * @want_on: 82576: queues that are to be on: of receiving, of sending, a bit each
 * @reads: registers that were read
 * @tails: tails that were written: of receiving, of sending, by queue
 * @part: receive queues
 * @txq: transmit queues
 * @vector: MSI-X vectors
 * @delay: held back of receiving, of sending
 * @auto_tx: a tail write makes it send, at once or late (&model_dev.late_max_ns)
 * @by_page: bytes of a transmit descriptor that lie in two pages are a violation: see
 *	intel_dev_by_page()
 * @masks_by_eiac: as QEMU's e1000e: a message clears the bits of EIAC in IMS too
 * @writeback: called for each descriptor that is written back; NULL: none
 * @writeback_arg: handed to it
 * @sent: called for each frame on the wire, without CRC
 * @sent_arg: handed to it
 * @filtered: frames that intel_dev_receive() did not let in
 * @dropped: frames that it had no descriptors for
 */
struct intel_dev {
	struct model_dev md;
	enum intel_family family;
	bool successor;
	unsigned lan_id;
	unsigned queues;
	uint32_t reg[INTEL_DEV_BAR_BYTES / 4];
	uint16_t nvm[INTEL_DEV_NVM_WORDS];
	uint32_t eecd;
	uint16_t phy[32];
	uint32_t phy_id;
	bool phy_crosses;
	uint16_t bmcr_taken;
	bool phy_dead;
	bool phy_error;
	bool stale_stats;
	uint32_t stale_ctrl;
	uint32_t weak_off;
	uint32_t weak_bits;
	bool fw_holds;
	bool master_stuck;
	bool cable;
	uint64_t link_ns;
	uint64_t reset_ns;
	uint64_t auto_read_ns;
	uint64_t set_up_ns;
	uint64_t set_up_until_ns;
	unsigned vfta_lost;
	unsigned vfta_writes;
	uint64_t reset_until_ns;
	uint64_t pause_until_ns;
	uint64_t posted_max_ns;
	struct intel_posted posted;
	uint32_t want_on[2];
	unsigned reads;
	unsigned tails[2][INTEL_DEV_QUEUES];
	struct intel_part part[INTEL_DEV_QUEUES];
	struct intel_dev_txq txq[INTEL_DEV_QUEUES];
	struct intel_vector vector[INTEL_DEV_VECTORS];
	struct intel_delay delay[2];
	bool auto_tx;
	bool by_page;
	bool masks_by_eiac;
	void (*writeback)(void *arg, struct intel_wb *wb);
	void *writeback_arg;
	void (*sent)(void *arg, unsigned queue, const uint8_t *frame, uint32_t len);
	void *sent_arg;
	unsigned filtered;
	unsigned dropped;
};

/* intel_dev.c */

/* A device as after power-on, with the address 52:54:00:12:34:56 and a cable. It is large. */
void intel_dev_init(struct intel_dev *id, enum intel_family family);

/*
 * Look like QEMU's igb, and want of a driver what that one needs: it maps the bytes of a transmit
 * descriptor in one piece, and where the guest's memory is not one there it drops the frame.
 */
void intel_dev_by_page(struct intel_dev *id);

/*
 * What a driver that is done with the device has to leave: nothing that is on, no semaphore taken.
 * Else a violation is written down.
 */
void intel_dev_check_left(struct intel_dev *id);

/* intel_dev_phy.c */

/* The cable is plugged or pulled. */
void intel_dev_cable(struct intel_dev *id, bool plugged);

/*
 * Another link partner: what it can, as it stands in registers 5 and 10 of the PHY (802.3 28.2.1,
 * 40.5.1.1). The link is negotiated anew.
 */
void intel_dev_partner(struct intel_dev *id, uint16_t ability, uint16_t ability_1000);

static inline bool intel_dev_link_up(const struct intel_dev *id)
{
	return id->reg[IDEV_STATUS / 4] & IDEV_STATUS_LU;
}

/* The PHY looks for crossed wires: it then has no link at a speed that is forced. */
bool intel_dev_looks_for_crossed(const struct intel_dev *id);

/* What is sent comes back in, and does not reach the wire: in the MAC or in the PHY. */
bool intel_dev_loops(const struct intel_dev *id);

/* It may use the bus: not while the driver asks for master disable (82576 5.2.3.3). */
bool intel_dev_may_master(const struct intel_dev *id);

/* intel_dev_rx.c */

/*
 * 82576: two tags, the outer one of which no offload means (CTRL_EXT.EXT_VLAN, I210 7.4.5); and
 * whether a frame has that one.
 */
bool intel_dev_double(const struct intel_dev *id);
bool intel_dev_has_outer(const struct intel_dev *id, const uint8_t *frame, uint32_t len);

/*
 * A frame comes in from the wire, without CRC: filtered, steered, written. Returns the queue;
 * -EPERM when the filters do not want it; -ENOBUFS when there are too few descriptors (RXO is
 * raised); -ENETDOWN when the receiver is off or the link is down.
 */
int intel_dev_receive(struct intel_dev *id, const uint8_t *frame, uint32_t len);

/*
 * What intel_dev_receive() would say of a frame, for a wire that keeps what finds no room. A queue
 * that drops (SRRCTL.DROP_EN) has room for everything.
 */
int intel_dev_would_receive(struct intel_dev *id, const uint8_t *frame, uint32_t len);

/* The wire keeps a frame because a queue has no room: RXO is raised, and RNBC counts it. */
void intel_dev_starved(struct intel_dev *id);

/* Descriptors that a queue has for frames. */
uint32_t intel_dev_rx_free(const struct intel_dev *id, unsigned queue);

/* intel_dev_tx.c */

/* Work off up to @most descriptors of a queue. Returns how many. */
unsigned intel_dev_transmit(struct intel_dev *id, unsigned queue, unsigned most);

/* intel_dev_irq.c */

/* Causes are there: IDEV_ICR_*. */
void intel_dev_cause(struct intel_dev *id, uint32_t causes);

/* A queue has written descriptors back; @may_wait: the delay timers of the 82574 are for it. */
void intel_dev_queue_cause(struct intel_dev *id, bool tx, unsigned queue, bool may_wait);

/* Registers of interrupts; false: it is none. */
bool intel_dev_irq_read(struct intel_dev *id, uint32_t off, uint32_t *value);
bool intel_dev_irq_write(struct intel_dev *id, uint32_t off, uint32_t value);

/* Between the files: intel_dev_phy.c */

/* CTRL was written, or a reset has ended: the link follows. */
void intel_dev_link_look(struct intel_dev *id);

/* The link after a reset of the MAC, which leaves the PHY's as it is; and after one of the PHY. */
void intel_dev_mac_link_lost(struct intel_dev *id);
void intel_dev_link_lost(struct intel_dev *id);
void intel_dev_phy_reset(struct intel_dev *id);

void intel_dev_mdic_write(struct intel_dev *id, uint32_t value);

/* A frame of 802.3 31B that is for the MAC itself. */
bool intel_dev_pause(struct intel_dev *id, const uint8_t *frame, uint32_t len);

/* intel_dev_nvm.c */
void intel_dev_nvm_init(struct intel_dev *id);

/* The NVM's contents are in the registers that it has them for. */
void intel_dev_auto_read(struct intel_dev *id);

/* Registers of the NVM and semaphores; false: it is none. */
bool intel_dev_nvm_read(struct intel_dev *id, uint32_t off, uint32_t *value);
bool intel_dev_nvm_write(struct intel_dev *id, uint32_t off, uint32_t value);

/*
 * The 82574 is not to be asked of PHY or NVM while it sets its PHY up (Linux's e1000e waits for
 * 25 ms): else a violation is written down.
 */
void intel_dev_check_set_up(struct intel_dev *id);

/* The driver may use the PHY and the NVM. */
bool intel_dev_owns_phy(const struct intel_dev *id);

/* All that a queue was told to send, for every queue: after something that held it back. */
void intel_dev_serve_all(struct intel_dev *id);

/* A queue's register. */
static inline uint32_t *intel_dev_qreg(struct intel_dev *id, bool tx, unsigned queue, uint32_t off)
{
	const uint32_t base = id->family == INTEL_82576 ?
				      (tx ? IDEV_TXQ_76 : IDEV_RXQ_76) + 0x40u * queue :
				      (tx ? IDEV_TXQ_74 : IDEV_RXQ_74) + 0x100u * queue;

	return &id->reg[(base + off) / 4];
}

static inline uint32_t intel_dev_ring_size(const struct intel_dev *id, bool tx, unsigned queue)
{
	const uint32_t base = id->family == INTEL_82576 ?
				      (tx ? IDEV_TXQ_76 : IDEV_RXQ_76) + 0x40u * queue :
				      (tx ? IDEV_TXQ_74 : IDEV_RXQ_74) + 0x100u * queue;

	return id->reg[(base + IDEV_Q_LEN) / 4] / 16;
}

/* intel_dev_queue.c */

/* A queue's register by its place; NULL: it is none. */
uint32_t *intel_dev_queue_reg(struct intel_dev *id, uint32_t off, bool *tx, unsigned *queue,
			      uint32_t *which);
void intel_dev_queue_write(struct intel_dev *id, uint32_t *reg, bool tx, unsigned queue,
			   uint32_t which, uint32_t value);

/* Read a descriptor; false when it cannot be reached. */
bool intel_dev_desc_read(struct intel_dev *id, bool tx, unsigned queue, uint32_t idx,
			 uint32_t dw[4]);

/* Write a descriptor as it is, whoever owns it. */
void intel_dev_desc_write(struct intel_dev *id, bool tx, unsigned queue, uint32_t idx,
			  const uint32_t dw[4]);

/* Write one back, past @writeback. */
void intel_dev_desc_back(struct intel_dev *id, const struct intel_wb *wb);

/* intel_dev.c */

/* Count in a statistics register; and in one of 64 bits. */
void intel_dev_count(struct intel_dev *id, uint32_t off, uint32_t n);
void intel_dev_count64(struct intel_dev *id, uint32_t off_low, uint32_t n);

/* The register of the size bin that a frame of @len bytes, CRC included, counts in. */
uint32_t intel_dev_size_bin(uint32_t off_64, uint32_t len);

static inline void intel_dev_violation(struct intel_dev *id, const char *what)
{
	model_dev_violation(&id->md, what);
}

#endif
