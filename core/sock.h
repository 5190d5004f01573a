/* SPDX-License-Identifier: Apache-2.0
 * sock.h -- the real socket calls behind the seam (seam.h), and the system's numbers.
 *
 * pre: `fd` is one of ours. Every call answers a value >= 0 or a code; EINTR is retried where
 * that is safe. Receives and sends never block, whatever a duplicate of the descriptor did to
 * its flags, and never raise SIGPIPE. */
#ifndef KI_SOCK_H
#define KI_SOCK_H

#include "core/seam.h"
#include "core/sockaddr.h"

#ifdef __cplusplus
extern "C" {
#endif

int ki_sock_socket(int domain, int type, int protocol);
int ki_sock_bind(int fd, const void *addr, unsigned len);
int ki_sock_listen(int fd, int backlog);
int ki_sock_accept(int fd, void *addr, unsigned *len);
int ki_sock_connect(int fd, const void *addr, unsigned len);
ptrdiff_t ki_sock_recv(int fd, void *buf, size_t len, int flags);
ptrdiff_t ki_sock_send(int fd, const void *buf, size_t len, int flags);
ptrdiff_t ki_sock_sendto(int fd, const void *buf, size_t len, int flags, const void *addr,
                         unsigned addr_len);
ptrdiff_t ki_sock_recvfrom(int fd, void *buf, size_t len, int flags, void *addr,
                           unsigned *addr_len);
ptrdiff_t ki_sock_sendmsg(int fd, const struct ki_sysmsg *m, int flags);
ptrdiff_t ki_sock_recvmsg(int fd, struct ki_sysmsg *m, int flags);

/* What recvmsg and recvmmsg are to be asked for too, in that domain, for descriptors that come to close
 * on exec. None come over Linux' packet sockets, which refuse to be asked. */
int ki_sock_cloexec(int domain);

ptrdiff_t ki_sock_sendmmsg(int fd, struct ki_sysmsg *m, size_t n, int flags);
ptrdiff_t ki_sock_recvmmsg(int fd, struct ki_sysmsg *m, size_t n, int flags);
int ki_sock_shutdown(int fd, int how);
int ki_sock_close(int fd);
int ki_sock_sockname(int fd, void *addr, unsigned *len);
int ki_sock_peername(int fd, void *addr, unsigned *len);
bool ki_sock_has_ended(int fd);
int ki_sock_getopt(int fd, int level, int number, void *v, unsigned *len);
int ki_sock_setopt(int fd, int level, int number, const void *v, unsigned len);
int ki_sock_dup(int fd);
int ki_sock_set_blocking(int fd, bool on);
int ki_sock_ioctl(int fd, unsigned long request, void *arg);
int ki_sock_unlink(const char *path);

/* Of a regular file, and the only ones here that may block: on its disk. ki_sock_file_check: 0, or
 * why it is none. ki_sock_sendfile has the system carry bytes from one to the other;
 * KITH_EOPNOTSUPP: it does not for this file. It waits for the peer if somebody has made the
 * socket blocking, so the caller knows that nobody else has it. ki_sock_file_read: 0 at the end. */
int ki_sock_file_check(int file);
ptrdiff_t ki_sock_sendfile(int fd, int file, uint64_t offset, size_t len);
ptrdiff_t ki_sock_file_read(int file, void *buf, size_t len, uint64_t offset);

/* ki_sock_flags turns KITH_MSG_ bits into the system's; KITH_EOPNOTSUPP for one it lacks. */
int ki_sock_flags(unsigned flags);

/* ki_sock_flags_of: the other way round; those without a name of ours are left out. */
unsigned ki_sock_flags_of(int native);

/* The most pieces that one call takes, and packets. */
enum { KI_IOV_MAX = 1024, KI_MMSG_MAX = 64 };

/* ki_sock_how turns KITH_SHUT_ into the system's number; KITH_EINVAL for no such. */
int ki_sock_how(int how);

/* ki_sock_error: the pending error of a descriptor as a code, cleared; 0: none. */
int ki_sock_error(int fd);

/* ki_sock_urgent_inline: whether SO_OOBINLINE is on, so that no call tells of urgent data. */
bool ki_sock_urgent_inline(int fd);

/* ki_sock_peeks_on: whether SO_PEEK_OFF is on, so that a peek may find nothing where there is something. */
bool ki_sock_peeks_on(int fd);

/* ki_sock_lingers: the seconds that SO_LINGER is on for, so that close may block; 0: it does not.
 * ki_sock_send_lingering sends what goes in that time; that blocks. What does not go in it is given
 * up, and a close blocks no more. */
int ki_sock_lingers(int fd);
void ki_sock_send_lingering(int fd, const char *buf, size_t len);
void ki_sock_linger_off(int fd);

/* ki_sock_describe reads back what a descriptor that becomes ours is, in kith's numbers. 0 or a
 * code. */
int ki_sock_describe(int fd, int *domain, int *type, int *protocol, bool *listening);

#ifdef __cplusplus
}
#endif

#endif
