/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames for tests: well-formed unless told otherwise, each distinguishable from all others. */
#ifndef FN_TESTS_MODEL_BUILD_H
#define FN_TESTS_MODEL_BUILD_H

#include "model/model_frame.h"

/**
 * struct model_build - what a frame shall be
 * @dst: destination; all zeros: 52:54:00:12:34:56, the models' own address
 * @vlan: a tag with this TCI; 0: none
 * @ip: 4 or 6; 0: no IP (type 0x88b5, for local experiments)
 * @proto: MODEL_PROTO_*; 0: an IP packet without a known upper layer
 * @sport: source port; it also goes into the source address, so that flows differ in both
 * @dport: destination port
 * @payload: bytes behind all headers
 * @seq: number of the frame: its bytes depend on it
 * @bad_ip: a wrong header checksum
 * @bad_l4: a wrong upper-layer checksum
 * @no_l4: UDP over IPv4 without one
 * @src_addr: IPv4 source address; 0: made from @sport
 * @dst_addr: IPv4 destination address; 0: 10.0.0.1
 */
struct model_build {
	uint8_t dst[6];
	uint16_t vlan;
	uint8_t ip;
	uint8_t proto;
	uint16_t sport;
	uint16_t dport;
	uint32_t payload;
	unsigned seq;
	bool bad_ip;
	bool bad_l4;
	bool no_l4;
	uint32_t src_addr;
	uint32_t dst_addr;
};

/* Returns the frame's bytes. @frame has room for MODEL_FRAME_MAX. */
uint32_t model_build(uint8_t *frame, const struct model_build *b);

#endif
