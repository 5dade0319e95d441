// SPDX-License-Identifier: BSD-3-Clause
/*
 * gigantic PORT PORT: two NICs that face each other exchange frames out of DMA memory of 1 GiB
 * pages, and the kernel says that it is.
 * gigantic --refused: prints the sentence that a pool gets when there are too few such pages.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "kernel_view.h"
#include "rig.h"

#define PAGE_BYTES ((size_t)1 << 30)
#define FRAMES 100

static unsigned gigantic_free(void)
{
	unsigned n;

	if (!number_behind("/sys/kernel/mm/hugepages/hugepages-1048576kB/free_hugepages", "", &n))
		must(-ENOENT, "this kernel's 1 GiB pages");
	return n;
}

/* Size of the pages that this process' mapping with @address has. */
static unsigned page_kb_at(const void *address)
{
	FILE *smaps = fopen("/proc/self/smaps", "re");
	unsigned long long from;
	unsigned long long to;
	bool inside = false;
	char line[512];
	unsigned kb = 0;

	while (smaps && !kb && fgets(line, sizeof(line), smaps)) {
		if (sscanf(line, "%llx-%llx ", &from, &to) == 2)
			inside = from <= (uintptr_t)address && (uintptr_t)address < to;
		else if (inside)
			(void)sscanf(line, "KernelPageSize: %u kB", &kb);
	}
	if (smaps)
		(void)fclose(smaps);
	return kb;
}

static void frames_pass(struct rig *rig)
{
	unsigned passed = 0;
	unsigned kb = 0;

	for (unsigned i = 0; i < FRAMES; i++) {
		struct fn_pkt *pkt = send_one(rig, i % 2, (uint8_t)i);

		if (!pkt)
			break;
		passed++;
		kb = page_kb_at(pkt->data);
		fn_pkt_free(pkt);
	}
	(void)check(passed == FRAMES, "%u of %u frames passed", passed, FRAMES);
	(void)check(kb == PAGE_BYTES / 1024, "a received packet is in pages of %u KiB", kb);
}

/* The NICs' rings have an arena of their own: a page more than the pool's. */
static void test_traffic(struct rig *rig)
{
	const struct holdings before = holdings_now();
	const unsigned had = gigantic_free();
	struct holdings now;

	rig_create(rig);
	rig_open(rig);
	rig_configure(rig);
	rig_start(rig);
	(void)check(gigantic_free() == had - 2, "of %u free 1 GiB pages %u are left", had,
		    gigantic_free());
	(void)check(holdings_now().hugepages == before.hugepages, "all smaller ones are");
	frames_pass(rig);
	rig_stop(rig);
	rig_close(rig);
	rig_destroy(rig);
	now = holdings_now();
	(void)check(gigantic_free() == had, "at the end all 1 GiB pages are free again");
	(void)check(now.hugepages == before.hugepages && now.fds == before.fds,
		    "and no descriptor is left");
}

static void test_refused(struct rig *rig)
{
	struct fn_ctx_opts opts = { .sz = sizeof(opts), .page_bytes = PAGE_BYTES };
	const unsigned had = gigantic_free();
	struct holdings before;
	struct holdings now;
	int ret;

	must(fn_ctx_create(&opts, &rig->ctx), "fn_ctx_create");
	before = holdings_now();
	ret = fn_pool_create(rig->ctx, NULL, &rig->pool);
	(void)check(ret == -ENOMEM && !rig->pool, "with %u pages, fn_pool_create returns %d", had,
		    ret);
	(void)printf("says: %s\n", fn_error_last());
	now = holdings_now();
	(void)check(now.hugepages == before.hugepages && now.fds == before.fds,
		    "it took no smaller pages");
	(void)check(gigantic_free() == had, "and left all 1 GiB pages free");
	must(fn_ctx_destroy(rig->ctx), "fn_ctx_destroy");
}

int main(int argc, char **argv)
{
	struct rig rig = { .page_bytes = PAGE_BYTES };

	if (argc == 2 && strcmp(argv[1], "--refused") == 0) {
		test_refused(&rig);
	} else if (argc == 3) {
		rig.name[0] = argv[1];
		rig.name[1] = argv[2];
		test_traffic(&rig);
	} else {
		(void)fprintf(stderr, "Usage: gigantic PORT PORT | --refused\n");
		return 2;
	}
	(void)check(true, "the end");
	return any_failure();
}
