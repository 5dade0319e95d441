/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the test program cycles share. */
#ifndef CYCLES_H
#define CYCLES_H

#include "kernel_view.h"
#include "rig.h"

/* cycles_order.c */
void test_order(struct rig *rig);
void test_random_order(struct rig *rig);

#endif
