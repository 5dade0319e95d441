// SPDX-License-Identifier: BSD-3-Clause
/*
 * Memory of the application's own comes back while a worker sends, or drops what cannot be sent,
 * and its callback sends again: nothing of that is slept over, lost, or given back twice.
 */
#include "poller_rig.h"

#define ATTACHED 3u

/**
 * struct given - what the callback of attached memory does, and what the worker did by then
 * @dma: the memory
 * @to: sends into this queue; or NULL
 * @del: takes this queue out; or NULL
 * @calls: how often it was called
 * @sent: packets that it could send
 * @at_block: the worker blocked with as many waiting in the first queue
 * @sent_at_block: and the device had as many of that one's by then
 */
static struct given {
	struct fn_dma dma;
	struct fn_poller_tx *to;
	struct fn_poller_tx *del;
	unsigned calls;
	unsigned sent;
	unsigned at_block;
	unsigned sent_at_block;
} given;

static void give_back(void *arg, void *va)
{
	struct fn_pkt *pkt = rig_pkt();

	(void)arg;
	assert_ptr_equal(va, given.dma.va);
	given.calls++;
	if (given.del)
		(void)fn_poller_del_txq(given.del);
	given.del = NULL;
	if (given.to && fn_poller_send(given.to, &pkt, 1))
		given.sent++;
	else
		fn_pkt_free(pkt);
}

static struct fn_pkt *attached_pkt(void)
{
	struct fn_pkt *pkt = fn_pkt_alloc(rig.pool);

	assert_non_null(pkt);
	assert_int_equal(fn_pkt_attach(pkt, given.dma.va, RIG_FRAME, give_back, NULL), 0);
	return pkt;
}

static unsigned wait_looks(struct fn_wait *wait, int64_t timeout_ns, struct fn_wait_mark **ready,
			   unsigned *cqes)
{
	if (timeout_ns) {
		given.at_block = fn_poller_tx_waiting(rig.nics[0].tx);
		given.sent_at_block = nic_transmit(&rig.nics[0], UINT32_MAX);
		fn_poller_stop(rig.poller);
	}
	return rig_wait(wait, timeout_ns, ready, cqes);
}

/*
 * Two devices, one poller: the first one's queue waits for more before it rings, and comes first in
 * a flush; the second one's is full, of packets with attached memory when @in_ring, or such packets
 * wait for room.
 */
static struct nic *begin(bool in_ring)
{
	struct nic *nic;

	rig_begin_pool(0);
	rig_poller(
		(struct fn_poller_opts){ .mode = FN_POLLER_INTERRUPT, .safety_ns = RIG_LONG_NS });
	given = (struct given){ 0 };
	assert_int_equal(fn_dma_alloc(rig.ctx, 4096, NULL, &given.dma), 0);
	nic_add_tx(nic_up(NIC_VIRTIO), rig.poller, 32, 0);
	nic = nic_up(NIC_VIRTIO);
	nic_add_tx(nic, rig.poller, 0, 0);
	settle();
	(void)fn_poll_unarm(rig.poller);
	rig.wait_ops.wait = wait_looks;
	for (unsigned n = 0; !fn_poller_tx_waiting(nic->tx); n++) {
		struct fn_pkt *pkt = in_ring && n < ATTACHED ? attached_pkt() : rig_pkt();

		assert_int_equal(fn_poller_send(nic->tx, &pkt, 1), 1);
	}
	for (unsigned n = 0; !in_ring && n < ATTACHED; n++) {
		struct fn_pkt *pkt = attached_pkt();

		assert_int_equal(fn_poller_send(nic->tx, &pkt, 1), 1);
	}
	return nic;
}

static void end(void)
{
	for (unsigned i = 0; i < rig.nics_n; i++)
		if (rig.nics[i].dev)
			(void)nic_transmit(&rig.nics[i], UINT32_MAX);
	given.to = NULL;
	settle();
	fn_dma_free(rig.ctx, &given.dma);
	rig_end();
}

/* Go to sleep, and be a worker until it sleeps. */
static void sleep_on(void)
{
	/* What a control call left in the mailbox would be work by itself. */
	fn_poll_serve(rig.poller);
	(void)fn_poll_sleep(rig.poller, UINT64_MAX);
	while (!rig.blocks)
		(void)fn_poller_run_once(rig.poller, -1);
}

static unsigned reclaim_too_early(struct fn_txq *q)
{
	const unsigned n = rig.nics[1].ops.tx_reclaim(q);

	/* Right behind it the device has sent everything. */
	(void)nic_transmit(&rig.nics[1], UINT32_MAX);
	return n;
}

/*
 * What the flush of one queue gives back sends into another one, whose turn is over: that is gone
 * before the worker sleeps.
 */
static void send_from_a_flush(void **state)
{
	struct nic *nic = begin(true);

	(void)state;
	nic_hook(nic);
	nic->step_ops.tx_reclaim = reclaim_too_early;
	given.to = rig.nics[0].tx;
	sleep_on();
	assert_int_equal(given.sent, ATTACHED);
	assert_int_equal(given.at_block, 0);
	assert_int_equal(given.sent_at_block, ATTACHED);
	end();
}

/* The same of what was dropped, as its queue had gone down. */
static void send_from_a_drop(void **state)
{
	struct nic *nic = begin(false);

	(void)state;
	given.to = rig.nics[0].tx;
	assert_int_equal(fn_dev_stop(nic->dev), 0);
	sleep_on();
	assert_int_equal(given.sent, ATTACHED);
	assert_int_equal(given.at_block, 0);
	assert_int_equal(given.sent_at_block, ATTACHED);
	assert_int_equal(fn_poller_tx_dropped(nic->tx), ATTACHED + 1);
	end();
}

/* Into the queue that is being dropped nothing goes any more: it is down. */
static void send_into_a_drop(void **state)
{
	(void)state;
	for (unsigned del = 0; del < 2; del++) {
		struct nic *nic = begin(false);

		given.to = nic->tx;
		if (del) {
			assert_int_equal(fn_poller_del_txq(nic->tx), ATTACHED + 1);
		} else {
			assert_int_equal(fn_dev_stop(nic->dev), 0);
			sleep_on();
			assert_int_equal(fn_poller_tx_waiting(nic->tx), 0);
			assert_int_equal(fn_poller_tx_dropped(nic->tx), ATTACHED + 1);
		}
		assert_int_equal(given.calls, ATTACHED);
		assert_int_equal(given.sent, 0);
		end();
	}
}

/* A queue is taken out while its packets are dropped: within a round's flush, and by a call. */
static void send_one(void *arg)
{
	struct fn_pkt *pkt = rig_pkt();

	/* The queue is down, and gone by the time that this returns. */
	if (!fn_poller_send(arg, &pkt, 1))
		fn_pkt_free(pkt);
}

static void del_from_a_drop(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct nic *nic = begin(false);

		if (i) {
			/* Those that wait do so for more: one makes it enough, and is dropped. */
			assert_int_equal(fn_poller_del_txq(nic->tx), ATTACHED + 1);
			nic_add_tx(nic, rig.poller, ATTACHED + 1, 0);
			for (unsigned n = 0; n < ATTACHED; n++) {
				struct fn_pkt *pkt = attached_pkt();

				assert_int_equal(fn_poller_send(nic->tx, &pkt, 1), 1);
			}
			given.calls = 0;
		}
		given.del = nic->tx;
		given.to = rig.nics[0].tx;
		assert_int_equal(fn_dev_stop(nic->dev), 0);
		if (i) {
			fn_poller_call(rig.poller, send_one, nic->tx);
			assert_int_equal(given.calls, ATTACHED);
		}
		sleep_on();
		assert_int_equal(given.calls, ATTACHED);
		assert_int_equal(given.sent_at_block, ATTACHED);
		assert_int_equal(rig.poller->tx_wait, 0);
		assert_int_equal(rig.poller->tx.n, 1);
		end();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(send_from_a_flush),
		cmocka_unit_test(send_from_a_drop),
		cmocka_unit_test(send_into_a_drop),
		cmocka_unit_test(del_from_a_drop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
