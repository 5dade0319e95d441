/* SPDX-License-Identifier: BSD-3-Clause */
/* What rows of the table of places say of models. */
#ifndef FN_TESTS_CONFORM_PLACES_MODEL_H
#define FN_TESTS_CONFORM_PLACES_MODEL_H

#include "model/virtio_dev.h"

#include "model/intel_dev.h"

/**
 * struct model_virtio - a virtio-net device of the model
 * @more: features that it offers beside virtio_dev_init()'s
 * @less: features that it does not
 * @pairs: queue pairs
 * @irqs: MSI-X entries
 * @late_ns: how long it takes at most to see to a doorbell; 0: it does so at once
 * @returns: how it hands buffers back
 * @drops: a frame that finds no buffer is lost; else it waits
 * @mtu: its MTU
 */
struct model_virtio {
	uint64_t more;
	uint64_t less;
	uint16_t pairs;
	uint16_t irqs;
	uint64_t late_ns;
	enum virtio_dev_returns returns;
	bool drops;
	uint16_t mtu;
};

/**
 * struct model_intel - an Intel controller of the model
 * @family: which
 * @late_ns: how long it takes at most for what it does in its own time; 0: it does so at once
 * @posted_ns: how long a write of a register may be on its way
 * @by_page: as QEMU's models, no descriptor's bytes reach across pages
 * @scalar: the driver is told that the processor has no vector instructions
 */
struct model_intel {
	enum intel_family family;
	uint64_t late_ns;
	uint64_t posted_ns;
	bool by_page;
	bool scalar;
};

#endif
