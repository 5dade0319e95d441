// SPDX-License-Identifier: BSD-3-Clause
/* The DMA domain and its IOMMUs: everything is mapped in all of them, or nothing is changed. */
#include <errno.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fake_ctx.h"

#define KIB ((uint64_t)1 << 10)
#define MIB ((uint64_t)1 << 20)
#define GIB ((uint64_t)1 << 30)

static const struct fn_dma_range wide[] = { { 0, 0xfedfffff }, { 0xfef00000, (1ull << 48) - 1 } };
static const struct fn_dma_range bits_39[] = { { 0, 0xfedfffff },
					       { 0xfef00000, (1ull << 39) - 1 } };
static const struct fn_dma_range low[] = { { 0, 0xfedfffff } };
static const struct fn_dma_range gap[] = { { 0x1000, 4 * GIB - 1 },
					   { 4 * GIB + 16 * MIB, UINT64_MAX } };

static bool mapped(const struct fake_iommu *iommu, const struct fn_dma *dma)
{
	return fake_iommu_at(iommu, dma->iova.v) == dma->va &&
	       fake_iommu_at(iommu, dma->iova.v + dma->len - 1) == (char *)dma->va + dma->len - 1;
}

static void maps_all_now_and_later(void **state)
{
	struct fake_ctx fake;
	struct fn_ctx *ctx = fake_ctx_start(&fake, 4096);
	struct fake_iommu a;
	struct fake_iommu b;
	struct fn_dma early;
	struct fn_dma late;
	struct fn_dma app;
	void *va = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)state;
	fake_iommu_init(&a, "A", wide, 2);
	fake_iommu_init(&b, "B", bits_39, 2);
	assert_int_equal(fn_dma_alloc_for(ctx, FN_DMA_ROOMS, MIB, 0, -1, &early), 0);
	assert_int_equal(fn_dma_domain_attach(ctx->dma, &a.target), 0);
	assert_true(mapped(&a, &early));
	assert_int_equal(fn_dma_alloc_for(ctx, FN_DMA_ROOMS, MIB, 0, -1, &late), 0);
	assert_int_equal(fn_dma_map(ctx, va, 8192, NULL, &app), 0);
	assert_true(mapped(&a, &late) && mapped(&a, &app));
	assert_int_equal(fn_dma_domain_attach(ctx->dma, &b.target), 0);
	assert_true(mapped(&b, &early) && mapped(&b, &late) && mapped(&b, &app));
	/* Never where the process has it: such addresses fit no IOMMU for sure. */
	assert_true(early.iova.v != (uintptr_t)early.va && app.iova.v != (uintptr_t)app.va);
	fn_dma_domain_detach(ctx->dma, &a.target);
	assert_int_equal(a.n, 0);
	fn_dma_free(ctx, &early);
	assert_int_equal(b.n, 3);
	assert_true(mapped(&b, &late) && mapped(&b, &app));
	fn_dma_unmap(ctx, &app);
	fn_dma_free(ctx, &late);
	fn_dma_domain_detach(ctx->dma, &b.target);
	assert_int_equal(b.n, 0);
	fake_ctx_end(&fake);
	(void)munmap(va, 8192);
}

/*
 * Addresses that every attached IOMMU translates, and again the lowest ones when the narrow one
 * left.
 */
static void ranges_of_all_targets(void **state)
{
	struct fake_ctx fake;
	struct fn_ctx *ctx = fake_ctx_start(&fake, 4096);
	struct fake_iommu a;
	struct fake_iommu b;
	struct fn_dma dma[4];

	(void)state;
	fake_iommu_init(&a, "A", wide, 2);
	fake_iommu_init(&b, "B", gap, 2);
	assert_int_equal(fn_dma_domain_attach(ctx->dma, &a.target), 0);
	assert_int_equal(fn_dma_domain_attach(ctx->dma, &b.target), 0);
	assert_int_equal(fn_dma_alloc_for(ctx, FN_DMA_ROOMS, MIB, 0, -1, &dma[0]), 0);
	assert_true(dma[0].iova.v >= 4 * GIB + 16 * MIB && dma[0].iova.v < 4 * GIB + 32 * MIB);
	fn_dma_domain_detach(ctx->dma, &b.target);
	assert_int_equal(fn_dma_alloc_for(ctx, FN_DMA_ROOMS, MIB, 0, -1, &dma[1]), 0);
	assert_true(dma[1].iova.v >= 4 * GIB && dma[1].iova.v < 4 * GIB + 16 * MIB);
	/* Freed addresses are used again. */
	dma[2] = dma[1];
	fn_dma_free(ctx, &dma[1]);
	assert_int_equal(fn_dma_alloc_for(ctx, FN_DMA_ROOMS, MIB, 0, -1, &dma[3]), 0);
	assert_true(dma[3].iova.v == dma[2].iova.v);
	fn_dma_free(ctx, &dma[0]);
	fn_dma_free(ctx, &dma[3]);
	fn_dma_domain_detach(ctx->dma, &a.target);
	fake_ctx_end(&fake);
}

/* An IOMMU that cannot see what is there is refused with the range, and the others go on. */
static void narrow_target_comes_too_late(void **state)
{
	struct fake_ctx fake;
	struct fn_ctx *ctx = fake_ctx_start(&fake, 4096);
	struct fake_iommu a;
	struct fake_iommu b;
	struct fn_dma dma;
	struct fn_dma more;
	char range[64];

	(void)state;
	fake_iommu_init(&a, "A", wide, 2);
	fake_iommu_init(&b, "IOMMU container of 0000:00:05.0", low, 1);
	assert_int_equal(fn_dma_domain_attach(ctx->dma, &a.target), 0);
	assert_int_equal(fn_dma_alloc_for(ctx, FN_DMA_ROOMS, MIB, 0, -1, &dma), 0);
	assert_int_equal(fn_dma_domain_attach(ctx->dma, &b.target), -ERANGE);
	(void)snprintf(range, sizeof(range), "0x%" PRIx64 " to 0x%" PRIx64, (uint64_t)4 * GIB,
		       (uint64_t)4 * GIB + 2 * MIB - 1);
	assert_non_null(strstr(fn_error_last(), b.target.name));
	assert_non_null(strstr(fn_error_last(), range));
	assert_int_equal(b.n, 0);
	assert_true(mapped(&a, &dma));
	/* Its ranges do not bind the others. */
	assert_int_equal(fn_dma_alloc_for(ctx, FN_DMA_ROOMS, MIB, 0, -1, &more), 0);
	assert_true(more.iova.v >= 4 * GIB);
	fn_dma_free(ctx, &dma);
	fn_dma_free(ctx, &more);
	fn_dma_domain_detach(ctx->dma, &a.target);
	fake_ctx_end(&fake);
	/* In time it is welcome, and all memory goes where it can see it. */
	ctx = fake_ctx_start(&fake, 4096);
	assert_int_equal(fn_dma_domain_attach(ctx->dma, &b.target), 0);
	assert_int_equal(fn_dma_domain_attach(ctx->dma, &a.target), 0);
	assert_int_equal(fn_dma_alloc_for(ctx, FN_DMA_ROOMS, MIB, 0, -1, &dma), 0);
	assert_true(mapped(&a, &dma) && mapped(&b, &dma) && dma.iova.v < 4 * GIB);
	fn_dma_free(ctx, &dma);
	fn_dma_domain_detach(ctx->dma, &b.target);
	fn_dma_domain_detach(ctx->dma, &a.target);
	fake_ctx_end(&fake);
}

/* To the byte: a range that starts or ends inside of the memory does not do. */
static void ranges_to_the_byte(void **state)
{
	static const struct fn_dma_range exact[] = { { 4 * GIB, 4 * GIB + 2 * MIB - 1 } };
	static const struct fn_dma_range late[] = { { 4 * GIB + 1, UINT64_MAX } };
	static const struct fn_dma_range early[] = { { 0, 4 * GIB + 2 * MIB - 2 } };
	static const struct fn_dma_range hole[] = { { 0, 4 * GIB + MIB - 1 },
						    { 4 * GIB + MIB + 1, UINT64_MAX } };
	struct fake_ctx fake;
	struct fn_ctx *ctx = fake_ctx_start(&fake, 4096);
	struct fake_iommu a;
	struct fn_dma dma;

	(void)state;
	assert_int_equal(fn_dma_alloc(ctx, 100, NULL, &dma), 0);
	fake_iommu_init(&a, "A", late, 1);
	assert_int_equal(fn_dma_domain_attach(ctx->dma, &a.target), -ERANGE);
	fake_iommu_init(&a, "A", early, 1);
	assert_int_equal(fn_dma_domain_attach(ctx->dma, &a.target), -ERANGE);
	fake_iommu_init(&a, "A", hole, 2);
	assert_int_equal(fn_dma_domain_attach(ctx->dma, &a.target), -ERANGE);
	fake_iommu_init(&a, "A", exact, 1);
	assert_int_equal(fn_dma_domain_attach(ctx->dma, &a.target), 0);
	fn_dma_domain_detach(ctx->dma, &a.target);
	fn_dma_free(ctx, &dma);
	fake_ctx_end(&fake);
}

static void no_addresses_left(void **state)
{
	static const struct fn_dma_range tiny[] = { { 0x10000, 0x10000 + 3 * MIB - 1 } };
	struct fake_ctx fake;
	struct fn_ctx *ctx = fake_ctx_start(&fake, 4096);
	struct fake_iommu a;
	struct fn_dma dma;

	(void)state;
	fake_iommu_init(&a, "A", tiny, 1);
	assert_int_equal(fn_dma_domain_attach(ctx->dma, &a.target), 0);
	assert_int_equal(fn_dma_alloc_for(ctx, FN_DMA_ROOMS, 2 * MIB, 0, -1, &dma), -ENOMEM);
	assert_non_null(strstr(fn_error_last(), "no device addresses left for 2097152 bytes"));
	/* Not even the arena that came with them stays. */
	assert_int_equal(a.n, 0);
	assert_int_equal(fn_dma_mapped_bytes(ctx), 0);
	assert_int_equal(fn_dma_alloc_for(ctx, FN_DMA_ROOMS, MIB, 0, -1, &dma), 0);
	fn_dma_free(ctx, &dma);
	fn_dma_domain_detach(ctx->dma, &a.target);
	fake_ctx_end(&fake);
}

/*
 * The second IOMMU refuses: the first one has forgotten it too, and so has the list of addresses.
 */
static void failed_map_is_undone(void **state)
{
	struct fake_ctx fake;
	struct fn_ctx *ctx = fake_ctx_start(&fake, 4096);
	struct fake_iommu a;
	struct fake_iommu b;
	struct fn_dma dma;
	struct fn_dma ring;

	(void)state;
	fake_iommu_init(&a, "A", wide, 2);
	fake_iommu_init(&b, "B", wide, 2);
	assert_int_equal(fn_dma_domain_attach(ctx->dma, &a.target), 0);
	assert_int_equal(fn_dma_domain_attach(ctx->dma, &b.target), 0);
	assert_int_equal(fn_dma_alloc(ctx, 100, NULL, &ring), 0);
	b.fail_at = 0;
	b.fail = -ENOSPC;
	assert_int_equal(fn_dma_alloc_for(ctx, FN_DMA_ROOMS, MIB, 0, -1, &dma), -ENOSPC);
	assert_string_equal(fn_error_last(), "B: told to fail");
	assert_int_equal(a.n, 1);
	assert_int_equal(b.n, 1);
	assert_true(mapped(&a, &ring) && mapped(&b, &ring));
	assert_int_equal(fn_dma_mapped_bytes(ctx), 2 * MIB);
	assert_int_equal(fn_dma_alloc_for(ctx, FN_DMA_ROOMS, MIB, 0, -1, &dma), 0);
	assert_true(dma.iova.v < 4 * GIB + 4 * MIB);
	fn_dma_free(ctx, &dma);
	fn_dma_free(ctx, &ring);
	fn_dma_domain_detach(ctx->dma, &a.target);
	fn_dma_domain_detach(ctx->dma, &b.target);
	fake_ctx_end(&fake);
}

static void failed_attach_is_undone(void **state)
{
	struct fake_ctx fake;
	struct fn_ctx *ctx = fake_ctx_start(&fake, 4096);
	struct fake_iommu a;
	struct fn_dma dma[4];

	(void)state;
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(fn_dma_alloc_for(ctx, FN_DMA_ROOMS, MIB, 0, -1, &dma[i]), 0);
	for (int at = 0; at < 5; at++) {
		fake_iommu_init(&a, "A", wide, 2);
		a.fail_at = at;
		a.fail = -EFAULT;
		assert_int_equal(fn_dma_domain_attach(ctx->dma, &a.target), -EFAULT);
		assert_string_equal(fn_error_last(), "A: told to fail");
		assert_int_equal(a.n, 0);
	}
	/* It was not kept: memory is freed without it. */
	for (unsigned i = 0; i < 4; i++)
		fn_dma_free(ctx, &dma[i]);
	fake_ctx_end(&fake);
}

/* Take CAP_IPC_LOCK from this thread, or give it back. A plain user has none to take. */
static void set_ipc_lock(bool on)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];

	assert_int_equal(syscall(SYS_capget, &head, data), 0);
	if (on)
		data[0].effective |= data[0].permitted & (1u << CAP_IPC_LOCK);
	else
		data[0].effective &= ~(1u << CAP_IPC_LOCK);
	assert_int_equal(syscall(SYS_capset, &head, data), 0);
}

static void set_limit(rlim_t bytes)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_MEMLOCK, &limit), 0);
	assert_true(limit.rlim_max >= bytes);
	limit.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_MEMLOCK, &limit), 0);
}

/*
 * A program as l2fwd: two devices, each in a container of its own, a pool, then the rings. The
 * kernel's accounting: each container's mappings count, up to the limit.
 */
static int program(uint64_t limit)
{
	uint64_t locked = 0;
	struct fake_ctx fake;
	/* Hugepages come and go with what else runs here, and the number with them. */
	struct fn_ctx *ctx = fake_ctx_start(&fake, 4096);
	struct fake_iommu iommu[2];
	struct fn_dma rooms = { 0 };
	struct fn_dma ring[8] = { { 0 } };
	const struct fn_dma_opts page_aligned = { .sz = sizeof(page_aligned), .align = 4096 };
	int ret;

	for (unsigned i = 0; i < 2; i++) {
		fake_iommu_init(&iommu[i], "IOMMU", wide, 2);
		iommu[i].locked = &locked;
		iommu[i].limit = limit;
		assert_int_equal(fn_dma_domain_attach(ctx->dma, &iommu[i].target), 0);
	}
	ret = fn_dma_alloc_for(ctx, FN_DMA_ROOMS, (size_t)8192 * 2240, 0, -1, &rooms);
	for (unsigned i = 0; i < 8 && !ret; i++)
		ret = fn_dma_alloc(ctx, 90 * KIB, &page_aligned, &ring[i]);
	for (unsigned i = 0; i < 8; i++)
		fn_dma_free(ctx, &ring[i]);
	fn_dma_free(ctx, &rooms);
	for (unsigned i = 0; i < 2; i++)
		fn_dma_domain_detach(ctx->dma, &iommu[i].target);
	assert_int_equal(locked, 0);
	fake_ctx_end(&fake);
	return ret;
}

/* The first sentence names the number of bytes, and with that number the whole program runs. */
static void locked_memory_is_told_exactly(void **state)
{
	struct rlimit before;
	const char *sentence = fn_error_last();
	uint64_t need;
	char text[64];

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_MEMLOCK, &before), 0);
	set_ipc_lock(false);
	set_limit(4 * MIB);
	assert_int_equal(program(4 * MIB), -ENOMEM);
	assert_non_null(strstr(sentence, "IOMMU: no more; "));
	assert_non_null(strstr(sentence, "limit is 4194304: type"));
	need = strtoull(strstr(sentence, "; ") + 2, NULL, 10);
	/* Twice: two containers. Rooms and the arena for the rings, in whole pages. */
	assert_in_range(need, 2 * (2 * MIB + 8192ul * 2240), 2 * (20 * MIB));
	assert_int_equal(need % 8192, 0);
	(void)snprintf(text, sizeof(text), "ulimit -l %" PRIu64 " ", need / 1024);
	assert_non_null(strstr(sentence, text));
	(void)snprintf(text, sizeof(text), "- memlock %" PRIu64 "' to", need / 1024);
	assert_non_null(strstr(sentence, text));
	(void)snprintf(text, sizeof(text), "LimitMEMLOCK=%" PRIu64 " to", need);
	assert_non_null(strstr(sentence, text));
	/* Where already the arena does not fit the number is the same. */
	set_limit(64 * KIB);
	assert_int_equal(program(64 * KIB), -ENOMEM);
	assert_int_equal(strtoull(strstr(sentence, "; ") + 2, NULL, 10), need);
	assert_int_equal(program(need - 1), -ENOMEM);
	assert_int_equal(program(need), 0);
	assert_int_equal(setrlimit(RLIMIT_MEMLOCK, &before), 0);
	set_ipc_lock(true);
}

/* What the program has locked by itself counts too. */
static void other_locked_memory_counts(void **state)
{
	char *va = mmap(NULL, 32 * KIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const char *sentence = fn_error_last();
	struct rlimit before;
	uint64_t need;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_MEMLOCK, &before), 0);
	set_ipc_lock(false);
	set_limit(64 * KIB);
	assert_int_equal(program(64 * KIB), -ENOMEM);
	need = strtoull(strstr(sentence, "; ") + 2, NULL, 10);
	/* The sanitizers' mlock() does nothing. */
	assert_int_equal(syscall(SYS_mlock, va, 32 * KIB), 0);
	assert_int_equal(program(64 * KIB), -ENOMEM);
	assert_int_equal(strtoull(strstr(sentence, "; ") + 2, NULL, 10), need + 32 * KIB);
	(void)munmap(va, 32 * KIB);
	assert_int_equal(setrlimit(RLIMIT_MEMLOCK, &before), 0);
	set_ipc_lock(true);
}

/* A device that is opened last: everything once more. */
static void attach_tells_the_sum_too(void **state)
{
	uint64_t locked = 0;
	struct fake_ctx fake;
	struct fn_ctx *ctx = fake_ctx_start(&fake, 4096);
	struct fake_iommu iommu[2];
	struct fn_dma rooms;
	struct rlimit before;
	uint64_t need;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_MEMLOCK, &before), 0);
	set_ipc_lock(false);
	set_limit(6 * MIB);
	assert_int_equal(fn_dma_alloc_for(ctx, FN_DMA_ROOMS, 2 * MIB, 0, -1, &rooms), 0);
	for (unsigned i = 0; i < 2; i++) {
		fake_iommu_init(&iommu[i], "IOMMU", wide, 2);
		iommu[i].locked = &locked;
		iommu[i].limit = 6 * MIB;
	}
	assert_int_equal(fn_dma_domain_attach(ctx->dma, &iommu[0].target), 0);
	assert_int_equal(fn_dma_domain_attach(ctx->dma, &iommu[1].target), -ENOMEM);
	need = strtoull(strstr(fn_error_last(), "; ") + 2, NULL, 10);
	assert_int_equal(need, 8 * MIB);
	assert_int_equal(locked, 4 * MIB);
	iommu[1].limit = need;
	assert_int_equal(fn_dma_domain_attach(ctx->dma, &iommu[1].target), 0);
	fn_dma_free(ctx, &rooms);
	fn_dma_domain_detach(ctx->dma, &iommu[0].target);
	fn_dma_domain_detach(ctx->dma, &iommu[1].target);
	fake_ctx_end(&fake);
	assert_int_equal(setrlimit(RLIMIT_MEMLOCK, &before), 0);
	set_ipc_lock(true);
}

/* Where the limit is not to blame nothing is said of it. */
static void other_reasons_are_not_the_limit(void **state)
{
	struct rlimit before;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_MEMLOCK, &before), 0);
	set_ipc_lock(false);
	if (before.rlim_max >= 64 * MIB) {
		set_limit(64 * MIB);
		assert_int_equal(program(4 * MIB), -ENOMEM);
		assert_string_equal(fn_error_last(), "IOMMU: no more");
	}
	set_ipc_lock(true);
	set_limit(before.rlim_max < 4 * MIB ? before.rlim_max : 4 * MIB);
	assert_int_equal(program(4 * MIB), -ENOMEM);
	if (geteuid() == 0)
		assert_string_equal(fn_error_last(), "IOMMU: no more");
	assert_int_equal(setrlimit(RLIMIT_MEMLOCK, &before), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(maps_all_now_and_later),
		cmocka_unit_test(ranges_of_all_targets),
		cmocka_unit_test(narrow_target_comes_too_late),
		cmocka_unit_test(ranges_to_the_byte),
		cmocka_unit_test(no_addresses_left),
		cmocka_unit_test(failed_map_is_undone),
		cmocka_unit_test(failed_attach_is_undone),
		cmocka_unit_test(locked_memory_is_told_exactly),
		cmocka_unit_test(other_locked_memory_counts),
		cmocka_unit_test(attach_tells_the_sum_too),
		cmocka_unit_test(other_reasons_are_not_the_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
