/* SPDX-License-Identifier: Apache-2.0
 * notation.cc -- how a case writes down what it saw, in words that fit both languages.
 *
 * Where kith answers a code and Erlang raises, the table below says which code of which call
 * stands for what Erlang does. A code that is not in it is written by its own name. */
#include "conform.h"

#include <cstdio>
#include <map>
#include <mutex>
#include <string>

static const struct {
    const char *call;
    int code;
    const char *word; /* Erlang's */
} words[] = {
    {"link", KITH_ENOPROC, "noproc"},
    {"send", KITH_ENOPROC, "ok"},
    {"exit_signal", KITH_ENOPROC, "ok"},
    {"unalias", KITH_ENOENT, "false"},
    {"demonitor", KITH_EINVAL, "badarg"},
    {"register", KITH_EEXIST, "badarg"},
    {"register", KITH_EALREADY, "badarg"},
    {"register", KITH_ENOPROC, "badarg"},
    {"register", KITH_EINVAL, "badarg"},
    {"unregister", KITH_ENOENT, "badarg"},
    {"send_name", KITH_ENOENT, "badarg"},
    {"send_after", KITH_ENOPROC, "ok"},
    {"cancel_timer", KITH_ENOENT, "false"},
    {"read_timer", KITH_ENOENT, "false"},
    {"process_info", KITH_ENOPROC, "undefined"},
    {"spawn", KITH_EAGAIN, "system_limit"},
    {"call", KITH_ENOPROC, "noproc"},
    {"call", KITH_ENOENT, "noproc"},
    {"call", KITH_ETIMEOUT, "timeout"},
    {"call", KITH_EDEADLK, "calling_self"},
    {"cast", KITH_ENOPROC, "ok"},
    {"cast", KITH_ENOENT, "ok"},
    {"start", KITH_EEXIST, "already_started"},
    {"check_childspecs", KITH_EEXIST, "duplicate_child_name"},
    {"check_childspecs", KITH_EINVAL, "error"},
    {"start_child", KITH_EALREADY, "already_started"},
    {"start_child", KITH_EEXIST, "already_present"},
    {"terminate_child", KITH_ENOENT, "not_found"},
    {"restart_child", KITH_ENOENT, "not_found"},
    {"restart_child", KITH_EALREADY, "running"},
    {"delete_child", KITH_ENOENT, "not_found"},
    {"delete_child", KITH_EBUSY, "running"},
};

const char *
word(const char *call, std::ptrdiff_t rc)
{
    if (rc >= 0)
        return "ok";
    for (const auto &w : words)
        if (w.code == rc && std::strcmp(w.call, call) == 0)
            return w.word;
    return kith_err_name(static_cast<int>(rc));
}

void
print_words()
{
    for (const auto &w : words)
        std::printf("%s\t%s\t%s\n", w.call, kith_err_name(w.code), w.word);
}

/* ---- names ---- */

static std::mutex lock;
static std::map<std::uint64_t, const char *> pids, refs; /* under lock */
static std::map<std::string, std::uint64_t> newest;      /* under lock */

void
label(kith_pid pid, const char *name)
{
    const std::lock_guard guard(lock);

    pids[pid.id] = name;
    newest[name] = pid.id;
}

void
label(kith_ref ref, const char *name)
{
    const std::lock_guard guard(lock);

    refs[ref.id] = name;
}

const char *
who(kith_pid pid)
{
    const std::lock_guard guard(lock);
    const auto i = pids.find(pid.id);

    return pid.id == 0 ? "undefined" : i == pids.end() ? "?" : i->second;
}

kith_pid
pid_of(const char *name)
{
    const std::lock_guard guard(lock);

    return {newest[name]};
}

void
kill_all(kith_pid but)
{
    const std::lock_guard guard(lock);

    for (const auto &[id, name] : pids)
        if (id != but.id)
            maybe(kith_exit_signal({id}, plain(KITH_KILL)));
    pids.clear();
    newest.clear();
}

const char *
which(kith_ref ref)
{
    const std::lock_guard guard(lock);
    const auto i = refs.find(ref.id);

    return i == refs.end() ? "?" : i->second;
}

/* ---- reasons and messages ---- */

text
reason(kith_reason why)
{
    static const char *const kinds[] = {"normal", "shutdown", "kill",
                                        "killed", "noproc",   "noconnection"};
    text t;

    if (why.kind == KITH_ERROR)
        std::snprintf(t.s, sizeof t.s, "error(%s)", kith_err_name(why.code));
    else if (why.kind == KITH_USER)
        std::snprintf(t.s, sizeof t.s, "user(%d)", static_cast<int>(why.code));
    else if (why.kind >= 0 && why.kind < KITH_ERROR)
        std::snprintf(t.s, sizeof t.s, "%s", kinds[why.kind]);
    else
        std::snprintf(t.s, sizeof t.s, "kind %d", static_cast<int>(why.kind));
    return t;
}

text
note(const kith_msg *m)
{
    text t;
    const kith_down *d = KITH_BODY(m, kith_down);

    if (m->tag == KITH_TAG_EXIT && d)
        std::snprintf(t.s, sizeof t.s, "exit(%s, %.60s)", who(m->from), reason(d->why).s);
    else if (m->tag == KITH_TAG_DOWN && d)
        std::snprintf(t.s, sizeof t.s, "down(%s, %.60s)", which(m->ref), reason(d->why).s);
    else if (m->tag == KITH_TAG_TIMEOUT)
        std::snprintf(t.s, sizeof t.s, "timeout(%s)", m->ref.id ? which(m->ref) : "");
    else if (m->tag & KITH_TAG_SYSTEM)
        std::snprintf(t.s, sizeof t.s, "system(%d)",
                      static_cast<int>(m->tag - KITH_TAG_SYSTEM));
    else
        std::snprintf(t.s, sizeof t.s, "msg(%d)", static_cast<int>(m->tag));
    return t;
}
