/* SPDX-License-Identifier: Apache-2.0
 * auth_test.cc -- messages of SCTP that are signed: which ones, by what key and algorithm. */
#include "tests/sctp/message.h"
#include "tests/sctp/wire.h"

#include <cstring>

namespace
{

class SctpAuth : public kt_sctp {};

KT_SCTP_DOMAINS(SctpAuth);

/* Both ends want messages to be signed. */
kt_pair
signing_pair(int domain, const kith_sctp_hmacalgo *wanted = nullptr)
{
    const kith_socket l = kt_sctp_listen(domain, KITH_STREAM);
    const kith_socket s = kt_sctp_open(domain, KITH_STREAM);

    for (const kith_socket one : {l, s})
        EXPECT_EQ(0, kith_socket_setopt_int(one, KITH_OPT_SCTP_AUTH_CHUNK, KT_SCTP_DATA));
    if (wanted != nullptr)
        kt_opt_set(l, KITH_OPT_SCTP_HMAC_IDENT, *wanted);
    return kt_sctp_connect(l, s);
}

void
use_key(kith_socket s, std::uint16_t number)
{
    kt_opt_set(s, KITH_OPT_SCTP_AUTH_ACTIVE_KEY, kith_sctp_authkeyid{0, number});
}

void
add_key(kith_socket s, std::uint16_t number, const char *secret)
{
    kt_opt_set(s, KITH_OPT_SCTP_AUTH_KEY,
               kith_sctp_authkey{0, number, static_cast<std::uint16_t>(std::strlen(secret)),
                                 secret});
}

void
add_keys(const kt_pair &p, std::uint16_t number)
{
    add_key(p.near, number, "secret");
    add_key(p.far, number, "secret");
}

/* One message from near to far. */
void
say(const kt_pair &p)
{
    kt_sctp_send(p.near, "signed");
    EXPECT_EQ("signed", kt_sctp_recv(p.far));
}

/* ASCONF, 0xc1, is among them by itself. */
TEST_P(SctpAuth, BothEndsKnowWhichChunksAreToBeSigned)
{
    in_process([] {
        const kith_socket s = kt_sctp_open(GetParam(), KITH_STREAM);

        EXPECT_EQ(0, kith_socket_setopt_int(s, KITH_OPT_SCTP_AUTH_CHUNK, KT_SCTP_DATA));
        EXPECT_EQ(KITH_EINVAL, kith_socket_setopt_int(s, KITH_OPT_SCTP_AUTH_CHUNK, 256));
        const kt_pair p = kt_sctp_connect(kt_sctp_listen(GetParam(), KITH_STREAM), s);
        const auto ours =
            kt_opt_get<kith_sctp_authchunks>(p.near, KITH_OPT_SCTP_LOCAL_AUTH_CHUNKS);
        const auto peers =
            kt_opt_get<kith_sctp_authchunks>(p.far, KITH_OPT_SCTP_PEER_AUTH_CHUNKS);

        EXPECT_NE(nullptr, std::memchr(ours.chunks, KT_SCTP_DATA, ours.n)) << ours.n;
        ASSERT_EQ(ours.n, peers.n);
        EXPECT_EQ(0, std::memcmp(ours.chunks, peers.chunks, ours.n));
        const auto others =
            kt_opt_get<kith_sctp_authchunks>(p.far, KITH_OPT_SCTP_LOCAL_AUTH_CHUNKS);
        EXPECT_EQ(nullptr, std::memchr(others.chunks, KT_SCTP_DATA, others.n))
            << "each end has its own";
        kt_close(p);
    });
}

/* What near sends is signed when far wants it. */
TEST_P(SctpAuth, WhatThePeerWantsSignedIsSigned)
{
    KT_NEEDS_WIRE();
    in_process([] {
        for (const bool wanted : {false, true}) {
            kt_wire wire(GetParam());
            const kith_socket l = kt_sctp_listen(GetParam(), KITH_STREAM);

            if (wanted) {
                EXPECT_EQ(0, kith_socket_setopt_int(l, KITH_OPT_SCTP_AUTH_CHUNK,
                                                    KT_SCTP_DATA));
            }
            const kt_pair p = kt_sctp_connect(l, kt_sctp_open(GetParam(), KITH_STREAM));

            say(p);
            EXPECT_EQ(wanted ? 1u : 0u, wire.sent(p.near, KT_SCTP_AUTH).size());
            kt_close(p);
        }
    });
}

/* Both ends have a key of that number: what is signed with equal ones arrives. */
TEST_P(SctpAuth, WhatIsSignedWithAnotherKeyDoesNotArrive)
{
    in_process([] {
        for (const bool equal : {true, false}) {
            const kt_pair p = signing_pair(GetParam());
            char buf[8];

            add_key(p.far, 1, "right");
            add_key(p.near, 1, equal ? "right" : "wrong");
            use_key(p.near, 1);
            kt_sctp_send(p.near, "signed");
            EXPECT_EQ(equal ? 6 : int{KITH_ETIMEOUT},
                      kith_socket_recv(p.far, buf, sizeof buf, 0, equal ? kt_long() : 100));
            kt_close(p);
        }
    });
}

/* A signature begins with its key's number. */
TEST_P(SctpAuth, TheActiveKeySigns)
{
    KT_NEEDS_WIRE();
    in_process([] {
        kt_wire wire(GetParam());
        const kt_pair p = signing_pair(GetParam());

        add_keys(p, 5);
        say(p);
        use_key(p.near, 5);
        say(p);
        const auto signatures = wire.sent(p.near, KT_SCTP_AUTH);
        ASSERT_EQ(2u, signatures.size());
        EXPECT_EQ(0, kt_two_bytes(signatures[0].body, 0)) << "there is one from the start";
        EXPECT_EQ(5, kt_two_bytes(signatures[1].body, 0));
        kt_close(p);
    });
}

/* Far knows a key no more that near signs with. */
TEST_P(SctpAuth, WhatIsSignedWithADeletedKeyDoesNotArrive)
{
    in_process([] {
        const kt_pair p = signing_pair(GetParam());
        char buf[8];

        add_keys(p, 1);
        use_key(p.near, 1);
        say(p);
        kt_opt_set(p.far, KITH_OPT_SCTP_AUTH_DELETE_KEY, kith_sctp_authkeyid{0, 1});
        kt_sctp_send(p.near, "signed");
        EXPECT_EQ(KITH_ETIMEOUT, kith_socket_recv(p.far, buf, sizeof buf, 0, 100));
        kt_close(p);
    });
}

/* Behind the key's number stands the algorithm's: the first that the peer named. */
TEST_P(SctpAuth, ThePeersFirstAlgorithmIsTaken)
{
    KT_NEEDS_WIRE();
    in_process([] {
        const kith_sctp_hmacalgo ways[] = {
            {2, {KITH_SCTP_HMAC_SHA1, KITH_SCTP_HMAC_SHA256}},
            {2, {KITH_SCTP_HMAC_SHA256, KITH_SCTP_HMAC_SHA1}},
        };

        for (const auto &way : ways) {
            kt_wire wire(GetParam());
            const kt_pair p = signing_pair(GetParam(), &way);

            say(p);
            const auto signatures = wire.sent(p.near, KT_SCTP_AUTH);
            ASSERT_EQ(1u, signatures.size());
            EXPECT_EQ(way.idents[0], kt_two_bytes(signatures[0].body, 2));
            kt_close(p);
        }
    });
}

TEST_P(SctpAuth, TellsOfAKeyThatThePeerBeginsToUse)
{
    in_process([] {
        const kt_pair p = signing_pair(GetParam());
        kt_sctp_message m;

        add_keys(p, 7);
        kt_sctp_subscribe(p.far,
                          [](kith_sctp_event_subscribe &e) { e.authentication = true; });
        use_key(p.near, 7);
        kt_sctp_send(p.near, "signed");
        const auto told = kt_sctp_await(p.far, m, KITH_SCTP_AUTHENTICATION);
        EXPECT_EQ(7, told.authentication.keynumber);
        EXPECT_EQ(0u, told.authentication.indication);
        kt_close(p);
    });
}

}    // namespace
