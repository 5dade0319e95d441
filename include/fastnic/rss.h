/* SPDX-License-Identifier: BSD-3-Clause */
/* Receive-side scaling: which receive queue a flow comes to. */
#ifndef FASTNIC_RSS_H
#define FASTNIC_RSS_H

#include <fastnic/error.h>

FN_BEGIN_DECLS

struct fn_dev;

/*
 * What the hash is computed over; bits of &fn_rss.types and &fn_dev_info.rss_types. A frame is
 * hashed by the most specific of them that fits it; a frame that fits none comes to one queue, that
 * of entry 0 or queue 0, as the device has it. The list only grows.
 */
#define FN_RSS_IPV4 (1u << 0) /* source and destination address */
#define FN_RSS_TCP4 (1u << 1) /* and ports */
#define FN_RSS_UDP4 (1u << 2)
#define FN_RSS_IPV6 (1u << 3)
#define FN_RSS_TCP6 (1u << 4)
#define FN_RSS_UDP6 (1u << 5)

/*
 * Room for a key and a table. Devices have keys of 40 to 52 bytes, of which the longest input,
 * addresses and ports of IPv6, takes 40: 36 bytes, and each bit looks at 32 bits of the key. They
 * have tables of up to 2048 entries.
 */
#define FN_RSS_KEY_MAX 128u
#define FN_RSS_RETA_MAX 2048u

/**
 * struct fn_rss - how received frames are spread over queues
 * @sz: sizeof(struct fn_rss); set by the caller also of a call that fills the rest
 * @err: where the sentence of a failure goes, or NULL; set by the caller likewise
 * @types: FN_RSS_IPV4 and its sisters. 0 on setting: no RSS; @key_bytes and @reta_entries must be 0
 *	then too
 * @key_bytes: bytes of @key in use: &fn_dev_info.rss_key_bytes. 0 on setting: leave the key as it
 *	is
 * @reta_entries: entries of @reta in use; &fn_dev_info.rss_reta_entries. 0 on setting: leave the
 *	table as it is
 * @key: the key of the Toeplitz hash; of a device that takes a longer one the rest is not used
 * @reta: the redirection table: the receive queue for the low bits of the hash; of a device that
 *	can have a longer one that much is used
 *
 * @key and @reta keep their places and their room for good; what is new comes behind.
 */
struct fn_rss {
	size_t sz;
	struct fn_error *err;
	uint32_t types;
	uint16_t key_bytes;
	uint16_t reta_entries;
	uint8_t key[FN_RSS_KEY_MAX];
	uint16_t reta[FN_RSS_RETA_MAX];
};

/**
 * fn_dev_set_rss - choose how received frames are spread
 * @dev: the device, with FN_CAP_RSS, configured
 * @rss: the choice; copied
 *
 * Any thread; on a started device it takes effect at once, and it holds over stop, start and reset
 * until the number of receive queues changes. Before it is called, a device with several receive
 * queues spreads flows evenly by a way of its own choice: fn_dev_get_rss() says which.
 *
 * Return: 0; -EINVAL when not configured, for a queue that is not in use, for a size other than the
 * device's, for a key or table that goes on behind @sz, for one with types 0, or for a struct that
 * is newer than the library; -ENOTSUP without FN_CAP_RSS, or for a type that the device does not
 * hash (the sentence names it); -EIO; -ENODEV.
 */
FN_API int fn_dev_set_rss(struct fn_dev *dev, const struct fn_rss *rss);

/**
 * fn_dev_get_rss - how received frames are spread
 * @dev: the device, with FN_CAP_RSS or FN_OFFLOAD_RX_HASH, configured
 * @rss: filled but for @sz and @err, which the caller sets
 *
 * Any thread. Types 0: the device spreads by a rule of its own, or does not spread; with
 * FN_OFFLOAD_RX_HASH on it reports the hash of &fn_dev_info.rss_types by this key all the same.
 *
 * Return: 0; -EINVAL when not configured, or for no struct; -ENOTSUP without FN_CAP_RSS and
 * FN_OFFLOAD_RX_HASH; -ENOSPC when @sz leaves no room for the key and the table (the sentence says
 * how long they are); -ENODEV.
 */
FN_API int fn_dev_get_rss(struct fn_dev *dev, struct fn_rss *rss);

/**
 * fn_rss_hash - the Toeplitz hash that devices compute
 * @key: the key
 * @key_bytes: its length; at least @len + 4
 * @data: the input: source address, destination address, source port, destination port, each as on
 *	the wire
 * @len: bytes: 8 or 12 for IPv4, 32 or 36 for IPv6
 *
 * Any thread. For an application that wants to know where a flow will come.
 *
 * Return: the hash; 0 when the key is too short.
 */
FN_API uint32_t fn_rss_hash(const uint8_t *key, unsigned key_bytes, const void *data, unsigned len);

FN_END_DECLS

#endif
