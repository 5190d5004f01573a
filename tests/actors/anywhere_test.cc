/* SPDX-License-Identifier: Apache-2.0
 * anywhere_test.cc -- every public function, called wherever a program may call it: before the
 * start, after a stop, in a forked child, by a plain thread, a process and a handler.
 *
 * .ci/check-calls compares the table below with what the library exports. */
#include "tests/support/idle.h"
#include "tests/support/runtime.h"

#include "core/slots.h"

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <thread>

#include <fcntl.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace
{

/* What the calls are made with: handles of nothing. */
struct things {
    kith_ms timeout; /* where a runtime runs 0, elsewhere KITH_INFINITY: nothing may wait */
    bool stopping;   /* what kith_stopping has to say */
    int fd;          /* to write to */
    kith_pid pid = {ki_id_make(KI_KIND_PID, 1, 1'000'000)};
    kith_socket s = {ki_id_make(KI_KIND_SOCKET, 1, 1'000'000)};
    kith_future f = {ki_id_make(KI_KIND_FUTURE, 1, 1'000'000)};
    kith_ref ref = {ki_id_make(KI_KIND_REF, 1, 1'000'000)};
    kith_sockaddr a = kith_sockaddr_loopback(KITH_INET, 1);
    kith_packet p = {};
    struct kith_process_info info = KITH_PROCESS_INFO_INIT;
    struct kith_runtime_info all = KITH_RUNTIME_INFO_INIT;
    struct kith_worker_info worker = KITH_WORKER_INFO_INIT;
    kith_spawn_options spawn = KITH_SPAWN_OPTIONS_INIT;
    char b[8] = {};
    int v = 1;
    /* results */
    kith_pid child = {};
    kith_ref new_ref = {};
    kith_socket new_s = {};
    kith_future new_f = {};
    kith_reason why = {};
    kith_child_counts counts = {};
    const kith_msg *m = nullptr;
};

const kith_iov none = {nullptr, 0};
const kith_server a_server = {};
const kith_statem a_statem = {};

const kith_child a_child = [] {
    kith_child c = {};

    c.id = "id";
    c.fn = kt_nothing;
    return c;
}();
const kith_supervisor a_supervisor = {};

int
no_conn(kith_socket, void *)
{
    return 0;
}

void
do_nothing(void *)
{
}

bool
yes(const kith_msg *, void *)
{
    return true;
}

/* An opening that went well is closed. */
std::int64_t
closed(int rc, kith_socket s)
{
    if (rc == 0)
        kt_ignore(kith_socket_close(s));
    return rc;
}

/* What is right in a server's callback counts as what all others are answered. */
int
but_a_server(int rc)
{
    return rc == 0 && kith_sleep(0) == KITH_EHANDLER ? KITH_EPERM : rc;
}

enum kind {
    CODE,  /* without a runtime it answers the code that says so */
    WAITS, /* the same; in a handler KITH_EHANDLER */
    ZERO,  /* without a runtime it does nothing and answers 0 */
    PURE,  /* always the same */
    START, /* starts the runtime where there is none */
    EXIT   /* does not come back: see below */
};

struct row {
    const char *name;
    enum kind kind;
    std::int64_t want; /* its answer where a runtime runs; PURE: everywhere */
    std::int64_t (*call)(things &t);
};

/* A row that answers what the function does, and one that looks at it. */
#define CALL(fn, kind, want, ...) \
    { \
#fn, kind, want, [](things & t) { \
            (void) t; \
            return static_cast<std::int64_t>(fn(__VA_ARGS__)); \
        } \
    }
#define CALL_SO(fn, kind, want, ...) \
    { \
#fn, kind, want, [](things & t)->std::int64_t \
        { \
            (void) t; \
            __VA_ARGS__ \
        } \
    }

/* The order matters where calls leave messages behind; kith_stop comes last. */
const row table[] = {
    /* base.h, error.h, sockaddr.h */
    CALL(kith_deadline, PURE, KITH_INFINITY, KITH_INFINITY),
    CALL(kith_left, PURE, KITH_NOWAIT, KITH_NOWAIT),
    CALL(kith_partial, PURE, 0),
    CALL_SO(kith_strerror, PURE, 0, return std::strcmp(kith_strerror(0), "success");),
    CALL_SO(kith_err_name, PURE, 0, return std::strcmp(kith_err_name(0), "ok");),
    CALL_SO(kith_reason_of, PURE, 7, return kith_reason_of(KITH_USER, 7, "why").code;),
    CALL(kith_sockaddr_parse, PURE, 0, "127.0.0.1:1", &t.a),
    CALL(kith_sockaddr_print, PURE, 11, &t.a, t.b, sizeof t.b),
    CALL_SO(kith_sockaddr_any, PURE, KITH_INET,
            return kith_sockaddr_any(KITH_INET, 1).domain;),
    CALL_SO(kith_sockaddr_loopback, PURE, KITH_INET,
            return kith_sockaddr_loopback(KITH_INET, 1).domain;),
    CALL_SO(kith_sockaddr_broadcast, PURE, KITH_INET,
            return kith_sockaddr_broadcast(KITH_INET, 1).domain;),
    CALL(kith_sockaddr_native, PURE, KITH_EINVAL, 2, nullptr, 1, &t.a),
    CALL(kith_sockaddr_bytes, PURE, 14, &t.a, nullptr, nullptr, 0),
    CALL(kith_sockaddr_port, PURE, 1, &t.a),

    /* domain.h */
    CALL_SO(kith_domain_name, PURE, 0, return std::strcmp(kith_domain_name(1), "inet");),
    CALL(kith_domain_by_name, PURE, KITH_INET, "inet"),
    CALL_SO(kith_type_name, PURE, 0, return std::strcmp(kith_type_name(1), "stream");),
    CALL(kith_type_by_name, PURE, KITH_STREAM, "stream"),
    CALL_SO(kith_protocol_name, PURE, 0, return std::strcmp(kith_protocol_name(6), "tcp");),
    CALL(kith_protocol_by_name, PURE, KITH_TCP, "tcp"),

    /* message.h; the receives before anything that brings a message */
    CALL(kith_receive, WAITS, KITH_ETIMEOUT, &t.m, t.timeout),
    CALL(kith_receive_tag, WAITS, KITH_ETIMEOUT, 1, &t.m, t.timeout),
    CALL(kith_receive_ref, WAITS, KITH_ETIMEOUT, t.ref, &t.m, t.timeout),
    CALL(kith_receive_match, WAITS, KITH_ETIMEOUT, yes, nullptr, &t.m, t.timeout),
    CALL(kith_receive_any, WAITS, 0, &t.m, &t.f, 1, t.timeout),
    CALL(kith_send, CODE, KITH_ENOPROC, t.pid, 1, t.b, sizeof t.b),
    CALL(kith_send_wait, WAITS, KITH_ENOPROC, t.pid, 1, t.b, sizeof t.b, t.timeout),
    CALL_SO(kith_msg_new, PURE, 1, kith_msg *m = kith_msg_new(1, 8); kith_msg_free(m);
            return (m != nullptr) != (kith_send({1}, 1, nullptr, 0) == KITH_EFORKED);),
    CALL(kith_send_msg, CODE, KITH_ENOPROC, t.pid, kith_msg_new(1, 8)),
    CALL_SO(kith_msg_free, PURE, 0, kith_msg_free(nullptr); return 0;),
    CALL_SO(kith_msg_keep, PURE, 0, return kith_msg_keep(nullptr) != nullptr;),
    CALL_SO(kith_msg_body, PURE, 1, kith_msg m = {{0}, 1, {0}, t.b, sizeof t.b};
            return kith_msg_body(&m, sizeof t.b) == t.b;),

    /* future.h */
    CALL(kith_await, WAITS, KITH_ECLOSED, t.f, t.timeout),
    CALL(kith_await_socket, WAITS, KITH_ECLOSED, t.f, t.timeout, &t.new_s),
    CALL(kith_await_any, WAITS, 0, &t.f, 1, t.timeout),
    CALL(kith_cancel, CODE, KITH_ECLOSED, t.f),
    CALL_SO(kith_future_to_mailbox, ZERO, 0, kith_future_to_mailbox(t.f); return 0;),

    /* process.h */
    CALL(kith_spawn, CODE, 0, kt_nothing, nullptr, 0, &t.child),
    CALL(kith_spawn_link, CODE, 0, kt_nothing, nullptr, 0, &t.child),
    CALL(kith_spawn_monitor, CODE, 0, kt_nothing, nullptr, 0, &t.child, &t.new_ref),
    CALL(kith_spawn_opt, CODE, 0, &t.spawn, kt_nothing, nullptr, 0, &t.child),
    CALL(kith_wait, WAITS, 0, t.pid, &t.why, t.timeout),
    CALL_SO(kith_self, ZERO, 1, return kith_self().id != 0;),
    CALL_SO(kith_yield, ZERO, 0, kith_yield(); return 0;),
    CALL(kith_sleep, WAITS, 0, t.timeout),
    CALL_SO(kith_exit, EXIT, 0, kith_exit(kith_reason_of(KITH_USER, 7, "the end"));),
    CALL_SO(kith_hibernate, EXIT, 0, kith_hibernate(nullptr, nullptr, 0);),
    CALL(kith_exit_signal, CODE, KITH_ENOPROC, t.pid, kith_reason_of(KITH_KILL, 0, "")),
    CALL(kith_exit_signal_opt, CODE, KITH_ENOPROC, t.pid, kith_reason_of(KITH_KILL, 0, ""),
         KITH_PRIORITY),
    CALL(kith_flag_priority, CODE, KITH_PRIORITY_NORMAL, KITH_PRIORITY_NORMAL),
    CALL(kith_flag_mailbox, CODE, 0, 0, 0, KITH_MAILBOX_FAIL),
    CALL_SO(kith_flag_trap_exit, ZERO, 0, kith_flag_trap_exit(false); return 0;),
    CALL(kith_defer, CODE, 0, do_nothing, nullptr),
    CALL_SO(kith_alloc, ZERO, 1, return kith_alloc(1) != nullptr;),
    CALL_SO(kith_free, ZERO, 0, kith_free(nullptr); return 0;),
    CALL_SO(kith_set_label, ZERO, 0, kith_set_label(nullptr); return 0;),
    CALL(kith_process_info, CODE, KITH_ENOPROC, t.pid, &t.info),

    /* link.h, name.h, timer.h */
    CALL(kith_link, CODE, KITH_ENOPROC, t.pid),
    CALL(kith_link_opt, CODE, KITH_ENOPROC, t.pid, KITH_PRIORITY),
    CALL(kith_unlink, CODE, 0, t.pid),
    CALL(kith_socket_link, CODE, KITH_ECLOSED, t.s),
    CALL(kith_socket_unlink, CODE, 0, t.s),
    CALL(kith_monitor, CODE, 0, t.pid, &t.new_ref),
    CALL(kith_monitor_opt, CODE, 0, t.pid, KITH_ALIAS, &t.new_ref),
    CALL(kith_socket_monitor, CODE, 0, t.s, &t.new_ref),
    CALL(kith_alias, CODE, 0, 0, &t.new_ref),
    CALL(kith_unalias, CODE, KITH_ENOENT, t.ref),
    CALL(kith_send_alias, CODE, KITH_ENOPROC, t.ref, 1, t.b, sizeof t.b, KITH_PRIORITY),
    CALL(kith_exit_signal_alias, CODE, KITH_ENOPROC, t.ref,
         kith_reason_of(KITH_KILL, 0, ""), 0),
    CALL(kith_demonitor, CODE, 0, t.ref, 0),
    CALL(kith_register, CODE, KITH_ENOPROC, "name", t.pid),
    CALL(kith_unregister, CODE, KITH_ENOENT, "name"),
    CALL_SO(kith_whereis, ZERO, 0, return kith_whereis("name").id != 0;),
    CALL(kith_registered, CODE, 0, nullptr, 0),
    CALL(kith_send_name, CODE, KITH_ENOENT, "name", 1, t.b, sizeof t.b),
    CALL(kith_monitor_name, CODE, 0, "name", &t.new_ref),
    CALL(kith_send_after, CODE, KITH_ENOPROC, 1, t.pid, 1, none, &t.new_ref),
    CALL(kith_send_at, CODE, KITH_ENOPROC, 1, t.pid, 1, none, &t.new_ref),
    CALL(kith_send_after_name, CODE, 0, 1, "name", 1, none, &t.new_ref),
    CALL(kith_send_at_name, CODE, 0, 1, "name", 1, none, &t.new_ref),
    CALL(kith_start_timer, CODE, KITH_ENOPROC, 1, t.pid, none, &t.new_ref),
    CALL(kith_start_timer_name, CODE, 0, 1, "name", none, &t.new_ref),
    CALL(kith_read_timer, CODE, KITH_ENOENT, t.ref, nullptr),
    CALL(kith_cancel_timer, CODE, KITH_ENOENT, t.ref, nullptr),

    /* server.h */
    CALL(kith_server_start, WAITS, 0, &a_server, nullptr, nullptr, 0, &t.child),
    CALL(kith_call, WAITS, KITH_ENOPROC, t.pid, 1, none, none, KITH_INFINITY),
    CALL(kith_call_start, CODE, KITH_ENOPROC, t.pid, 1, none, none, KITH_INFINITY,
         &t.new_f),
    CALL(kith_call_name, WAITS, KITH_ENOENT, "nobody", 1, none, none, KITH_INFINITY),
    CALL(kith_call_why, CODE, 0, &t.why),
    CALL(kith_server_stop, WAITS, KITH_ENOPROC, t.pid, t.why, KITH_INFINITY),
    /* The handler of this table is a server: it may. */
    CALL_SO(kith_server_continue, CODE, KITH_EPERM,
            return but_a_server(kith_server_continue(1));),
    CALL_SO(kith_server_timeout, CODE, KITH_EPERM,
            return but_a_server(kith_server_timeout(KITH_INFINITY));),
    CALL_SO(kith_server_hibernate, CODE, KITH_EPERM,
            return but_a_server(kith_server_hibernate());),
    CALL(kith_statem_start, WAITS, 0, &a_statem, nullptr, nullptr, 0, &t.child),
    CALL(kith_statem_next, CODE, KITH_EPERM, 1),
    CALL(kith_statem_repeat, CODE, KITH_EPERM),
    CALL(kith_statem_postpone, CODE, KITH_EPERM),
    CALL(kith_statem_internal, CODE, KITH_EPERM, 1, nullptr, 0),
    CALL(kith_statem_state_timeout, CODE, KITH_EPERM, 1, 1),
    CALL(kith_statem_event_timeout, CODE, KITH_EPERM, 1, 1),
    CALL(kith_statem_timeout, CODE, KITH_EPERM, 1, 1, 1),
    CALL(kith_cast, CODE, KITH_ENOPROC, t.pid, 1, nullptr, 0),
    CALL(kith_cast_name, CODE, KITH_ENOENT, "nobody", 1, nullptr, 0),
    CALL_SO(kith_reply, ZERO, 0, kith_reply({t.f.id, 1}, nullptr, 0); return 0;),
    CALL_SO(kith_reply_error, ZERO, 0, kith_reply_error({t.f.id, 1}, KITH_EIO); return 0;),

    /* supervisor.h */
    CALL(kith_supervisor_check, PURE, 0, &a_supervisor),
    CALL(kith_supervisor_start, WAITS, KITH_EINVAL, nullptr, &t.child),
    CALL(kith_supervisor_start_opt, WAITS, 0, &a_supervisor, nullptr, &t.child),
    CALL(kith_supervisor_start_child, WAITS, KITH_ENOPROC, t.pid, &a_child, &t.child),
    CALL(kith_supervisor_start_dynamic, WAITS, KITH_ENOPROC, t.pid, t.b, sizeof t.b,
         &t.child),
    CALL(kith_supervisor_terminate_child, WAITS, KITH_ENOPROC, t.pid, "id"),
    CALL(kith_supervisor_terminate_pid, WAITS, KITH_ENOPROC, t.pid, t.pid),
    CALL(kith_supervisor_restart_child, WAITS, KITH_ENOPROC, t.pid, "id", &t.child),
    CALL(kith_supervisor_delete_child, WAITS, KITH_ENOPROC, t.pid, "id"),
    CALL(kith_supervisor_which_children, WAITS, KITH_ENOPROC, t.pid, nullptr, 0),
    CALL(kith_supervisor_count_children, WAITS, KITH_ENOPROC, t.pid, &t.counts),
    CALL_SO(kith_init_ack, ZERO, 0, kith_init_ack(0); return 0;),

    /* listener.h */
    CALL_SO(kith_listener_start, WAITS, 0, kith_listener l = KITH_LISTENER_INIT;
            l.conn = no_conn;
            const int rc = kith_listener_start("127.0.0.1:0", &l, &t.child);
            if (rc == 0) kt_ignore(kith_listener_stop(t.child, 0)); return rc;),
    CALL(kith_listener_stop, WAITS, KITH_ENOPROC, t.pid, 0),
    CALL_SO(kith_listener_info, WAITS, KITH_ENOPROC,
            struct kith_listener_info info = KITH_LISTENER_INFO_INIT;
            return kith_listener_info(t.pid, &info);),
    CALL(kith_listener_sockname, WAITS, KITH_ENOPROC, t.pid, &t.a),

    /* socket.h */
    CALL_SO(kith_socket_open, CODE, 0,
            const int rc = kith_socket_open(KITH_INET, KITH_STREAM, 0, nullptr, &t.new_s);
            return closed(rc, t.new_s);),
    CALL(kith_socket_open_start, CODE, KITH_EINVAL, 99, KITH_STREAM, 0, nullptr, &t.new_f),
    CALL(kith_socket_bind, CODE, KITH_ECLOSED, t.s, &t.a),
    CALL(kith_socket_listen, CODE, KITH_ECLOSED, t.s, 1),
    CALL(kith_socket_connect, WAITS, KITH_ECLOSED, t.s, &t.a, KITH_INFINITY),
    CALL(kith_socket_connect_start, CODE, KITH_ECLOSED, t.s, &t.a, KITH_INFINITY, &t.new_f),
    CALL(kith_socket_accept, WAITS, KITH_ECLOSED, t.s, KITH_INFINITY, &t.new_s),
    CALL(kith_socket_accept_start, CODE, KITH_ECLOSED, t.s, KITH_INFINITY, &t.new_f),
    CALL(kith_socket_spawn, CODE, KITH_ECLOSED, t.s, no_conn, nullptr, 0, &t.child),
    CALL(kith_socket_give, CODE, KITH_ECLOSED, t.s, kith_self(), 1),
    CALL(kith_socket_recv, WAITS, KITH_ECLOSED, t.s, t.b, sizeof t.b, 0, KITH_INFINITY),
    CALL(kith_socket_recv_start, CODE, KITH_ECLOSED, t.s, t.b, sizeof t.b, 0, KITH_INFINITY,
         &t.new_f),
    CALL(kith_socket_send, WAITS, KITH_ECLOSED, t.s, t.b, sizeof t.b, 0, KITH_INFINITY),
    CALL(kith_socket_send_start, CODE, KITH_ECLOSED, t.s, t.b, sizeof t.b, 0, KITH_INFINITY,
         &t.new_f),
    CALL(kith_socket_sendto, WAITS, KITH_ECLOSED, t.s, t.b, sizeof t.b, &t.a, 0,
         KITH_INFINITY),
    CALL(kith_socket_sendto_start, CODE, KITH_ECLOSED, t.s, t.b, sizeof t.b, &t.a, 0,
         KITH_INFINITY, &t.new_f),
    CALL(kith_socket_recvfrom, WAITS, KITH_ECLOSED, t.s, t.b, sizeof t.b, &t.a, 0,
         KITH_INFINITY),
    CALL(kith_socket_recvfrom_start, CODE, KITH_ECLOSED, t.s, t.b, sizeof t.b, &t.a, 0,
         KITH_INFINITY, &t.new_f),

    CALL_SO(kith_socket_recv_new, WAITS, KITH_ECLOSED, void *data = nullptr;
            return kith_socket_recv_new(t.s, &data, 0, KITH_INFINITY);),
    CALL(kith_socket_sendfile, WAITS, KITH_ECLOSED, t.s, 0, 0, 0, KITH_INFINITY),
    CALL(kith_socket_sendfile_start, CODE, KITH_ECLOSED, t.s, 0, 0, 0, KITH_INFINITY,
         &t.new_f),

    /* socket_msg.h */
    CALL(kith_socket_sendv, WAITS, KITH_ECLOSED, t.s, &none, 1, 0, KITH_INFINITY),
    CALL(kith_socket_sendv_start, CODE, KITH_ECLOSED, t.s, &none, 1, 0, KITH_INFINITY,
         &t.new_f),
    CALL(kith_socket_sendmsg, WAITS, KITH_ECLOSED, t.s, &t.p, 0, KITH_INFINITY),
    CALL(kith_socket_sendmsg_start, CODE, KITH_ECLOSED, t.s, &t.p, 0, KITH_INFINITY,
         &t.new_f),
    CALL(kith_socket_recvmsg, WAITS, KITH_ECLOSED, t.s, &t.p, 0, KITH_INFINITY),
    CALL(kith_socket_recvmsg_start, CODE, KITH_ECLOSED, t.s, &t.p, 0, KITH_INFINITY,
         &t.new_f),
    CALL(kith_socket_sendmmsg, WAITS, KITH_ECLOSED, t.s, &t.p, 1, 0, KITH_INFINITY),
    CALL(kith_socket_sendmmsg_start, CODE, KITH_ECLOSED, t.s, &t.p, 1, 0, KITH_INFINITY,
         &t.new_f),
    CALL(kith_socket_recvmmsg, WAITS, KITH_ECLOSED, t.s, &t.p, 1, 0, KITH_INFINITY),
    CALL(kith_socket_recvmmsg_start, CODE, KITH_ECLOSED, t.s, &t.p, 1, 0, KITH_INFINITY,
         &t.new_f),
    CALL_SO(kith_packet_ctrl, PURE, 0,
            return kith_packet_ctrl(&t.p, KITH_CMSG_IP_TTL, 0) != nullptr;),

    /* sctp.h */
    CALL_SO(kith_sctp_notification_parse, PURE, KITH_EINVAL, kith_sctp_notification n;
            return kith_sctp_notification_parse(t.b, sizeof t.b, &n);),
    CALL(kith_sctp_bindx, CODE, KITH_ECLOSED, t.s, &t.a, 1, KITH_SCTP_BINDX_ADD),
    CALL(kith_sctp_connectx, WAITS, KITH_ECLOSED, t.s, &t.a, 1, KITH_INFINITY, nullptr),
    CALL(kith_sctp_connectx_start, CODE, KITH_ECLOSED, t.s, &t.a, 1, KITH_INFINITY, nullptr,
         &t.new_f),
    CALL(kith_sctp_peer_addresses, CODE, KITH_ECLOSED, t.s, 0, &t.a, 1),
    CALL(kith_sctp_local_addresses, CODE, KITH_ECLOSED, t.s, 0, &t.a, 1),
    CALL(kith_sctp_peeloff, WAITS, KITH_ECLOSED, t.s, 0, &t.new_s),

    /* socket.h again */
    CALL(kith_socket_cancel, CODE, KITH_ECLOSED, t.s, KITH_OP_RECV),
    CALL(kith_socket_shutdown, CODE, KITH_ECLOSED, t.s, KITH_SHUT_BOTH),
    CALL(kith_socket_sockname, CODE, KITH_ECLOSED, t.s, &t.a),
    CALL(kith_socket_peername, CODE, KITH_ECLOSED, t.s, &t.a),
    CALL(kith_socket_close, CODE, KITH_ECLOSED, t.s),

    /* socket_info.h */
    CALL_SO(kith_socket_info, CODE, KITH_ECLOSED,
            struct kith_socket_info info = KITH_SOCKET_INFO_INIT;
            return kith_socket_info(t.s, &info);),
    CALL_SO(kith_socket_counts, CODE, 0,
            struct kith_socket_counts counts = KITH_SOCKET_COUNTS_INIT;
            return kith_socket_counts(&counts);),
    CALL(kith_socket_which, CODE, 0, nullptr, nullptr, 0),
    CALL(kith_socket_number_of, CODE, 0, nullptr),
    CALL_SO(kith_socket_use_registry, PURE, 0, kith_socket_use_registry(true); return 0;),
    CALL(kith_socket_print, WAITS, 0, t.fd, nullptr),

    /* socket_ioctl.h */
    CALL(kith_socket_ioctl, WAITS, KITH_ECLOSED, t.s, KITH_IOCTL_GIFMTU, "lo", &t.v,
         sizeof t.v),
    CALL(kith_socket_ioctl_set, WAITS, KITH_ECLOSED, t.s, KITH_IOCTL_SIFMTU, "lo", &t.v,
         sizeof t.v),
    CALL(kith_supports_ioctl, PURE, 1, KITH_IOCTL_GIFMTU),
    CALL(kith_supports_ifflag, PURE, 1, KITH_IFF_UP),
    CALL_SO(kith_ioctl_name, PURE, 0,
            return std::strcmp("gifmtu", kith_ioctl_name(KITH_IOCTL_GIFMTU));),
    CALL(kith_ioctl_by_name, PURE, KITH_IOCTL_GIFMTU, "gifmtu"),
    CALL_SO(kith_ifflag_name, PURE, 0, return std::strcmp("up", kith_ifflag_name(1));),
    CALL(kith_ifflag_by_name, PURE, KITH_IFF_UP, "up"),

    /* socket_opt.h */
    CALL(kith_socket_setopt, CODE, KITH_ECLOSED, t.s, KITH_OPT_TCP_NODELAY, &t.v,
         sizeof t.v),
    CALL(kith_socket_getopt, CODE, KITH_ECLOSED, t.s, KITH_OPT_TCP_NODELAY, &t.v,
         sizeof t.v),
    CALL(kith_socket_setopt_int, CODE, KITH_ECLOSED, t.s, KITH_OPT_TCP_NODELAY, 1),
    CALL(kith_socket_getopt_int, CODE, KITH_ECLOSED, t.s, KITH_OPT_TCP_NODELAY, &t.v),
    CALL(kith_socket_setopt_native, CODE, KITH_ECLOSED, t.s, 6, 1, KITH_IOV(t.v)),
    CALL(kith_socket_getopt_native, CODE, KITH_ECLOSED, t.s, 6, 1, KITH_IOV(t.v)),
    CALL(kith_supports, CODE, 1, KITH_OPT_TCP_NODELAY),
    CALL(kith_supports_socket, CODE, 1, KITH_INET, KITH_STREAM, 0),
    CALL(kith_supports_msg_flag, PURE, 1, KITH_MSG_PEEK),
    CALL_SO(kith_msg_flag_name, PURE, 0,
            return std::strcmp("peek", kith_msg_flag_name(KITH_MSG_PEEK));),
    CALL(kith_msg_flag_by_name, PURE, KITH_MSG_PEEK, "peek"),
    CALL(kith_opt_find, PURE, KITH_OPT_TCP_NODELAY, "tcp", "nodelay"),
    CALL(kith_opt_at, PURE, KITH_OPT_SOCKET_REUSEADDR, 0),
    CALL_SO(kith_opt_describe, PURE, 0, kith_opt_info info;
            return kith_opt_describe(KITH_OPT_TCP_NODELAY, &info);),

    /* net.h */
    CALL_SO(kith_tcp_listen, CODE, 0,
            const int rc = kith_tcp_listen("127.0.0.1:0", &t.new_s);
            return closed(rc, t.new_s);),
    CALL(kith_tcp_connect, WAITS, KITH_EINVAL, "[no address", KITH_INFINITY, &t.new_s),
    CALL(kith_resolve, WAITS, 1, "127.0.0.1", 1, &t.a, 1, KITH_INFINITY),

    /* log.h */
    CALL_SO(kith_log, PURE, 0, kith_log(KITH_LOG_DEBUG, "%d", 1); return 0;),
    CALL_SO(kith_log_to, PURE, 0, kith_log_to(nullptr, nullptr, KITH_LOG_NOTICE);
            return 0;),

    /* runtime.h */
    CALL_SO(kith_stopping, PURE, 1, return kith_stopping() == t.stopping;),
    CALL(kith_signal, CODE, 0, SIGUSR1, 1),
    CALL(kith_blocking, WAITS, 0, kt_nothing, nullptr),
    CALL(kith_dump, WAITS, 0, t.fd),
    CALL(kith_runtime_info, CODE, 0, &t.all),
    CALL(kith_worker_info, CODE, 0, 0, &t.worker),
    CALL_SO(kith_start, START, KITH_EALREADY, const int rc = kith_start(nullptr);
            if (rc == 0) return kith_stop(0, 0); return rc;),
    CALL(kith_main, START, KITH_EALREADY, kt_nothing, nullptr, 0, nullptr),
    CALL(kith_stop, CODE, 0, 0, 20000),
};

#undef CALL
#undef CALL_SO

/* ---- where it is called ---- */

enum place { BEFORE, AFTER, FORKED, THREAD, PROCESS, HANDLER };

std::int64_t
wanted(const row &r, enum place place)
{
    static constexpr std::int64_t codes[] = {KITH_ENOTRUNNING, KITH_ESTOPPED, KITH_EFORKED};

    if (r.kind == PURE)
        return r.want;
    if (place <= FORKED) {
        if (r.kind == ZERO || (r.kind == START && place != FORKED))
            return 0;
        return codes[place];
    }
    if (r.kind == WAITS && place == HANDLER)
        return KITH_EHANDLER;
    return r.want;
}

/* Makes no system call unless something is wrong: a forked child is watched for that. */
int
call(const row &r, things &t, enum place place)
{
    const std::int64_t got = r.call(t), want = wanted(r, place);
    char line[200];

    if (got == want)
        return 0;
    const int n = std::snprintf(line, sizeof line, "%s answers %lld, not %lld\n", r.name,
                                static_cast<long long>(got), static_cast<long long>(want));
    return write(2, line, static_cast<std::size_t>(n)) < 0 ? 2 : 1;
}

/* Calls all of them and answers how many were wrong. Those that start a runtime come last where
 * there is none, or are left to another child when this one is watched. */
int
call_all(enum place place, int fd, kith_pid peer = {}, bool watched = false)
{
    things t = {.timeout = place <= FORKED ? KITH_INFINITY : 0,
                .stopping = place == AFTER,
                .fd = fd};
    int wrong = 0;

    if (place > FORKED) { /* one that has ended */
        EXPECT_EQ(0, kith_call_start(peer, 1, none, none, KITH_INFINITY, &t.f));
        EXPECT_EQ(0, kith_cancel(t.f));
    }
    for (const row &r : table)
        if (r.kind != EXIT && !(r.kind == START && place <= FORKED))
            wrong += call(r, t, place);
    for (const row &r : table)
        if (r.kind == START && place <= FORKED && !watched)
            wrong += call(r, t, place);
    return wrong;
}

const row &
the_exit()
{
    for (const row &r : table)
        if (r.kind == EXIT)
            return r;
    std::abort();
}

void
exit_here()
{
    things t = {};

    the_exit().call(t);
}

/* A descriptor to dump to. */
class Sink {
  public:
    ~Sink()
    {
        close(fd_);
    }

    operator int() const
    {
        return fd_;
    }

  private:
    int fd_ = open("/dev/null", O_WRONLY | O_CLOEXEC);
};

/* ---- without a runtime ---- */

TEST(RuntimeDeathTest, BeforeTheFirstStartEveryCallAnswersNotRunning)
{
    EXPECT_EXIT(_exit(call_all(BEFORE, 2)), testing::ExitedWithCode(0), "");
    EXPECT_EXIT(exit_here(), testing::KilledBySignal(SIGABRT), "kith_exit");
}

TEST(Runtime, AfterAStopEveryCallAnswersStopped)
{
    const Sink sink;

    ASSERT_EQ(0, kith_start(nullptr));
    ASSERT_EQ(0, kith_stop(0, 0));

    EXPECT_EQ(0, call_all(AFTER, sink));
    std::thread([&] { EXPECT_EQ(0, call_all(AFTER, sink)); }).join();
}

TEST(Runtime, AfterAStopAnExitEndsTheThread)
{
    std::atomic<bool> after = false;

    ASSERT_EQ(0, kith_start(nullptr));
    ASSERT_EQ(0, kith_stop(0, 0));
    std::thread([&after] {
        exit_here();
        after = true;
    }).join();
    EXPECT_FALSE(after);
}

/* The child of a fork does `body`, then ends with the number it answers. */
template <typename Body>
int
status_of_child(Body body)
{
    const pid_t child = fork();
    int status = -1;

    if (child == 0)
        _exit(body());
    EXPECT_EQ(child, waitpid(child, &status, 0));
    return status;
}

/* Under a filter that kills it at any system call but write and exit. */
int
call_all_in_watched_child()
{
    const bool watched = !kt_asan && !kt_tsan;

    if (watched && prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0)
        return 98;
    const int wrong = call_all(FORKED, -1, {}, watched);
    if (watched)
        syscall(SYS_exit, wrong); /* the filter lets this one through, but no exit_group */
    return wrong;
}

int
call_all_in_child()
{
    return call_all(FORKED, -1);
}

TEST(Runtime, InAForkedChildEveryCallAnswersForkedAndMakesNoSystemCall)
{
    kith_pid pid;

    ASSERT_EQ(0, kith_start(nullptr));
    const kith_pid me = kith_self();
    ASSERT_EQ(0, kith_spawn(kt_wait_for_ever, nullptr, 0, &pid));

    for (int (*body)() : {call_all_in_watched_child, call_all_in_child}) {
        const int status = status_of_child(body);
        EXPECT_TRUE(WIFEXITED(status)) << "by signal " << WTERMSIG(status);
        EXPECT_EQ(0, WEXITSTATUS(status));
    }

    const kith_options older = {}; /* of no size */
    EXPECT_EQ(KITH_EINVAL, kith_start(&older));
    EXPECT_EQ(0, status_of_child([] {
                  const kith_options none = {};

                  return kith_start(&none) == KITH_EFORKED ? 0 : 1;
              }))
        << "before it looks at anything else, of which it might have to tell the log";

    EXPECT_EQ(me, kith_self()) << "the parent goes on";
    EXPECT_EQ(0, kith_send(pid, 1, nullptr, 0));
    EXPECT_TRUE(kt_until([] { return kt_processes() == 0; }));
    EXPECT_EQ(0, kith_stop(0, 0));

    const int status = status_of_child([] {
        things t = {.timeout = KITH_INFINITY, .stopping = true, .fd = -1};
        int wrong = 0;

        for (const row &r : table)
            if (r.kind != EXIT)
                wrong += call(r, t, FORKED);
        return wrong;
    });
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "and after a stop";
}

TEST(RuntimeDeathTest, InAForkedChildAnExitAborts)
{
    ASSERT_EQ(0, kith_start(nullptr));
    const int status = status_of_child([] {
        kt_ignore(close(2)); /* of what it says */
        exit_here();
        return 0;
    });
    EXPECT_TRUE(WIFSIGNALED(status));
    EXPECT_EQ(SIGABRT, WTERMSIG(status));
    EXPECT_EQ(0, kith_stop(0, 0));
}

/* ---- with one ---- */

/* A plain thread, a process and a handler each stop the runtime with their last call. */
class Anywhere : public testing::Test {
  protected:
    void SetUp() override
    {
        ASSERT_EQ(0, kith_start(nullptr));
        ASSERT_EQ(0, kith_spawn(kt_wait_for_ever, nullptr, 0, &peer_));
    }

    void TearDown() override
    {
        EXPECT_TRUE(
            kt_until([] { return kith_send({1}, 1, nullptr, 0) == KITH_ESTOPPED; }));
        EXPECT_TRUE(kt_until([] { return kith_start(nullptr) == 0; }));
        EXPECT_TRUE(kt_until([] { return kt_processes() == 0; }));
        EXPECT_EQ(0, kith_stop(0, 0));
    }

    /* Starts a handler that does `body` at a message, monitored. */
    static void handle(int (*body)(void *state, const kith_msg *m), kith_ref *ref)
    {
        static kith_server handler;
        kith_spawn_options o = KITH_SPAWN_OPTIONS_INIT;
        kith_pid pid;

        handler = {};
        handler.cast = body;
        o.monitor = ref;
        ASSERT_EQ(0, kith_server_start(&handler, &o, nullptr, 0, &pid));
        ASSERT_EQ(0, kith_cast(pid, 1, nullptr, 0));
    }

    Sink sink_;
    kith_pid peer_ = {};
    std::atomic<int> wrong_ = -1;
};

TEST_F(Anywhere, OnAPlainThreadEveryCallAnswersAsDocumented)
{
    std::thread([this] { wrong_ = call_all(THREAD, sink_, peer_); }).join();
    EXPECT_EQ(0, wrong_);
}

TEST_F(Anywhere, InAProcessTheSame)
{
    kt_bodies bodies;

    bodies.spawn([this] { wrong_ = call_all(PROCESS, sink_, peer_); });
    EXPECT_TRUE(kt_until([this] { return wrong_ >= 0; }));
    EXPECT_EQ(0, wrong_);
}

TEST_F(Anywhere, InAHandlerTheSameButThatNoneWaits)
{
    static std::atomic<int> wrong;
    static int fd;
    static kith_pid peer;
    kith_ref ref;

    wrong = -1;
    fd = sink_;
    peer = peer_;
    handle(
        [](void *, const kith_msg *) {
            wrong = call_all(HANDLER, fd, peer);
            return static_cast<int>(KITH_DONE);
        },
        &ref);
    EXPECT_TRUE(kt_until([] { return wrong >= 0; }));
    EXPECT_EQ(0, wrong);
}

/* The end of the caller, not of the program. */
TEST_F(Anywhere, AnExitEndsItsCaller)
{
    std::atomic<std::uint64_t> id = 0;
    std::atomic<bool> go = false;
    kith_ref of_thread, of_process, of_handler;
    kith_pid pid;

    std::thread t([&] {
        id = kith_self().id;
        while (!go)
            kt_pause_ms(1);
        exit_here();
    });
    ASSERT_TRUE(kt_until([&] { return id != 0; }));
    ASSERT_EQ(0, kith_monitor({id}, &of_thread));
    go = true;
    t.join();
    EXPECT_EQ(7, kt_why(of_thread).code);

    ASSERT_EQ(0, kith_spawn_monitor(
                     [](void *) {
                         exit_here();
                         return 0;
                     },
                     nullptr, 0, &pid, &of_process));
    EXPECT_EQ(7, kt_why(of_process).code);

    handle(
        [](void *, const kith_msg *) {
            exit_here();
            return 0;
        },
        &of_handler);
    EXPECT_EQ(7, kt_why(of_handler).code);
    EXPECT_EQ(0, kith_stop(0, 20000));
}

}    // namespace
