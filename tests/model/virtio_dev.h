/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A virtio-net device in this process, on the model bus: what a driver does to it is checked
 * against virtio 1.2, and what it does to the driver is what a test says, also when no honest
 * device would.
 */
#ifndef FN_TESTS_MODEL_VIRTIO_DEV_H
#define FN_TESTS_MODEL_VIRTIO_DEV_H

#include "model/model_barrier.h"
#include "model/model_frame.h"
#include "model/virtio_dev_spec.h"

#define VIRTIO_DEV_QUEUES 18u /* 8 pairs, the control queue, and one to spare */
#define VIRTIO_DEV_TRACE 256u
#define VIRTIO_DEV_VECTORS 18u
#define VIRTIO_DEV_SEGS 256u        /* most descriptors of a buffer */
#define VIRTIO_DEV_PACKED_MAX 1024u /* largest packed ring */
#define VIRTIO_DEV_MACS 64u
#define VIRTIO_DEV_RETA 512u
#define VIRTIO_DEV_FLOWS 256u
#define VIRTIO_DEV_AHEAD 8u /* most buffers that a device in any order has in hand */
#define VIRTIO_DEV_KEPT 4u  /* and most that it gives back late */

/* The BAR of all structures, and where each lies in it. */
#define VIRTIO_DEV_BAR 4u
#define VIRTIO_DEV_BAR_BYTES 0x4000u
#define VIRTIO_DEV_COMMON 0x0000u
#define VIRTIO_DEV_ISR 0x1000u
#define VIRTIO_DEV_CONFIG 0x2000u
#define VIRTIO_DEV_NOTIFY 0x3000u
#define VIRTIO_DEV_NOTIFY_STEP 4u

/* Where the capabilities stand in configuration space: common, ISR, device, notification. */
#define VIRTIO_DEV_CAP_COMMON 0x40u
#define VIRTIO_DEV_CAP_ISR 0x50u
#define VIRTIO_DEV_CAP_CONFIG 0x60u
#define VIRTIO_DEV_CAP_NOTIFY 0x70u

/* What a driver did, in the order in which it did it; the value tells with what. */
enum virtio_dev_step {
	VIRTIO_DEV_STATUS = 1,     /* wrote device_status */
	VIRTIO_DEV_READ_FEATURES,  /* read device_feature */
	VIRTIO_DEV_WRITE_FEATURES, /* wrote driver_feature */
	VIRTIO_DEV_READ_STATUS,    /* read device_status */
	VIRTIO_DEV_ENABLE,         /* enabled a queue */
	VIRTIO_DEV_KICK,           /* rang a queue's doorbell */
	VIRTIO_DEV_COMMAND,        /* gave a command: class << 8 | command */
};

struct virtio_dev_trace {
	enum virtio_dev_step step;
	uint32_t value;
};

/* A part of a buffer. */
struct virtio_dev_seg {
	uint64_t iova;
	uint32_t len;
	bool write;
};

/**
 * struct virtio_dev_buf - a buffer that the driver posted
 * @id: what the device hands back: the head's number, or the buffer id of a packed ring
 * @descs: entries that it takes in a packed ring
 * @n: its segments
 * @seg: they
 */
struct virtio_dev_buf {
	uint16_t id;
	uint16_t descs;
	unsigned n;
	struct virtio_dev_seg seg[VIRTIO_DEV_SEGS];
};

/**
 * struct virtio_dev_packed - a packed ring as the device sees it
 * @avail_at: descriptors taken, running on; what is odd of its laps has a wrap counter of 0
 * @used_at: descriptors handed back
 * @checked_at: @used_at when the driver's wish for an interrupt was looked at last
 * @first_at: the first used descriptor that is not visible yet
 * @first_flags: its flags
 * @hidden: there is one
 * @inflight_n: buffers taken and not handed back
 * @inflight: they, in the order in which they were taken
 */
struct virtio_dev_packed {
	uint64_t avail_at;
	uint64_t used_at;
	uint64_t checked_at;
	uint64_t first_at;
	uint16_t first_flags;
	bool hidden;
	unsigned inflight_n;
	struct {
		uint16_t id;
		uint16_t descs;
	} inflight[VIRTIO_DEV_PACKED_MAX];
};

/**
 * struct virtio_dev_batch - VIRTIO_DEV_BATCHES: what was used and is in no element yet
 * @n: buffers
 * @id: the last one
 * @len: bytes that were written to it
 * @whole: they are all that it has room for, so that the next one may speak for it
 */
struct virtio_dev_batch {
	unsigned n;
	uint32_t id;
	uint32_t len;
	bool whole;
};

/**
 * struct virtio_dev_queue - a queue as the device sees it
 * @size_max: what queue_size reads after a reset
 * @size: queue_size
 * @vector: queue_msix_vector
 * @enabled: queue_enable
 * @desc: address of the descriptor table, or ring
 * @driver: address of the available ring, or the driver's event suppression
 * @device: address of the used ring, or the device's event suppression
 * @avail_pos: entries of the available ring that the device has taken
 * @used_pos: elements of the used ring that it has written
 * @published: used->idx as it was published last
 * @kicks: doorbells
 * @irqs: interrupts
 * @no_notify: the device never asks for doorbells: it never moves avail_event on (with event
 *	indices), or sets the flag (without)
 * @packed: the same of a packed ring
 * @watch_at: up to where the driver's fences were looked at (model_barrier.h)
 * @fenced_at: what was available at its last full fence
 * @coal_n: packets whose interrupt waits (virtio 1.3 5.1.6.5.9)
 * @coal_due_ns: until then, or 0
 * @batch: of a device that hands back in batches
 * @ahead: heads that a device in any order has taken and not used
 * @ahead_n: how many
 * @kept: heads that it has sent and not given back
 * @kept_n: how many
 * @order: the descriptor that comes next in the order of the ring
 */
struct virtio_dev_queue {
	uint32_t size_max;
	uint32_t size;
	uint16_t vector;
	bool enabled;
	uint64_t desc;
	uint64_t driver;
	uint64_t device;
	uint16_t avail_pos;
	uint16_t used_pos;
	uint16_t published;
	unsigned kicks;
	unsigned irqs;
	bool no_notify;
	struct virtio_dev_packed packed;
	uint64_t watch_at;
	uint64_t fenced_at;
	uint32_t coal_n;
	uint64_t coal_due_ns;
	struct virtio_dev_batch batch;
	uint16_t ahead[VIRTIO_DEV_AHEAD];
	unsigned ahead_n;
	uint16_t kept[VIRTIO_DEV_KEPT];
	unsigned kept_n;
	uint32_t order;
};

/**
 * struct virtio_dev_filter - which frames it receives (5.1.6.5.1, .2, .3)
 * @promisc: 1 after a reset
 * @uni: addresses beside its own
 * @uni_over: there were more than the table holds: all are let in
 * @vlans: a bit for each that is let in
 */
struct virtio_dev_filter {
	bool promisc;
	bool allmulti;
	bool alluni;
	bool nomulti;
	bool nouni;
	bool nobcast;
	uint8_t uni[VIRTIO_DEV_MACS][6];
	unsigned uni_n;
	bool uni_over;
	uint8_t multi[VIRTIO_DEV_MACS][6];
	unsigned multi_n;
	bool multi_over;
	uint8_t vlans[4096 / 8];
};

/**
 * struct virtio_dev_rss - hashes and where they lead (5.1.6.5.6.4, 5.1.6.5.7)
 * @steer: RSS decides, not the automatic rule
 * @types: VDEV_HASH_*
 * @mask: entries of @table less 1
 * @unclassified: the pair of frames without a hash
 */
struct virtio_dev_rss {
	bool steer;
	uint32_t types;
	uint16_t mask;
	uint16_t unclassified;
	uint16_t table[VIRTIO_DEV_RETA];
	uint16_t max_tx_vq;
	uint8_t key_len;
	uint8_t key[255];
};

struct virtio_dev_coal {
	uint32_t max_packets;
	uint32_t max_usecs;
};

/* How a checksum of the TCP or UDP kind is told to a driver that negotiated GUEST_CSUM. */
enum virtio_dev_rx_csum {
	VIRTIO_DEV_RX_CHECK,   /* DATA_VALID when it is right, nothing when it is not (5.1.6.4) */
	VIRTIO_DEV_RX_UNKNOWN, /* nothing: it was not looked at */
	VIRTIO_DEV_RX_PARTIAL, /* NEEDS_CSUM, and only the pseudo header's sum in the frame */
};

/* How an honest device hands buffers of split rings back. */
enum virtio_dev_returns {
	VIRTIO_DEV_ONE_BY_ONE, /* in the order in which it took them, an element for each */
	VIRTIO_DEV_BATCHES,    /* with VIRTIO_F_IN_ORDER, an element for several (2.7.9) */
	VIRTIO_DEV_ANY_ORDER,  /* it receives into any of those that it has, and is done with what
				* it sent in any order; frames keep theirs */
};

/**
 * struct virtio_dev - the device
 * @md: what all models have: @md.busdev is what the driver sees
 * @offered: features offered
 * @refuse_features: takes FEATURES_OK back
 * @accepted: features accepted
 * @status: device_status
 * @reset_polls: how many reads of device_status a reset takes; UINT_MAX: all
 * @resetting: how many of them are left
 * @vectors_refused: reads back VDEV_NO_VECTOR for MSI-X entries from this one on
 * @config_vector: config_msix_vector
 * @num_queues: num_queues
 * @generation: config_generation
 * @generation_runs: counts up with each read
 * @config: the device's own configuration structure
 * @queues: the queues
 * @mac: as last set by a command
 * @filter: as last set by commands
 * @pairs: as last set by a command, 1 after a reset
 * @rss: as last set by a command
 * @coal_rx: as last set by a command
 * @coal_tx: as last set by a command
 * @rx_csum: how checksums of received frames are told
 * @returns: how it hands buffers back
 * @random: state of the random numbers of VIRTIO_DEV_ANY_ORDER
 * @hold: virtio_dev_publish() does nothing: more is to come, and all of it is shown together
 * @auto_tx: a doorbell makes it send, at once or late (&model_dev.late_max_ns)
 * @filtered: frames that virtio_dev_wire_in() did not let in
 * @dropped: frames that it had no buffer for
 * @ctrl_dumb: does not answer commands
 * @ctrl_ack: what it answers; VDEV_OK: what is right
 * @trace: what the driver did
 * @trace_n: how much of it
 * @sent: called for each frame that the driver sends, as it is on the wire: checksummed, segmented
 * @sent_raw: called instead of @sent, with the header and the frame as the driver gave them
 * @sent_arg: handed to both
 */
struct virtio_dev {
	struct model_dev md;
	uint64_t offered;
	bool refuse_features;
	uint64_t accepted;
	uint8_t status;
	unsigned reset_polls;
	unsigned resetting;
	uint16_t vectors_refused;
	uint16_t config_vector;
	uint16_t num_queues;
	uint8_t generation;
	bool generation_runs;
	struct virtio_dev_config config;
	struct virtio_dev_queue queues[VIRTIO_DEV_QUEUES];
	uint8_t mac[6];
	struct virtio_dev_filter filter;
	uint16_t pairs;
	struct virtio_dev_rss rss;
	struct virtio_dev_coal coal_rx;
	struct virtio_dev_coal coal_tx;
	enum virtio_dev_rx_csum rx_csum;
	enum virtio_dev_returns returns;
	uint32_t random;
	bool hold;
	bool auto_tx;
	unsigned filtered;
	unsigned dropped;
	bool ctrl_dumb;
	uint8_t ctrl_ack;
	struct virtio_dev_trace trace[VIRTIO_DEV_TRACE];
	unsigned trace_n;
	void (*sent)(void *arg, unsigned pair, const uint8_t *frame, uint32_t len);
	void (*sent_raw)(void *arg, unsigned pair, const struct virtio_dev_hdr *hdr,
			 const uint8_t *frame, uint32_t len);
	void *sent_arg;

	/* Its own. */
	uint32_t device_feature_select;
	uint32_t driver_feature_select;
	uint16_t queue_select;
	bool mac_set;
	uint8_t factory_mac[6];
	struct {
		uint32_t hash;
		uint16_t pair;
		bool known;
	} flows[VIRTIO_DEV_FLOWS];
};

/*
 * A device with two pairs, rings up to 1,024, and the features that the driver had first; a test
 * adds to &virtio_dev.offered, or takes away.
 */
void virtio_dev_init(struct virtio_dev *vd);

/* What can be added, beside VDEV_F_RING_PACKED. */
#define VIRTIO_DEV_F_OFFLOADS \
	(VDEV_F_CSUM | VDEV_F_GUEST_CSUM | VDEV_F_HOST_TSO4 | VDEV_F_HOST_TSO6 | VDEV_F_MRG_RXBUF)
#define VIRTIO_DEV_F_FILTERS                                                         \
	(VDEV_F_CTRL_VQ | VDEV_F_CTRL_RX | VDEV_F_CTRL_RX_EXTRA | VDEV_F_CTRL_VLAN | \
	 VDEV_F_CTRL_MAC_ADDR | VDEV_F_GUEST_ANNOUNCE)
#define VIRTIO_DEV_F_STEERING (VDEV_F_CTRL_VQ | VDEV_F_MQ | VDEV_F_RSS | VDEV_F_HASH_REPORT)
#define VIRTIO_DEV_F_ALL                                                                           \
	(VIRTIO_DEV_F_OFFLOADS | VIRTIO_DEV_F_FILTERS | VIRTIO_DEV_F_STEERING | VDEV_F_NOTF_COAL | \
	 VDEV_F_INDIRECT_DESC)

/* virtio_dev_ring.c: what the device does with its queues, split or packed. */

/* The next buffer that the driver posted: 0, or -EAGAIN. */
int virtio_dev_take(struct virtio_dev *vd, unsigned queue, struct virtio_dev_buf *buf);

/*
 * Say that a buffer was used; nobody sees it before virtio_dev_publish(). Of a packed ring the
 * buffer's first descriptor becomes visible with it, the ones behind at once.
 */
void virtio_dev_used(struct virtio_dev *vd, unsigned queue, uint32_t id, uint32_t len);

/*
 * The same for a device that may leave elements out (@returns): @whole: the next buffer may speak
 * for this one too, because all of it was used.
 */
void virtio_dev_used_batch(struct virtio_dev *vd, unsigned queue, uint32_t id, uint32_t len,
			   bool whole);

/* Publish what was used, and interrupt if that is wished for. */
void virtio_dev_publish(struct virtio_dev *vd, unsigned queue);

/* Buffers that the driver has posted and the device has not taken. */
unsigned virtio_dev_posted(struct virtio_dev *vd, unsigned queue);

/* A split ring: write used->idx, whatever it is. */
void virtio_dev_used_idx(struct virtio_dev *vd, unsigned queue, uint16_t idx);

/* A packed ring: write a used descriptor as it is, and nothing else. */
void virtio_dev_packed_write(struct virtio_dev *vd, unsigned queue, uint32_t slot, uint16_t id,
			     uint32_t len, uint16_t flags);

/*
 * What the device finds at an address; NULL, and a violation, when it cannot reach all of it. For a
 * test that writes there with its own hands: nothing is withheld behind it.
 */
static inline uint8_t *virtio_dev_at(struct virtio_dev *vd, uint64_t iova, size_t len)
{
	model_withheld_show(&vd->md);
	return model_dma_at(&vd->md, iova, len);
}

/* virtio_dev_rx.c: what comes in. */

/*
 * A frame comes in on a pair, past all filters: -ENOBUFS when too few buffers are posted, -EMSGSIZE
 * when the one buffer that it may use is too small.
 */
int virtio_dev_receive(struct virtio_dev *vd, unsigned pair, const uint8_t *frame, uint32_t len);

/* The same with a header that the test made up; num_buffers is set where it is 0. */
int virtio_dev_receive_hdr(struct virtio_dev *vd, unsigned pair, const struct virtio_dev_hdr *hdr,
			   const uint8_t *frame, uint32_t len);

/*
 * The first half of virtio_dev_receive(), for a device that hands back out of order: take a buffer
 * and write the frame, which gives the buffer's id or -ENOBUFS.
 */
int virtio_dev_receive_write(struct virtio_dev *vd, unsigned pair, const uint8_t *frame,
			     uint32_t len);

/*
 * A frame comes in from the wire: filtered, steered, received. Returns the pair; -EPERM when the
 * filters do not want it (counted in @filtered); -ENOBUFS or -EMSGSIZE (counted in @dropped);
 * -ENETDOWN when the device does not run.
 */
int virtio_dev_wire_in(struct virtio_dev *vd, const uint8_t *frame, uint32_t len);

/* virtio_dev_steer.c: which frames, and where to. */

/* Whether the filters let a frame in. */
bool virtio_dev_wants(const struct virtio_dev *vd, const uint8_t *frame, uint32_t len);

/* The pair that it goes to. */
unsigned virtio_dev_pair_of(const struct virtio_dev *vd, const uint8_t *frame, uint32_t len);

/* Its hash, and the report's number (5.1.6.4.4), 0 for none. */
uint32_t virtio_dev_hash(const struct virtio_dev *vd, const uint8_t *frame, uint32_t len,
			 uint16_t *report);

/* A frame was sent on a pair: its flow's answers come in there (5.1.6.5.6). */
void virtio_dev_learn(struct virtio_dev *vd, unsigned pair, const uint8_t *frame, uint32_t len);

/* virtio_dev_tx.c: what goes out. */

/* Send up to @most of what the driver has queued on a pair, and say so. Returns frames. */
unsigned virtio_dev_transmit(struct virtio_dev *vd, unsigned pair, unsigned most);

/* The first half of it for one frame: its id, or -EAGAIN. */
int virtio_dev_transmit_take(struct virtio_dev *vd, unsigned pair);

/* virtio_dev_ctrl.c: commands. */

/* Answer the commands on the control queue; the doorbell does it. */
void virtio_dev_ctrl(struct virtio_dev *vd, unsigned queue);

/* The number of the control queue (5.1.2); UINT_MAX when there is none. */
unsigned virtio_dev_ctrl_queue(const struct virtio_dev *vd);

/* Ask the driver to announce itself (5.1.6.5.4). */
void virtio_dev_announce(struct virtio_dev *vd);

/* virtio_dev.c */

/* The link goes up or down, and the driver is told. */
void virtio_dev_link(struct virtio_dev *vd, bool up);

/* The configuration changed: its interrupt. */
void virtio_dev_config_changed(struct virtio_dev *vd);

/* The device has failed: DEVICE_NEEDS_RESET (2.1.2), and the interrupt that tells of it. */
void virtio_dev_needs_reset(struct virtio_dev *vd);

/* Bytes of the header in front of each frame. */
static inline uint32_t virtio_dev_hdr_bytes(const struct virtio_dev *vd)
{
	return vd->accepted & VDEV_F_HASH_REPORT ? 20 : 12;
}

static inline void virtio_dev_violation(struct virtio_dev *vd, const char *what)
{
	model_dev_violation(&vd->md, what);
}

void virtio_dev_note(struct virtio_dev *vd, enum virtio_dev_step step, uint32_t value);

#endif
