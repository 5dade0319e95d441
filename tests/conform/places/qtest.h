/* SPDX-License-Identifier: BSD-3-Clause */
/* What a row of the table of places says of a device of QEMU's. */
#ifndef FN_TESTS_CONFORM_PLACES_QTEST_H
#define FN_TESTS_CONFORM_PLACES_QTEST_H

#include <stdbool.h>

/**
 * struct qtest_device - a device of QEMU's
 * @model: QEMU's name of it
 * @props: properties, or NULL
 * @tap_props: properties where the wire is a tap, or NULL
 * @queues: queue pairs of a tap where a behaviour needs several
 * @does_all: it has queues and checksums of its own, and needs a tap for segmentation alone: where
 *	the wire is none, QEMU cuts packets itself, and takes FIN and PSH from the last piece too
 * @root_port: it needs a root port of its own
 */
struct qtest_device {
	const char *model;
	const char *props;
	const char *tap_props;
	unsigned queues;
	bool does_all;
	bool root_port;
};

#endif
