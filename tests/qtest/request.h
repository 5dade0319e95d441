/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a frame on a wire asks its receiver to do: wires of QEMU's, and those of all of conform's
 * places.
 */
#ifndef FN_TESTS_QTEST_REQUEST_H
#define FN_TESTS_QTEST_REQUEST_H

#include <stdint.h>

/**
 * struct wire_request - what a frame asks its receiver to do, as taps and packet sockets have it in
 *	front of the frame: the first ten bytes of virtio_net_hdr (virtio 1.2 5.1.6)
 * @flags: 1: the checksum from @csum_start on is to be filled in; 2: checksums are known to be good
 * @gso_type: 0, or how to cut the frame: 1 TCP over IPv4, 4 TCP over IPv6, 5 UDP
 * @hdr_len: bytes of headers; from a tap it is whatever the kernel has in one piece
 * @gso_size: bytes of payload of each piece
 * @csum_start: where to begin to add up
 * @csum_offset: where from there the checksum goes
 */
struct wire_request {
	uint8_t flags;
	uint8_t gso_type;
	uint16_t hdr_len;
	uint16_t gso_size;
	uint16_t csum_start;
	uint16_t csum_offset;
};

_Static_assert(sizeof(struct wire_request) == 10, "what the kernel puts in front of a frame");

#define WIRE_NEEDS_CSUM 1u
#define WIRE_DATA_VALID 2u
#define WIRE_GSO_TCP4 1u
#define WIRE_GSO_TCP6 4u

#endif
