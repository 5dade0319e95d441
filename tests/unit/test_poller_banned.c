// SPDX-License-Identifier: BSD-3-Clause
/*
 * A poller where io_uring is forbidden: who asks for it is told so, and who leaves the choice to
 * the library has one that works. And what a choice of the library does not go with.
 */
#include "poller_rig.h"
#include "unit/filter.h"

/* What was wrong, as an exit status: nothing in a child may end it but this. */
#define WRONG(condition)                           \
	do {                                       \
		if (condition)                     \
			return __LINE__ % 199 + 1; \
	} while (0)

static int is_refused(struct fn_error *error, int err)
{
	struct fn_poller_opts opts = { .sz = sizeof(opts),
				       .err = error,
				       .wait = FN_POLLER_WAIT_URING };
	struct fn_poller *poller = NULL;

	WRONG(fn_poller_create(rig.ctx, &opts, &poller) != -err);
	WRONG(poller);
	WRONG(strcmp(error->text, fn_error_last()) != 0);
	WRONG(!strstr(error->text, "seccomp") || !strstr(error->text, "wait by epoll"));
	return 0;
}

/* Armed, told of a packet by its descriptor, and asleep again behind it. */
static int works(void)
{
	struct fn_poller_opts opts = { .sz = sizeof(opts), .wait = FN_POLLER_WAIT_AUTO };
	struct nic *nic = &rig.nics[0];
	struct fn_poller_rx_opts rx = { .sz = sizeof(rx), .fn = nic_take, .arg = nic };
	struct fn_poller *poller;

	WRONG(fn_poller_create(rig.ctx, &opts, &poller));
	WRONG(stats_of(poller).wait != FN_POLLER_WAIT_EPOLL);
	WRONG(fn_poller_ring(poller));
	WRONG(fn_poller_add_rxq(poller, nic->rxq, &rx, NULL));
	for (unsigned i = 0; i < 3; i++) {
		while (fn_poller_run_once(poller, 0))
			;
		WRONG(readable(fn_poller_fd(poller)));
		WRONG(nic_receive(nic));
		WRONG(!readable(fn_poller_fd(poller)));
		WRONG(fn_poller_run_once(poller, -1) != 1);
		WRONG(nic->got != nic->in);
	}
	WRONG(stats_of(poller).wakes_interrupt != 3);
	WRONG(fn_poller_destroy(poller));
	return 0;
}

static int banned(int err)
{
	struct fn_error error = FN_ERROR_INIT;
	int wrong;

	/* Here, as memory of devices is not handed on to children. */
	rig_begin_pool(0);
	rig_poller((struct fn_poller_opts){ 0 });
	(void)nic_up(NIC_VIRTIO);

	filter_answer(SYS_io_uring_setup, SECCOMP_RET_ERRNO | (uint32_t)err);
	/* Also behind one that was refused. */
	wrong = works();
	if (!wrong)
		wrong = is_refused(&error, err);
	if (!wrong)
		wrong = works();
	rig_end();
	return wrong;
}

static void auto_where_uring_is_banned(void **state)
{
	(void)state;
	assert_int_equal(in_a_child(banned, EPERM), 0);
	assert_int_equal(in_a_child(banned, ENOSYS), 0);
}

/* Requests of one's own go into an io_uring, which the library does not choose by itself. */
static void auto_has_no_completions(void **state)
{
	struct fn_poller_opts opts = { .sz = sizeof(opts) };
	struct fn_poller *poller = NULL;

	(void)state;
	rig_begin_pool(0);
	rig_poller((struct fn_poller_opts){ 0 });
	opts.cqe = (fn_poller_cqe_fn *)(uintptr_t)banned;
	assert_int_equal(fn_poller_create(rig.ctx, &opts, &poller), -EINVAL);
	assert_non_null(strstr(fn_error_last(), "FN_POLLER_WAIT_URING"));
	assert_null(poller);
	rig_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(auto_where_uring_is_banned),
		cmocka_unit_test(auto_has_no_completions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
