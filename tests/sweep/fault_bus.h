/* SPDX-License-Identifier: BSD-3-Clause */
/* The model bus with faults: its calls, the maps of its IOMMU, and the commands of its device. */
#ifndef FN_TESTS_SWEEP_FAULT_BUS_H
#define FN_TESTS_SWEEP_FAULT_BUS_H

#include "bus/bus.h"

/* In the place of model_bus for fn_dev_open_on(). The device behind it is a struct virtio_dev. */
extern const struct fn_bus_ops fault_bus;

#endif
