// SPDX-License-Identifier: BSD-3-Clause
/*
 * Which frames Intel's gigabit controllers let in (82574 7.1, I210 7.1.1): exact entries, the
 * hash of groups, modes, VLANs.
 */
#include <string.h>

#include "drivers/intel/intel.h"

/* Of the table's 4096 bits: more than these, and it lets in more groups than it keeps out. */
#define MTA_BITS_MAX 2048u

/**
 * struct filter - what is written for a list of addresses
 * @mta: the hash table
 * @exact: which of the addresses have an exact entry, in order
 * @exact_n: how many
 * @mode: how exact all of this is
 */
struct filter {
	uint32_t mta[INTEL_MTA_WORDS];
	uint16_t exact[INTEL_EXACT_MACS_MAX];
	unsigned exact_n;
	enum fn_filter_mode mode;
};

static bool is_group(const uint8_t mac[6])
{
	return mac[0] & 1;
}

/* RCTL.MO 00b: the upper 12 bits of the last two bytes (82574 10.2.5.1, 82576 8.10.1). */
static unsigned hash_of(const uint8_t mac[6])
{
	return ((unsigned)mac[5] << 8 | mac[4]) >> 4;
}

static void write_exact(const struct intel_port *port, unsigned entry, const uint8_t mac[6])
{
	const uint32_t low =
		mac[0] | (uint32_t)mac[1] << 8 | (uint32_t)mac[2] << 16 | (uint32_t)mac[3] << 24;
	const uint32_t high = mac[4] | (uint32_t)mac[5] << 8;

	/* Off while it is half the old and half the new one. */
	intel_write(port, INTEL_RAH(entry), 0);
	intel_write(port, INTEL_RAL(entry), low);
	intel_write(port, INTEL_RAH(entry), INTEL_RAH_AV | high);
}

/* Exact entries for as many of @macs as there are: of groups, or of all others. */
static bool take_exact(const struct intel_chip *chip, struct filter *f, const uint8_t (*macs)[6],
		       unsigned n, bool group)
{
	bool all = true;

	for (unsigned i = 0; i < n; i++) {
		if (is_group(macs[i]) != group)
			continue;
		if (f->exact_n + 1u < chip->exact_macs) {
			f->exact[f->exact_n++] = (uint16_t)i;
			continue;
		}
		all = false;
		if (group)
			f->mta[hash_of(macs[i]) / 32] |= 1u << hash_of(macs[i]) % 32;
	}
	return all;
}

static unsigned mta_bits(const struct filter *f)
{
	unsigned bits = 0;

	for (unsigned i = 0; i < INTEL_MTA_WORDS; i++)
		bits += (unsigned)__builtin_popcount(f->mta[i]);
	return bits;
}

/* Addresses that are no group come first: there is no hash for them, but only all frames. */
static void choose(const struct intel_chip *chip, struct filter *f, const uint8_t (*macs)[6],
		   unsigned n)
{
	memset(f, 0, sizeof(*f));
	f->mode = FN_FILTER_EXACT;
	if (!take_exact(chip, f, macs, n, false))
		f->mode = FN_FILTER_ALL;
	if (!take_exact(chip, f, macs, n, true) && f->mode == FN_FILTER_EXACT)
		f->mode = mta_bits(f) > MTA_BITS_MAX ? FN_FILTER_ALL_MULTI : FN_FILTER_HASH;
	/* The mode lets all groups in; QEMU's models look strangers up in the table as well. */
	if (f->mode == FN_FILTER_ALL_MULTI)
		memset(f->mta, 0, sizeof(f->mta));
}

void intel_filter_modes(struct fn_dev *dev, bool promisc, bool allmulti)
{
	struct intel_port *port = intel_port_of(dev);
	uint32_t rctl = port->rctl;

	if (promisc || port->filter_mode == FN_FILTER_ALL)
		rctl |= INTEL_RCTL_UPE | INTEL_RCTL_MPE;
	if (allmulti || port->filter_mode == FN_FILTER_ALL_MULTI)
		rctl |= INTEL_RCTL_MPE;
	intel_write(port, INTEL_RCTL, rctl);
}

/*
 * The list takes the place of the former one. A mode that lets in more is turned on before the
 * tables change, and one that is not needed any more is turned off behind.
 */
static void write_list(struct fn_dev *dev, const uint8_t (*macs)[6], unsigned n)
{
	struct intel_port *port = intel_port_of(dev);
	const unsigned entries = port->chip->exact_macs;
	struct filter f;

	choose(port->chip, &f, macs, n);
	if (f.mode > port->filter_mode) {
		port->filter_mode = f.mode;
		intel_filter_modes(dev, dev->promisc, dev->allmulti);
	}
	for (unsigned i = 0; i < INTEL_MTA_WORDS; i++)
		intel_write(port, INTEL_MTA + 4 * i, f.mta[i]);
	for (unsigned i = 0; i < f.exact_n; i++)
		write_exact(port, i + 1, macs[f.exact[i]]);
	for (unsigned i = f.exact_n + 1; i < entries; i++)
		intel_write(port, INTEL_RAH(i), 0);
	port->filter_mode = f.mode;
	intel_filter_modes(dev, dev->promisc, dev->allmulti);
	dev->mac_filter_mode = f.mode;
}

int intel_set_mac(struct fn_dev *dev, const uint8_t mac[6])
{
	write_exact(intel_port_of(dev), 0, mac);
	return intel_flush(dev);
}

int intel_set_promisc(struct fn_dev *dev, bool on)
{
	intel_filter_modes(dev, on, dev->allmulti);
	return intel_flush(dev);
}

int intel_set_allmulti(struct fn_dev *dev, bool on)
{
	intel_filter_modes(dev, dev->promisc, on);
	return intel_flush(dev);
}

int intel_set_mac_filters(struct fn_dev *dev, const uint8_t (*macs)[6], unsigned n)
{
	write_list(dev, macs, n);
	return intel_flush(dev);
}

/* The table's words, as they are to be with &fn_dev.vlans. */
static uint32_t vfta_word(const struct fn_dev *dev, unsigned word)
{
	return (uint32_t)(dev->vlans[word / 2] >> 32 * (word % 2));
}

static void vfta_write(const struct intel_port *port, unsigned word, uint32_t value)
{
	for (unsigned i = 0; i < port->chip->vfta_writes; i++)
		intel_write(port, INTEL_VFTA + 4 * word, value);
}

int intel_set_vlan_filter(struct fn_dev *dev, uint16_t vid, bool on)
{
	const uint32_t bit = 1u << vid % 32;
	const uint32_t word = vfta_word(dev, vid / 32);

	vfta_write(intel_port_of(dev), vid / 32, on ? word | bit : word & ~bit);
	return intel_flush(dev);
}

void intel_filter_start(struct fn_dev *dev)
{
	struct intel_port *port = intel_port_of(dev);

	port->filter_mode = FN_FILTER_EXACT;
	write_exact(port, 0, dev->mac);
	write_list(dev, (const uint8_t(*)[6])dev->mac_filters, dev->mac_filters_n);
	for (unsigned i = 0; i < INTEL_VFTA_WORDS; i++)
		vfta_write(port, i, vfta_word(dev, i));
}
