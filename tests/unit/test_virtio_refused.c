// SPDX-License-Identifier: BSD-3-Clause
/* Virtio-net devices that cannot be driven: each is refused with the cause, and nothing is left. */
#include "virtio_port.h"

/* A device that is good until the test changes it, between configure and start. */
static void configured(struct port *p, uint16_t pairs)
{
	const struct fn_dev_conf conf = { .rxqs = pairs, .txqs = pairs };

	port_init(p);
	assert_int_equal(port_open(p), 0);
	assert_int_equal(port_configure(p, conf), 0);
}

/* Starting fails with a sentence that says @why, and the device is as before. */
static void start_refused(struct port *p, const char *why)
{
	assert_int_equal(fn_dev_start(p->dev), -EIO);
	assert_says(fn_error_last(), why);
	assert_int_equal(p->vd.status, 0);
	assert_int_equal(port_pool(p).outside, 0);
}

static void features_missing(void **state)
{
	struct port p;

	(void)state;
	port_init(&p);
	p.vd.offered &= ~VDEV_F_ACCESS_PLATFORM;
	port_refused(&p, -ENOTSUP, "VIRTIO_F_ACCESS_PLATFORM");
	port_init(&p);
	p.vd.offered &= ~VDEV_F_ACCESS_PLATFORM;
	port_refused(&p, -ENOTSUP, "iommu_platform=on");
	port_init(&p);
	p.vd.offered &= ~VDEV_F_VERSION_1;
	port_refused(&p, -ENOTSUP, "disable-legacy=on");
	port_init(&p);
	p.vd.refuse_features = true;
	port_refused(&p, -EIO, "refuses the features");
	/* What was offered at open is not any more at start. */
	configured(&p, 1);
	p.vd.offered &= ~VDEV_F_MAC;
	start_refused(&p, "any more");
	port_end(&p);
}

/* 0x1000 is driven when it offers the modern interface, and refused with the remedy when not. */
static void transitional(void **state)
{
	struct port p;

	(void)state;
	port_init(&p);
	p.vd.md.cfg[2] = 0x00;
	port_start(&p, (struct fn_dev_conf){ 0 });
	port_end(&p);
	port_init(&p);
	p.vd.md.cfg[2] = 0x00;
	p.vd.md.cfg[0x34] = 0;
	port_refused(&p, -ENOTSUP, "disable-legacy=on");
}

static void le32_put(struct port *p, unsigned at, uint32_t value)
{
	const fn_le32 raw = fn_cpu_to_le32(value);

	memcpy(p->vd.md.cfg + at, &raw, sizeof(raw));
}

/* A byte or a 32-bit field of the configuration space, and what is said of its value. */
struct bad_field {
	unsigned at;
	bool wide;
	uint32_t value;
	int code;
	const char *why;
};

static void field_refused(unsigned base, const struct bad_field *bad)
{
	struct port p;

	port_init(&p);
	if (bad->wide)
		le32_put(&p, base + bad->at, bad->value);
	else
		p.vd.md.cfg[base + bad->at] = (uint8_t)bad->value;
	port_refused(&p, bad->code, bad->why);
}

static void bad_capabilities(void **state)
{
	static const unsigned needed[] = { VIRTIO_DEV_CAP_COMMON, VIRTIO_DEV_CAP_CONFIG,
					   VIRTIO_DEV_CAP_NOTIFY };
	static const struct bad_field each[] = {
		/* It is missing. */
		{ 3, false, VDEV_CAP_PCI_CFG, -ENOTSUP, "no usable capability" },
		/* Its BAR is reserved: as if it were not there (4.1.4.1). */
		{ 4, false, 6, -ENOTSUP, "no usable capability" },
		/* It is too short to say where. */
		{ 2, false, 15, -ENOTSUP, "no usable capability" },
		/* It lies outside of its BAR, or its end does, or wraps round. */
		{ 8, true, VIRTIO_DEV_BAR_BYTES, -EIO, "no such window" },
		{ 8, true, 0xfffffff0, -EIO, "no such window" },
		/* A BAR that the device does not have. */
		{ 4, false, 2, -EIO, "no such window" },
		/* Not aligned. */
		{ 8, true, 0x101, -EIO, "not a multiple" },
		/* No room in it. */
		{ 12, true, 0, -EIO, "bytes where virtio" },
	};
	static const struct bad_field one[] = {
		{ VIRTIO_DEV_CAP_COMMON + 12, true, 55, -EIO,
		  "55 bytes where virtio 1.2 needs 56" },
		/* The configuration ends before a field that a feature promises. */
		{ VIRTIO_DEV_CAP_CONFIG + 12, true, 10, -EIO,
		  "the features that it offers need 12" },
		{ VIRTIO_DEV_CAP_NOTIFY + 12, true, 0x2000, -EIO, "no such window" },
		/* Doorbells 3 bytes apart. */
		{ VIRTIO_DEV_CAP_NOTIFY + 16, true, 3, -EIO, "no even power of two" },
	};

	(void)state;
	for (unsigned i = 0; i < FN_ARRAY_LEN(needed); i++)
		for (unsigned k = 0; k < FN_ARRAY_LEN(each); k++)
			field_refused(needed[i], &each[k]);
	for (unsigned i = 0; i < FN_ARRAY_LEN(one); i++)
		field_refused(0, &one[i]);
}

static void doorbells_beyond_the_window(void **state)
{
	struct port p;

	(void)state;
	port_init(&p);
	le32_put(&p, VIRTIO_DEV_CAP_NOTIFY + 16, 0x80000000);
	assert_int_equal(port_open(&p), 0);
	assert_int_equal(port_configure(&p, (struct fn_dev_conf){ 0 }), 0);
	start_refused(&p, "doorbell of queue 1");
	port_end(&p);
}

/* Odd ones, but with all that is needed in them. */
static void odd_capability_lists(void **state)
{
	struct port p;

	(void)state;
	/* A list that runs in a circle ends; what was found by then is enough. */
	port_init(&p);
	p.vd.md.cfg[VIRTIO_DEV_CAP_NOTIFY + 1] = VIRTIO_DEV_CAP_COMMON;
	port_start(&p, (struct fn_dev_conf){ 0 });
	port_end(&p);
	/* Of two of a type the first counts. */
	port_init(&p);
	memcpy(p.vd.md.cfg + 0x90, p.vd.md.cfg + VIRTIO_DEV_CAP_NOTIFY, 20);
	p.vd.md.cfg[VIRTIO_DEV_CAP_NOTIFY + 1] = 0x90;
	le32_put(&p, 0x90 + 8, 0x101);
	port_start(&p, (struct fn_dev_conf){ 0 });
	port_end(&p);
}

static void bad_queues(void **state)
{
	struct port p;

	(void)state;
	port_init(&p);
	p.vd.queues[1].size_max = p.vd.queues[1].size = 100;
	port_refused(&p, -EIO, "no power of two");
	port_init(&p);
	p.vd.queues[0].size_max = p.vd.queues[0].size = 65536;
	port_refused(&p, -EIO, "fastnic needs 8");
	port_init(&p);
	p.vd.queues[3].size_max = 0;
	port_refused(&p, -EIO, "fastnic needs 8");
	port_init(&p);
	p.vd.queues[3].size_max = 4;
	port_refused(&p, -EIO, "fastnic needs 8");
	port_init(&p);
	p.vd.num_queues = 4;
	port_refused(&p, -EIO, "2 pairs and a control queue");
	port_init(&p);
	p.vd.config.max_virtqueue_pairs = fn_cpu_to_le16(0);
	port_refused(&p, -EIO, "0 pairs");
	port_init(&p);
	p.vd.config.max_virtqueue_pairs = fn_cpu_to_le16(0x8001);
	port_refused(&p, -EIO, "32769 pairs");
	port_init(&p);
	p.vd.queues[4].size_max = 2;
	assert_int_equal(port_open(&p), 0);
	assert_int_equal(port_configure(&p, (struct fn_dev_conf){ 0 }), 0);
	start_refused(&p, "control queue has 2 entries");
	port_end(&p);
	/* The rings shrink between open and start. */
	configured(&p, 2);
	p.vd.queues[3].size_max = 128;
	start_refused(&p, "only 128 entries");
	port_end(&p);
}

static void vectors_refused(void **state)
{
	struct port p;

	(void)state;
	for (uint16_t from = 0; from < 5; from++) {
		configured(&p, 2);
		p.vd.vectors_refused = from;
		start_refused(&p, "no room for MSI-X entry");
		p.vd.vectors_refused = 5;
		assert_int_equal(fn_dev_start(p.dev), 0);
		port_end(&p);
	}
}

/* The port that write_and_look() watches. */
static struct port watched;

/* Memory that @queue has is none that @dma has just been given. */
static void apart(const struct virtio_dev_queue *queue, const struct fn_dma *dma)
{
	const uint64_t rings[] = { queue->desc, queue->driver, queue->device };

	for (unsigned i = 0; i < FN_ARRAY_LEN(rings); i++)
		if (rings[i] - dma->iova.v < dma->len)
			model_dev_violation(&watched.vd.md, "memory of an enabled queue was freed");
}

/* The device is about to be reset: what its queues have until then is nobody else's. */
static void write_and_look(struct fn_busdev *busdev, unsigned idx, uint64_t off, unsigned width,
			   uint64_t value)
{
	const size_t status = offsetof(struct virtio_dev_common, device_status);
	struct fn_dma dma;

	if (off == VIRTIO_DEV_COMMON + status && !value) {
		assert_int_equal(fn_dma_alloc(watched.ctx, 64, NULL, &dma), 0);
		for (unsigned i = 0; i < watched.vd.num_queues; i++)
			if (watched.vd.queues[i].enabled)
				apart(&watched.vd.queues[i], &dma);
		fn_dma_free(watched.ctx, &dma);
	}
	model_bus.bar_write(busdev, idx, off, width, value);
}

/* Whichever queue the start fails at, those before it are freed behind the reset. */
static void freed_behind_the_reset(void **state)
{
	static struct fn_bus_ops ops;

	(void)state;
	ops = model_bus;
	ops.bar_write = write_and_look;
	for (uint16_t from = 0; from < 5; from++) {
		configured(&watched, 2);
		watched.vd.md.busdev.ops = &ops;
		watched.vd.vectors_refused = from;
		start_refused(&watched, "no room for MSI-X entry");
		port_end(&watched);
	}
}

static void config_never_still(void **state)
{
	struct port p;

	(void)state;
	port_init(&p);
	p.vd.generation_runs = true;
	port_refused(&p, -EIO, "faster than it can be read");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(features_missing),
		cmocka_unit_test(transitional),
		cmocka_unit_test(bad_capabilities),
		cmocka_unit_test(doorbells_beyond_the_window),
		cmocka_unit_test(odd_capability_lists),
		cmocka_unit_test(bad_queues),
		cmocka_unit_test(vectors_refused),
		cmocka_unit_test(freed_behind_the_reset),
		cmocka_unit_test(config_never_still),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
