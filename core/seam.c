/* SPDX-License-Identifier: Apache-2.0
 * seam.c -- the seam's table as it is outside of tests. */
#include "core/seam.h"

#include "core/mem.h"
#include "core/netns.h"
#include "core/os.h"
#include "core/sock.h"
#include "core/sockopt.h"

struct ki_seam ki_seam = {
    .now_ns = ki_os_now_ns,
    .cycles = ki_os_cycles,
    .alloc = ki_mem_system_alloc,
    .free = ki_mem_system_free,
    .socket = ki_sock_socket,
    .socket_in = ki_netns_socket,
    .bind = ki_sock_bind,
    .listen = ki_sock_listen,
    .accept = ki_sock_accept,
    .connect = ki_sock_connect,
    .recv = ki_sock_recv,
    .send = ki_sock_send,
    .sendto = ki_sock_sendto,
    .recvfrom = ki_sock_recvfrom,
    .sendmsg = ki_sock_sendmsg,
    .recvmsg = ki_sock_recvmsg,
    .sendmmsg = ki_sock_sendmmsg,
    .recvmmsg = ki_sock_recvmmsg,
    .shutdown = ki_sock_shutdown,
    .close = ki_sock_close,
    .sockname = ki_sock_sockname,
    .peername = ki_sock_peername,
    .has_ended = ki_sock_has_ended,
    .opt_row = ki_sockopt_find,
    .getopt = ki_sock_getopt,
    .setopt = ki_sock_setopt,
    .dup = ki_sock_dup,
    .set_blocking = ki_sock_set_blocking,
    .ioctl = ki_sock_ioctl,
    .file_check = ki_sock_file_check,
    .sendfile = ki_sock_sendfile,
    .file_read = ki_sock_file_read,
    .unlink_socket = ki_sock_unlink,
};
