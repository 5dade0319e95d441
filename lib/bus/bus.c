// SPDX-License-Identifier: BSD-3-Clause
/*
 * Configuration space, capabilities and unmapped registers, for every bus alike: all through its
 * ops.
 */
#include <errno.h>

#include "base/error.h"
#include "bus/bus.h"

/* PCI 3.0 6.1: the part of the header that is the same for all functions. */
#define PCI_COMMAND 0x04
#define PCI_COMMAND_MEMORY 0x0002
#define PCI_COMMAND_MASTER 0x0004
#define PCI_STATUS 0x06
#define PCI_STATUS_CAP_LIST 0x0010
#define PCI_REVISION 0x08
#define PCI_CAPABILITIES 0x34

/* PCI 3.0 6.7: capabilities lie behind the header, in the first 256 bytes, on multiples of 4. */
#define PCI_CAP_FIRST 0x40
#define PCI_CAP_MASK 0xfc

static uint64_t ones(unsigned width)
{
	return width >= 8 ? UINT64_MAX : (UINT64_C(1) << (width * 8)) - 1;
}

/* The bus fills what it cannot read with ones, so that its return value adds nothing here. */
uint8_t fn_cfg_read8(struct fn_busdev *busdev, uint16_t off)
{
	uint8_t value = UINT8_MAX;

	(void)busdev->ops->cfg_read(busdev, off, &value, sizeof(value));
	return value;
}

uint16_t fn_cfg_read16(struct fn_busdev *busdev, uint16_t off)
{
	uint16_t value = UINT16_MAX;

	(void)busdev->ops->cfg_read(busdev, off, &value, sizeof(value));
	return le16toh(value);
}

uint32_t fn_cfg_read32(struct fn_busdev *busdev, uint16_t off)
{
	uint32_t value = UINT32_MAX;

	(void)busdev->ops->cfg_read(busdev, off, &value, sizeof(value));
	return le32toh(value);
}

int fn_cfg_write16(struct fn_busdev *busdev, uint16_t off, uint16_t value)
{
	const uint16_t raw = htole16(value);

	return busdev->ops->cfg_write(busdev, off, &raw, sizeof(raw));
}

int fn_busdev_set_master(struct fn_busdev *busdev, bool on)
{
	const uint16_t old = fn_cfg_read16(busdev, PCI_COMMAND);
	uint16_t command;

	/* All ones are no legal command (bits 11 to 15 are reserved): do not write them back. */
	if (old == UINT16_MAX)
		return fn_fail(-ENODEV,
			       "%s: the device does not answer; it was removed or has failed",
			       busdev->name);
	command = (uint16_t)(on ? old | PCI_COMMAND_MASTER : old & ~PCI_COMMAND_MASTER);
	if (command == old)
		return 0;
	return fn_cfg_write16(busdev, PCI_COMMAND, command);
}

bool fn_busdev_is_gone(struct fn_busdev *busdev)
{
	return fn_cfg_read32(busdev, 0) == UINT32_MAX;
}

int fn_busdev_identify(struct fn_busdev *busdev)
{
	uint16_t command;

	if (fn_busdev_is_gone(busdev))
		return fn_fail(-ENODEV,
			       "%s does not answer: its configuration space reads as all ones; it "
			       "was removed, or needs a power cycle",
			       busdev->name);
	busdev->vendor_id = fn_cfg_read16(busdev, 0);
	busdev->device_id = fn_cfg_read16(busdev, 2);
	busdev->revision = fn_cfg_read8(busdev, PCI_REVISION);
	command = fn_cfg_read16(busdev, PCI_COMMAND);
	command = (uint16_t)((command | PCI_COMMAND_MEMORY) & ~PCI_COMMAND_MASTER);
	return fn_cfg_write16(busdev, PCI_COMMAND, command);
}

/*
 * The walk begins at the head of the list each time, because only the whole way tells whether the
 * list has come back to a place where it was before.
 */
uint16_t fn_busdev_next_cap(struct fn_busdev *busdev, uint8_t id, uint16_t after)
{
	const uint16_t status = fn_cfg_read16(busdev, PCI_STATUS);
	bool passed = after == 0;
	uint64_t seen = 0;
	uint8_t pos;

	if (status == UINT16_MAX || !(status & PCI_STATUS_CAP_LIST))
		return 0;
	pos = fn_cfg_read8(busdev, PCI_CAPABILITIES) & PCI_CAP_MASK;
	while (pos >= PCI_CAP_FIRST && !(seen & (UINT64_C(1) << (pos / 4)))) {
		const uint16_t head = fn_cfg_read16(busdev, pos);

		if (head == UINT16_MAX)
			return 0;
		if (passed && (head & 0xff) == id)
			return pos;
		if (pos == after)
			passed = true;
		seen |= UINT64_C(1) << (pos / 4);
		pos = (uint8_t)(head >> 8) & PCI_CAP_MASK;
	}
	return 0;
}

static bool inside(const struct fn_bar *bar, uint64_t off, unsigned width)
{
	return off <= bar->len && width <= bar->len - off;
}

uint64_t fn_bar_read_slow(const struct fn_bar *bar, uint64_t off, unsigned width)
{
	if (!inside(bar, off, width))
		return ones(width);
	return bar->busdev->ops->bar_read(bar->busdev, bar->idx, bar->off + off, width) &
	       ones(width);
}

void fn_bar_write_slow(const struct fn_bar *bar, uint64_t off, unsigned width, uint64_t value)
{
	if (inside(bar, off, width))
		bar->busdev->ops->bar_write(bar->busdev, bar->idx, bar->off + off, width, value);
}

unsigned fn_doorbell_ring32_cold(const struct fn_doorbell *db, uint32_t value, unsigned result)
{
	fn_bar_write_slow(db->bar, db->off, 4, value);
	return result;
}

int fn_busdev_map(struct fn_busdev *busdev, unsigned idx, uint64_t off, uint64_t len,
		  struct fn_bar *bar)
{
	const int ret = busdev->ops->map(busdev, idx, off, len, bar);

	return ret == -EINVAL ? -EIO : ret;
}
