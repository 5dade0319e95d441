/* SPDX-License-Identifier: BSD-3-Clause */
/* Devices: open, configure, start, stop, close, and what can be asked and set in between. */
#ifndef FASTNIC_DEV_H
#define FASTNIC_DEV_H

#include <fastnic/ctx.h>
#include <fastnic/filter.h>
#include <fastnic/link.h>
#include <fastnic/offload.h>
#include <fastnic/pool.h>
#include <fastnic/queue.h>

FN_BEGIN_DECLS

struct fn_dev;

/*
 * The life of a device:
 *
 *   fn_dev_open -> OPEN -> fn_dev_configure -> CONFIGURED -> fn_dev_start -> STARTED
 *                                    ^                ^                        |
 *                                    +----------------+----- fn_dev_stop ------+
 *
 * Control calls may come from any thread and are serialised per device. In which state each makes
 * sense, and whether threads may be within bursts of the device's queues meanwhile:
 *
 *   call                              OPEN      CONFIGURED  STARTED  bursts meanwhile
 *   fn_dev_configure                  yes       yes         -EBUSY   yes; they return 0
 *   fn_dev_set_mtu                    -EINVAL   yes         -EBUSY   yes; they return 0
 *   fn_dev_start                      -EINVAL   yes         nothing  yes; 0 until it runs
 *   fn_dev_stop                       nothing   nothing     yes      no
 *   fn_dev_reset                      yes       yes         yes      no
 *   fn_dev_close                      yes       yes         yes      no
 *   fn_dev_selftest, link and nvm     yes       yes         yes      yes
 *   fn_dev_selftest, any other        -EINVAL   yes         -EBUSY   no
 *   fn_dev_set_rss, fn_dev_get_rss    -EINVAL   yes         yes      yes
 *   fn_dev_add_vlan, fn_dev_del_vlan  -ENOTSUP  yes         yes      yes
 *   all others                        yes       yes         yes      yes
 *
 * What was chosen holds until it is chosen anew, over fn_dev_stop(), fn_dev_start() and
 * fn_dev_reset(), whether they succeed or fail; counters go on over them. fn_dev_configure() leaves
 * all of it as it is but for these, and fn_dev_close() ends it:
 *
 *   promiscuous mode   becomes &fn_dev_conf.promisc
 *   MTU                becomes &fn_dev_conf.mtu
 *   VLANs              forgotten without FN_OFFLOAD_VLAN_FILTER
 *   RSS types, table   chosen anew by the library when the number of receive queues changes; the
 *                      key stays
 */
enum fn_dev_state {
	FN_DEV_OPEN,
	FN_DEV_CONFIGURED,
	FN_DEV_STARTED,
};

/**
 * struct fn_dev_opts - options of fn_dev_open()
 * @sz: sizeof(struct fn_dev_opts)
 * @err: where the sentence of a failure goes, or NULL
 */
struct fn_dev_opts {
	size_t sz;
	struct fn_error *err;
};

/**
 * fn_dev_open - claim a NIC
 * @ctx: the context
 * @name: PCI address, "0000:00:03.0" or "00:03.0"; the domain is 0xffff at most
 * @opts: options, or NULL for the defaults
 * @dev: receives the device
 *
 * Any thread. The device must be bound to vfio-pci (fastnic-bind). It is reset, and lets no packet
 * in or out before fn_dev_start().
 *
 * Return: 0; -EINVAL for a name that is no address; -ENOENT: no such device, or no usable sysfs;
 * -ENOTSUP: no driver for it, or the device lacks a feature that it must have; -ENODEV: not bound
 * to vfio-pci, no IOMMU, or the group is not viable; -EACCES: no permission on the group's node;
 * -EBUSY: held by another process, or open in this context already; -ENOMEM: locked-memory limit
 * too small; -ENOSPC: the kernel's limit of mappings is reached; -EMFILE or -ENFILE: no file
 * descriptor is to be had; -ERANGE: memory of the context lies at addresses that the device's IOMMU
 * cannot translate; -EIO: the device does not answer as its specification says.
 */
FN_API int fn_dev_open(struct fn_ctx *ctx, const char *name, const struct fn_dev_opts *opts,
		       struct fn_dev **dev);

/**
 * fn_dev_close - reset a NIC and give it back
 * @dev: the device, or NULL; gone afterwards with its queues
 *
 * Any thread; no other thread may use the device or its queues any more. Stops it first where that
 * is needed. Packets that the application holds stay valid. Afterwards the device is reset and bus
 * mastering is off. Always completes.
 *
 * Return: 0, or the first error met (the device is closed all the same).
 */
FN_API int fn_dev_close(struct fn_dev *dev);

/*
 * What a device can do that not every one can, in &fn_dev_info.caps. What is asked of one that
 * cannot is an error of the call that says so in words. The list only grows: who shows what there
 * is goes over all 64 bits, and leaves out those without a name.
 */
#define FN_CAP_SET_MAC (1ull << 0)     /* fn_dev_set_mac() */
#define FN_CAP_PROMISC (1ull << 1)     /* fn_dev_set_promisc(), &fn_dev_conf.promisc */
#define FN_CAP_ALLMULTI (1ull << 2)    /* fn_dev_set_allmulti() */
#define FN_CAP_MAC_FILTERS (1ull << 3) /* fn_dev_set_mac_filters() */
#define FN_CAP_RSS (1ull << 4)         /* fn_dev_set_rss() */
#define FN_CAP_COALESCE (1ull << 5)    /* fn_dev_set_coalesce() */
#define FN_CAP_LINK_CONF (1ull << 6)   /* fn_dev_set_link_conf() */
#define FN_CAP_PAUSE (1ull << 7)       /* flow control in &struct fn_link_conf */
#define FN_CAP_IDENTIFY (1ull << 8)    /* fn_dev_identify() */
#define FN_CAP_REGS (1ull << 9)        /* fn_dev_read_regs() */
#define FN_CAP_SELFTEST (1ull << 10)   /* fn_dev_selftest() */
#define FN_CAP_PHY (1ull << 11)        /* fn_dev_phy_read(), fn_dev_phy_write() */
#define FN_CAP_NVM (1ull << 12)        /* fn_dev_nvm_read() */

/* Bits from here on are of no capability that this header knows. */
#define FN_CAPS 13u

/**
 * fn_cap_name - what a capability is called
 * @bit: its bit number, for example 0 for FN_CAP_SET_MAC
 *
 * Any thread.
 *
 * Return: for example "set_mac", which lasts for ever; NULL when the library knows no such bit.
 */
FN_API const char *fn_cap_name(unsigned bit);

/**
 * struct fn_dev_info - what a device is, can and does
 * @sz: set by the caller to sizeof(struct fn_dev_info); the library writes no further
 * @name: its full PCI address
 * @driver: fastnic's driver
 * @vendor_id: PCI vendor
 * @device_id: PCI device
 * @state: where in its life it is
 * @status: 0; -EIO: broken, fn_dev_reset() mends it; -ENODEV: gone or asked back, close it
 * @numa_node: NUMA node, or -1
 * @iommu_group: IOMMU group, or -1
 * @mac: station address in use
 * @max_rxqs: receive queues that it has
 * @max_txqs: transmit queues that it has
 * @rx_ring_min: fewest receive descriptors; sizes are powers of two
 * @rx_ring_max: most receive descriptors
 * @tx_ring_min: fewest transmit descriptors
 * @tx_ring_max: most transmit descriptors
 * @max_tx_segs: segments that a packet may have on transmit
 * @mtu_min: smallest MTU
 * @mtu_max: largest MTU
 * @vectors: interrupt vectors that queues can use
 * @caps: FN_CAP_SET_MAC and its sisters
 * @offloads_max: offloads that it has: FN_OFFLOAD_RX_CSUM and its sisters
 * @rss_types: what it can hash: FN_RSS_IPV4 and its sisters
 * @rss_key_bytes: bytes of its hash key
 * @rss_reta_entries: entries of its redirection table
 * @max_mac_filters: addresses that fn_dev_set_mac_filters() takes at most
 * @max_mac_exact: as many of these it filters one by one; of virtio-net, which does not say how
 *	many it can, what fastnic trusts it with
 * @coalesce_unit_ns: with FN_CAP_COALESCE: delays of an interrupt are rounded up to multiples of it
 * @coalesce_max_ns: longest delay of an interrupt
 * @coalesce_max_packets: most packets that an interrupt can be made to wait for; 0: it does not
 *	count them
 * @link_modes: what its link can be: FN_LINK_10_HALF and its sisters
 * @link_forced_modes: those of them that it can be forced to
 * @selftests: bits 1 << &enum fn_selftest_test: those that it has
 * @nvm_words: words of its non-volatile memory
 * @rxqs: receive queues in use (configured)
 * @txqs: transmit queues in use
 * @rx_ring: receive descriptors a queue
 * @tx_ring: transmit descriptors a queue
 * @mtu: largest frame payload (without link header and CRC), bytes
 * @offloads: offloads that are on
 * @promisc: receives frames for any address; of a device without FN_CAP_PROMISC: always
 * @allmulti: receives frames for any group address
 * @mac_filters_n: addresses that fn_dev_set_mac_filters() added
 * @mac_filter_mode: how exactly it filters these
 * @rx_variant: the receive burst that start chose, or ""
 * @tx_variant: the transmit burst that start chose, or ""
 */
struct fn_dev_info {
	size_t sz;
	char name[128];
	char driver[32];
	uint16_t vendor_id;
	uint16_t device_id;
	enum fn_dev_state state;
	int status;
	int numa_node;
	int iommu_group;
	uint8_t mac[6];
	uint16_t max_rxqs;
	uint16_t max_txqs;
	uint32_t rx_ring_min;
	uint32_t rx_ring_max;
	uint32_t tx_ring_min;
	uint32_t tx_ring_max;
	uint16_t max_tx_segs;
	uint32_t mtu_min;
	uint32_t mtu_max;
	uint16_t vectors;
	uint64_t caps;
	uint64_t offloads_max;
	uint32_t rss_types;
	uint16_t rss_key_bytes;
	uint16_t rss_reta_entries;
	uint32_t max_mac_filters;
	uint32_t max_mac_exact;
	uint32_t coalesce_unit_ns;
	uint32_t coalesce_max_ns;
	uint32_t coalesce_max_packets;
	uint32_t link_modes;
	uint32_t link_forced_modes;
	uint32_t selftests;
	uint32_t nvm_words;
	uint16_t rxqs;
	uint16_t txqs;
	uint32_t rx_ring;
	uint32_t tx_ring;
	uint32_t mtu;
	uint64_t offloads;
	bool promisc;
	bool allmulti;
	uint32_t mac_filters_n;
	enum fn_filter_mode mac_filter_mode;
	char rx_variant[32];
	char tx_variant[32];
};

/**
 * fn_dev_get_info - describe a device
 * @dev: the device
 * @info: filled; its @sz is set by the caller
 *
 * Any thread.
 */
FN_API void fn_dev_get_info(struct fn_dev *dev, struct fn_dev_info *info);

/* An entry of a vector map that says: no interrupt for this queue. */
#define FN_NO_VECTOR UINT16_MAX

/**
 * struct fn_dev_conf - how a device shall be used; zero means the default
 * @sz: sizeof(struct fn_dev_conf)
 * @err: where the sentence of a failure goes, or NULL
 * @rxqs: receive queues; default 1
 * @txqs: transmit queues; default 1
 * @rx_ring: receive descriptors a queue, a power of two; default 256 or the device's most
 * @tx_ring: transmit descriptors a queue, a power of two; default 256 or the device's most
 * @pool: where receive buffers come from; required
 * @mtu: largest frame payload, bytes; default 1500 (or what the device says, when that is less). A
 *	frame of it with its link header and VLAN tag (two with FN_OFFLOAD_VLAN_OUTER) must fit a
 *	buffer of @pool, unless FN_OFFLOAD_RX_SCATTER is on
 * @promisc: receive frames for any address; default no, but for a device that can do nothing else
 *	(&fn_dev_info.promisc)
 * @stop_drain_ns: how long fn_dev_stop() waits for queued packets; default 100 ms; FN_NO_DRAIN for
 *	0
 * @offloads: FN_OFFLOAD_RX_CSUM and its sisters; default none
 * @rx_vectors: NULL (a vector each while they last, shared above), or the vector of each receive
 *	queue, @rxqs entries, each below &fn_dev_info.vectors or FN_NO_VECTOR
 * @tx_vectors: as @rx_vectors, for @txqs transmit queues
 */
struct fn_dev_conf {
	size_t sz;
	struct fn_error *err;
	uint16_t rxqs;
	uint16_t txqs;
	uint32_t rx_ring;
	uint32_t tx_ring;
	struct fn_pool *pool;
	uint32_t mtu;
	bool promisc;
	uint64_t stop_drain_ns;
	uint64_t offloads;
	const uint16_t *rx_vectors;
	const uint16_t *tx_vectors;
};

#define FN_NO_DRAIN UINT64_MAX

/**
 * fn_pool_need - packets that a pool needs to have
 * @opts: how the pool will be made; its count plays no part. NULL for the defaults
 * @conf: how each device that uses it will be configured; its pool plays no part
 * @devices: how many such devices
 *
 * Any thread. The sum that fn_dev_configure() insists on: all rings and queue caches of the
 * devices, and for each of &fn_pool_opts.max_threads a cache and a burst of FN_POOL_BURST. Threads
 * that hold more than that between two bursts need more.
 *
 * Return: packets; 0 when a size in the structs is wrong.
 */
FN_API uint64_t fn_pool_need(const struct fn_pool_opts *opts, const struct fn_dev_conf *conf,
			     unsigned devices);

/**
 * fn_dev_configure - decide how a device is used
 * @dev: the device, not started
 * @conf: the configuration; copied
 *
 * Any thread. Validates all of it first; on failure the former configuration stays.
 *
 * Return: 0; -EINVAL for a value out of range (never a silent cut), or a pool of another context;
 * -EBUSY while started; -EIO when the device is broken and has its buffers still (fn_dev_reset()
 * it); -ENOTSUP for an offload or a mode that the device does not have (the sentence names it);
 * -EMFILE or -ENFILE when no file descriptor is to be had; -ENOSPC when the pool is too small for
 * the rings of all devices that use it (the sentence states the sum); -ENOMEM; -ENODEV.
 */
FN_API int fn_dev_configure(struct fn_dev *dev, const struct fn_dev_conf *conf);

/**
 * fn_dev_start - let packets flow
 * @dev: the device, configured
 *
 * Any thread. A started device is left as it is.
 *
 * Return: 0; -EINVAL when not configured; -ENOMEM, -ENOSPC, -EMFILE or -ENFILE for the rings, as of
 * fn_dma_alloc(); -ENOBUFS when the pool cannot fill the receive rings; -EIO when the device
 * refuses; -ENOTSUP when it does not offer any more what it must have; -ENODEV. On failure the
 * device is stopped.
 */
FN_API int fn_dev_start(struct fn_dev *dev);

/**
 * fn_dev_stop - let no more packets flow
 * @dev: the device
 *
 * Any thread. Waits for queued packets as &fn_dev_conf.stop_drain_ns says; what is left then goes
 * back to its pool, counted FN_TX_DROP_STOPPED, or FN_TX_DROP_BROKEN of a queue that is broken or
 * turns out to be. No FN_EVENT_QUEUE_BROKEN comes for it any more: it is stopped like the others.
 * All buffers are back in their pools afterwards; those of a device that can be neither reset nor
 * cut off from memory (-EIO, and broken) are so after fn_dev_reset() or fn_dev_close(). A stopped
 * device is left as it is. Always completes.
 *
 * Return: 0, or the first error met (the device is stopped all the same).
 */
FN_API int fn_dev_stop(struct fn_dev *dev);

/**
 * fn_dev_reset - reset a device and bring it back to the state it was in
 * @dev: the device
 *
 * Any thread. What a started device had queued is dropped and counted. What fails while it stops is
 * no failure of this call when the device runs again behind it: that is what it is for. A device
 * that is not started was reset by fn_dev_open() or fn_dev_stop(): it is mended when it is broken,
 * and else left as it is.
 *
 * A device that was started and that this call cannot start again is stopped and broken (-EIO in
 * &fn_dev_info.status). No event of it is left behind the call; a thread that processes events
 * meanwhile may see one. A further fn_dev_reset() starts it, until fn_dev_stop() says that it is to
 * stay stopped.
 *
 * Return: 0: it is as it was, and runs if it was started; -ENODEV when it is gone; else as
 * fn_dev_start().
 */
FN_API int fn_dev_reset(struct fn_dev *dev);

/**
 * fn_dev_rxq - a receive queue of a device
 * @dev: the device
 * @idx: 0 to &fn_dev_info.max_rxqs - 1
 *
 * Any thread.
 *
 * Return: the queue, at the same address from open to close; NULL when there is none.
 */
FN_API struct fn_rxq *fn_dev_rxq(struct fn_dev *dev, unsigned idx);

/**
 * fn_dev_txq - a transmit queue of a device
 * @dev: the device
 * @idx: 0 to &fn_dev_info.max_txqs - 1
 *
 * Any thread.
 *
 * Return: as fn_dev_rxq().
 */
FN_API struct fn_txq *fn_dev_txq(struct fn_dev *dev, unsigned idx);

/**
 * fn_dev_set_mtu - change the MTU
 * @dev: the device, configured and not started
 * @mtu: largest frame payload, bytes; a frame of it must fit a buffer of the pool
 *
 * Any thread.
 *
 * Return: 0; -EINVAL when not configured, out of range or too long for the pool's buffers; -EBUSY
 * while started; -ENODEV.
 */
FN_API int fn_dev_set_mtu(struct fn_dev *dev, uint32_t mtu);

FN_END_DECLS

#endif
