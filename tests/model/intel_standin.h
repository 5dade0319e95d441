/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The driver's side of 82574 and 82576 as far as the tests of the model need it: the plainest code
 * that brings one up and moves frames, with every offload.
 */
#ifndef FN_TESTS_MODEL_INTEL_STANDIN_H
#define FN_TESTS_MODEL_INTEL_STANDIN_H

#include <fastnic/dma.h>

#include "model/intel_dev.h"

#define INTEL_STANDIN_RING 1024u
#define INTEL_STANDIN_TX_BYTES 16384u

/**
 * struct intel_standin_opts - how it comes up
 * @queues: of each kind
 * @ring: descriptors of each, a multiple of 8
 * @rx_bytes: receive buffer: 1024 or 2048; 0: 2048
 * @rctl: bits of RCTL beside EN, SECRC and the size
 * @ctrl: bits of CTRL beside SLU
 * @mrqc: what MRQC becomes; 0: no RSS
 * @key: key of the hash, 40 bytes, or NULL
 * @head_wb: 82576: the head is written to memory, not DD
 */
struct intel_standin_opts {
	unsigned queues;
	uint32_t ring;
	uint32_t rx_bytes;
	uint32_t rctl;
	uint32_t ctrl;
	uint32_t mrqc;
	const uint8_t *key;
	bool head_wb;
};

/**
 * struct intel_standin_tx - what to do with a frame
 * @ip: insert the IP header checksum
 * @l4: insert the upper-layer checksum
 * @mss: segment to this size; 0: not
 * @vlan: insert this tag; 0: none
 * @parts: descriptors that it is spread over; 0: 1
 * @legacy: 82574: one legacy descriptor
 */
struct intel_standin_tx {
	bool ip;
	bool l4;
	uint32_t mss;
	uint16_t vlan;
	unsigned parts;
	bool legacy;
};

/* What the last descriptor of a received frame said. */
struct intel_standin_rx {
	uint32_t len;
	unsigned descs;
	uint32_t type;
	uint32_t hash;
	uint32_t status;
	uint16_t vlan;
};

struct intel_standin_queue {
	struct fn_dma ring;
	struct fn_dma bufs;
	struct fn_dma head;
	uint32_t size;
	uint32_t next;
	uint32_t clean;
	bool ends[INTEL_STANDIN_RING]; /* a frame's last descriptor */
};

struct intel_standin {
	struct intel_dev *id;
	struct fn_ctx *ctx;
	struct fn_busdev *busdev;
	struct fn_bar bar;
	struct intel_standin_opts opts;
	uint32_t rx_bytes;
	int fds[INTEL_DEV_VECTORS];
	struct intel_standin_queue rx[INTEL_DEV_QUEUES];
	struct intel_standin_queue tx[INTEL_DEV_QUEUES];
};

/* The device is plugged; asserts that it comes up, the link too. One descriptor stays free. */
void intel_standin_open(struct intel_standin *is, struct intel_dev *id,
			struct intel_standin_opts opts);
void intel_standin_close(struct intel_standin *is);

/* Queue a frame and write the tail. -ENOSPC: no room. @frame is changed as drivers do: seeds. */
int intel_standin_send(struct intel_standin *is, unsigned queue, uint8_t *frame, uint32_t len,
		       const struct intel_standin_tx *tx);

/* Frames that are done. */
unsigned intel_standin_reclaim(struct intel_standin *is, unsigned queue);

/* The next frame: its bytes, or -EAGAIN. Its buffers are given again. */
int intel_standin_recv(struct intel_standin *is, unsigned queue, uint8_t *frame,
		       struct intel_standin_rx *rx);

uint32_t intel_standin_read(struct intel_standin *is, uint32_t off);
void intel_standin_write(struct intel_standin *is, uint32_t off, uint32_t value);

/* Master disable, CTRL.RST, and the NVM read anew. */
void intel_standin_reset(struct intel_standin *is);

/* Take what MDIC needs, or give it back. False: it is not to be had. */
bool intel_standin_own(struct intel_standin *is, bool own);

/*
 * The NVM's word, and the PHY's register through MDIC; -EIO when it says so, -EBUSY without the
 * semaphore, -ETIMEDOUT.
 */
uint16_t intel_standin_nvm(struct intel_standin *is, unsigned word);
int intel_standin_phy(struct intel_standin *is, unsigned addr, unsigned reg);
int intel_standin_phy_write(struct intel_standin *is, unsigned reg, uint16_t value);

#endif
