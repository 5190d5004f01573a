# SPDX-License-Identifier: Apache-2.0
"""kith-gdb.py -- the processes of a program that uses kith, in gdb, alive or in a core.

    (gdb) source kith-gdb.py
    (gdb) kith ps          every process: who, what it runs, what it waits for
    (gdb) kith bt 0.1      the stack of the parked process <0.1>
    (gdb) kith bt all      of every parked one

The library must have its debug information (-g). Nothing in the program is changed: a parked stack
is shown by an unwinder that says the frame behind the newest one is where that process stopped.
"""
import re

import gdb
from gdb.unwinder import Unwinder

OWNED, EXITING, DEAD = 1, 2, 4
NODE = 0x0000FFFFFFFFFFF8
CHUNK = 256  # records a chunk: core/slots.h

# Where a context that does not run has its registers, in words from ctx.sp: core/ctx_<cpu>.S.
LAYOUTS = {
    "i386:x86-64": {
        "pc": "rip", "sp": "rsp", "size": 7 * 8,
        "words": {"r15": 0, "r14": 1, "r13": 2, "r12": 3, "rbx": 4, "rbp": 5, "rip": 6},
    },
    "aarch64": {
        "pc": "pc", "sp": "sp", "size": 20 * 8,
        "words": dict({"x29": 0, "x30": 1, "pc": 1},
                      **{f"x{19 + i}": 2 + i for i in range(10)}),
    },
}


def number(value):
    return int(value.cast(gdb.lookup_type("unsigned long")))


def word(address):
    pointer = gdb.lookup_type("unsigned long").pointer()
    return int(gdb.Value(address).cast(pointer).dereference())


def layout():
    name = gdb.selected_frame().architecture().name()
    if name not in LAYOUTS:
        raise gdb.GdbError(f"kith does not know how a context looks on {name}")
    return LAYOUTS[name]


class Process:
    """One that lives, from its record."""

    def __init__(self, record):
        self.record = record
        task = record["fiber"]["task"]
        self.mailbox = number(task["mbox"])
        self.id = number(task["id"])

    lives = property(lambda self: self.id != 0 and not self.mailbox & DEAD
                     and self.mailbox >> 48 == self.id >> 28 & 0xFFFF)
    parked = property(lambda self: not self.mailbox & (OWNED | EXITING | DEAD)
                      and not self.mailbox & NODE and self.stack != 0)
    stack = property(lambda self: number(self.record["fiber"]["stack"]["low"]))
    sp = property(lambda self: number(self.record["fiber"]["ctx"]["sp"]))

    @property
    def name(self):
        return f"<{self.id & 0xFFFFFFF}.{self.id >> 28 & 0xFFFFFFFF}>"

    @property
    def function(self):
        at = number(self.record["seen"]["fn"])
        if at == 0:
            return "a plain thread"
        symbol = gdb.execute(f"info symbol {at}", to_string=True)
        return symbol.split(" in section")[0].strip()

    @property
    def state(self):
        waits = number(self.record["waits_for"])
        if waits:
            return self.record["waits_for"].cast(gdb.lookup_type("char").pointer()).string()
        if self.mailbox & EXITING:
            return "dying"
        return "running, or ready to" if self.mailbox & OWNED else "idle"

    def __str__(self):
        return f"{self.name} {self.function}: {self.state}"


def processes():
    try:
        table = gdb.parse_and_eval("ki_runtime")["procs"]
        record = gdb.lookup_type("struct ki_proc").pointer()
    except gdb.error as e:
        raise gdb.GdbError(f"kith's debug information is missing: {e}")
    size = number(table["size"])
    for i in range(number(table["n_chunks"])):
        base = number(table["chunk"][i])
        for j in range(CHUNK):
            p = Process(gdb.Value(base + j * size).cast(record).dereference())
            if p.lives:
                yield p


class Parked(Unwinder):
    """While it is told a context, the frame behind the newest is where that stopped."""

    def __init__(self):
        super().__init__("kith parked process")
        self.sp = 0
        self.newest = None

    def show(self, sp):
        self.sp = 0
        gdb.invalidate_cached_frames()
        frame = gdb.newest_frame()
        regs = layout()
        self.newest = (number(frame.read_register(regs["sp"])), frame.pc())
        self.sp = sp
        gdb.invalidate_cached_frames()

    def hide(self):
        self.sp = 0
        gdb.invalidate_cached_frames()

    def __call__(self, pending):
        if self.sp == 0:
            return None
        regs = LAYOUTS[pending.architecture().name()]
        pc, sp = pending.read_register(regs["pc"]), pending.read_register(regs["sp"])
        if (number(sp), number(pc)) != self.newest:
            return None
        info = pending.create_unwind_info(FrameId(self.sp, self.newest[1]))
        for name, at in regs["words"].items():
            value = gdb.Value(word(self.sp + 8 * at))
            info.add_saved_register(name, value.cast(pending.read_register(name).type))
        info.add_saved_register(regs["sp"],
                                gdb.Value(self.sp + regs["size"]).cast(sp.type))
        return info


class FrameId:
    def __init__(self, sp, pc):
        self.sp = gdb.Value(sp)
        self.pc = gdb.Value(pc)


UNWINDER = Parked()
gdb.unwinder.register_unwinder(None, UNWINDER, replace=True)


def backtrace(process):
    gdb.write(f"{process}\n")
    if not process.parked:
        gdb.write("    not parked: see the threads' own stacks\n\n")
        return
    UNWINDER.show(process.sp)
    try:
        lines = gdb.execute("backtrace 64", to_string=True).splitlines()
    finally:
        UNWINDER.hide()
    # The first frame is the thread's own.
    first = next((i for i, line in enumerate(lines) if line.startswith("#1 ")), len(lines))
    gdb.write("".join(f"    {line}\n" for line in lines[first:]) + "\n")


class Kith(gdb.Command):
    """The processes of a program that uses kith: kith ps, kith bt PID, kith bt all."""

    def __init__(self):
        super().__init__("kith", gdb.COMMAND_STACK, prefix=True)


class Ps(gdb.Command):
    """Every process: who, what it runs, what it waits for."""

    def __init__(self):
        super().__init__("kith ps", gdb.COMMAND_STACK)

    def invoke(self, _argument, _from_tty):
        for p in processes():
            gdb.write(f"{p}\n")


class Bt(gdb.Command):
    """The stack of a parked process, as kith bt 0.1, or of all."""

    def __init__(self):
        super().__init__("kith bt", gdb.COMMAND_STACK)

    def invoke(self, argument, _from_tty):
        wanted = argument.strip()
        if not re.fullmatch(r"all|<?\d+(\.\d+)?>?", wanted):
            raise gdb.GdbError("kith bt PID, as 0.1, or kith bt all")
        number_of = wanted.strip("<>")
        found = False
        for p in processes():
            name = p.name.strip("<>")
            if wanted == "all" or number_of in (name, name.split(".")[0]):
                backtrace(p)
                found = True
        if not found:
            raise gdb.GdbError(f"there is no process {wanted}")


Kith()
Ps()
Bt()
