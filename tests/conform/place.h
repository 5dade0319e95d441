/* SPDX-License-Identifier: BSD-3-Clause */
/* Places: a device on a bus, with a wire at its other side. */
#ifndef FN_TESTS_CONFORM_PLACE_H
#define FN_TESTS_CONFORM_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "qtest/request.h"

struct conform;
struct conform_place;
struct fn_dev;

/*
 * Ways to lie: where the device says which buffer it hands back, one that no queue has, one that it
 * does not have, and the same one twice; where it does not, what it says of what is in it.
 */
#define PLACE_LIES 3u

/**
 * struct place_ops - how a place does what a behaviour asks of it
 * @prepare: once, in the runner, before all: 0, or an error that means that nothing can run here
 * @begin: make the device and its wire anew, as c->behaviour->needs says; or conform_skip()
 * @end: take them away. With @judge, fail for what the place saw and must not see
 * @open: fn_dev_open() in this place
 * @send: put a frame on the wire: 0; -EAGAIN: no room now
 * @recv: the next frame that the device sent, or 0 when there is none now. @request is filled
 * @now_ns: the place's time
 * @wait: let time pass, and device and wire do their work
 * @stall: the wire takes nothing from the device any more, or does again
 * @lost: frames that @send took and that are in no buffer of the device: they wait still, or
 *	wire or device has lost them or did not want them
 * @link: pull the cable, or put it in
 * @unplug: pull the device
 * @release: the kernel asks for the device back
 * @error: the bus reports an error of the device that it does not recover from
 * @announce: the network asks the device to announce itself
 * @lie: the device tells a queue of a completion that cannot be; @how: 0 to PLACE_LIES - 1. To a
 *	transmit queue unless the place cannot NEED_LIAR_TX
 * @settle: the body is over, and the device is not closed yet: see to what the next body would find
 * @virtual_time: the place's time passes by @wait and by what the driver waits, however slow the
 *	machine is
 *
 * What a place cannot is NULL.
 */
struct place_ops {
	int (*prepare)(const struct conform_place *place, char *why, size_t bytes);
	void (*begin)(struct conform *c);
	void (*end)(struct conform *c, bool judge);
	int (*open)(struct conform *c, struct fn_dev **dev);
	int (*send)(struct conform *c, const struct wire_request *request, const void *frame,
		    size_t len);
	size_t (*recv)(struct conform *c, struct wire_request *request, void *buf, size_t bytes);
	uint64_t (*now_ns)(struct conform *c);
	void (*wait)(struct conform *c, uint64_t ns);
	void (*stall)(struct conform *c, bool on);
	uint64_t (*lost)(struct conform *c);
	void (*link)(struct conform *c, bool up);
	void (*unplug)(struct conform *c);
	void (*release)(struct conform *c);
	void (*error)(struct conform *c);
	void (*announce)(struct conform *c);
	void (*lie)(struct conform *c, bool is_tx, unsigned queue, unsigned how);
	void (*settle)(struct conform *c);
	bool virtual_time;
};

/**
 * struct conform_place - a place
 * @name: where and what: "model/virtio-net"
 * @ops: how
 * @arg: the ops' own, constant
 * @cannot: NEED_REQUESTS and its sisters that this device or wire cannot serve
 * @echoes: an interrupt may be told of a second time, shortly after
 * @deadline_s: how long a behaviour may run at most
 */
struct conform_place {
	const char *name;
	const struct place_ops *ops;
	const void *arg;
	unsigned cannot;
	bool echoes;
	unsigned deadline_s;
};

/* places.c: all of them, ended by a NULL name. */
extern const struct conform_place places[];

/* Of places/: one file a bus. */
extern const struct place_ops place_model_virtio;
extern const struct place_ops place_model_intel;
extern const struct place_ops place_qtest;
extern const struct place_ops place_vfio;

#endif
