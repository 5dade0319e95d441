// SPDX-License-Identifier: BSD-3-Clause
/*
 * The packets of an application whose device lies: of two pools, fresh, with references, cloned,
 * with memory of its own. Who has which is written down, so that none is handed out twice.
 */
#include <string.h>

#include "fuzz/hostile.h"
#include "model/model_build.h"
#include "pkt/pool_priv.h"

static struct hostile_pool *pool_of(struct hostile *h, const struct fn_pkt *seg)
{
	for (unsigned k = 0; k < HOSTILE_POOLS; k++) {
		struct hostile_pool *p = &h->pools[k];

		if (seg >= p->pool->pkts && seg < p->pool->pkts + HOSTILE_PKTS)
			return p;
	}
	hostile_fail(h, "a packet that is none of the pools'");
}

static uint16_t *refs_of(struct hostile *h, const struct fn_pkt *seg)
{
	struct hostile_pool *p = pool_of(h, seg);

	return &p->refs[seg - p->pool->pkts];
}

static void take_ref(struct hostile *h, const struct fn_pkt *seg)
{
	pool_of(h, seg)->owned += !(*refs_of(h, seg))++;
}

static void drop_ref(struct hostile *h, const struct fn_pkt *seg)
{
	HOSTILE_ASSERT(h, *refs_of(h, seg));
	pool_of(h, seg)->owned -= !--(*refs_of(h, seg));
}

/* One reference, to all segments and to those whose rooms they share, is the application's. */
static void each_ref(struct hostile *h, const struct fn_pkt *pkt,
		     void (*each)(struct hostile *h, const struct fn_pkt *seg))
{
	for (const struct fn_pkt *seg = pkt; seg; seg = seg->next) {
		const struct fn_pool *pool = pool_of(h, seg)->pool;

		each(h, seg);
		if (seg->kind & FN_PKT_CLONE)
			each(h, pool->cold[seg - pool->pkts].owner);
	}
}

void hostile_pkts_give(struct hostile *h, const struct fn_pkt *pkt)
{
	each_ref(h, pkt, drop_ref);
}

/* It is the device's pool's, nobody else's, and its data lies in its own room. */
static void check_segment(struct hostile *h, const struct fn_pkt *seg)
{
	const struct fn_pool *pool = h->pools[0].pool;
	const size_t i = (size_t)(seg - pool->pkts);
	const uint8_t *room;

	if (i >= HOSTILE_PKTS)
		hostile_fail(h, "a packet that is none of the pool's");
	if (h->pools[0].refs[i])
		hostile_fail(h, "packet %zu is handed out twice", i);
	if (seg->extra_refs || seg->kind & (FN_PKT_CLONE | FN_PKT_ATTACHED))
		hostile_fail(h, "packet %zu is handed out shared (kind %#x)", i, seg->kind);
	room = pool->room + fn_pool_room_off(pool, i);
	if (seg->buf_len != pool->buf_len || seg->data - seg->headroom != room ||
	    seg->headroom + seg->len > seg->buf_len)
		hostile_fail(h, "packet %zu has %u bytes behind %u in a room of %u", i, seg->len,
			     seg->headroom, seg->buf_len);
	if (seg->iova.v != pool->room_iova + (uint64_t)(seg->data - pool->room))
		hostile_fail(h, "packet %zu has another packet's address", i);
}

void hostile_pkts_received(struct hostile *h, struct fn_pkt *pkt)
{
	unsigned segs = 0;

	for (struct fn_pkt *seg = pkt; seg; seg = seg->next) {
		check_segment(h, seg);
		take_ref(h, seg);
		hostile_note(h, seg->len);
		memset(seg->data, 0x77, seg->len);
		segs++;
	}
	if (segs != pkt->extra_segs + 1u)
		hostile_fail(h, "a packet of %u segments says that it has %u", segs,
			     pkt->extra_segs + 1u);
	h->received++;
}

static void give_back(struct hostile *h, struct fn_pkt *pkt)
{
	hostile_pkts_give(h, pkt);
	fn_pkt_free(pkt);
}

void hostile_pkts_keep(struct hostile *h, struct fn_pkt *pkt)
{
	if (h->held_n < HOSTILE_HELD && hostile_below(h, 2))
		h->held[h->held_n++] = pkt;
	else
		give_back(h, pkt);
}

struct fn_pkt *hostile_pkts_take(struct hostile *h)
{
	return h->held_n ? h->held[--h->held_n] : NULL;
}

void hostile_pkts_hoard(struct hostile *h)
{
	struct fn_pkt *pkt;

	while ((pkt = fn_pkt_alloc(h->pools[0].pool))) {
		take_ref(h, pkt);
		h->hoard[h->hoarded++] = pkt;
	}
}

void hostile_pkts_unhoard(struct hostile *h)
{
	while (h->hoarded)
		give_back(h, h->hoard[--h->hoarded]);
}

bool hostile_pkts_plenty(const struct hostile *h)
{
	struct fn_pool_info info = { .sz = sizeof(info) };

	fn_pool_get_info(h->pools[0].pool, &info);
	return info.outside < HOSTILE_PKTS / 2;
}

static struct fn_pool *any_pool(struct hostile *h)
{
	return h->pools[hostile_below(h, 3) == 0].pool;
}

/* A clone of a packet that is kept, in either pool; or NULL. */
static struct fn_pkt *any_clone(struct hostile *h)
{
	return h->held_n ? fn_pkt_clone(any_pool(h), h->held[hostile_below(h, h->held_n)]) : NULL;
}

void hostile_pkts_share(struct hostile *h)
{
	struct fn_pkt *pkt;

	if (!h->held_n || h->held_n == HOSTILE_HELD)
		return;
	if (hostile_below(h, 2)) {
		pkt = h->held[hostile_below(h, h->held_n)];
		if (fn_pkt_ref(pkt))
			return;
	} else {
		pkt = any_clone(h);
		if (!pkt)
			return;
	}
	each_ref(h, pkt, take_ref);
	h->held[h->held_n++] = pkt;
}

/* Once, when nobody has the packet any more. */
static void slot_free(void *arg, void *va)
{
	struct hostile_slot *slot = arg;
	struct hostile *h = slot->h;

	if (!slot->pkt || va != slot->va)
		hostile_fail(h, "memory that no packet carries is given back");
	if (*refs_of(h, slot->pkt))
		hostile_fail(h, "memory of a packet that the application has is given back");
	slot->pkt = NULL;
}

/* A packet with a piece of the application's own memory; or NULL. */
static struct fn_pkt *attached(struct hostile *h)
{
	struct hostile_slot *slot = &h->slots[hostile_below(h, HOSTILE_SLOTS)];
	struct fn_pkt *pkt;

	if (slot->pkt)
		return NULL;
	pkt = fn_pkt_alloc(any_pool(h));
	if (!pkt)
		return NULL;
	HOSTILE_ASSERT(h, !fn_pkt_attach(pkt, slot->va, 1 + hostile_below(h, HOSTILE_SLOT_BYTES),
					 slot_free, slot));
	slot->pkt = pkt;
	return pkt;
}

static struct fn_pkt *fresh(struct hostile *h)
{
	struct fn_pkt *pkt = fn_pkt_alloc(any_pool(h));

	if (!pkt)
		return NULL;
	(void)fn_pkt_append(pkt, (uint16_t)hostile_below(h, 1600));
	if (pkt->len)
		memset(pkt->data, 0x45, pkt->len);
	return pkt;
}

static struct fn_pkt *segment(struct hostile *h)
{
	switch (hostile_below(h, 8)) {
	case 0:
		return any_clone(h);
	case 1:
		return attached(h);
	default:
		return fresh(h);
	}
}

/* A frame that asks for what can be done to it: checksums, or to be cut; in one piece or two. */
static struct fn_pkt *well_formed(struct hostile *h)
{
	static uint8_t frame[MODEL_FRAME_MAX];
	const bool tcp = hostile_below(h, 2);
	const struct model_build b = { .ip = hostile_below(h, 2) ? 4 : 6,
				       .proto = tcp ? MODEL_PROTO_TCP : MODEL_PROTO_UDP,
				       .dport = 9,
				       .payload = 1 + hostile_below(h, 1400) };
	const uint32_t len = model_build(frame, &b);
	const struct model_frame f = model_frame_parse(frame, len);
	const uint32_t cut = hostile_below(h, 2) ? 1 + hostile_below(h, len) : len;
	struct fn_pkt *head = fn_pkt_alloc(any_pool(h));
	struct fn_pkt *tail = cut < len ? fn_pkt_alloc(any_pool(h)) : NULL;

	if (!head || (cut < len && !tail)) {
		fn_pkt_free(head);
		fn_pkt_free(tail);
		return NULL;
	}
	memcpy(fn_pkt_append(head, (uint16_t)cut), frame, cut);
	if (tail) {
		memcpy(fn_pkt_append(tail, (uint16_t)(len - cut)), frame + cut, len - cut);
		HOSTILE_ASSERT(h, !fn_pkt_chain(head, tail));
	}
	if (b.ip == 6)
		head->flags |= FN_PKT_TX_IPV6;
	else if (hostile_below(h, 2))
		head->flags |= FN_PKT_TX_IP_CSUM;
	if (!hostile_below(h, 4))
		head->flags |= FN_PKT_VLAN;
	if (tcp && hostile_below(h, 2))
		head->flags |= FN_PKT_TX_TSO;
	else
		head->flags |= tcp ? FN_PKT_TX_TCP_CSUM : FN_PKT_TX_UDP_CSUM;
	head->l2_len = (uint8_t)f.l3;
	head->l3_len = (uint16_t)(f.l4 - f.l3);
	head->l4_len = tcp ? 20 : 8;
	head->mss = (uint16_t)(100 + hostile_below(h, 1000));
	return head;
}

/* Up to four segments of any kind; a third of them ask for anything. */
static struct fn_pkt *any_shape(struct hostile *h)
{
	const unsigned segs = hostile_below(h, 4) ? 1 : 1 + hostile_below(h, 4);
	struct fn_pkt *head = NULL;

	for (unsigned i = 0; i < segs; i++) {
		struct fn_pkt *pkt = segment(h);

		if (!pkt)
			break;
		if (!head)
			head = pkt;
		else
			HOSTILE_ASSERT(h, !fn_pkt_chain(head, pkt));
	}
	if (head && !hostile_below(h, 3)) {
		head->flags = (uint16_t)hostile_random(h) & FN_PKT_TX_MASK;
		head->l2_len = 14;
		head->l3_len = hostile_below(h, 2) ? 20 : (uint16_t)hostile_random(h);
		head->l4_len = hostile_below(h, 2) ? 20 : (uint8_t)hostile_random(h);
		head->mss = hostile_below(h, 2) ? 1000 : (uint16_t)hostile_random(h);
	}
	return head;
}

struct fn_pkt *hostile_pkts_make(struct hostile *h)
{
	struct fn_pkt *pkt = hostile_below(h, 4) ? any_shape(h) : well_formed(h);

	each_ref(h, pkt, take_ref);
	return pkt;
}

void hostile_pkts_whole(struct hostile *h, const char *when)
{
	for (unsigned k = 0; k < HOSTILE_POOLS; k++) {
		const struct hostile_pool *p = &h->pools[k];
		struct fn_pool_info info = { .sz = sizeof(info) };

		fn_pool_get_info(p->pool, &info);
		if (info.outside != p->owned)
			hostile_fail(h,
				     "%s, %u packets of pool %u are outside and the application "
				     "has %u",
				     when, info.outside, k, p->owned);
	}
	for (unsigned i = 0; i < HOSTILE_SLOTS; i++)
		if (h->slots[i].pkt && !*refs_of(h, h->slots[i].pkt))
			hostile_fail(h, "%s, the application's memory is not given back", when);
}

void hostile_pkts_begin(struct hostile *h)
{
	for (unsigned k = 0; k < HOSTILE_POOLS; k++) {
		const struct fn_pool_opts opts = { .sz = sizeof(opts),
						   .count = HOSTILE_PKTS,
						   .headroom = hostile_below(h, 4) ?
								       0 :
								       FN_POOL_NO_HEADROOM,
						   .cache = 32,
						   .max_threads = 1 };

		HOSTILE_ASSERT(h, !fn_pool_create(h->ctx, &opts, &h->pools[k].pool));
	}
	HOSTILE_ASSERT(h,
		       !fn_dma_alloc(h->ctx, HOSTILE_SLOTS * HOSTILE_SLOT_BYTES, NULL, &h->memory));
	for (unsigned i = 0; i < HOSTILE_SLOTS; i++)
		h->slots[i] = (struct hostile_slot){
			.h = h, .va = (uint8_t *)h->memory.va + (size_t)i * HOSTILE_SLOT_BYTES
		};
}

void hostile_pkts_end(struct hostile *h)
{
	while (h->held_n)
		give_back(h, h->held[--h->held_n]);
	hostile_pkts_unhoard(h);
	hostile_pkts_whole(h, "in the end");
	HOSTILE_ASSERT(h, !h->pools[0].owned && !h->pools[1].owned);
	fn_dma_free(h->ctx, &h->memory);
	for (unsigned k = 0; k < HOSTILE_POOLS; k++)
		if (fn_pool_destroy(h->pools[k].pool))
			hostile_fail(h, "pool %u is not whole: %s", k, fn_error_last());
}
