// SPDX-License-Identifier: BSD-3-Clause
/* The model bus: time, memory behind the IOMMU, interrupts, and devices that fail. */
#include <fastnic/ctx.h>
#include <fastnic/dma.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "model/model_bus.h"
#include "model/model_test.h"

#define LOG_MAX 64u

struct late {
	struct model_dev md;
	uint64_t regs[4];
	uint64_t log[LOG_MAX];
	unsigned log_n;
};

static uint64_t reg_read(struct model_dev *md, unsigned idx, uint64_t off, unsigned width)
{
	(void)idx;
	(void)width;
	return fn_container_of(md, struct late, md)->regs[off / 8 % 4];
}

static void done(void *arg, uint64_t value)
{
	struct late *l = arg;

	assert_true(l->log_n < LOG_MAX);
	l->log[l->log_n++] = value << 48 | l->md.clock->now_ns;
}

static void reg_write(struct model_dev *md, unsigned idx, uint64_t off, unsigned width,
		      uint64_t value)
{
	struct late *l = fn_container_of(md, struct late, md);

	(void)idx;
	(void)width;
	l->regs[off / 8 % 4] = value;
	model_dev_later(md, done, l, value);
}

static void reset(struct model_dev *md)
{
	memset(fn_container_of(md, struct late, md)->regs, 0, sizeof(uint64_t) * 4);
}

static const struct model_dev_ops ops = { .bar_read = reg_read,
					  .bar_write = reg_write,
					  .reset = reset };

static void plug(struct late *l)
{
	memset(l, 0, sizeof(*l));
	model_dev_init(&l->md, &ops, 0x8086, 0x10d3);
	l->md.bar_bytes[0] = 32;
	l->md.busdev.irqs = 3;
	model_dev_plug(&l->md, 2);
}

static struct fn_ctx *ctx_new(void)
{
	const struct fn_ctx_opts opts = { .sz = sizeof(opts), .page_bytes = 4096 };
	struct fn_ctx *ctx;

	assert_int_equal(fn_ctx_create(&opts, &ctx), 0);
	return ctx;
}

/* What is late comes in an order that the seed decides, and in the same one again. */
static void schedule(void **state)
{
	struct late first;
	struct late again;
	struct fn_ctx *ctx = ctx_new();

	(void)state;
	for (unsigned round = 0; round < 3; round++) {
		struct late *l = round == 1 ? &again : &first;
		struct fn_busdev *busdev;
		struct fn_bar bar;

		plug(l);
		model_clock_init(l->md.clock, round < 2 ? 42 : 43);
		l->md.late_min_ns = 1000;
		l->md.late_max_ns = 50000;
		assert_int_equal(model_bus.open(ctx, &l->md.busdev.addr, &busdev), 0);
		assert_int_equal(model_bus.map(busdev, 0, 0, 32, &bar), 0);
		for (unsigned i = 0; i < 20; i++)
			fn_bar_write32(&bar, 8, i);
		assert_int_equal(l->log_n, 0);
		model_bus.delay_ns(busdev, 999);
		assert_int_equal(l->log_n, 0);
		while (model_clock_next(l->md.clock))
			;
		assert_int_equal(l->log_n, 20);
		assert_in_range(l->md.clock->now_ns, 1000, 51000);
		if (round == 1)
			assert_memory_equal(first.log, again.log, sizeof(first.log));
		if (round == 2)
			assert_memory_not_equal(first.log, again.log, sizeof(first.log));
		model_bus.unmap(busdev, &bar);
		model_bus.close(busdev);
		assert_no_violation(&l->md);
		model_dev_unplug(&l->md);
	}
	assert_int_equal(fn_ctx_destroy(ctx), 0);
}

/* Timers fire in the order of their times, then in that in which they were set, at their time. */
static void clock_order(void **state)
{
	struct late l;

	(void)state;
	plug(&l);
	model_clock_after(l.md.clock, 300, done, &l, 3);
	model_clock_after(l.md.clock, 100, done, &l, 1);
	model_clock_after(l.md.clock, 300, done, &l, 4);
	model_clock_after(l.md.clock, 200, done, &l, 2);
	assert_true(model_clock_pending(l.md.clock, done, &l));
	model_clock_advance(l.md.clock, 250);
	assert_int_equal(l.log_n, 2);
	assert_int_equal(l.log[1], (uint64_t)2 << 48 | 200);
	model_clock_advance(l.md.clock, 1000);
	assert_int_equal(l.log_n, 4);
	assert_int_equal(l.log[2], (uint64_t)3 << 48 | 300);
	assert_int_equal(l.log[3], (uint64_t)4 << 48 | 300);
	assert_int_equal(l.md.clock->now_ns, 1250);
	model_clock_after(l.md.clock, 1, done, &l, 5);
	assert_int_equal(model_clock_cancel(l.md.clock, NULL, &l), 1);
	assert_int_equal(model_clock_drain(l.md.clock), 0);
	model_dev_unplug(&l.md);
}

/* What is mapped can be reached, to its very ends, and nothing else; violations, no crash. */
static void dma(void **state)
{
	struct fn_ctx *ctx = ctx_new();
	struct fn_busdev *busdev;
	struct fn_dma mem;
	uint8_t buf[64] = { 1, 2, 3 };
	struct late l;
	uint64_t end;

	(void)state;
	plug(&l);
	assert_int_equal(model_bus.open(ctx, &l.md.busdev.addr, &busdev), 0);
	assert_int_equal(fn_dma_alloc_for(ctx, FN_DMA_PRIVATE, 4096, 4096, -1, &mem), 0);
	assert_null(model_dma_at(&l.md, mem.iova.v, 1));
	assert_violation(&l.md, "bus mastering");
	assert_int_equal(fn_busdev_set_master(busdev, true), 0);
	assert_ptr_equal(model_dma_at(&l.md, mem.iova.v, 4096), mem.va);
	assert_true(model_dma_write(&l.md, mem.iova.v + 100, buf, 3));
	assert_memory_equal((uint8_t *)mem.va + 100, buf, 3);
	assert_no_violation(&l.md);
	assert_true(l.md.maps_n > 0);
	end = l.md.maps[0].iova + l.md.maps[0].len;
	assert_non_null(model_dma_at(&l.md, end - 4, 4));
	assert_null(model_dma_at(&l.md, end - 4, 5));
	assert_violation(&l.md, "not mapped");
	assert_false(model_dma_read(&l.md, l.md.maps[0].iova - 1, buf, 2));
	assert_violation(&l.md, "not mapped");
	assert_int_equal(l.md.faults, 2);
	assert_null(model_dma_at(&l.md, UINT64_MAX - 1, 8));
	assert_violation(&l.md, "not mapped");
	l.md.gone = true;
	assert_false(model_dma_write(&l.md, mem.iova.v, buf, 1));
	assert_no_violation(&l.md);
	l.md.gone = false;
	fn_dma_free(ctx, &mem);
	model_bus.close(busdev);
	assert_int_equal(l.md.maps_n, 0);
	model_dev_unplug(&l.md);
	assert_int_equal(fn_ctx_destroy(ctx), 0);
}

/* Two maps that touch are one to a device, although they are not in the process. */
static void dma_border(void **state)
{
	static uint8_t low[4096];
	static uint8_t high[4096];
	uint8_t buf[8];
	struct late l;

	(void)state;
	plug(&l);
	l.md.master = true;
	l.md.maps[0] = (struct model_map){ high, 0x2000, 4096 };
	l.md.maps[1] = (struct model_map){ low, 0x1000, 4096 };
	l.md.maps_n = 2;
	assert_true(model_dma_write(&l.md, 0x1ffc, "abcdefgh", 8));
	assert_memory_equal(low + 4092, "abcd", 4);
	assert_memory_equal(high, "efgh", 4);
	assert_true(model_dma_read(&l.md, 0x1ffc, buf, 8));
	assert_memory_equal(buf, "abcdefgh", 8);
	assert_null(model_dma_at(&l.md, 0x1ffc, 8));
	model_dev_unplug(&l.md);
}

static uint64_t fd_count(int fd)
{
	uint64_t n = 0;

	return read(fd, &n, sizeof(n)) == sizeof(n) ? n : 0;
}

static void interrupts(void **state)
{
	struct fn_ctx *ctx = ctx_new();
	struct fn_busdev *busdev;
	struct late l;
	int fds[3] = { eventfd(0, EFD_NONBLOCK), -1, eventfd(0, EFD_NONBLOCK) };

	(void)state;
	plug(&l);
	l.md.events = true;
	assert_int_equal(model_bus.open(ctx, &l.md.busdev.addr, &busdev), 0);
	assert_int_equal(model_bus.irq_set(busdev, fds, 4), -EINVAL);
	assert_int_equal(model_bus.irq_set(busdev, fds, 3), 0);
	model_dev_signal(&l.md, 0);
	assert_violation(&l.md, "without bus mastering");
	assert_int_equal(fd_count(fds[0]), 1);
	assert_int_equal(fn_busdev_set_master(busdev, true), 0);
	model_dev_signal(&l.md, 1);
	model_dev_signal(&l.md, 2);
	model_dev_signal(&l.md, 2);
	assert_int_equal(fd_count(fds[0]), 0);
	assert_int_equal(fd_count(fds[2]), 2);
	assert_int_equal(l.md.signals[1], 1);
	model_dev_request(&l.md);
	assert_int_equal(fd_count(busdev->req_fd), 1);
	assert_int_equal(fd_count(busdev->err_fd), 0);
	model_dev_error(&l.md);
	assert_int_equal(fd_count(busdev->err_fd), 1);
	l.md.gone = true;
	model_dev_signal(&l.md, 2);
	assert_int_equal(fd_count(fds[2]), 0);
	assert_no_violation(&l.md);
	model_bus.close(busdev);
	assert_int_equal(busdev->req_fd, -1);
	model_dev_unplug(&l.md);
	assert_int_equal(fn_ctx_destroy(ctx), 0);
	(void)close(fds[0]);
	(void)close(fds[2]);
}

/* Gone is all ones everywhere; what can fail fails by number; what is read-only stays. */
static void failures(void **state)
{
	struct fn_ctx *ctx = ctx_new();
	struct fn_busdev *busdev;
	struct fn_bar bar;
	struct late l;
	unsigned calls;

	(void)state;
	plug(&l);
	assert_int_equal(model_bus.open(ctx, &l.md.busdev.addr, &busdev), 0);
	assert_int_equal(model_bus.open(ctx, &l.md.busdev.addr, &busdev), -EBUSY);
	assert_int_equal(model_bus.map(busdev, 0, 0, 32, &bar), 0);
	assert_int_equal(model_bus.map(busdev, 0, 16, 17, &bar), -EINVAL);
	assert_int_equal(model_bus.map(busdev, 1, 0, 1, &bar), -EINVAL);
	assert_int_equal(fn_cfg_write16(busdev, 0, 0x1234), 0);
	assert_int_equal(fn_cfg_read16(busdev, 0), 0x8086);
	fn_bar_write32(&bar, 16, 77);
	assert_int_equal(fn_bar_read32(&bar, 16), 77);
	assert_int_equal(model_bus.reset(busdev), 0);
	assert_int_equal(fn_bar_read32(&bar, 16), 0);
	calls = l.md.calls;
	l.md.fail_call = calls + 2;
	assert_int_equal(fn_busdev_set_master(busdev, true), 0);
	assert_int_equal(fn_busdev_set_master(busdev, false), -EIO);
	assert_true(l.md.master);
	assert_int_equal(fn_busdev_set_master(busdev, false), 0);
	l.md.gone = true;
	assert_int_equal(fn_bar_read32(&bar, 16), UINT32_MAX);
	assert_int_equal(fn_cfg_read32(busdev, 0), UINT32_MAX);
	assert_true(fn_busdev_is_gone(busdev));
	assert_int_equal(model_bus.reset(busdev), -EIO);
	assert_no_violation(&l.md);
	model_bus.close(busdev);
	assert_violation(&l.md, "a window of a BAR");
	model_dev_unplug(&l.md);
	assert_int_equal(model_bus.open(ctx, &l.md.busdev.addr, &busdev), -ENOENT);
	assert_int_equal(fn_ctx_destroy(ctx), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(schedule),   cmocka_unit_test(clock_order),
		cmocka_unit_test(dma),        cmocka_unit_test(dma_border),
		cmocka_unit_test(interrupts), cmocka_unit_test(failures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
