/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The counters of a port, a row each: register, how it is read, what it means for loss, name, and
 * what it counts. 82574 10.2, I210 8.18. Names are those of Linux's drivers (ethtool -S) where
 * these have one.
 *
 * A drop is a frame that was meant for this port, or handed to it, and is lost. What the device
 * merely delayed, or counts under another name as well, says nothing of loss.
 */
#ifndef INTEL_STATS_TABLE_H
#define INTEL_STATS_TABLE_H

#define INTEL_STATS_BOTH(X)                                                                        \
	X(0, STAT_NONE, FN_COUNTER_POSSIBLE_LOSS, "rx_overrun",                                    \
	  "interrupts that told of frames without a buffer (ICR.RXO), at most one for each call "  \
	  "of fn_ctx_process_events(), without which there are none; rx_missed_errors has the "    \
	  "frames that were lost, if the device counts them")                                      \
	X(0x04074, STAT_CLEAR, FN_COUNTER_INFO, "rx_packets",                                      \
	  "good frames that passed the filters (GPRC)")                                            \
	X(0x04080, STAT_CLEAR, FN_COUNTER_INFO, "tx_packets", "good frames sent (GPTC)")           \
	X(0x04088, STAT_PAIR, FN_COUNTER_INFO, "rx_bytes", "bytes of rx_packets, with CRC (GORC)") \
	X(0x04090, STAT_PAIR, FN_COUNTER_INFO, "tx_bytes", "bytes of tx_packets, with CRC (GOTC)") \
	X(0x04078, STAT_CLEAR, FN_COUNTER_INFO, "rx_broadcast", "broadcast in rx_packets (BPRC)")  \
	X(0x040f4, STAT_CLEAR, FN_COUNTER_INFO, "tx_broadcast", "broadcast in tx_packets (BPTC)")  \
	X(0x0407c, STAT_CLEAR, FN_COUNTER_INFO, "rx_multicast", "multicast in rx_packets (MPRC)")  \
	X(0x040f0, STAT_CLEAR, FN_COUNTER_INFO, "tx_multicast", "multicast in tx_packets (MPTC)")  \
	X(0x04010, STAT_CLEAR, FN_COUNTER_DROP, "rx_missed_errors",                                \
	  "frames that found the packet buffer full (MPC)")                                        \
	X(0x040a0, STAT_CLEAR, FN_COUNTER_INFO, "rx_no_buffer_count",                              \
	  "frames that found no descriptor and waited in the packet buffer (RNBC); lost ones are " \
	  "in rx_missed_errors")                                                                   \
	X(0x04000, STAT_CLEAR, FN_COUNTER_DROP, "rx_crc_errors",                                   \
	  "frames with a bad CRC (CRCERRS)")                                                       \
	X(0x04004, STAT_CLEAR, FN_COUNTER_DROP, "rx_align_errors",                                 \
	  "frames that are no whole number of bytes, at 10 and 100 Mb/s (ALGNERRC)")               \
	X(0x0400c, STAT_CLEAR, FN_COUNTER_DROP, "rx_phy_errors",                                   \
	  "frames in which the PHY found an error (RXERRC)")                                       \
	X(0x04008, STAT_CLEAR, FN_COUNTER_INFO, "rx_symbol_errors",                                \
	  "symbols with an error between frames or in them (SYMERRS)")                             \
	X(0x04040, STAT_CLEAR, FN_COUNTER_INFO, "rx_length_errors",                                \
	  "frames of an illegal length (RLEC); the next four tell them apart")                     \
	X(0x040a4, STAT_CLEAR, FN_COUNTER_DROP, "rx_short_length_errors",                          \
	  "frames of less than 64 bytes with a good CRC (RUC)")                                    \
	X(0x040a8, STAT_CLEAR, FN_COUNTER_DROP, "rx_fragments",                                    \
	  "frames of less than 64 bytes with a bad CRC (RFC)")                                     \
	X(0x040ac, STAT_CLEAR, FN_COUNTER_DROP, "rx_long_length_errors",                           \
	  "frames longer than the MTU allows, with a good CRC (ROC)")                              \
	X(0x040b0, STAT_CLEAR, FN_COUNTER_DROP, "rx_jabbers",                                      \
	  "frames longer than the MTU allows, with a bad CRC (RJC)")                               \
	X(0x04018, STAT_CLEAR, FN_COUNTER_DROP, "tx_aborted_errors",                               \
	  "frames given up after 16 collisions (ECOL)")                                            \
	X(0x04020, STAT_CLEAR, FN_COUNTER_DROP, "tx_window_errors",                                \
	  "frames given up for a collision that came too late (LATECOL)")                          \
	X(0x04014, STAT_CLEAR, FN_COUNTER_INFO, "tx_single_coll_ok",                               \
	  "frames sent after one collision (SCC)")                                                 \
	X(0x0401c, STAT_CLEAR, FN_COUNTER_INFO, "tx_multi_coll_ok",                                \
	  "frames sent after several collisions (MCC)")                                            \
	X(0x04028, STAT_CLEAR, FN_COUNTER_INFO, "collisions", "collisions (COLC)")                 \
	X(0x04030, STAT_CLEAR, FN_COUNTER_INFO, "tx_deferred_ok",                                  \
	  "frames that had to wait for the wire, or for the end of a pause (DC)")                  \
	X(0x04034, STAT_CLEAR, FN_COUNTER_INFO, "tx_carrier_errors",                               \
	  "frames sent without a carrier, in half duplex (TNCRS)")                                 \
	X(0x04048, STAT_CLEAR, FN_COUNTER_INFO, "rx_flow_control_xon",                             \
	  "frames of the other end that end a pause (XONRXC)")                                     \
	X(0x0404c, STAT_CLEAR, FN_COUNTER_INFO, "tx_flow_control_xon",                             \
	  "frames sent that end a pause (XONTXC)")                                                 \
	X(0x04050, STAT_CLEAR, FN_COUNTER_INFO, "rx_flow_control_xoff",                            \
	  "frames of the other end that ask for a pause (XOFFRXC)")                                \
	X(0x04054, STAT_CLEAR, FN_COUNTER_INFO, "tx_flow_control_xoff",                            \
	  "frames sent that ask for a pause (XOFFTXC)")                                            \
	X(0x04058, STAT_CLEAR, FN_COUNTER_INFO, "rx_flow_control_unsupported",                     \
	  "frames of flow control that are not understood (FCRUC)")                                \
	X(0x0405c, STAT_CLEAR, FN_COUNTER_INFO, "rx_size_64", "of rx_packets: 64 bytes (PRC64)")   \
	X(0x04060, STAT_CLEAR, FN_COUNTER_INFO, "rx_size_65_to_127",                               \
	  "of rx_packets: 65 to 127 bytes (PRC127)")                                               \
	X(0x04064, STAT_CLEAR, FN_COUNTER_INFO, "rx_size_128_to_255",                              \
	  "of rx_packets: 128 to 255 bytes (PRC255)")                                              \
	X(0x04068, STAT_CLEAR, FN_COUNTER_INFO, "rx_size_256_to_511",                              \
	  "of rx_packets: 256 to 511 bytes (PRC511)")                                              \
	X(0x0406c, STAT_CLEAR, FN_COUNTER_INFO, "rx_size_512_to_1023",                             \
	  "of rx_packets: 512 to 1023 bytes (PRC1023)")                                            \
	X(0x04070, STAT_CLEAR, FN_COUNTER_INFO, "rx_size_1024_to_max",                             \
	  "of rx_packets: 1024 bytes and more (PRC1522)")                                          \
	X(0x040d8, STAT_CLEAR, FN_COUNTER_INFO, "tx_size_64", "of tx_packets: 64 bytes (PTC64)")   \
	X(0x040dc, STAT_CLEAR, FN_COUNTER_INFO, "tx_size_65_to_127",                               \
	  "of tx_packets: 65 to 127 bytes (PTC127)")                                               \
	X(0x040e0, STAT_CLEAR, FN_COUNTER_INFO, "tx_size_128_to_255",                              \
	  "of tx_packets: 128 to 255 bytes (PTC255)")                                              \
	X(0x040e4, STAT_CLEAR, FN_COUNTER_INFO, "tx_size_256_to_511",                              \
	  "of tx_packets: 256 to 511 bytes (PTC511)")                                              \
	X(0x040e8, STAT_CLEAR, FN_COUNTER_INFO, "tx_size_512_to_1023",                             \
	  "of tx_packets: 512 to 1023 bytes (PTC1023)")                                            \
	X(0x040ec, STAT_CLEAR, FN_COUNTER_INFO, "tx_size_1024_to_max",                             \
	  "of tx_packets: 1024 bytes and more (PTC1522)")                                          \
	X(0x040d0, STAT_CLEAR, FN_COUNTER_INFO, "rx_total_packets",                                \
	  "all frames that came in, also for others and damaged (TPR)")                            \
	X(0x040c0, STAT_PAIR, FN_COUNTER_INFO, "rx_total_bytes",                                   \
	  "bytes of rx_total_packets (TOR)")                                                       \
	X(0x040d4, STAT_CLEAR, FN_COUNTER_INFO, "tx_total_packets",                                \
	  "all frames that went out, flow control too (TPT)")                                      \
	X(0x040c8, STAT_PAIR, FN_COUNTER_INFO, "tx_total_bytes",                                   \
	  "bytes of tx_total_packets (TOT)")                                                       \
	X(0x040b4, STAT_CLEAR, FN_COUNTER_INFO, "rx_smbus",                                        \
	  "frames for the board's management controller (MGTPRC)")                                 \
	X(0x040b8, STAT_CLEAR, FN_COUNTER_INFO, "dropped_smbus", "of rx_smbus: dropped (MGTPDC)")  \
	X(0x040bc, STAT_CLEAR, FN_COUNTER_INFO, "tx_smbus",                                        \
	  "frames sent by the board's management controller (MGTPTC)")                             \
	X(0x040f8, STAT_CLEAR, FN_COUNTER_INFO, "tx_tcp_seg_good",                                 \
	  "packets that the device segmented (TSCTC)")                                             \
	X(0x04100, STAT_CLEAR, FN_COUNTER_INFO, "interrupts", "interrupts raised (IAC)")

#define INTEL_STATS_82574(X)                                                  \
	X(0x04038, STAT_CLEAR, FN_COUNTER_INFO, "rx_sequence_errors",         \
	  "errors of the order of symbols (SEC)")                             \
	X(0x0403c, STAT_CLEAR, FN_COUNTER_INFO, "rx_carrier_ext_errors",      \
	  "frames with an error in their carrier extension (CEXTERR)")        \
	X(0x040fc, STAT_CLEAR, FN_COUNTER_POSSIBLE_LOSS, "tx_tcp_seg_failed", \
	  "packets that the device did not segment to the end (TSCTFC)")

#define INTEL_STATS_82576(X)                                  \
	X(0x0403c, STAT_CLEAR, FN_COUNTER_DROP, "tx_dropped", \
	  "frames that the MAC did not send, for want of a link or for an error (HTDPMC)")

/* RQDPC: 82576 8.10, I210 8.19. @n is a number in the source. */
#define INTEL_STATS_DROPS(X, n)                                                                   \
	X(n, 0x0c030 + 0x40 * (n), STAT_DROPS, FN_COUNTER_DROP, "rx_queue_" #n "_drops",          \
	  "frames that found receive queue " #n " without a descriptor (RQDPC); on the 82576 at " \
	  "least so many: it counts to 4095 from one look to the next")

/*
 * I210 8.19; of the I350 as Snabb's intel_mp has them from its paper. What the 82576 has at these
 * places counts by virtual machine, of which there are eight, and in QEMU's model nothing else: the
 * packets of its queues are counted by the library alone, fn_rxq_counters() (rss_queues_all).
 */
#define INTEL_STATS_QUEUE(X, n)                                                                  \
	INTEL_STATS_DROPS(X, n)                                                                  \
	X(n, 0x10010 + 0x100 * (n), STAT_RX_PACKETS, FN_COUNTER_INFO, "rx_queue_" #n "_packets", \
	  "of rx_packets: frames for receive queue " #n " (PQGPRC)")                             \
	X(n, 0x10014 + 0x100 * (n), STAT_TX_PACKETS, FN_COUNTER_INFO, "tx_queue_" #n "_packets", \
	  "of tx_packets: frames from transmit queue " #n " (PQGPTC)")

#define INTEL_STATS_DROPS_16(X)  \
	INTEL_STATS_DROPS(X, 0)  \
	INTEL_STATS_DROPS(X, 1)  \
	INTEL_STATS_DROPS(X, 2)  \
	INTEL_STATS_DROPS(X, 3)  \
	INTEL_STATS_DROPS(X, 4)  \
	INTEL_STATS_DROPS(X, 5)  \
	INTEL_STATS_DROPS(X, 6)  \
	INTEL_STATS_DROPS(X, 7)  \
	INTEL_STATS_DROPS(X, 8)  \
	INTEL_STATS_DROPS(X, 9)  \
	INTEL_STATS_DROPS(X, 10) \
	INTEL_STATS_DROPS(X, 11) \
	INTEL_STATS_DROPS(X, 12) \
	INTEL_STATS_DROPS(X, 13) \
	INTEL_STATS_DROPS(X, 14) \
	INTEL_STATS_DROPS(X, 15)

#define INTEL_STATS_QUEUES_2(X) INTEL_STATS_QUEUE(X, 0) INTEL_STATS_QUEUE(X, 1)
#define INTEL_STATS_QUEUES_4(X) \
	INTEL_STATS_QUEUES_2(X) INTEL_STATS_QUEUE(X, 2) INTEL_STATS_QUEUE(X, 3)
#define INTEL_STATS_QUEUES_8(X) \
	INTEL_STATS_QUEUES_4(X) \
	INTEL_STATS_QUEUE(X, 4) \
	INTEL_STATS_QUEUE(X, 5) INTEL_STATS_QUEUE(X, 6) INTEL_STATS_QUEUE(X, 7)

#endif
