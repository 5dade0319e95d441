/* SPDX-License-Identifier: BSD-3-Clause */
/* The packet: one 64-byte header line in process memory that points to its data in DMA memory. */
#ifndef FASTNIC_PKT_H
#define FASTNIC_PKT_H

#include <fastnic/base.h>

FN_BEGIN_DECLS

struct fn_pool;

/* fn_pkt.kind: how the data is held; written by the library only. */
#define FN_PKT_MOVED 0x01u    /* headroom differs from the pool's: put back when it is freed */
#define FN_PKT_ATTACHED 0x02u /* the data is the application's own memory */
#define FN_PKT_CLONE 0x04u    /* the data room belongs to another packet */

/*
 * fn_pkt.flags. FN_PKT_RX_* are what a device found, on a queue with FN_OFFLOAD_RX_CSUM; transmit
 * ignores them. With neither of a pair the device did not look, which some do not into SCTP.
 * FN_PKT_TX_* are what the application asks for, with the header lengths beside them; a packet that
 * asks for an offload that is not on, or gives lengths that do not fit its headers, is dropped and
 * counted FN_TX_DROP_OFFLOAD, never sent half done.
 */
#define FN_PKT_VLAN 0x0001u       /* a VLAN tag stands in vlan_tci, and not in the data */
#define FN_PKT_HASH 0x0002u       /* hash is the receive hash */
#define FN_PKT_RX_IP_GOOD 0x0004u /* IPv4 header checksum */
#define FN_PKT_RX_IP_BAD 0x0008u
#define FN_PKT_RX_L4_GOOD 0x0010u /* checksum of TCP, UDP or SCTP */
#define FN_PKT_RX_L4_BAD 0x0020u
#define FN_PKT_TX_IP_CSUM 0x0100u   /* fill in the IPv4 header checksum: l2_len, l3_len */
#define FN_PKT_TX_TCP_CSUM 0x0200u  /* fill in the TCP checksum: l2_len, l3_len */
#define FN_PKT_TX_UDP_CSUM 0x0400u  /* fill in the UDP checksum: l2_len, l3_len */
#define FN_PKT_TX_SCTP_CSUM 0x0800u /* fill in the SCTP checksum: l2_len, l3_len */
#define FN_PKT_TX_TSO 0x1000u  /* TCP: cut into frames of mss bytes: l2_len, l3_len, l4_len, mss */
#define FN_PKT_TX_IPV6 0x2000u /* the network header of the above is IPv6, not IPv4 */
#define FN_PKT_TX_MASK 0x3f01u /* flags that ask transmit for something */

/*
 * The word and its parts are one and the same: C11 has anonymous structs, C++ compilers take them.
 */
#ifdef __clang__
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wnested-anon-types"
#endif

/**
 * struct fn_pkt - a packet, or one segment of a chain
 * @iova: where a device sees @data
 * @data: the first byte of the packet's data in this segment
 * @len: bytes of data in this segment
 * @extra_segs: first segment only: segments behind it, 0 to 255
 * @extra_refs: references beyond the first, 0 to 255; changed by byte-wide atomics only
 * @pool_id: the pool's number in the process
 * @kind: FN_PKT_MOVED and its sisters
 * @flags: FN_PKT_VLAN and its sisters: offloads done or asked for
 * @word: @len to @flags in one load
 * @headroom: bytes in front of @data in this segment's room
 * @buf_len: bytes of the room, headroom included
 * @l2_len: transmit offloads: bytes of the link header, 0 to 255
 * @l4_len: FN_PKT_TX_TSO: bytes of the TCP header, options included
 * @l3_len: transmit offloads: bytes of the network header, IPv6 extension headers included
 * @next: next segment, or NULL
 * @pool: where the header came from and goes back to
 * @vlan_tci: with FN_PKT_VLAN: VLAN tag control information; else 0
 * @mss: FN_PKT_TX_TSO: most bytes of TCP payload in a frame
 * @hash: with FN_PKT_HASH: receive hash; else 0
 * @user: the application's; 0 in a packet that was just received or allocated
 *
 * The header lies in private memory that no device and no peer sees: a device can change what is in
 * a packet, never a pointer, a length or a reference count. What a driver did not set is zero, but
 * for the header lengths, which mean nothing without a flag that needs them.
 *
 * The order is part of the design: a packet goes out of a pool with two stores, one of @word and
 * one of the 16 bytes from @vlan_tci on; the rest is the same each time.
 */
struct fn_pkt {
	fn_iova_t iova;
	uint8_t *data;
	union {
		__extension__ struct {
			uint16_t len;
			uint8_t extra_segs;
			uint8_t extra_refs;
			uint8_t pool_id;
			uint8_t kind;
			uint16_t flags;
		};
		uint64_t word;
	};
	uint16_t headroom;
	uint16_t buf_len;
	uint8_t l2_len;
	uint8_t l4_len;
	uint16_t l3_len;
	struct fn_pkt *next;
	struct fn_pool *pool;
	uint16_t vlan_tci;
	uint16_t mss;
	uint32_t hash;
	uint64_t user;
} __attribute__((aligned(64)));

#ifdef __clang__
#pragma clang diagnostic pop
#endif

#ifdef __cplusplus
static_assert(sizeof(struct fn_pkt) == 64, "one cache line");
#else
_Static_assert(sizeof(struct fn_pkt) == 64, "one cache line");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "@len is the low end of @word");
_Static_assert(offsetof(struct fn_pkt, word) == 16, "part of the binary interface");
_Static_assert(offsetof(struct fn_pkt, next) == 32, "part of the binary interface");
_Static_assert(offsetof(struct fn_pkt, vlan_tci) == 48, "cleared with hash and user at once");
_Static_assert(offsetof(struct fn_pkt, user) == 56, "part of the binary interface");
#endif

/**
 * fn_pkt_len - length of a packet over all its segments
 * @pkt: first segment
 *
 * Any thread that holds a reference.
 *
 * Return: bytes, without CRC.
 */
FN_INLINE uint32_t fn_pkt_len(const struct fn_pkt *pkt)
{
	uint32_t len = pkt->len;

	for (const struct fn_pkt *seg = pkt->next; seg; seg = seg->next)
		len += seg->len;
	return len;
}

/**
 * fn_pkt_tailroom - free bytes behind the data of a segment
 * @pkt: the segment
 *
 * Any thread that holds a reference.
 *
 * Return: bytes.
 */
FN_INLINE uint16_t fn_pkt_tailroom(const struct fn_pkt *pkt)
{
	return (uint16_t)(pkt->buf_len - pkt->headroom - pkt->len);
}

/**
 * fn_pkt_is_shared - whether somebody else holds a reference to the packet or to its data
 * @pkt: a segment
 *
 * Any thread that holds a reference. Shared data and attached memory are read-only.
 */
FN_INLINE bool fn_pkt_is_shared(const struct fn_pkt *pkt)
{
	return __atomic_load_n(&pkt->extra_refs, __ATOMIC_ACQUIRE) != 0 ||
	       (pkt->kind & FN_PKT_CLONE) != 0;
}

/**
 * fn_pkt_prepend - grow a packet at its front
 * @pkt: first segment; not shared
 * @bytes: how much
 *
 * Only the thread that owns the packet. The new bytes hold whatever was there: write them.
 *
 * Return: the new first byte, or NULL when there is less headroom (nothing is changed).
 */
FN_INLINE uint8_t *fn_pkt_prepend(struct fn_pkt *pkt, uint16_t bytes)
{
	if (bytes > pkt->headroom || (uint32_t)pkt->len + bytes > UINT16_MAX)
		return NULL;
	pkt->data -= bytes;
	pkt->iova.v -= bytes;
	pkt->headroom = (uint16_t)(pkt->headroom - bytes);
	pkt->len = (uint16_t)(pkt->len + bytes);
	pkt->kind |= FN_PKT_MOVED;
	return pkt->data;
}

/**
 * fn_pkt_append - grow a segment at its end
 * @pkt: the segment, commonly the last of its chain; not shared
 * @bytes: how much
 *
 * Only the thread that owns the packet. The new bytes hold whatever was there: write them.
 *
 * Return: the first new byte, or NULL when there is less tailroom (nothing is changed).
 */
FN_INLINE uint8_t *fn_pkt_append(struct fn_pkt *pkt, uint16_t bytes)
{
	uint8_t *end = pkt->data + pkt->len;

	if (bytes > fn_pkt_tailroom(pkt))
		return NULL;
	pkt->len = (uint16_t)(pkt->len + bytes);
	return end;
}

/**
 * fn_pkt_trim_head - take bytes off the front of a segment
 * @pkt: the segment; its header is nobody else's (a clone is fine)
 * @bytes: how much
 *
 * Only the thread that owns the packet.
 *
 * Return: the new first byte, or NULL when the segment is shorter (nothing is changed).
 */
FN_INLINE uint8_t *fn_pkt_trim_head(struct fn_pkt *pkt, uint16_t bytes)
{
	if (bytes > pkt->len)
		return NULL;
	pkt->data += bytes;
	pkt->iova.v += bytes;
	pkt->headroom = (uint16_t)(pkt->headroom + bytes);
	pkt->len = (uint16_t)(pkt->len - bytes);
	pkt->kind |= FN_PKT_MOVED;
	return pkt->data;
}

/**
 * fn_pkt_trim_tail - take bytes off the end of a segment
 * @pkt: the segment; other than with fn_pkt_trim_head() and fn_pkt_prepend(), only its length
 *	changes
 * @bytes: how much
 *
 * Only the thread that owns the packet. There is no first byte to return, as its sisters do, so
 * that it has a code and a sentence.
 *
 * Return: 0, or -EINVAL when the segment is shorter (nothing is changed).
 */
FN_API int fn_pkt_trim_tail(struct fn_pkt *pkt, uint16_t bytes);

/**
 * fn_pkt_chain - put one packet behind another
 * @head: the first packet, a chain or not
 * @tail: the packet that becomes the end of @head's chain; it is one packet with it afterwards
 *
 * Only the thread that owns both. The chain is sent, counted and freed as one packet.
 *
 * A clone can be chained, for example behind a header of its own: only its data is shared.
 *
 * Return: 0; -EMSGSIZE when it would have more than 256 segments; -EINVAL when a segment of them
 * has more than one reference or both have a segment in common (nothing is changed).
 */
FN_API int fn_pkt_chain(struct fn_pkt *head, struct fn_pkt *tail);

/**
 * fn_pkt_free - give back a packet with all its segments
 * @pkt: first segment, or NULL
 *
 * Any thread. With more than one reference, only a reference is dropped.
 */
FN_API void fn_pkt_free(struct fn_pkt *pkt);

/**
 * fn_pkt_free_bulk - give back many packets
 * @pkts: first segments; of any pools, in any order; none NULL
 * @n: how many
 *
 * Any thread.
 */
FN_API void fn_pkt_free_bulk(struct fn_pkt **pkts, unsigned n);

/**
 * fn_pkt_ref - take one more reference to a packet
 * @pkt: first segment; every segment of the chain gets the reference
 *
 * Any thread that holds a reference. The packet is read-only for all from now on. Each reference is
 * dropped by fn_pkt_free() or by sending.
 *
 * Return: 0, or -EOVERFLOW when a segment has 256 references (nothing is changed).
 */
FN_API int fn_pkt_ref(struct fn_pkt *pkt);

/**
 * fn_pkt_clone - a second packet that shares another's data
 * @pool: where the new headers come from
 * @pkt: first segment of the packet to clone
 *
 * Each of the new headers has its own data pointer and length; the bytes are shared and read-only
 * for both. Length, offload flags, VLAN tag and hash are those of @pkt; the user value is 0. Any
 * thread that holds a reference to @pkt, which may be freed before its clones.
 *
 * Return: the clone; NULL when @pool is empty or of another context, or 256 references are reached.
 */
FN_API struct fn_pkt *fn_pkt_clone(struct fn_pool *pool, struct fn_pkt *pkt);

/**
 * typedef fn_pkt_free_fn - the application's memory is not used by a packet any more
 * @arg: the value given to fn_pkt_attach()
 * @va: the memory
 *
 * Runs once, on whichever thread dropped the last reference, a transmit queue's included. It may
 * allocate, free and send elsewhere, but must not call the queues and the device that this thread
 * is just inside of; nor make a call that waits for another worker (fn_poller_call() and those that
 * its description names): while it waits, that device could be closed under the queue.
 */
typedef void fn_pkt_free_fn(void *arg, void *va);

/**
 * fn_pkt_attach - let a packet carry the application's own memory
 * @pkt: a packet that was just allocated; its own room rests until it is freed. Its length becomes
 *	@len, its headroom and its tailroom 0
 * @va: memory inside of what fn_dma_map() or fn_dma_alloc() of the same context made reachable
 * @len: bytes, 1 to 65535
 * @free_cb: called when the memory is not used any more, or NULL
 * @arg: handed to @free_cb
 *
 * Only the thread that owns the packet.
 *
 * Return: 0; -EINVAL for a packet that is shared, chained or attached already, or a length out of
 * range; -EFAULT when devices cannot reach the memory (nothing is changed, @free_cb is not called).
 */
FN_API int fn_pkt_attach(struct fn_pkt *pkt, void *va, size_t len, fn_pkt_free_fn *free_cb,
			 void *arg);

FN_END_DECLS

#endif
