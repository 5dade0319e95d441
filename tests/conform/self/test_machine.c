// SPDX-License-Identifier: BSD-3-Clause
/* What the suite reads of the machine, from files of /proc that are written here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "conform/machine.h"

/* Six processors, of which MACHINE_CPUS are told apart. */
static const char interrupts[] =
	"           CPU0       CPU1       CPU2       CPU3       CPU4       CPU5\n"
	"  0:         17          0          0          0          0          0  IO-APIC   2-edge "
	"     timer\n"
	" 24:          1          2          3          4          5          6  PCI-MSI 65536-edge"
	"      vfio-msix[0](0000:00:04.0)\n"
	" 25:         10         20         30         40         50         60  PCI-MSI 65537-edge"
	"      vfio-msix[1](0000:00:04.0)\n"
	" 26:       1000          0          0          0          0          0  PCI-MSI 81920-edge"
	"      vfio-msix[0](0000:00:05.0)\n"
	"NMI:          9          9          9          9          9          9   Non-maskable "
	"interrupts\n"
	"LOC:        100        200        300        400        500        600   Local timer "
	"interrupts\n"
	"ERR:          7\n";

FILE *__wrap_fopen(const char *path, const char *mode);

FILE *__wrap_fopen(const char *path, const char *mode)
{
	static char text[sizeof(interrupts)];

	(void)mode;
	if (strcmp(path, "/proc/interrupts") == 0)
		memcpy(text, interrupts, sizeof(interrupts));
	else if (strcmp(path, "/proc/self/task/4711/schedstat") == 0)
		(void)snprintf(text, sizeof(text), "123 45 6\n");
	else if (strcmp(path, "/proc/stat") == 0)
		(void)snprintf(text, sizeof(text), "cpu 1 2 3 4 5 6 7 8 9 10\ncpu0 0\n");
	else
		return NULL;
	return fmemopen(text, strlen(text), "r");
}

static void assert_counts(const uint64_t *counts, uint64_t unit)
{
	for (unsigned i = 0; i < MACHINE_CPUS - 1; i++)
		assert_int_equal(counts[i], (i + 1) * unit);
	/* And of those that are not told apart. */
	assert_int_equal(counts[MACHINE_CPUS - 1], (4 + 5 + 6) * unit);
}

/* All vectors of one function, and of no other. */
static void of_a_device(void **state)
{
	struct machine_look look;

	(void)state;
	machine_look(&look, "(0000:00:04.0)", 4711);
	assert_int_equal(look.cpus, MACHINE_CPUS);
	assert_true(look.has_irqs);
	assert_counts(look.irqs, 11);
	assert_counts(look.timers, 100);
	assert_int_equal(look.ran_ns, 123);
	assert_int_equal(look.waited_ns, 45);
	assert_int_equal(look.steal_ns, 80000000);
	machine_look(&look, "(0000:00:06.0)", 4712);
	assert_false(look.has_irqs);
	assert_int_equal(look.ran_ns, 0);
}

/* No device has no interrupts, and not everybody's. */
static void of_none(void **state)
{
	struct machine_look look;

	(void)state;
	machine_look(&look, "", 4711);
	assert_false(look.has_irqs);
	for (unsigned i = 0; i < MACHINE_CPUS; i++)
		assert_int_equal(look.irqs[i], 0);
	assert_counts(look.timers, 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_a_device),
		cmocka_unit_test(of_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
