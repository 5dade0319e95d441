// SPDX-License-Identifier: BSD-3-Clause
/*
 * Memory of the process as a part of the guest's RAM. QEMU knows no memory but the file that it was
 * started with, and the library's memory is made without knowing of QEMU. So, when memory is mapped
 * for devices, its contents move into a slice of that file and the slice takes its place in the
 * process, at the same address; and back when it is unmapped. The library notices nothing, and the
 * application's own memory (fn_dma_map()) goes the same way.
 *
 * A thread that writes to the memory at the very moment when it moves would lose that write: memory
 * moves when the first device of a context is opened, when memory is made, and at the last close.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <string.h>
#include <sys/mman.h>

#include "qtest/qtest_priv.h"

/* What is zero stays untouched, so that it takes no memory. Reads pages that may be shared. */
static void copy_what_is(uint8_t *to, const uint8_t *from, size_t len)
{
	static const uint8_t zeros[QTEST_PAGE];

	for (size_t off = 0; off < len; off += QTEST_PAGE)
		if (memcmp(from + off, zeros, QTEST_PAGE) != 0)
			memcpy(to + off, from + off, QTEST_PAGE);
}

int qtest_memory_lend(struct qtest *q, void *va, size_t len, uint64_t *gpa)
{
	const struct fn_dma_range window = { QTEST_SLICES, QTEST_RAM_BYTES - 1 };
	int err;

	if (fn_ranges_take(&q->slices, window, len, QTEST_PAGE, gpa))
		return fn_fail(-ENOMEM,
			       "QEMU's RAM of %u MiB has no room for %zu more bytes of DMA memory: "
			       "use smaller pools",
			       QTEST_RAM_MB, len);
	copy_what_is(q->ram + *gpa, va, len);
	if (mmap(va, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, q->ram_fd, (off_t)*gpa) ==
	    va) {
		(void)madvise(va, len, MADV_DONTFORK);
		return 0;
	}
	err = errno;
	(void)fn_ranges_give(&q->slices, *gpa);
	return fn_fail(-err, "%zu bytes at %p cannot become a part of QEMU's RAM: %s", len, va,
		       fn_strerror(err));
}

void qtest_memory_return(struct qtest *q, void *va, size_t len, uint64_t gpa)
{
	uint8_t *own = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	/* Without memory for it, it stays where it is: the slice is lost, and nothing else. */
	if (own == MAP_FAILED)
		return;
	copy_what_is(own, q->ram + gpa, len);
	(void)madvise(own, len, MADV_DONTFORK);
	if (mremap(own, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, va) != va) {
		(void)munmap(own, len);
		return;
	}
	/* The next owner finds zeros. */
	if (fallocate(q->ram_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)gpa,
		      (off_t)len))
		memset(q->ram + gpa, 0, len);
	(void)fn_ranges_give(&q->slices, gpa);
}
