/* SPDX-License-Identifier: BSD-3-Clause */
/* TCP segmentation as a receiver must see it, independent of the library. */
#ifndef FN_TESTS_CONFORM_REF_TSO_H
#define FN_TESTS_CONFORM_REF_TSO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REF_TSO_SEGMENTS 128u
#define REF_TSO_BYTES 2048u

struct ref_segment {
	uint32_t len;
	uint8_t data[REF_TSO_BYTES];
};

/*
 * Cut a TCP frame of any length into frames of at most @mss bytes of payload, with all headers and
 * checksums right. Returns how many; 0 when it cannot be cut.
 */
unsigned ref_tso(const uint8_t *frame, size_t len, unsigned mss, struct ref_segment *out,
		 unsigned most);

#endif
