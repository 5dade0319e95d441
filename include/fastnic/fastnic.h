/* SPDX-License-Identifier: BSD-3-Clause */
/* All of libfastnic's public face in one include. */
#ifndef FASTNIC_FASTNIC_H
#define FASTNIC_FASTNIC_H

#include <fastnic/base.h>
#include <fastnic/coalesce.h>
#include <fastnic/counters.h>
#include <fastnic/ctx.h>
#include <fastnic/dev.h>
#include <fastnic/diag.h>
#include <fastnic/dma.h>
#include <fastnic/error.h>
#include <fastnic/filter.h>
#include <fastnic/link.h>
#include <fastnic/offload.h>
#include <fastnic/pci.h>
#include <fastnic/pkt.h>
#include <fastnic/poller.h>
#include <fastnic/pool.h>
#include <fastnic/queue.h>
#include <fastnic/regs.h>
#include <fastnic/rss.h>
#include <fastnic/selftest.h>

#endif
