/* SPDX-License-Identifier: Apache-2.0
 * message_test.cc -- sending: what arrives, in which order, and whose the bytes are. */
#include "tests/support/bytes.h"
#include "tests/support/idle.h"
#include "tests/support/runtime.h"

#include <atomic>
#include <cstring>
#include <vector>

namespace
{

using Message = kt_runtime;

TEST_F(Message, SendCopiesTheBytes)
{
    char text[] = "first";

    ASSERT_EQ(0, kith_send(kith_self(), 3, text, sizeof text));
    std::memcpy(text, "other", sizeof text);

    const kith_msg *m = kt_receive();
    ASSERT_NE(nullptr, m);
    EXPECT_EQ(kith_self().id, m->from.id);
    EXPECT_EQ(3u, m->tag);
    EXPECT_EQ(0u, m->ref.id);
    ASSERT_EQ(sizeof text, m->len);
    EXPECT_STREQ("first", static_cast<const char *>(m->data));
}

TEST_F(Message, SaysWhoSentIt)
{
    const kith_pid me = kith_self();

    const kith_pid child = spawn([me] { EXPECT_EQ(0, kith_send(me, 1, nullptr, 0)); });

    const kith_msg *m = kt_receive();
    ASSERT_NE(nullptr, m);
    EXPECT_EQ(child.id, m->from.id);
    EXPECT_EQ(0u, m->len);
}

TEST_F(Message, IsAlignedForAnything)
{
    for (std::size_t len = 1; len < 200; len += 7) {
        kith_msg *mine = kith_msg_new(1, len);
        ASSERT_NE(nullptr, mine);
        EXPECT_EQ(0u,
                  reinterpret_cast<std::uintptr_t>(mine->data) % alignof(std::max_align_t));
        std::memset(mine->data, 1, len);
        ASSERT_EQ(0, kith_send_msg(kith_self(), mine));

        const kith_msg *m = kt_receive();
        ASSERT_NE(nullptr, m);
        EXPECT_EQ(0u,
                  reinterpret_cast<std::uintptr_t>(m->data) % alignof(std::max_align_t));
    }
}

TEST_F(Message, AMovedMessageIsNotCopied)
{
    kith_msg *mine = kith_msg_new(9, 100);
    ASSERT_NE(nullptr, mine);
    const void *bytes = mine->data;
    std::memset(mine->data, 'x', 100);

    ASSERT_EQ(0, kith_send_msg(kith_self(), mine));

    const kith_msg *m = kt_receive();
    ASSERT_NE(nullptr, m);
    EXPECT_EQ(bytes, m->data);
    EXPECT_EQ(9u, m->tag);
    EXPECT_EQ(kith_self().id, m->from.id);
    EXPECT_EQ(std::string(100, 'x'),
              std::string(static_cast<const char *>(m->data), m->len));
}

TEST_F(Message, AMovedMessageMayBeMadeShorter)
{
    kith_msg *mine = kith_msg_new(9, 4096);
    ASSERT_NE(nullptr, mine);
    std::memset(mine->data, 'x', 4096);
    mine->len = 5;

    ASSERT_EQ(0, kith_send_msg(kith_self(), mine));

    const kith_msg *m = kt_receive();
    ASSERT_NE(nullptr, m);
    EXPECT_EQ(5u, m->len);
}

TEST_F(Message, AMovedMessageIsGoneWhateverTheAnswer)
{
    kith_pid dead;
    ASSERT_EQ(0, kith_spawn(kt_wait_for_ever, nullptr, 0, &dead));
    kill(dead);

    kith_msg *mine = kith_msg_new(1, 64);
    ASSERT_NE(nullptr, mine);
    EXPECT_EQ(KITH_ENOPROC, kith_send_msg(dead, mine));

    mine = kith_msg_new(1, 64);
    ASSERT_NE(nullptr, mine);
    mine->tag = KITH_TAG_DOWN;
    EXPECT_EQ(KITH_EINVAL, kith_send_msg(kith_self(), mine));    // and ASan sees no leak
}

TEST_F(Message, TagsOfTheSystemAreRefused)
{
    const std::uint64_t tags[] = {KITH_TAG_SYSTEM, KITH_TAG_EXIT, KITH_TAG_DOWN,
                                  UINT64_MAX};
    const kith_pid me = kith_self();
    char text[1] = {0};

    for (const std::uint64_t tag : tags) {
        EXPECT_EQ(KITH_EINVAL, kith_send(me, tag, nullptr, 0));
        EXPECT_EQ(KITH_EINVAL, kith_cast(me, tag, nullptr, 0));
        EXPECT_EQ(KITH_EINVAL, kith_send_after(0, me, tag, KITH_IOV(text), nullptr));
        EXPECT_EQ(KITH_EINVAL, kith_call(me, tag, {nullptr, 0}, {nullptr, 0}, 0));
        EXPECT_EQ(nullptr, kith_msg_new(tag, 1));
    }
    ASSERT_EQ(0, kith_register("me", me));
    EXPECT_EQ(KITH_EINVAL, kith_send_name("me", KITH_TAG_EXIT, nullptr, 0));
    EXPECT_EQ(0, kith_send(me, KITH_TAG_SYSTEM - 1, nullptr, 0))
        << "the largest of the user's";
    ASSERT_EQ(0, kith_unregister("me"));
}

TEST_F(Message, BytesFromNowhereAreRefused)
{
    EXPECT_EQ(KITH_EINVAL, kith_send(kith_self(), 1, nullptr, 1));
}

TEST_F(Message, ToNobodyAnswersNoproc)
{
    EXPECT_EQ(KITH_ENOPROC, kith_send({0}, 1, nullptr, 0));
    EXPECT_EQ(KITH_ENOPROC, kith_send({UINT64_MAX}, 1, nullptr, 0));
    EXPECT_EQ(KITH_ENOPROC,
              kith_send({kith_self().id ^ (UINT64_C(1) << 59)}, 1, nullptr, 0));
}

TEST_F(Message, ABodyIsThereOnlyWithTheExpectedLength)
{
    ASSERT_EQ(0, kt_send(kith_self(), 1, 77));

    const kith_msg *m = kt_receive();
    ASSERT_NE(nullptr, m);
    EXPECT_EQ(nullptr, KITH_BODY(m, std::uint32_t));
    EXPECT_EQ(nullptr, kith_msg_body(m, 9));
    ASSERT_NE(nullptr, KITH_BODY(m, std::uint64_t));
    EXPECT_EQ(77u, *KITH_BODY(m, std::uint64_t));
    EXPECT_EQ(nullptr, kith_msg_body(nullptr, 0));
}

TEST_F(Message, LivesUntilTheNextReceive)
{
    const kith_msg *m;

    ASSERT_EQ(0, kt_send(kith_self(), 1, 1));
    ASSERT_EQ(0, kt_send(kith_self(), 2, 2));
    m = kt_receive();
    ASSERT_NE(nullptr, m);

    ASSERT_EQ(0, kith_sleep(1));
    ASSERT_EQ(0, kt_send(kith_self(), 3, 3));
    kith_yield();

    EXPECT_EQ(1u, kt_number(m)) << "calls in between leave it alone";
    EXPECT_EQ(2u, kt_number(kt_receive()));
    EXPECT_EQ(3u, kt_number(kt_receive()));
}

TEST_F(Message, AKeptOneOutlivesTheNextReceiveAndCanBeSentOn)
{
    const kith_msg *m;

    ASSERT_EQ(0, kt_send(kith_self(), 1, 1));
    ASSERT_EQ(0, kt_send(kith_self(), 2, 2));
    m = kt_receive();
    ASSERT_NE(nullptr, m);
    kith_msg *kept = kith_msg_keep(m);
    ASSERT_NE(nullptr, kept);

    EXPECT_EQ(2u, kt_number(kt_receive()));
    EXPECT_EQ(1u, kt_number(kept));
    *static_cast<std::uint64_t *>(kept->data) = 10;
    kept->tag = 4;
    ASSERT_EQ(0, kith_send_msg(kith_self(), kept));

    m = kt_receive();
    ASSERT_NE(nullptr, m);
    EXPECT_EQ(4u, m->tag);
    EXPECT_EQ(10u, kt_number(m));
}

TEST_F(Message, AKeptOneIsFreedByItsKeeper)
{
    ASSERT_EQ(0, kt_send(kith_self(), 1, 1));
    const kith_msg *m = kt_receive();
    ASSERT_NE(nullptr, m);

    kith_msg *kept = kith_msg_keep(m);
    ASSERT_NE(nullptr, kept);
    EXPECT_EQ(nullptr, kith_msg_keep(kept)) << "only what was received last";

    kith_msg_free(kept);
    kith_msg_free(nullptr);
}

TEST_F(Message, AKeptDownCanBeFreedButNotSent)
{
    kith_ref ref;

    ASSERT_EQ(0, kith_monitor({0}, &ref));
    const kith_msg *m;
    ASSERT_EQ(0, kith_receive_ref(ref, &m, kt_long()));
    kith_msg *kept = kith_msg_keep(m);
    ASSERT_NE(nullptr, kept);
    EXPECT_EQ(KITH_ETIMEOUT, kith_receive(&m, 0));
    EXPECT_EQ(KITH_NOPROC, kt_down(kept).why.kind);

    EXPECT_EQ(KITH_EINVAL, kith_send_msg(kith_self(), kept)) << "system messages are true";
}

TEST_F(Message, LargeOnesArriveWhole)
{
    for (const std::size_t len :
         {std::size_t{1000}, std::size_t{70000}, std::size_t{8} << 20}) {
        std::vector<unsigned char> bytes(len);
        for (std::size_t i = 0; i < len; i++)
            bytes[i] = static_cast<unsigned char>(i * 31 + i / 251);

        ASSERT_EQ(0, kith_send(kith_self(), 1, bytes.data(), len));

        const kith_msg *m = kt_receive();
        ASSERT_NE(nullptr, m);
        ASSERT_EQ(len, m->len);
        EXPECT_EQ(0, std::memcmp(bytes.data(), m->data, len));
    }
}

TEST_F(Message, ASizeThatCannotBeIsRefused)
{
    EXPECT_EQ(nullptr, kith_msg_new(1, SIZE_MAX));
    EXPECT_EQ(nullptr, kith_msg_new(1, SIZE_MAX / 2));
    char c = 0;
    EXPECT_EQ(KITH_ENOMEM, kith_send(kith_self(), 1, &c, SIZE_MAX));
}

TEST_F(Message, KeepsOrderPerSender)
{
    const kith_pid me = kith_self();
    constexpr std::uint64_t senders = 8;
    const std::uint64_t each = kt_scale(20000);
    std::vector<std::uint64_t> next(senders, 0);

    for (std::uint64_t s = 0; s < senders; s++)
        spawn([=] {
            for (std::uint64_t i = 0; i < each; i++) {
                ASSERT_EQ(0, kt_send(me, s, i));
                if (i % 64 == s)
                    kith_yield();
            }
        });

    for (std::uint64_t i = 0; i < senders * each; i++) {
        const kith_msg *m = kt_receive();
        ASSERT_NE(nullptr, m);
        ASSERT_LT(m->tag, senders);
        ASSERT_EQ(next[m->tag]++, kt_number(m)) << "of sender " << m->tag;
    }
}

TEST_F(Message, CopiedMovedAndTimedOnesKeepOneOrder)
{
    const kith_pid me = kith_self();

    in_process([me] {
        for (std::uint64_t i = 0; i < 1000; i++) {
            if (i % 2 == 0) {
                ASSERT_EQ(0, kt_send(me, 1, i));
                continue;
            }
            kith_msg *m = kith_msg_new(1, sizeof i);
            ASSERT_NE(nullptr, m);
            std::memcpy(m->data, &i, sizeof i);
            ASSERT_EQ(0, kith_send_msg(me, m));
        }
    });

    for (std::uint64_t i = 0; i < 1000; i++) {
        const kith_msg *m;
        ASSERT_EQ(0, kith_receive_tag(1, &m, kt_long()));
        ASSERT_EQ(i, kt_number(m));
    }
}

TEST_F(Message, ASignalComesAfterTheMessagesSentBefore)
{
    const kith_pid me = kith_self();

    /* Signals between two processes arrive in the order sent. */
    for (std::size_t round = kt_scale(1000); round > 0; round--) {
        static std::atomic<int> got;
        got = 0;
        kith_pid pid = spawn([me] {
            const kith_msg *m;

            kith_flag_trap_exit(true);
            EXPECT_EQ(0, kith_send(me, 1, nullptr, 0));
            while (kith_receive(&m, KITH_INFINITY) == 0 && m->tag != KITH_TAG_EXIT)
                got++;
        });
        ASSERT_NE(nullptr, kt_receive());
        kith_ref ref;
        ASSERT_EQ(0, kith_monitor(pid, &ref));
        for (int i = 0; i < 5; i++)
            ASSERT_EQ(0, kith_send(pid, 2, nullptr, 0));
        ASSERT_EQ(0, kith_exit_signal(pid, kith_reason_of(KITH_SHUTDOWN, 0, nullptr)));
        ASSERT_EQ(KITH_NORMAL, kt_why(ref).kind);
        ASSERT_EQ(5, got);
    }
}

/* Limits of mailboxes. */
TEST_F(Message, ACapRefusesWhatIsTooMuch)
{
    kith_spawn_options o = KITH_SPAWN_OPTIONS_INIT;
    kith_pid pid;
    int sent = 0;

    o.mailbox_cap = 10;
    ASSERT_EQ(0,
              kith_spawn_opt(
                  &o, [](void *) { return kith_sleep(KITH_INFINITY); }, nullptr, 0, &pid));
    while (sent < 100 && kith_send(pid, 1, nullptr, 0) == 0)
        sent++;

    EXPECT_EQ(10, sent);
    EXPECT_EQ(KITH_EFULL, kith_send(pid, 1, nullptr, 0));
    kill(pid);    // a signal does not wait for a full mailbox
}

TEST_F(Message, ACapOfBytesRefusesWhatIsTooMuch)
{
    kith_spawn_options o = KITH_SPAWN_OPTIONS_INIT;
    kith_pid pid;
    char kib[1024] = {0};

    o.mailbox_bytes = 4096;
    ASSERT_EQ(0,
              kith_spawn_opt(
                  &o, [](void *) { return kith_sleep(KITH_INFINITY); }, nullptr, 0, &pid));
    for (int i = 0; i < 4; i++)
        EXPECT_EQ(0, kith_send(pid, 1, kib, sizeof kib));

    EXPECT_EQ(KITH_EFULL, kith_send(pid, 1, kib, sizeof kib));
    kill(pid);
}

TEST_F(Message, ACapMayDropOrKillInstead)
{
    kith_spawn_options o = KITH_SPAWN_OPTIONS_INIT;
    kith_pid pid;
    kith_ref ref;

    o.mailbox_cap = 1;
    o.monitor = &ref;
    o.mailbox_policy = KITH_MAILBOX_DROP;
    ASSERT_EQ(0,
              kith_spawn_opt(
                  &o, [](void *) { return kith_sleep(KITH_INFINITY); }, nullptr, 0, &pid));
    for (int i = 0; i < 10; i++)
        EXPECT_EQ(0, kith_send(pid, 1, nullptr, 0));
    kill(pid);
    EXPECT_EQ(KITH_KILLED, kt_why(ref).kind);

    o.mailbox_policy = KITH_MAILBOX_KILL;
    ASSERT_EQ(0,
              kith_spawn_opt(
                  &o, [](void *) { return kith_sleep(KITH_INFINITY); }, nullptr, 0, &pid));
    kt_ignore(kith_send(pid, 1, nullptr, 0));
    kt_ignore(kith_send(pid, 1, nullptr, 0));
    EXPECT_EQ(KITH_KILLED, kt_why(ref).kind);
}

class MessageBytes : public kt_runtime {
  protected:
    kt_bytes bytes_;
};

/* A sender that is killed by its own message does not come back to free it. */
TEST_F(MessageBytes, ACapThatKillsItsOwnSenderLeaksNothing)
{
    constexpr std::size_t large = 1 << 20; /* too large for a slab */
    kith_spawn_options o = KITH_SPAWN_OPTIONS_INIT;
    kith_ref ref;

    o.mailbox_cap = 1;
    o.mailbox_policy = KITH_MAILBOX_KILL;
    o.monitor = &ref;
    const std::int64_t before = bytes_.in_use();
    ASSERT_EQ(0, kith_spawn_opt(
                     &o,
                     [](void *) {
                         void *bytes = kith_alloc(large);

                         for (int i = 0; i < 2; i++)
                             kt_ignore(kith_send(kith_self(), 1, bytes, large));
                         return 0;
                     },
                     nullptr, 0, nullptr));

    EXPECT_EQ(KITH_KILLED, kt_why(ref).kind);
    EXPECT_TRUE(kt_until(
        [&] { return bytes_.in_use() < before + static_cast<std::int64_t>(large); }));
}

}    // namespace
