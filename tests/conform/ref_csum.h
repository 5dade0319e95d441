/* SPDX-License-Identifier: BSD-3-Clause */
/* Internet checksums as the RFCs say them, independent of the library. */
#ifndef FN_TESTS_CONFORM_REF_CSUM_H
#define FN_TESTS_CONFORM_REF_CSUM_H

#include <stddef.h>
#include <stdint.h>

#include "conform/frames.h"
#include "conform/place.h"

/* RFC 1071: the one's complement sum of 16-bit words, not complemented, added to @sum. */
uint32_t ref_sum(const void *data, size_t len, uint32_t sum);
uint16_t ref_fold(uint32_t sum);

/* Sum of the pseudo header: RFC 9293 3.1, RFC 768, RFC 8200 8.1. */
uint32_t ref_pseudo_sum(const uint8_t *frame, const struct layout *at, uint32_t l4_bytes);

/* Fill in all checksums of a frame; or find out whether they are right. */
void ref_csum_fill(uint8_t *frame, size_t len);
bool ref_ip_csum_good(const uint8_t *frame, size_t len);
bool ref_l4_csum_good(const uint8_t *frame, size_t len);

/*
 * A TCP frame that is still to be cut: length and checksum of the IP header are those of the
 * whole, and the TCP checksum is the pseudo header's sum (virtio 1.2 5.1.6.2.1).
 */
bool ref_whole_good(const uint8_t *frame, size_t len);

/*
 * Do what a frame asks for: fill in its checksum (virtio 1.2 5.1.6.2). False: what it asks for lies
 * outside of the frame.
 */
bool ref_csum_request(uint8_t *frame, size_t len, const struct wire_request *request);

#endif
