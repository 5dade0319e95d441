// SPDX-License-Identifier: BSD-3-Clause
/* DMA memory as the application and drivers get it: pages, pieces, limits. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fake_ctx.h"
#include "mem/pages.h"

#define KIB ((size_t)1 << 10)
#define MIB ((size_t)1 << 20)
#define PAGE ((size_t)4096)
#define HUGE_DIR "/sys/kernel/mm/hugepages/hugepages-2048kB/"

/* fn_dma_alloc() with options; @numa_node -1 is any, and INT_MIN one that no int can hold. */
static int alloc(struct fn_ctx *ctx, size_t len, size_t align, int numa_node, struct fn_dma *dma)
{
	const struct fn_dma_opts opts = { .sz = sizeof(opts),
					  .align = align,
					  .numa_node_plus_1 = (uint32_t)numa_node + 1u };

	return fn_dma_alloc(ctx, len, &opts, dma);
}

static bool all_zero(const void *va, size_t len)
{
	const char *bytes = va;

	for (size_t i = 0; i < len; i++)
		if (bytes[i])
			return false;
	return true;
}

static unsigned open_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned n = 0;

	assert_non_null(dir);
	while (readdir(dir)) /* NOLINT(concurrency-mt-unsafe): a stream of its own */
		n++;
	(void)closedir(dir);
	return n;
}

static long read_long(const char *path)
{
	FILE *f = fopen(path, "re");
	long value = 0;

	if (!f)
		return 0;
	/* NOLINTNEXTLINE(cert-err34-c): the kernel's own number */
	if (fscanf(f, "%ld", &value) != 1)
		value = 0;
	(void)fclose(f);
	return value;
}

static void write_long(const char *path, long value)
{
	FILE *f = fopen(path, "we");

	if (!f)
		return;
	(void)fprintf(f, "%ld\n", value);
	(void)fclose(f);
}

static long free_hugepages(void)
{
	return read_long(HUGE_DIR "free_hugepages") - read_long(HUGE_DIR "resv_hugepages");
}

/*
 * More hugepages for a test, where the user may make them, and less again. Several tests may do
 * this at once, so each takes away what it added.
 */
static void hugepages_change(long by)
{
	int fd = open(HUGE_DIR "nr_hugepages", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	(void)flock(fd, LOCK_EX);
	write_long(HUGE_DIR "nr_hugepages", read_long(HUGE_DIR "nr_hugepages") + by);
	(void)close(fd);
}

static void zeroed_aligned_and_backed_by_its_file(void **state)
{
	struct fake_ctx fake;
	struct fn_ctx *ctx = fake_ctx_start(&fake, 0);

	(void)state;
	for (size_t align = 1; align <= 4096; align *= 2) {
		struct fn_dma dma;
		char back[3];

		assert_int_equal(alloc(ctx, 1000, align, -1, &dma), 0);
		assert_int_equal((uintptr_t)dma.va % align, 0);
		assert_int_equal(dma.iova.v % align, 0);
		assert_int_equal(dma.len, 1000);
		assert_true(all_zero(dma.va, dma.len));
		memcpy((char *)dma.va + 997, "end", 3);
		assert_int_equal(pread(dma.fd, back, 3, (off_t)dma.fd_offset + 997), 3);
		assert_memory_equal(back, "end", 3);
		fn_dma_free(ctx, &dma);
		assert_null(dma.va);
		/* A cleared one is ignored. */
		fn_dma_free(ctx, &dma);
	}
	fake_ctx_end(&fake);
}

static void bad_requests(void **state)
{
	struct fake_ctx fake;
	struct fn_ctx *ctx = fake_ctx_start(&fake, 0);
	struct fn_dma dma = { 0 };

	(void)state;
	assert_int_equal(fn_dma_alloc(ctx, 0, NULL, &dma), -EINVAL);
	assert_string_equal(fn_error_last(), "DMA memory of 0 bytes: ask for at least 1");
	assert_int_equal(alloc(ctx, 64, 3, -1, &dma), -EINVAL);
	assert_non_null(strstr(fn_error_last(), "aligned to 3: use a power of two to 4096"));
	assert_int_equal(alloc(ctx, 64, 8192, -1, &dma), -EINVAL);
	assert_int_equal(fn_dma_alloc(ctx, SIZE_MAX, NULL, &dma), -ENOMEM);
	assert_int_equal(fn_dma_alloc(ctx, (size_t)1 << 46, NULL, &dma), -ENOMEM);
	assert_non_null(strstr(fn_error_last(), "70368744177664 bytes"));
	assert_int_equal(alloc(ctx, 64, 0, 1000000, &dma), -EINVAL);
	assert_non_null(strstr(fn_error_last(), "no NUMA node 1000000"));
	assert_int_equal(alloc(ctx, 64, 0, INT_MIN, &dma), -EINVAL);
	assert_non_null(strstr(fn_error_last(), "numa_node_plus_1 is 2147483649"));
	assert_null(dma.va);
	assert_int_equal(fn_dma_mapped_bytes(ctx), 0);
	fake_ctx_end(&fake);
}

/* The sentence goes to the caller's struct; one of no size, or a newer one, is refused. */
static void options(void **state)
{
	struct fake_ctx fake;
	struct fn_ctx *ctx = fake_ctx_start(&fake, 0);
	struct fn_error err = FN_ERROR_INIT;
	struct fn_dma_opts opts = { .sz = sizeof(opts), .err = &err };
	struct {
		struct fn_dma_opts opts;
		uint64_t newer;
	} wanted = { { .sz = sizeof(wanted) }, 1 };
	struct fn_dma dma = { 0 };
	char *va = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)state;
	assert_int_equal(fn_dma_alloc(ctx, 0, &opts, &dma), -EINVAL);
	assert_string_equal(err.text, "DMA memory of 0 bytes: ask for at least 1");
	assert_int_equal(fn_dma_map(ctx, va + 1, PAGE, &opts, &dma), -EINVAL);
	assert_non_null(strstr(err.text, "multiples of the page size"));
	opts.align = 64;
	assert_int_equal(fn_dma_map(ctx, va, PAGE, &opts, &dma), -EINVAL);
	assert_non_null(strstr(err.text, "fn_dma_opts.align"));
	assert_int_equal(fn_dma_alloc(ctx, 64, &wanted.opts, &dma), -EINVAL);
	assert_non_null(strstr(fn_error_last(), "newer than this library"));
	opts = (struct fn_dma_opts){ 0 };
	assert_int_equal(fn_dma_map(ctx, va, PAGE, &opts, &dma), -EINVAL);
	assert_non_null(strstr(fn_error_last(), "sizeof(struct fn_dma_opts)"));
	assert_int_equal(fn_dma_mapped_bytes(ctx), 0);
	(void)munmap(va, PAGE);
	fake_ctx_end(&fake);
}

/* Pieces share one arena, never a cache line, and what is freed is one run again. */
static void pieces_share_an_arena(void **state)
{
	struct fake_ctx fake;
	struct fn_ctx *ctx = fake_ctx_start(&fake, 0);
	struct fn_dma piece[32];
	struct fn_dma large;
	uint64_t bytes;

	(void)state;
	for (size_t i = 0; i < 32; i++) {
		assert_int_equal(fn_dma_alloc(ctx, 65000, NULL, &piece[i]), 0);
		memset(piece[i].va, 0xff, piece[i].len);
		assert_int_equal(piece[i].iova.v % 64, 0);
	}
	bytes = fn_dma_mapped_bytes(ctx);
	assert_int_equal(bytes, 2 * MIB);
	for (size_t i = 0; i < 32; i++)
		for (size_t j = 0; j < i; j++)
			assert_true(piece[i].iova.v / 64 >= (piece[j].iova.v + 65000 + 63) / 64 ||
				    piece[j].iova.v / 64 >= (piece[i].iova.v + 65000 + 63) / 64);
	/* Full: one more needs another arena. */
	assert_int_equal(fn_dma_alloc(ctx, 65000, NULL, &large), 0);
	assert_int_equal(fn_dma_mapped_bytes(ctx), 4 * MIB);
	fn_dma_free(ctx, &large);
	for (size_t i = 0; i < 32; i += 2)
		fn_dma_free(ctx, &piece[i]);
	for (size_t i = 1; i < 32; i += 2)
		fn_dma_free(ctx, &piece[i]);
	/* All of an arena at once; not a byte of what the former owners wrote is seen. */
	assert_int_equal(alloc(ctx, 2 * MIB, 4096, -1, &large), 0);
	assert_int_equal(fn_dma_mapped_bytes(ctx), 4 * MIB);
	assert_true(all_zero(large.va, large.len));
	fn_dma_free(ctx, &large);
	fake_ctx_end(&fake);
}

static void small_pieces_do_not_share_a_line(void **state)
{
	struct fake_ctx fake;
	struct fn_ctx *ctx = fake_ctx_start(&fake, 0);
	struct fn_dma piece[3];

	(void)state;
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(alloc(ctx, 1 + i * 64, 1, -1, &piece[i]), 0);
	assert_true(piece[1].iova.v / 64 > piece[0].iova.v / 64);
	assert_true(piece[2].iova.v / 64 > (piece[1].iova.v + 64) / 64);
	for (size_t i = 0; i < 3; i++)
		fn_dma_free(ctx, &piece[i]);
	fake_ctx_end(&fake);
}

/* Larger than an arena: a region of its own, which is gone when the piece is. */
static void large_pieces_are_released(void **state)
{
	struct fake_ctx fake;
	struct fn_ctx *ctx = fake_ctx_start(&fake, 0);
	struct fn_dma dma;

	(void)state;
	assert_int_equal(fn_dma_alloc(ctx, 5 * MIB, NULL, &dma), 0);
	assert_in_range(fn_dma_mapped_bytes(ctx), 5 * MIB, 6 * MIB);
	assert_int_equal(dma.len, 5 * MIB);
	fn_dma_free(ctx, &dma);
	assert_int_equal(fn_dma_mapped_bytes(ctx), 0);
	fake_ctx_end(&fake);
}

/* Rooms have a region of their own, and the first ones bring the arena that rings will need. */
static void rooms_bring_an_arena(void **state)
{
	struct fake_ctx fake;
	struct fn_ctx *ctx = fake_ctx_start(&fake, 0);
	struct fn_dma rooms;
	struct fn_dma more;
	struct fn_dma ring;
	uint64_t bytes;

	(void)state;
	assert_int_equal(fn_dma_alloc_for(ctx, FN_DMA_ROOMS, 3 * MIB + 5, 0, -1, &rooms), 0);
	assert_true(rooms.len >= 3 * MIB + 5 && rooms.len % 4096 == 0);
	assert_int_equal(rooms.fd_offset, 0);
	assert_int_equal(fn_dma_mapped_bytes(ctx), 2 * MIB + rooms.len);
	assert_int_equal(fn_dma_alloc_for(ctx, FN_DMA_SHARED, MIB, 0, -1, &more), 0);
	assert_int_not_equal(more.fd, rooms.fd);
	bytes = fn_dma_mapped_bytes(ctx);
	assert_int_equal(bytes, 2 * MIB + rooms.len + more.len);
	assert_int_equal(alloc(ctx, 600 * KIB, 4096, -1, &ring), 0);
	assert_int_not_equal(ring.fd, rooms.fd);
	assert_int_equal(fn_dma_mapped_bytes(ctx), bytes);
	/* The ring is used on: only the rooms go. */
	fn_dma_free(ctx, &rooms);
	fn_dma_free(ctx, &more);
	assert_int_equal(fn_dma_mapped_bytes(ctx), 2 * MIB);
	memset(ring.va, 1, ring.len);
	fn_dma_free(ctx, &ring);
	fake_ctx_end(&fake);
}

static void find_needs_one_region(void **state)
{
	struct fake_ctx fake;
	struct fn_ctx *ctx = fake_ctx_start(&fake, 0);
	struct fn_dma dma[3];
	fn_iova_t iova;
	char local = 0;

	(void)state;
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(fn_dma_alloc_for(ctx, FN_DMA_ROOMS, (i + 1) * MIB, 0, -1, &dma[i]),
				 0);
	for (size_t i = 0; i < 3; i++) {
		char *va = dma[i].va;

		assert_int_equal(fn_dma_find(ctx, va, dma[i].len, &iova), 0);
		assert_true(iova.v == dma[i].iova.v);
		assert_int_equal(fn_dma_find(ctx, va + dma[i].len - 1, 1, &iova), 0);
		assert_true(iova.v == dma[i].iova.v + dma[i].len - 1);
		assert_int_equal(fn_dma_find(ctx, va + 1, dma[i].len, &iova), -EFAULT);
		assert_int_equal(fn_dma_find(ctx, va + 1, SIZE_MAX, &iova), -EFAULT);
	}
	assert_int_equal(fn_dma_find(ctx, &local, 1, &iova), -EFAULT);
	assert_non_null(strstr(fn_error_last(), "fn_dma_map()"));
	for (size_t i = 0; i < 3; i++)
		fn_dma_free(ctx, &dma[i]);
	fake_ctx_end(&fake);
}

static void destroy_names_what_is_left(void **state)
{
	struct fake_ctx fake;
	struct fn_ctx *ctx = fake_ctx_start(&fake, 0);
	struct fn_dma dma;
	struct fn_dma map;
	void *va = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)state;
	assert_int_equal(fn_dma_alloc(ctx, 100, NULL, &dma), 0);
	assert_int_equal(fn_dma_domain_destroy(ctx->dma), -EBUSY);
	assert_non_null(strstr(fn_error_last(), "1 piece of a region of"));
	fn_dma_free(ctx, &dma);
	assert_int_equal(fn_dma_alloc_for(ctx, FN_DMA_ROOMS, 100, 0, -1, &dma), 0);
	assert_int_equal(fn_dma_domain_destroy(ctx->dma), -EBUSY);
	fn_dma_free(ctx, &dma);
	assert_int_equal(fn_dma_map(ctx, va, 4096, NULL, &map), 0);
	assert_int_equal(fn_dma_domain_destroy(ctx->dma), -EBUSY);
	assert_non_null(strstr(fn_error_last(), "fn_dma_unmap()"));
	/* Nothing was changed by the attempts. */
	memset(map.va, 1, map.len);
	fn_dma_unmap(ctx, &map);
	fake_ctx_end(&fake);
	(void)munmap(va, 4096);
}

static void memory_of_the_application(void **state)
{
	struct fake_ctx fake;
	struct fn_ctx *ctx = fake_ctx_start(&fake, 0);
	char *va = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct fn_dma dma;
	struct fn_dma second = { 0 };
	fn_iova_t iova;

	(void)state;
	assert_int_equal(fn_dma_map(ctx, va + 1, PAGE, NULL, &dma), -EINVAL);
	assert_int_equal(fn_dma_map(ctx, va, PAGE - 1, NULL, &dma), -EINVAL);
	assert_int_equal(fn_dma_map(ctx, va, 0, NULL, &dma), -EINVAL);
	assert_non_null(strstr(fn_error_last(), "multiples of the page size (4096)"));
	assert_int_equal(fn_dma_map(ctx, va + PAGE, 2 * PAGE, NULL, &dma), 0);
	assert_ptr_equal(dma.va, va + PAGE);
	assert_int_equal(dma.len, 2 * PAGE);
	assert_int_equal(dma.fd, -1);
	assert_int_equal(fn_dma_find(ctx, va + 5000, 100, &iova), 0);
	assert_true(iova.v == dma.iova.v + 5000 - PAGE);
	assert_int_equal(fn_dma_find(ctx, va + 3 * PAGE - 1, 2, &iova), -EFAULT);
	/* Once is enough, be it the same, a part, or what reaches into it from either side. */
	assert_int_equal(fn_dma_map(ctx, va + PAGE, 2 * PAGE, NULL, &second), -EINVAL);
	assert_non_null(strstr(fn_error_last(), "already"));
	assert_int_equal(fn_dma_map(ctx, va + PAGE, PAGE, NULL, &second), -EINVAL);
	assert_int_equal(fn_dma_map(ctx, va, 2 * PAGE, NULL, &second), -EINVAL);
	assert_int_equal(fn_dma_map(ctx, va + 2 * PAGE, 2 * PAGE, NULL, &second), -EINVAL);
	assert_int_equal(fn_dma_map(ctx, va, 8 * PAGE, NULL, &second), -EINVAL);
	/* Next to it is fine; and fn_dma_free() is not for this memory. */
	assert_int_equal(fn_dma_map(ctx, va + 3 * PAGE, PAGE, NULL, &second), 0);
	fn_dma_free(ctx, &second);
	assert_ptr_equal(second.va, va + 3 * PAGE);
	assert_int_equal(fn_dma_mapped_bytes(ctx), 3 * PAGE);
	fn_dma_unmap(ctx, &second);
	fn_dma_unmap(ctx, &second);
	assert_int_equal(fn_dma_map(ctx, va, PAGE, NULL, &second), 0);
	fn_dma_unmap(ctx, &second);
	fn_dma_unmap(ctx, &dma);
	assert_int_equal(fn_dma_mapped_bytes(ctx), 0);
	fake_ctx_end(&fake);
	va[0] = 1;
	(void)munmap(va, 8 * PAGE);
}

static void memory_that_is_not_there(void **state)
{
	struct fake_ctx fake;
	struct fn_ctx *ctx = fake_ctx_start(&fake, 0);
	char *va = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct fn_dma dma;

	(void)state;
	(void)munmap(va + 2 * PAGE, PAGE);
	(void)mprotect(va + 5 * PAGE, PAGE, PROT_READ);
	assert_int_equal(fn_dma_map(ctx, va, 4 * PAGE, NULL, &dma), -EFAULT);
	assert_non_null(strstr(fn_error_last(), "not all mapped in the process"));
	assert_int_equal(fn_dma_map(ctx, va + 4 * PAGE, 4 * PAGE, NULL, &dma), -EFAULT);
	assert_int_equal(fn_dma_mapped_bytes(ctx), 0);
	fake_ctx_end(&fake);
	(void)munmap(va, 8 * PAGE);
}

/* True when a child of fork() does not have the page at @va, be it that something else is there. */
static bool child_lacks(void *va)
{
	static const char mark[] = "of the parent";
	int status = -1;
	pid_t pid;

	memcpy(va, mark, sizeof(mark));
	pid = fork();
	if (pid == 0) {
		unsigned char present;
		bool has = mincore(va, 4096, &present) == 0 && memcmp(va, mark, sizeof(mark)) == 0;

		_exit(has ? 1 : 0);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status) == 0;
}

static void children_do_not_inherit(void **state)
{
	struct fake_ctx fake;
	struct fn_ctx *ctx = fake_ctx_start(&fake, 0);
	void *va = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct fn_dma dma;
	struct fn_dma map;

	(void)state;
	assert_int_equal(alloc(ctx, 4096, 4096, -1, &dma), 0);
	assert_true(child_lacks(dma.va));
	assert_int_not_equal(fcntl(dma.fd, F_GETFD) & FD_CLOEXEC, 0);
	assert_false(child_lacks(va));
	assert_int_equal(fn_dma_map(ctx, va, 4096, NULL, &map), 0);
	assert_true(child_lacks(va));
	fn_dma_unmap(ctx, &map);
	assert_false(child_lacks(va));
	fn_dma_free(ctx, &dma);
	fake_ctx_end(&fake);
	(void)munmap(va, 4096);
}

/* A page that is missing would be a fault in the middle of traffic, or a SIGBUS. */
static void present_from_the_start(void **state)
{
	struct fake_ctx fake;
	struct fn_ctx *ctx = fake_ctx_start(&fake, 0);
	unsigned char present[4096] = { 0 };
	struct fn_dma dma;

	(void)state;
	assert_int_equal(fn_dma_alloc_for(ctx, FN_DMA_ROOMS, 16 * MIB, 0, -1, &dma), 0);
	assert_int_equal(mincore(dma.va, 16 * MIB, present), 0);
	for (size_t i = 0; i < 4096; i++)
		assert_int_equal(present[i] & 1, 1);
	fn_dma_free(ctx, &dma);
	fake_ctx_end(&fake);
}

/* Who has the descriptor cannot take the pages away. */
static void files_are_sealed(void **state)
{
	struct fake_ctx fake;
	struct fn_ctx *ctx = fake_ctx_start(&fake, 0);
	struct fn_dma dma;

	(void)state;
	assert_int_equal(fn_dma_alloc_for(ctx, FN_DMA_SHARED, MIB, 0, -1, &dma), 0);
	assert_int_not_equal(ftruncate(dma.fd, 0), 0);
	assert_int_equal(errno, EPERM);
	fn_dma_free(ctx, &dma);
	fake_ctx_end(&fake);
}

/* No hugepages: ordinary pages, and one warning however often. */
static void one_warning_without_hugepages(void **state)
{
	const long vacant = free_hugepages();
	struct fake_ctx fake;
	struct fn_ctx *ctx = fake_ctx_start(&fake, 0);
	struct fn_dma dma[3];

	(void)state;
	if (vacant < 256) {
		const size_t len = (size_t)(vacant + 4) * 2 * MIB;

		for (size_t i = 0; i < 3; i++)
			assert_int_equal(fn_dma_alloc(ctx, len, NULL, &dma[i]), 0);
		assert_int_equal(fake.warnings, 1);
		assert_non_null(strstr(fake.warning, "no hugepages of 2048 KiB"));
		for (size_t i = 0; i < 3; i++)
			fn_dma_free(ctx, &dma[i]);
	}
	fake_ctx_end(&fake);
	/* Who asks for ordinary pages gets no warning. */
	ctx = fake_ctx_start(&fake, 4096);
	assert_int_equal(fn_dma_alloc(ctx, 100, NULL, &dma[0]), 0);
	assert_int_equal(fake.warnings, 0);
	fn_dma_free(ctx, &dma[0]);
	fake_ctx_end(&fake);
}

/* A page size that was asked for and is not to be had is an error with the command that helps. */
static void asked_for_hugepages_without_any(void **state)
{
	const long vacant = free_hugepages();
	const size_t len = (size_t)(vacant + 4) * 2 * MIB;
	struct fake_ctx fake;
	struct fn_ctx *ctx = fake_ctx_start(&fake, 2 * MIB);
	struct fn_dma dma;
	char want[128];

	(void)state;
	(void)snprintf(want, sizeof(want), "echo %ld > " HUGE_DIR "nr_hugepages",
		       read_long(HUGE_DIR "nr_hugepages") + 4);
	if (vacant < 256) {
		assert_int_equal(fn_dma_alloc(ctx, len, NULL, &dma), -ENOMEM);
		assert_non_null(strstr(fn_error_last(), "no hugepages of 2048 KiB"));
		assert_non_null(strstr(fn_error_last(), "as root: echo"));
	}
	if (!vacant)
		assert_non_null(strstr(fn_error_last(), want));
	assert_int_equal(fn_dma_mapped_bytes(ctx), 0);
	assert_int_equal(fake.warnings, 0);
	fake_ctx_end(&fake);
	if (read_long("/sys/kernel/mm/hugepages/hugepages-1048576kB/free_hugepages"))
		return;
	ctx = fake_ctx_start(&fake, (size_t)1 << 30);
	assert_int_equal(fn_dma_alloc(ctx, 100, NULL, &dma), -ENOMEM);
	assert_non_null(strstr(fn_error_last(), "no hugepages of 1048576 KiB"));
	fake_ctx_end(&fake);
}

static void hugepages_are_used(void **state)
{
	struct fake_ctx fake;
	struct fn_ctx *ctx = fake_ctx_start(&fake, 0);
	struct fn_dma dma;
	struct statfs fs;

	(void)state;
	assert_int_equal(fn_dma_alloc_for(ctx, FN_DMA_ROOMS, 5 * MIB, 0, -1, &dma), 0);
	assert_int_equal(fstatfs(dma.fd, &fs), 0);
	if (fs.f_type == HUGETLBFS_MAGIC) {
		assert_int_equal(fs.f_bsize, 2 * MIB);
		assert_int_equal(fake.warnings, 0);
		assert_int_equal(dma.len, 6 * MIB);
		assert_int_equal((uintptr_t)dma.va % (2 * MIB), 0);
		assert_int_equal(dma.iova.v % (2 * MIB), 0);
		assert_true(all_zero(dma.va, dma.len));
	} else {
		/* Another user of the machine was faster, or this one may not make any. */
		print_message("no hugepages are to be had here: that part did not run\n");
		assert_int_equal(fake.warnings, 1);
		assert_true(free_hugepages() < 8);
	}
	fn_dma_free(ctx, &dma);
	fake_ctx_end(&fake);
}

static int hugepages_more(void **state)
{
	(void)state;
	hugepages_change(8);
	return 0;
}

/* Also after a failure. */
static int hugepages_less(void **state)
{
	(void)state;
	hugepages_change(-8);
	return 0;
}

static void numa_nodes(void **state)
{
	struct fake_ctx fake;
	struct fn_ctx *ctx = fake_ctx_start(&fake, 0);
	struct fn_dma dma;
	struct fn_dma any;
	int node;

	(void)state;
	/*
	 * Node 0 is there on every machine; a kernel without NUMA says nothing of where memory
	 * is.
	 */
	assert_int_equal(alloc(ctx, 100, 0, 0, &dma), 0);
	node = fn_pages_node(dma.va);
	assert_true(node == 0 || node == -1 || fake.warnings);
	assert_int_equal(fn_dma_alloc(ctx, 100, NULL, &any), 0);
	assert_int_equal(any.fd, dma.fd);
	fn_dma_free(ctx, &dma);
	fn_dma_free(ctx, &any);
	fake_ctx_end(&fake);
}

static void out_of_descriptors(void **state)
{
	struct fake_ctx fake;
	struct fn_ctx *ctx = fake_ctx_start(&fake, 0);
	struct rlimit limit;
	struct rlimit none;
	struct fn_dma dma;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = limit;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_int_equal(fn_dma_alloc(ctx, 100, NULL, &dma), -EMFILE);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_non_null(strstr(fn_error_last(), "ulimit -n"));
	fake_ctx_end(&fake);
}

struct worker {
	struct fn_ctx *ctx;
	unsigned seed;
	char mark;
	bool ok;
};

static void *alloc_and_free(void *arg)
{
	struct worker *w = arg;
	struct fn_dma dma[8] = { { 0 } };

	w->ok = true;
	for (unsigned round = 0; round < 2000; round++) {
		struct fn_dma *d = &dma[rand_r(&w->seed) % 8];
		fn_iova_t iova;

		if (d->va) {
			const char *bytes = d->va;

			w->ok = w->ok && bytes[0] == w->mark && bytes[d->len - 1] == w->mark;
			fn_dma_free(w->ctx, d);
		}
		w->ok = w->ok &&
			!fn_dma_alloc(w->ctx, 1 + (size_t)rand_r(&w->seed) % 20000, NULL, d) &&
			all_zero(d->va, d->len) && !fn_dma_find(w->ctx, d->va, d->len, &iova) &&
			iova.v == d->iova.v;
		if (d->va)
			memset(d->va, w->mark, d->len);
	}
	for (unsigned i = 0; i < 8; i++)
		fn_dma_free(w->ctx, &dma[i]);
	return NULL;
}

/* Nobody gets what another one has, while IOMMUs come and go. */
static void threads(void **state)
{
	static const struct fn_dma_range ranges[] = { { 0, UINT64_MAX } };
	struct fake_ctx fake;
	struct fn_ctx *ctx = fake_ctx_start(&fake, 0);
	struct worker worker[3];
	pthread_t thread[3];
	struct fake_iommu iommu;

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		worker[i] = (struct worker){ ctx, i + 1, (char)(i + 1), false };
		assert_int_equal(pthread_create(&thread[i], NULL, alloc_and_free, &worker[i]), 0);
	}
	for (unsigned i = 0; i < 500; i++) {
		fake_iommu_init(&iommu, "IOMMU", ranges, 1);
		assert_int_equal(fn_dma_domain_attach(ctx->dma, &iommu.target), 0);
		fn_dma_domain_detach(ctx->dma, &iommu.target);
		assert_int_equal(iommu.n, 0);
	}
	for (unsigned i = 0; i < 3; i++) {
		(void)pthread_join(thread[i], NULL);
		assert_true(worker[i].ok);
	}
	fake_ctx_end(&fake);
}

static void nothing_is_left(void **state)
{
	assert_int_equal(open_fds(), *(const unsigned *)*state);
}

static int count_fds(void **state)
{
	static unsigned fds;

	fds = open_fds();
	*state = &fds;
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(zeroed_aligned_and_backed_by_its_file),
		cmocka_unit_test(bad_requests),
		cmocka_unit_test(options),
		cmocka_unit_test(pieces_share_an_arena),
		cmocka_unit_test(small_pieces_do_not_share_a_line),
		cmocka_unit_test(large_pieces_are_released),
		cmocka_unit_test(present_from_the_start),
		cmocka_unit_test(rooms_bring_an_arena),
		cmocka_unit_test(find_needs_one_region),
		cmocka_unit_test(destroy_names_what_is_left),
		cmocka_unit_test(memory_of_the_application),
		cmocka_unit_test(memory_that_is_not_there),
		cmocka_unit_test(children_do_not_inherit),
		cmocka_unit_test(files_are_sealed),
		cmocka_unit_test(one_warning_without_hugepages),
		cmocka_unit_test(asked_for_hugepages_without_any),
		cmocka_unit_test_setup_teardown(hugepages_are_used, hugepages_more, hugepages_less),
		cmocka_unit_test(numa_nodes),
		cmocka_unit_test(out_of_descriptors),
		cmocka_unit_test(threads),
		cmocka_unit_test(nothing_is_left),
	};

	return cmocka_run_group_tests(tests, count_fds, NULL);
}
