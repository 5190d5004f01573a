/* SPDX-License-Identifier: Apache-2.0
 * poll.h -- the reactor contract: what a backend (epoll, kqueue, a test double) must give.
 *
 * A backend only translates. The protocol stands above it, once (actors/socket.c):
 *   add     once per descriptor, at its first EAGAIN; both directions. It reports what is ready at
 *           that moment, and then each edge, so none is lost before it.
 *   once    instead of add: one report, when it is readable or broken; `again`: it is registered
 *           so already, and shall report once more.
 *   arm     only of a backend whose system knows states and no edges (NULL else): what it has
 *           reported it does not report again until it is asked to, by this, after an EAGAIN.
 *   forget  before close: of a backend that knows descriptors by their numbers always, of others
 *           when the descriptor may live on elsewhere (dup, fork). Nothing that is waited for
 *           after it reports the descriptor.
 *   wait    fills in events; any number of threads may wait, each event goes to one of them.
 *   wake    makes one wait return; wakes before the wait are not lost. Signal-safe.
 *
 * A report too many does no harm: it costs an attempt. The peer's end is told as IN and RDHUP or
 * HUP, where the system tells it apart from data; a broken connection as all that waits. */
#ifndef KI_POLL_H
#define KI_POLL_H

#include "core/defs.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The values are epoll's, so that its backend has nothing to translate; those of poll(2) are the
 * same but for the last. */
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
    bool by_number; /* forget before every close */
    /* A short read of a stream leaves nothing: what comes after it, the end too, is an edge. */
    bool drains;
    bool urgent;       /* tells of urgent data */
    int (*init)(void); /* 0 or a code */
    void (*fini)(void);
    int (*add)(int fd, uint64_t id);              /* 0 or a code */
    int (*once)(int fd, uint64_t id, bool again); /* 0 or a code */
    void (*arm)(int fd, uint32_t ready);          /* KI_READY_ bits; or NULL */
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
