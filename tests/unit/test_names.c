// SPDX-License-Identifier: BSD-3-Clause
/* What can be enumerated has names: each its own, and none where there is nothing. */
#include <ctype.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <fastnic/dev.h>
#include <fastnic/selftest.h>

/* Small letters, as in messages; no two alike. How many below @most; none is beyond. */
static unsigned names(const char *(*name)(unsigned), unsigned most)
{
	unsigned n = 0;

	for (unsigned i = 0; i < most; i++) {
		const char *mine = name(i);

		if (!mine)
			continue;
		n++;
		assert_true(mine[0] != '\0');
		for (const char *p = mine; *p; p++)
			assert_true(islower((unsigned char)*p) || isdigit((unsigned char)*p) ||
				    *p == '_');
		for (unsigned k = 0; k < i; k++)
			assert_true(!name(k) || strcmp(name(k), mine) != 0);
	}
	for (unsigned i = most; i < 1000; i++)
		assert_null(name(i));
	assert_null(name(UINT_MAX));
	return n;
}

static void capabilities(void **state)
{
	(void)state;
	assert_int_equal(names(fn_cap_name, FN_CAPS), FN_CAPS);
	assert_string_equal(fn_cap_name(0), "set_mac");
	assert_string_equal(fn_cap_name((unsigned)__builtin_ctzll(FN_CAP_RSS)), "rss");
	assert_string_equal(fn_cap_name((unsigned)__builtin_ctzll(FN_CAP_NVM)), "nvm");
}

/* Between those of receiving and those of sending two bits are free. */
static void offloads(void **state)
{
	(void)state;
	assert_int_equal(names(fn_offload_name, FN_OFFLOADS), FN_OFFLOADS - 2);
	assert_string_equal(fn_offload_name(0), "rx_csum");
	assert_string_equal(fn_offload_name((unsigned)__builtin_ctzll(FN_OFFLOAD_VLAN_FILTER)),
			    "vlan_filter");
	assert_string_equal(fn_offload_name((unsigned)__builtin_ctzll(FN_OFFLOAD_TX_VLAN)),
			    "tx_vlan");
	/* A refusal has room for so many each, with a comma. */
	for (unsigned i = 0; i < FN_OFFLOADS; i++)
		assert_true(!fn_offload_name(i) || strlen(fn_offload_name(i)) <= 14);
}

static void selftests(void **state)
{
	(void)state;
	assert_int_equal(names(fn_selftest_name, FN_SELFTESTS), FN_SELFTESTS);
	assert_string_equal(fn_selftest_name(FN_SELFTEST_LOOPBACK), "loopback");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(capabilities),
		cmocka_unit_test(offloads),
		cmocka_unit_test(selftests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
