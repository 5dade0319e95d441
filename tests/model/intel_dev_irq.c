// SPDX-License-Identifier: BSD-3-Clause
/*
 * Interrupts of the Intel model: causes, masks, vectors and their throttles. 82574 7.4 and 10.2.4,
 * 82576 8.8; MSI-X only, as fastnic uses nothing else.
 */
#include "model/intel_dev.h"

#define REG(off) id->reg[(off) / 4]

static void expired(void *arg, uint64_t vector);

/* 82574: EITR counts 256 ns; 82576: microseconds, in bits 14:2. */
static uint64_t interval_ns(const struct intel_dev *id, unsigned vector)
{
	if (id->family == INTEL_82574)
		return vector < 5 ? (REG(IDEV_EITR_74 + 4 * vector) & 0xffffu) * 256u : 0;
	return (REG(IDEV_EITR_76 + 4 * vector) >> 2 & 0x1fffu) * 1000u;
}

/* The message itself; what is cleared and masked by it, is. */
static void message(struct intel_dev *id, unsigned vector, uint32_t causes)
{
	struct intel_vector *v = &id->vector[vector];

	v->waiting = false;
	v->free_ns = id->md.clock->now_ns + interval_ns(id, vector);
	model_dev_signal(&id->md, vector);
	if (id->family == INTEL_82574) {
		const uint32_t clear = causes & REG(IDEV_EIAC_74);

		if (REG(IDEV_CTRL_EXT) & IDEV_CTRL_EXT_EIAME)
			REG(IDEV_IMS) &= ~(REG(IDEV_IAM) & causes);
		REG(IDEV_ICR) &= ~clear;
		if (id->masks_by_eiac)
			REG(IDEV_IMS) &= ~clear;
	} else {
		REG(IDEV_EICR) &= ~(causes & REG(IDEV_EIAC));
		if (REG(IDEV_GPIE) & IDEV_GPIE_EIAME)
			REG(IDEV_EIMS) &= ~(causes & REG(IDEV_EIAM));
	}
}

/* The causes of a vector, of those that are there and not masked. */
static uint32_t causes_of(const struct intel_dev *id, unsigned vector)
{
	const uint32_t ivar = REG(IDEV_IVAR_74);
	const uint32_t live = REG(IDEV_ICR) & REG(IDEV_IMS);
	uint32_t causes = 0;

	if (id->family == INTEL_82576)
		return REG(IDEV_EICR) & REG(IDEV_EIMS) & (1u << vector);
	/* IVAR: four bits each for RxQ0, RxQ1, TxQ0, TxQ1, other, as the causes lie in ICR. */
	for (unsigned i = 0; i < 5; i++)
		if ((ivar >> (4 * i) & 8) && (ivar >> (4 * i) & 7) == vector)
			causes |= live & IDEV_ICR_RXQ0 << i;
	return causes;
}

static void attempt(struct intel_dev *id, unsigned vector)
{
	struct intel_vector *v = &id->vector[vector];
	const uint32_t causes = causes_of(id, vector);
	const uint64_t now_ns = id->md.clock->now_ns;

	if (vector >= id->md.busdev.irqs)
		intel_dev_violation(id, "a vector that the device does not have (IVAR)");
	if (!causes || v->waiting)
		return;
	if (now_ns >= v->free_ns) {
		message(id, vector, causes);
		return;
	}
	v->waiting = true;
	model_clock_after(id->md.clock, v->free_ns - now_ns, expired, id, vector);
}

static void expired(void *arg, uint64_t vector)
{
	struct intel_dev *id = arg;
	const uint32_t causes = causes_of(id, (unsigned)vector);

	id->vector[vector].waiting = false;
	if (causes && !id->md.gone)
		message(id, (unsigned)vector, causes);
}

/* The vectors of causes that are new, or newly let through: what stands already tells nobody. */
static void attempt_for(struct intel_dev *id, uint32_t causes)
{
	const uint32_t ivar = REG(IDEV_IVAR_74);

	if (id->family == INTEL_82576) {
		for (unsigned i = 0; i < INTEL_DEV_VECTORS; i++)
			if (causes >> i & 1)
				attempt(id, i);
		return;
	}
	for (unsigned i = 0; i < 5; i++)
		if ((causes & IDEV_ICR_RXQ0 << i) && (ivar >> (4 * i) & 8))
			attempt(id, ivar >> (4 * i) & 7);
}

/* 82576 8.8: IVAR's byte of a queue, or of the other causes. */
static void raise_76(struct intel_dev *id, uint8_t ivar)
{
	if (!(ivar & 0x80))
		return;
	REG(IDEV_EICR) |= 1u << (ivar & 0x1f);
	attempt(id, ivar & 0x1f);
}

void intel_dev_cause(struct intel_dev *id, uint32_t causes)
{
	if (id->md.gone)
		return;
	if (id->family == INTEL_82574 && (causes & IDEV_ICR_OTHERS & REG(IDEV_IMS)))
		causes |= IDEV_ICR_OTHER;
	REG(IDEV_ICR) |= causes;
	if (id->family == INTEL_82574) {
		attempt_for(id, causes);
	} else if (causes & REG(IDEV_IMS)) {
		raise_76(id, (uint8_t)(REG(IDEV_IVAR_MISC) >> 8));
	}
}

static void delay_over(struct intel_dev *id, struct intel_delay *d)
{
	const uint32_t causes = d->causes;

	d->causes = 0;
	intel_dev_cause(id, causes);
}

static void delayed(void *arg, uint64_t tx)
{
	struct intel_dev *id = arg;
	struct intel_delay *d = &id->delay[tx];

	/* A timer that a later packet has moved on finds a later time. */
	if (d->causes && d->due_ns <= id->md.clock->now_ns)
		delay_over(id, d);
}

/* 82574 10.2.5, 10.2.6: each packet starts the one timer anew, the first the other; 1.024 us. */
static void delay(struct intel_dev *id, bool tx, uint32_t causes)
{
	const uint64_t packet_ns = (REG(tx ? IDEV_TIDV : IDEV_RDTR) & 0xffffu) * 1024u;
	const uint64_t absolute_ns = (REG(tx ? IDEV_TADV : IDEV_RADV) & 0xffffu) * 1024u;
	const uint64_t now_ns = id->md.clock->now_ns;
	struct intel_delay *d = &id->delay[tx];

	if (!packet_ns) {
		intel_dev_cause(id, causes);
		return;
	}
	if (!d->causes)
		d->latest_ns = absolute_ns ? now_ns + absolute_ns : UINT64_MAX;
	d->causes |= causes;
	d->due_ns = now_ns + packet_ns < d->latest_ns ? now_ns + packet_ns : d->latest_ns;
	model_clock_after(id->md.clock, d->due_ns - now_ns, delayed, id, tx);
}

/* 82574 10.2.4.9: without the bit nobody promises an interrupt for each report. */
static void check_tx_each(struct intel_dev *id, unsigned queue)
{
	const uint32_t ivar = REG(IDEV_IVAR_74);

	if ((ivar >> (8 + 4 * queue) & 8) && !(ivar & IDEV_IVAR_TX_EACH))
		intel_dev_violation(id, "a transmit queue has a vector that not each write-back "
					"of a descriptor is for (IVAR; 82574 10.2.4.9)");
}

void intel_dev_queue_cause(struct intel_dev *id, bool tx, unsigned queue, bool may_wait)
{
	const uint32_t causes = tx ? IDEV_ICR_TXDW | IDEV_ICR_TXQ0 << queue :
				     IDEV_ICR_RXT0 | IDEV_ICR_RXQ0 << queue;
	const uint32_t word = IDEV_IVAR_76 + 4 * (id->successor ? queue / 2 : queue % 8);
	const unsigned byte = (id->successor ? queue % 2 : queue / 8) * 2 + tx;

	if (id->family == INTEL_82574) {
		if (tx)
			check_tx_each(id, queue);
		if (may_wait)
			delay(id, tx, causes);
		else
			intel_dev_cause(id, causes);
		return;
	}
	REG(IDEV_ICR) |= tx ? IDEV_ICR_TXDW : IDEV_ICR_RXT0;
	raise_76(id, (uint8_t)(REG(word) >> 8 * byte));
}

/* The 82576 has these at 0x1500 as well: one place for both. */
static uint32_t canonical(const struct intel_dev *id, uint32_t off)
{
	static const uint32_t same[][2] = { { IDEV_ICR_76, IDEV_ICR },
					    { IDEV_ICS_76, IDEV_ICS },
					    { IDEV_IMS_76, IDEV_IMS },
					    { IDEV_IMC_76, IDEV_IMC },
					    { IDEV_IAM_76, IDEV_IAM } };

	for (unsigned i = 0; id->family == INTEL_82576 && i < FN_ARRAY_LEN(same); i++)
		if (same[i][0] == off)
			return same[i][1];
	return off;
}

/*
 * 82574 10.2.4.1: reading clears when nothing is masked in or an interrupt is asserted. With MSI-X
 * on the 82576 reading clears (8.8).
 */
static uint32_t icr_read(struct intel_dev *id)
{
	const uint32_t live = REG(IDEV_ICR) & REG(IDEV_IMS);
	const uint32_t value = REG(IDEV_ICR) | (live ? IDEV_ICR_ASSERTED : 0);

	if (id->family == INTEL_82576 || !REG(IDEV_IMS) || live)
		REG(IDEV_ICR) = 0;
	if (id->family == INTEL_82574 && (REG(IDEV_CTRL_EXT) & IDEV_CTRL_EXT_IAME) && live)
		REG(IDEV_IMS) &= ~REG(IDEV_IAM);
	return value;
}

bool intel_dev_irq_read(struct intel_dev *id, uint32_t off, uint32_t *value)
{
	switch (canonical(id, off)) {
	case IDEV_ICR:
		*value = icr_read(id);
		return true;
	case IDEV_EICR:
		if (id->family != INTEL_82576)
			return false;
		*value = REG(IDEV_EICR);
		REG(IDEV_EICR) = 0;
		return true;
	case IDEV_IMS:
		*value = REG(IDEV_IMS);
		return true;
	case IDEV_IAM:
		*value = REG(IDEV_IAM);
		return true;
	default:
		return false;
	}
}

static bool write_74(struct intel_dev *id, uint32_t off, uint32_t value)
{
	if (off != IDEV_RDTR && off != IDEV_TIDV)
		return false;
	if (off == IDEV_TIDV && !(value & 0xffff))
		intel_dev_violation(id, "TIDV is 0, which it may not be (82574 10.2.6)");
	REG(off) = value & ~IDEV_DELAY_FPD;
	if ((value & IDEV_DELAY_FPD) && id->delay[off == IDEV_TIDV].causes)
		delay_over(id, &id->delay[off == IDEV_TIDV]);
	return true;
}

static bool write_76(struct intel_dev *id, uint32_t off, uint32_t value)
{
	switch (off) {
	case IDEV_EICS:
		REG(IDEV_EICR) |= value;
		break;
	case IDEV_EIMS:
		if (~REG(IDEV_GPIE) & (IDEV_GPIE_MSIX | IDEV_GPIE_PBA))
			intel_dev_violation(id, "GPIE is not set for MSI-X (82576 8.8)");
		REG(IDEV_EIMS) |= value;
		break;
	case IDEV_EIMC:
		REG(IDEV_EIMS) &= ~value;
		return true;
	case IDEV_EICR:
		REG(IDEV_EICR) &= ~value;
		return true;
	default:
		return false;
	}
	attempt_for(id, value);
	return true;
}

bool intel_dev_irq_write(struct intel_dev *id, uint32_t off, uint32_t value)
{
	switch (canonical(id, off)) {
	case IDEV_ICR:
		REG(IDEV_ICR) &= ~value;
		return true;
	case IDEV_ICS:
		intel_dev_cause(id, value);
		return true;
	case IDEV_IMS:
		REG(IDEV_IMS) |= value;
		/* What waited for it is due now. */
		intel_dev_cause(id, REG(IDEV_ICR) & value);
		return true;
	case IDEV_IMC:
		REG(IDEV_IMS) &= ~value;
		return true;
	case IDEV_IAM:
		REG(IDEV_IAM) = value;
		return true;
	default:
		return id->family == INTEL_82576 ? write_76(id, off, value) :
						   write_74(id, off, value);
	}
}
