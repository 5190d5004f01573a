/* SPDX-License-Identifier: Apache-2.0
 * headers_test.c -- all public headers together are C11, and their macros work.
 *
 * A macro that no program uses rots unseen: whatever a public header defines for its users
 * is used here once. */
#include "all_headers.h"

int kith_headers_compile_as_c(void);

static int
pieces_and_bodies(void)
{
    uint64_t body = 7;
    const uint64_t constant = 7;
    kith_iov iov = KITH_IOV(body);
    kith_iov piece = kith_iov_of(&constant, 4);
    kith_msg msg = {.data = &body, .len = sizeof(body)};

    return iov.base == &body && iov.len == sizeof(body) && piece.base == &constant &&
           piece.len == 4 && KITH_BODY(&msg, uint64_t) == &body &&
           !KITH_BODY(&msg, uint32_t);
}

static int
options(void)
{
    kith_options o = KITH_OPTIONS_INIT;
    kith_spawn_options spawn = KITH_SPAWN_OPTIONS_INIT;
    kith_open_options open = KITH_OPEN_OPTIONS_INIT;
    struct kith_process_info info = KITH_PROCESS_INFO_INIT;
    struct kith_runtime_info all = KITH_RUNTIME_INFO_INIT;
    struct kith_worker_info worker = KITH_WORKER_INFO_INIT;

    return o.size == sizeof o && o.workers == 0 && !o.stop_on_sigterm && o.drain == 0 &&
           o.kill == 0 && !o.message_only && spawn.size == sizeof spawn && !spawn.link &&
           !spawn.monitor && spawn.give.id == 0 && !spawn.name && spawn.stack == 0 &&
           spawn.mailbox_policy == KITH_MAILBOX_FAIL && open.size == sizeof open &&
           !open.netns && open.fd == -1 && open.dup && !open.debug && open.use_registry &&
           info.size == sizeof info && info.pid.id == 0 && info.fn[0] == '\0' &&
           all.size == sizeof all && worker.size == sizeof worker && o.dump_signal == 0 &&
           info.spawned_by[0] == '\0' && info.waits_for[0] == '\0';
}

static int
tags_and_times(void)
{
    const uint64_t tags[] = {KITH_TAG_EXIT, KITH_TAG_DOWN, KITH_TAG_SELECT,
                             KITH_TAG_FUTURE};
    int ok = KITH_INFINITY > 0 && KITH_NOWAIT < 0;

    for (size_t i = 0; i < sizeof tags / sizeof tags[0]; i++)
        ok = ok && (tags[i] & KITH_TAG_SYSTEM) != 0 && tags[i] - KITH_TAG_SYSTEM == i + 1;
    return ok;
}

static int
tables_and_texts(void)
{
    kith_sockaddr a = {.domain = KITH_LOCAL};
    char text[KITH_SOCKADDR_TEXT];
    int ok = sizeof text > 5 + 4 * sizeof a.local.path;

#define X(name, value, atom, sentence) \
    ok = ok && KITH_##name == (value) && (value) < 0 && sizeof(atom) > 1 && \
         sizeof(sentence) > 1;
    KITH_ERROR_TABLE(X)
#undef X
    return ok;
}

int
kith_headers_compile_as_c(void)
{
    return pieces_and_bodies() && options() && tags_and_times() && tables_and_texts();
}
