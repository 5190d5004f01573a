/* SPDX-License-Identifier: Apache-2.0
 * seen_test.cc -- crash reports, dumps and counts: right, and safe while all runs. */
#include "core/ctx.h"
#include "core/offload.h"

#include "tests/support/blockers.h"
#include "tests/support/ear.h"

#include <kith/kith.h>

#include <atomic>
#include <csignal>
#include <thread>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace
{

/* A dump as a string, written to a file that nobody sees. */
std::string
dump()
{
    FILE *f = tmpfile();
    std::string text;
    char buf[65536];
    std::size_t n;

    EXPECT_NE(nullptr, f);
    EXPECT_EQ(0, kith_dump(fileno(f)));
    rewind(f);
    while ((n = fread(buf, 1, sizeof buf, f)) > 0)
        text.append(buf, n);
    fclose(f);
    return text;
}

/* The part of a dump that is about one process: its line and those indented below. */
std::string
part_of(const std::string &text, const std::string &what)
{
    const std::size_t at = text.find(what);
    std::size_t begin, end;

    if (at == std::string::npos)
        return "";
    begin = text.rfind('\n', at) + 1;
    for (end = text.find('\n', at); end + 2 < text.size() && text[end + 1] == ' ';)
        end = text.find('\n', end + 1);
    return text.substr(begin, end - begin);
}

bool
has(const std::string &text, const std::string &part)
{
    return text.find(part) != std::string::npos;
}

/* ---- crashes ---- */

__attribute__((noinline)) int
deepest(int n)
{
    if (n == 0)
        kith_exit(kith_reason_of(KITH_USER, 7, "too deep"));
    return n;
}

__attribute__((noinline)) int
deeper(int n)
{
    return deepest(n) + 1;
}

std::atomic<bool> all_sent;

/* Dies at the first of its messages, once all of them have been sent. */
int
crasher(void *)
{
    const kith_msg *m;

    kith_set_label("doomed");
    kt_ignore(kith_receive(&m, KITH_INFINITY));
    while (!all_sent)
        kith_yield();
    return deeper(0);
}

using Crash = kt_runtime;

TEST_F(Crash, TellsWhoWhyAndWhereWithTheUsersFunctions)
{
    kt_ear ear;
    kith_spawn_options o = KITH_SPAWN_OPTIONS_INIT;
    kith_ref ref;
    kith_pid pid;

    o.monitor = &ref;
    o.name = "the_crasher";
    all_sent = false;
    ASSERT_EQ(0, kith_spawn_opt(&o, crasher, nullptr, 0, &pid));
    for (std::uint64_t tag : {77, 78, 79})
        EXPECT_EQ(0, kt_send(pid, tag, 1));
    all_sent = true;
    EXPECT_EQ(KITH_USER, kt_why(ref).kind);
    kt_flush_log();

    ASSERT_EQ(1u, ear.count("kith: crash: process <"));
    std::string text;
    for (const kt_heard &h : ear.all())
        if (has(h.text, "crash")) {
            text = h.text;
            EXPECT_EQ(KITH_LOG_ERROR, h.level);
        }
    for (const char *part :
         {"crasher", "spawned by", "\"doomed\"", "the_crasher", "parent: <",
          "user(7) too deep", "links: 0", "watched by 1", "tag 0x4d"})
        EXPECT_TRUE(has(text, part)) << part << " in\n" << text;
    for (const char *caller : {"deepest", "deeper", "kith_exit"})
        EXPECT_TRUE(!KI_CTX_FRAMES || has(text, caller)) << caller << " in\n" << text;
}

TEST_F(Crash, OnlyWhoEndsItselfAbnormallyIsAnError)
{
    kt_ear ear;

    EXPECT_EQ(KITH_NORMAL, run([] { return 0; }).kind);
    EXPECT_EQ(KITH_SHUTDOWN, run([] {
                                 kith_exit(kith_reason_of(KITH_SHUTDOWN, 0, nullptr));
                                 return 0;
                             }).kind);
    kt_flush_log();
    EXPECT_EQ(0u, ear.count("crash"));
    EXPECT_EQ(KITH_ERROR, run([]() -> int { return KITH_EIO; }).kind);
    kt_flush_log();
    EXPECT_EQ(1u, ear.count("error(eio)"));
    EXPECT_EQ(KITH_KILLED, run([] {
                               kith_exit_signal(kith_self(),
                                                kith_reason_of(KITH_KILL, 0, nullptr));
                               return 0;
                           }).kind);
    kt_flush_log();
    EXPECT_EQ(2u, ear.count("crash"));
    for (const kt_heard &h : ear.all())
        if (has(h.text, "killed")) {
            EXPECT_EQ(KITH_LOG_INFO, h.level) << "others have ended it";
        }
}

TEST_F(Crash, AHandlersIsToldToo)
{
    static kith_server type;
    kt_ear ear;
    kith_spawn_options o = KITH_SPAWN_OPTIONS_INIT;
    kith_ref ref;
    kith_pid pid;

    type = {};
    type.cast = [](void *, const kith_msg *) -> int { return KITH_EPROTO; };
    o.monitor = &ref;
    ASSERT_EQ(0, kith_server_start(&type, &o, nullptr, 0, &pid));
    ASSERT_EQ(0, kith_cast(pid, 1, nullptr, 0));
    EXPECT_EQ(KITH_ERROR, kt_why(ref).kind);
    kt_flush_log();
    EXPECT_EQ(1u, ear.count("error(eproto)"));
}

TEST_F(Crash, AFloodIsCountedNotWritten)
{
    const std::size_t n = kt_scale(20000);
    kt_ear ear;

    in_process([n] {
        for (std::size_t i = 0; i < n; i++) {
            kith_ref ref;
            const kith_msg *m;

            if (kith_spawn_monitor([](void *) -> int { return KITH_EIO; }, nullptr, 0,
                                   nullptr, &ref) < 0 ||
                kith_receive_ref(ref, &m, kt_long()) < 0)
                std::abort();
        }
    });
    EXPECT_EQ(0, kith_stop(0, 1000));
    ASSERT_EQ(0, kith_start(nullptr));
    EXPECT_LE(ear.count("kith: crash:"), 500u);
    if (n > 500) {
        EXPECT_GE(ear.count("crash reports suppressed"), 1u);
    }
}

/* ---- dumps ---- */

struct pair {
    kith_socket a, b;
};

std::string
text_of(const kith_sockaddr &a)
{
    char text[KITH_SOCKADDR_TEXT];

    kith_sockaddr_print(&a, text, sizeof text);
    return text;
}

__attribute__((noinline)) int
reads_slowly(kith_socket s)
{
    char buf[16];

    return static_cast<int>(kith_socket_recv(s, buf, sizeof buf, 0, 60000)) + 1;
}

int
reader(kith_socket s, void *)
{
    return reads_slowly(s) > 0 ? 0 : -1;
}

using Dump = kt_runtime;

TEST_F(Dump, AParkedRecvNamesDescriptorPeerDeadlineAndTheUsersFunction)
{
    kith_socket l, c, s;
    kith_sockaddr at, peer;
    kith_pid pid;
    int fd;
    std::string part;

    ASSERT_EQ(0, kith_tcp_listen("127.0.0.1:0", &l));
    ASSERT_EQ(0, kith_socket_sockname(l, &at));
    ASSERT_EQ(0, kith_tcp_connect(text_of(at).c_str(), kt_long(), &c));
    ASSERT_EQ(0, kith_socket_accept(l, kt_long(), &s));
    ASSERT_EQ(0, kith_socket_peername(s, &peer));
    ASSERT_EQ(0, kith_socket_getopt_int(s, KITH_OPT_OTP_FD, &fd));
    ASSERT_EQ(0, kith_socket_spawn(s, reader, nullptr, 0, &pid));

    ASSERT_TRUE(kt_until([&] {
        part = part_of(dump(), "reader");
        return (!KI_CTX_FRAMES || has(part, "reads_slowly")) && has(part, "peer");
    })) << dump();
    EXPECT_TRUE(has(part, "socket_recv")) << part;
    EXPECT_TRUE(has(part, " fd " + std::to_string(fd) + " peer " + text_of(peer))) << part;
    EXPECT_TRUE(has(part, " ms left")) << part;

    std::string all; /* who took the connection may be about to leave the listener */
    EXPECT_TRUE(kt_until([&] {
        all = dump();
        return has(all, "stream: listening, local " + text_of(at));
    })) << all;
    EXPECT_TRUE(has(all, "waiting to read 1")) << all;
    EXPECT_TRUE(has(all, "kith ")) << "the header";

    struct kith_process_info info = KITH_PROCESS_INFO_INIT;
    ASSERT_EQ(0, kith_process_info(pid, &info));
    EXPECT_GT(info.left, 0);
    EXPECT_LE(info.left, 60000);
    EXPECT_GT(info.stack_used, 0u);
    EXPECT_EQ(kith_self(), info.parent);
    kill(pid);
    EXPECT_EQ(0, kith_socket_close(c));
    EXPECT_EQ(0, kith_socket_close(l));
}

/* Everything at once: messages, deaths, timers, sockets. Nothing is lost to a look. */
TEST_F(Dump, UnderFullLoadDisturbsNobody)
{
    const int rounds = static_cast<int>(kt_scale(1000));
    std::atomic<bool> stop = false;
    std::atomic<long> hops = 0;
    const int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    kt_ear quiet(KITH_LOG_NONE);

    for (int i = 0; i < 4; i++) { /* two and two send a message back and forth */
        const kith_pid other = spawn([&] {
            const kith_msg *m;

            while (kith_receive(&m, KITH_INFINITY) == 0 && m->tag == 1)
                if (kt_send(m->from, 1, 0) < 0)
                    return;
        });
        spawn([&, other] {
            const kith_msg *m;

            while (!stop) {
                if (kt_send(other, 1, 0) < 0 || kith_receive(&m, kt_long()) < 0)
                    std::abort(); /* a wake-up was lost */
                hops++;
            }
            kt_ignore(kt_send(other, 2, 0));
        });
    }
    spawn([&] { /* births and deaths */
                while (!stop) {
                    kith_ref ref;
                    const kith_msg *m;

                    if (kith_spawn_monitor([](void *) -> int { return KITH_EIO; }, nullptr,
                                           0, nullptr, &ref) < 0 ||
                        kith_receive_ref(ref, &m, kt_long()) < 0)
                        std::abort();
                }
    });
    spawn([&] { /* timers */
                while (!stop)
                    kt_ignore(kith_sleep(1));
    });
    spawn([&] { /* sockets */
                kith_socket l, c, s;
                kith_sockaddr at;
                char b = 0;

                if (kith_tcp_listen("127.0.0.1:0", &l) < 0 ||
                    kith_socket_sockname(l, &at) < 0)
                    std::abort();
                while (!stop) {
                    char where[KITH_SOCKADDR_TEXT];

                    kith_sockaddr_print(&at, where, sizeof where);
                    if (kith_tcp_connect(where, kt_long(), &c) < 0 ||
                        kith_socket_accept(l, kt_long(), &s) < 0 ||
                        kith_socket_send(c, &b, 1, 0, kt_long()) != 1 ||
                        kith_socket_recv(s, &b, 1, 0, kt_long()) != 1)
                        std::abort();
                    kith_socket_close(c);
                    kith_socket_close(s);
                }
    });
    const kith_pid dumper = spawn([&] {
        for (int i = 0; i < rounds / 2; i++)
            if (kith_dump(null) < 0)
                std::abort();
    });
    for (int i = 0; i < rounds; i++)
        ASSERT_EQ(0, kith_dump(null));
    ASSERT_EQ(0, kith_wait(dumper, nullptr, kt_long()));
    EXPECT_GT(hops, 0);
    stop = true;
    EXPECT_TRUE(kt_until([] { return kt_processes() == 0; }));
    close(null);
}

TEST_F(Dump, ToAPipeThatNobodyReadsIsACodeAndKillsNobody)
{
    int ends[2];
    sigset_t pending;

    ASSERT_EQ(0, pipe(ends));
    close(ends[0]);
    EXPECT_EQ(KITH_EPIPE, kith_dump(ends[1]));
    in_process([&] { EXPECT_EQ(KITH_EPIPE, kith_dump(ends[1])); });
    close(ends[1]);
    ASSERT_EQ(0, sigpending(&pending));
    EXPECT_EQ(0, sigismember(&pending, SIGPIPE)) << "nothing is left of it";
}

TEST_F(Dump, TellsWhatASocketHasReadAndWritten)
{
    kith_socket l, c, s;
    kith_sockaddr at, peer;
    char buf[1234] = {};

    ASSERT_EQ(0, kith_tcp_listen("127.0.0.1:0", &l));
    ASSERT_EQ(0, kith_socket_sockname(l, &at));
    ASSERT_EQ(0, kith_tcp_connect(text_of(at).c_str(), kt_long(), &c));
    ASSERT_EQ(0, kith_socket_accept(l, kt_long(), &s));
    ASSERT_EQ(0, kith_socket_peername(s, &peer));
    ASSERT_EQ(1234, kith_socket_send(c, buf, sizeof buf, 0, kt_long()));
    ASSERT_EQ(1234, kith_socket_recv(s, buf, sizeof buf, KITH_MSG_WAITALL, kt_long()));
    ASSERT_EQ(7, kith_socket_send(s, buf, 7, 0, kt_long()));
    ASSERT_EQ(7, kith_socket_recv(c, buf, 7, 0, kt_long()));

    EXPECT_TRUE(
        kt_until([&] { /* a worker that looks at its readiness has it for a moment */
                       const std::string all = dump();

                       return has(part_of(all, ", peer " + text_of(peer)),
                                  "read 1234 bytes, written 7,") &&
                              has(part_of(all, ", local " + text_of(peer)),
                                  "read 7 bytes, written 1234,");
        }))
        << dump();
    for (kith_socket one : {s, c, l})
        EXPECT_EQ(0, kith_socket_close(one));
}

TEST_F(Dump, TellsOfEveryWorker)
{
    struct kith_runtime_info info = KITH_RUNTIME_INFO_INIT;

    ASSERT_EQ(0, kith_runtime_info(&info));
    in_process([] {});
    const std::string all = dump();
    std::size_t switches = 0;
    for (unsigned i = 0; i < info.workers; i++) {
        const std::string part = part_of(all, "worker " + std::to_string(i) + ": ran ");

        for (const char *count : {"polled ", "slept ", "steals ", "wake-ups ", "events "})
            EXPECT_TRUE(has(part, count)) << count << " in\n" << all;
        const std::size_t at = part.find("switches ");
        ASSERT_NE(std::string::npos, at) << all;
        switches += std::stoul(part.substr(at + 9));
    }
    EXPECT_GT(switches, 0u);
}

/* What stderr gets, in a file that nobody sees, for the length of a scope. */
class stderr_file {
  public:
    stderr_file()
    {
        dup2(fileno(file_), 2);
    }

    ~stderr_file()
    {
        EXPECT_TRUE(kt_until([] { return ki_offload_busy() == 0; })) << "who writes to it";
        dup2(before_, 2);
        close(before_);
        fclose(file_);
    }

    stderr_file(const stderr_file &) = delete;
    stderr_file &operator=(const stderr_file &) = delete;

    bool has_some()
    {
        struct stat st = {};

        return fstat(fileno(file_), &st) == 0 && st.st_size > 0;
    }

  private:
    FILE *file_ = tmpfile();
    int before_ = dup(2);
};

TEST(DumpStart, ASignalWritesToStderrWhenAskedFor)
{
    kith_options o = KITH_OPTIONS_INIT;

    o.dump_signal = SIGUSR1;
    ASSERT_EQ(0, kith_start(&o));
    stderr_file err;
    raise(SIGUSR1);
    EXPECT_TRUE(kt_until([&] { return err.has_some(); }));
    EXPECT_EQ(0, kith_stop(0, 1000));
}

TEST(DumpStart, ASignalIsServedWhileEveryThreadForUsersBlocks)
{
    kith_options o = KITH_OPTIONS_INIT;

    o.dump_signal = SIGUSR1;
    ASSERT_EQ(0, kith_start(&o));
    stderr_file err;
    {
        kt_blockers all(KI_OFFLOAD_THREADS + 5);
        ASSERT_TRUE(all.block());
        raise(SIGUSR1);
        EXPECT_TRUE(kt_until([&] { return err.has_some(); }));
    }
    EXPECT_EQ(0, kith_stop(0, 1000));
}

TEST(DumpStart, AProcessIsServedWhileEveryThreadForUsersBlocks)
{
    kt_bodies bodies;
    std::atomic<int> dumped = 1;

    ASSERT_EQ(0, kith_start(nullptr));
    {
        kt_blockers all(KI_OFFLOAD_THREADS + 5);
        FILE *out = tmpfile();
        const int fd = fileno(out);

        ASSERT_TRUE(all.block());
        bodies.spawn([&dumped, fd] {
            int rc = 0;

            for (int i = 0; i < 6 && rc == 0; i++) /* one right after the other */
                rc = kith_dump(fd);
            dumped = rc;
        });
        EXPECT_TRUE(kt_until([&] { return dumped == 0; }, kt_long()));
        fclose(out);
    }
    EXPECT_EQ(0, kith_stop(0, 1000));
}

/* ---- counts ---- */

using Info = kt_runtime;

TEST_F(Info, TheWholeCountsWhatThereIsAndComesBackToWhatItWas)
{
    struct kith_runtime_info before = KITH_RUNTIME_INFO_INIT, now = before;
    const kith_msg *none;
    kith_ref timer;
    const auto settled = [&] {
        return kith_runtime_info(&now) == 0 && now.processes == 0 &&
               now.links == before.links && now.names == before.names &&
               now.monitors == before.monitors && now.timers == before.timers &&
               now.sockets == before.sockets && now.bytes == before.bytes;
    };

    ASSERT_EQ(0, kith_runtime_info(&before));
    ASSERT_EQ(0, kith_start_timer(60000, kith_self(), {nullptr, 0}, &timer));
    const kith_pid pid = spawn([] {
        const kith_msg *m;
        kith_socket s;

        kt_ignore(kith_register("somebody", kith_self()));
        kt_ignore(kith_socket_open(KITH_INET, KITH_STREAM, 0, nullptr, &s));
        kt_ignore(kith_alloc(5000) != nullptr);
        kt_ignore(kith_spawn_link(
            [](void *) {
                const kith_msg *m;

                kt_ignore(kith_receive(&m, KITH_INFINITY));
                return 0;
            },
            nullptr, 0, nullptr));
        kt_ignore(kith_receive(&m, KITH_INFINITY));
    });
    ASSERT_TRUE(kt_until([&] {
        return kith_runtime_info(&now) == 0 && now.processes == 2 && now.links == 1 &&
               now.names == before.names + 1 && now.sockets == before.sockets + 1 &&
               now.timers == before.timers + 1 && now.bytes >= before.bytes + 5000;
    }));
    EXPECT_EQ(now.processes_max, before.processes_max);
    kill(pid);
    ASSERT_EQ(0, kith_cancel_timer(timer, nullptr));
    EXPECT_EQ(KITH_ETIMEOUT,
              kith_receive(&none, 0)); /* a DOWN it has taken goes with this */
    EXPECT_TRUE(kt_until(settled))
        << "bytes " << now.bytes << " was " << before.bytes << ", links " << now.links
        << " was " << before.links << ", monitors " << now.monitors << " was "
        << before.monitors << ", timers " << now.timers << " was " << before.timers
        << ", sockets " << now.sockets << " was " << before.sockets << ", processes "
        << now.processes;

    EXPECT_EQ(KITH_EINVAL, kith_runtime_info(nullptr));
    now.size = 1;
    EXPECT_EQ(KITH_EINVAL, kith_runtime_info(&now));
}

TEST_F(Info, ALinkWithASocketCountsOnce)
{
    struct kith_runtime_info now = KITH_RUNTIME_INFO_INIT;
    constexpr std::size_t n = 4;
    kith_socket s[n];
    const auto links = [&now] {
        EXPECT_EQ(0, kith_runtime_info(&now));
        return now.links;
    };

    for (kith_socket &one : s)
        ASSERT_EQ(0, kith_socket_open(KITH_INET, KITH_DGRAM, 0, nullptr, &one));
    for (std::size_t i = 0; i < n; i++) {
        ASSERT_EQ(0, kith_socket_link(s[i]));
        EXPECT_TRUE(kt_until([&] { return links() == i + 1; })) << links();
    }
    ASSERT_EQ(0, kith_socket_unlink(s[0]));
    EXPECT_TRUE(kt_until([&] { return links() == n - 1; })) << links();
    for (kith_socket one : s)
        EXPECT_EQ(0, kith_socket_close(one));
    EXPECT_TRUE(kt_until([&] { return links() == 0; })) << links();
}

TEST_F(Info, AWorkersTimeIsAllAccountedFor)
{
    struct kith_runtime_info all = KITH_RUNTIME_INFO_INIT;
    struct kith_worker_info w = KITH_WORKER_INFO_INIT;
    std::uint64_t switches = 0;

    in_process([] { kt_ignore(kith_sleep(30)); });
    ASSERT_EQ(0, kith_runtime_info(&all));
    EXPECT_GE(all.uptime, 30);
    for (unsigned i = 0; i < all.workers; i++) {
        ASSERT_EQ(0, kith_worker_info(i, &w));
        EXPECT_GE(w.run_ns + w.poll_ns + w.sleep_ns, 29'000'000u);
        EXPECT_TRUE(kt_until([&] {
            return kith_worker_info(i, &w) == 0 && w.sleep_ns >= 10'000'000u;
        })) << "with nothing to do it sleeps";
        EXPECT_GT(w.polls, 0u);
        switches += w.switches;
    }
    EXPECT_GT(switches, 0u);
    EXPECT_EQ(KITH_ENOENT, kith_worker_info(all.workers, &w));
    EXPECT_EQ(KITH_EINVAL, kith_worker_info(0, nullptr));
}

TEST_F(Info, AProcessTellsItsNameLabelAndFlags)
{
    struct kith_process_info info = KITH_PROCESS_INFO_INIT;
    const kith_pid pid = spawn([] {
        const kith_msg *m;

        kith_flag_trap_exit(true);
        kith_set_label("a label that is longer than there is room for");
        kt_ignore(kith_register("an_info", kith_self()));
        kt_ignore(kith_receive_tag(5, &m, KITH_INFINITY));
    });

    ASSERT_EQ(0, kt_send(pid, 1, 1));
    ASSERT_TRUE(kt_until([&] {
        return kith_process_info(pid, &info) == 0 && info.status == KITH_STATUS_WAITING &&
               info.mailbox_len == 1 && info.mailbox_bytes > 8;
    }));
    EXPECT_STREQ("an_info", info.name);
    EXPECT_STREQ("a label that is longer ", info.label);
    EXPECT_TRUE(info.trap_exit);
    EXPECT_GT(info.stack_used, 0u);
    EXPECT_EQ(0, info.left);
    kill(pid);
}

}    // namespace
