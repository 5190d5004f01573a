/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/deaths.h"
#include "tests/support/idle.h"

#include <atomic>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

namespace
{

const kith_reason of_user = {KITH_USER, 9, "nine"};

/* ---- chains ---- */

struct link_in_chain {
    std::size_t left; /* behind this one */
    kith_pid head;    /* who wants to know when the chain stands */
};

/* The last one says so to the head; all wait for ever. */
int
chain(void *arg)
{
    link_in_chain c = *static_cast<link_in_chain *>(arg);
    const kith_pid me = kith_self();
    const kith_msg *m;

    if (c.left == 0) {
        kt_ignore(kith_send(c.head, 1, &me, sizeof me));
    } else {
        c.left--;
        if (const int rc = kith_spawn_link(chain, &c, sizeof c, nullptr); rc < 0)
            return rc;
    }
    return kith_receive(&m, KITH_INFINITY);
}

/* ---- watchers: the code of each reason is the place of its pid ---- */

struct crowd {
    std::vector<kith_pid> pids;
    std::unique_ptr<std::atomic<std::uint32_t>[]> exits, downs;
    std::atomic<std::size_t> ready, done, strange;
};

crowd *the;

void
watch_all()
{
    const kith_msg *m;
    kith_ref ref;

    kith_flag_trap_exit(true);
    for (const kith_pid p : the->pids) {
        ASSERT_EQ(0, kith_link(p));
        ASSERT_EQ(0, kith_monitor(p, &ref));
    }
    the->ready++;
    for (std::size_t left = 2 * the->pids.size(); left > 0; left--) {
        ASSERT_EQ(0, kith_receive(&m, KITH_INFINITY));
        const kith_down *d = KITH_BODY(m, kith_down);
        const bool good = d != nullptr && d->why.kind == KITH_USER && d->pid == m->from;
        const auto n = static_cast<std::size_t>(good ? d->why.code : 0);
        if (!good || n >= the->pids.size() || !(the->pids[n] == m->from))
            the->strange++;
        else if (m->tag == KITH_TAG_EXIT)
            the->exits[n]++;
        else if (m->tag == KITH_TAG_DOWN)
            the->downs[n]++;
        else
            the->strange++;
    }
    struct kith_process_info info = KITH_PROCESS_INFO_INIT;
    ASSERT_EQ(KITH_ETIMEOUT, kith_receive(&m, 0)) << "nothing else";
    ASSERT_EQ(0, kith_process_info(kith_self(), &info));
    EXPECT_EQ(0u, info.n_links + info.n_monitors);
    the->done++;
}

}    // namespace

std::size_t
kt_memory()
{
    std::ifstream in("/proc/meminfo");
    std::string word;
    std::size_t kib = 0;

    while (in >> word)
        if (word == "MemAvailable:" && in >> kib)
            break;
    return kib * 1024;
}

void
kt_deaths::chains_fall(std::size_t n, std::size_t length)
{
    const std::size_t chains = n / length;
    std::vector<kith_pid> heads(chains);
    std::vector<kith_ref> tails(chains);
    const link_in_chain first = {length - 1, kith_self()};

    for (kith_pid &head : heads)
        ASSERT_EQ(0, kith_spawn(chain, &first, sizeof first, &head));
    for (kith_ref &tail : tails) {
        const kith_msg *m;

        ASSERT_EQ(0, kith_receive_tag(1, &m, kt_long() * 10));
        ASSERT_EQ(0, kith_monitor(*static_cast<const kith_pid *>(m->data), &tail));
    }
    ASSERT_EQ(chains * length, kt_processes());
    for (const kith_pid head : heads)
        ASSERT_EQ(0, kith_exit_signal(head, of_user));
    for (const kith_ref tail : tails) {
        const kith_msg *m;

        ASSERT_EQ(0, kith_receive_ref(tail, &m, kt_long() * 10));
        EXPECT_EQ(KITH_USER, kt_down(m).why.kind);
        EXPECT_EQ(9, kt_down(m).why.code);
    }
    EXPECT_TRUE(kt_until([] { return kt_processes() == 0; }, 20000));
}

void
kt_deaths::all_are_heard(std::size_t n, std::size_t watchers)
{
    crowd c = {};

    the = &c;
    c.exits = std::make_unique<std::atomic<std::uint32_t>[]>(n);
    c.downs = std::make_unique<std::atomic<std::uint32_t>[]>(n);
    c.pids.resize(n);
    for (kith_pid &p : c.pids)
        ASSERT_EQ(0, kith_spawn(kt_wait_for_ever, nullptr, 0, &p));
    for (std::size_t i = 0; i < watchers; i++)
        spawn(watch_all);
    ASSERT_TRUE(kt_until([=] { return the->ready == watchers; }, 60000));
    for (std::size_t i = 0; i < n; i++)
        ASSERT_EQ(0, kith_exit_signal(c.pids[i],
                                      kith_reason_of(KITH_USER, static_cast<int>(i), "")));
    EXPECT_TRUE(kt_until([] { return kt_processes() == 0; }, 60000));
    EXPECT_EQ(watchers, c.done);
    EXPECT_EQ(0u, c.strange);
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < n; i++)
        wrong += c.exits[i] != watchers || c.downs[i] != watchers;
    EXPECT_EQ(0u, wrong) << "not heard exactly once by each";
    the = nullptr;
}
