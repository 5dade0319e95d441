// SPDX-License-Identifier: BSD-3-Clause
/* Memory files: hugepages without a mount, on a NUMA node, present from the start. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/memfd.h>
#include <linux/mempolicy.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/ctx.h"
#include "base/error.h"
#include "mem/pages.h"

#define HUGE_2M ((size_t)2 << 20)
#define HUGE_1G ((size_t)1 << 30)

/* Newer than the C library of the oldest distribution that we build on. */
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008u
#endif
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

#define MAX_NODES 1024u
#define LONG_BITS (8 * sizeof(unsigned long))

size_t fn_page_bytes(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

/* The page size that is asked for first. */
static size_t first_choice(const struct fn_pages_source *source)
{
	return source->page_bytes ? source->page_bytes : HUGE_2M;
}

static size_t round_to(size_t len, size_t page_bytes)
{
	size_t unit = page_bytes >= HUGE_2M ? page_bytes : fn_page_bytes();

	return fn_align_up(len, unit);
}

size_t fn_pages_round(const struct fn_pages_source *source, size_t len)
{
	return round_to(len, first_choice(source));
}

/* NUMA by plain system calls: libnuma would read /sys at each program's start for two of them. */
void fn_pages_prefer_node(void *va, size_t len, int numa_node)
{
	unsigned long mask[MAX_NODES / LONG_BITS] = { 0 };
	unsigned node = (unsigned)numa_node;

	if (numa_node < 0 || node >= MAX_NODES)
		return;
	mask[node / LONG_BITS] = 1ul << (node % LONG_BITS);
	/*
	 * Preferred, not bound: a bound hugepage that is missing is a SIGBUS, and bound ordinary
	 * pages that are missing wake the out-of-memory killer. The kernel counts maxnode one too
	 * high.
	 */
	(void)syscall(SYS_mbind, va, len, MPOL_PREFERRED, mask, MAX_NODES + 1ul, 0u);
}

int fn_pages_node(void *va)
{
	int node = -1;

	if (syscall(SYS_get_mempolicy, &node, NULL, 0ul, va, MPOL_F_NODE | MPOL_F_ADDR))
		return -1;
	return node;
}

static int check_node(int numa_node)
{
	static const char dir[] = "/sys/devices/system/node";
	char path[sizeof(dir) + 32];

	if (numa_node < 0)
		return 0;
	(void)snprintf(path, sizeof(path), "%s/node%d", dir, numa_node);
	/* A kernel without NUMA has no such folder at all, and one node. */
	if (access(path, F_OK) == 0 || (numa_node == 0 && access(dir, F_OK) != 0))
		return 0;
	return fn_fail(-EINVAL, "there is no NUMA node %d on this machine (see %s)", numa_node,
		       dir);
}

static int memory_file(size_t page_bytes)
{
	unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	int fd;

	if (page_bytes >= HUGE_2M)
		flags |= MFD_HUGETLB | ((unsigned)__builtin_ctzll(page_bytes) << MFD_HUGE_SHIFT);
	/* Linux 6.3 and later wants to be told that the file is no program; earlier ones refuse. */
	fd = memfd_create("fastnic", flags | MFD_NOEXEC_SEAL);
	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("fastnic", flags);
	return fd < 0 ? -errno : fd;
}

/*
 * Every page is made present now: what is missing is an error here, and not a SIGBUS at the first
 * touch (hugepages reserved by mmap may still be missing on the node or in the control group).
 */
static int populate(const struct fn_pages *pages)
{
	int ret;

	do
		ret = madvise(pages->va, pages->len, MADV_POPULATE_WRITE);
	while (ret && errno == EINTR);
	return ret ? -ENOMEM : 0;
}

/*
 * Bytes that the machine can still give. A memory file is not limited by itself: to fill a larger
 * one would not fail but wake the out-of-memory killer.
 */
static uint64_t available_bytes(void)
{
	uint64_t kib = UINT64_MAX / 1024;
	char line[128];
	FILE *f = fopen("/proc/meminfo", "re");

	if (!f)
		return UINT64_MAX;
	while (fgets(line, sizeof(line), f))
		if (strncmp(line, "MemAvailable:", 13) == 0)
			kib = strtoull(line + 13, NULL, 10);
	(void)fclose(f);
	return kib * 1024;
}

/* One size, one try. No sentence. */
static int try_pages(size_t len, size_t page_bytes, int numa_node, bool thp, struct fn_pages *pages)
{
	int ret;

	if (page_bytes < HUGE_2M && len > available_bytes())
		return -ENOMEM;
	pages->len = round_to(len, page_bytes);
	pages->page_bytes = page_bytes >= HUGE_2M ? page_bytes : fn_page_bytes();
	pages->fd = memory_file(page_bytes);
	if (pages->fd < 0)
		return pages->fd;
	ret = -ENOMEM;
	if (ftruncate(pages->fd, (off_t)pages->len))
		goto close_fd;
	pages->va = mmap(NULL, pages->len, PROT_READ | PROT_WRITE, MAP_SHARED, pages->fd, 0);
	if (pages->va == MAP_FAILED)
		goto close_fd;
	if (madvise(pages->va, pages->len, MADV_DONTFORK))
		goto unmap;
	if (thp)
		(void)madvise(pages->va, pages->len, MADV_HUGEPAGE);
	fn_pages_prefer_node(pages->va, pages->len, numa_node);
	ret = populate(pages);
	if (ret)
		goto unmap;
	/* A peer that gets the descriptor could otherwise truncate the file: SIGBUS for us. */
	(void)fcntl(pages->fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
	return 0;

unmap:
	(void)munmap(pages->va, pages->len);
close_fd:
	(void)close(pages->fd);
	return ret;
}

/* One number of a hugepage pool in sysfs; false when there is none of this size. */
static bool read_count(size_t page_bytes, const char *name, unsigned long *count)
{
	char path[96];
	FILE *f;
	bool ok;

	(void)snprintf(path, sizeof(path), "/sys/kernel/mm/hugepages/hugepages-%zukB/%s",
		       page_bytes / 1024, name);
	f = fopen(path, "re");
	if (!f)
		return false;
	ok = fscanf(f, "%lu", count) == 1; /* NOLINT(cert-err34-c): the kernel's own number */
	(void)fclose(f);
	return ok;
}

/* How to get hugepages for @len bytes, into @text. */
static void remedy(size_t len, size_t page_bytes, char *text, size_t text_bytes)
{
	const char *boot = page_bytes == HUGE_1G ? " (or boot with hugepagesz=1G hugepages=)" : "";
	unsigned long total;
	unsigned long vacant;
	unsigned long reserved;
	unsigned long need = len / page_bytes;

	if (!read_count(page_bytes, "nr_hugepages", &total) ||
	    !read_count(page_bytes, "free_hugepages", &vacant) ||
	    !read_count(page_bytes, "resv_hugepages", &reserved)) {
		(void)snprintf(text, text_bytes, "this kernel has none of that size");
		return;
	}
	vacant -= reserved < vacant ? reserved : vacant;
	total += need > vacant ? need - vacant : 1;
	(void)snprintf(text, text_bytes,
		       "as root: echo %lu > "
		       "/sys/kernel/mm/hugepages/hugepages-%zukB/nr_hugepages%s",
		       total, page_bytes / 1024, boot);
}

static int no_pages(const struct fn_pages_source *source, size_t len, size_t soon, int ret)
{
	size_t size = source->page_bytes;
	char text[192];

	if (ret == -EMFILE || ret == -ENFILE)
		return fn_fail(ret,
			       "no file descriptor left for a DMA memory file: raise the limit "
			       "(ulimit -n)");
	if (size < HUGE_2M)
		return fn_fail(-ENOMEM,
			       "%zu bytes of DMA memory are not to be had: the machine has %" PRIu64
			       " left; use smaller or fewer pools",
			       len, available_bytes());
	remedy(round_to(len, size) + round_to(soon, size), size, text, sizeof(text));
	return fn_fail(-ENOMEM, "no hugepages of %zu KiB for %zu bytes of DMA memory; %s",
		       size / 1024, len, text);
}

static void warn_size(struct fn_pages_source *source, size_t len, size_t soon)
{
	char text[192];

	if (source->warned_size)
		return;
	source->warned_size = true;
	remedy(round_to(len, HUGE_2M) + round_to(soon, HUGE_2M), HUGE_2M, text, sizeof(text));
	fn_log(source->ctx, FN_LOG_WARN,
	       "no hugepages of 2048 KiB for %zu bytes: DMA memory comes from ordinary pages, "
	       "which works but costs speed; %s",
	       len, text);
}

/* The node's memory runs out from the first page to the last: the last one tells. */
static void warn_node(struct fn_pages_source *source, const struct fn_pages *pages, int numa_node)
{
	int node = fn_pages_node((char *)pages->va + pages->len - 1);

	if (numa_node < 0 || node < 0 || node == numa_node || source->warned_node)
		return;
	source->warned_node = true;
	fn_log(source->ctx, FN_LOG_WARN,
	       "too little memory left on NUMA node %d: DMA memory comes from node %d, which works "
	       "but costs speed; reserve hugepages on node %d",
	       numa_node, node, numa_node);
}

int fn_pages_alloc(struct fn_pages_source *source, size_t len, size_t soon, int numa_node,
		   struct fn_pages *pages)
{
	int ret = check_node(numa_node);

	if (ret)
		return ret;
	ret = try_pages(len, first_choice(source), numa_node, false, pages);
	if (ret && !source->page_bytes) {
		ret = try_pages(len, fn_page_bytes(), numa_node, true, pages);
		if (!ret)
			warn_size(source, len, soon);
	}
	if (ret)
		return no_pages(source, len, soon, ret);
	warn_node(source, pages, numa_node);
	return 0;
}

void fn_pages_free(struct fn_pages *pages)
{
	(void)munmap(pages->va, pages->len);
	(void)close(pages->fd);
	memset(pages, 0, sizeof(*pages));
	pages->fd = -1;
}

int fn_pages_check(void *va, size_t len)
{
	int ret;

	do
		ret = madvise(va, len, MADV_POPULATE_WRITE);
	while (ret && errno == EINTR);
	return ret ? -EFAULT : 0;
}
