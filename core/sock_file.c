/* SPDX-License-Identifier: Apache-2.0
 * sock_file.c -- from a file to a socket. These calls read a disk, and may block for that. */
#define _GNU_SOURCE
#include "core/sock.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include <kith/error.h>

#include "core/error.h"
#include "core/os_sock.h"

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
    ptrdiff_t r;

    do
        r = ki_os_sendfile(fd, file, offset, len);
    while (r == -EINTR);
    return r < 0 ? failed((int) -r) : r;
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
