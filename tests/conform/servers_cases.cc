/* SPDX-License-Identifier: Apache-2.0
 * servers_cases.cc -- servers: calls and their replies, what comes first, and the end. */
#include "conform.h"

/* Tags of calls, casts and other messages. */
enum : std::uint64_t {
    ADD = 1,   /* call: answers the total; cast: says it */
    LATER,     /* call: keeps whom to answer; cast: answers it */
    TWICE,     /* call: answers two times */
    ELSEWHERE, /* call: has a puppet answer */
    STOP,      /* call: answers and stops; cast: stops */
    BREAK,     /* call, cast: stops with an error */
    DIE,       /* call: ends itself in the middle */
    REFUSE,    /* call: answers an error */
    NEVER,     /* call: does not answer */
    AGAIN,     /* cast: asks to continue; tags of `cont` begin here */
    IDLE, /* cast: asks for a timeout of 10 ms; sends itself AWAKE first, if the number is 0 */
    AWAKE
};

enum : unsigned { TRAPPING = 1, CANNOT = 2, IGNORE = 4, CONTINUES = 8, CANNOT_EXIT = 16 };

struct start_arg {
    unsigned how;
    puppet helper;
};

struct state {
    int total;
    kith_from kept;
    puppet helper;
};

static int
init(void *s, void *arg)
{
    const start_arg *a = static_cast<start_arg *>(arg);

    say("init");
    static_cast<state *>(s)->helper = a->helper;
    if (a->how & TRAPPING)
        trap();
    if (a->how & CONTINUES)
        must(kith_server_continue(AGAIN));
    if (a->how & CANNOT_EXIT)
        kith_exit(user(1));
    if (a->how & CANNOT)
        return KITH_EINVAL;
    return a->how & IGNORE ? KITH_IGNORE : KITH_CONTINUE;
}

static int
call(void *state_, kith_from from, const kith_msg *m)
{
    state *s = static_cast<state *>(state_);
    int two = 2;

    switch (m->tag) {
    case ADD:
        s->total += number(m);
        kith_reply(from, &s->total, sizeof s->total);
        break;
    case LATER:
        s->kept = from;
        break;
    case TWICE:
        kith_reply(from, &s->total, sizeof s->total);
        kith_reply(from, &two, sizeof two);
        break;
    case ELSEWHERE:
        tell(s->helper, [from] {
            const int n = 9;

            kith_reply(from, &n, sizeof n);
        });
        break;
    case STOP:
        kith_reply(from, &s->total, sizeof s->total);
        return KITH_DONE;
    case BREAK:
        return KITH_EINVAL;
    case DIE:
        kith_exit(user(1));
    case REFUSE:
        kith_reply_error(from, KITH_EINVAL);
        break;
    }
    return KITH_CONTINUE;
}

static int
cast(void *state_, const kith_msg *m)
{
    state *s = static_cast<state *>(state_);

    switch (m->tag) {
    case ADD:
        s->total += number(m);
        say("cast: %d", s->total);
        break;
    case LATER:
        kith_reply(s->kept, &s->total, sizeof s->total);
        break;
    case STOP:
        return KITH_DONE;
    case BREAK:
        return KITH_EINVAL;
    case AGAIN:
        say("cast");
        must(kith_server_continue(AGAIN + static_cast<unsigned>(number(m))));
        break;
    case IDLE:
        if (number(m) == 0)
            must(send(kith_self(), AWAKE));
        must(kith_server_timeout(number(m)));
        break;
    }
    return KITH_CONTINUE;
}

static int
info(void *, const kith_msg *m)
{
    say("info %s", m->tag == AWAKE ? "awake" : note(m).s);
    return KITH_CONTINUE;
}

static int
cont(void *, std::uint64_t tag)
{
    say("continue %d", static_cast<int>(tag - AGAIN));
    if (tag == AGAIN + 2)
        must(kith_server_continue(AGAIN + 3));
    return KITH_CONTINUE;
}

static void
terminate(void *, kith_reason why)
{
    say("terminate: %s", reason(why).s);
}

static const kith_server server = {sizeof(state), false, init,      call,
                                   cast,          info,  terminate, cont};

static const kith_server silent = {sizeof(state), false,   nullptr, nullptr,
                                   nullptr,       nullptr, nullptr, nullptr};

static int
try_start(kith_spawn_options o, unsigned how, kith_pid *pid, puppet helper = {})
{
    const start_arg a = {how, helper};

    return kith_server_start(&server, &o, &a, sizeof a, pid);
}

static kith_pid
start(unsigned how = 0, bool link = false, puppet helper = {})
{
    kith_pid pid;

    must(try_start(options(link), how, &pid, helper));
    label(pid, "s");
    say("started");
    return pid;
}

/* A call with a number, and what came of it. */
static void
ask(kith_pid to, std::uint64_t tag, int n = 0, kith_ms timeout = LONG)
{
    int answer = 0;
    kith_reason why;
    const std::ptrdiff_t rc = kith_call(to, tag, KITH_IOV(n), KITH_IOV(answer), timeout);

    if (rc >= 0)
        say("reply %d", answer);
    else if (rc == KITH_ENOPROC && kith_call_why(&why) == 0)
        say("call: %s", reason(why).s);
    else
        say("call: %s", word("call", rc));
}

static void
post(kith_pid to, std::uint64_t tag, int n = 0)
{
    must(kith_cast(to, tag, &n, sizeof n));
}

CASE(server_init, "A server is started when its init has run.", "gen_server:start/3",
     ON_NODE, "init\nstarted\n")
{
    start();
}

CASE(server_call, "A call waits for the reply; the state lives from call to call.",
     "gen_server:call/2", ON_NODE, "init\nstarted\nreply 1\nreply 3\nnothing\n")
{
    const kith_pid s = start();

    ask(s, ADD, 1);
    ask(s, ADD, 2);
    nothing();
}

CASE(server_cast_before_call, "A cast is handled before a call made after it.",
     "gen_server:cast/2", ON_NODE, "init\nstarted\ncast: 5\nreply 6\n")
{
    const kith_pid s = start();

    post(s, ADD, 5);
    ask(s, ADD, 1);
}

CASE(server_info, "Any other message is information.", "gen_server: handle_info/2", ON_NODE,
     "init\nstarted\ninfo msg(50)\nreply 0\n")
{
    const kith_pid s = start();

    must(send(s, 50));
    ask(s, ADD, 0);
}

CASE(server_in_order, "Casts, calls and other messages are handled in the order sent.",
     "Processes, Delivery of Signals", ON_NODE,
     "init\nstarted\ncast: 1\ninfo msg(50)\ncast: 3\ninfo msg(51)\nreply 3\n")
{
    const kith_pid s = start();

    post(s, ADD, 1);
    must(send(s, 50));
    post(s, ADD, 2);
    must(send(s, 51));
    ask(s, ADD, 0);
}

CASE(server_init_fails, "If init fails there is no server, and its name is free.",
     "gen_server: init/1, {stop, Reason}", ON_NODE, "init\nstart: einval\nundefined\n")
{
    kith_spawn_options o = options();
    kith_pid pid;

    o.name = "conform";
    say("start: %s", word("start", try_start(o, CANNOT, &pid)));
    say("%s", who(kith_whereis("conform")));
}

CASE(server_init_fails_linked, "A linked starter that traps exits gets the answer only.",
     "gen_server:start_link/3", HERE("on a node so since OTP 26"),
     "init\nstart: einval\nnothing\n")
{
    kith_pid pid;

    trap();
    say("start: %s", word("start", try_start(options(true), CANNOT, &pid)));
    nothing();
}

CASE(server_init_dies, "If it dies in init the start says so.", "gen_server:start/3",
     DIFFERS("a code of its own, where Erlang answers the reason"), "init\nstart: failed\n")
{
    kith_pid pid;

    say("start: %s", word("start", try_start(options(), CANNOT_EXIT, &pid)));
}

CASE(server_init_ignores,
     "An init may say that there is nothing to do: no server, no error.",
     "gen_server: init/1, ignore", ON_NODE, "init\nstart: ignore\nundefined\n")
{
    kith_spawn_options o = options();
    kith_pid pid;

    o.name = "conform";
    must(try_start(o, IGNORE, &pid));
    say("start: %s", pid.id == 0 ? "ignore" : "ok");
    say("%s", who(kith_whereis("conform")));
}

CASE(server_name_taken, "A second server of one name does not start.", "gen_server:start/4",
     ON_NODE, "init\nstart: ok\nstart: already_started\n")
{
    kith_spawn_options o = options();
    kith_pid pid;

    o.name = "conform";
    for (int i = 0; i < 2; i++)
        say("start: %s", word("start", try_start(o, 0, &pid)));
}

CASE(server_call_name, "A server is called by its name.", "gen_server:call/2, name",
     ON_NODE, "init\nstarted\nreply 1\n")
{
    int n = 1, answer = 0;

    must(kith_register("conform", start()));
    must(kith_call_name("conform", ADD, KITH_IOV(n), KITH_IOV(answer), LONG));
    say("reply %d", answer);
}

CASE(server_call_no_name, "A call to a name that nobody has fails: noproc.",
     "gen_server:call/2, name", ON_NODE, "call: noproc\n")
{
    int n = 1;

    say("call: %s", word("call", kith_call_name("conform_nobody", ADD, KITH_IOV(n),
                                                KITH_IOV(n), LONG)));
}

CASE(server_call_dead, "A call to a dead server fails: noproc.", "gen_server:call/2",
     ON_NODE, "call: noproc\n")
{
    ask(gone("a"), ADD, 1);
}

CASE(server_call_self, "A process cannot call itself.", "gen_server:call/2", ON_NODE,
     "call: calling_self\n")
{
    ask(kith_self(), ADD, 1);
}

CASE(server_call_dies, "If the server dies in a call, the caller is told of what.",
     "gen_server:call/2", ON_NODE,
     "init\nstarted\nterminate: user(1)\ncall: user(1)\nnothing\n")
{
    const kith_pid s = start();

    ask(s, DIE);
    nothing();
}

CASE(server_call_timeout, "A reply that comes too late is dropped.", "gen_server:call/3",
     ON_NODE, "init\nstarted\ncall: timeout\nreply 0\nnothing\n")
{
    const kith_pid s = start();

    ask(s, LATER, 0, 10);
    post(s, LATER);
    ask(s, ADD, 0);
    nothing();
}

CASE(server_reply_later, "A reply may come later; others are answered meanwhile.",
     "gen_server:reply/2", ON_NODE, "init\nstarted\nreply 5\nreply 5\n")
{
    const puppet a = make("a"), b = make("b");
    const kith_pid s = start();

    tell(a, [s] { ask(s, LATER); });
    while (true) {    // until the server has the call of a
        int n = 0, total = 0;

        must(kith_call(s, ADD, KITH_IOV(n), KITH_IOV(total), LONG));
        struct kith_process_info i = KITH_PROCESS_INFO_INIT;
        must(kith_process_info(a.pid, &i));
        if (i.status == KITH_STATUS_WAITING && i.mailbox_len == 0)
            break;
        kith_yield();
    }
    in(b, [s] { ask(s, ADD, 5); });
    post(s, LATER);
    sync(a);
}

CASE(server_reply_elsewhere, "A reply may come from another process.", "gen_server:reply/2",
     ON_NODE, "init\nstarted\nreply 9\n")
{
    const puppet h = make("h");

    ask(start(0, false, h), ELSEWHERE);
}

CASE(server_reply_twice, "The first reply counts, the second is dropped.",
     "gen_server:reply/2", DIFFERS("in Erlang a second one may stay in the mailbox"),
     "init\nstarted\nreply 0\nreply 0\nnothing\n")
{
    const kith_pid s = start();

    ask(s, TWICE);
    ask(s, ADD, 0);
    nothing();
}

CASE(server_reply_and_stop, "A server may answer and stop.",
     "gen_server: handle_call/3, {stop, Reason, Reply, State}", ON_NODE,
     "init\nstarted\nterminate: normal\nreply 0\ndown(m, normal)\n")
{
    const kith_pid s = start();
    const kith_ref m = monitor(s, "m");
    int n = 0;

    must(kith_call(s, STOP, KITH_IOV(n), KITH_IOV(n), LONG));
    const kith_msg *d = take_ref(m);

    say("reply %d", n);
    show(d);
}

CASE(server_reply_error, "A server may answer an error.", "gen_server:reply/2",
     HERE("in Erlang an answer like any other"), "init\nstarted\ncall: einval\n")
{
    ask(start(), REFUSE);
}

CASE(server_future, "A call may be begun now and its reply taken later.",
     "gen_server:send_request/2", ON_NODE, "init\nstarted\nreply 1\nreply 3\n")
{
    const kith_pid s = start();
    int n[2] = {1, 2}, answer[2];
    kith_future f[2];

    for (int i = 0; i < 2; i++)
        must(kith_call_start(s, ADD, KITH_IOV(n[i]), KITH_IOV(answer[i]), LONG, &f[i]));
    for (int i = 0; i < 2; i++) {
        must(kith_await(f[i], LONG));
        say("reply %d", answer[i]);
    }
}

CASE(server_cast_dead, "A cast to a dead server is no error.", "gen_server:cast/2", ON_NODE,
     "cast: ok\n")
{
    say("cast: %s", word("cast", kith_cast(gone("a"), ADD, nullptr, 0)));
}

CASE(server_cast_no_name, "Nor one to a name that nobody has.", "gen_server:cast/2",
     ON_NODE, "cast: ok\n")
{
    say("cast: %s", word("cast", kith_cast_name("conform_nobody", ADD, nullptr, 0)));
}

/* ---- the end ---- */

CASE(server_stop, "A callback stops the server: terminate runs, it dies normal.",
     "gen_server: {stop, normal, State}", ON_NODE,
     "init\nstarted\nterminate: normal\ndown(m, normal)\n")
{
    const kith_pid s = start();

    monitor(s, "m");
    post(s, STOP);
    show();
}

CASE(server_stop_error, "Or with an error, of which it dies.",
     "gen_server: {stop, Reason, State}", ON_NODE,
     "init\nstarted\nterminate: error(einval)\ndown(m, error(einval))\n")
{
    const kith_pid s = start();

    monitor(s, "m");
    post(s, BREAK);
    show();
}

CASE(server_stop_from_outside,
     "It can be stopped from outside, with a reason, after what it had been sent.",
     "gen_server:stop/3", ON_NODE,
     "init\nstarted\ncast: 1\nterminate: user(1)\nstop: ok\ndown(m, user(1))\n")
{
    const kith_pid s = start();

    monitor(s, "m");
    post(s, ADD, 1);
    say("stop: %s", word("stop", kith_server_stop(s, user(1), LONG)));
    show();
}

CASE(server_stop_dead, "A dead one cannot be stopped: noproc.", "gen_server:stop/1",
     ON_NODE, "stop: noproc\n")
{
    say("stop: %s", word("stop", kith_server_stop(gone("a"), plain(KITH_NORMAL), LONG)));
}

CASE(server_exit_plain,
     "An exit signal kills a server that does not trap exits; terminate runs.",
     "gen_server: terminate/2", DIFFERS("in Erlang terminate does not run then"),
     "init\nstarted\nterminate: user(1)\ndown(m, user(1))\n")
{
    const kith_pid s = start();

    monitor(s, "m");
    must(kith_exit_signal(s, user(1)));
    show();
}

CASE(server_killed, "terminate runs after a kill too.", "gen_server: terminate/2",
     DIFFERS("in Erlang nothing runs then"),
     "init\nstarted\nterminate: killed\ndown(m, killed)\n")
{
    const kith_pid s = start(TRAPPING);

    monitor(s, "m");
    must(kith_exit_signal(s, plain(KITH_KILL)));
    show();
}

CASE(server_parent_dies, "A server that traps exits ends in order when its parent dies.",
     "gen_server: terminate/2, parent", ON_NODE,
     "init\nstarted\nterminate: user(1)\ndown(m, user(1))\n")
{
    const puppet p = make("p");

    in(p, [] { start(TRAPPING, true); });
    const kith_ref m = monitor(pid_of("s"), "m");

    tell(p, [] { kith_exit(user(1)); });
    show(take_ref(m));
}

CASE(server_parent_ends, "Also when its parent ends normal.",
     "gen_server: terminate/2, parent", ON_NODE,
     "init\nstarted\nterminate: normal\ndown(m, normal)\n")
{
    const puppet p = make("p");

    in(p, [] { start(TRAPPING, true); });
    const kith_ref m = monitor(pid_of("s"), "m");

    tell(p, [] { kith_exit(plain(KITH_NORMAL)); });
    show(take_ref(m));
}

CASE(server_stranger_dies, "The exit signal of another is information.",
     "gen_server: handle_info/2", ON_NODE,
     "init\nstarted\ninfo exit(a, user(1))\nreply 0\n")
{
    const puppet a = make("a");
    const kith_pid s = start(TRAPPING, true);

    in(a, [s] { must(kith_exit_signal(s, user(1))); });
    ask(s, ADD, 0);
}

CASE(server_link_dies, "Who started it with a link hears of its death.",
     "gen_server:start_link/3", ON_NODE,
     "init\nstarted\nterminate: error(einval)\nexit(s, error(einval))\n")
{
    trap();
    post(start(0, true), BREAK);
    show();
}

/* ---- what comes first ---- */

CASE(server_continue, "What init leaves to be continued comes before any message.",
     "gen_server: {continue, Continue}", ON_NODE, "init\ncontinue 0\ncast: 1\nreply 1\n")
{
    kith_pid s;

    must(try_start(options(), CONTINUES, &s));
    post(s, ADD, 1);
    int n = 0;
    must(kith_call(s, ADD, KITH_IOV(n), KITH_IOV(n), LONG));
    say("reply %d", n);
}

CASE(server_continue_cast,
     "So does what any callback leaves, whatever lies in the mailbox.",
     "gen_server: {continue, Continue}", ON_NODE,
     "init\nstarted\ncast\ncontinue 1\ncast: 5\nreply 5\n")
{
    const kith_pid s = start();

    post(s, AGAIN, 1);
    post(s, ADD, 5);
    ask(s, ADD, 0);
}

CASE(server_continue_chain, "And what is continued may leave more.",
     "gen_server: {continue, Continue}", ON_NODE,
     "init\nstarted\ncast\ncontinue 2\ncontinue 3\ncast: 5\nreply 5\n")
{
    const kith_pid s = start();

    post(s, AGAIN, 2);
    post(s, ADD, 5);
    ask(s, ADD, 0);
}

CASE(server_idle, "If nothing comes for the time a callback asked for, the server is told.",
     "gen_server: timeout", ON_NODE, "init\nstarted\ninfo timeout()\n")
{
    const puppet a = make("a");
    const kith_pid s = start();

    post(s, IDLE, 10);
    must(kith_send_after(40, kith_self(), 1, kith_iov_of(nullptr, 0), nullptr));
    take_tag(1);
    sync(a);
    int n = 0;
    must(kith_call(s, ADD, KITH_IOV(n), KITH_IOV(n), LONG));
}

CASE(server_idle_ended, "Any message ends that wait.", "gen_server: timeout", ON_NODE,
     "init\nstarted\ncast: 1\nreply 1\n")
{
    const kith_pid s = start();

    post(s, IDLE, 30);
    post(s, ADD, 1);
    must(kith_send_after(60, kith_self(), 1, kith_iov_of(nullptr, 0), nullptr));
    take_tag(1);
    ask(s, ADD, 0);
}

CASE(server_idle_zero, "A time of 0 gives way to what is in the mailbox.",
     "gen_server: timeout", ON_NODE, "init\nstarted\ninfo awake\nreply 0\n")
{
    const kith_pid s = start();

    int n = 0;

    post(s, IDLE, 0);
    must(kith_call(s, ADD, KITH_IOV(n), KITH_IOV(n), LONG));
    ask(s, ADD, 0);    // by now it has had what it sent itself
}

/* ---- no callback ---- */

CASE(server_no_callbacks, "A server without a callback for calls refuses them, and lives.",
     "gen_server: handle_call/3", DIFFERS("in Erlang it dies: undef"),
     "call: eopnotsupp\ncall: eopnotsupp\n")
{
    kith_pid pid;

    must(kith_server_start(&silent, nullptr, nullptr, 0, &pid));
    label(pid, "s");
    ask(pid, ADD, 1);
    maybe(kith_cast(pid, ADD, nullptr, 0));
    maybe(send(pid, 1));
    ask(pid, ADD, 1);
}
