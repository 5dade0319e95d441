// SPDX-License-Identifier: BSD-3-Clause
/* Configuration space, and what firmware would do: buses, windows, BARs. And unplugging. */
#include <errno.h>
#include <stdio.h>

#include "qtest/qtest_priv.h"

/* PCI-to-PCI Bridge 1.2 3.2 */
#define BRIDGE_BUSES 0x18
#define BRIDGE_IO 0x1c
#define BRIDGE_MEMORY 0x20
#define BRIDGE_PREFETCH 0x24

/* PCIe 6.0 7.5.3: offsets in the PCI Express capability */
#define EXP_SLOT_CONTROL 0x18
#define EXP_SLOT_STATUS 0x1a
#define EXP_DEVICE_CONTROL2 0x28
#define EXP_ARI_FORWARDING 0x0020
#define SLOT_POWER_OFF 0x0400
#define SLOT_POWER_LED_ON 0x0100
#define SLOT_POWER_LED_OFF 0x0300
#define SLOT_ATTENTION_LED_OFF 0x00c0
#define SLOT_ATTENTION_LED_ON 0x0040
#define SLOT_STATUS_ALL 0x00ff

static uint64_t ecam(uint16_t bdf, uint16_t off)
{
	return QTEST_ECAM + ((uint64_t)bdf << 12) + off;
}

uint32_t qtest_cfg_read(struct qtest *q, uint16_t bdf, uint16_t off, unsigned width)
{
	return (uint32_t)qtest_read(q, ecam(bdf, off), width);
}

void qtest_cfg_write(struct qtest *q, uint16_t bdf, uint16_t off, unsigned width, uint32_t value)
{
	qtest_write(q, ecam(bdf, off), width, value);
}

uint16_t qtest_cfg_cap(struct qtest *q, uint16_t bdf, uint8_t id)
{
	uint16_t pos = (uint16_t)qtest_cfg_read(q, bdf, PCI_CAPABILITIES, 1);

	for (unsigned i = 0; pos >= 0x40 && pos != 0xff && i < 48; i++) {
		if (qtest_cfg_read(q, bdf, pos, 1) == id)
			return pos;
		pos = (uint16_t)qtest_cfg_read(q, bdf, pos + 1u, 1);
	}
	return 0;
}

/* The old ports work at once. They switch the memory-mapped way on (Q35: PCIEXBAR at 0x60). */
static void ecam_on(struct qtest *q)
{
	qtest_out32(q, 0xcf8, 0x80000064);
	qtest_out32(q, 0xcfc, 0);
	qtest_out32(q, 0xcf8, 0x80000060);
	qtest_out32(q, 0xcfc, (uint32_t)QTEST_ECAM | 1);
}

/* One bus behind the port, and one window for memory: all BARs fit there. */
static void port_setup(struct qtest *q, uint16_t bdf, uint8_t bus, uint64_t first, uint64_t last)
{
	const uint16_t exp = qtest_cfg_cap(q, bdf, PCI_CAP_EXPRESS);

	qtest_cfg_write(q, bdf, BRIDGE_BUSES, 4, (uint32_t)bus << 8 | (uint32_t)bus << 16);
	/* A base above its limit closes a window. */
	qtest_cfg_write(q, bdf, BRIDGE_IO, 2, 0x00f0);
	qtest_cfg_write(q, bdf, BRIDGE_PREFETCH, 4, 0x0000fff0);
	qtest_cfg_write(q, bdf, BRIDGE_MEMORY, 4,
			(uint32_t)(first >> 16) | (uint32_t)(last >> 16 << 16));
	qtest_cfg_write(q, bdf, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	if (!exp)
		return;
	/* Virtual functions have device numbers above 0 on this bus. */
	qtest_cfg_write(q, bdf, exp + EXP_DEVICE_CONTROL2, 2, EXP_ARI_FORWARDING);
	/* The slot has power; what it did at start is no news. */
	qtest_cfg_write(q, bdf, exp + EXP_SLOT_STATUS, 2, SLOT_STATUS_ALL);
	qtest_cfg_write(q, bdf, exp + EXP_SLOT_CONTROL, 2,
			SLOT_POWER_LED_ON | SLOT_ATTENTION_LED_ON);
}

/*
 * Size a BAR (PCI 3.0 6.2.5.1) and place it at or above *@next. The upper half of a 64-bit one is
 * not sized: none is that large.
 */
static bool bar_place(struct qtest *q, struct qtest_nic *nic, unsigned i, uint64_t *next)
{
	const uint16_t off = (uint16_t)(PCI_BAR0 + 4 * i);
	uint32_t mask;

	qtest_cfg_write(q, nic->bdf, off, 4, UINT32_MAX);
	mask = qtest_cfg_read(q, nic->bdf, off, 4);
	if (!mask || (mask & 1)) {
		qtest_cfg_write(q, nic->bdf, off, 4, 0);
		return false;
	}
	nic->bar_bytes[i] = (uint64_t)(uint32_t)(~(mask & ~15u) + 1);
	/* Whole pages, so that no two devices share one. */
	*next = fn_align_up(*next, nic->bar_bytes[i] > QTEST_PAGE ? nic->bar_bytes[i] : QTEST_PAGE);
	nic->bar[i] = *next;
	*next += nic->bar_bytes[i];
	return (mask & 6) == 4;
}

void qtest_bars_write(struct qtest *q, const struct qtest_nic *nic)
{
	for (unsigned i = 0; i < PCI_BARS; i++) {
		const uint16_t off = (uint16_t)(PCI_BAR0 + 4 * i);

		/* The upper half of the one before is 0, as it was. */
		if (nic->bar_bytes[i])
			qtest_cfg_write(q, nic->bdf, off, 4, (uint32_t)nic->bar[i]);
	}
}

static void msix_find(struct qtest *q, struct qtest_nic *nic)
{
	uint32_t table;

	nic->msix_cap = qtest_cfg_cap(q, nic->bdf, PCI_CAP_MSIX);
	if (!nic->msix_cap)
		return;
	nic->irqs = (qtest_cfg_read(q, nic->bdf, nic->msix_cap + 2u, 2) & 0x7ff) + 1;
	table = qtest_cfg_read(q, nic->bdf, nic->msix_cap + 4u, 4);
	nic->msix_table = nic->bar[table & 7] + (table & ~7u);
}

static int nic_setup(struct qtest *q, unsigned idx)
{
	struct qtest_nic *nic = &q->nics[idx];
	const uint64_t first = QTEST_MMIO + idx * QTEST_MMIO_EACH;
	uint64_t next = first;

	if (nic->port_bdf)
		port_setup(q, nic->port_bdf, (uint8_t)(nic->bdf >> 8), first,
			   first + QTEST_MMIO_EACH - 1);
	if (qtest_cfg_read(q, nic->bdf, 0, 4) == UINT32_MAX)
		return fn_fail(-EIO, "there is no device at %s of QEMU, where \"%s\" should be: %s",
			       nic->name, nic->opts.model, q->dead ? q->why_dead : "no answer");
	for (unsigned i = 0; i < PCI_BARS; i++)
		if (bar_place(q, nic, i, &next))
			i++;
	qtest_bars_write(q, nic);
	qtest_cfg_write(q, nic->bdf, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_INTX_OFF);
	msix_find(q, nic);
	return 0;
}

int qtest_pci_setup(struct qtest *q)
{
	int ret = 0;

	ecam_on(q);
	for (unsigned i = 0; i < q->nics_n && !ret; i++)
		ret = nic_setup(q, i);
	return ret;
}

int qtest_unplug(struct qtest *q, unsigned idx)
{
	struct qtest_nic *nic = &q->nics[idx];
	char id[16];
	uint16_t exp;
	int ret;

	if (!nic->port_bdf || nic->removed)
		return fn_fail(-EINVAL, "%s %s", nic->name,
			       nic->removed ? "was unplugged already" :
					      "is not behind a root port: it cannot be unplugged");
	(void)snprintf(id, sizeof(id), "nic%u", idx);
	qtest_lock(q);
	qtest_flush(q);
	ret = qtest_qmp(q, NULL, 0,
			"{\"execute\": \"device_del\", \"arguments\": {\"id\": \"%s\"}}", id);
	if (!ret) {
		/* The button is pressed; switching the slot's power off lets the device go. */
		exp = qtest_cfg_cap(q, nic->port_bdf, PCI_CAP_EXPRESS);
		qtest_cfg_write(q, nic->port_bdf, exp + EXP_SLOT_CONTROL, 2,
				SLOT_POWER_OFF | SLOT_POWER_LED_OFF | SLOT_ATTENTION_LED_OFF);
		qtest_flush(q);
		ret = qtest_qmp_wait_deleted(q, id);
	}
	/* QEMU reads a register that is gone as 0; a real bus reads all ones. */
	__atomic_store_n(&nic->removed, !ret, __ATOMIC_RELEASE);
	qtest_unlock(q);
	return ret;
}
