/* SPDX-License-Identifier: Apache-2.0
 * netns_test.cc -- SCTP where addresses come, and where nobody answers any more: in network
 * namespaces of the test's own. */
#include "tests/sctp/sctp.h"

#include "tests/support/netns.h"

#include <memory>
#include <string>

namespace
{

class SctpNetns : public kt_sctp {
  protected:
    void SetUp() override
    {
        kt_sctp::SetUp();
        KT_NEEDS_NETNS();
        net_ = std::make_unique<kt_netns>();
        for (const char *name : {"auth_enable", "addip_enable"})
            net_->set(std::string("sctp/") + name, 1);
    }

    kith_socket open() const
    {
        return net_->open(GetParam(), KITH_STREAM, KITH_SCTP);
    }

    /* At all addresses. */
    kith_socket listen() const
    {
        const kith_socket l = open();
        const kith_sockaddr any = kith_sockaddr_any(GetParam(), 0);

        EXPECT_EQ(0, kith_socket_bind(l, &any));
        EXPECT_EQ(0, kith_socket_listen(l, 0));
        return l;
    }

    std::unique_ptr<kt_netns> net_;
};

KT_SCTP_DOMAINS(SctpNetns);

/* A socket and its peer's, which has accepted it. */
kt_pair
connect(kith_socket l, kith_socket s)
{
    const kith_sockaddr at = kt_name_of(l);
    const kith_sockaddr to = kith_sockaddr_loopback(at.domain, kith_sockaddr_port(&at));
    kt_pair p = {s, {0}};

    EXPECT_EQ(0, kith_socket_connect(p.near, &to, kt_long()));
    EXPECT_EQ(0, kith_socket_accept(l, kt_long(), &p.far));
    return p;
}

/* Both peers are looked at when the one whose end is to tell has heard. */
TEST_P(SctpNetns, AuthAsconfTellsThePeerOfNewAddresses)
{
    in_process([this] {
        const kith_sockaddr any = kith_sockaddr_any(GetParam(), 0);
        const kith_socket l = listen(), silent = open(), telling = open();
        const auto addresses = [](const kt_pair &p) {
            return kith_sctp_peer_addresses(p.far, 0, nullptr, 0);
        };

        for (const kith_socket one : {silent, telling}) {
            ASSERT_EQ(0, kith_socket_bind(one, &any));
            ASSERT_EQ(0, kith_socket_setopt_int(one, KITH_OPT_SCTP_AUTH_ASCONF,
                                                one == telling));
        }
        const kt_pair quiet = connect(l, silent), told = connect(l, telling);
        const std::ptrdiff_t before = addresses(told);
        EXPECT_LE(1, before);
        EXPECT_EQ(before, addresses(quiet));
        net_->ip(GetParam() == KITH_INET ? "addr add 10.77.9.1/32 dev lo"
                                         : "addr add fd77:9::1/128 dev lo");
        EXPECT_TRUE(kt_eventually([&] { return addresses(told) == before + 1; }));
        EXPECT_EQ(before, addresses(quiet));
        kt_close(quiet);
        kt_close(told);
        kt_close(l);
    });
}

/* A hundred tries of a tenth of a second are far from over when one is. */
TEST_P(SctpNetns, AssocinfoSaysAfterHowManyTriesThePeerIsGone)
{
    in_process([this] {
        const kith_socket l = listen(), hasty = open(), patient = open();
        char byte;

        for (const kith_socket one : {hasty, patient}) {
            kith_sctp_assocparams a = {};

            a.max_rxt = one == hasty ? 1 : 100;
            kt_opt_set(one, KITH_OPT_SCTP_ASSOCINFO, a);
            kt_opt_set(one, KITH_OPT_SCTP_RTOINFO, kith_sctp_rtoinfo{0, 100, 100, 100});
        }
        const kt_pair lost = connect(l, hasty), kept = connect(l, patient);
        net_->ip("link set lo down");
        kt_sctp_send(patient, "x");
        kt_sctp_send(hasty, "x");
        EXPECT_EQ(KITH_ETIMEDOUT, kith_socket_recv(hasty, &byte, 1, 0, kt_long()));
        EXPECT_EQ(KITH_SCTP_ESTABLISHED, kt_sctp_status_of(patient).state);
        kt_close(lost);
        kt_close(kept);
        kt_close(l);
    });
}

}    // namespace
