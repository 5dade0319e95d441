/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A virtio-net device in this process, on a bus of its own: what a driver does to it is checked
 * against virtio 1.2, and what it does to the driver is what a test says, also when no honest
 * device would.
 */
#ifndef FN_TESTS_MODEL_VIRTIO_DEV_H
#define FN_TESTS_MODEL_VIRTIO_DEV_H

#include "bus/bus.h"
#include "drivers/virtio/virtio_net_spec.h"
#include "drivers/virtio/virtio_spec.h"
#include "mem/domain.h"

#define VIRTIO_DEV_QUEUES 18u /* 8 pairs, the control queue, and one to spare */
#define VIRTIO_DEV_MAPS 64u
#define VIRTIO_DEV_TRACE 256u
#define VIRTIO_DEV_VECTORS 18u

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

/**
 * struct virtio_dev_queue - a queue as the device sees it
 * @size_max: what queue_size reads after a reset
 * @size: queue_size
 * @vector: queue_msix_vector
 * @enabled: queue_enable
 * @desc: address of the descriptor table
 * @driver: address of the available ring
 * @device: address of the used ring
 * @avail_pos: entries of the available ring that the device has taken
 * @used_pos: elements of the used ring that it has written
 * @published: used->idx as it was published last
 * @kicks: doorbells
 * @irqs: interrupts
 * @no_notify: the device never moves avail_event on (with event indices), or sets the flag
 *	(without)
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
};

/**
 * struct virtio_dev - the device
 * @busdev: what the driver sees of it
 * @cfg: configuration space
 * @offered: features offered
 * @refuse_features: takes FEATURES_OK back
 * @accepted: features accepted
 * @status: device_status
 * @reset_polls: how many reads of device_status a reset takes; UINT_MAX: all
 * @resetting: how many of them are left
 * @vectors_refused: reads back VIRTIO_MSI_NO_VECTOR for MSI-X entries from this one on
 * @config_vector: config_msix_vector
 * @num_queues: num_queues
 * @generation: config_generation
 * @generation_runs: counts up with each read
 * @config: the device's own configuration structure
 * @queues: the queues
 * @mac: as last set by a command
 * @promisc: as last set by a command, 1 after a reset
 * @pairs: as last set by a command, 1 after a reset
 * @ctrl_dumb: does not answer commands
 * @ctrl_ack: what it answers
 * @gone: does not answer at all
 * @master: bus mastering is on
 * @now_ns: its clock, which goes on with each look and each wait
 * @fds: what the MSI-X entries signal
 * @fds_n: how many
 * @trace: what the driver did
 * @trace_n: how much of it
 * @violation: the first thing that a driver may not do, or NULL
 * @sent: called for each frame that the driver sends
 * @sent_arg: handed to @sent
 */
struct virtio_dev {
	struct fn_busdev busdev;
	uint8_t cfg[256];
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
	struct virtio_net_config config;
	struct virtio_dev_queue queues[VIRTIO_DEV_QUEUES];
	uint8_t mac[6];
	bool promisc;
	uint16_t pairs;
	bool ctrl_dumb;
	uint8_t ctrl_ack;
	bool gone;
	bool master;
	uint64_t now_ns;
	int fds[VIRTIO_DEV_VECTORS];
	unsigned fds_n;
	struct virtio_dev_trace trace[VIRTIO_DEV_TRACE];
	unsigned trace_n;
	const char *violation;
	void (*sent)(void *arg, unsigned pair, const uint8_t *frame, uint32_t len);
	void *sent_arg;

	/* Its own: registers that select, and the IOMMU in front of it. */
	uint32_t device_feature_select;
	uint32_t driver_feature_select;
	uint16_t queue_select;
	struct fn_dma_target target;
	struct {
		uint8_t *va;
		uint64_t iova;
		size_t len;
	} maps[VIRTIO_DEV_MAPS];
	unsigned maps_n;
};

/* The bus: its open finds the devices of virtio_dev_plug() by address. */
extern const struct fn_bus_ops virtio_dev_bus;

/* A device with two pairs, rings up to 1,024, and all features that fastnic knows but in-order. */
void virtio_dev_init(struct virtio_dev *vd);

/* Put it on the bus at "0000:00:@slot.0", and take it away. Slots 0 to 3. */
void virtio_dev_plug(struct virtio_dev *vd, unsigned slot);
void virtio_dev_unplug(struct virtio_dev *vd);

/* What the device finds at an address; NULL, and a violation, when it cannot reach all of it. */
uint8_t *virtio_dev_at(struct virtio_dev *vd, uint64_t iova, size_t len);

/* virtio_dev_ring.c: what the device does with its queues. */

/* A frame comes in on a pair: -ENOBUFS when no buffer is posted, -EMSGSIZE when it is too small. */
int virtio_dev_receive(struct virtio_dev *vd, unsigned pair, const uint8_t *frame, uint32_t len);

/*
 * The two halves of virtio_dev_receive(), for a device that hands back out of order: take a buffer
 * and write the frame, which gives the buffer's id or -ENOBUFS, and say that one was used.
 */
int virtio_dev_receive_write(struct virtio_dev *vd, unsigned pair, const uint8_t *frame,
			     uint32_t len);
void virtio_dev_used(struct virtio_dev *vd, unsigned queue, uint32_t id, uint32_t len);

/* Send up to @most of what the driver has queued on a pair, and say so. Returns frames. */
unsigned virtio_dev_transmit(struct virtio_dev *vd, unsigned pair, unsigned most);

/* The first half of it for one frame: its id, or -EAGAIN. */
int virtio_dev_transmit_take(struct virtio_dev *vd, unsigned pair);

/* Buffers that the driver has posted and the device has not taken. */
unsigned virtio_dev_posted(struct virtio_dev *vd, unsigned queue);

/* Publish used->idx as it stands (virtio_dev_used()), and interrupt if that is wished for. */
void virtio_dev_publish(struct virtio_dev *vd, unsigned queue);

/* Write used->idx, whatever it is. */
void virtio_dev_used_idx(struct virtio_dev *vd, unsigned queue, uint16_t idx);

/* Answer the commands on the control queue; the doorbell does it. */
void virtio_dev_ctrl(struct virtio_dev *vd, unsigned queue);

/* The configuration changed: its interrupt. */
void virtio_dev_config_changed(struct virtio_dev *vd);

/* Signal an MSI-X entry. */
void virtio_dev_signal(struct virtio_dev *vd, uint16_t entry);

/* The driver did what it must not. */
void virtio_dev_violation(struct virtio_dev *vd, const char *what);

void virtio_dev_note(struct virtio_dev *vd, enum virtio_dev_step step, uint32_t value);

#endif
