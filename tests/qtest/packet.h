/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A packet socket with PACKET_VNET_HDR and PACKET_AUXDATA: the kernel's end of a wire. A tag that
 * the kernel took out of a frame is put back in, as it was on the wire. The taps of qtest and the
 * peer's interface of conform's vfio places have it.
 */
#ifndef FN_TESTS_QTEST_PACKET_H
#define FN_TESTS_QTEST_PACKET_H

#include "qtest/qtest.h"

/* 0; -EAGAIN: no room now; another negative errno. @request may be NULL. */
int packet_send(int fd, const struct wire_request *request, const void *frame, size_t len);

/* Length of the frame, also where it was longer than @buf; 0: none waits. */
size_t packet_recv(int fd, struct wire_request *request, void *buf, size_t bytes);

#endif
