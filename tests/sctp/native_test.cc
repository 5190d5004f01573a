/* SPDX-License-Identifier: Apache-2.0
 * native_test.cc -- options of SCTP by the system's numbers and structs, and the same by name. */
#include "tests/sctp/sctp.h"
#include "tests/support/options.h"

#include <set>
#include <string>
#include <vector>

namespace
{

class SctpNative : public kt_sctp {};

KT_SCTP_DOMAINS(SctpNative);

std::vector<kith_socket>
connected()
{
    const kt_pair p = kt_sctp_pair(SctpNative::GetParam());

    return {p.near, p.far};
}

const kt_subject_kind subjects[] = {
    {"one to one",
     [] {
         return std::vector<kith_socket>{kt_sctp_open(SctpNative::GetParam(), KITH_STREAM)};
     }},
    {"one to many",
     [] {
         return std::vector<kith_socket>{
             kt_sctp_open(SctpNative::GetParam(), KITH_SEQPACKET)};
     }},
    {"connected", connected},
};

std::string
what(const ki_sockopt &row, const kt_subject_kind &kind)
{
    return kt_name_of(row) + ", " + kind.name;
}

int
set_native(kith_socket s, const ki_sockopt &row, std::string native)
{
    return kith_socket_setopt_native(s, row.native_level, row.native_number,
                                     kith_iov_of(native.data(), native.size()));
}

TEST_P(SctpNative, IsReadAsByItsNameAndAsTheSystemTellsIt)
{
    by_process_and_thread([] {
        std::set<kith_opt> seen;

        for (const kt_subject_kind &kind : subjects) {
            const kt_subject x(kind);

            for (const ki_sockopt &row : kt_system_rows(true)) {
                if (!row.get)
                    continue;
                const std::string v = kt_read_native(x.s, row);

                EXPECT_EQ(v, kt_read(x.s, row)) << what(row, kind);
                EXPECT_EQ(v, kt_read_system(x.fd(), row)) << what(row, kind);
                if (!kt_is_code(v))
                    seen.insert(row.id);
            }
        }
        seen.insert(KITH_OPT_SCTP_GET_PEER_ADDR_INFO); /* of no address it tells nothing */
        for (const ki_sockopt &row : kt_system_rows(true))
            EXPECT_TRUE(!row.get || seen.contains(row.id)) << kt_name_of(row);
    });
}

/* One is told by name and its twin by number, and both are then the same. */
TEST_P(SctpNative, IsSetAsByItsName)
{
    in_process([] {
        std::set<kith_opt> changed;

        for (const kt_subject_kind &kind : subjects)
            for (const ki_sockopt &row : kt_system_rows(true)) {
                if (!row.get || !row.set)
                    continue;
                const kt_subject a(kind), b(kind);

                for (const std::string &v : kt_values_of(row)) {
                    const std::string before = kt_read(a.s, row);
                    const int rc = kith_socket_setopt(a.s, row.id, v.data(), v.size());

                    EXPECT_EQ(rc, set_native(b.s, row, kt_native_of(row, v)))
                        << what(row, kind);
                    EXPECT_EQ(kt_read(a.s, row), kt_read_native(a.s, row))
                        << what(row, kind);
                    EXPECT_EQ(kt_read(a.s, row), kt_read(b.s, row)) << what(row, kind);
                    if (rc < 0) {
                        EXPECT_EQ(before, kt_read(a.s, row)) << what(row, kind);
                    } else if (before != kt_read(a.s, row)) {
                        changed.insert(row.id);
                    }
                }
            }
        /* There is one key, and one address; how to sign is the kernel's choice. */
        for (const kith_opt o : {KITH_OPT_SCTP_AUTH_ACTIVE_KEY, KITH_OPT_SCTP_HMAC_IDENT,
                                 KITH_OPT_SCTP_PRIMARY_ADDR})
            changed.insert(o);
        for (const ki_sockopt &row : kt_system_rows(true))
            EXPECT_TRUE(!row.get || !row.set || changed.contains(row.id))
                << kt_name_of(row) << " was set nowhere";
    });
}

TEST_P(SctpNative, AnAddressIsOneByEitherWay)
{
    by_process_and_thread([] {
        const kt_pair p = kt_sctp_pair(GetParam());
        const ki_sockopt &row = *ki_sockopt_find(KITH_OPT_SCTP_PRIMARY_ADDR);
        const kith_sctp_prim far = {0, kt_name_of(p.far)};
        kith_sctp_prim nobody = far;

        EXPECT_EQ(0, kith_socket_setopt(p.near, row.id, &far, sizeof far));
        EXPECT_EQ(0, set_native(p.near, row, kt_native_of(row, kt_bytes(far))));
        nobody.addr = kith_sockaddr_loopback(GetParam(), 1);
        EXPECT_EQ(KITH_EINVAL, kith_socket_setopt(p.near, row.id, &nobody, sizeof nobody));
        EXPECT_EQ(KITH_EINVAL,
                  set_native(p.near, row, kt_native_of(row, kt_bytes(nobody))));
        EXPECT_EQ(kt_read(p.near, row), kt_read_native(p.near, row));
        kt_close(p);
    });
}

TEST_P(SctpNative, OfAWrongLengthChangesNothing)
{
    in_process([] {
        const std::string bytes(4096, '\0');

        for (const kt_subject_kind &kind : subjects) {
            const kt_subject x(kind), twin(kind);
            const int fd = twin.fd();

            for (const ki_sockopt &row : kt_system_rows(true)) {
                const std::string was = row.get ? kt_read(x.s, row) : "";

                for (const std::size_t n :
                     {std::size_t{0}, row.len - 1ul, row.len + 1ul, bytes.size()}) {
                    std::string room = bytes;

                    EXPECT_EQ(row.set ? KITH_EINVAL : KITH_ENOPROTOOPT,
                              kith_socket_setopt(x.s, row.id, bytes.data(), n))
                        << what(row, kind) << ' ' << n;
                    if (n < row.len) {
                        EXPECT_EQ(row.get ? KITH_EINVAL : KITH_ENOPROTOOPT,
                                  kith_socket_getopt(x.s, row.id, room.data(), n))
                            << what(row, kind) << ' ' << n;
                        EXPECT_EQ(bytes, room) << "untouched";
                    }
                }
                EXPECT_EQ(was, row.get ? kt_read(x.s, row) : "") << what(row, kind);

                for (const std::size_t n : {0u, 1u, 3u}) {
                    const int rc = kt_set_system(fd, row.native_level, row.native_number,
                                                 bytes.data(), n);

                    EXPECT_EQ(rc, set_native(x.s, row, bytes.substr(0, n)))
                        << what(row, kind) << ' ' << n;
                    if (rc < 0 && row.get) {
                        EXPECT_EQ(was, kt_read(x.s, row)) << what(row, kind) << ' ' << n;
                    }
                }
            }
        }
    });
}

}    // namespace
