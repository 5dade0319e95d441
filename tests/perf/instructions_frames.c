// SPDX-License-Identifier: BSD-3-Clause
/* Frames of TCP for tests/perf/instructions. */
#include <string.h>

#include "model/model_frame.h"
#include "perf/instructions.h"

/* 20 bytes of IPv4 and 20 of TCP: RFC 791 3.1, RFC 9293 3.1. */
void perf_tcp_headers(uint8_t *frame, uint32_t len)
{
	uint8_t *const ip = frame + PERF_L2_BYTES;

	memset(frame, 0, len);
	memset(frame, 2, 12);
	frame[12] = 8;
	ip[0] = 0x45;
	ip[2] = (uint8_t)((len - PERF_L2_BYTES) >> 8);
	ip[3] = (uint8_t)(len - PERF_L2_BYTES);
	ip[8] = 64;
	ip[9] = 6;
	ip[20 + 12] = 0x50;
}

uint32_t perf_tcp_frame(uint8_t *frame)
{
	struct model_frame f;

	perf_tcp_headers(frame, PERF_TCP_BYTES);
	f = model_frame_parse(frame, PERF_TCP_BYTES);
	model_frame_set_ip_csum(frame, &f);
	model_frame_set_l4_csum(frame, &f);
	return PERF_TCP_BYTES;
}

void perf_tcp_fill(struct fn_pool *pool, struct fn_pkt *pkt)
{
	(void)pool;
	if (fn_pkt_append(pkt, PERF_TCP_BYTES))
		perf_tcp_headers(pkt->data, PERF_TCP_BYTES);
}
