// SPDX-License-Identifier: BSD-3-Clause
/*
 * Interrupts of the queues of Intel's controllers, raised and let through by different threads:
 * 82574 7.4 and 10.2.4, 82576 8.8, with MSI-X. The causes that are no queue's, and MSI-X entry 0
 * with them, are the stepped model's (tests/model/intel_dev_irq.c).
 *
 * Causes and mask change together, in one word, as if the device did one thing at a time.
 */
#include "threaded/threaded_priv.h"

#define REG(off) m->id->reg[(off) / 4]

/* RXQ0, RXQ1, TXQ0, TXQ1; and vectors 1 to 24. */
#define QUEUES_74 (0xfu * IDEV_ICR_RXQ0)
#define QUEUES_76 0x01fffffeu

struct state {
	uint32_t causes;
	uint32_t mask;
};

static struct state state_of(uint64_t word)
{
	return (struct state){ (uint32_t)word, (uint32_t)(word >> 32) };
}

static uint64_t word_of(struct state s)
{
	return s.causes | (uint64_t)s.mask << 32;
}

static bool is_76(const struct threaded_model *m)
{
	return m->id->family == INTEL_82576;
}

static uint32_t load(const uint32_t *p)
{
	return __atomic_load_n(p, __ATOMIC_RELAXED);
}

static void store(uint32_t *p, uint32_t value)
{
	__atomic_store_n(p, value, __ATOMIC_RELAXED);
}

/* The vectors of causes, and the causes of vectors. On the 82576 both are the same. */
static uint32_t vectors_of(const struct threaded_model *m, uint32_t causes)
{
	const uint32_t ivar = load(&m->irq.ivar);
	uint32_t vectors = 0;

	if (is_76(m))
		return causes;
	for (unsigned i = 0; i < 4; i++)
		if ((causes & IDEV_ICR_RXQ0 << i) && (ivar >> (4 * i) & 8))
			vectors |= 1u << (ivar >> (4 * i) & 7);
	return vectors;
}

static uint32_t causes_of(const struct threaded_model *m, uint32_t vectors)
{
	uint32_t causes = 0;

	if (is_76(m))
		return vectors;
	for (unsigned i = 0; i < 4; i++)
		if (vectors_of(m, IDEV_ICR_RXQ0 << i) & vectors)
			causes |= IDEV_ICR_RXQ0 << i;
	return causes;
}

/* Those of some vectors whose throttle lets a message through now; the others wait for it. */
static uint32_t unthrottled(struct threaded_model *m, uint32_t vectors)
{
	uint32_t late = 0;

	for (uint32_t left = vectors; left; left &= left - 1) {
		const unsigned v = (unsigned)__builtin_ctz(left);

		if (__atomic_load_n(&m->irq.interval[v], __ATOMIC_RELAXED) &&
		    __atomic_load_n(&m->irq.free_at[v], __ATOMIC_RELAXED) > fn_ticks())
			late |= 1u << v;
	}
	if (late)
		(void)__atomic_fetch_or(&m->irq.waiting, late, __ATOMIC_RELEASE);
	return vectors & ~late;
}

static void messages(struct threaded_model *m, uint32_t vectors)
{
	for (; vectors; vectors &= vectors - 1) {
		const unsigned v = (unsigned)__builtin_ctz(vectors);
		const uint64_t interval = __atomic_load_n(&m->irq.interval[v], __ATOMIC_RELAXED);

		if (interval)
			__atomic_store_n(&m->irq.free_at[v], fn_ticks() + interval,
					 __ATOMIC_RELAXED);
		thr_signal(m, v);
	}
}

/*
 * Add causes, let some through and mask others, and send the messages that are due then for @look:
 * what stands already tells nobody. A message clears and masks as EIAC and EIAM say. Whether there
 * was one.
 */
static bool change(struct threaded_model *m, uint32_t causes, uint32_t unmask, uint32_t look)
{
	uint64_t old = __atomic_load_n(&m->irq.word, __ATOMIC_RELAXED);
	uint32_t vectors;
	struct state s;

	do {
		uint32_t live;

		s = state_of(old);
		s.causes |= causes;
		s.mask |= unmask;
		live = s.causes & s.mask;
		vectors = vectors_of(m, live & look);
		vectors = vectors ? unthrottled(m, vectors) : 0;
		live &= causes_of(m, vectors);
		s.causes &= ~(live & load(&m->irq.eiac));
		s.mask &= ~(live & load(&m->irq.eiam));
	} while (!__atomic_compare_exchange_n(&m->irq.word, &old, word_of(s), false,
					      __ATOMIC_SEQ_CST, __ATOMIC_RELAXED));
	messages(m, vectors);
	return vectors;
}

static void clear(struct threaded_model *m, uint32_t causes, uint32_t mask)
{
	const struct state keep = { ~causes, ~mask };

	(void)__atomic_fetch_and(&m->irq.word, word_of(keep), __ATOMIC_SEQ_CST);
}

void thr_irq_raise(struct threaded_model *m, uint32_t causes)
{
	/* A queue without a vector has none. */
	if (causes && !change(m, causes, 0, causes))
		(void)__atomic_fetch_add(&m->suppressed, 1, __ATOMIC_RELAXED);
}

void thr_irq_waited(struct threaded_model *m, uint64_t now)
{
	uint32_t due = 0;

	for (uint32_t left = __atomic_load_n(&m->irq.waiting, __ATOMIC_ACQUIRE); left;
	     left &= left - 1) {
		const unsigned v = (unsigned)__builtin_ctz(left);

		if (__atomic_load_n(&m->irq.free_at[v], __ATOMIC_RELAXED) <= now)
			due |= 1u << v;
	}
	if (!due)
		return;
	(void)__atomic_fetch_and(&m->irq.waiting, ~due, __ATOMIC_ACQ_REL);
	(void)change(m, 0, 0, causes_of(m, due));
}

bool thr_irq_is_hot(const struct threaded_model *m, uint32_t off)
{
	if (is_76(m))
		return off == IDEV_EICR || off == IDEV_EICS || off == IDEV_EIMS || off == IDEV_EIMC;
	return off == IDEV_ICR || off == IDEV_ICS || off == IDEV_IMS || off == IDEV_IMC;
}

uint32_t thr_irq_write(struct threaded_model *m, uint32_t off, uint32_t value)
{
	const uint32_t mine = value & m->irq.queue_causes;

	switch (off) {
	case IDEV_ICR:
	case IDEV_EICR:
		clear(m, mine, 0);
		break;
	case IDEV_IMC:
	case IDEV_EIMC:
		clear(m, 0, mine);
		break;
	case IDEV_ICS:
	case IDEV_EICS:
		(void)change(m, mine, 0, mine);
		break;
	default:
		/* What waited for it is due now. */
		(void)change(m, 0, mine, mine);
	}
	return value & ~m->irq.queue_causes;
}

/*
 * 82574 10.2.4.1: reading ICR clears when nothing is let through or an interrupt is asserted; with
 * MSI-X reading EICR clears (82576 8.8).
 */
uint32_t thr_irq_read(struct threaded_model *m, uint32_t off, uint32_t value, uint32_t model_ims)
{
	const struct state s = state_of(__atomic_load_n(&m->irq.word, __ATOMIC_SEQ_CST));

	if (off == IDEV_IMS || off == IDEV_EIMS)
		return value | s.mask;
	if (off == IDEV_EICR) {
		clear(m, s.causes, 0);
		return value | s.causes;
	}
	if (off != IDEV_ICR)
		return value;
	if (!(model_ims | s.mask) || (s.causes & s.mask) || (value & IDEV_ICR_ASSERTED))
		clear(m, s.causes, 0);
	return value | s.causes | (s.causes & s.mask ? IDEV_ICR_ASSERTED : 0);
}

void thr_irq_reset(struct threaded_model *m)
{
	m->irq.queue_causes = is_76(m) ? QUEUES_76 : QUEUES_74;
	__atomic_store_n(&m->irq.word, 0, __ATOMIC_SEQ_CST);
	__atomic_store_n(&m->irq.waiting, 0, __ATOMIC_SEQ_CST);
}

/* 82576 8.8: IVAR's byte of a queue. */
static uint32_t cause_76(const struct threaded_model *m, bool tx, unsigned queue)
{
	const unsigned byte = (queue / 8) * 2 + tx;
	const uint8_t ivar = (uint8_t)(REG(IDEV_IVAR_76 + 4 * (queue % 8)) >> 8 * byte);

	return ivar & 0x80 ? 1u << (ivar & 0x1f) : 0;
}

/* 82574: EITR counts 256 ns; 82576: microseconds, in bits 14:2. */
static uint64_t interval(const struct threaded_model *m, unsigned vector)
{
	if (is_76(m))
		return threaded_ticks((REG(IDEV_EITR_76 + 4 * vector) >> 2 & 0x1fffu) * 1000u);
	return vector < 5 ? threaded_ticks((REG(IDEV_EITR_74 + 4 * vector) & 0xffffu) * 256u) : 0;
}

void thr_irq_follow(struct threaded_model *m)
{
	const bool masks = is_76(m) ? REG(IDEV_GPIE) & IDEV_GPIE_EIAME :
				      REG(IDEV_CTRL_EXT) & IDEV_CTRL_EXT_EIAME;

	store(&m->irq.ivar, is_76(m) ? 0 : REG(IDEV_IVAR_74));
	store(&m->irq.eiac, is_76(m) ? REG(IDEV_EIAC) : REG(IDEV_EIAC_74));
	store(&m->irq.eiam, !masks ? 0 : is_76(m) ? REG(IDEV_EIAM) : REG(IDEV_IAM));
	for (unsigned v = 0; v < m->md->busdev.irqs; v++)
		__atomic_store_n(&m->irq.interval[v], interval(m, v), __ATOMIC_RELAXED);
	for (unsigned i = 0; i < m->id->queues; i++) {
		m->rx[i].irq_causes = is_76(m) ? cause_76(m, false, i) : IDEV_ICR_RXQ0 << i;
		m->tx[i].irq_causes = is_76(m) ? cause_76(m, true, i) : IDEV_ICR_TXQ0 << i;
	}
}
