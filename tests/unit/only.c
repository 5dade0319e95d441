// SPDX-License-Identifier: BSD-3-Clause
/*
 * Some cases of a program alone: FASTNIC_ONLY is their name, with * and ? for what is left open.
 * For mutations (tests/mutation): of a long program one case sees them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

__attribute__((constructor)) static void only(void)
{
	const char *name = getenv("FASTNIC_ONLY");

	if (name)
		cmocka_set_test_filter(name);
}
