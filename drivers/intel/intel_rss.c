// SPDX-License-Identifier: BSD-3-Clause
/* How Intel's gigabit controllers spread frames: 82574 7.1, 82576 7.1.1.7, I210 7.1.2.7. */
#include "drivers/intel/intel.h"

uint32_t intel_rss_types(const struct intel_chip *chip)
{
	uint32_t types = 0;

	for (unsigned i = 0; i < chip->hashes_n; i++)
		types |= chip->hashes[i].type;
	return types;
}

static uint32_t mrqc(const struct intel_chip *chip, uint32_t types)
{
	uint32_t value = types ? chip->mrqc_rss : 0;

	for (unsigned i = 0; i < chip->hashes_n; i++)
		if (types & chip->hashes[i].type)
			value |= chip->hashes[i].mrqc;
	return value;
}

/* Key and table first: they decide once MRQC says so. For a single queue there is the report. */
static void write_rss(struct fn_dev *dev, const struct fn_rss *rss)
{
	const struct intel_port *port = intel_port_of(dev);
	const struct intel_chip *chip = port->chip;
	uint32_t types = rss->types;

	if (!types && (dev->conf.offloads & FN_OFFLOAD_RX_HASH))
		types = dev->limits.rss_types;
	for (unsigned i = 0; i < INTEL_RSSRK_BYTES; i += 4)
		intel_write(port, INTEL_RSSRK + i,
			    rss->key[i] | (uint32_t)rss->key[i + 1] << 8 |
				    (uint32_t)rss->key[i + 2] << 16 |
				    (uint32_t)rss->key[i + 3] << 24);
	for (unsigned i = 0; i < INTEL_RETA_ENTRIES; i += 4) {
		uint32_t word = 0;

		for (unsigned k = 0; k < 4; k++)
			word |= (uint32_t)rss->reta[i + k] << (8 * k + chip->reta_shift);
		intel_write(port, INTEL_RETA + i, word);
	}
	intel_write(port, INTEL_MRQC, mrqc(chip, types));
}

void intel_rss_start(struct fn_dev *dev)
{
	write_rss(dev, &dev->rss);
}

int intel_set_rss(struct fn_dev *dev, const struct fn_rss *rss)
{
	write_rss(dev, rss);
	return intel_flush(dev);
}
