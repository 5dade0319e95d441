/* SPDX-License-Identifier: BSD-3-Clause */
/* The host's end of a NIC of tools/lab with --wire socket. */
#ifndef WIRE_H
#define WIRE_H

/*
 * @paths: "NIC,MINE", the socket that the NIC reads, and the one that it writes to; is changed.
 * Returns a datagram socket that is bound and connected; ends the program with a message and status
 * 2 when there is none.
 */
int wire_socket(char *paths);

#endif
