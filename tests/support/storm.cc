/* SPDX-License-Identifier: Apache-2.0
 * storm.cc -- the hand-over storm. */
#include "tests/support/storm.h"

#include <deque>
#include <mutex>
#include <vector>

namespace
{

enum { HOLDERS = 8, CONNECTIONS = 8 };

constexpr std::uint64_t tag_quit = 1;

/* One connection, from its making to its end. Its address is the tag of the message that brings
 * its socket. */
struct Round {
    kith_socket near, far; /* near is given on and on */
    std::atomic<bool> ending = false, fed = false, written = false;
    std::atomic<bool> complete = false; /* it ended by plan: no byte may be missing */
    std::atomic<std::uint64_t> sent = 0, sent_sum = 0; /* far to near */
    std::atomic<std::uint64_t> came = 0, came_sum = 0;
    std::atomic<std::uint64_t> wrote = 0;            /* near to far, by who never owns it */
    std::atomic<std::uint64_t> put = 0, put_sum = 0; /* the same, by those who hold it */
    std::atomic<unsigned> puts = 0;                  /* and who is not done yet */
};

/* What has come out at the far end. */
struct Heard {
    std::uint64_t wrote = 0, wrong = 0, put = 0, put_sum = 0;
};

std::uint64_t
sum_of(const char *bytes, std::size_t n)
{
    std::uint64_t sum = 0;

    for (std::size_t i = 0; i < n; i++)
        sum += static_cast<unsigned char>(bytes[i]) * 0x9e3779b97f4a7c15u + 1;
    return sum;
}

/* The stream of who never owns it has its order; the top bit tells holders' bytes from it. */
char
byte_at(std::uint64_t i)
{
    return static_cast<char>((i * 0x9e3779b97f4a7c15u) >> 57);
}

bool
is_holders(char byte)
{
    return (byte & 0x80) != 0;
}

class Storm {
  public:
    Storm(kt_bodies &bodies, std::uint64_t gifts)
        : bodies_(bodies), goal_(gifts), rng_(kt_rng())
    {
    }

    void run()
    {
        std::vector<kith_pid> keepers;

        for (int i = 0; i < HOLDERS; i++)
            holders_.push_back({0});
        for (int i = 0; i < HOLDERS; i++) {
            const std::uint64_t seed = rng_();
            const kith_pid p = bodies_.spawn([this, seed] { hold(seed); });
            const std::lock_guard guard(lock_);
            holders_[static_cast<std::size_t>(i)] = p;
        }
        for (int i = 0; i < CONNECTIONS; i++) {
            const std::uint64_t seed = rng_();
            keepers.push_back(bodies_.spawn([this, i, seed] { keep(i, seed); }));
        }
        for (const kith_pid p : keepers)
            EXPECT_EQ(0, kith_wait(p, nullptr, KITH_INFINITY));
        for (const kith_pid p : holders_)
            EXPECT_EQ(0, kith_send(p, tag_quit, nullptr, 0));
        for (const kith_pid p : holders_)
            EXPECT_EQ(0, kith_wait(p, nullptr, KITH_INFINITY));
        EXPECT_GE(gifts_, goal_);
        EXPECT_GT(refused_ + closed_, 0u) << "no visitor has died";
        EXPECT_GT(laden_, 0u) << "no send has waited while it was given";
    }

    std::uint64_t gifts() const
    {
        return gifts_;
    }

    /* Of those that were looked at. */
    double laden() const
    {
        return static_cast<double>(laden_) / static_cast<double>(looks_);
    }

  private:
    bool over() const
    {
        return gifts_ >= goal_;
    }

    kith_pid some_holder(std::mt19937_64 &rng)
    {
        for (;;) {
            const std::size_t i = rng() % HOLDERS;
            const std::lock_guard guard(lock_);
            if (holders_[i].id != 0)
                return holders_[i];
        }
    }

    static std::uint64_t tag_of(Round *r)
    {
        return reinterpret_cast<std::uintptr_t>(r);
    }

    static Round *round_of(const kith_msg *m)
    {
        return reinterpret_cast<Round *>(static_cast<std::uintptr_t>(m->tag));
    }

    /* ---- who owns it for a while ---- */

    void took(Round *r, const char *buf, std::ptrdiff_t n)
    {
        if (n <= 0)
            return;
        r->came += static_cast<std::uint64_t>(n);
        r->came_sum += sum_of(buf, static_cast<std::size_t>(n));
    }

    void read_some(Round *r, int times)
    {
        char buf[4096];
        std::ptrdiff_t n = 1;

        for (int i = 0; i < times && n > 0; i++)
            took(r, buf, n = kith_socket_recv(r->near, buf, sizeof buf, 0, 0));
    }

    void hold(std::uint64_t seed)
    {
        std::mt19937_64 rng(seed);
        const kith_msg *m;

        while (kith_receive(&m, KITH_INFINITY) == 0 && m->tag != tag_quit) {
            Round *r = round_of(m);

            read_some(r, 1 + static_cast<int>(rng() % 4));
            if (over())
                end(r);
            else
                pass_on(r, rng);
        }
    }

    /* What a holder has begun stays its own, whosever the socket is: a read, and a send that
     * waits behind those of others. */
    void pass_on(Round *r, std::mt19937_64 &rng)
    {
        char in[512], out[2048];
        const bool reads = rng() % 8 == 0, sends = rng() % 8 == 0;
        kith_future reading, sending;

        if (reads) {
            ASSERT_EQ(0, kith_socket_recv_start(r->near, in, sizeof in, 0, KITH_INFINITY,
                                                &reading));
        }
        if (sends) {
            for (char &byte : out)
                byte = static_cast<char>(0x80 | rng());
            r->puts++;
            ASSERT_EQ(0, kith_socket_send_start(r->near, out, sizeof out, 0, KITH_INFINITY,
                                                &sending));
        }
        if (rng() % 16 == 0)
            look(r);
        while (!give_once(r, rng))
            ;
        if (reads)
            took(r, in, kith_await(reading, static_cast<kith_ms>(rng() % 3)));
        if (sends)
            put(r, out, kith_await(sending, static_cast<kith_ms>(rng() % 3)));
    }

    static void put(Round *r, const char *out, std::ptrdiff_t n)
    {
        const std::size_t went = n >= 0 ? static_cast<std::size_t>(n) : kith_partial();

        r->put += went;
        r->put_sum += sum_of(out, went);
        r->puts--;
    }

    /* Does it have bytes that the system has not taken? */
    void look(Round *r)
    {
        struct kith_socket_info info = KITH_SOCKET_INFO_INIT;

        EXPECT_EQ(0, kith_socket_info(r->near, &info));
        looks_++;
        laden_ += info.n_writers > 0;
    }

    /* false: nobody took it, and it is the caller's as before. Each 32nd goes to a visitor. */
    bool give_once(Round *r, std::mt19937_64 &rng)
    {
        int rc;

        if (tries_++ % 32 == 31) {
            rc = kith_socket_give(r->near, visitor(r, rng), tag_of(r));
        } else if (rng() % 8 == 0) {
            const kith_pid to = some_holder(rng);

            rc = kith_socket_setopt(r->near, KITH_OPT_OTP_CONTROLLING_PROCESS, &to,
                                    sizeof to);
            if (rc == 0) {
                EXPECT_EQ(0, kith_send(to, tag_of(r), nullptr, 0));
            }
        } else {
            rc = kith_socket_give(r->near, some_holder(rng), tag_of(r));
        }
        if (rc == KITH_ENOPROC)
            refused_++;
        else
            EXPECT_EQ(0, rc) << kith_strerror(rc);
        gifts_ += rc == 0;
        return rc != KITH_ENOPROC;
    }

    kith_pid visitor(Round *r, std::mt19937_64 &rng)
    {
        const unsigned how = visitors_++ % 3; /* each fate in its turn */
        const kith_pid back = some_holder(rng);

        const std::lock_guard guard(lock_);
        return bodies_.spawn([this, r, how, back] {
            const kith_msg *m;

            if (how == 0)
                return; /* it may be dead before it has it */
            /* Nothing comes if the giver has found another. */
            if (kith_receive(&m, 1000) != 0)
                return;
            if (how == 1) {
                EXPECT_EQ(0, kith_socket_give(r->near, back, tag_of(r)));
                gifts_++;
            }
        });
    }

    /* ---- the end by plan, by the last owner ---- */

    void end(Round *r)
    {
        r->ending = true;
        EXPECT_TRUE(kt_eventually([&] {
            EXPECT_EQ(0, kith_socket_cancel(r->near, KITH_OP_SEND));
            read_some(r, 100);
            return r->fed && r->written && r->puts == 0;
        }));
        /* Reads of those who had it before may be under way for a moment. */
        EXPECT_TRUE(kt_eventually(
            [&] {
                read_some(r, 100);
                return r->came >= r->sent;
            },
            20'000));
        r->complete = true;
        EXPECT_EQ(0, kith_socket_shutdown(r->near, KITH_SHUT_WRITE));
        kt_close(r->near);
    }

    /* ---- who has the other end, and the traffic ---- */

    Round *new_round(int i)
    {
        const kt_pair p = kt_pair_of(kt_all_domains[i % 4]);

        /* Little is under way at a time: it is about who reads it, and the end comes soon. */
        for (const kith_socket s : {p.near, p.far}) {
            EXPECT_EQ(0, kith_socket_setopt_int(s, KITH_OPT_SOCKET_SNDBUF, 16 * 1024));
            if (i % 4 < 2) {
                EXPECT_EQ(0, kith_socket_setopt_int(s, KITH_OPT_TCP_NODELAY, 1));
            }
        }
        const std::lock_guard guard(lock_);

        rounds_.emplace_back();
        rounds_.back().near = p.near;
        rounds_.back().far = p.far;
        return &rounds_.back();
    }

    void keep(int i, std::uint64_t seed)
    {
        std::mt19937_64 rng(seed);

        do {
            Round *r = new_round(i);
            const std::uint64_t s = rng();
            kith_pid feeder, writer;
            {
                const std::lock_guard guard(lock_);
                feeder = bodies_.spawn([r, s] { feed(r, s); });
                writer = bodies_.spawn([r, s] { write(r, s); });
            }
            ASSERT_EQ(0, kith_socket_give(r->near, some_holder(rng), tag_of(r)));
            const Heard heard = read_to_the_end(r);
            EXPECT_EQ(0, kith_wait(feeder, nullptr, KITH_INFINITY));
            EXPECT_EQ(0, kith_wait(writer, nullptr, KITH_INFINITY));
            EXPECT_TRUE(kt_eventually([&] { return r->puts == 0; }));
            kt_close(r->far);
            EXPECT_EQ(0u, heard.wrong);
            if (r->complete) {
                EXPECT_EQ(r->wrote, heard.wrote);
                EXPECT_EQ(r->put, heard.put);
                EXPECT_EQ(r->put_sum, heard.put_sum);
                EXPECT_EQ(r->sent, r->came);
                EXPECT_EQ(r->sent_sum, r->came_sum);
            } else {
                closed_++;
                EXPECT_GE(r->wrote, heard.wrote);
                EXPECT_GE(r->put, heard.put);
                EXPECT_GE(r->sent, r->came);
            }
        } while (!over());
    }

    /* Slowly, until the end is planned: there is always more to send than the system takes. */
    static Heard read_to_the_end(Round *r)
    {
        char buf[4096];
        Heard h;
        std::ptrdiff_t n;

        while ((n = kith_socket_recv(r->far, buf, r->ending ? sizeof buf : 256, 0,
                                     KITH_INFINITY)) > 0) {
            for (std::ptrdiff_t k = 0; k < n; k++) {
                if (is_holders(buf[k]))
                    h.put++, h.put_sum += sum_of(&buf[k], 1);
                else
                    h.wrong += buf[k] != byte_at(h.wrote++);
            }
            kith_yield();
        }
        return h;
    }

    /* Sends from far: until the end is planned, or comes. */
    static void feed(Round *r, std::uint64_t seed)
    {
        std::mt19937_64 rng(seed);
        char buf[2048];

        while (!r->ending) {
            const std::size_t len = 1 + rng() % sizeof buf;

            for (std::size_t i = 0; i < len; i++)
                buf[i] = static_cast<char>(rng());
            const std::ptrdiff_t n = kith_socket_send(r->far, buf, len, 0, KITH_INFINITY);
            const std::size_t went = n >= 0 ? len : kith_partial();
            r->sent += went;
            r->sent_sum += sum_of(buf, went);
            if (n < 0)
                break;
        }
        r->fed = true;
    }

    /* Sends from near, whosever it is. */
    static void write(Round *r, std::uint64_t seed)
    {
        std::mt19937_64 rng(seed + 1);
        char buf[16 * 1024];
        std::uint64_t at = 0;

        while (!r->ending) {
            const std::size_t len = 1 + rng() % sizeof buf;

            for (std::size_t i = 0; i < len; i++)
                buf[i] = byte_at(at + i);
            const std::ptrdiff_t n = kith_socket_send(r->near, buf, len, 0, KITH_INFINITY);
            at += n >= 0 ? len : kith_partial();
            r->wrote = at;
            if (n < 0)
                break;
        }
        r->written = true;
    }

    kt_bodies &bodies_;
    const std::uint64_t goal_;
    std::mt19937_64 rng_;
    std::atomic<std::uint64_t> gifts_ = 0, refused_ = 0, closed_ = 0;
    std::atomic<std::uint64_t> tries_ = 0, looks_ = 0, laden_ = 0;
    std::atomic<unsigned> visitors_ = 0;
    std::mutex lock_;
    std::vector<kith_pid> holders_; /* under lock_ */
    std::deque<Round> rounds_;      /* under lock_; a round stays where it is */
};

}    // namespace

void
kt_storm::storm(std::uint64_t gifts)
{
    kt_bodies bodies;
    Storm s(bodies, gifts);

    s.run();
    RecordProperty("gifts", static_cast<int>(s.gifts()));
    RecordProperty("percent_with_unsent_bytes", static_cast<int>(100 * s.laden()));
}
