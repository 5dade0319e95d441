// SPDX-License-Identifier: BSD-3-Clause
/* PCI addresses: what is one, what is none, and that text and address say the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/bits.h"
#include "bus/pci/addr.h"

static void both_spellings(void **state)
{
	static const struct {
		const char *text;
		struct fn_pci_addr addr;
	} good[] = {
		{ "0000:00:03.0", { 0, 0, 3, 0 } },
		{ "00:03.0", { 0, 0, 3, 0 } },
		{ "ffff:ff:1f.7", { 0xffff, 0xff, 31, 7 } },
		{ "FFFF:aB:1F.7", { 0xffff, 0xab, 31, 7 } },
		{ "0001:02:04.5", { 1, 2, 4, 5 } },
		{ "12:00.1", { 0, 0x12, 0, 1 } },
	};

	(void)state;
	for (unsigned i = 0; i < FN_ARRAY_LEN(good); i++) {
		struct fn_pci_addr addr;

		assert_true(fn_pci_addr_parse(good[i].text, &addr));
		assert_true(fn_pci_addr_equal(&addr, &good[i].addr));
	}
}

/* A half understood address would open another device than the one that was meant. */
static void nothing_else(void **state)
{
	static const char *const bad[] = {
		"",
		"0",
		"0000:00:03",
		"0000:00:03.",
		"0000:00:03.8",
		"0000:00:20.0",
		"000:00:03.0",
		"00000:00:03.0",
		"0000:00:3.0",
		"0000:0:03.0",
		"0000:00:03.0 ",
		" 0000:00:03.0",
		"0000:00:03.00",
		"0000-00:03.0",
		"0000:00.03.0",
		"0000:00:03,0",
		"0x00:00:03.0",
		"000g:00:03.0",
		"00:03.0\n",
		"vhost-user:/x",
		"+000:00:03.0",
		"0000:00:03:0",
		"::.",
		"00:3.0",
		"0000:",
	};

	(void)state;
	for (unsigned i = 0; i < FN_ARRAY_LEN(bad); i++) {
		struct fn_pci_addr addr = { 1, 2, 3, 4 };

		if (fn_pci_addr_parse(bad[i], &addr))
			fail_msg("taken as an address: \"%s\"", bad[i]);
		assert_true(fn_pci_addr_equal(&addr, &(struct fn_pci_addr){ 1, 2, 3, 4 }));
	}
}

static void text_and_back(void **state)
{
	static const uint16_t domains[] = { 0, 1, 0x00ff, 0x1000, 0xffff };

	(void)state;
	for (unsigned d = 0; d < FN_ARRAY_LEN(domains); d++) {
		for (unsigned i = 0; i < 0x10000; i++) {
			const struct fn_pci_addr addr = { domains[d], (uint8_t)(i >> 8),
							  (uint8_t)(i >> 3 & 31),
							  (uint8_t)(i & 7) };
			char text[FN_PCI_ADDR_CHARS];
			struct fn_pci_addr back;

			fn_pci_addr_format(&addr, text);
			assert_int_equal(strlen(text), 12);
			assert_true(fn_pci_addr_parse(text, &back));
			assert_true(fn_pci_addr_equal(&addr, &back));
		}
	}
}

static void long_form(void **state)
{
	char text[FN_PCI_ADDR_CHARS];

	(void)state;
	fn_pci_addr_format(&(struct fn_pci_addr){ 0xabc, 0xd, 0x1e, 7 }, text);
	assert_string_equal(text, "0abc:0d:1e.7");
}

static void equal_means_all_four(void **state)
{
	const struct fn_pci_addr a = { 1, 2, 3, 4 };

	(void)state;
	assert_true(fn_pci_addr_equal(&a, &(struct fn_pci_addr){ 1, 2, 3, 4 }));
	assert_false(fn_pci_addr_equal(&a, &(struct fn_pci_addr){ 0, 2, 3, 4 }));
	assert_false(fn_pci_addr_equal(&a, &(struct fn_pci_addr){ 1, 0, 3, 4 }));
	assert_false(fn_pci_addr_equal(&a, &(struct fn_pci_addr){ 1, 2, 0, 4 }));
	assert_false(fn_pci_addr_equal(&a, &(struct fn_pci_addr){ 1, 2, 3, 0 }));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_spellings),       cmocka_unit_test(nothing_else),
		cmocka_unit_test(text_and_back),        cmocka_unit_test(long_form),
		cmocka_unit_test(equal_means_all_four),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
