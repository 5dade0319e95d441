// SPDX-License-Identifier: BSD-3-Clause
/*
 * The list of network functions, by libpci; the one file that libpci's manners are confined to. By
 * itself libpci prints, and ends the process on an error. Here its three handlers are replaced, and
 * the error handler, which must not return, jumps back to the call of libpci that went wrong.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pci/pci.h>

#include "base/error.h"
#include "bus/pci/scan.h"
#include "bus/pci/sysfs.h"

#define CLASS_NETWORK 0x02

struct scan {
	const char *sys;
	const char *ids;
	struct pci_access *acc;
	struct pci_dev *dev;      /* the one that a step is about */
	struct fn_pci_info *info; /* likewise */
	jmp_buf env;
	char words[160]; /* what libpci said last */
};

/*
 * libpci hands its error handler nothing of ours, so the scan that runs on this thread is found
 * here.
 */
static _Thread_local struct scan *running;

static void on_error(char *msg, ...) __attribute__((noreturn, format(printf, 1, 2)));
static void on_words(char *msg, ...) __attribute__((format(printf, 1, 2)));

static void on_error(char *msg, ...)
{
	va_list args;

	va_start(args, msg);
	(void)vsnprintf(running->words, sizeof(running->words), msg, args);
	va_end(args);
	longjmp(running->env, 1);
}

static void on_words(char *msg, ...)
{
	(void)msg;
}

/*
 * Run a few calls of libpci. All that outlives them is in *@scan, since locals of a function that
 * was jumped out of are lost.
 */
static int guarded(struct scan *scan, void (*step)(struct scan *scan))
{
	running = scan;
	if (setjmp(scan->env)) {
		running = NULL;
		return -EIO;
	}
	step(scan);
	running = NULL;
	return 0;
}

static void step_scan(struct scan *scan)
{
	struct pci_access *acc = scan->acc;
	char path[FN_SYSFS_PATH_CHARS];
	char param[] = "sysfs.path";
	char *ids = scan->ids ? strdup(scan->ids) : NULL;

	(void)snprintf(path, sizeof(path), "%s/bus/pci", scan->sys);
	(void)pci_set_param(acc, param, path);
	if (ids)
		pci_set_name_list_path(acc, ids, 1);
	/* Only sysfs: by default libpci also tries to reach the bus past the kernel. */
	acc->method = PCI_ACCESS_SYS_BUS_PCI;
	/* Neither its cache file in the home directory nor look-ups in the DNS. */
	acc->id_lookup_mode = 0;
	pci_init(acc);
	pci_scan_bus(acc);
}

static void step_identify(struct scan *scan)
{
	(void)pci_fill_info(scan->dev, PCI_FILL_IDENT | PCI_FILL_CLASS);
}

static void step_name(struct scan *scan)
{
	char name[sizeof(scan->info->name)];
	const int flags =
		PCI_LOOKUP_VENDOR | PCI_LOOKUP_DEVICE | PCI_LOOKUP_NO_NUMBERS | PCI_LOOKUP_NO_HWDB;

	if (pci_lookup_name(scan->acc, name, sizeof(name), flags, scan->info->vendor_id,
			    scan->info->device_id) == name)
		(void)snprintf(scan->info->name, sizeof(scan->info->name), "%s", name);
}

static void step_cleanup(struct scan *scan)
{
	pci_cleanup(scan->acc);
}

static int scan_begin(struct scan *scan)
{
	/*
	 * pci_alloc() is the one call that ends the process when memory runs out, before a handler
	 * can be set. What it needs is less than this, which goes back to the heap just before;
	 * volatile, or the compiler would leave the pair out.
	 */
	void *volatile probe = malloc(16384);

	if (!probe)
		return fn_fail(-ENOMEM, "out of memory while listing the PCI devices");
	free(probe);
	scan->acc = pci_alloc();
	scan->acc->error = on_error;
	scan->acc->warning = on_words;
	scan->acc->debug = on_words;
	return 0;
}

/* A function that vanishes meanwhile is no network function any more. */
static bool network_function(struct scan *scan, struct pci_dev *dev, struct fn_pci_info *info)
{
	struct fn_pci_addr addr;

	scan->dev = dev;
	if (dev->domain < 0 || dev->domain > UINT16_MAX)
		return false;
	if (guarded(scan, step_identify) || dev->device_class >> 8 != CLASS_NETWORK)
		return false;
	addr = (struct fn_pci_addr){ (uint16_t)dev->domain, dev->bus, dev->dev, dev->func };
	if (fn_sysfs_pci(scan->sys, &addr, info))
		return false;
	/* A damaged PCI ids file costs the name only. */
	scan->info = info;
	(void)guarded(scan, step_name);
	return true;
}

/* The long form of an address has fixed columns, so that text order is address order. */
static int by_address(const void *a, const void *b)
{
	return strcmp(((const struct fn_pci_info *)a)->bdf, ((const struct fn_pci_info *)b)->bdf);
}

static int collect(struct scan *scan, struct fn_pci_info **list, unsigned *n)
{
	struct fn_pci_info *found;
	struct pci_dev *dev;
	unsigned all = 0;
	unsigned used = 0;

	for (dev = scan->acc->devices; dev; dev = dev->next)
		all++;
	found = calloc(all ? all : 1, sizeof(*found));
	if (!found)
		return fn_fail(-ENOMEM, "out of memory while listing the PCI devices");
	for (dev = scan->acc->devices; dev; dev = dev->next)
		if (network_function(scan, dev, &found[used]))
			used++;
	qsort(found, used, sizeof(*found), by_address);
	*list = found;
	*n = used;
	return 0;
}

int fn_pci_scan_at(const char *sys, const char *ids, struct fn_pci_info **list, unsigned *n)
{
	struct scan scan = { .sys = sys, .ids = ids };
	int ret = fn_sysfs_check(sys);

	if (!ret)
		ret = scan_begin(&scan);
	if (ret)
		return ret;
	if (guarded(&scan, step_scan))
		ret = fn_fail(-ENOENT, "no usable sysfs: libpci says: %s", scan.words);
	else
		ret = collect(&scan, list, n);
	(void)guarded(&scan, step_cleanup);
	return ret;
}

int fn_pci_scan(struct fn_pci_info **list, unsigned *n)
{
	return fn_pci_scan_at("/sys", NULL, list, n);
}
