/* SPDX-License-Identifier: Apache-2.0
 * conform.cc -- runs the cases, and compares what they say with what they should.
 *
 *   conform [ID...]          runs these cases (all), and complains of each line that differs
 *   conform --print [ID...]  prints their lines as "id: line"
 *   conform --list           id, file, kind, rule, source, why: a line each, tabs between
 *   conform --words          the table of codes and Erlang's words for them
 */
#include "conform.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>
#include <vector>

/* ---- the list ---- */

static std::vector<kase> &
all()
{
    static std::vector<kase> list;

    return list;
}

enlist::enlist(const kase &k)
{
    all().push_back(k);
}

static std::string
theme(const kase &k)
{
    const char *slash = std::strrchr(k.file, '/');
    std::string s = slash ? slash + 1 : k.file;

    return s.substr(0, s.find("_cases.cc"));
}

static void
print_list()
{
    for (const kase &k : all())
        std::printf("%s\t%s\t%s\t%s\t%s\t%s\n", k.id, theme(k).c_str(), k.kind, k.rule,
                    k.source, k.why);
}

/* ---- lines ---- */

static std::mutex lock;
static std::string said; /* under lock */
static bool over; /* under lock; the case has ended: what those left say is not its own */

void
say(const char *format, ...)
{
    char line[256];
    va_list ap;

    va_start(ap, format);
    std::vsnprintf(line, sizeof line, format, ap);
    va_end(ap);

    const std::lock_guard guard(lock);
    if (over)
        return;
    said += line;
    said += '\n';
}

void
give_up(const char *what, std::ptrdiff_t rc, int line)
{
    say("line %d: %s answered %s", line, what, kith_err_name(static_cast<int>(rc)));
    kith_exit(plain(KITH_ERROR));
}

/* ---- processes ---- */

kith_spawn_options
options(bool link, kith_ref *monitor)
{
    kith_spawn_options o = KITH_SPAWN_OPTIONS_INIT;

    o.link = link;
    o.monitor = monitor;
    o.stack = 128 * 1024;
    return o;
}

struct errand {
    void (*run)(void *);
    bool answer;
    alignas(16) char f[96];
};

static void
obey(kith_pid master)
{
    const kith_msg *m;

    while (kith_receive_tag(DO, &m, KITH_INFINITY) == 0) {
        errand e = *KITH_BODY(m, errand);

        e.run(e.f);
        if (e.answer)
            maybe(kith_send(master, DONE, nullptr, 0));
    }
}

puppet
make(const char *name, bool trapping)
{
    const kith_pid me = kith_self();
    puppet p;

    must(spawn_opt(
        options(false, &p.ref), [me] { obey(me); }, &p.pid));
    label(p.pid, name);
    label(p.ref, name);
    if (trapping)
        in(p, [] { trap(); });
    return p;
}

static bool
is_answer(const kith_msg *m, void *p)
{
    const puppet *from = static_cast<const puppet *>(p);

    return m->tag == DONE ? m->from.id == from->pid.id
                          : m->tag == KITH_TAG_DOWN && m->ref.id == from->ref.id;
}

void
order(puppet p, void (*run)(void *), const void *f, std::size_t len, bool wait)
{
    errand e = {run, wait, {}};
    const kith_msg *m;

    if (len > sizeof e.f)
        give_up("the lambda is too large", 0, __LINE__);
    std::memcpy(e.f, f, len);
    maybe(kith_send(p.pid, DO, &e, sizeof e));
    if (!wait)
        return;
    must(kith_receive_match(is_answer, &p, &m, LONG));
    if (m->tag == KITH_TAG_DOWN)
        say("%s is dead: %s", who(p.pid), reason(KITH_BODY(m, kith_down)->why).s);
}

void
died(puppet p)
{
    const kith_msg *m = take_ref(p.ref);

    say("%s died: %s", who(p.pid), reason(KITH_BODY(m, kith_down)->why).s);
}

void
lives(puppet p)
{
    in(p, [p] { say("%s lives", who(p.pid)); });
}

void
end(puppet p)
{
    maybe(kith_exit_signal(p.pid, plain(KITH_KILL)));
    take_ref(p.ref);
}

kith_pid
gone(const char *name)
{
    const puppet p = make(name);

    end(p);
    return p.pid;
}

struct kith_process_info
self_info()
{
    struct kith_process_info i = KITH_PROCESS_INFO_INIT;

    must(kith_process_info(kith_self(), &i));
    return i;
}

/* ---- messages ---- */

int
send(kith_pid to, std::uint64_t tag)
{
    return kith_send(to, tag, nullptr, 0);
}

int
send(kith_pid to, std::uint64_t tag, int number)
{
    return kith_send(to, tag, &number, sizeof number);
}

const kith_msg *
take()
{
    const kith_msg *m;

    must(kith_receive(&m, LONG));
    return m;
}

const kith_msg *
take_tag(std::uint64_t tag)
{
    const kith_msg *m;

    must(kith_receive_tag(tag, &m, LONG));
    return m;
}

const kith_msg *
take_ref(kith_ref ref)
{
    const kith_msg *m;

    must(kith_receive_ref(ref, &m, LONG));
    return m;
}

int
number(const kith_msg *m)
{
    const int *n = KITH_BODY(m, int);

    if (!n)
        give_up("a message without a number", 0, __LINE__);
    return *n;
}

void
show(const kith_msg *m)
{
    say("%s", note(m).s);
}

void
show()
{
    show(take());
}

void
nothing()
{
    const kith_msg *m;

    if (kith_receive(&m, 0) == 0)
        show(m);
    else
        say("nothing");
}

/* ---- running ---- */

static void
close_lines(bool yes)
{
    const std::lock_guard guard(lock);

    over = yes;
}

static int
process(void *arg)
{
    label(kith_self(), "main");
    (*static_cast<void (**)()>(arg))();
    close_lines(true);
    kill_all(kith_self());
    return 0;
}

/* What the case says. */
static std::string
run(const kase &k)
{
    kith_spawn_options o = options();
    kith_pid pid;
    kith_ref ref;
    const kith_msg *m;

    o.monitor = &ref;
    o.stack = 256 * 1024;
    said.clear();
    close_lines(false);
    if (kith_start(nullptr) < 0)
        return "kith_start failed\n";
    if (kith_spawn_opt(&o, process, &k.run, sizeof k.run, &pid) < 0 ||
        kith_receive_ref(ref, &m, 2 * LONG) < 0)
        say("the case does not end");
    else if (KITH_BODY(m, kith_down)->why.kind != KITH_NORMAL)
        say("the case died: %s", reason(KITH_BODY(m, kith_down)->why).s);
    close_lines(true);
    if (kith_stop(1, 1) < 0)
        said += "kith_stop failed\n";
    return said;
}

static void
print_lines(const char *id, const char *mark, const std::string &lines)
{
    for (std::size_t at = 0, e; at < lines.size(); at = e + 1) {
        e = std::min(lines.find('\n', at), lines.size());
        std::printf("%s%s: %.*s\n", mark, id, static_cast<int>(e - at), &lines[at]);
    }
}

static bool
check(const kase &k)
{
    const std::string lines = run(k);

    if (lines == k.expect)
        return true;
    std::printf("%s (%s): %s\n", k.id, k.source, k.rule);
    print_lines(k.id, "expected  ", k.expect);
    print_lines(k.id, "was       ", lines);
    return false;
}

int
main(int argc, char **argv)
{
    int at = 1, ran = 0, bad = 0;
    bool print = false;

    setvbuf(stdout, nullptr, _IOLBF, 0);
    setenv("KITH_PROCESSES", "1024", 1); /* one case goes to the limit */
    std::stable_sort(all().begin(), all().end(), [](const kase &a, const kase &b) {
        return std::strcmp(a.file, b.file) < 0;
    });
    if (argc > 1 && std::strcmp(argv[1], "--list") == 0)
        return print_list(), 0;
    if (argc > 1 && std::strcmp(argv[1], "--words") == 0)
        return print_words(), 0;
    if (argc > 1 && std::strcmp(argv[1], "--print") == 0)
        print = true, at = 2;
    for (const kase &k : all()) {
        const auto is = [&](const char *a) { return std::strcmp(a, k.id) == 0; };

        if (at < argc && std::none_of(argv + at, argv + argc, is))
            continue;
        ran++;
        if (print)
            print_lines(k.id, "", run(k));
        else
            bad += !check(k);
    }
    if (!print)
        std::printf("%d cases, %d failed\n", ran, bad);
    return bad || ran == 0 || (at < argc && ran != argc - at) ? 1 : 0;
}
