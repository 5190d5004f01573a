/* SPDX-License-Identifier: Apache-2.0
 * sockets.h -- places to listen at and connected pairs, for socket tests.
 *
 *   kt_place place(kt_domain::path);              // a free address; cleans up behind itself
 *   kith_socket l = kt_listen(place);             // the caller's, as all that follow
 *   kt_pair c = kt_connect(l);                    // near has connected, far was accepted
 *   kt_pair d = kt_pair_of(kt_domain::inet6);     // the same without a listener to care for
 *
 * All of them may be called by processes and by plain threads, and fail the test when they
 * cannot do what they say. */
#ifndef KT_SOCKETS_H
#define KT_SOCKETS_H

#include "tests/support/runtime.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <thread>
#include <vector>

enum class kt_domain { inet, inet6, path, abstract };

inline constexpr kt_domain kt_all_domains[] = {kt_domain::inet, kt_domain::inet6,
                                               kt_domain::path, kt_domain::abstract};

const char *kt_domain_name(kt_domain d);

/* The name of a test with a kt_domain as its parameter. */
inline std::string
kt_domain_of_test(const testing::TestParamInfo<kt_domain> &info)
{
    return kt_domain_name(info.param);
}

/* kt_inet is where a test is that names no domain: KITH_INET6 in one that ends in /Inet6, else
 * KITH_INET. Places, pairs and sockets are of that domain unless they are told another. */
int kt_inet();
kt_domain kt_inet_place();

class kt_place {
  public:
    explicit kt_place(kt_domain d = kt_inet_place());
    ~kt_place();
    kt_place(const kt_place &) = delete;
    kt_place &operator=(const kt_place &) = delete;

    const kith_sockaddr &address() const
    {
        return address_;
    }

    int domain() const
    {
        return address_.domain;
    }

  private:
    kith_sockaddr address_ = {};
    std::string dir_, file_;
};

struct kt_pair {
    kith_socket near, far;
};

kith_socket kt_open(int domain = kt_inet());
kith_socket kt_dgram(int domain = kt_inet());
kith_socket kt_listen(const kt_place &place, int backlog = 128);
kith_socket kt_listen_here(); /* at an address of this machine's choice */
kith_sockaddr kt_name_of(kith_socket s);
kith_sockaddr kt_loopback(std::uint16_t port = 0);

/* The same by the system alone: a descriptor, which no worker takes part in. */
int kt_open_fd(int type = KITH_STREAM);
int kt_connect_fd(const kith_sockaddr &to);

/* kt_own_address is the nth of this program's own, for a port that is given back and bound again: no
 * other program has it, and the system gives it to nobody. Each test has a number of its own, as
 * connections may linger there. */
kith_sockaddr kt_own_address(std::uint16_t n = 0, int domain = kt_inet());
kt_pair kt_connect(kith_socket listener);
kt_pair kt_pair_of(kt_domain d = kt_inet_place());

/* A pair between whose ends little fits, whatever the system would allow. */
kt_pair kt_narrow_pair(kt_domain d = kt_inet_place());

void kt_close(kith_socket s);
void kt_close(const kt_pair &p);

/* kt_pair_import is a pair made by socketpair(2) and adopted: the cheapest. */
kt_pair kt_pair_import();

/* kt_fill_backlog connects to a listener until nobody is let in any more: the last one waits, as does
 * the next. They are the caller's. */
std::vector<kith_socket> kt_fill_backlog(const kith_sockaddr &at);

/* kt_fill sends to `s` until nothing more goes, and answers how much went. */
std::size_t kt_fill(kith_socket s);

/* The next message, which has to be a select of this socket and operation; its code. */
int kt_select_code(kith_socket s, unsigned op);

/* kt_read_all reads until the end and answers how much came. */
std::size_t kt_read_all(kith_socket s);

/* Who owns it, by its own word; zero when it is closed. */
kith_pid kt_owner(kith_socket s);

/* kt_eventually is kt_until for processes too: others run meanwhile. */
template <typename Predicate>
bool
kt_eventually(Predicate is, std::int64_t ms = 5000)
{
    const std::int64_t end = kt_now_ms() + kt_patience(ms);

    while (!is()) {
        if (kt_now_ms() >= end)
            return is();
        if (kith_sleep(1) < 0)
            return false;
    }
    return true;
}

/* kt_waits: the process stands in that call ("socket_recv") and waits. */
bool kt_waits(kith_pid pid, const char *what);

/* kt_in_thread runs `body` on a plain thread of its own and waits for its end. */
void kt_in_thread(const std::function<void()> &body);

/* A runtime, and bodies that are run by a process and by a plain thread alike. */
class kt_sockets : public kt_runtime {
  protected:
    kt_sockets();
    ~kt_sockets() override;

    void by_process_and_thread(const std::function<void()> &body)
    {
        {
            SCOPED_TRACE("called by a process");
            in_process(body);
        }
        {
            SCOPED_TRACE("called by a plain thread");
            kt_in_thread(body);
        }
    }
};

/* Tests with a twin: TEST_P is run over inet and over inet6, TEST_F in the same suite once.
 *
 *   using SocketWait = kt_inets<>;
 *   KT_INETS(SocketWait); */
template <typename Fixture = kt_sockets>
class kt_inets : public Fixture, public testing::WithParamInterface<kt_domain> {
};

#define KT_INETS(suite) \
    INSTANTIATE_TEST_SUITE_P(, suite, testing::Values(kt_domain::inet, kt_domain::inet6), \
                             kt_domain_of_test)

inline bool
operator==(kith_socket a, kith_socket b)
{
    return a.id == b.id;
}

/* Two addresses are the same when their texts are. */
std::string kt_text(const kith_sockaddr &a);

#endif
