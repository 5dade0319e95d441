// SPDX-License-Identifier: BSD-3-Clause
/* virtio-net of the model, in the sweep's world: commands that are refused or never answered. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "model/virtio_dev.h"
#include "sweep/fault.h"
#include "sweep/subject.h"

static struct virtio_dev vd;

static struct model_dev *plug(unsigned slot)
{
	virtio_dev_init(&vd);
	vd.offered |= VIRTIO_DEV_F_ALL;
	vd.md.events = true;
	model_dev_plug(&vd.md, slot);
	return &vd.md;
}

static void unplug(void)
{
	model_dev_unplug(&vd.md);
}

static void cable(bool plugged)
{
	virtio_dev_link(&vd, plugged);
}

static void announce(void)
{
	virtio_dev_announce(&vd);
}

static void hold(bool on)
{
	vd.auto_tx = !on;
}

static unsigned transmit(unsigned pair)
{
	return virtio_dev_transmit(&vd, pair, 64);
}

static int receive(unsigned pair, uint8_t frame[SWEEP_FRAME])
{
	memset(frame, 0xff, SWEEP_FRAME);
	return virtio_dev_receive(&vd, pair, frame, SWEEP_FRAME);
}

/*
 * What commands told it counts while it runs; a reset forgets it. Bits of its status that tell of
 * progress do not matter when it is not running.
 */
static void state(struct sweep_text *t)
{
	const bool runs = vd.status & VDEV_STATUS_DRIVER_OK;

	sweep_put(t, " runs=%d", runs);
	if (!runs)
		return;
	sweep_put_mac(t, "mac", vd.mac);
	sweep_put(t, " features=%" PRIx64 " filter=%" PRIx64 " coalesce=%u/%u,%u/%u", vd.accepted,
		  sweep_sum(&vd.filter, sizeof(vd.filter)), vd.coal_rx.max_packets,
		  vd.coal_rx.max_usecs, vd.coal_tx.max_packets, vd.coal_tx.max_usecs);
	/* Either RSS spreads or the number of pairs does; the other is of no effect. */
	if (vd.rss.steer)
		sweep_put(t, " rss table=%" PRIx64, sweep_sum(vd.rss.table, sizeof(vd.rss.table)));
	else
		sweep_put(t, " pairs=%u", vd.pairs);
	sweep_put(t, " hash=%x/%" PRIx64, vd.rss.types, sweep_sum(vd.rss.key, vd.rss.key_len));
}

static uint64_t read_reg(struct fn_busdev *busdev, unsigned idx, uint64_t off, unsigned width)
{
	return model_bus.bar_read(busdev, idx, off, width);
}

/*
 * The doorbell of a control queue is the call of a command, and a device may refuse a command, or
 * never answer it.
 */
static void write_reg(struct fn_busdev *busdev, unsigned idx, uint64_t off, unsigned width,
		      uint64_t value)
{
	const uint64_t doorbell =
		VIRTIO_DEV_NOTIFY + (uint64_t)virtio_dev_ctrl_queue(&vd) * VIRTIO_DEV_NOTIFY_STEP;

	if (off == doorbell && !vd.md.gone) {
		vd.ctrl_ack = fault_here("command (refused)") ? VDEV_ERR : VDEV_OK;
		vd.ctrl_dumb = vd.ctrl_ack == VDEV_OK && fault_here("command (unanswered)");
	}
	model_bus.bar_write(busdev, idx, off, width, value);
	vd.ctrl_ack = VDEV_OK;
	vd.ctrl_dumb = false;
}

const struct sweep_subject sweep_virtio_net = {
	.name = "virtio-net",
	.answers = true,
	.plug = plug,
	.unplug = unplug,
	.cable = cable,
	.announce = announce,
	.hold = hold,
	.transmit = transmit,
	.receive = receive,
	.state = state,
	.read = read_reg,
	.write = write_reg,
};
