// SPDX-License-Identifier: BSD-3-Clause
/*
 * Which processor an MSI-X entry interrupts, on a tree of files shaped like /proc. What the kernel
 * does with it is for tests/vm/test_vfio.c.
 */
#include <errno.h>
#include <sys/syscall.h>

#include "bus/vfio/vfio.h"
#include "tests/unit/fake_tree.h"

#define BDF "0000:00:03.0"

/* Entries 0, 1, 3 and 11, another device's, a driver's of a name alike, and what is no device's. */
static const char interrupts[] =
	"     CPU0 CPU1\n"
	"  1:   9   0  IR-IO-APIC    1-edge  i8042\n"
	" 24:   0   3  IR-PCI-MSIX-0000:00:03.0   11-edge  vfio-msix[11](" BDF ")\n"
	" 25:   0   3  IR-PCI-MSIX-0000:00:04.0    1-edge  vfio-msix[1](0000:00:04.0)\n"
	" 26:   0   3  IR-PCI-MSIX-0000:00:05.0    1-edge  a-vfio-msix[1](" BDF "), b\n"
	" 27:   0   3  IR-PCI-MSIX-0000:00:03.0    1-edge  vfio-msix[1](" BDF ")\n"
	"128:   0   3  IR-PCI-MSIX-0000:00:03.0    0-edge  vfio-msix[0](" BDF "), x\n"
	"NMI:   0   0   Non-maskable interrupts   vfio-msix[2](" BDF ")\n"
	" 29:   0   3  IR-PCI-MSIX-0000:00:03.0    3-edge  vfio-msix[3](" BDF ")";

static struct {
	struct tree tree;
	char proc[TREE_PATH];
	struct fn_vfio_roots roots;
} env;

/* What the kernel says to the next write of a file, instead of taking it. */
static int refuses;

ssize_t write(int fd, const void *buf, size_t n)
{
	if (!refuses)
		return syscall(SYS_write, fd, buf, n);
	errno = refuses;
	refuses = 0;
	return -1;
}

static int setup(void **state)
{
	(void)state;
	tree_new(&env.tree);
	tree_path(&env.tree, env.proc, "proc");
	tree_file(&env.tree, "proc/interrupts", interrupts);
	tree_file(&env.tree, "proc/irq/24/smp_affinity_list", "");
	tree_file(&env.tree, "proc/irq/25/smp_affinity_list", "");
	tree_file(&env.tree, "proc/irq/26/smp_affinity_list", "");
	tree_file(&env.tree, "proc/irq/27/smp_affinity_list", "");
	tree_file(&env.tree, "proc/irq/29/smp_affinity_list", "");
	tree_file(&env.tree, "proc/irq/128/smp_affinity_list", "");
	env.roots = (struct fn_vfio_roots){ "/sys", "/dev/vfio", env.proc };
	refuses = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	tree_free(&env.tree);
	return 0;
}

static void assert_list(unsigned irq, const char *text)
{
	char path[TREE_PATH + 64];
	char got[16] = "";
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/irq/%u/smp_affinity_list", env.proc, irq);
	file = fopen(path, "re");
	assert_non_null(file);
	(void)fgets(got, sizeof(got), file);
	assert_int_equal(fclose(file), 0);
	assert_string_equal(got, text);
}

static void refused(unsigned entry, unsigned cpu, int ret, const char *words)
{
	(void)fn_fail(0, "no sentence");
	assert_int_equal(fn_vfio_irq_move(&env.roots, BDF, entry, cpu), ret);
	if (!strstr(fn_error_last(), words))
		fail_msg("\"%s\" does not have \"%s\"", fn_error_last(), words);
	assert_non_null(strstr(fn_error_last(), BDF));
}

/* The file of the interrupt that has the entry's whole name gets the processor, and no other. */
static void moved(void **state)
{
	(void)state;
	assert_int_equal(fn_vfio_irq_move(&env.roots, BDF, 1, 3), 0);
	assert_list(27, "3\n");
	assert_int_equal(fn_vfio_irq_move(&env.roots, BDF, 0, 0), 0);
	assert_list(128, "0\n");
	assert_int_equal(fn_vfio_irq_move(&env.roots, BDF, 11, 4294967295u), 0);
	assert_list(24, "4294967295\n");
	/* A last line without an end. */
	assert_int_equal(fn_vfio_irq_move(&env.roots, BDF, 3, 12), 0);
	assert_list(29, "12\n");
	assert_list(25, "");
	assert_list(26, "");
}

static void not_found(void **state)
{
	(void)state;
	refused(2, 0, -ENOENT, "has no \"vfio-msix[2](" BDF ")\"");
	tree_remove_one(&env.tree, "proc/irq/27/smp_affinity_list");
	refused(1, 0, -ENOENT, "/irq/27/smp_affinity_list");
	tree_remove_one(&env.tree, "proc/interrupts");
	refused(1, 0, -ENOENT, "/proc");
}

/* Without the right the sentence has the line for the administrator. */
static void no_right(void **state)
{
	static const int errors[] = { EACCES, EPERM, EROFS };
	char path[TREE_PATH];
	char line[TREE_PATH + 64];

	(void)state;
	tree_path(&env.tree, path, "proc/irq/27/smp_affinity_list");
	(void)snprintf(line, sizeof(line), "as root run: echo 5 > %s", path);
	for (unsigned i = 0; i < FN_ARRAY_LEN(errors); i++) {
		refuses = errors[i];
		refused(1, 5, -EACCES, line);
		assert_non_null(strstr(fn_error_last(), "--banirq=27"));
	}
	/* As the file itself says it, to who is not root. */
	assert_int_equal(chmod(env.tree.root, 0755), 0);
	assert_int_equal(chmod(path, 0444), 0);
	if (!geteuid())
		assert_int_equal(seteuid(65534), 0);
	refused(1, 5, -EACCES, line);
	assert_int_equal(seteuid(getuid()), 0);
	assert_list(27, "");
}

static void not_that_processor(void **state)
{
	static const int errors[] = { EINVAL, ERANGE, EOVERFLOW };

	(void)state;
	for (unsigned i = 0; i < FN_ARRAY_LEN(errors); i++) {
		refuses = errors[i];
		refused(1, 4096, -EINVAL, "/sys/devices/system/cpu/online");
	}
}

/* Interrupts that the kernel manages itself, or cannot move; or no room on that processor. */
static void the_kernel_refuses(void **state)
{
	static const int errors[] = { EIO, EBUSY, ENOSPC };

	(void)state;
	for (unsigned i = 0; i < FN_ARRAY_LEN(errors); i++) {
		refuses = errors[i];
		refused(1, 1, -EIO, "/irq/27/effective_affinity_list");
		assert_non_null(strstr(fn_error_last(), strerror(errors[i])));
	}
	assert_list(27, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(moved),
		TEST(not_found),
		TEST(no_right),
		TEST(not_that_processor),
		TEST(the_kernel_refuses),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
