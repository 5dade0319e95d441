// SPDX-License-Identifier: BSD-3-Clause
/* A queue that is made ready while somebody polls it already. */
#include <signal.h>

#include "single_step.h"
#include "virtio_port.h"

#ifdef __x86_64__

static struct port port;
static unsigned lies;

static unsigned rx_lie(struct fn_rxq *q, struct fn_pkt **pkts, unsigned n)
{
	(void)pkts;
	(void)n;
	lies++;
	fn_queue_break(fn_rxq_queue(q), "a test says so");
	return 0;
}

static unsigned tx_lie(struct fn_txq *q, struct fn_pkt **pkts, unsigned n)
{
	(void)pkts;
	(void)n;
	lies++;
	fn_queue_break(fn_txq_queue(q), "a test says so");
	return 0;
}

/* The poll that comes first of all: behind the very instruction that lets it reach the driver. */
static void poll_once(int sig)
{
	(void)sig;
	if (lies)
		return;
	if (__atomic_load_n(&port.rx->burst, __ATOMIC_ACQUIRE) == rx_lie)
		(void)fn_rx_burst(port.rx, NULL, 0);
	if (__atomic_load_n(&port.tx->burst, __ATOMIC_ACQUIRE) == tx_lie)
		(void)fn_tx_burst(port.tx, NULL, 0);
}

static void lie_at_once(bool tx)
{
	const struct sigaction trap = { .sa_handler = poll_once };
	struct sigaction former;

	port_init(&port);
	port_start(&port, (struct fn_dev_conf){ 0 });
	fn_queues_down(port.dev);
	lies = 0;
	assert_int_equal(sigaction(SIGTRAP, &trap, &former), 0);
	single_step(true);
	if (tx)
		fn_txq_enable(port.tx, tx_lie);
	else
		fn_rxq_enable(port.rx, rx_lie);
	single_step(false);
	assert_int_equal(sigaction(SIGTRAP, &former, NULL), 0);
	assert_int_equal(lies, 1);
	assert_int_equal(tx ? fn_txq_status(port.tx) : fn_rxq_status(port.rx), -EIO);
	if (tx)
		assert_ptr_not_equal(port.tx->burst, tx_lie);
	else
		assert_ptr_not_equal(port.rx->burst, rx_lie);
	assert_int_equal(fn_ctx_process_events(port.ctx), 1);
	assert_int_equal(port.events[FN_EVENT_QUEUE_BROKEN], 1);
	port_end(&port);
}

static void rx_lie_at_once(void **state)
{
	(void)state;
	lie_at_once(false);
}

static void tx_lie_at_once(void **state)
{
	(void)state;
	lie_at_once(true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rx_lie_at_once),
		cmocka_unit_test(tx_lie_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

/* No such flag. */
int main(void)
{
	return 77;
}

#endif
