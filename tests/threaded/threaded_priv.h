/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Between the files of the threaded model: a device as its own thread sees it, and how that thread
 * is kept away while something is changed.
 *
 * threaded_bus.c is the driver's side, threaded_thread.c the device's, threaded_virtio.c,
 * threaded_intel.c and threaded_irq.c what that does with rings and interrupts, threaded_gen.c when
 * frames arrive, threaded_port.c what tests call.
 */
#ifndef FN_TESTS_THREADED_THREADED_PRIV_H
#define FN_TESTS_THREADED_THREADED_PRIV_H

#include <pthread.h>

#include "model/intel_dev.h"
#include "model/virtio_dev.h"
#include "threaded/threaded.h"

/* Frames that are made visible together at most. */
#define THR_BATCH 32u
#define THR_BATCH_MAX 256u

#define THR_POSTED 64u
#define THR_GAPS 4096u
#define THR_VECTORS 32u

/* One writer, any reader. */
static inline void thr_add(uint64_t *count, uint64_t n)
{
	__atomic_store_n(count, __atomic_load_n(count, __ATOMIC_RELAXED) + n, __ATOMIC_RELAXED);
}

static inline uint64_t thr_read(const uint64_t *count)
{
	return __atomic_load_n(count, __ATOMIC_RELAXED);
}

static inline void thr_pause(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#endif
}

/**
 * struct thr_gen - when frames arrive on a queue
 * @load: how
 * @left: frames until its end
 * @base: when it began, ticks
 * @interval: THREADED_EVEN: from one frame to the next, in 1/2^16 of a tick
 * @due: when the next frame or burst is due, from @base on; THREADED_EVEN: in 1/2^16 of a tick
 * @stamp: time that the frames of a burst get
 * @pending: frames of a burst that are due
 * @set: THREADED_PING: the next one is scheduled
 * @delay: THREADED_PING: its delay, nanoseconds
 */
struct thr_gen {
	struct threaded_load load;
	uint64_t left;
	uint64_t base;
	uint64_t interval;
	uint64_t due;
	uint64_t stamp;
	unsigned pending;
	bool set;
	uint64_t delay;
};

struct threaded_model;

/**
 * struct thr_queue - a queue as the device sees it
 *
 * The first part changes only while the device's thread is kept away (thr_hold_off()).
 *
 * @model: the device
 * @tx: of frames to be sent
 * @idx: its number among those of its kind
 * @on: it runs
 * @event_idx: virtio: VIRTIO_F_EVENT_IDX is in use
 * @looks: virtio: it looks at the ring without a doorbell
 * @hdr_bytes: virtio: bytes in front of a frame
 * @vector: virtio: MSI-X entry
 * @size: entries
 * @desc: descriptors
 * @avail: virtio: available ring
 * @used: virtio: used ring
 * @irq_causes: Intel: what a write-back raises
 * @gen: what comes in
 * @seq: number of the next frame: to come in, or expected to be sent
 * @pos: entries taken
 * @seen: virtio: avail->idx as it was read last
 * @used_pos: virtio: elements written
 * @shown: virtio: used->idx as the driver's wish was looked at last
 * @waiting: virtio: for a doorbell
 * @kicks_seen: doorbells at the last look
 * @reported: Intel: a descriptor was written back, and its cause is not raised yet
 * @next_at: sending: not before, ticks
 *
 * What others write, each with its cache line:
 *
 * @tail: Intel: the tail
 * @kicks: doorbells
 * @said: threaded_consumed()
 * @stopped: &threaded_sink.stopped
 * @frame_ticks: &threaded_sink.frame_ns
 *
 * @done: the load has come to its end
 * @counts: what has happened; written by the device's thread, but for doorbells
 */
struct thr_queue {
	struct threaded_model *model;
	bool tx;
	unsigned idx;
	bool on;
	bool event_idx;
	bool looks;
	uint32_t hdr_bytes;
	uint16_t vector;
	uint32_t size;
	uint8_t *desc;
	struct virtio_dev_avail *avail;
	uint8_t *used;
	uint32_t irq_causes;
	struct thr_gen gen;
	uint64_t seq;
	uint32_t pos;
	uint16_t seen;
	uint16_t used_pos;
	uint16_t shown;
	bool waiting;
	uint64_t kicks_seen;
	bool reported;
	uint64_t next_at;

	_Alignas(64) uint32_t tail;
	_Alignas(64) uint64_t kicks;
	_Alignas(64) uint64_t said;
	_Alignas(64) uint64_t frame_ticks;
	bool stopped;

	_Alignas(64) bool done;
	struct threaded_counts counts;
};

/**
 * struct thr_posted - Intel: writes of registers that are on their way
 * @lock: whoever adds or lands
 * @n: how many
 * @random: state of the random numbers
 * @at: they, the first first
 */
struct thr_posted {
	pthread_mutex_t lock;
	unsigned n;
	uint32_t random;
	struct {
		uint32_t off;
		uint32_t value;
		uint64_t due;
	} at[THR_POSTED];
};

/**
 * struct thr_irq - Intel: interrupts of queues (threaded_irq.c); all atomic
 * @word: causes in the lower half, what is let through of them in the upper
 * @eiac: causes that a message clears
 * @eiam: causes that a message masks
 * @ivar: 82574: IVAR
 * @queue_causes: those of @word that are here and not in the stepped model
 * @interval: ticks between two messages of a vector
 * @free_at: no message of a vector before
 * @waiting: vectors with a message that waits for it
 */
struct thr_irq {
	_Alignas(64) uint64_t word;
	uint32_t eiac;
	uint32_t eiam;
	uint32_t ivar;
	uint32_t queue_causes;
	uint64_t interval[THR_VECTORS];
	uint64_t free_at[THR_VECTORS];
	uint32_t waiting;
};

/**
 * struct threaded_model - a device
 * @port: what the test sees
 * @opts: how it was opened
 * @md: the stepped model, which is one of the next two
 * @vd: virtio
 * @id: Intel
 * @slot: on the model bus
 * @own_ctx: the context is the port's own
 * @own_pool: the pool, too
 * @rx: receive queues
 * @tx: transmit queues
 * @irq: Intel
 * @posted: Intel
 * @status: Intel: STATUS
 * @fds: eventfds of MSI-X entries, atomic
 * @maps: what the device reaches
 * @maps_n: how many
 * @last: the map that was used last
 * @held_ops: operations that are being held
 * @hold_ns: the next @hold_op takes longer by it
 * @hold_op: which
 * @let_go: what is held without a limit has been let go
 * @interrupts: messages; any thread adds
 * @suppressed: any thread adds
 * @missed: Intel: frames without a buffer that are in no statistics register yet
 * @bad_regs: accesses of registers of the data path in a wrong way
 * @thread: runs it
 * @off: depth of thr_hold_off()
 * @within: its thread is at it
 */
struct threaded_model {
	struct threaded_port port;
	struct threaded_opts opts;
	struct model_dev *md;
	struct virtio_dev *vd;
	struct intel_dev *id;
	unsigned slot;
	bool own_ctx;
	bool own_pool;
	struct thr_queue rx[THREADED_QUEUES];
	struct thr_queue tx[THREADED_QUEUES];
	struct thr_irq irq;
	struct thr_posted posted;
	uint32_t status;
	int fds[THR_VECTORS];
	struct model_map maps[MODEL_MAPS];
	unsigned maps_n;
	unsigned last;
	unsigned held_ops;
	uint64_t hold_ns;
	enum threaded_op hold_op;
	bool let_go;
	uint64_t interrupts;
	uint64_t suppressed;
	uint64_t missed;
	uint64_t bad_regs;
	struct threaded_thread *thread;
	_Alignas(64) unsigned off;
	_Alignas(64) bool within;
};

/* What a kind of device does with its rings; on its thread, of queues that are on. */
struct thr_ring_ops {
	/* Buffers to receive into. */
	uint32_t (*room)(struct thr_queue *q);
	/* Put a frame into the next one, of which there is one; nobody sees it yet. */
	void (*put)(struct thr_queue *q, const struct threaded_frame *frame);
	/* Make it seen, and interrupt. */
	void (*show)(struct thr_queue *q);
	/* Take up to @most frames to be sent and hand them back: how many. */
	unsigned (*take)(struct thr_queue *q, unsigned most);
};

extern const struct thr_ring_ops thr_virtio_ring;
extern const struct thr_ring_ops thr_intel_ring;

static inline const struct thr_ring_ops *thr_ring(const struct threaded_model *m)
{
	return m->vd ? &thr_virtio_ring : &thr_intel_ring;
}

/* threaded_bus.c */
extern const struct fn_bus_ops thr_bus;

/* On the model bus, and away: 0, or -ENOSPC. */
int thr_plug(struct threaded_model *m);
void thr_unplug(struct threaded_model *m);

/* Writes of registers whose time has come arrive. */
void thr_land_due(struct threaded_model *m, uint64_t now);

/* The stepped models' lock. */
void thr_lock(void);
void thr_unlock(void);

/* What the driver has set up in the stepped model becomes that of the queues. Under the lock. */
void thr_follow(struct threaded_model *m);

/* Keep the device's thread away, and let it in again. Any thread, and within each other. */
void thr_hold_off(struct threaded_model *m);
void thr_let_in(struct threaded_model *m);

/* The driver has posted or sent something: a thread that rests wakes. */
void thr_wake(struct threaded_model *m);

/* What the device finds at an address; NULL, counted as bad, when it cannot reach all of it. */
uint8_t *thr_at(struct thr_queue *q, uint64_t iova, uint32_t len);

/* Any 8 bytes of a buffer, which may lie at any address. */
typedef struct {
	uint64_t v;
} __attribute__((packed, may_alias)) thr_word;

/* Copy into a buffer of the driver's, word by word: no call that a sanitizer would look into. */
static inline void thr_copy(uint8_t *to, const void *from, unsigned words)
{
	for (unsigned i = 0; i < words; i++)
		((volatile thr_word *)to)[i].v = ((const thr_word *)from)[i].v;
}

/* A message of a vector. Any thread. */
void thr_signal(struct threaded_model *m, unsigned vector);

/* A frame to be sent, as it is in the ring; @bytes: what is there of its first 64. */
void thr_sent(struct thr_queue *q, const uint8_t *bytes, uint32_t len);

/* threaded_gen.c: frames that are due @now, up to @most of them; when the next one was due. */
void thr_gen_begin(struct thr_queue *q, const struct threaded_load *load, uint64_t now);
unsigned thr_gen_due(struct thr_queue *q, uint64_t now, uint64_t gap);
uint64_t thr_gen_next(struct thr_queue *q, uint64_t now);
bool thr_gen_waits_for_room(const struct thr_gen *gen);

/* Whether nothing can come before somebody sets a load or says what he consumed. */
bool thr_gen_rests(const struct thr_queue *q);

/* threaded_intel.c */
bool thr_intel_is_hot(const struct threaded_model *m, uint32_t off, struct thr_queue **q);

/* threaded_irq.c */
void thr_irq_follow(struct threaded_model *m);
void thr_irq_reset(struct threaded_model *m);
bool thr_irq_is_hot(const struct threaded_model *m, uint32_t off);
/* What is written of a register that is hot; what is left of it is the stepped model's. */
uint32_t thr_irq_write(struct threaded_model *m, uint32_t off, uint32_t value);
/* What reading a register gives and does beside the stepped model's part, which is @value. */
uint32_t thr_irq_read(struct threaded_model *m, uint32_t off, uint32_t value, uint32_t model_ims);
void thr_irq_raise(struct threaded_model *m, uint32_t causes);
/* Messages that have waited for a vector's throttle. */
void thr_irq_waited(struct threaded_model *m, uint64_t now);

/* threaded_thread.c */
void thr_thread_wake(struct threaded_thread *thread);

#endif
