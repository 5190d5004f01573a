/* SPDX-License-Identifier: Apache-2.0
 * socket_conform_timeout_test.cc -- Erlang's cases of calls whose time runs out.
 * docs/conformance.md names them. */
#include "tests/support/callers.h"
#include "tests/support/kinds.h"
#include "tests/support/netns.h"

#include <chrono>
#include <vector>

namespace
{

class ConformTimeout : public kt_kind_test {};
class ConformTimeoutStream : public kt_kind_test {};
class ConformTimeoutDgram : public kt_kind_test {};

KT_KINDS(ConformTimeout, kt_all_kinds);
KT_KINDS(ConformTimeoutStream, kt_streams);
KT_KINDS(ConformTimeoutDgram, kt_dgram_kinds);

constexpr kith_ms soon = 20;

/* The call's time runs out, and not before it has passed. */
template <typename Call>
void
expect_timeout(kith_ms ms, Call call)
{
    const auto before = std::chrono::steady_clock::now();

    EXPECT_EQ(KITH_ETIMEOUT, call(ms));
    EXPECT_GE(std::chrono::steady_clock::now() - before, std::chrono::milliseconds(ms));
}

/* ---- connect and accept ---- */

TEST_P(ConformTimeoutStream, AConnectThatNobodyAccepts)
{
    by_process_and_thread([] {
        constexpr std::size_t most = 16;
        const kt_place at(GetParam().domain);
        const kith_socket l = kt_listen(at, 1);
        const kith_sockaddr to = kt_name_of(l);
        std::vector<kith_socket> all;
        int rc = 0;

        while (rc == 0 && all.size() < most) { /* until the queue is full */
            const auto before = std::chrono::steady_clock::now();

            all.push_back(kt_open(GetParam()));
            rc = kith_socket_connect(all.back(), &to, soon);
            if (rc != 0) {
                EXPECT_GE(std::chrono::steady_clock::now() - before,
                          std::chrono::milliseconds(soon));
            }
        }
        EXPECT_EQ(KITH_ETIMEOUT, rc);
        for (const kith_socket s : all)
            kt_close(s);
        kt_close(l);
    });
}

TEST_P(ConformTimeoutStream, AnAcceptThatNobodyConnectsTo)
{
    by_process_and_thread([] {
        const kt_place at(GetParam().domain);
        const kith_socket l = kt_listen(at);

        expect_timeout(soon, [&](kith_ms ms) {
            kith_socket c;

            return kith_socket_accept(l, ms, &c);
        });
        kt_close(l);
    });
}

TEST_P(ConformTimeoutStream, EachOfSeveralAcceptsAtItsOwnTime)
{
    by_process_and_thread([this] {
        const kt_place at(GetParam().domain);
        const kith_socket l = kt_listen(at);
        std::vector<kith_pid> acceptors;
        kt_callers patient(1, "socket_accept", [&] {
            kith_socket c;

            return kith_socket_accept(l, KITH_INFINITY, &c);
        });

        for (const kith_ms own : {3 * soon, soon, 2 * soon})
            acceptors.push_back(spawn([l, own] {
                expect_timeout(own, [&](kith_ms ms) {
                    kith_socket c;

                    return kith_socket_accept(l, ms, &c);
                });
            }));
        for (const kith_pid pid : acceptors)
            EXPECT_EQ(0, kith_wait(pid, nullptr, kt_long()));
        EXPECT_TRUE(patient.wait_still("socket_accept"));
        kt_close(l);
        EXPECT_EQ(kt_answers(1, KITH_ECLOSED), patient.answers());
    });
}

/* ---- sends: nobody reads ---- */

/* Two ends between which little fits. */
class Narrow : public kt_ends {
  public:
    explicit Narrow(const kt_kind &k) : kt_ends(k)
    {
        EXPECT_EQ(0, kith_socket_setopt_int(near, KITH_OPT_SOCKET_SNDBUF, 64 * 1024));
        EXPECT_EQ(0, kith_socket_setopt_int(far, KITH_OPT_SOCKET_RCVBUF, 64 * 1024));
    }

    /* What was sent before the time ran out is there, then the end. */
    void expect_sent(const std::string &bytes, std::size_t n) const
    {
        std::string got(n, '\0');

        EXPECT_LT(n, bytes.size());
        if (n > 0) { /* unless the time ran out before the first try */
            EXPECT_EQ(static_cast<std::ptrdiff_t>(n),
                      kith_socket_recv(far, got.data(), n, KITH_MSG_WAITALL, kt_long()));
        }
        EXPECT_TRUE(bytes.compare(0, n, got) == 0);
        char more;
        EXPECT_EQ(KITH_ETIMEOUT, kith_socket_recv(far, &more, 1, 0, 0));
    }
};

constexpr std::size_t too_much = 1u << 20;

TEST_P(ConformTimeoutStream, ASendThatNobodyReads)
{
    by_process_and_thread([] {
        const Narrow e(GetParam());
        const std::string bytes = kt_pattern(too_much);
        std::size_t went = 0;

        expect_timeout(soon, [&](kith_ms ms) {
            const auto rc = kith_socket_send(e.near, bytes.data(), bytes.size(), 0, ms);

            went = kith_partial();
            return rc;
        });
        e.expect_sent(bytes, went);
        e.close();
    });
}

TEST_P(ConformTimeoutStream, ASendmsgThatNobodyReads)
{
    by_process_and_thread([] {
        const Narrow e(GetParam());
        std::string bytes = kt_pattern(too_much);
        kith_iov iov[] = {{bytes.data(), 1000},
                          {bytes.data() + 1000, too_much - 2000},
                          {bytes.data() + too_much - 1000, 1000}};
        kith_packet p = {};
        std::size_t went = 0;

        p.iov = iov;
        p.n_iov = 3;
        expect_timeout(soon, [&](kith_ms ms) {
            const auto rc = kith_socket_sendmsg(e.near, &p, 0, ms);

            went = kith_partial();
            return rc;
        });
        e.expect_sent(bytes, went);
        e.close();
    });
}

/* Sends until one has to wait, and for too long. */
void
expect_sendto_timeout(kith_socket s, const kith_sockaddr &to)
{
    const std::string bytes = kt_pattern(1000);
    std::ptrdiff_t n = 0;

    for (int i = 0; i < 10000 && n >= 0; i++) {
        const auto before = std::chrono::steady_clock::now();

        n = kith_socket_sendto(s, bytes.data(), bytes.size(), &to, 0, soon);
        if (n < 0) {
            EXPECT_GE(std::chrono::steady_clock::now() - before,
                      std::chrono::milliseconds(soon));
        } else {
            EXPECT_EQ(1000, n);
        }
    }
    EXPECT_EQ(KITH_ETIMEOUT, n) << kith_strerror(static_cast<int>(n));
}

/* Datagrams stay here while the system asks who has that address, and nobody has; local ones
 * when the peer takes none. */
TEST_P(ConformTimeoutDgram, ASendtoThatCannotGo)
{
    if (!GetParam().is_local())
        KT_NEEDS_NETNS();
    in_process([] {
        const kt_kind &k = GetParam();

        if (k.is_local()) {
            const kt_ends e(k);

            expect_sendto_timeout(e.near, e.far_name);
            e.close();
        } else {
            const kt_netns here, there;
            kt_cable(here, there);
            const kith_socket s = here.open(k.kith_domain(), KITH_DGRAM);

            EXPECT_EQ(0, kith_socket_setopt_int(s, KITH_OPT_SOCKET_SNDBUF, 1));
            expect_sendto_timeout(s, kt_at_cable(k.kith_domain(), 3, 9));
            kt_close(s);
        }
    });
}

/* ---- receives: nothing comes ---- */

TEST_P(ConformTimeout, ARecvForWhichNothingComes)
{
    by_process_and_thread([] {
        const kt_ends e(GetParam());
        char c;

        expect_timeout(soon,
                       [&](kith_ms ms) { return kith_socket_recv(e.far, &c, 1, 0, ms); });
        EXPECT_EQ(0u, kith_partial());
        e.close();
    });
}

TEST_P(ConformTimeout, ARecvfromForWhichNothingComes)
{
    by_process_and_thread([] {
        const kt_ends e(GetParam());
        kith_sockaddr from;
        char c;

        expect_timeout(soon, [&](kith_ms ms) {
            return kith_socket_recvfrom(e.far, &c, 1, &from, 0, ms);
        });
        e.close();
    });
}

TEST_P(ConformTimeout, ARecvmsgForWhichNothingComes)
{
    by_process_and_thread([] {
        const kt_ends e(GetParam());
        char c;
        kt_piece r(&c, 1);

        expect_timeout(soon,
                       [&](kith_ms ms) { return kith_socket_recvmsg(e.far, &r.p, 0, ms); });
        e.close();
    });
}

}    // namespace
