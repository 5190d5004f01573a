/* SPDX-License-Identifier: Apache-2.0
 * model.h -- the data model: the records of this layer and what must hold of them.
 *
 * Four kinds of record stand behind the handles, all type-stable (core/slots.h): processes,
 * sockets, operations, and monitors and timers (refs). The functions live in the module of each.
 *
 * Key: who may touch a field
 *   [i] set before others can see the record, then constant   [a] atomic, any thread
 *   [p] the process itself, while it runs (it owns its mailbox word)
 *   [s] the claimant: whoever owns the socket's mailbox word
 *   [o] the operation's starter (a process), while it runs
 *   [b] the holder of the operation's BUSY state */
#ifndef KI_MODEL_H
#define KI_MODEL_H

#include <kith/kith.h>

#include "core/fiber.h"
#include "core/opword.h"
#include "core/sched.h"
#include "core/timers.h"
#include "core/treap.h"

/* ---- nodes ---- */

enum ki_node_kind {
    /* to processes */
    KI_N_MSG = 1,   /* a message */
    KI_N_REF,       /* a timer's message, or one that users gave a ref */
    KI_N_SENDER,    /* an operation: somebody waits for room in your mailbox */
    KI_N_NO_SENDER, /* that has ended without you */
    KI_N_GIVE,      /* a message that brings a socket with it */
    KI_N_OWN,       /* the same without a message */
    KI_N_DONE,      /* an operation of yours has ended */
    KI_N_TIMER,     /* the time of your wait is up */
    KI_N_EXIT,      /* an exit signal */
    KI_N_LINK,      /* somebody links to you */
    KI_N_UNLINK,    /* and does no more */
    KI_N_LINK_EXIT, /* a linked process has died */
    KI_N_MONITOR,   /* somebody wants to hear of your death */
    KI_N_DEMONITOR, /* and no longer */
    KI_N_DOWN,      /* one you monitor has died */
    KI_N_ORPHAN,    /* your supervisor dies: a kill */
    KI_N_ALIAS,     /* a message through an alias */
    KI_N_GONE,      /* a socket of yours is closed: the record is yours to free */
    KI_N_JOB,       /* the side pool has done your job */
    KI_N_STOPPED,   /* to a plain thread: the runtime has stopped, wait no more */
    /* to sockets */
    KI_N_REQUEST,   /* an operation */
    KI_N_STOP,      /* an operation in your queue has ended: unlink it */
    KI_N_EVENT,     /* the poller saw something */
    KI_N_RETRY,     /* a timer: try again */
    KI_N_ASIDE,     /* the side pool has done its part of a sendfile */
    KI_N_ASKED,     /* or has asked what an ioctl wants to know */
    KI_N_OWNER_DOWN /* your owner dies */
};

/* ---- messages ---- */

/* flags of a message's node */
enum {
    KI_MSG_OF_OP = 1,      /* lies in an operation: freeing it frees that */
    KI_MSG_OF_MONITOR = 2, /* lies in a monitor */
    KI_MSG_OF_TIMER = 4,   /* lies in a timer */
    KI_MSG_OF_BOND = 8,    /* lies in a link */
    KI_MSG_EMBEDDED = KI_MSG_OF_OP | KI_MSG_OF_MONITOR | KI_MSG_OF_TIMER | KI_MSG_OF_BOND,
    KI_MSG_CALL = 16,      /* a kith_call: pub.ref names the operation that waits */
    KI_MSG_CAST = 32,      /* a kith_cast */
    KI_MSG_COUNTED = 64,   /* holds a share of a limited mailbox */
    KI_MSG_PRIORITY = 128, /* in an inbox: stands before the ordinary; else: asks to */
    KI_MSG_FOUND = 256,    /* in an inbox: found by its ref; node.to is the link to it */
    KI_MSG_STRAY = 512     /* in an inbox: its ref is no record's here */
};

/* A message: this head, then its bytes. 64 bytes (56 where a pointer has 4), so that the bytes are
 * aligned. */
struct ki_msg {
    struct ki_node node; /* [p] after reception its next links the inbox */
    kith_msg pub;        /* what users see; pub.data points behind the head */
};

#ifndef __cplusplus
_Static_assert(sizeof(struct ki_msg) <= 64 &&
                   sizeof(struct ki_msg) % _Alignof(max_align_t) == 0,
               "a message's bytes start aligned for anything");
#endif

static inline struct ki_msg *
ki_msg_of(const kith_msg *m)
{
    return ki_container_of(m, struct ki_msg, pub);
}

static inline struct ki_msg *
ki_msg_of_node(struct ki_node *n)
{
    return ki_container_of(n, struct ki_msg, node);
}

/* Received, not yet taken: those with priority, then the ordinary ones, each oldest first. */
struct ki_inbox {
    struct ki_node *head;
    struct ki_node **tail;     /* &head when empty */
    _Atomic(size_t) len;       /* others may look: ki_inbox_count */
    size_t strays;             /* of them with KI_MSG_STRAY: found by a scan only */
    struct ki_node **ordinary; /* the link to the first ordinary one, or where it will be */
    struct ki_node *
        *fresh; /* to the first with priority that came since the present receive
                                  began; NULL: none */
};

/* ---- operations ---- */

struct ki_proc;
struct ki_socket;
struct ki_monitor;
struct ki_file;
struct ki_file_ask;
struct ki_rare;

enum ki_op_kind {
    KI_OP_RECV,
    KI_OP_SEND,
    KI_OP_RECVFROM,
    KI_OP_RECVMSG,
    KI_OP_RECVMMSG,
    KI_OP_SENDTO,
    KI_OP_SENDV,
    KI_OP_SENDMSG,
    KI_OP_SENDMMSG,
    KI_OP_SENDFILE,
    KI_OP_SEND_LATER, /* the socket's own: later.h */
    KI_OP_ACCEPT,
    KI_OP_CONNECT,
    KI_OP_CALL, /* a function to be run under the socket's ownership */
    KI_OP_CLOSE,
    KI_OP_IOCTL,       /* a request of interfaces: the side pool asks */
    KI_OP_CALL_SERVER, /* a request to a server: whoever replies is the executor */
    KI_OP_JOB,         /* a job of the side pool */
    KI_OP_OPEN,        /* one that opens a socket */
    KI_OP_PEELOFF,     /* one that makes a socket of an association */
    KI_OP_SEND_WAIT    /* a message that waits for room: its receiver is the executor */
};

/* What an operation is to do. On the caller's stack while it runs inline, in the record when it
 * has to wait. */
struct ki_io {
    union {
        struct {
            uint8_t kind;   /* enum ki_op_kind */
            bool select;    /* NOWAIT: do not do it, say when it can be done */
            bool once;      /* timeout 0: try, do not wait */
            uint8_t zero;   /* no padding in `what` */
            unsigned flags; /* KITH_MSG_ */
        };
        uint64_t
            what; /* all of the above at a glance: KI_IO_PLAIN(kind) has nothing special */
    };
    char *buf;
    size_t len, done; /* bytes; recvmmsg, sendmmsg: packets */
    union {
        int (*call)(struct ki_socket *s, void *arg);
        const kith_sockaddr *addr;     /* connect, sendto. The caller's; or op->addr */
        kith_sockaddr *from;           /* recvfrom: may be NULL */
        const kith_iov *iov;           /* sendv: `n` of them */
        const kith_packet *out;        /* sendmsg */
        kith_packet *in;               /* recvmsg */
        kith_packet *many;             /* recvmmsg, sendmmsg: `len` of them */
        const struct ki_file_ask *ask; /* sendfile. The caller's */
        struct ki_file *file;          /* sendfile. In a record */
    } u;
    union {
        void *arg;       /* of a call, an ioctl */
        size_t n;        /* sendv: pieces; later: bytes of room at buf */
        int32_t assoc;   /* peeloff */
        kith_socket won; /* accept, open, peeloff: the result */
    };
};

/* ki_io_bit: what users call an operation of that kind, KITH_OP_; 0 for one of ours. */
static inline unsigned
ki_io_bit(uint8_t kind)
{
    switch (kind) {
    case KI_OP_RECV:
    case KI_OP_RECVFROM:
    case KI_OP_RECVMSG:
    case KI_OP_RECVMMSG:
        return KITH_OP_RECV;
    case KI_OP_SEND:
    case KI_OP_SENDTO:
    case KI_OP_SENDV:
    case KI_OP_SENDMSG:
    case KI_OP_SENDMMSG:
    case KI_OP_SENDFILE:
        return KITH_OP_SEND;
    case KI_OP_ACCEPT:
        return KITH_OP_ACCEPT;
    case KI_OP_CONNECT:
        return KITH_OP_CONNECT;
    default:
        return 0;
    }
}

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define KI_IO_PLAIN(kind) ((uint64_t) (kind))
#else
#define KI_IO_PLAIN(kind) ((uint64_t) (kind) << 56)
#endif

struct ki_op {
    struct ki_slot slot;
    ki_opword word;                    /* [a] */
    _Atomic(struct ki_proc *) starter; /* [i] */
    struct ki_socket *socket;          /* [i] type-stable; request.to has the full handle */
    struct ki_node request; /* [i] on its way to the socket, as REQUEST, then as STOP */
    struct ki_op *q_next, *q_prev;     /* [s] the socket's queue */
    struct ki_op *own_next, *own_prev; /* [o] the starter's list */
    struct ki_alarm alarm;             /* of a _start with a timeout */
    struct ki_io io;                   /* [b] */
    kith_sockaddr *addr;               /* [b] io.u.addr's copy, if it needed one */
    ptrdiff_t result;                  /* [b], then constant */
    uint64_t since_ns;                 /* [b] of a traced socket's: when it began to wait */
    bool queued;                       /* [s] it stands in the socket's queue */
    bool arrived;                      /* [o] the completion was received */
    bool to_mailbox;                   /* [o] the completion becomes a message */
    bool has_alarm;                    /* [o] */
    bool forgotten;                    /* [o] nobody takes the result */
    struct ki_monitor *monitor;        /* [o] of a call: of the callee */
    struct ki_msg msg;                 /* the completion's node, and its message */
    union {
        kith_done done;
        kith_select select;
    } body; /* of msg */
};

/* ---- sockets ---- */

/* Who waits for what: bytes or connections, room, urgent data, the error queue. The queues of the
 * last two lie in the rare part. */
enum {
    KI_DIR_READ,
    KI_DIR_WRITE,
    KI_DIR_RARE,
    KI_DIR_URGENT = KI_DIR_RARE,
    KI_DIR_ERROR,
    KI_DIRS
};

struct ki_queue {
    struct ki_op *head, *tail;
};

/* What a socket counts of its reads, sends and accepts, and in the rare part of files. tally.h */
enum {
    KI_TALLY_READ,
    KI_TALLY_WRITE,
    KI_TALLY_ACCEPT,
    KI_TALLIES,
    KI_TALLY_FILE = KI_TALLIES
};

struct ki_tally {
    uint64_t done;   /* operations that did what they are for; of many packets each */
    uint64_t misses; /* with `done`, modulo 2^64, the calls of the system */
    uint64_t waits;  /* operations that had to wait */
    uint64_t fails;  /* calls of the system that failed */
};

/* What it is for ever, as one word that others may look at: the domain, and above it these. */
enum {
    KI_TRAIT_TYPE = 16,            /* the shift of the type */
    KI_TRAIT_ORIGIN = 24,          /* that of the origin: enum kith_socket_origin */
    KI_TRAIT_UNLISTED = 0x10000000 /* not in the registry */
};

#define KI_TRAIT_OF(origin) ((uint32_t) (origin) << KI_TRAIT_ORIGIN)

static inline enum kith_socket_origin
ki_traits_origin(uint32_t traits)
{
    return (enum kith_socket_origin)(traits >> KI_TRAIT_ORIGIN & 0xf);
}

/* How the poller knows a socket: for one report at a time while it listens, io_accept.c I1. */
enum { KI_REGISTERED_NOT, KI_REGISTERED_EDGES, KI_REGISTERED_ONCE };

struct ki_socket {
    struct ki_slot slot;
    struct ki_task task;
    _Atomic(uint32_t) pending; /* [a] bits from the poller, not yet taken */
    struct ki_node event_node; /* [a] by pending's 0 -> nonzero, across the record's uses */
    /* What a glance may ask (look.h): [s] writes, relaxed. */
    _Atomic(int) fd;           /* -1: closed */
    _Atomic(uint32_t) traits;  /* [i] */
    _Atomic(int) protocol;     /* [i] */
    _Atomic(uint32_t) state;   /* KITH_STATE_ bits; a stop looks at all records */
    _Atomic(uint32_t) n_links; /* as a process's has.links */
    _Atomic(uint64_t) owner_id;
    _Atomic(uint64_t) received, sent;     /* bytes */
    _Atomic(struct ki_proc *) in_list_of; /* [p] of the owner; others may look */
    /* From here on a birth clears all: no stranger looks at it. */
    uint16_t domain;             /* [i] KITH_INET.. */
    uint8_t type;                /* [i] KITH_STREAM.. */
    uint8_t registered;          /* [s] KI_REGISTERED_ */
    bool connected;              /* [s] an attempt that took its time has succeeded */
    bool stopped;                /* [s] takes no connections any more */
    bool may_linger;             /* [s] SO_LINGER may be on: close may block */
    bool shared;                 /* [s] the description may live on: forget before close */
    bool starved;                /* [s] accept ran out of descriptors: cooling down */
    bool retry_now;              /* [s] the retry timer fired: try without readiness */
    bool drains;                 /* [s] a short read empties it: io.c I1 */
    bool lost;                   /* [s] another's death closes: no linger */
    bool closing;                /* [s] */
    bool ended;                  /* [s] the peer has sent its last */
    bool anew;                   /* [s] events of an earlier attempt may still come */
    bool retry_out;              /* [s] the retry node is armed or on its way */
    bool down_sent;              /* [p] of the owner, dying: it was told */
    bool gone_early;             /* [p] of the owner: GONE came while it was given away */
    uint8_t watch;               /* [s] KI_WATCH_ bits */
    bool untold;                 /* [s] io_accept.c I1: no news since the last connection */
    uint8_t earned;              /* [s] io_accept.c I1: by connections, for guesses */
    uint16_t cooldown_ms;        /* [s] from a try to the next by the retry timer */
    struct ki_op *close_op;      /* [s] a close that is answered when the record has gone */
    kith_reason why;             /* [s] of its end */
    struct ki_treap_node *links; /* [s] link.c */
    struct ki_monitor *watched_by;      /* [s] monitors of it */
    uint32_t owed;                      /* [s] STOP nodes that are still to come */
    uint32_t ready;                     /* [s] KI_READY_ bits not yet disproved by EAGAIN */
    struct ki_rare *rare;               /* [s] rare.h; NULL until it is needed */
    uint64_t gate[2];                   /* [s] tally.h I1: of reads, of sends */
    struct ki_tally tally[KI_TALLIES];  /* [s] */
    struct ki_queue queue[KI_DIR_RARE]; /* [s] */
    struct ki_proc *owner;              /* [s] type-stable */
    struct ki_socket *own_next, *own_prev; /* [p] of the owner: its list of sockets */
    struct ki_node down_node;              /* [p] of the owner */
    struct ki_node gone_node;              /* [s] */
};

#ifndef __cplusplus
_Static_assert(sizeof(struct ki_socket) <= 448, "what few sockets need lies in rare.h");
#endif

/* ---- processes ---- */

enum ki_body {
    KI_BODY_STACK,   /* blocks in calls, as C code does */
    KI_BODY_HANDLER, /* a callback for each message */
    KI_BODY_THREAD   /* a thread of the user's, which is its own stack */
};

struct ki_defer {
    struct ki_defer *next;
    void (*fn)(void *);
    void *arg;
};

/* Memory that dies with the process. */
struct ki_chunk {
    struct ki_chunk *next, *prev;
    size_t size;
    size_t pad; /* what follows is aligned for anything */
};

/* The received messages with one ref, as they stand in the inbox: with priority, ordinary. */
struct ki_ref_queue {
    _Atomic(uint64_t) ref;            /* [a:p] while there are any */
    struct ki_msg *head[2], *tail[2]; /* [p] */
};

/* A monitor: the watcher wants to hear of the target's death. Counted, see monitor.c. */
struct ki_monitor {
    struct ki_slot slot;
    _Atomic(uint64_t) id;              /* [i] the ref */
    _Atomic(uint32_t) refs;            /* [a] */
    _Atomic(struct ki_proc *) watcher; /* [i] type-stable */
    _Atomic(uint64_t) watcher_id;      /* [i] */
    struct ki_task *target; /* [i] a process's or a socket's; NULL: was not there */
    uint64_t target_id;     /* [i] 0: an alias and no monitor */
    bool active;            /* [p] of the watcher: it still wants to hear */
    bool silent;            /* [p] of the watcher: kith_wait's own, no message */
    bool counted;           /* [p] of the watcher: in its has.monitors */
    bool fired;             /* [p] of the watcher: for a silent one */
    bool priority;          /* [p] of the watcher: what comes goes first */
    uint8_t alias; /* [p] of the watcher: KITH_ALIAS..., while it is an active one; or 0 */
    struct ki_op *op; /* [p] of the watcher: a call to be ended by a DOWN */
    struct ki_monitor *w_next, *w_prev; /* [p] of the watcher */
    struct ki_monitor *t_next, *t_prev; /* [p] of the target */
    bool listed;                        /* [p] of the target */
    bool late; /* [p] of the target: asked when it had died, though it had not told yet */
    struct ki_node ask, unask;    /* to the target: MONITOR, DEMONITOR */
    struct ki_msg msg;            /* to the watcher: DOWN */
    kith_down body;               /* of msg */
    struct ki_ref_queue received; /* [p] of the watcher; holds a count: ref.h */
    struct ki_msg *next_received; /* [p] behind msg there */
};

struct ki_thread;
struct ki_handler;
struct ki_escape;

/* A mailbox's limit; any thread, relaxed: counts that order nothing. */
struct ki_limit {
    _Atomic(bool) on;
    _Atomic(int) policy;
    _Atomic(uint64_t) max_messages, max_bytes;
    _Atomic(uint64_t) messages, bytes;
    _Atomic(uint64_t) refused, dropped, waited; /* since birth */
};

/* How many of each a process has. It alone writes; any thread reads, relaxed: they order nothing. */
struct ki_counts {
    _Atomic(uint32_t) links;
    _Atomic(uint32_t)
        monitors; /* that it has made and that are active; those of calls not */
    _Atomic(uint32_t) watchers; /* monitors of it */
    _Atomic(uint32_t) sockets;  /* owned */
};

enum { KI_LABEL = 24 }; /* bytes, with the NUL */

/* What a glance may ask of a process at any moment, also one that is born or dies just now: set once
 * at birth (the label by itself), relaxed; look.h says how one knows whose it is. */
struct ki_seen {
    _Atomic(uint8_t) body;      /* enum ki_body */
    _Atomic(const void *) fn;   /* what it runs; NULL: a thread, or it is not born yet */
    _Atomic(const void *) site; /* where spawn was called from */
    _Atomic(uint64_t) parent;
    _Atomic(size_t) stack;                                /* bytes it may use */
    _Atomic(bool) trap_exit;                              /* as the process's own */
    _Atomic(uint64_t) label[KI_LABEL / sizeof(uint64_t)]; /* text, ended by zeros */
};

struct ki_proc {
    struct ki_slot slot;
    struct ki_fiber fiber;   /* its task is the process's mailbox, whatever the body */
    struct ki_limit limit;   /* [a] */
    struct ki_owner timers;  /* those that go to it; across the record's uses */
    _Atomic(bool) in_tree;   /* [a] set at birth: a supervisor ends it */
    struct ki_counts has;    /* [a:p] */
    _Atomic(bool) ends_kids; /* [a] the same: a supervisor; exit.c, step 0 */
    struct ki_seen seen;     /* [a] */
    _Atomic(const char *) waits_for; /* [a:p] what it is parked at; a glance for reports */
    _Atomic(struct ki_name *) name;  /* under the name table's lock */
    struct ki_inbox inbox;           /* [p]; its length [a:p] */
    /* From here on a birth clears all: no stranger looks at it. */
    uint8_t body;     /* [i] enum ki_body */
    bool trap_exit;   /* [p] */
    bool dying;       /* [p] the steps of exit.c have begun */
    bool doomed;      /* [p] a signal said so: die at the next chance */
    bool killed;      /* [p] that signal, or one while it dies, was a kill */
    bool signalled;   /* [p] that signal came in its life: in Erlang it is gone */
    bool in_defers;   /* [p] its deferred functions run */
    bool is_main;     /* [i] kith_main's first process */
    bool timed_out;   /* [p] the TIMER node of this wait came */
    bool timer_armed; /* [p] */
    bool has_taken;   /* [p] mail, in this series of waits */
    _Atomic(uint16_t) sleeper_class; /* [a:p] hibernated: of the stack to wake up on */
    uint8_t unfetched;       /* [p] messages received since it last looked for mail */
    uint8_t hold_exit;       /* [p] > 0: not now */
    uint8_t exit_stage;      /* [p] exit.c */
    struct ki_queue senders; /* [p] who wait for room in the mailbox: send_wait.c */
    uint64_t kept_messages, kept_bytes; /* [p] shares that are the oldest sender's */
    struct ki_msg *received;            /* [p] what the last receive answered */
    struct ki_op *ops;                  /* [p] started, not ended */
    struct ki_op *own_op; /* [p] kept for the calls it waits in itself; NULL at first */
    bool own_waits;       /* [p] it is under way */
    uint64_t last_id; /* [p] the socket it called last: a look-up saved at the next call */
    struct ki_socket
        *last_socket;          /* [p] its record; type-stable, and a claim checks the id */
    struct ki_socket *sockets; /* [p] owned */
    struct ki_monitor *watching;   /* [p] monitors it made */
    struct ki_monitor *aliases;    /* [p] aliases that are no active monitors */
    struct ki_monitor *watched_by; /* [p] monitors of it */
    struct ki_defer *defers;       /* [p] */
    struct ki_chunk *chunks;       /* [p] */
    size_t partial;                /* [p] */
    kith_reason *call_why;         /* [p] among the chunks: kith_call_why; or NULL */
    uint64_t defer_deadline_ns;    /* [p] */
    struct ki_alarm alarm;         /* [p] of the present wait */
    struct ki_node timer_node;     /* [p] */
    struct ki_node job_node;       /* [p] */
    kith_reason why;               /* [p] */
    union {
        kith_fn fn; /* [i] */
        kith_conn conn;
    } u;
    kith_fn awake;               /* [p] what it goes on with: hibernate.c */
    kith_socket conn_socket;     /* [i] of a kith_conn */
    bool is_conn;                /* [i] */
    void *arg;                   /* [i] the copy */
    size_t arg_len;              /* [i] */
    uint64_t parent;             /* [i] */
    int result;                  /* [p] what fn answered */
    int start_code;              /* [p] < 0: why its start has failed */
    uint64_t start_op;           /* [p] start.c: who waits until it is ready */
    struct ki_thread *thread;    /* [i] of a plain thread */
    struct ki_handler *handler;  /* [i] of a handler: handler.h */
    struct ki_escape *escape;    /* [p] of a handler in a callback: where kith_exit goes */
    struct ki_treap_node *links; /* [p] link.c */
};

#endif
