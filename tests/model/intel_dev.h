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
 * struct intel_txq - what the device remembers of a transmit queue
 * @ctx: contexts: 82574: plain, TSO; 82576: by index
 * @bytes: what was gathered of a frame
 * @len: how much of it
 * @first: first descriptor's third and fourth double word
 * @started: there is a first one
 * @sent: frames that left it
 */
struct intel_txq {
	struct intel_context ctx[2];
	uint8_t bytes[MODEL_FRAME_MAX];
	uint32_t len;
	uint32_t first[2];
	bool started;
	unsigned sent;
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
 * struct intel_dev - the device
 * @md: what all models have: @md.busdev is what the driver sees
 * @family: which of the two
 * @queues: of each kind
 * @reg: the register file
 * @nvm: words of the NVM; the station address is in the first three
 * @phy: registers of the PHY, at address 1
 * @cable: a link partner is there
 * @link_ns: what autonegotiation takes
 * @reset_ns: what CTRL.RST takes
 * @reset_until_ns: its end
 * @txq: transmit queues
 * @vector: MSI-X vectors
 * @delay: held back of receiving, of sending
 * @auto_tx: a tail write makes it send, at once or late (&model_dev.late_max_ns)
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
	unsigned queues;
	uint32_t reg[INTEL_DEV_BAR_BYTES / 4];
	uint16_t nvm[64];
	uint16_t phy[32];
	bool cable;
	uint64_t link_ns;
	uint64_t reset_ns;
	uint64_t reset_until_ns;
	struct intel_txq txq[INTEL_DEV_QUEUES];
	struct intel_vector vector[INTEL_DEV_VECTORS];
	struct intel_delay delay[2];
	bool auto_tx;
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

/* The cable is plugged or pulled. */
void intel_dev_cable(struct intel_dev *id, bool plugged);

static inline bool intel_dev_link_up(const struct intel_dev *id)
{
	return id->reg[IDEV_STATUS / 4] & IDEV_STATUS_LU;
}

/* intel_dev_rx.c */

/*
 * A frame comes in from the wire, without CRC: filtered, steered, written. Returns the queue;
 * -EPERM when the filters do not want it; -ENOBUFS when there are too few descriptors (RXO is
 * raised); -ENETDOWN when the receiver is off or the link is down.
 */
int intel_dev_receive(struct intel_dev *id, const uint8_t *frame, uint32_t len);

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

/* Between the files. */

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

/* Read a descriptor; false when it cannot be reached. */
bool intel_dev_desc_read(struct intel_dev *id, bool tx, unsigned queue, uint32_t idx,
			 uint32_t dw[4]);

/* Write a descriptor as it is, whoever owns it. */
void intel_dev_desc_write(struct intel_dev *id, bool tx, unsigned queue, uint32_t idx,
			  const uint32_t dw[4]);

/* Write one back, past @writeback. */
void intel_dev_desc_back(struct intel_dev *id, const struct intel_wb *wb);

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
