/* SPDX-License-Identifier: BSD-3-Clause */
/* SCTP packets and their checksum, from RFC 9260, independent of the library. */
#ifndef FN_TESTS_CONFORM_REF_SCTP_H
#define FN_TESTS_CONFORM_REF_SCTP_H

#include <stddef.h>
#include <stdint.h>

#include "conform/frames.h"

#define PROTO_SCTP 132u
#define REF_SCTP_HEADER 12u /* 3.1 */
#define REF_SCTP_CSUM_AT 8u

/* 6.8 and appendix A: bit by bit. */
uint32_t ref_crc32c(const uint8_t *data, size_t len);

/*
 * An SCTP packet over IP with some bytes of chunks behind its header, its checksum right; returns
 * bytes. @l4: where the SCTP header begins.
 */
uint32_t ref_sctp_frame(bool ipv6, unsigned n, uint16_t chunks, uint8_t *buf, const uint8_t *dst,
			const uint8_t *src, uint32_t *l4);

#endif
