/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What model devices know of frames: where the headers are, checksums, the RSS hash, segmentation.
 * Written for clearness, from the RFCs, and shared with no driver: their work is compared with it.
 */
#ifndef FN_TESTS_MODEL_FRAME_H
#define FN_TESTS_MODEL_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longest frame that any model handles: a maximal IPv6 packet to be segmented, with tags. */
#define MODEL_FRAME_MAX 65700u

#define MODEL_PROTO_TCP 6u
#define MODEL_PROTO_UDP 17u
#define MODEL_PROTO_SCTP 132u

/**
 * struct model_frame - a frame's headers
 * @tags: VLAN tags (types 0x8100 and 0x88a8), 0 to 2
 * @tci: the outer tag's, when there is one
 * @type: Ethernet type behind the tags
 * @ip: 4 or 6; 0: no IP, or one that is cut off
 * @l3: where the IP header starts
 * @l4: where the IP payload's upper-layer header starts; 0: none
 * @l4_bytes: its header and payload, as the IP header says
 * @proto: its protocol
 * @l4_hdr: bytes of its header; 0 when it is cut off or not TCP, UDP or SCTP
 * @fragment: a part of a datagram: no upper-layer header is looked at
 * @extensions: IPv6 extension headers are there
 */
struct model_frame {
	unsigned tags;
	uint16_t tci;
	uint16_t type;
	uint8_t ip;
	uint32_t l3;
	uint32_t l4;
	uint32_t l4_bytes;
	uint8_t proto;
	uint32_t l4_hdr;
	bool fragment;
	bool extensions;
};

struct model_frame model_frame_parse(const uint8_t *frame, uint32_t len);

static inline bool model_mac_is_multicast(const uint8_t *mac)
{
	return mac[0] & 1;
}

bool model_mac_is_broadcast(const uint8_t *mac);

enum model_csum {
	MODEL_CSUM_NONE, /* nothing to check */
	MODEL_CSUM_GOOD,
	MODEL_CSUM_BAD,
};

/* The header checksum of IPv4. */
enum model_csum model_frame_ip_csum(const uint8_t *frame, const struct model_frame *f);

/* TCP, UDP (0 over IPv4 is none, RFC 768) or SCTP. */
enum model_csum model_frame_l4_csum(const uint8_t *frame, const struct model_frame *f);

/* RFC 1071: ones' complement sum, not inverted; @sum is added. */
uint16_t model_sum(const uint8_t *p, size_t len, uint16_t sum);

/* Sum of the pseudo header (RFC 793, 768, 8200) with this length; 0 is what Intel's TSO wants. */
uint16_t model_pseudo_sum(const uint8_t *frame, const struct model_frame *f, uint32_t l4_bytes);

/* RFC 9260 appendix A: CRC32c as SCTP stores it. */
uint32_t model_crc32c(const uint8_t *p, size_t len);

/* Put right checksums in. */
void model_frame_set_ip_csum(uint8_t *frame, const struct model_frame *f);
void model_frame_set_l4_csum(uint8_t *frame, const struct model_frame *f);

/* Where the checksum field lies in an upper-layer header. */
uint32_t model_l4_csum_offset(uint8_t proto);

/* Microsoft's RSS hash (Toeplitz) of @len bytes; the key is taken to go on with zeros. */
uint32_t model_toeplitz(const uint8_t *key, size_t key_len, const uint8_t *in, size_t len);

/* What the hash is taken of: addresses, and ports when asked for. Returns bytes, at most 36. */
size_t model_rss_input(const uint8_t *frame, const struct model_frame *f, bool ports,
		       uint8_t in[36]);

/**
 * model_tso - cut a TCP frame into segments as a device does
 * @frame: all of it
 * @len: its bytes
 * @hdr_len: bytes up to the end of the TCP header
 * @mss: most bytes of payload in one segment, at least 1
 * @emit: called for each segment; the frame is the callee's to read only while it runs
 * @arg: handed to @emit
 *
 * Lengths, IPv4 identification (counted up), sequence numbers, FIN and PSH (last segment only), CWR
 * (first only, RFC 3168) and all checksums of each segment are as if it had been sent alone.
 *
 * Return: segments, or 0 when this is no TCP frame with such headers.
 */
unsigned model_tso(const uint8_t *frame, uint32_t len, uint32_t hdr_len, uint32_t mss,
		   void (*emit)(void *arg, const uint8_t *segment, uint32_t len), void *arg);

static inline uint16_t model_be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t model_be32(const uint8_t *p)
{
	return (uint32_t)model_be16(p) << 16 | model_be16(p + 2);
}

static inline void model_put_be16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void model_put_be32(uint8_t *p, uint32_t v)
{
	model_put_be16(p, (uint16_t)(v >> 16));
	model_put_be16(p + 2, (uint16_t)v);
}

#endif
