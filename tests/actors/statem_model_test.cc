/* SPDX-License-Identifier: Apache-2.0
 * statem_model_test.cc -- random machines against a model of gen_statem's rules.
 *
 * A table of random actions says what a callback does with an event in a state. The machine does
 * it by the library's calls, the model by the rules as they are written down; both note each
 * callback, and the notes must be the same. Time is virtual: a round sends some events, then lets
 * the clock come to the next deadline that the model knows. */
#include "tests/support/pass.h"
#include "tests/support/runtime.h"

#include <array>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace
{

enum { STATES = 4, TAGS = 12, SYNC = 99, MOST = 400 };

enum what { NEXT, REPEAT, POSTPONE, GIVE, STATE_TIME, EVENT_TIME, NAMED_TIME };

struct action {
    what does;
    int state, name;
    std::uint64_t tag;
    kith_ms ms;
};

using actions = std::vector<action>;

/* What is done; the same for machine and model. After MOST callbacks nothing any more, so that
 * every machine comes to rest. */
struct table {
    std::array<std::array<actions, STATES>, TAGS> on_event;
    std::array<actions, STATES> on_enter;
    actions on_init;
};

action
random_action(std::mt19937_64 &rng, bool of_event)
{
    const kith_ms times[] = {0, 0, 0, 1000, 3000, 7000, 20000, KITH_INFINITY};
    const what of_all[] = {STATE_TIME, EVENT_TIME, NAMED_TIME};
    action a = {};

    a.does = of_event ? static_cast<what>(rng() % 7) : of_all[rng() % 3];
    a.state = static_cast<int>(rng() % STATES);
    a.name = static_cast<int>(rng() % 3);
    a.tag = rng() % TAGS;
    a.ms = times[rng() % 8];
    if (a.ms > 0 && a.ms != KITH_INFINITY)
        a.ms += static_cast<kith_ms>(rng() % 900);
    return a;
}

table
random_table(std::mt19937_64 &rng)
{
    table t;
    const auto fill = [&](actions &as, bool of_event) {
        for (std::uint64_t n = rng() % 4; n > 0; n--)
            as.push_back(random_action(rng, of_event));
    };

    for (auto &states : t.on_event)
        for (actions &as : states)
            fill(as, true);
    for (actions &as : t.on_enter) {
        fill(as, false);
        if (rng() % 4 == 0)
            as.push_back({REPEAT, 0, 0, 0, 0});
    }
    fill(t.on_init, false);
    if (rng() % 2 == 0)
        t.on_init.push_back({GIVE, 0, 0, rng() % TAGS, 0});
    return t;
}

std::string
event_text(int kind, std::uint64_t tag, int name, int state)
{
    static const char kinds[] = "CciISET";

    return kinds[kind] + std::to_string(tag) +
           (kind == KITH_EVENT_TIMEOUT ? "/" + std::to_string(name) : "") + "@" +
           std::to_string(state);
}

std::string
enter_text(int old_state, int state)
{
    return ">" + std::to_string(old_state) + std::to_string(state);
}

/* ---- the model ---- */

struct model {
    struct event {
        int kind;
        std::uint64_t tag;
        int name;
    };
    /* Runs until `at`; of no time if `zero`. */
    struct timeout {
        kith_ms at;
        std::uint64_t tag;
        bool zero;
    };
    using key = std::pair<int, int>; /* kind and name */

    explicit model(const table &t) : t_(t)
    {
        apply(t_.on_init, {}, true);
        enter(0, 0);
        run();
    }

    void receive(const event &e)
    {
        handle(e);
        run();
    }

    /* The earliest of those that run; nullopt: none. tie: two are too near to be told apart. */
    std::optional<kith_ms> next_deadline(bool &tie) const
    {
        std::optional<kith_ms> first;

        tie = false;
        for (const auto &[k, r] : runs_) {
            if (r.zero)
                continue;
            tie = first && (r.at > *first ? r.at - *first : *first - r.at) < 4 ? true
                  : !first || r.at < *first                                    ? false
                                                                               : tie;
            first = first && *first < r.at ? *first : r.at;
        }
        return first;
    }

    void pass_to(kith_ms at)
    {
        now_ = at + 1;
        for (const auto &[k, r] : runs_)
            if (!r.zero && r.at <= now_) {
                const key due = k;
                const std::uint64_t tag = r.tag;

                runs_.erase(due);
                receive({due.first, tag, due.second});
                return;
            }
    }

    const std::vector<std::string> &notes() const
    {
        return notes_;
    }

  private:
    void end(const key &k)
    {
        std::erase(zeros_, k);
        runs_.erase(k);
    }

    /* All that a callback asks for, and what follows from it. */
    void apply(const actions &as, std::optional<event> e, bool in_init = false)
    {
        int next = state_;
        bool repeats = false, postpones = false;
        std::deque<event> given;
        std::map<key, std::size_t> asked; /* the last of each timeout */

        for (std::size_t i = 0; i < as.size() && notes_.size() <= MOST; i++)
            switch (const action &a = as[i]; a.does) {
            case NEXT:
                next = a.state;
                break;
            case REPEAT:
                repeats = true;
                break;
            case POSTPONE:
                postpones = true;
                break;
            case GIVE:
                given.push_back({KITH_EVENT_INTERNAL, a.tag, 0});
                break;
            default:
                asked[key_of(a)] = i;
            }
        const bool changed = next != state_;
        if (postpones)
            postponed_.push_back(*e);
        if (changed)
            end({KITH_EVENT_STATE_TIMEOUT, 0});
        std::map<std::size_t, key> in_order;
        for (const auto &[k, i] : asked)
            in_order[i] = k;
        for (const auto &[i, k] : in_order) {
            end(k);
            if (as[i].ms == KITH_INFINITY)
                continue;
            runs_[k] = {now_ + as[i].ms, as[i].tag, as[i].ms == 0};
            if (as[i].ms == 0)
                zeros_.push_back(k);
        }
        if (changed) {
            queue_.insert(queue_.begin(), postponed_.begin(), postponed_.end());
            postponed_.clear();
        }
        queue_.insert(queue_.begin(), given.begin(), given.end());
        const int old_state = state_;
        state_ = next;
        if ((changed || repeats) && !in_init)
            enter(old_state, next);
    }

    static key key_of(const action &a)
    {
        return a.does == STATE_TIME   ? key{KITH_EVENT_STATE_TIMEOUT, 0}
               : a.does == EVENT_TIME ? key{KITH_EVENT_EVENT_TIMEOUT, 0}
                                      : key{KITH_EVENT_TIMEOUT, a.name};
    }

    void enter(int old_state, int state)
    {
        notes_.push_back(enter_text(old_state, state));
        apply(t_.on_enter[static_cast<std::size_t>(state)], {});
    }

    void handle(const event &e)
    {
        end({KITH_EVENT_EVENT_TIMEOUT, 0});
        notes_.push_back(event_text(e.kind, e.tag, e.name, state_));
        if (e.tag != SYNC)
            apply(t_.on_event[e.tag][static_cast<std::size_t>(state_)], e);
    }

    /* What comes before the mailbox. */
    void run()
    {
        while (!queue_.empty() || !zeros_.empty()) {
            event e;

            if (!queue_.empty()) {
                e = queue_.front();
                queue_.pop_front();
            } else {
                const key k = zeros_.front();
                e = {k.first, runs_[k].tag, k.second};
                end(k);
            }
            handle(e);
        }
    }

    const table &t_;
    int state_ = 0;
    kith_ms now_ = 0;
    std::deque<event> queue_;
    std::vector<event> postponed_;
    std::map<key, timeout> runs_;
    std::vector<key> zeros_; /* of those that run, in order */
    std::vector<std::string> notes_;
};

/* ---- the machine ---- */

std::mutex lock;
std::vector<std::string> notes;
const table *machine_table;

std::vector<std::string>
seen()
{
    const std::lock_guard guard(lock);

    return notes;
}

/* Notes the callback; false: it shall do nothing any more. */
bool
note(const std::string &text)
{
    const std::lock_guard guard(lock);

    notes.push_back(text);
    return notes.size() <= MOST;
}

void
act(const actions &as)
{
    for (const action &a : as) {
        int rc = 0;

        switch (a.does) {
        case NEXT:
            rc = kith_statem_next(a.state);
            break;
        case REPEAT:
            rc = kith_statem_repeat();
            break;
        case POSTPONE:
            rc = kith_statem_postpone();
            break;
        case GIVE:
            rc = kith_statem_internal(a.tag, nullptr, 0);
            break;
        case STATE_TIME:
            rc = kith_statem_state_timeout(a.ms, a.tag);
            break;
        case EVENT_TIME:
            rc = kith_statem_event_timeout(a.ms, a.tag);
            break;
        case NAMED_TIME:
            rc = kith_statem_timeout(a.name, a.ms, a.tag);
            break;
        }
        EXPECT_EQ(0, rc) << a.does;
    }
}

int
init(void *, void *, int *)
{
    act(machine_table->on_init);
    return 0;
}

int
event(void *, int state, const kith_event *e)
{
    const bool on = note(event_text(e->kind, e->tag, e->name, state));

    if (e->tag == SYNC)
        kith_reply(e->from, nullptr, 0);
    else if (on)
        act(machine_table->on_event[e->tag][static_cast<std::size_t>(state)]);
    return 0;
}

int
enter(void *, int old_state, int state)
{
    if (note(enter_text(old_state, state)))
        act(machine_table->on_enter[static_cast<std::size_t>(state)]);
    return 0;
}

class StatemModel : public kt_runtime, public testing::WithParamInterface<bool> {
  protected:
    void play(std::uint64_t seed);

  private:
    static void sync(kith_pid pid, model &m)
    {
        ASSERT_EQ(0, kith_call(pid, SYNC, {nullptr, 0}, {nullptr, 0}, kt_long()));
        m.receive({KITH_EVENT_CALL, SYNC, 0});
        ASSERT_EQ(m.notes(), seen());
    }

    static bool rests(kith_pid pid)
    {
        struct kith_process_info info = KITH_PROCESS_INFO_INIT;

        return kith_process_info(pid, &info) == 0 && info.status == KITH_STATUS_WAITING;
    }

    /* To the model's next deadline, which fires in the machine too. */
    bool let_pass(kith_pid pid, model &m)
    {
        bool tie;
        const auto at = m.next_deadline(tie);

        if (!at || tie || m.notes().size() > MOST)
            return false;
        /* Its timers count from when it asked for them, which is after the note. */
        if (!kt_until([&] { return seen().size() >= m.notes().size() && rests(pid); }))
            return false;
        m.pass_to(*at);
        clock_.advance_to(start_ + (static_cast<std::uint64_t>(*at) + 1) * 1'000'000);
        return kt_until([&] {
            kt_poke();
            return seen().size() >= m.notes().size();
        });
    }

    static constexpr std::uint64_t begin = UINT64_C(1'000'000'000);
    kt_virtual_clock clock_{begin};
    std::uint64_t start_ = begin;
};

void
StatemModel::play(std::uint64_t seed)
{
    std::mt19937_64 rng(seed);
    const table t = random_table(rng);
    kith_spawn_options o = KITH_SPAWN_OPTIONS_INIT;
    kith_statem type = {};
    kith_pid pid;

    start_ = clock_.now_ns();
    machine_table = &t;
    notes.clear();
    o.stack = 256 * 1024;
    type.with_stack = GetParam();
    type.init = init;
    type.event = event;
    type.enter = enter;
    ASSERT_EQ(0, kith_statem_start(&type, &o, nullptr, 0, &pid));
    model m(t);
    for (int round = 0; round < 12 && !HasFatalFailure(); round++) {
        for (std::uint64_t n = rng() % 6; n > 0; n--) {
            const std::uint64_t tag = rng() % TAGS;
            const bool cast = rng() % 2 == 0;

            ASSERT_EQ(0, cast ? kith_cast(pid, tag, nullptr, 0)
                              : kith_send(pid, tag, nullptr, 0));
            m.receive({cast ? KITH_EVENT_CAST : KITH_EVENT_INFO, tag, 0});
        }
        if (rng() % 2 == 0)
            sync(pid, m);
        else if (!let_pass(pid, m))
            sync(pid, m);
    }
    kill(pid);
}

INSTANTIATE_TEST_SUITE_P(, StatemModel, testing::Bool(),
                         [](const auto &p) { return p.param ? "WithStack" : "Handler"; });

TEST_P(StatemModel, RandomMachinesDoAsTheModel)
{
    std::mt19937_64 seeds = kt_rng();

    for (std::size_t i = 0; i < kt_scale(600) && !HasFailure(); i++) {
        const std::uint64_t seed = seeds();

        SCOPED_TRACE(testing::Message() << "machine " << i << ", seed " << seed);
        play(seed);
    }
}

}    // namespace
