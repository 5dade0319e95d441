// SPDX-License-Identifier: BSD-3-Clause
/* Lies that any device on a bus can tell: registers, interrupts, memory, and not being there. */
#include "fuzz/hostile.h"
#include "model/model_build.h"

void hostile_honest(struct hostile *h)
{
	h->lied = false;
	h->reg_lies = 0;
	h->reg_ones = false;
	h->desc_lies = false;
	h->kind->honest(h);
}

uint32_t hostile_number(struct hostile *h, uint32_t right)
{
	switch (hostile_below(h, 8)) {
	case 0:
		return UINT32_MAX;
	case 1:
		return 0xffff;
	case 2:
		return right + 1;
	case 3:
		return right - 1;
	case 4:
		return right | 0x10000;
	case 5:
		return (uint32_t)hostile_random(h);
	default:
		return right;
	}
}

uint32_t hostile_frame(struct hostile *h, uint8_t *frame)
{
	static const uint8_t protos[] = { MODEL_PROTO_TCP, MODEL_PROTO_UDP };
	const struct model_build b = { .dst = { 0x52, 0x54, 0x00, 0x12, 0x34, 0x56 },
				       .vlan = (uint16_t)hostile_below(h, 4),
				       .ip = hostile_below(h, 2) ? 4 : 6,
				       .proto = protos[hostile_below(h, 2)],
				       .sport = (uint16_t)hostile_below(h, 64),
				       .dport = 9,
				       .payload = hostile_below(h, 8) ? hostile_below(h, 1400) :
									hostile_below(h, 9000),
				       .seq = hostile_below(h, 1000),
				       .bad_l4 = !hostile_below(h, 4) };

	return model_build(frame, &b);
}

void hostile_scribble(struct hostile *h)
{
	const struct model_map *map;
	size_t bytes = 1 + hostile_below(h, 64);
	size_t at;

	if (!h->md->maps_n || !h->md->master)
		return;
	h->clean = false;
	map = &h->md->maps[hostile_below(h, h->md->maps_n)];
	at = hostile_random(h) % (map->len - bytes);
	/* Rings lie at the beginning of the arena: there it hurts. */
	if (hostile_below(h, 2))
		at = hostile_below(h, 16384);
	while (bytes--)
		map->va[at++] = hostile_below(h, 3) ? (uint8_t)hostile_random(h) : 0xff;
}

void hostile_registers(struct hostile *h)
{
	static const unsigned rates[] = { 0, 0, 0, 2, 16, 128 };

	h->reg_lies = rates[hostile_below(h, FN_ARRAY_LEN(rates))];
	h->reg_ones = !hostile_below(h, 32);
	h->lied = h->lied || h->reg_lies || h->reg_ones;
	h->clean = h->clean && !h->reg_lies && !h->reg_ones;
}

void hostile_interrupt(struct hostile *h)
{
	if (!h->md->master)
		return;
	model_dev_signal(h->md, hostile_below(h, MODEL_VECTORS));
	if (!hostile_below(h, 64))
		model_dev_error(h->md);
}

void hostile_vanish(struct hostile *h)
{
	if (hostile_below(h, 64))
		return;
	if (hostile_below(h, 2))
		h->md->gone = true;
	else
		model_dev_request(h->md);
}
