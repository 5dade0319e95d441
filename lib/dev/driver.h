/* SPDX-License-Identifier: BSD-3-Clause */
/* What a driver gives to lib/dev, and what lib/dev gives to a driver. */
#ifndef FN_DEV_DRIVER_H
#define FN_DEV_DRIVER_H

#include <errno.h>

#include <fastnic/coalesce.h>
#include <fastnic/counters.h>
#include <fastnic/dev.h>
#include <fastnic/diag.h>
#include <fastnic/link.h>
#include <fastnic/regs.h>
#include <fastnic/rss.h>
#include <fastnic/selftest.h>

#include "base/count.h"
#include "base/ctx.h"
#include "base/error.h"
#include "bus/bus.h"
#include "pkt/pool.h"

/*
 * What stands before an MTU's payload at most: Ethernet and one VLAN tag (802.3 3.2, 802.1Q 9.6).
 */
#define FN_LINK_HEADER_BYTES 18u

/* The same with FN_OFFLOAD_VLAN_OUTER, where there are two tags. */
static inline uint32_t fn_link_header_bytes(const struct fn_dev_conf *conf)
{
	return FN_LINK_HEADER_BYTES + (conf->offloads & FN_OFFLOAD_VLAN_OUTER ? 4u : 0u);
}

/**
 * struct fn_queue - what lib/dev knows of a queue; cold, apart from the counters
 * @dev: its device
 * @idx: its number
 * @is_tx: a transmit queue
 * @status: what fn_rxq_status() returns; atomic
 * @vector: the vector of the configuration, or FN_NO_VECTOR
 * @event_fd: the eventfd that the vector signals, or -1
 * @cache: the queue's cache of the device's pool; from configure on
 * @attached: what lib/poll knows of it, or NULL; guarded by &fn_ctx.poll_lock
 * @broken_pending: the queue broke and FN_EVENT_QUEUE_BROKEN is not delivered yet; atomic
 * @counters: indexed by &enum fn_rx_counter or &enum fn_tx_counter; written with fn_queue_count()
 *
 * fn_rxq.priv and fn_txq.priv point to it: fn_rxq_queue(), fn_txq_queue().
 */
struct fn_queue {
	struct fn_dev *dev;
	uint16_t idx;
	bool is_tx;
	int status;
	uint16_t vector;
	int event_fd;
	struct fn_pool_cache *cache;
	void *attached;
	bool broken_pending;
	uint64_t counters[16] __attribute__((aligned(FN_CACHE_LINE)));
};

_Static_assert(FN_RX_COUNTERS <= 16 && FN_TX_COUNTERS <= 16, "room in fn_queue");

static inline struct fn_queue *fn_rxq_queue(const struct fn_rxq *q)
{
	return q->priv;
}

static inline struct fn_queue *fn_txq_queue(const struct fn_txq *q)
{
	return q->priv;
}

/* The queue's owner counts; any thread reads. */
static inline void fn_queue_count(struct fn_queue *queue, unsigned counter, uint64_t by)
{
	fn_count(&queue->counters[counter], by);
}

/**
 * fn_queue_break - the device lied to a queue: nothing of it is believed any more
 * @queue: the queue; called by the thread that owns it, from within a burst, or by the driver's
 *	stop
 * @fmt: what the device did
 *
 * The queue's burst returns 0 from now on, its status is -EIO, the log has a line and an event is
 * raised. The others go on. Buffers stay where the device may still write until the device is
 * reset. A queue that is broken already, or gone, stays as it is, without a word.
 *
 * Within the driver's stop there is no event, because nothing is left to mend: the status tells
 * fn_queue_is_broken(), under which counter goes what the queue still held, and is -ENETDOWN once
 * the stop is over. An event that was raised before and is not delivered by then never is.
 */
void fn_queue_break(struct fn_queue *queue, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* What the queue still holds when the driver stops counts as of a broken one. */
static inline bool fn_queue_is_broken(const struct fn_queue *queue)
{
	return __atomic_load_n(&queue->status, __ATOMIC_ACQUIRE) == -EIO;
}

/* A function that a driver can drive. */
struct fn_pci_id {
	uint16_t vendor_id;
	uint16_t device_id;
	const char *name;
};

/*
 * What a driver found out about a device and anybody may know: as in &struct fn_dev_info, which has
 * each of them by the same type and name.
 */
#define FN_DEV_LIMITS(X)                  \
	X(uint16_t, max_rxqs)             \
	X(uint16_t, max_txqs)             \
	X(uint32_t, rx_ring_min)          \
	X(uint32_t, rx_ring_max)          \
	X(uint32_t, tx_ring_min)          \
	X(uint32_t, tx_ring_max)          \
	X(uint16_t, max_tx_segs)          \
	X(uint32_t, mtu_min)              \
	X(uint32_t, mtu_max)              \
	X(uint16_t, vectors)              \
	X(uint64_t, caps)                 \
	X(uint64_t, offloads_max)         \
	X(uint32_t, rss_types)            \
	X(uint16_t, rss_key_bytes)        \
	X(uint16_t, rss_reta_entries)     \
	X(uint32_t, max_mac_filters)      \
	X(uint32_t, max_mac_exact)        \
	X(uint32_t, coalesce_unit_ns)     \
	X(uint32_t, coalesce_max_ns)      \
	X(uint32_t, coalesce_max_packets) \
	X(uint32_t, link_modes)           \
	X(uint32_t, link_forced_modes)    \
	X(uint32_t, selftests)            \
	X(uint32_t, nvm_words)

#define FN_DEV_LIMIT(type, name) type name;

/**
 * struct fn_dev_limits - what a driver found out about a device
 * @mac: the address that the device has by itself
 * @first_vector: MSI-X entry of the first vector that queues can use; those below it are the
 *	driver's own
 * @rss_default_types: what is hashed when several receive queues are in use and the application
 *	did not choose; 0: the device spreads by a rule of its own
 * @rss_only: it has no such rule: with several receive queues it spreads by its hash or not at all
 * @always_promisc: it lets all frames in and cannot be told otherwise; never with FN_CAP_PROMISC
 * @tx_seg_descs: transmit descriptors that a segment may take, on an average over a packet's
 * @tx_extra_descs: those that a packet may take beside, and those that a full ring leaves free
 * @counters: what it counts itself, in the order of &fn_dev.counters
 * @counters_n: how many, at most FN_DEV_COUNTERS
 * @regs: with FN_CAP_REGS: the registers that people may look at, each of 32 bits. None that a read
 *	changes: what clears on read would be taken from the driver
 * @regs_n: how many
 *
 * And FN_DEV_LIMITS. Filled by open, and not changed afterwards.
 */
struct fn_dev_limits {
	FN_DEV_LIMITS(FN_DEV_LIMIT)
	uint8_t mac[6];
	uint16_t first_vector;
	uint32_t rss_default_types;
	bool rss_only;
	bool always_promisc;
	uint16_t tx_seg_descs;
	uint16_t tx_extra_descs;
	const struct fn_counter_desc *counters;
	unsigned counters_n;
	const struct fn_reg_desc *regs;
	unsigned regs_n;
};

/* Segments that a packet may have on a ring: a short one cannot take the longest chain. */
static inline uint16_t fn_dev_limits_tx_segs(const struct fn_dev_limits *limits, uint32_t tx_ring)
{
	const uint32_t fit = (tx_ring - limits->tx_extra_descs) / limits->tx_seg_descs;

	return fit < limits->max_tx_segs ? (uint16_t)fit : limits->max_tx_segs;
}

struct fn_driver_ops;

/* Counters of its own that a device may have. */
#define FN_DEV_COUNTERS 192u

/* VLANs that there are, 802.1Q 9.6. */
#define FN_VLANS 4096u

/**
 * struct fn_driver - a driver
 * @name: as shown to people
 * @ids: the functions that it drives
 * @ids_n: how many
 * @dev_bytes: bytes of the driver's device struct, which &fn_dev.priv points to (zeroed)
 * @rxq_bytes: bytes of the driver's receive queue, which starts with &struct fn_rxq
 * @txq_bytes: bytes of the driver's transmit queue, which starts with &struct fn_txq
 * @ops: what it does
 */
struct fn_driver {
	const char *name;
	const struct fn_pci_id *ids;
	unsigned ids_n;
	size_t dev_bytes;
	size_t rxq_bytes;
	size_t txq_bytes;
	const struct fn_driver_ops *ops;
};

/**
 * struct fn_driver_ops - what a driver does
 * @open: reset the device, see what it is and can, and fill &fn_dev.limits. Queues do not exist yet
 * @close: leave the device reset; free all that @open took. The bus turns bus mastering off
 *	afterwards. Works on a device that is gone
 * @check: refuse a configuration that passed the general checks but that this device cannot; may be
 *	NULL
 * @start: from reset to packets flowing, after &fn_dev.conf and what &struct fn_dev keeps beside it
 *	(@mac to @link_conf), and with &fn_dev.loopback by its own loopback and no wire, whatever
 *	@link_conf says, so that frames come back once it returns; sets mac_filter_mode, rx_variant
 *	and tx_variant, and the bursts last (fn_rxq_enable(), fn_txq_enable()). Bus mastering is on.
 *	On failure the device is reset and all memory and buffers are given back, as by @stop
 * @stop: wait for queued packets up to &fn_dev.conf.stop_drain_ns, reset the device, and give back
 *	all memory and buffers, or cut it off with fn_dev_cut_off(). What was still queued counts
 *	FN_TX_DROP_STOPPED, and what was received and not taken FN_RX_DROP_STOPPED; or
 *	FN_TX_DROP_BROKEN and FN_RX_DROP_BROKEN when the device is gone, or the queue is broken by
 *	then: also by what this very stop finds (fn_queue_break()). Each counts once. The bursts are
 *	stubs already. Always completes; works on a device that is gone
 * @give_back: give back the memory and buffers that @start or @stop left to the device, because of
 *	&fn_dev.kept; they count as of a device that is gone. The bus may have the function back by
 *	now
 * @get_link: read the state of the link
 * @set_mac: change the address of a started device; only with FN_CAP_SET_MAC
 * @set_promisc: change the receive mode of a started device; only with FN_CAP_PROMISC
 * @set_allmulti: the same for group addresses; only with FN_CAP_ALLMULTI
 * @set_mac_filters: let in exactly these beside the device's own, on a started device, and set
 *	&fn_dev.mac_filter_mode; only with FN_CAP_MAC_FILTERS
 * @set_vlan_filter: let a VLAN in or not, on a started device with FN_OFFLOAD_VLAN_FILTER on
 * @set_rss: spread as @rss says, on a started device; only with FN_CAP_RSS. All of @rss is valid
 * @set_coalesce: interrupt as @c says, on a started device; only with FN_CAP_COALESCE. Delays are
 *	multiples of the unit
 * @set_link_conf: let the link come about as @c says, on a started device; only with
 *	FN_CAP_LINK_CONF. @c is valid and names its modes: &fn_link_conf.advertise is not 0 unless
 *	it is forced. Does not wait for the link
 * @identify: let the LED blink, or show the link again, in any state; only with FN_CAP_IDENTIFY. A
 *	driver need not think of it when it resets the device: it is called again then
 * @read_reg: read the register at an offset of &fn_dev_limits.regs, in any state; all ones when the
 *	device does not answer; only with FN_CAP_REGS
 * @selftest: run one test of &fn_dev_limits.selftests and say in @text what was found, or why it
 *	was not run; only with FN_CAP_SELFTEST. FN_SELFTEST_LINK and FN_SELFTEST_NVM in any state.
 *	FN_SELFTEST_REGISTERS and FN_SELFTEST_INTERRUPTS on a device that is configured and not
 *	started, with bus mastering on and the MSI-X entries signalling &fn_dev.irq_fds; it is left
 *	reset. Never called for FN_SELFTEST_LOOPBACK, which @start and the bursts are enough for
 * @phy_read: read a register of the PHY, in any state, as it is set to be paged; @phy_read,
 *	@phy_write: only with FN_CAP_PHY
 * @phy_write: write one
 * @nvm_read: read words of the non-volatile memory, in any state; all of them exist; only with
 *	FN_CAP_NVM
 * @read_counters: add what the device counted since the last call to &fn_dev.counters; may be NULL
 * @config_irq: MSI-X entry 0 fired and @first_vector is not 0: see what changed, raise events; may
 *	be NULL
 * @rx_arm: ask for one interrupt, with a full fence before return; -ENOBUFS when the device has no
 *	buffer to receive into and the pool gives none
 * @rx_disarm: ask for none
 * @rx_pending: a received packet waits in the ring
 * @tx_arm: as @rx_arm, for a finished packet
 * @tx_disarm: ask for none
 * @tx_pending: a finished packet waits in the ring
 * @tx_reclaim: give finished packets back to their pools; how many
 * @moderate: hold the interrupts of the queue's vector back for so long from now on, rounded up to
 *	what the device can, or down to its longest; beside what @set_coalesce asks for, which wins:
 *	false, and nothing is changed, when that holds any interrupt of the device back. @start ends
 *	it. A posted write of a register without a lock; NULL: the device has no such register. Only
 *	of a queue that runs and has a vector
 *
 * lib/dev holds the device's lock around all but the queue functions, which run on the queue's
 * owner.
 */
struct fn_driver_ops {
	int (*open)(struct fn_dev *dev);
	int (*close)(struct fn_dev *dev);
	int (*check)(struct fn_dev *dev, const struct fn_dev_conf *conf);
	int (*start)(struct fn_dev *dev);
	int (*stop)(struct fn_dev *dev);
	void (*give_back)(struct fn_dev *dev);
	int (*get_link)(struct fn_dev *dev, struct fn_link *link);
	int (*set_mac)(struct fn_dev *dev, const uint8_t mac[6]);
	int (*set_promisc)(struct fn_dev *dev, bool on);
	int (*set_allmulti)(struct fn_dev *dev, bool on);
	int (*set_mac_filters)(struct fn_dev *dev, const uint8_t (*macs)[6], unsigned n);
	int (*set_vlan_filter)(struct fn_dev *dev, uint16_t vid, bool on);
	int (*set_rss)(struct fn_dev *dev, const struct fn_rss *rss);
	int (*set_coalesce)(struct fn_dev *dev, const struct fn_coalesce *c);
	int (*set_link_conf)(struct fn_dev *dev, const struct fn_link_conf *c);
	int (*identify)(struct fn_dev *dev, bool on);
	uint32_t (*read_reg)(struct fn_dev *dev, uint32_t offset);
	enum fn_selftest_verdict (*selftest)(struct fn_dev *dev, enum fn_selftest_test test,
					     char text[FN_SELFTEST_TEXT_BYTES]);
	int (*phy_read)(struct fn_dev *dev, unsigned reg, uint16_t *value);
	int (*phy_write)(struct fn_dev *dev, unsigned reg, uint16_t value);
	int (*nvm_read)(struct fn_dev *dev, uint32_t offset, uint16_t *words, unsigned n);
	void (*read_counters)(struct fn_dev *dev);
	void (*config_irq)(struct fn_dev *dev);
	int (*rx_arm)(struct fn_rxq *q);
	void (*rx_disarm)(struct fn_rxq *q);
	bool (*rx_pending)(struct fn_rxq *q);
	void (*tx_arm)(struct fn_txq *q);
	void (*tx_disarm)(struct fn_txq *q);
	bool (*tx_pending)(struct fn_txq *q);
	unsigned (*tx_reclaim)(struct fn_txq *q);
	bool (*moderate)(struct fn_queue *queue, uint32_t delay_ns);
};

/* Packets of a pool that a device's rings and caches may hold: see dev/claim.c. */
struct fn_pool_claim {
	const struct fn_pool *pool;
	uint64_t packets;
};

/**
 * struct fn_dev - a device
 * @ctx: the context
 * @node: in &fn_ctx.devs
 * @id: its number in the context, never used twice; the list is in their order
 * @addr: its address; nobody else opens it while this entry is in the list
 * @ready: it is open: what only goes through the list (events, sums over a pool) may look at the
 *	rest
 * @claim: packets of its pool that its configuration may hold; guarded by &fn_ctx.lock
 * @pending: events that are not delivered yet, bit 1 << &enum fn_event_type; atomic
 * @lock: serialises control calls
 * @drv: its driver
 * @bus: the claimed function
 * @priv: the driver's struct
 * @limits: filled by the driver's open
 * @state: where in its life it is
 * @status: 0, -EIO or -ENODEV; atomic
 * @gone: FN_EVENT_GONE was raised; atomic
 * @let_go: control calls for which workers of pollers keep off its queues; guarded by
 *	&fn_ctx.poll_lock
 * @pins: threads that look at it without its lock; dev/events.c has the lock that guards it
 * @kept: it could be neither reset nor cut off from memory: its driver still has the rings and
 *	buffers, and gives them back (&fn_driver_ops.give_back) when the bus has cut it off
 * @starts_by_reset: a reset stopped it and could not start it again: the next one tries anew
 * @conf: the configuration, defaults filled in; no pointers of the caller but @conf.pool
 * @mac: station address to use
 * @promisc: receive frames for any address
 * @allmulti: receive frames for any group address
 * @mac_filters: further addresses to receive frames for
 * @mac_filters_n: how many
 * @mac_filter_mode: how exactly the device filters them, while it is started
 * @vlans: a bit for each VLAN that FN_OFFLOAD_VLAN_FILTER lets in
 * @rss: how received frames are spread, with FN_CAP_RSS; @types 0: by the device's own rule. Its
 *	key also makes the hash of FN_OFFLOAD_RX_HASH without it
 * @coalesce: when the device interrupts, with FN_CAP_COALESCE
 * @link_conf: how the link comes about, with FN_CAP_LINK_CONF
 * @identify: the LED is to blink
 * @loopback: what is started now is the loopback test
 * @counters: what the device counted, described by &fn_dev_limits.counters
 * @rxqs: the queues, &fn_dev_limits.max_rxqs of them
 * @txqs: the queues, &fn_dev_limits.max_txqs of them
 * @irq_fds: an eventfd for each MSI-X entry in use, from configure on
 * @irq_n: how many
 * @rx_variant: the burst that start chose
 * @tx_variant: the burst that start chose
 */
struct fn_dev {
	struct fn_ctx *ctx;
	struct fn_list node;
	uint64_t id;
	struct fn_pci_addr addr;
	bool ready;
	struct fn_pool_claim claim;
	uint32_t pending;
	pthread_mutex_t lock;
	const struct fn_driver *drv;
	struct fn_busdev *bus;
	void *priv;
	struct fn_dev_limits limits;
	enum fn_dev_state state;
	int status;
	bool gone;
	unsigned pins;
	unsigned let_go;
	bool kept;
	bool starts_by_reset;
	struct fn_dev_conf conf;
	uint8_t mac[6];
	bool promisc;
	bool allmulti;
	uint8_t (*mac_filters)[6];
	unsigned mac_filters_n;
	enum fn_filter_mode mac_filter_mode;
	uint64_t vlans[FN_VLANS / 64];
	struct fn_rss rss;
	struct fn_coalesce coalesce;
	struct fn_link_conf link_conf;
	bool identify;
	bool loopback;
	uint64_t counters[FN_DEV_COUNTERS];
	struct fn_rxq **rxqs;
	struct fn_txq **txqs;
	int *irq_fds;
	unsigned irq_n;
	const char *rx_variant;
	const char *tx_variant;
};

/* Queue number @i of all, behind @rxqs receive queues the transmit queues. */
static inline struct fn_queue *fn_dev_queue(const struct fn_dev *dev, unsigned rxqs, unsigned i)
{
	return i < rxqs ? fn_rxq_queue(dev->rxqs[i]) : fn_txq_queue(dev->txqs[i - rxqs]);
}

/*
 * A queue is ready: bursts of the application reach the driver from now on. The last step of start.
 */
void fn_rxq_enable(struct fn_rxq *q,
		   unsigned (*burst)(struct fn_rxq *, struct fn_pkt **, unsigned));
void fn_txq_enable(struct fn_txq *q,
		   unsigned (*burst)(struct fn_txq *, struct fn_pkt **, unsigned));

/* Raise an event; any thread. fn_ctx_process_events() delivers it. */
void fn_dev_raise(struct fn_dev *dev, enum fn_event_type type);

/**
 * fn_dev_mark_broken - the device as a whole failed, and a reset may mend it
 * @dev: the device; its lock is held
 * @fmt: what it did
 *
 * As fn_queue_break() for all queues, with FN_EVENT_DEVICE_ERROR.
 */
void fn_dev_mark_broken(struct fn_dev *dev, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * The device does not answer any more: set the status of the device and of all its queues and raise
 * FN_EVENT_GONE, once. Mappings stay. Returns -ENODEV after fn_fail().
 */
int fn_dev_mark_gone(struct fn_dev *dev);

/**
 * fn_dev_cut_off - the device did not do the reset that its driver asked for
 * @dev: the device; its lock is held, by the driver's start or stop
 * @ret: what became of the reset, with the thread's last sentence
 *
 * Turns bus mastering off, without which a device has no DMA (PCI 3.0 6.2.2). When not even that
 * can be done it sets &fn_dev.kept: the driver then leaves memory and buffers where they are.
 *
 * Return: @ret with its sentence; or -ENODEV when it turns out to be gone.
 */
int fn_dev_cut_off(struct fn_dev *dev, int ret);

/* The bus's clock, by which drivers wait. */
static inline uint64_t fn_dev_now_ns(struct fn_dev *dev)
{
	return dev->bus->ops->now_ns(dev->bus);
}

static inline void fn_dev_delay_ns(struct fn_dev *dev, uint64_t ns)
{
	dev->bus->ops->delay_ns(dev->bus, ns);
}

#define FN_US(us) ((uint64_t)(us)*1000u)
#define FN_MS(ms) ((uint64_t)(ms)*1000000u)

#endif
