/* SPDX-License-Identifier: Apache-2.0
 * wire.cc -- the chunks that go between associations, as a raw socket beside them hears them. */
#include "tests/sctp/wire.h"

#include <cerrno>
#include <cstring>

#include <netinet/in.h>
#include <sys/socket.h>

namespace
{

/* Ports, the tag and the sum; a chunk's type, flags and length. */
enum { PACKET_HEAD = 12, CHUNK_HEAD = 4 };

std::uint32_t
four_bytes(const std::string &bytes, std::size_t at)
{
    return std::uint32_t{kt_two_bytes(bytes, at)} << 16 | kt_two_bytes(bytes, at + 2);
}

std::string
in_order(std::uint32_t v, int n)
{
    std::string bytes;

    while (n-- > 0)
        bytes += static_cast<char>(v >> 8 * n);
    return bytes;
}

/* CRC32c, lowest byte first. */
std::string
sum_of(const std::string &bytes)
{
    std::uint32_t crc = ~0u;
    std::string sum;

    for (const char c : bytes) {
        crc ^= static_cast<std::uint8_t>(c);
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ ((crc & 1) != 0 ? 0x82f63b78u : 0u);
    }
    for (int i = 0; i < 4; i++)
        sum += static_cast<char>(~crc >> 8 * i);
    return sum;
}

}    // namespace

std::uint16_t
kt_two_bytes(const std::string &bytes, std::size_t at)
{
    return static_cast<std::uint16_t>(static_cast<std::uint8_t>(bytes.at(at)) << 8 |
                                      static_cast<std::uint8_t>(bytes.at(at + 1)));
}

kt_wire::kt_wire(int domain)
    : domain_(domain), raw_(socket(domain == KITH_INET ? AF_INET : AF_INET6,
                                   SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_SCTP))
{
    EXPECT_LE(0, raw_) << std::strerror(errno);
}

kt_wire::~kt_wire()
{
    close(raw_);
}

void
kt_wire::divide(const std::string &packet)
{
    const std::size_t ip = domain_ == KITH_INET ? (packet.at(0) & 15) * 4u : 0;
    std::size_t at = ip + PACKET_HEAD;

    packets_++;
    while (at + CHUNK_HEAD <= packet.size()) {
        const std::size_t len = kt_two_bytes(packet, at + 2);

        ASSERT_LE(std::size_t{CHUNK_HEAD}, len);
        heard_.push_back({packets_, packet.substr(0, ip), kt_two_bytes(packet, ip),
                          kt_two_bytes(packet, ip + 2), four_bytes(packet, ip + 4),
                          static_cast<std::uint8_t>(packet[at]),
                          packet.substr(at + CHUNK_HEAD, len - CHUNK_HEAD)});
        at += (len + 3) / 4 * 4;
    }
}

const std::vector<kt_chunk> &
kt_wire::heard()
{
    std::vector<char> buf(65536);
    ssize_t n;

    while ((n = recv(raw_, buf.data(), buf.size(), 0)) > 0)
        divide(std::string(buf.data(), static_cast<std::size_t>(n)));
    EXPECT_EQ(EAGAIN, errno);
    return heard_;
}

std::vector<kt_chunk>
kt_wire::sent(kith_socket s, kt_chunk_type type)
{
    const kith_sockaddr name = kt_name_of(s);
    std::vector<kt_chunk> chunks;

    for (const kt_chunk &c : heard())
        if (c.from == kith_sockaddr_port(&name) && c.type == type)
            chunks.push_back(c);
    return chunks;
}

void
kt_wire::say(const kt_chunk &as, std::uint8_t type, const std::string &body)
{
    const sockaddr_in6 to6 = {AF_INET6, 0, 0, IN6ADDR_LOOPBACK_INIT, 0};
    const sockaddr_in to4 = {AF_INET, 0, {htonl(INADDR_LOOPBACK)}, {}};
    const std::string head =
        in_order(as.from, 2) + in_order(as.to, 2) + in_order(as.tag, 4);
    std::string chunk = in_order(std::uint32_t{type} << 8, 2) +
                        in_order(static_cast<std::uint32_t>(CHUNK_HEAD + body.size()), 2) +
                        body;

    chunk.resize((chunk.size() + 3) / 4 * 4);
    const std::string packet = head + sum_of(head + std::string(4, '\0') + chunk) + chunk;
    const ssize_t n = domain_ == KITH_INET
                          ? sendto(raw_, packet.data(), packet.size(), 0,
                                   reinterpret_cast<const sockaddr *>(&to4), sizeof to4)
                          : sendto(raw_, packet.data(), packet.size(), 0,
                                   reinterpret_cast<const sockaddr *>(&to6), sizeof to6);
    EXPECT_EQ(static_cast<ssize_t>(packet.size()), n) << std::strerror(errno);
}
