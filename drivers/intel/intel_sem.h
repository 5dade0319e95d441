/* SPDX-License-Identifier: BSD-3-Clause */
/* Who may use what the driver shares with firmware and with the other port: the PHY, the NVM. */
#ifndef INTEL_SEM_H
#define INTEL_SEM_H

struct fn_dev;

/* What there is to be had. */
enum intel_sem {
	INTEL_SEM_NVM,
	INTEL_SEM_PHY,
};

/*
 * Take it, and give it back; from control calls only. -EIO when whoever has it does not let go in
 * time, -ENODEV. Nobody takes two at once.
 */
int intel_sem_take(struct fn_dev *dev, enum intel_sem what);
void intel_sem_give(struct fn_dev *dev, enum intel_sem what);

#endif
