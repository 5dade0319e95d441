/* SPDX-License-Identifier: BSD-3-Clause */
/* The LEDs of a port. */
#ifndef INTEL_LED_H
#define INTEL_LED_H

#include <stdbool.h>

struct fn_dev;

/* As in &struct fn_driver_ops. */
int intel_identify(struct fn_dev *dev, bool on);

#endif
