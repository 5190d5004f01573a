/* SPDX-License-Identifier: Apache-2.0
 * linux_readiness.h -- tests that libkqueue keeps from what Linux itself tells of readiness.
 *
 * Over kqueue on Linux the test program leaves them out; docs/porting.md has the reason of each. */
#ifndef KT_LINUX_READINESS_H
#define KT_LINUX_READINESS_H

inline constexpr const char *kt_linux_readiness[] = {
    "SocketControl.WhoWaitsForUrgentDataHoldsUpNoReader",
    "SocketAside.UrgentDataIsWaitedForAndOverWithTheConnection",
};

#endif
