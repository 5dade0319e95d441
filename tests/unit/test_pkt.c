// SPDX-License-Identifier: BSD-3-Clause
/* Packets: fresh, moved, chained, shared, cloned, attached; and home again, all of them. */
#include <errno.h>
#include <sys/mman.h>

#include "fake_ctx.h"
#include "pkt/pool.h"

static struct fake_ctx fake;
static struct fn_ctx *ctx;
static struct fn_pool *pool;
static struct fn_pool *other;

static struct fn_pool *make_pool(const char *name, uint32_t count)
{
	const struct fn_pool_opts opts = { .sz = sizeof(opts), .count = count, .name = name };
	struct fn_pool *made = NULL;

	assert_int_equal(fn_pool_create(ctx, &opts, &made), 0);
	return made;
}

static int start(void **state)
{
	(void)state;
	ctx = fake_ctx_start(&fake, 4096);
	pool = make_pool("one", 600);
	other = make_pool("two", 600);
	return 0;
}

/* Each test leaves nothing outside: the pools say so. */
static int end(void **state)
{
	(void)state;
	assert_int_equal(fn_pool_destroy(pool), 0);
	assert_int_equal(fn_pool_destroy(other), 0);
	fake_ctx_end(&fake);
	return 0;
}

static uint32_t outside(const struct fn_pool *p)
{
	struct fn_pool_info info = { .sz = sizeof(info) };

	fn_pool_get_info(p, &info);
	return info.outside;
}

static struct fn_pkt *packet(uint16_t len)
{
	struct fn_pkt *pkt = fn_pkt_alloc(pool);

	assert_non_null(pkt);
	assert_non_null(fn_pkt_append(pkt, len));
	return pkt;
}

static void assert_fresh(struct fn_pkt *pkt, struct fn_pool *from)
{
	fn_iova_t iova;

	assert_true(pkt->word == fn_pool_plain_word(from));
	assert_int_equal(pkt->len, 0);
	assert_int_equal(pkt->extra_segs, 0);
	assert_int_equal(pkt->extra_refs, 0);
	assert_int_equal(pkt->kind, 0);
	assert_int_equal(pkt->flags, 0);
	assert_int_equal(pkt->headroom, 128);
	assert_int_equal(pkt->buf_len, 128 + 2048);
	assert_int_equal(pkt->hash, 0);
	assert_int_equal(pkt->vlan_tci, 0);
	assert_int_equal(pkt->user, 0);
	assert_null(pkt->next);
	assert_ptr_equal(pkt->pool, from);
	assert_int_equal(fn_dma_find(ctx, pkt->data - 128, 128 + 2048, &iova), 0);
	assert_true(iova.v + 128 == pkt->iova.v);
}

static void assert_all_fresh(struct fn_pool *from)
{
	struct fn_pkt *pkts[600];

	assert_int_equal(outside(from), 0);
	assert_int_equal(fn_pkt_alloc_bulk(from, pkts, 600), 600);
	for (unsigned i = 0; i < 600; i++)
		assert_fresh(pkts[i], from);
	fn_pkt_free_bulk(pkts, 600);
	assert_int_equal(outside(from), 0);
}

/* Whatever the last owner wrote where he may write. */
static void fresh_after_any_use(void **state)
{
	struct fn_pkt *pkts[600];

	(void)state;
	assert_all_fresh(pool);
	assert_int_equal(fn_pkt_alloc_bulk(pool, pkts, 600), 600);
	for (unsigned i = 0; i < 600; i++) {
		struct fn_pkt *pkt = pkts[i];

		(void)fn_pkt_append(pkt, (uint16_t)(64 + i));
		pkt->flags = (uint16_t)i;
		pkt->hash = ~i;
		pkt->vlan_tci = (uint16_t)~i;
		pkt->user = ~(uint64_t)i;
		if (i % 2)
			(void)fn_pkt_prepend(pkt, (uint16_t)(i % 129));
		if (i % 3)
			(void)fn_pkt_trim_head(pkt, (uint16_t)(i % 50));
	}
	fn_pkt_free_bulk(pkts, 600);
	assert_all_fresh(pool);
}

static void rooms_do_not_overlap(void **state)
{
	struct fn_pkt *pkts[600];

	(void)state;
	assert_int_equal(fn_pkt_alloc_bulk(pool, pkts, 600), 600);
	for (unsigned i = 0; i < 600; i++)
		memset(pkts[i]->data - 128, (int)(i % 251), 128 + 2048);
	for (unsigned i = 0; i < 600; i++)
		for (unsigned k = 0; k < 128 + 2048; k++)
			if (*(pkts[i]->data - 128 + k) != i % 251)
				fail_msg("byte %u of room %u was overwritten", k, i);
	fn_pkt_free_bulk(pkts, 600);
}

static void a_word_says_plain(void **state)
{
	struct fn_pkt *pkt = packet(1500);
	struct fn_pkt *second = packet(10);
	const uint64_t plain = fn_pool_plain_word(pool);

	(void)state;
	assert_true(fn_pkt_is_plain(pkt, plain));
	assert_false(fn_pkt_is_plain(pkt, fn_pool_plain_word(other)));
	pkt->flags = 0xffff;
	assert_true(fn_pkt_is_plain(pkt, plain));
	assert_int_equal(fn_pkt_ref(pkt), 0);
	assert_false(fn_pkt_is_plain(pkt, plain));
	fn_pkt_free(pkt);
	assert_true(fn_pkt_is_plain(pkt, plain));
	assert_int_equal(fn_pkt_chain(pkt, second), 0);
	assert_false(fn_pkt_is_plain(pkt, plain));
	fn_pkt_free(pkt);
	pkt = packet(100);
	(void)fn_pkt_trim_head(pkt, 1);
	assert_false(fn_pkt_is_plain(pkt, plain));
	fn_pkt_free(pkt);
}

/* What a driver writes: nothing of the last owner is left. */
static void begin_clears_the_rest(void **state)
{
	struct fn_pool_cache *cache = NULL;
	struct fn_pkt *pkt;

	(void)state;
	assert_int_equal(fn_pool_cache_create(pool, &cache), 0);
	assert_int_equal(fn_pool_cache_take(cache, &pkt, 1), 1);
	pkt->word |= 0xabcd00000000ffffu;
	pkt->hash = 1;
	pkt->vlan_tci = 2;
	pkt->user = 3;
	fn_pkt_begin(pkt, fn_pool_plain_word(pool), 60);
	assert_int_equal(pkt->len, 60);
	pkt->len = 0;
	assert_fresh(pkt, pool);
	fn_pool_cache_give(cache, &pkt, 1);
	fn_pool_cache_destroy(cache);
}

static void grow_and_shrink(void **state)
{
	struct fn_pkt *pkt = packet(100);
	uint8_t *const data = pkt->data;
	const uint64_t iova = pkt->iova.v;

	(void)state;
	assert_int_equal(fn_pkt_tailroom(pkt), 1948);
	assert_ptr_equal(fn_pkt_prepend(pkt, 128), data - 128);
	assert_int_equal(pkt->len, 228);
	assert_true(pkt->iova.v == iova - 128);
	assert_null(fn_pkt_prepend(pkt, 1));
	assert_ptr_equal(fn_pkt_append(pkt, 1948), data + 100);
	assert_null(fn_pkt_append(pkt, 1));
	assert_int_equal(fn_pkt_tailroom(pkt), 0);
	assert_ptr_equal(fn_pkt_trim_head(pkt, 130), data + 2);
	assert_true(pkt->iova.v == iova + 2);
	assert_int_equal(pkt->headroom, 130);
	assert_int_equal(pkt->len, 2046);
	assert_null(fn_pkt_trim_head(pkt, 2047));
	assert_int_equal(fn_pkt_trim_tail(pkt, 2047), -EINVAL);
	assert_non_null(strstr(fn_error_last(), "2047 bytes"));
	assert_int_equal(pkt->len, 2046);
	assert_int_equal(fn_pkt_trim_tail(pkt, 2046), 0);
	assert_int_equal(pkt->len, 0);
	assert_int_equal(fn_pkt_tailroom(pkt), 2046);
	fn_pkt_free(pkt);
	fn_pkt_free(NULL);
	assert_all_fresh(pool);
}

static void chains_are_one_packet(void **state)
{
	struct fn_pkt *head = packet(10);
	struct fn_pkt *tail = packet(300);

	(void)state;
	assert_int_equal(fn_pkt_chain(tail, packet(4000 % 2048)), 0);
	assert_int_equal(fn_pkt_chain(head, tail), 0);
	assert_int_equal(head->extra_segs, 2);
	assert_int_equal(tail->extra_segs, 0);
	assert_int_equal(fn_pkt_len(head), 10 + 300 + 1952);
	assert_int_equal(fn_pkt_chain(head, packet(1)), 0);
	assert_int_equal(head->extra_segs, 3);
	assert_int_equal(fn_pkt_len(head), 10 + 300 + 1952 + 1);
	assert_int_equal(outside(pool), 4);
	fn_pkt_free(head);
	assert_all_fresh(pool);
}

static void chains_have_limits(void **state)
{
	struct fn_pkt *head = packet(1);
	struct fn_pkt *tail;

	(void)state;
	for (unsigned i = 1; i < 255; i++)
		assert_int_equal(fn_pkt_chain(head, packet(1)), 0);
	tail = packet(1);
	assert_int_equal(fn_pkt_chain(tail, packet(1)), 0);
	assert_int_equal(fn_pkt_chain(head, tail), -EMSGSIZE);
	assert_non_null(strstr(fn_error_last(), "255 and 2 segments"));
	assert_int_equal(head->extra_segs, 254);
	assert_int_equal(tail->extra_segs, 1);
	assert_int_equal(fn_pkt_len(head), 255);
	fn_pkt_free(tail);
	assert_int_equal(fn_pkt_chain(head, packet(1)), 0);
	assert_int_equal(head->extra_segs, 255);
	assert_int_equal(outside(pool), 256);
	fn_pkt_free(head);
	assert_all_fresh(pool);
}

static void chains_that_cannot_be(void **state)
{
	struct fn_pkt *a = packet(1);
	struct fn_pkt *b = packet(1);
	struct fn_pkt *c = packet(1);

	(void)state;
	assert_int_equal(fn_pkt_chain(a, a), -EINVAL);
	assert_int_equal(fn_pkt_chain(a, b), 0);
	assert_int_equal(fn_pkt_chain(a, b), -EINVAL);
	assert_int_equal(fn_pkt_chain(b, a), -EINVAL);
	assert_int_equal(fn_pkt_ref(c), 0);
	assert_int_equal(fn_pkt_chain(a, c), -EINVAL);
	assert_int_equal(fn_pkt_chain(c, a), -EINVAL);
	assert_int_equal(a->extra_segs, 1);
	assert_null(b->next);
	fn_pkt_free(c);
	assert_int_equal(fn_pkt_chain(a, c), 0);
	fn_pkt_free(a);
	assert_all_fresh(pool);
}

static void references(void **state)
{
	struct fn_pkt *pkt = packet(5);

	(void)state;
	assert_int_equal(fn_pkt_chain(pkt, packet(6)), 0);
	assert_false(fn_pkt_is_shared(pkt));
	assert_int_equal(fn_pkt_ref(pkt), 0);
	assert_true(fn_pkt_is_shared(pkt) && fn_pkt_is_shared(pkt->next));
	fn_pkt_free(pkt);
	assert_int_equal(outside(pool), 2);
	assert_false(fn_pkt_is_shared(pkt) || fn_pkt_is_shared(pkt->next));
	assert_int_equal(fn_pkt_len(pkt), 11);
	fn_pkt_free(pkt);
	assert_all_fresh(pool);
}

static void references_have_a_limit(void **state)
{
	struct fn_pkt *pkt = packet(5);
	struct fn_pkt *tail = packet(6);

	(void)state;
	assert_int_equal(fn_pkt_chain(pkt, tail), 0);
	/* The tail by itself once more, so that the limit is met in the middle of the chain. */
	assert_int_equal(fn_pkt_ref(tail), 0);
	for (unsigned i = 1; i < 255; i++)
		assert_int_equal(fn_pkt_ref(pkt), 0);
	assert_int_equal(fn_pkt_ref(pkt), -EOVERFLOW);
	assert_int_equal(pkt->extra_refs, 254);
	assert_int_equal(tail->extra_refs, 255);
	for (unsigned i = 1; i < 256; i++)
		fn_pkt_free(pkt);
	assert_int_equal(outside(pool), 1);
	fn_pkt_free(tail);
	assert_all_fresh(pool);
}

/* A clone has a header of its own and the data of the original, whichever goes first. */
static void clones(void **state)
{
	(void)state;
	for (unsigned order = 0; order < 2; order++) {
		struct fn_pkt *pkt = packet(100);
		struct fn_pkt *clone;

		(void)fn_pkt_prepend(pkt, 14);
		pkt->hash = 7;
		pkt->vlan_tci = 8;
		pkt->flags = 9;
		pkt->user = 10;
		clone = fn_pkt_clone(other, pkt);
		assert_non_null(clone);
		assert_ptr_equal(clone->pool, other);
		assert_ptr_equal(clone->data, pkt->data);
		assert_true(clone->iova.v == pkt->iova.v);
		assert_int_equal(clone->len, 114);
		assert_int_equal(clone->hash, 7);
		assert_int_equal(clone->vlan_tci, 8);
		assert_int_equal(clone->flags, 9);
		assert_int_equal(clone->user, 0);
		assert_int_equal(clone->pool_id, fn_pool_plain_word(other) >> 32);
		assert_true(fn_pkt_is_shared(clone) && fn_pkt_is_shared(pkt));
		/* Its view of the data is its own. */
		assert_non_null(fn_pkt_trim_head(clone, 14));
		assert_int_equal(pkt->len, 114);
		fn_pkt_free(order ? pkt : clone);
		assert_int_equal(outside(pool), 1);
		fn_pkt_free(order ? clone : pkt);
		assert_all_fresh(pool);
		assert_all_fresh(other);
	}
}

/* The room belongs to the first one; a clone of a clone holds that one, not the clone between. */
static void clone_of_a_clone(void **state)
{
	struct fn_pkt *pkt = packet(100);
	struct fn_pkt *first = fn_pkt_clone(other, pkt);
	struct fn_pkt *second = fn_pkt_clone(other, first);

	(void)state;
	assert_int_equal(pkt->extra_refs, 2);
	assert_int_equal(first->extra_refs, 0);
	fn_pkt_free(first);
	assert_int_equal(outside(other), 1);
	fn_pkt_free(pkt);
	assert_int_equal(outside(pool), 1);
	assert_ptr_equal(second->data, pkt->data);
	fn_pkt_free(second);
	assert_all_fresh(pool);
	assert_all_fresh(other);
}

static void clone_of_a_chain(void **state)
{
	struct fn_pkt *pkt = packet(100);
	struct fn_pkt *clone;

	(void)state;
	assert_int_equal(fn_pkt_chain(pkt, packet(200)), 0);
	assert_int_equal(fn_pkt_chain(pkt, packet(300)), 0);
	clone = fn_pkt_clone(other, pkt);
	assert_non_null(clone);
	assert_int_equal(clone->extra_segs, 2);
	assert_int_equal(fn_pkt_len(clone), 600);
	assert_int_equal(outside(other), 3);
	fn_pkt_free(pkt);
	assert_int_equal(outside(pool), 3);
	assert_int_equal(fn_pkt_len(clone), 600);
	fn_pkt_free(clone);
	assert_all_fresh(pool);
	assert_all_fresh(other);
}

/* A clone can have references of its own. */
static void reference_to_a_clone(void **state)
{
	struct fn_pkt *pkt = packet(100);
	struct fn_pkt *clone = fn_pkt_clone(pool, pkt);

	(void)state;
	assert_int_equal(fn_pkt_ref(clone), 0);
	fn_pkt_free(pkt);
	fn_pkt_free(clone);
	assert_int_equal(outside(pool), 2);
	fn_pkt_free(clone);
	assert_all_fresh(pool);
}

/* A header of one's own in front of shared data: how one packet goes to many. */
static void header_before_a_clone(void **state)
{
	struct fn_pkt *body = packet(1000);
	struct fn_pkt *copies[3];

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		copies[i] = packet(14);
		assert_int_equal(fn_pkt_chain(copies[i], fn_pkt_clone(pool, body)), 0);
		assert_int_equal(fn_pkt_len(copies[i]), 1014);
	}
	fn_pkt_free(body);
	fn_pkt_free_bulk(copies, 3);
	assert_all_fresh(pool);
}

/* No header left, or no reference: no clone, and nothing has changed. */
static void clone_fails_whole(void **state)
{
	struct fn_pkt *pkt = packet(100);
	struct fn_pkt *rest[600];
	struct fn_pkt *tail = packet(1);

	(void)state;
	assert_int_equal(fn_pkt_chain(pkt, tail), 0);
	assert_int_equal(fn_pkt_alloc_bulk(other, rest, 599), 599);
	assert_null(fn_pkt_clone(other, pkt));
	assert_int_equal(outside(other), 599);
	assert_int_equal(pkt->extra_refs, 0);
	assert_int_equal(tail->extra_refs, 0);
	fn_pkt_free_bulk(rest, 599);
	for (unsigned i = 0; i < 255; i++)
		assert_int_equal(fn_pkt_ref(tail), 0);
	assert_null(fn_pkt_clone(other, pkt));
	assert_int_equal(outside(other), 0);
	assert_int_equal(pkt->extra_refs, 0);
	assert_int_equal(tail->extra_refs, 255);
	for (unsigned i = 0; i < 255; i++)
		fn_pkt_free(tail);
	fn_pkt_free(pkt);
	assert_all_fresh(pool);
	assert_all_fresh(other);
}

struct freed {
	unsigned calls;
	void *va;
	uint32_t outside;
};

#define APP_BYTES ((size_t)131072)

static void note_freed(void *arg, void *va)
{
	struct freed *freed = arg;

	freed->calls++;
	freed->va = va;
	freed->outside = outside(pool);
	/* The library may be used here. */
	fn_pkt_free(fn_pkt_alloc(pool));
}

static struct fn_dma app_memory(void)
{
	void *va =
		mmap(NULL, APP_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct fn_dma dma;

	assert_int_equal(fn_dma_map(ctx, va, APP_BYTES, &dma), 0);
	return dma;
}

static void app_memory_end(struct fn_dma *dma)
{
	void *va = dma->va;

	fn_dma_unmap(ctx, dma);
	(void)munmap(va, APP_BYTES);
}

static void attached_memory(void **state)
{
	struct fn_dma dma = app_memory();
	char *va = (char *)dma.va + 1000;
	struct fn_pkt *pkt = fn_pkt_alloc(pool);
	struct freed freed = { 0 };

	(void)state;
	assert_int_equal(fn_pkt_attach(pkt, va, 65535, note_freed, &freed), 0);
	assert_ptr_equal(pkt->data, va);
	assert_true(pkt->iova.v == dma.iova.v + 1000);
	assert_int_equal(pkt->len, 65535);
	assert_int_equal(fn_pkt_tailroom(pkt), 0);
	assert_null(fn_pkt_prepend(pkt, 1));
	assert_false(fn_pkt_is_plain(pkt, fn_pool_plain_word(pool)));
	/* Told with the address that was given, and after the header went home. */
	(void)fn_pkt_trim_head(pkt, 14);
	fn_pkt_free(pkt);
	assert_int_equal(freed.calls, 1);
	assert_ptr_equal(freed.va, va);
	assert_int_equal(freed.outside, 0);
	assert_all_fresh(pool);
	assert_int_equal(freed.calls, 1);
	/* Nobody to tell is fine. */
	pkt = fn_pkt_alloc(pool);
	assert_int_equal(fn_pkt_attach(pkt, va, 1, NULL, NULL), 0);
	fn_pkt_free(pkt);
	assert_all_fresh(pool);
	app_memory_end(&dma);
}

/* Once, when the last of packet, references and clones is gone. */
static void attached_and_shared(void **state)
{
	struct fn_dma dma = app_memory();
	struct fn_pkt *pkt = fn_pkt_alloc(pool);
	struct freed freed = { 0 };
	struct fn_pkt *clone;
	struct fn_pkt *second;

	(void)state;
	assert_int_equal(fn_pkt_attach(pkt, dma.va, 100, note_freed, &freed), 0);
	assert_int_equal(fn_pkt_ref(pkt), 0);
	clone = fn_pkt_clone(other, pkt);
	second = fn_pkt_clone(other, clone);
	fn_pkt_free(pkt);
	fn_pkt_free(clone);
	fn_pkt_free(pkt);
	assert_int_equal(freed.calls, 0);
	assert_ptr_equal(second->data, dma.va);
	fn_pkt_free(second);
	assert_int_equal(freed.calls, 1);
	assert_ptr_equal(freed.va, dma.va);
	assert_all_fresh(pool);
	assert_all_fresh(other);
	app_memory_end(&dma);
}

static void attach_refuses(void **state)
{
	struct fn_dma dma = app_memory();
	struct fn_pkt *pkt = fn_pkt_alloc(pool);
	struct fn_pkt *clone;
	struct freed freed = { 0 };
	char local[8];

	(void)state;
	assert_int_equal(fn_pkt_attach(pkt, dma.va, 0, note_freed, &freed), -EINVAL);
	assert_int_equal(fn_pkt_attach(pkt, dma.va, 65536, note_freed, &freed), -EINVAL);
	assert_non_null(strstr(fn_error_last(), "65536 bytes"));
	assert_int_equal(fn_pkt_attach(pkt, local, 8, note_freed, &freed), -EFAULT);
	assert_int_equal(fn_pkt_attach(pkt, (char *)dma.va + dma.len - 7, 8, note_freed, &freed),
			 -EFAULT);
	assert_fresh(pkt, pool);
	clone = fn_pkt_clone(pool, pkt);
	assert_int_equal(fn_pkt_attach(pkt, dma.va, 8, note_freed, &freed), -EINVAL);
	assert_int_equal(fn_pkt_attach(clone, dma.va, 8, note_freed, &freed), -EINVAL);
	fn_pkt_free(clone);
	clone = fn_pkt_alloc(pool);
	assert_int_equal(fn_pkt_chain(pkt, clone), 0);
	assert_int_equal(fn_pkt_attach(pkt, dma.va, 8, note_freed, &freed), -EINVAL);
	fn_pkt_free(pkt);
	pkt = fn_pkt_alloc(pool);
	assert_int_equal(fn_pkt_attach(pkt, dma.va, 8, note_freed, &freed), 0);
	assert_int_equal(fn_pkt_attach(pkt, dma.va, 8, note_freed, &freed), -EINVAL);
	assert_int_equal(freed.calls, 0);
	fn_pkt_free(pkt);
	assert_int_equal(freed.calls, 1);
	app_memory_end(&dma);
	assert_all_fresh(pool);
}

/* One of each kind and of both pools, in every order that a small generator gives. */
static unsigned mixture(struct fn_pkt **pkts, const struct fn_dma *dma, struct freed *freed,
			uint32_t *x)
{
	unsigned attached = 0;

	for (unsigned i = 0; i < 100; i++) {
		struct fn_pkt *pkt;

		*x = *x * 1664525 + 1013904223;
		pkt = fn_pkt_alloc(*x & 0x80000000 ? pool : other);
		assert_non_null(pkt);
		pkts[i] = pkt;
		switch (*x >> 24 & 7) {
		case 0:
			(void)fn_pkt_append(pkt, 60);
			(void)fn_pkt_trim_head(pkt, 14);
			break;
		case 1:
			assert_int_equal(fn_pkt_chain(pkt, fn_pkt_alloc(other)), 0);
			break;
		case 2:
			pkts[i] = fn_pkt_clone(pool, pkt);
			fn_pkt_free(pkt);
			break;
		case 3:
			assert_int_equal(fn_pkt_attach(pkt, dma->va, 100, note_freed, freed), 0);
			attached++;
			break;
		default:
			break;
		}
	}
	return attached;
}

static void bulk_free_of_a_mixture(void **state)
{
	struct fn_dma dma = app_memory();
	struct freed freed = { 0 };
	struct fn_pool_cache *cache = NULL;
	unsigned attached = 0;
	uint32_t x = 1;

	(void)state;
	assert_int_equal(fn_pool_cache_create(other, &cache), 0);
	for (unsigned round = 0; round < 200; round++) {
		struct fn_pkt *pkts[100];

		attached += mixture(pkts, &dma, &freed, &x);
		if (round % 2)
			fn_pkt_free_bulk(pkts, 100);
		else
			fn_pool_cache_free(cache, pkts, 100);
		assert_int_equal(outside(pool), 0);
		assert_int_equal(outside(other), 0);
		assert_int_equal(freed.calls, attached);
	}
	assert_true(attached > 1000);
	fn_pool_cache_destroy(cache);
	assert_all_fresh(pool);
	assert_all_fresh(other);
	fn_pkt_free_bulk(NULL, 0);
	app_memory_end(&dma);
}

/* What drivers may count on in a packet from a cache, whatever it was before. */
static void a_cache_holds_plain_packets(void **state)
{
	struct fn_dma dma = app_memory();
	struct freed freed = { 0 };
	struct fn_pool_cache *cache = NULL;
	struct fn_pkt *pkts[100];
	uint32_t x = 5;

	(void)state;
	assert_int_equal(fn_pool_cache_create(pool, &cache), 0);
	(void)mixture(pkts, &dma, &freed, &x);
	fn_pool_cache_free(cache, pkts, 100);
	assert_in_range(cache->n, 50, 100);
	for (unsigned n = cache->n; n; n--) {
		assert_int_equal(fn_pool_cache_take(cache, pkts, 1), 1);
		assert_true(fn_pkt_is_plain(pkts[0], fn_pool_plain_word(pool)));
		assert_ptr_equal(pkts[0]->pool, pool);
		assert_null(pkts[0]->next);
		assert_int_equal(pkts[0]->headroom, 128);
		fn_pkt_begin(pkts[0], fn_pool_plain_word(pool), 0);
		assert_fresh(pkts[0], pool);
		fn_pkt_free(pkts[0]);
	}
	fn_pool_cache_destroy(cache);
	app_memory_end(&dma);
}

/* What is plain and of the cache's pool goes into that cache and no other. */
static void queue_free_fills_its_own_cache(void **state)
{
	struct fn_pool_cache *cache = NULL;
	struct fn_pkt *pkts[40];

	(void)state;
	assert_int_equal(fn_pool_cache_create(pool, &cache), 0);
	assert_int_equal(fn_pkt_alloc_bulk(pool, pkts, 30), 30);
	assert_int_equal(fn_pkt_alloc_bulk(other, pkts + 30, 10), 10);
	fn_pool_cache_free(cache, pkts, 40);
	assert_int_equal(cache->n, 30);
	for (unsigned i = 0; i < cache->n; i++)
		assert_ptr_equal(cache->pkts[i]->pool, pool);
	fn_pool_cache_destroy(cache);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, start, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(fresh_after_any_use),
		TEST(rooms_do_not_overlap),
		TEST(a_word_says_plain),
		TEST(begin_clears_the_rest),
		TEST(grow_and_shrink),
		TEST(chains_are_one_packet),
		TEST(chains_have_limits),
		TEST(chains_that_cannot_be),
		TEST(references),
		TEST(references_have_a_limit),
		TEST(clones),
		TEST(clone_of_a_clone),
		TEST(clone_of_a_chain),
		TEST(reference_to_a_clone),
		TEST(header_before_a_clone),
		TEST(clone_fails_whole),
		TEST(attached_memory),
		TEST(attached_and_shared),
		TEST(attach_refuses),
		TEST(bulk_free_of_a_mixture),
		TEST(queue_free_fills_its_own_cache),
		TEST(a_cache_holds_plain_packets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
