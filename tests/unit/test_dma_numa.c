// SPDX-License-Identifier: BSD-3-Clause
/* DMA memory on a machine whose memory lies on another node than was asked for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include <fastnic/fastnic.h>

/*
 * A machine of two nodes, the first of them full: node 0 exists on every machine, and the kernel
 * answers here that whatever one looks at lies on node 1. This stands in front of the C library's.
 */
long syscall(long number, ...)
{
	va_list args;
	int *node;

	if (number != SYS_get_mempolicy)
		return 0;
	va_start(args, number);
	node = va_arg(args, int *);
	va_end(args);
	*node = 1;
	return 0;
}

/* Rings come and go with each start of a device: the memory of the last start serves the next. */
static void memory_on_the_other_node_is_used_again(void **state)
{
	const struct fn_ctx_opts ctx_opts = { .sz = sizeof(ctx_opts), .page_bytes = 4096 };
	const struct fn_dma_opts opts = { .sz = sizeof(opts), .numa_node_plus_1 = 1 };
	struct fn_ctx *ctx;
	struct fn_dma first;

	(void)state;
	assert_int_equal(fn_ctx_create(&ctx_opts, &ctx), 0);
	assert_int_equal(fn_dma_alloc(ctx, 8192, &opts, &first), 0);
	for (unsigned i = 0; i < 5; i++) {
		const uint64_t iova = first.iova.v;
		const int fd = first.fd;

		fn_dma_free(ctx, &first);
		assert_int_equal(fn_dma_alloc(ctx, 8192, &opts, &first), 0);
		assert_int_equal(first.iova.v, iova);
		assert_int_equal(first.fd, fd);
	}
	fn_dma_free(ctx, &first);
	assert_int_equal(fn_ctx_destroy(ctx), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_on_the_other_node_is_used_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
