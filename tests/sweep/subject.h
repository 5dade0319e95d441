/* SPDX-License-Identifier: BSD-3-Clause */
/* The device side of the sweep's world: what differs between the models that drivers are run on. */
#ifndef FN_TESTS_SWEEP_SUBJECT_H
#define FN_TESTS_SWEEP_SUBJECT_H

#include "model/model_bus.h"
#include "sweep/text.h"

/* Bytes of the frames that pass. */
#define SWEEP_FRAME 100u

/**
 * struct sweep_subject - a device that is swept; there is one of it at a time
 * @name: of its driver
 * @answers: settings are commands that it answers or refuses: each of them can fail. Else they are
 *	writes of registers, which cannot, but for a device that is gone
 * @asks_again: its driver asks again for an answer that got lost on the bus
 * @plug: make it, as after power-on, and put it on the model bus; nothing is sent until @hold or
 *	@transmit say so
 * @unplug: take it away; what its driver left it in is held against it
 * @cable: the link's other end comes or goes, which the driver is told of
 * @announce: ask the driver for what it answers with a command; NULL: there is no such thing
 * @hold: keep what is to be sent until @transmit, or send it at once
 * @transmit: send what is queued on a pair; how much of it there was
 * @receive: a frame comes in for a pair, and is written to @frame: 0; -ENOENT when the device leads
 *	nothing there; else it does not get in
 * @state: its own side, in words
 * @read: a read of a register: model_bus's, and the answers that fail
 * @write: a write of a register: model_bus's, and what it asks for that fails
 */
struct sweep_subject {
	const char *name;
	bool answers;
	bool asks_again;
	struct model_dev *(*plug)(unsigned slot);
	void (*unplug)(void);
	void (*cable)(bool plugged);
	void (*announce)(void);
	void (*hold)(bool on);
	unsigned (*transmit)(unsigned pair);
	int (*receive)(unsigned pair, uint8_t frame[SWEEP_FRAME]);
	void (*state)(struct sweep_text *t);
	uint64_t (*read)(struct fn_busdev *busdev, unsigned idx, uint64_t off, unsigned width);
	void (*write)(struct fn_busdev *busdev, unsigned idx, uint64_t off, unsigned width,
		      uint64_t value);
};

extern const struct sweep_subject sweep_virtio_net;
extern const struct sweep_subject sweep_e1000e;
extern const struct sweep_subject sweep_igb;

/* sweep.c: the one that is swept now. */
extern const struct sweep_subject *sweep_subject;

#endif
