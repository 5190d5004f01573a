/* SPDX-License-Identifier: Apache-2.0
 * socket_file_test.cc -- files that go to sockets. */
#include "tests/support/blockers.h"
#include "tests/support/idle.h"
#include "tests/support/sockets.h"

#include "core/seam.h"

#include <atomic>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace
{

constexpr std::size_t MiB = 1024 * 1024;

/* What stands at a place of a file: no part of it looks like another. */
char
byte_at(std::size_t i)
{
    return static_cast<char>((i * 0x9e3779b97f4a7c15u) >> 56);
}

/* A file of some length, open for reading. */
class File {
  public:
    explicit File(std::size_t len) : fd_(memfd_create("file", MFD_CLOEXEC))
    {
        std::vector<char> bytes(len);

        for (std::size_t i = 0; i < len; i++)
            bytes[i] = byte_at(i);
        EXPECT_EQ(static_cast<ssize_t>(len), write(fd_, bytes.data(), len));
    }

    ~File()
    {
        if (fd_ >= 0)
            close(fd_);
    }

    File(const File &) = delete;
    File &operator=(const File &) = delete;

    int fd() const
    {
        return fd_;
    }

    void close_now()
    {
        close(fd_);
        fd_ = -1;
    }

  private:
    int fd_;
};

/* Reads `len` bytes, or to the end, which have to be those of a file from `at` on; how many came. */
std::size_t
read_file(kith_socket s, std::size_t at, std::size_t len = SIZE_MAX)
{
    static constexpr std::size_t cap = 64 * 1024;
    char *buf = static_cast<char *>(kith_alloc(cap));
    std::size_t got = 0, wrong = 0;
    std::ptrdiff_t n = 1;

    while (got < len && n > 0) {
        n = kith_socket_recv(s, buf, std::min(cap, len - got), 0, kt_long());
        for (std::ptrdiff_t i = 0; i < n; i++)
            wrong += buf[i] != byte_at(at + got++);
    }
    EXPECT_GE(n, 0) << kith_strerror(static_cast<int>(n));
    EXPECT_EQ(0u, wrong);
    kith_free(buf);
    return got;
}

/* Reads `len` bytes, whatever they are; how many came. */
std::size_t
read_any(kith_socket s, std::size_t len)
{
    std::vector<char> buf(64 * 1024);
    std::size_t got = 0;
    std::ptrdiff_t n = 1;

    while (got < len && n > 0) {
        n = kith_socket_recv(s, buf.data(), std::min(buf.size(), len - got), 0, kt_long());
        got += n > 0 ? static_cast<std::size_t>(n) : 0;
    }
    return got;
}

std::ptrdiff_t
of_a_directory(kith_socket s)
{
    const int dir = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const std::ptrdiff_t n = kith_socket_sendfile(s, dir, 0, 0, kt_long());

    close(dir);
    return n;
}

/* `went` bytes of a file have gone from near to far, and nothing else. */
void
expect_came(const kt_pair &p, std::size_t went)
{
    EXPECT_EQ(0, kith_socket_shutdown(p.near, KITH_SHUT_WRITE));
    EXPECT_EQ(went, read_file(p.far, 0));
    kt_close(p);
}

class SocketFile : public kt_sockets, public testing::WithParamInterface<kt_domain> {};
INSTANTIATE_TEST_SUITE_P(, SocketFile, testing::ValuesIn(kt_all_domains),
                         kt_domain_of_test);

/* The system's calls are others' while such a test runs. */
class SocketFileSeam : public kt_inets<> {
  protected:
    void SetUp() override
    {
        real_ = ki_seam;
        gate = false;
        tries = 0;
        kt_inets::SetUp();
    }

    void TearDown() override
    {
        kt_inets::TearDown();
        ki_seam.dup = real_.dup;
        ki_seam.file_check = real_.file_check;
        ki_seam.sendfile = real_.sendfile;
    }

    /* Has each look at a file wait until open_gate: its disk does not answer. */
    static void close_gate()
    {
        ki_seam.file_check = [](int file) {
            tries++;
            gate.wait(false);
            return real_.file_check(file);
        };
    }

    static void open_gate()
    {
        gate = true;
        gate.notify_all();
    }

    static inline struct ki_seam real_;
    static inline std::atomic<bool> gate = false;
    static inline std::atomic<int> tries = 0;
};

/* ---- what goes ---- */

TEST_P(SocketFile, TheWholeFileGoesAndItsOffsetStays)
{
    by_process_and_thread([] {
        const kt_pair p = kt_pair_of(GetParam());
        const File file(300'000);
        kith_future f;

        ASSERT_EQ(7, lseek(file.fd(), 7, SEEK_SET));
        ASSERT_EQ(0,
                  kith_socket_sendfile_start(p.near, file.fd(), 0, 0, KITH_INFINITY, &f));
        EXPECT_EQ(300'000u, read_file(p.far, 0, 300'000));
        EXPECT_EQ(300'000, kith_await(f, kt_long()));
        EXPECT_EQ(7, lseek(file.fd(), 0, SEEK_CUR));
        EXPECT_EQ(KITH_ETIMEOUT, kith_socket_recv(p.far, &f, 1, 0, 0)) << "no byte more";
        kt_close(p);
    });
}

TEST_P(SocketFile, FromBeyondWhatAWordOf32BitsCounts)
{
    by_process_and_thread([] {
        const kt_pair p = kt_pair_of(GetParam());
        const off_t at = (off_t{1} << 32) + 3;
        const File file(10);
        char c = 0;

        ASSERT_EQ(1, pwrite(file.fd(), "!", 1, at));
        EXPECT_EQ(1, kith_socket_sendfile(p.near, file.fd(), at, 0, kt_long()));
        EXPECT_EQ(1, kith_socket_recv(p.far, &c, 1, 0, kt_long()));
        EXPECT_EQ('!', c);
        kt_close(p);
    });
}

TEST_P(SocketFile, FromAnOffsetSoManyBytesOrToTheEnd)
{
    struct {
        std::uint64_t offset;
        std::size_t count, want;
    } const all[] = {{0, 1, 1},      {1, 0, 9'999},         {5'000, 100, 100},
                     {9'999, 0, 1},  {9'000, 5'000, 1'000}, {10'000, 0, 0},
                     {20'000, 10, 0}};

    by_process_and_thread([&] {
        const kt_pair p = kt_pair_of(GetParam());
        const File file(10'000), empty(0);

        for (const auto &c : all) {
            EXPECT_EQ(static_cast<std::ptrdiff_t>(c.want),
                      kith_socket_sendfile(p.near, file.fd(), c.offset, c.count,
                                           kt_long()));
            EXPECT_EQ(c.want, read_file(p.far, c.offset, c.want));
        }
        EXPECT_EQ(0, kith_socket_sendfile(p.near, empty.fd(), 0, 0, kt_long()));
        expect_came(p, 0);
    });
}

TEST_P(SocketFile, ABigOneGoesToASlowReader)
{
    in_process([this] {
        const std::size_t len = (GetParam() == kt_domain::inet ? 64 : 8) * MiB;
        const kt_pair p = kt_narrow_pair(GetParam());
        const File file(len);
        std::atomic<std::size_t> got = 0;
        const kith_pid reader = spawn([p, &got] {
            while (std::size_t n = read_file(p.far, got, MiB)) {
                got += n;
                kith_yield();
            }
        });

        EXPECT_EQ(static_cast<std::ptrdiff_t>(len),
                  kith_socket_sendfile(p.near, file.fd(), 0, 0, KITH_INFINITY));
        EXPECT_EQ(0, kith_socket_shutdown(p.near, KITH_SHUT_WRITE));
        EXPECT_EQ(0, kith_wait(reader, nullptr, KITH_INFINITY));
        EXPECT_EQ(len, got);
        kt_close(p);
    });
}

TEST_P(SocketFile, SeveralGoInTheirOrderWithSendsBetween)
{
    by_process_and_thread([] {
        const kt_pair p = kt_narrow_pair(GetParam());
        const File file(MiB);
        std::vector<char> bytes(MiB);
        kith_future f[6];

        for (std::size_t i = 0; i < MiB; i++)
            bytes[i] = byte_at(MiB - 1000 + i);
        for (int i = 0; i < 6; i += 2) {
            ASSERT_EQ(0, kith_socket_sendfile_start(p.near, file.fd(), 0, MiB - 1000,
                                                    KITH_INFINITY, &f[i]));
            ASSERT_EQ(0, kith_socket_send_start(p.near, bytes.data(), MiB, 0, KITH_INFINITY,
                                                &f[i + 1]));
        }
        for (int i = 0; i < 3; i++)
            EXPECT_EQ(2 * MiB - 1000, read_file(p.far, 0, 2 * MiB - 1000));
        for (int i = 0; i < 6; i++)
            EXPECT_EQ(static_cast<std::ptrdiff_t>(i % 2 ? MiB : MiB - 1000),
                      kith_await(f[i], kt_long()));
        kt_close(p);
    });
}

TEST_P(SocketFile, TheCallerMayCloseTheFileAtOnce)
{
    by_process_and_thread([] {
        const kt_pair p = kt_narrow_pair(GetParam());
        File file(MiB);
        kith_future f;

        ASSERT_EQ(0,
                  kith_socket_sendfile_start(p.near, file.fd(), 0, 0, KITH_INFINITY, &f));
        file.close_now();
        EXPECT_EQ(MiB, read_file(p.far, 0, MiB));
        EXPECT_EQ(static_cast<std::ptrdiff_t>(MiB), kith_await(f, kt_long()));
        kt_close(p);
    });
}

TEST_P(SocketFile, WithNowaitItTellsWhatWentAndWhenToGoOn)
{
    by_process_and_thread([] {
        const kt_pair p = kt_narrow_pair(GetParam());
        const File file(4 * MiB);
        std::size_t went = 0, got = 0;
        int selects = 0;

        while (went < 4 * MiB) {
            const std::ptrdiff_t n =
                kith_socket_sendfile(p.near, file.fd(), went, 0, KITH_NOWAIT);
            const kith_msg *m = nullptr;

            if (n > 0) {
                went += static_cast<std::size_t>(n);
                continue;
            }
            ASSERT_EQ(KITH_ESELECT, n);
            EXPECT_EQ(0u, kith_partial());
            kt_expect_no_message();
            got += read_file(p.far, got, went - got);
            ASSERT_EQ(0, kith_receive_tag(KITH_TAG_SELECT, &m, kt_long()));
            const kith_select *s = KITH_BODY(m, kith_select);
            ASSERT_NE(nullptr, s);
            EXPECT_EQ(0, s->code);
            EXPECT_EQ(unsigned{KITH_OP_SEND}, s->op);
            selects++;
        }
        EXPECT_GT(selects, 0);
        EXPECT_EQ(went - got, read_file(p.far, got, went - got));
        kt_expect_no_message();
        kt_close(p);
    });
}

TEST_P(SocketFile, ItIsCountedByItself)
{
    by_process_and_thread([] {
        const kt_pair p = kt_narrow_pair(GetParam());
        const File file(MiB);
        struct kith_socket_info info = KITH_SOCKET_INFO_INIT;
        const struct kith_socket_counters &c = info.counters;
        kith_future f;

        EXPECT_EQ(3, kith_socket_send(p.near, "abc", 3, 0, kt_long()));
        EXPECT_EQ(100, kith_socket_sendfile(p.near, file.fd(), 0, 100, kt_long()));
        ASSERT_EQ(0, kith_socket_info(p.near, &info));
        EXPECT_EQ(3u, c.write_byte);
        EXPECT_EQ(1u, c.write_pkg);
        EXPECT_EQ(100u, c.sendfile_byte);
        EXPECT_EQ(1u, c.sendfile_pkg);
        EXPECT_EQ(1u, c.sendfile_tries);
        EXPECT_EQ(0u, c.sendfile_waits);
        EXPECT_EQ(KITH_EISDIR, of_a_directory(p.near));
        ASSERT_EQ(0,
                  kith_socket_sendfile_start(p.near, file.fd(), 0, 0, KITH_INFINITY, &f));
        ASSERT_TRUE(kt_eventually([&] {
            return kith_socket_info(p.near, &info) == 0 && c.sendfile_waits == 1;
        })) << "nobody reads yet";
        EXPECT_EQ(MiB + 103, read_any(p.far, MiB + 103));
        EXPECT_EQ(static_cast<std::ptrdiff_t>(MiB), kith_await(f, kt_long()));
        ASSERT_EQ(0, kith_socket_info(p.near, &info));
        EXPECT_EQ(3u, c.write_byte);
        EXPECT_EQ(MiB + 100, c.sendfile_byte);
        EXPECT_EQ(2u, c.sendfile_pkg);
        EXPECT_EQ(MiB, c.sendfile_pkg_max);
        EXPECT_EQ(1u, c.sendfile_fails);
        EXPECT_EQ(1u, c.sendfile_waits);
        EXPECT_GT(c.sendfile_tries, 3u);
        kt_close(p);
    });
}

/* ---- how it ends before its end ---- */

TEST_P(SocketFile, ATimeoutTellsExactlyHowFarItCame)
{
    by_process_and_thread([] {
        for (const kith_ms ms : {0, 1, 20}) {
            const kt_pair p = kt_narrow_pair(GetParam());
            const File file(2 * MiB);

            EXPECT_EQ(KITH_ETIMEOUT, kith_socket_sendfile(p.near, file.fd(), 0, 0, ms));
            const std::size_t went = kith_partial();
            EXPECT_LT(went, 2 * MiB);
            if (ms == 0) {
                EXPECT_GT(went, 0u) << "it tries once";
            }
            expect_came(p, went);
        }
    });
}

TEST_P(SocketFile, ACancelTellsExactlyHowFarItCame)
{
    by_process_and_thread([] {
        const File file(2 * MiB);

        for (int i = 0; i < 20; i++) {
            const kt_pair p = kt_narrow_pair(GetParam());
            kith_future f;
            std::ptrdiff_t n = KITH_ECANCELED;

            ASSERT_EQ(0, kith_socket_sendfile_start(p.near, file.fd(), 0, 0, KITH_INFINITY,
                                                    &f));
            if (i % 4 != 0) {
                ASSERT_EQ(KITH_ETIMEOUT, kith_await_any(&f, 1, i % 4));
            }
            if (i % 2 == 0) {
                EXPECT_EQ(0, kith_cancel(f));
            } else {
                EXPECT_EQ(0, kith_socket_cancel(p.near, KITH_OP_SEND));
                n = kith_await(f, kt_long());
            }
            EXPECT_EQ(KITH_ECANCELED, n);
            expect_came(p, kith_partial());
        }
    });
}

TEST_P(SocketFile, ACloseTellsExactlyHowFarItCame)
{
    by_process_and_thread([] {
        const File file(2 * MiB);

        for (int i = 0; i < 20; i++) {
            const kt_pair p = kt_narrow_pair(GetParam());
            kith_future f, behind;

            ASSERT_EQ(0, kith_socket_sendfile_start(p.near, file.fd(), 0, 0, KITH_INFINITY,
                                                    &f));
            ASSERT_EQ(0, kith_socket_send_start(p.near, "x", 1, 0, KITH_INFINITY, &behind));
            if (i % 4 != 0) {
                ASSERT_EQ(KITH_ETIMEOUT, kith_await_any(&f, 1, i % 4));
            }
            kt_close(p.near);
            EXPECT_EQ(KITH_ECLOSED, kith_await(behind, 0));
            EXPECT_EQ(KITH_ECLOSED, kith_await(f, 0)) << "answered before close returns";
            EXPECT_EQ(kith_partial(), read_file(p.far, 0));
            kt_close(p.far);
        }
    });
}

TEST_P(SocketFile, TheOwnersDeathEndsIt)
{
    in_process([this] {
        const File file(2 * MiB);

        for (int i = 0; i < 8; i++) {
            const kt_pair p = kt_narrow_pair(GetParam());
            const kith_pid owner = spawn([] { kt_ignore(kith_sleep(KITH_INFINITY)); });
            kith_future f;

            ASSERT_EQ(0, kith_socket_give(p.near, owner, 1));
            ASSERT_EQ(0, kith_socket_sendfile_start(p.near, file.fd(), 0, 0, KITH_INFINITY,
                                                    &f));
            if (i % 2 != 0) {
                ASSERT_EQ(KITH_ETIMEOUT, kith_await_any(&f, 1, 1));
            }
            kill(owner);
            EXPECT_EQ(KITH_ECLOSED, kith_await(f, kt_long()));
            EXPECT_EQ(kith_partial(), read_file(p.far, 0));
            kt_close(p.far);
        }
    });
}

TEST_P(SocketFile, TheSendersDeathLeavesTheSocketToOthers)
{
    in_process([this] {
        static const std::string marker(64, '!'); /* a few may look like the file's next */
        const File file(2 * MiB);
        const int fd = file.fd();

        for (int i = 0; i < 8; i++) {
            const kt_pair p = kt_narrow_pair(GetParam());
            std::atomic<bool> intact = false;
            const kith_pid sender = spawn([p, fd] {
                kt_ignore(kith_socket_sendfile(p.near, fd, 0, 0, KITH_INFINITY));
            });

            if (i % 2 != 0) {
                ASSERT_TRUE(
                    kt_eventually([=] { return kt_waits(sender, "socket_sendfile"); }));
            }
            kill(sender);
            const kith_pid reader = spawn([p, &intact] {
                char buf[4096];
                std::size_t at = 0, other = 0;
                std::ptrdiff_t n;

                while ((n = kith_socket_recv(p.far, buf, sizeof buf, 0, kt_long())) > 0)
                    for (std::ptrdiff_t k = 0; k < n; k++)
                        if (other == 0 && buf[k] == byte_at(at))
                            at++;
                        else
                            other++;
                intact = other <= marker.size() && other > marker.size() - 16;
            });

            EXPECT_EQ(static_cast<std::ptrdiff_t>(marker.size()),
                      kith_socket_send(p.near, marker.data(), marker.size(), 0, kt_long()));
            EXPECT_EQ(0, kith_socket_shutdown(p.near, KITH_SHUT_WRITE));
            EXPECT_EQ(0, kith_wait(reader, nullptr, kt_long()));
            EXPECT_TRUE(intact);
            kt_close(p);
        }
    });
}

TEST_P(SocketFile, APeerThatGoesEndsIt)
{
    by_process_and_thread([] {
        const kt_pair p = kt_narrow_pair(GetParam());
        const File file(2 * MiB);
        kith_future f;

        ASSERT_EQ(0,
                  kith_socket_sendfile_start(p.near, file.fd(), 0, 0, KITH_INFINITY, &f));
        EXPECT_EQ(1000u, read_file(p.far, 0, 1000));
        kt_close(p.far);
        const std::ptrdiff_t n = kith_await(f, kt_long());
        EXPECT_TRUE(n == KITH_EPIPE || n == KITH_ECONNRESET) << n;
        EXPECT_GE(kith_partial(), 1000u);
        kt_close(p.near);
    });
}

/* ---- what is refused ---- */

TEST_P(SocketFile, WhatIsNoRegularFileHasItsCode)
{
    by_process_and_thread([] {
        const kt_pair p = kt_pair_of(GetParam());
        const File file(10);
        const int dir = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        const std::string again = "/proc/self/fd/" + std::to_string(file.fd());
        const int only_writes = open(again.c_str(), O_WRONLY | O_CLOEXEC);
        int pipe_fds[2], pair[2];
        const auto code = [&](int fd, std::uint64_t offset, std::size_t count) {
            return kith_socket_sendfile(p.near, fd, offset, count, kt_long());
        };

        ASSERT_EQ(0, pipe2(pipe_fds, O_CLOEXEC));
        ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
        EXPECT_EQ(KITH_EINVAL, code(-1, 0, 0));
        EXPECT_EQ(KITH_EINVAL, code(1'000'000, 0, 0));
        EXPECT_EQ(KITH_EINVAL, code(only_writes, 0, 0));
        EXPECT_EQ(KITH_EINVAL, code(file.fd(), std::uint64_t{INT64_MAX} + 1, 0));
        EXPECT_EQ(KITH_EINVAL, code(file.fd(), 0, SIZE_MAX));
        EXPECT_EQ(KITH_EISDIR, code(dir, 0, 0));
        EXPECT_EQ(KITH_ESPIPE, code(pipe_fds[0], 0, 0));
        EXPECT_EQ(KITH_ESPIPE, code(pair[0], 0, 0));
        for (const int fd : {dir, only_writes, pipe_fds[0], pipe_fds[1], pair[0], pair[1]})
            close(fd);
        EXPECT_EQ(0u, kith_partial());
        expect_came(p, 0);
    });
}

TEST_P(SocketFile, AListenerAndADatagramSocketHaveTheirs)
{
    by_process_and_thread([] {
        const kt_place place(GetParam());
        const kith_socket l = kt_listen(place);
        const File file(10);
        kith_socket s;

        ASSERT_EQ(0, kith_socket_open(place.domain(), KITH_DGRAM, 0, nullptr, &s));
        EXPECT_EQ(KITH_EOPNOTSUPP, kith_socket_sendfile(s, file.fd(), 0, 0, kt_long()));
        const std::ptrdiff_t n = kith_socket_sendfile(l, file.fd(), 0, 0, kt_long());
        EXPECT_TRUE(n == KITH_EPIPE || n == KITH_ENOTCONN) << n;
        kt_close(s);
        kt_close(l);
        EXPECT_EQ(KITH_ECLOSED, kith_socket_sendfile(l, file.fd(), 0, 0, kt_long()));
    });
}

/* ---- other ways ---- */

KT_INETS(SocketFileSeam);

TEST_F(SocketFileSeam, WhereTheSystemWillNotItReadsAndSends)
{
    ki_seam.sendfile = [](int, int, std::uint64_t, std::size_t) -> std::ptrdiff_t {
        return KITH_EOPNOTSUPP;
    };
    in_process([] {
        for (const kt_domain d : kt_all_domains) {
            const kt_pair p = kt_narrow_pair(d);
            const File file(MiB);
            kith_future f;

            ASSERT_EQ(0, kith_socket_sendfile_start(p.near, file.fd(), 100, 0,
                                                    KITH_INFINITY, &f));
            EXPECT_EQ(MiB - 100, read_file(p.far, 100, MiB - 100));
            EXPECT_EQ(static_cast<std::ptrdiff_t>(MiB - 100), kith_await(f, kt_long()));
            kt_close(p);
        }
    });
}

/* Who shares a socket may have made it blocking. */
TEST_F(SocketFileSeam, AnAdoptedSocketNeverWaitsInTheSystem)
{
    ki_seam.sendfile = [](int fd, int file, std::uint64_t at, std::size_t len) {
        tries++;
        return real_.sendfile(fd, file, at, len);
    };
    by_process_and_thread([] {
        const kt_pair p = kt_pair_import();
        const File file(MiB);
        kith_future f;

        ASSERT_EQ(0,
                  kith_socket_sendfile_start(p.near, file.fd(), 0, 0, KITH_INFINITY, &f));
        EXPECT_EQ(MiB, read_file(p.far, 0, MiB));
        EXPECT_EQ(static_cast<std::ptrdiff_t>(MiB), kith_await(f, kt_long()));
        kt_close(p);
    });
    EXPECT_EQ(0, tries);
}

TEST_P(SocketFileSeam, AnErrorOfTheFileEndsItWhereItStands)
{
    ki_seam.sendfile = [](int fd, int file, std::uint64_t at, std::size_t) {
        return at >= 5000 ? std::ptrdiff_t{KITH_EIO} : real_.sendfile(fd, file, at, 5000);
    };
    by_process_and_thread([] {
        const kt_pair p = kt_pair_of();
        const File file(MiB);

        EXPECT_EQ(KITH_EIO, kith_socket_sendfile(p.near, file.fd(), 0, 0, kt_long()));
        EXPECT_EQ(5000u, kith_partial());
        expect_came(p, 5000);
    });
}

TEST_P(SocketFileSeam, WithoutADescriptorForTheCopyItHasThatCode)
{
    ki_seam.dup = [](int) -> int { return KITH_EMFILE; };
    by_process_and_thread([] {
        const kt_pair p = kt_pair_of();
        const File file(10);

        EXPECT_EQ(KITH_EMFILE, kith_socket_sendfile(p.near, file.fd(), 0, 0, kt_long()));
        EXPECT_EQ(1, kith_socket_send(p.near, "x", 1, 0, kt_long())) << "as good as before";
        kt_close(p);
    });
}

/* ---- a disk that does not answer ---- */

TEST_P(SocketFileSeam, ASlowDiskHoldsUpNobodyButTheWriters)
{
    close_gate();
    in_process([] {
        const kt_pair p = kt_pair_of();
        const File file(10);
        kith_future f;
        char c;

        ASSERT_EQ(0,
                  kith_socket_sendfile_start(p.near, file.fd(), 0, 0, KITH_INFINITY, &f));
        ASSERT_TRUE(kt_eventually([] { return tries > 0; }));
        ASSERT_EQ(1, kith_socket_send(p.far, "x", 1, 0, kt_long()));
        EXPECT_EQ(1, kith_socket_recv(p.near, &c, 1, 0, kt_long()));
        EXPECT_EQ(KITH_ETIMEOUT, kith_socket_send(p.near, "x", 1, 0, 1));
        EXPECT_EQ(KITH_ETIMEOUT, kith_socket_send(p.near, "x", 1, 0, 0));
        EXPECT_EQ(KITH_ETIMEOUT, kith_await_any(&f, 1, 1));
        open_gate();
        EXPECT_EQ(10, kith_await(f, kt_long()));
        expect_came(p, 10);
    });
}

TEST_P(SocketFileSeam, UsersThatBlockHoldItUpNotAtAll)
{
    kt_blockers all(KI_OFFLOAD_THREADS + 5);

    ASSERT_TRUE(all.block());
    in_process([] {
        const kt_pair p = kt_pair_of();
        const File file(10);

        EXPECT_EQ(10, kith_socket_sendfile(p.near, file.fd(), 0, 0, kt_long()));
        expect_came(p, 10);
    });
}

TEST_P(SocketFileSeam, ACloseWaitsUntilTheDiskHasAnswered)
{
    close_gate();
    in_process([this] {
        const kt_pair p = kt_pair_of();
        const File file(10);
        std::atomic<int> first = 1;
        kith_future f;

        ASSERT_EQ(0,
                  kith_socket_sendfile_start(p.near, file.fd(), 0, 0, KITH_INFINITY, &f));
        ASSERT_TRUE(kt_eventually([] { return tries > 0; }));
        const kith_pid closer = spawn([p, &first] { first = kith_socket_close(p.near); });
        ASSERT_TRUE(kt_eventually([=] { return kt_waits(closer, "socket_close"); }));
        EXPECT_EQ(KITH_ECLOSED, kith_socket_close(p.near)) << "the second";
        EXPECT_EQ(KITH_ETIMEOUT, kith_await_any(&f, 1, 1));
        EXPECT_EQ(1, first);
        open_gate();
        EXPECT_EQ(0, kith_wait(closer, nullptr, kt_long()));
        EXPECT_EQ(0, first);
        const std::ptrdiff_t n = kith_await(f, kt_long());
        EXPECT_EQ(KITH_ECLOSED, n);
        EXPECT_EQ(kith_partial(), read_file(p.far, 0));
        kt_close(p.far);
    });
}

TEST_P(SocketFileSeam, ACancelWaitsItOut)
{
    close_gate();
    in_process([this] {
        const kt_pair p = kt_pair_of();
        const File file(10 * MiB);
        std::atomic<int> rc = 1;
        const int fd = file.fd();
        const kith_pid sender = spawn([p, fd, &rc] {
            kith_future f;

            ASSERT_EQ(0, kith_socket_sendfile_start(p.near, fd, 0, 0, KITH_INFINITY, &f));
            ASSERT_TRUE(kt_eventually([] { return tries > 0; }));
            rc = kith_cancel(f);
            if (rc == 0)
                rc = kith_partial() > 0 ? 0 : 2;
        });

        ASSERT_TRUE(kt_eventually([] { return tries > 0; }));
        EXPECT_EQ(KITH_ETIMEOUT, kith_wait(sender, nullptr, 5));
        open_gate();
        EXPECT_EQ(0, kith_wait(sender, nullptr, kt_long()));
        EXPECT_EQ(0, rc);
        kt_close(p);
    });
}

}    // namespace
