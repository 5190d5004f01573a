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
 * When the message is there, the dead one's names are free and its sockets closed. Sockets can be
 * linked and monitored like processes: their messages come when descriptor and port are free.
 *
 * A ref can be an address too, an alias, which its owner takes away again: what comes through it
 * later is dropped at the door, so a request that timed out leaves no late reply in the mailbox:
 *
 *     rc = kith_monitor_opt(pid, KITH_ALIAS_ONCE, &ref);
 *     rc = kith_send(pid, ASK, &ref, sizeof ref);      // who replies by kith_send_alias(ref, ...)
 *     if (kith_receive_ref(ref, &m, 1000) < 0)         // the reply, or the DOWN
 *         kith_demonitor(ref, KITH_FLUSH);
 */
#ifndef KITH_LINK_H
#define KITH_LINK_H

#include <kith/base.h>
#include <kith/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Flags. */
enum {
    /* of kith_demonitor */
    KITH_FLUSH = 1, /* take a DOWN message that has already come out of the mailbox */
    KITH_INFO = 2,  /* answer 1 if the monitor was still active, else 0 */
    /* What comes by it stands in the mailbox before all ordinary messages, behind earlier ones
     * of its kind. Who receives has to want it, and who sends through an alias to ask for it. */
    KITH_PRIORITY = 4,
    /* of kith_monitor_opt and kith_alias: the ref is an alias too, at most one of */
    KITH_ALIAS = 8, /* until kith_unalias */
    KITH_ALIAS_DEMONITOR =
        16,              /* until the monitor ends: by kith_demonitor or with its DOWN */
    KITH_ALIAS_ONCE = 32 /* the same, and the first message by it ends alias and monitor */
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
 * Link, and say whether the EXIT message of it, if the caller traps exits then, has priority.
 *
 * Of two that are linked already the last call of each decides, for itself.
 *
 * returns  as kith_link; KITH_EINVAL for flags other than KITH_PRIORITY.
 * context  any thread; never suspends.
 * source   OTP erlang:link/2.
 */
KITH_API KITH_NODISCARD int
kith_link_opt(kith_pid pid, unsigned flags);

/**
 * Link the caller and a socket, its own or another's.
 *
 * When the socket is closed the caller gets an exit signal: reason normal, or what its owner or
 * one that was linked to it died of. The EXIT message has `socket` and no `pid`. When the
 * caller dies of anything but normal the socket closes, whoever owns it.
 *
 * returns  0; or
 *          KITH_ECLOSED  it is closed. A caller that traps exits gets 0 and an EXIT message with
 *                        reason noproc;
 *          KITH_EBADF    it is none;  or a common code (error.h).
 * context  any thread; never suspends.
 * source   OTP erlang:link/1 of a port. Differs: an opener is not linked by itself.
 */
KITH_API KITH_NODISCARD int
kith_socket_link(kith_socket s);

/**
 * Remove the link to a socket; after this no exit signal comes by it.
 *
 * returns  0, also when there was no link; a common code (error.h) is a hint.
 * context  any thread; never suspends.
 * source   OTP erlang:unlink/1 of a port.
 */
KITH_API int
kith_socket_unlink(kith_socket s);

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
 * Monitor a process with options: KITH_PRIORITY, and one of the aliases.
 *
 * KITH_PRIORITY is for the DOWN, and for messages by the alias that ask for it.
 *
 * returns  as kith_monitor; KITH_EINVAL for flags that make no sense.
 * context  any thread; never suspends.
 * source   OTP erlang:monitor/3.
 */
KITH_API KITH_NODISCARD int
kith_monitor_opt(kith_pid pid, unsigned flags, kith_ref *ref);

/**
 * Ask for one KITH_TAG_DOWN message when a socket is closed; it has `socket` and no `pid`.
 *
 * Of one that is closed the message comes at once, with reason noproc. Else the reason is
 * normal, or what its owner or one that was linked to it died of.
 *
 * returns  0, and `*ref` names the monitor; or KITH_EBADF, it is none; or a common code
 *          (error.h).
 * context  any thread; never suspends.
 * source   OTP socket:monitor/1.
 */
KITH_API KITH_NODISCARD int
kith_socket_monitor(kith_socket s, kith_ref *ref);

/**
 * Remove one of the caller's monitors; after this no DOWN of it comes.
 *
 * An alias that is bound to it ends too; one of KITH_ALIAS stays.
 *
 * returns  0; with KITH_INFO 1 if it was still active, 0 if it had ended or was never one;
 *          KITH_EINVAL for flags unknown; a common code (error.h) is a hint.
 * context  any thread; never suspends.
 * source   OTP erlang:demonitor/2. Differs: removing a stranger's is 0, not an exception.
 */
KITH_API int
kith_demonitor(kith_ref ref, unsigned flags);

/**
 * Make an alias: a ref by which others can send to the caller until it ends.
 *
 * flags: KITH_ALIAS, or 0, until kith_unalias; KITH_ALIAS_ONCE, until the first message; with
 * KITH_PRIORITY what asks for priority has it. It ends with the caller.
 *
 * returns  0, and `*alias` is it; KITH_EINVAL for flags that make no sense; or a common code
 *          (error.h).
 * context  any thread; never suspends.
 * source   OTP erlang:alias/1.
 */
KITH_API KITH_NODISCARD int
kith_alias(unsigned flags, kith_ref *alias);

/**
 * End an alias: from now on nothing comes by it. What was received stays; a monitor stays.
 *
 * returns  0; or KITH_ENOENT, a hint: it was no active alias of the caller's.
 * context  any thread; never suspends.
 * source   OTP erlang:unalias/1.
 */
KITH_API int
kith_unalias(kith_ref alias);

/**
 * Send a message to whoever has the alias. Its `ref` is the alias, by which kith_receive_ref
 * takes it.
 *
 * The receiver looks at the moment of reception: if the alias has ended the message is dropped.
 * flags: KITH_PRIORITY asks for priority, which an alias made without it does not give.
 *
 * returns  as kith_send; KITH_ENOPROC, a hint: the alias has ended.
 * context  any thread; never suspends.
 * owns     `len` bytes of `data` are copied.
 * source   OTP erlang:send/3 to an alias.
 */
KITH_API int
kith_send_alias(kith_ref alias, uint64_t tag, const void *data, size_t len, unsigned flags);

/**
 * Send an exit signal to whoever has the alias; when that has ended it is dropped.
 *
 * flags: KITH_PRIORITY asks for priority of the EXIT message, if the receiver traps exits; an alias
 * made without it does not give it.
 *
 * returns  as kith_exit_signal; KITH_EINVAL for other flags.
 * context  any thread; never suspends.
 * source   OTP erlang:exit/3 to an alias.
 */
KITH_API int
kith_exit_signal_alias(kith_ref alias, kith_reason why, unsigned flags);

#ifdef __cplusplus
}
#endif

#endif
