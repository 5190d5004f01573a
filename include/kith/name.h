/* SPDX-License-Identifier: Apache-2.0
 * name.h -- names for processes, so that others find them after a restart.
 *
 * A process has at most one name and a name at most one process. Death frees the name
 * before anybody hears of the death. A name is a text of 1 to 255 bytes. A process that
 * should have its name before it runs is given it by kith_spawn_options.
 *
 *     kith_send_name("log", LINE, text, len);
 */
#ifndef KITH_NAME_H
#define KITH_NAME_H

#include <kith/base.h>

#ifdef __cplusplus
extern "C" {
#endif

#define KITH_NAME_MAX 255 /* bytes of a name */

/* A name, and who has it. */
typedef struct kith_name {
    kith_pid pid;
    char text[KITH_NAME_MAX + 1];
} kith_name;

/**
 * Give a process a name.
 *
 * returns  0; or
 *          KITH_EEXIST   the name is taken;
 *          KITH_EALREADY the process has a name;
 *          KITH_ENOPROC  it is dead or unknown;
 *          KITH_EINVAL   the name is empty or too long;  or a common code (error.h).
 * context  any thread; never suspends.
 * owns     the name is copied.
 * source   OTP erlang:register/2. Differs: codes that tell the three badargs apart.
 */
KITH_API KITH_NODISCARD int
kith_register(const char *name, kith_pid pid);

/**
 * Free a name.
 *
 * returns  0; or KITH_ENOENT: nobody has it.
 * context  any thread; never suspends.
 * source   OTP erlang:unregister/1.
 */
KITH_API KITH_NODISCARD int
kith_unregister(const char *name);

/**
 * Say who has a name.
 *
 * returns  the pid; zero when nobody has it.
 * context  any thread; never suspends.
 * source   OTP erlang:whereis/1.
 */
KITH_API kith_pid
kith_whereis(const char *name);

/**
 * List all names, as they are at one moment, in no order.
 *
 * returns  how many there are, also when that is more than `cap`: then `list` has the first
 *          of them; KITH_EINVAL when there is a `cap` and no `list`; or a common code (error.h).
 * context  any thread; never suspends. Nobody gets or loses a name meanwhile.
 * owns     `list` has room for `cap`, and is filled in.
 * source   OTP erlang:registered/0. Differs: with their pids.
 */
KITH_API int
kith_registered(kith_name *list, size_t cap);

/**
 * Send a message to whoever has a name now.
 *
 * returns  as kith_send; KITH_ENOENT when nobody has the name.
 * context  any thread; never suspends.
 * owns     `len` bytes of `data` are copied.
 * source   OTP erlang:send/2 to a registered name. Differs: a code, not badarg.
 */
KITH_API int
kith_send_name(const char *name, uint64_t tag, const void *data, size_t len);

/**
 * Monitor whoever has a name now, as kith_monitor does.
 *
 * When nobody has it, the DOWN message comes at once, with reason noproc and no `from`.
 *
 * returns  0, and `*ref` names the monitor; or a common code (error.h).
 * context  any thread; never suspends.
 * source   OTP erlang:monitor/2 of a registered name.
 */
KITH_API KITH_NODISCARD int
kith_monitor_name(const char *name, kith_ref *ref);

#ifdef __cplusplus
}
#endif

#endif
