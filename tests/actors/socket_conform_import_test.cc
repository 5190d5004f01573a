/* SPDX-License-Identifier: Apache-2.0
 * socket_conform_import_test.cc -- Erlang's cases of sockets that are opened from a descriptor: two
 * of ours on one of the system's. docs/conformance.md names them.
 *
 * A descriptor that is ours already is not adopted; a copy of it, made outside, is. */
#include "tests/support/kinds.h"

#include <unistd.h>

namespace
{

class ConformImport : public kt_kind_test {};
class ConformImportDgram : public kt_kind_test {};
class ConformImportStream : public kt_kind_test {};

KT_KINDS(ConformImport, kt_all_kinds);
KT_KINDS(ConformImportDgram, kt_dgram_kinds);
KT_KINDS(ConformImportStream, kt_streams);

int
option(kith_socket s, kith_opt o)
{
    int v = -1;

    EXPECT_EQ(0, kith_socket_getopt_int(s, o, &v));
    return v;
}

/* A second socket of ours on what `first` has; without dup it lends the descriptor. */
class Second {
  public:
    Second(kith_socket first, bool dup)
    {
        kith_open_options o = KITH_OPEN_OPTIONS_INIT;

        fd_ = ::dup(option(first, KITH_OPT_OTP_FD));
        EXPECT_LE(0, fd_);
        o.fd = fd_;
        o.dup = dup;
        EXPECT_EQ(0, kith_socket_open(0, 0, 0, &o, &s));
        EXPECT_EQ(dup, option(s, KITH_OPT_OTP_FD) != fd_);
    }

    ~Second()
    {
        EXPECT_EQ(0, ::close(fd_)) << "it was the test's all the time";
    }

    Second(const Second &) = delete;

    kith_socket s = {0};

  private:
    int fd_ = -1;
};

/* ---- what it is ---- */

void
expect_the_same(bool dup)
{
    const kt_kind &k = kt_kind_test::GetParam();
    const kith_socket first = kt_open(k);
    kith_open_options o = KITH_OPEN_OPTIONS_INIT;
    kith_socket none = {0};

    o.fd = option(first, KITH_OPT_OTP_FD);
    o.dup = dup;
    EXPECT_EQ(KITH_EBUSY, kith_socket_open(0, 0, 0, &o, &none)) << "it is ours";
    {
        const Second second(first, dup);

        EXPECT_EQ(k.kith_domain(), option(second.s, KITH_OPT_OTP_DOMAIN));
        EXPECT_EQ(k.type, option(second.s, KITH_OPT_OTP_TYPE));
        EXPECT_EQ(option(first, KITH_OPT_OTP_PROTOCOL),
                  option(second.s, KITH_OPT_OTP_PROTOCOL));
        struct kith_socket_info info = KITH_SOCKET_INFO_INIT;
        ASSERT_EQ(0, kith_socket_info(second.s, &info));
        EXPECT_EQ(dup ? KITH_IMPORTED : KITH_BORROWED, info.origin);
        EXPECT_EQ(kith_self(), kt_owner(second.s));
        kt_close(second.s);
        EXPECT_EQ(KITH_ECLOSED, kith_socket_close(second.s));
    }
    EXPECT_EQ(k.type, option(first, KITH_OPT_SOCKET_TYPE)) << "the first lives on";
    kt_close(first);
}

TEST_P(ConformImport, WithoutACopyItTellsWhatItIs)
{
    by_process_and_thread([] { expect_the_same(false); });
}

TEST_P(ConformImport, WithACopyItTellsWhatItIs)
{
    by_process_and_thread([] { expect_the_same(true); });
}

/* ---- datagrams through both ---- */

void
expect_datagrams_through(kith_socket s, const kt_ends &e)
{
    char buf[8];
    kith_sockaddr from = {};

    EXPECT_EQ(4, kith_socket_sendto(s, "ping", 4, &e.far_name, 0, kt_long()));
    EXPECT_EQ(4, kith_socket_recvfrom(e.far, buf, sizeof buf, &from, 0, kt_long()));
    EXPECT_EQ(kt_text(e.near_name), kt_text(from)) << "one name for both";
    EXPECT_EQ(4, kith_socket_sendto(e.far, "pong", 4, &from, 0, kt_long()));
    EXPECT_EQ(4, kith_socket_recvfrom(s, buf, sizeof buf, &from, 0, kt_long()));
    EXPECT_EQ("pong", std::string(buf, 4));
    EXPECT_EQ(kt_text(e.far_name), kt_text(from));
}

void
expect_datagrams_through_both(bool dup)
{
    const kt_ends e(kt_kind_test::GetParam());
    {
        const Second second(e.near, dup);

        for (int i = 0; i < 3; i++) {
            expect_datagrams_through(e.near, e);
            expect_datagrams_through(second.s, e);
        }
        kt_close(second.s);
        expect_datagrams_through(e.near, e);
    }
    expect_datagrams_through(e.near, e);
    e.close();
}

TEST_P(ConformImportDgram, WithoutACopyDatagramsGoThroughBoth)
{
    by_process_and_thread([] { expect_datagrams_through_both(false); });
}

TEST_P(ConformImportDgram, WithACopyDatagramsGoThroughBoth)
{
    by_process_and_thread([] { expect_datagrams_through_both(true); });
}

/* ---- a connection through both ---- */

void
expect_bytes_through(kith_socket s, const kt_ends &e)
{
    char buf[8];
    kith_sockaddr name = {};

    EXPECT_EQ(0, kith_socket_peername(s, &name));
    EXPECT_EQ(kt_text(e.far_name), kt_text(name));
    EXPECT_EQ(4, kith_socket_send(s, "ping", 4, 0, kt_long()));
    EXPECT_EQ(4, kith_socket_recv(e.far, buf, 4, KITH_MSG_WAITALL, kt_long()));
    EXPECT_EQ("ping", std::string(buf, 4));
    EXPECT_EQ(4, kith_socket_send(e.far, "pong", 4, 0, kt_long()));
    EXPECT_EQ(4, kith_socket_recv(s, buf, 4, KITH_MSG_WAITALL, kt_long()));
    EXPECT_EQ("pong", std::string(buf, 4));
}

void
expect_bytes_through_both(bool dup)
{
    const kt_ends e(kt_kind_test::GetParam());
    {
        const Second second(e.near, dup);

        for (int i = 0; i < 3; i++) {
            expect_bytes_through(e.near, e);
            expect_bytes_through(second.s, e);
        }
        kt_close(second.s);
        expect_bytes_through(e.near, e);
    }
    expect_bytes_through(e.near, e);
    e.close();
}

TEST_P(ConformImportStream, WithoutACopyBytesGoThroughBoth)
{
    by_process_and_thread([] { expect_bytes_through_both(false); });
}

TEST_P(ConformImportStream, WithACopyBytesGoThroughBoth)
{
    by_process_and_thread([] { expect_bytes_through_both(true); });
}

}    // namespace
