/* SPDX-License-Identifier: Apache-2.0
 * link.h -- hear of each other's death.
 *
 * A link binds two processes: when one dies of anything but reason normal, the other gets
 * an exit signal, which kills it or, if it traps exits, is a KITH_TAG_EXIT message. A
 * monitor goes one way, never kills and ends in exactly one KITH_TAG_DOWN message:
 *
 *     rc = kith_monitor(pid, &ref);
 *     rc = kith_receive_ref(ref, &m, KITH_INFINITY);
 *     why = KITH_BODY(m, kith_down)->why;
 *
 * When the message is there, the dead one's names are free and its sockets closed.
 */
#ifndef KITH_LINK_H
#define KITH_LINK_H

#include <kith/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Flags of kith_demonitor. */
enum {
    KITH_FLUSH = 1, /* take a DOWN message that has already come out of the mailbox */
    KITH_INFO = 2   /* answer 1 if the monitor was still active, else 0 */
};

/**
 * Link the caller and another process; no matter if they are linked already.
 *
 * returns  0; or
 *          KITH_ENOPROC  it is dead or unknown. A caller that traps exits gets 0 and an
 *                        EXIT message with reason noproc;  or a common code (error.h).
 * context  any thread; never suspends.
 * source   OTP erlang:link/1. Differs: a code where Erlang raises noproc.
 */
KITH_API KITH_NODISCARD int
kith_link(kith_pid pid);

/**
 * Remove a link; after this no exit signal of the other comes by it.
 *
 * returns  0, also when there was no link; a common code (error.h) is a hint.
 * context  any thread; never suspends.
 * source   OTP erlang:unlink/1.
 */
KITH_API int
kith_unlink(kith_pid pid);

/**
 * Ask for one KITH_TAG_DOWN message when a process dies.
 *
 * Each call makes a monitor of its own. Of one that is dead or unknown the message comes at
 * once, with reason noproc.
 *
 * returns  0, and `*ref` names the monitor; or a common code (error.h).
 * context  any thread; never suspends.
 * source   OTP erlang:monitor/2.
 */
KITH_API KITH_NODISCARD int
kith_monitor(kith_pid pid, kith_ref *ref);

/**
 * Remove one of the caller's monitors; after this no DOWN of it comes.
 *
 * returns  0; with KITH_INFO 1 if it was still active, 0 if it had ended or was never one;
 *          KITH_EINVAL for flags unknown; a common code (error.h) is a hint.
 * context  any thread; never suspends.
 * source   OTP erlang:demonitor/2. Differs: removing a stranger's is 0, not an exception.
 */
KITH_API int
kith_demonitor(kith_ref ref, unsigned flags);

#ifdef __cplusplus
}
#endif

#endif
