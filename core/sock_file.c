/* SPDX-License-Identifier: Apache-2.0
 * sock_file.c -- from a file to a socket. These calls read a disk, and may block for that. */
#define _GNU_SOURCE
#include "core/sock.h"

#include <errno.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <kith/error.h>

#include "core/error.h"

int
ki_sock_file_check(int file)
{
    struct stat st;
    int r = fstat(file, &st);

    if (r < 0)
        return ki_error_of_errno(errno);
    if (S_ISREG(st.st_mode))
        return 0;
    return S_ISDIR(st.st_mode) ? KITH_EISDIR : KITH_ESPIPE;
}

/* What a failed read of the file or a failed sendfile means. A descriptor that is not open for
 * reading is a wrong argument: KITH_EBADF says something else. */
static ptrdiff_t
failed(int e)
{
    return e == EBADF ? KITH_EINVAL : ki_error_of_errno(e);
}

ptrdiff_t
ki_sock_sendfile(int fd, int file, uint64_t offset, size_t len)
{
    off_t at = (off_t) offset;
    ptrdiff_t r;

    do
        r = sendfile(fd, file, &at, len);
    while (r < 0 && errno == EINTR);
    if (r >= 0)
        return r;
    /* The system's words for "not from this file", or from there, and not for "wrong": the read says
     * what it is. */
    return errno == EINVAL || errno == ENOSYS || errno == EOVERFLOW ? KITH_EOPNOTSUPP
                                                                    : failed(errno);
}

ptrdiff_t
ki_sock_file_read(int file, void *buf, size_t len, uint64_t offset)
{
    ptrdiff_t r;

    do
        r = pread(file, buf, len, (off_t) offset);
    while (r < 0 && errno == EINTR);
    return r < 0 ? failed(errno) : r;
}
