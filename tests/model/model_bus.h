/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A bus inside this process: what all model devices have in common. Configuration space, BARs, an
 * IOMMU with its maps, MSI-X to eventfds, a clock, and the ways in which a device can be away.
 *
 * Everything runs in the thread that calls. A driver that does what it must not is not stopped: it
 * is written down (&model_dev.violation), and the test fails at its end.
 */
#ifndef FN_TESTS_MODEL_BUS_H
#define FN_TESTS_MODEL_BUS_H

#include "bus/bus.h"
#include "mem/domain.h"
#include "model/model_clock.h"

#define MODEL_SLOTS 8u
#define MODEL_MAPS 64u
#define MODEL_VECTORS 32u
#define MODEL_CFG_BYTES 256u

/* What a look at the clock costs: a loop that waits without waiting ends all the same. */
#define MODEL_TICK_NS 100u

struct model_dev;
struct model_shadow;
struct model_withheld;

/**
 * struct model_dev_ops - what is a device's own
 * @bar_read: read a register; the device is there
 * @bar_write: write a register; the device is there
 * @reset: the function's own reset (PCI Express 6.6.2), or NULL when it has none
 * @irq_set: other eventfds stand behind the MSI-X entries; NULL when it does not matter
 * @fence: the driver is about to fence its writes (model_barrier.h); NULL when it does not matter
 */
struct model_dev_ops {
	uint64_t (*bar_read)(struct model_dev *md, unsigned idx, uint64_t off, unsigned width);
	void (*bar_write)(struct model_dev *md, unsigned idx, uint64_t off, unsigned width,
			  uint64_t value);
	void (*reset)(struct model_dev *md);
	void (*irq_set)(struct model_dev *md);
	void (*fence)(struct model_dev *md, bool full);
};

/**
 * struct model_map - memory that the device can reach
 * @va: where it is
 * @iova: where the device sees it
 * @len: bytes
 */
struct model_map {
	uint8_t *va;
	uint64_t iova;
	size_t len;
};

/**
 * struct model_dev - a device on the bus
 * @busdev: what the driver sees of it
 * @ops: what is its own
 * @cfg: configuration space
 * @cfg_writable: the bits of it that a write changes
 * @bar_bytes: size of each BAR, 0 where there is none
 * @gone: pulled out: nothing answers, reads are all ones, it does nothing any more
 * @stuck: registers answer, and nothing else happens
 * @master: bus mastering is on
 * @clock: the clock that it goes by; its own unless the test makes several share one
 * @late_min_ns: what model_dev_later() does happens no sooner
 * @late_max_ns: and no later; 0: at once
 * @fds: what the MSI-X entries signal
 * @fds_n: how many
 * @signals: how often each entry was signalled
 * @cpus: which processor each entry is to interrupt, counted from 1; 0: any
 * @maps: the IOMMU's
 * @maps_n: how many
 * @faults: accesses of memory that is not mapped
 * @fault_iova: the last of them
 * @violation: the first thing that a driver may not do, or NULL
 * @violations: how many there were
 * @events: has release request and error interrupts (&fn_busdev.req_fd, &fn_busdev.err_fd)
 * @calls: calls of the bus that could fail
 * @fail_call: which of them fails, counted from 1; 0: none
 * @opened: held by a driver
 * @windows: windows of BARs that are mapped
 * @barriers: it looks for missing barriers (model_barrier.h)
 */
struct model_dev {
	struct fn_busdev busdev;
	const struct model_dev_ops *ops;
	uint8_t cfg[MODEL_CFG_BYTES];
	uint8_t cfg_writable[MODEL_CFG_BYTES];
	uint64_t bar_bytes[6];
	bool gone;
	bool stuck;
	bool master;
	struct model_clock *clock;
	uint64_t late_min_ns;
	uint64_t late_max_ns;
	int fds[MODEL_VECTORS];
	unsigned fds_n;
	unsigned signals[MODEL_VECTORS];
	unsigned cpus[MODEL_VECTORS];
	struct model_map maps[MODEL_MAPS];
	unsigned maps_n;
	unsigned faults;
	uint64_t fault_iova;
	const char *violation;
	unsigned violations;
	bool events;
	unsigned calls;
	unsigned fail_call;
	bool opened;
	unsigned windows;
	bool barriers;

	/* Its own. */
	struct model_withheld *withheld;
	struct model_withheld **withheld_end;
	struct model_shadow *shadows;
	struct fn_dma_target target;
	struct model_clock own_clock;
};

/* The bus: its open finds the devices of model_dev_plug() by address. */
extern const struct fn_bus_ops model_bus;

/*
 * A device of nothing but these ids and a network controller's class. It has no capabilities and no
 * BARs; the command register can be written.
 */
void model_dev_init(struct model_dev *md, const struct model_dev_ops *ops, uint16_t vendor_id,
		    uint16_t device_id);

/* Put it on the bus at "0000:00:@slot.0", and take it away. Slots 0 to 7. */
void model_dev_plug(struct model_dev *md, unsigned slot);
void model_dev_unplug(struct model_dev *md);

/* Call @each for all devices on the bus. */
void model_bus_each(void (*each)(struct model_dev *md, unsigned arg), unsigned arg);

/* The driver did what it must not. */
void model_dev_violation(struct model_dev *md, const char *what);

/* Signal an MSI-X entry. */
void model_dev_signal(struct model_dev *md, unsigned entry);

/* The kernel wants the device back, or says that it failed: needs &model_dev.events. */
void model_dev_request(struct model_dev *md);
void model_dev_error(struct model_dev *md);

/*
 * Something that the device does in its own time: at once, or between @late_min_ns and @late_max_ns
 * from now, drawn from the clock's random numbers.
 */
void model_dev_later(struct model_dev *md, void (*fire)(void *arg, uint64_t value), void *arg,
		     uint64_t value);

/* It does nothing: gone, stuck, or not allowed to be a master (the last is no violation). */
bool model_dev_idle(const struct model_dev *md);

/* model_dma.c: memory as the device sees it. */

/*
 * What the device finds at an address. NULL when it cannot reach all of it: a fault and a
 * violation. A device that is gone reaches nothing, without either.
 */
uint8_t *model_dma_at(struct model_dev *md, uint64_t iova, size_t len);

/* Copy from and to memory, over borders of maps too. False: not all of it could be reached. */
bool model_dma_read(struct model_dev *md, uint64_t iova, void *buf, size_t len);
bool model_dma_write(struct model_dev *md, uint64_t iova, const void *buf, size_t len);

/* The same without a word when it cannot be reached. */
uint8_t *model_dma_peek(const struct model_dev *md, uint64_t iova, size_t len);

/* The bus's half: what maps memory for the device (lib/mem/domain.h). */
extern const struct fn_dma_target_ops model_dma_target_ops;

/* A call of the bus that may fail is about to happen: whether it does. */
bool model_dev_fails(struct model_dev *md);

#endif
