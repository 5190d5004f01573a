/* SPDX-License-Identifier: Apache-2.0
 * poll.h -- the reactor contract: what a backend (epoll, kqueue, a test double) must give.
 *
 * A backend only translates. The protocol stands above it, once (actors/socket.c):
 *   add     once per descriptor, at its first EAGAIN; both directions, edge triggered. It
 *           reports what is ready at that moment, so no edge is lost before it.
 *   once    instead of add: one report, when it is readable or broken; `again`: it is registered
 *           already, this way or that, and shall report once more.
 *   forget  before close, when the descriptor may live on elsewhere (dup, fork).
 *   wait    fills in events; any number of threads may wait, each event goes to one of them.
 *   wake    makes one wait return; wakes before the wait are not lost. Signal-safe. */
#ifndef KI_POLL_H
#define KI_POLL_H

#include "core/defs.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The values are epoll's, so that its backend has nothing to translate. */
enum {
    KI_READY_IN = 1,
    KI_READY_PRI = 2,
    KI_READY_OUT = 4,
    KI_READY_ERR = 8,
    KI_READY_HUP = 16,
    KI_READY_RDHUP = 0x2000
};

/* Laid out as epoll's, for the same reason; packed where that is. */
struct
#ifdef __x86_64__
    __attribute__((packed))
#endif
    ki_event {
    uint32_t ready; /* KI_READY_ bits */
    uint64_t id;    /* as given to add; 0: a wake */
};

struct ki_poller {
    const char *name;
    int (*init)(void); /* 0 or a code */
    void (*fini)(void);
    int (*add)(int fd, uint64_t id);              /* 0 or a code */
    int (*once)(int fd, uint64_t id, bool again); /* 0 or a code */
    void (*forget)(int fd);
    /* Waits at most timeout_ns (UINT64_MAX: for ever; 0: does not wait; rounded up to what the
     * system can do); answers how many events it wrote, 0 for time or interruption. */
    int (*wait)(struct ki_event *events, int cap, uint64_t timeout_ns);
    void (*wake)(void);
};

/* The backend chosen by the build. */
extern const struct ki_poller ki_poller_system;

#ifdef __cplusplus
}
#endif

#endif
