/* SPDX-License-Identifier: BSD-3-Clause */
/* The Toeplitz hash of receive-side scaling bit by bit, independent of the library. */
#ifndef FN_TESTS_CONFORM_REF_TOEPLITZ_H
#define FN_TESTS_CONFORM_REF_TOEPLITZ_H

#include <stddef.h>
#include <stdint.h>

#include "conform/frames.h"

uint32_t ref_toeplitz(const uint8_t *key, size_t key_bytes, const uint8_t *data, size_t len);

/* Hash of a flow: over its addresses, and its ports with @ports. */
uint32_t ref_toeplitz_flow(const uint8_t *key, size_t key_bytes, const struct flow *flow,
			   bool ports);

/* A published test vector. */
struct ref_vector {
	bool ipv6;
	const char *saddr;
	uint16_t sport;
	const char *daddr;
	uint16_t dport;
	uint32_t addrs;
	uint32_t ports;
};

/* Microsoft's "Verifying the RSS Hash Calculation": key and vectors. */
extern const uint8_t ref_rss_key[40];
extern const struct ref_vector ref_rss_vectors[];
extern const unsigned ref_rss_vectors_n;

struct flow ref_vector_flow(const struct ref_vector *v);

#endif
