/* SPDX-License-Identifier: Apache-2.0
 * supports.c -- which options there are, and what the running system has of them. */
#include "actors/claim.h"
#include "core/seam.h"
#include "core/sock.h"
#include "core/sockopt.h"

/* ---- the table ---- */

kith_opt
kith_opt_find(const char *level, const char *name)
{
    const struct ki_sockopt *row = level && name ? ki_sockopt_named(level, name) : NULL;

    return row ? row->id : KITH_ENOENT;
}

kith_opt
kith_opt_at(size_t i)
{
    const struct ki_sockopt *row = ki_sockopt_at(i);

    return row ? row->id : KITH_ENOENT;
}

int
kith_opt_describe(kith_opt o, kith_opt_info *info)
{
    const struct ki_sockopt *row = ki_sockopt_find(o);

    if (!row || !info)
        return KITH_EINVAL;
    *info = (kith_opt_info){.id = row->id,
                            .level = row->level,
                            .name = row->name,
                            .type = row->type,
                            .len = row->len,
                            .get = row->get,
                            .set = row->set};
    return 0;
}

int
kith_supports_msg_flag(unsigned flag)
{
    return flag == KITH_MSG_QUEUE || (flag != 0 && ki_sock_flags(flag) >= 0);
}

/* ---- the system ---- */

static int
open_socket(int domain, int type, int protocol)
{
    int native_domain = ki_domain_to_native(domain), native_type = ki_type_to_native(type);

    if (native_domain < 0 || native_type < 0)
        return KITH_EINVAL;
    return ki_seam.socket(native_domain, native_type, protocol);
}

/* The system has none of this kind. */
static bool
is_lacking(int code)
{
    return code == KITH_EAFNOSUPPORT || code == KITH_EPROTONOSUPPORT ||
           code == KITH_ESOCKTNOSUPPORT || code == KITH_EPROTOTYPE;
}

int
kith_supports_socket(int domain, int type, int protocol)
{
    struct ki_proc *p;
    int fd, rc = ki_enter(&p);

    if (rc < 0)
        return rc;
    ki_proc_charge(p, KI_CALL_COST);
    fd = open_socket(domain, type, protocol);
    if (fd < 0)
        return is_lacking(fd) ? 0 : fd;
    (void) ki_seam.close(fd);
    return 1;
}

/* 1, 0 or no memory. Reading changes nothing; what can only be set gets zeros, on a socket that
 * nobody uses. Whatever else the system says against them, it knows the option. */
static int
knows(int fd, const struct ki_sockopt *row)
{
    struct ki_optval val;
    int rc;

    if (row->get) {
        rc = ki_optval_room(&val, ki_sockopt_native_len(row));
        if (rc < 0)
            return rc;
        rc = ki_seam.getopt(fd, row->native_level, row->native_number, val.data, &val.len);
    } else {
        rc = ki_optval_room(&val, sizeof val.bytes);
        if (rc < 0)
            return rc;
        rc = ki_seam.setopt(fd, row->native_level, row->native_number, val.data, val.len);
    }
    ki_optval_drop(&val);
    return rc != KITH_ENOPROTOOPT && rc != KITH_EOPNOTSUPP;
}

/* 1, 0, or why it cannot be said now. An option of one kind of socket alone is asked for on each
 * that it may be of; where a raw one is not allowed, nor is its option. */
static int
ask(const struct ki_sockopt *row)
{
    static const struct {
        int id, domain, type, protocol;
    } kinds[] = {
        {0x100, KITH_INET, KITH_STREAM, 0}, {0x100, KITH_LOCAL, KITH_STREAM, 0},
        {0x100, KITH_INET, KITH_DGRAM, 0},  {0x200, KITH_INET, KITH_DGRAM, 0},
        {0x200, KITH_INET, KITH_STREAM, 0}, {0x200, KITH_INET, KITH_RAW, 255},
        {0x300, KITH_INET6, KITH_DGRAM, 0}, {0x300, KITH_INET6, KITH_STREAM, 0},
        {0x300, KITH_INET6, KITH_RAW, 255}, {0x400, KITH_INET, KITH_STREAM, 0},
        {0x500, KITH_INET, KITH_DGRAM, 0},  {0x600, KITH_INET, KITH_SEQPACKET, KITH_SCTP},
    };
    int answer = KITH_EAFNOSUPPORT;

    for (size_t i = 0; i < ki_countof(kinds); i++) {
        int fd;

        if (kinds[i].id != (row->id & ~0xff))
            continue;
        fd = open_socket(kinds[i].domain, kinds[i].type, kinds[i].protocol);
        if (fd < 0) {
            if (!is_lacking(fd) && fd != KITH_EPERM && fd != KITH_EACCES)
                return fd;
            if (answer != 0)
                answer = fd;
            continue;
        }
        answer = knows(fd, row);
        (void) ki_seam.close(fd);
        if (answer != 0)
            return answer;
    }
    return is_lacking(answer) ? 0 : answer;
}

/* By option: the start it was asked in, and the answer in the lowest bit. Two may ask at once, and
 * hear the same. */
static _Atomic(uint32_t) asked[0x800];

int
kith_supports(kith_opt o)
{
    const struct ki_sockopt *row = ki_seam.opt_row(o);
    struct ki_proc *p;
    uint32_t epoch, seen;
    int rc = ki_enter(&p);

    if (rc < 0)
        return rc;
    if (!row)
        return KITH_EINVAL;
    if (row->kind == KI_OPT_OTP)
        return 1;
    if (row->native_number < 0)
        return 0;
    ki_proc_charge(p, KI_CALL_COST);
    epoch = ki_load_rlx(&ki_runtime.epoch); /* relaxed: constant while we run */
    seen = ki_load_rlx(&asked[o]); /* relaxed: the word says all there is to know */
    if (seen >> 1 == epoch)
        return (int) (seen & 1);
    rc = ask(row);
    if (rc >= 0)
        ki_store_rlx(&asked[o], epoch << 1 | (uint32_t) rc);
    return rc;
}
