// SPDX-License-Identifier: BSD-3-Clause
/* Which codes each call may return, as its header has them, and that a sentence comes with them. */
#include <errno.h>
#include <string.h>

#include "fuzz/hostile.h"

/* What fn_dma_alloc() adds to a call that needs memory, and descriptors. */
#define CODES_MEMORY ENOMEM, ENOSPC, EMFILE, ENFILE
#define CODES_START EINVAL, CODES_MEMORY, ENOBUFS, EIO, ENOTSUP, ENODEV

/**
 * struct promise - what the header says of a call
 * @call: the call
 * @codes: the errors that it may return; 0 ends them
 */
struct promise {
	const char *call;
	int codes[13];
};

static const struct promise promises[] = {
	{ "fn_dev_open_on", { ENOENT, ENOTSUP, ENODEV, EACCES, EBUSY, CODES_MEMORY, ERANGE, EIO } },
	{ "fn_dev_close", { EIO, ENODEV } },
	{ "fn_dev_configure", { EINVAL, EBUSY, EIO, ENOTSUP, CODES_MEMORY, ENODEV } },
	{ "fn_dev_start", { CODES_START } },
	{ "fn_dev_stop", { EIO, ENODEV } },
	{ "fn_dev_reset", { CODES_START } },
	{ "fn_dev_set_mac", { EINVAL, ENOTSUP, EIO, ENODEV } },
	{ "fn_dev_set_promisc", { ENOTSUP, EIO, ENODEV } },
	{ "fn_dev_set_allmulti", { ENOTSUP, EIO, ENODEV } },
	{ "fn_dev_set_mac_filters", { EINVAL, ENOTSUP, ENOSPC, ENOMEM, EIO, ENODEV } },
	{ "fn_dev_add_vlan", { EINVAL, ENOTSUP, EIO, ENODEV } },
	{ "fn_dev_del_vlan", { EINVAL, ENOTSUP, EIO, ENODEV } },
	{ "fn_dev_set_coalesce", { EINVAL, ERANGE, ENOTSUP, EIO, ENODEV } },
	{ "fn_dev_get_rss", { EINVAL, ENOTSUP, ENOSPC, ENODEV } },
	{ "fn_dev_set_rss", { EINVAL, ENOTSUP, EIO, ENODEV } },
	{ "fn_dev_get_link", { EINVAL, EIO, ENODEV } },
	{ "fn_dev_get_link_conf", { EINVAL, ENOTSUP, ENODEV } },
	{ "fn_dev_set_link_conf", { EINVAL, ENOTSUP, EIO, ENODEV } },
	{ "fn_dev_identify", { ENOTSUP, EIO, ENODEV } },
	{ "fn_dev_phy_read", { EINVAL, ENOTSUP, EIO, ENODEV } },
	{ "fn_dev_phy_write", { EINVAL, ENOTSUP, EIO, ENODEV } },
	{ "fn_dev_nvm_read", { EINVAL, ENOTSUP, EIO, ENODEV } },
	{ "fn_dev_read_regs", { ENOTSUP, ENODEV } },
	{ "fn_dev_selftest", { EINVAL, EBUSY, ENOTSUP, EIO, ENODEV } },
};

static const struct promise *promise_of(struct hostile *h, const char *call)
{
	const size_t len = strcspn(call, "(");

	for (unsigned i = 0; i < FN_ARRAY_LEN(promises); i++)
		if (strlen(promises[i].call) == len && !memcmp(promises[i].call, call, len))
			return &promises[i];
	hostile_fail(h, "%s: nobody says what it may return", call);
}

int hostile_known(struct hostile *h, const char *call, int ret)
{
	const struct promise *promise = promise_of(h, call);
	bool found = !ret;

	for (unsigned i = 0; promise->codes[i]; i++)
		found = found || ret == -promise->codes[i];
	if (!found)
		hostile_fail(h, "%s is %d, which its header does not have: %s", call, ret,
			     fn_error_last());
	if (ret && !fn_error_last()[0])
		hostile_fail(h, "%s is %d without a sentence", call, ret);
	hostile_note(h, (uint64_t)ret);
	return ret;
}
