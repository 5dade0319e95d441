/* SPDX-License-Identifier: BSD-3-Clause */
/* The model bus with faults: its calls, the maps of its IOMMU, and what the subject does not do. */
#ifndef FN_TESTS_SWEEP_FAULT_BUS_H
#define FN_TESTS_SWEEP_FAULT_BUS_H

#include "bus/bus.h"

/* In the place of model_bus for fn_dev_open_on(). The device behind it is sweep_subject's. */
extern const struct fn_bus_ops fault_bus;

#endif
