// SPDX-License-Identifier: BSD-3-Clause
/*
 * An Intel controller that changes a receive descriptor between two looks of the driver: a length
 * that was judged is the one that is used, or the queue breaks.
 */
#include <signal.h>

#include "intel_ring_port.h"
#include "single_step.h"

#ifdef __x86_64__

#define BUF_BYTES 2048u
/*
 * Of so many instructions the lie lasts a few: from each of them on once, so that two reads fall
 * into different times unless they are a multiple apart.
 */
#define PERIOD 61u
#define LASTS 3u

static struct {
	fn_le32 *at;
	uint32_t truth;
	unsigned from;
	unsigned steps;
} lie;

/* Behind each instruction of the burst. */
static void on_step(int sig)
{
	const unsigned step = lie.steps++ % PERIOD;

	(void)sig;
	if (step == lie.from)
		fn_write_le32(lie.at, (lie.truth & 0xffff0000) | 0xffff);
	else if (step == (lie.from + LASTS) % PERIOD)
		fn_write_le32(lie.at, lie.truth);
}

/* @len bytes come in, and buffer number @at has another length at times, from @from on. */
static void look(uint32_t len, unsigned at, unsigned from)
{
	const uint32_t slot = *intel_dev_qreg(&p.id, false, 0, IDEV_Q_HEAD) + at;
	fn_le32 *desc = (void *)model_dma_at(
		&p.id.md, intel_rxq_of(rx)->ring.iova.v + 16 * (uint64_t)(slot % 64), 16);
	uint8_t data[2 * BUF_BYTES];
	struct fn_pkt *pkt = NULL;

	numbered(data, from, len);
	assert_int_equal(intel_dev_receive(&p.id, data, len), 0);
	lie.at = &desc[3];
	lie.truth = fn_read_le32(lie.at);
	lie.from = from;
	lie.steps = 0;
	single_step(true);
	(void)fn_rx_burst(rx, &pkt, 1);
	single_step(false);
	assert_in_range(lie.steps, 50, 100000);
	if (pkt) {
		assert_int_equal(fn_rxq_status(rx), 0);
		for (const struct fn_pkt *seg = pkt; seg; seg = seg->next)
			assert_in_range(seg->len, 1, BUF_BYTES);
		assert_int_equal(fn_pkt_len(pkt), len);
		fn_pkt_free(pkt);
	} else {
		assert_int_equal(fn_rxq_status(rx), -EIO);
		assert_int_equal(fn_dev_reset(p.dev), 0);
		pass_ns(2 * p.id.link_ns);
	}
}

static void all_looks(uint64_t offloads, uint32_t len, unsigned at)
{
	const struct sigaction trap = { .sa_handler = on_step };
	struct sigaction former;

	ring_start((struct fn_dev_conf){
		.rx_ring = 64, .tx_ring = 64, .mtu = 9000, .offloads = offloads });
	assert_int_equal(sigaction(SIGTRAP, &trap, &former), 0);
	for (unsigned from = 0; from < PERIOD; from += LASTS)
		look(len, at, from);
	assert_int_equal(sigaction(SIGTRAP, &former, NULL), 0);
	ring_end();
}

static void length(void **state)
{
	(void)state;
	all_looks(FN_OFFLOAD_RX_SCATTER, 1000, 0);
	all_looks(FN_OFFLOAD_RX_SCATTER | FN_OFFLOAD_RX_CSUM | FN_OFFLOAD_RX_VLAN |
			  FN_OFFLOAD_RX_HASH,
		  1000, 0);
}

static void length_of_first(void **state)
{
	(void)state;
	all_looks(FN_OFFLOAD_RX_SCATTER, 3000, 0);
}

static void length_of_last(void **state)
{
	(void)state;
	all_looks(FN_OFFLOAD_RX_SCATTER, 3000, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ALL(length),
		ALL(length_of_first),
		ALL(length_of_last),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void)
{
	puts("SKIP: it steps through calls by a flag that x86-64 has");
	return 77;
}

#endif
