// SPDX-License-Identifier: BSD-3-Clause
/* Frames through a packet socket of the kernel, with what is asked to be done with them. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "qtest/packet.h"

#define MAC_BYTES 12u
#define VLAN_BYTES 4u

int packet_send(int fd, const struct wire_request *request, const void *frame, size_t len)
{
	static const struct wire_request none;
	struct wire_request head = request ? *request : none;
	struct iovec io[2] = { { &head, sizeof(head) }, { NULL, len } };

	/* An iovec has no const, though what is sent is not changed. */
	memcpy(&io[1].iov_base, &frame, sizeof(frame));
	if (writev(fd, io, 2) >= 0)
		return 0;
	return errno == EAGAIN || errno == ENOBUFS ? -EAGAIN : -errno;
}

/* The kernel takes a VLAN tag out of the frame and tells it apart; on the wire it was inside. */
static size_t tag_insert(struct wire_request *request, uint8_t *frame, size_t len, size_t bytes,
			 const struct tpacket_auxdata *aux)
{
	const uint16_t tag[2] = {
		htons(aux->tp_status & TP_STATUS_VLAN_TPID_VALID ? aux->tp_vlan_tpid : ETH_P_8021Q),
		htons(aux->tp_vlan_tci)
	};

	if (!(aux->tp_status & TP_STATUS_VLAN_VALID) || len < MAC_BYTES ||
	    bytes < MAC_BYTES + VLAN_BYTES)
		return len;
	memmove(frame + MAC_BYTES + VLAN_BYTES, frame + MAC_BYTES,
		(len + VLAN_BYTES <= bytes ? len : bytes - VLAN_BYTES) - MAC_BYTES);
	memcpy(frame + MAC_BYTES, tag, VLAN_BYTES);
	if (request->flags & 1)
		request->csum_start = (uint16_t)(request->csum_start + VLAN_BYTES);
	if (request->gso_type)
		request->hdr_len = (uint16_t)(request->hdr_len + VLAN_BYTES);
	return len + VLAN_BYTES;
}

size_t packet_recv(int fd, struct wire_request *request, void *buf, size_t bytes)
{
	struct iovec io[2] = { { request, sizeof(*request) }, { buf, bytes } };
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
	} control = { .room = { 0 } };
	struct msghdr msg = { .msg_iov = io,
			      .msg_iovlen = 2,
			      .msg_control = &control,
			      .msg_controllen = sizeof(control) };
	struct tpacket_auxdata aux;
	const ssize_t n = recvmsg(fd, &msg, MSG_DONTWAIT | MSG_TRUNC);
	size_t len;

	if (n <= (ssize_t)sizeof(*request))
		return 0;
	len = (size_t)n - sizeof(*request);
	if (CMSG_FIRSTHDR(&msg)) {
		memcpy(&aux, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(aux));
		len = tag_insert(request, buf, len, bytes, &aux);
	}
	return len;
}
