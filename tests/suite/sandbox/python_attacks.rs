//! Attacks in Python. Without the language layer a step may import what reaches the kernel, and the kernel's walls stand alone.

use super::attacks::{Attack, DENIED, ERROR, End, MEMORY, NOTHING, TIMEOUT, TOO_LARGE};

/// Refused by name in front; behind it the kernel refuses.
const fn named(name: &'static str, code: &'static str, bare: &'static [End]) -> Attack {
    Attack { name, code, guarded: &[DENIED], bare }
}

/// Nothing refuses it by name.
const fn plain(name: &'static str, code: &'static str, end: &'static [End]) -> Attack {
    Attack { name, code, guarded: end, bare: end }
}

/// The names that an attacker gets at without the language layer, and past it: `logging` knows `os` and `sys`.
macro_rules! past {
    ($code:literal) => {
        concat!("import logging\nos, sys = logging.os, logging.sys\n", $code)
    };
}

pub(super) const ATTACKS: &[Attack] = &[
    named(
        "a shell",
        "import os\noutput = os.system('id > /tmp/tidemill-attack')",
        &[DENIED, ERROR, End::Gives("-1"), End::Gives("32512")],
    ),
    named(
        "a process",
        "import subprocess\noutput = subprocess.run(['id'], capture_output=True).stdout.decode()",
        &[DENIED, ERROR],
    ),
    named("a program", "import os\nos.execv('/bin/sh', ['sh', '-c', 'id'])", &[DENIED]),
    plain("a program past the names", past!("os.execv('/bin/sh', ['sh'])"), &[DENIED]),
    plain("a process past the names", past!("os.posix_spawn('/bin/sh', ['sh'], {})"), &[DENIED]),
    plain("forks without end", past!("while True: os.fork()"), &[DENIED]),
    named(
        "threads",
        "import threading\nfor _ in range(10000): threading.Thread(target=lambda: None).start()",
        &[ERROR, DENIED],
    ),
    named("processes by a library", "import multiprocessing\nmultiprocessing.Process(target=print).start()", &[ERROR, DENIED]),
    named("a TCP socket", "import socket\nsocket.socket()", &[DENIED]),
    named("a TCP socket of version 6", "import socket\nsocket.socket(socket.AF_INET6)", &[DENIED]),
    named("a datagram socket", "import socket\nsocket.socket(socket.AF_INET, socket.SOCK_DGRAM)", &[DENIED]),
    named("a raw socket", "import socket\nsocket.socket(socket.AF_INET, socket.SOCK_RAW, 1)", &[DENIED]),
    named("a socket of the machine", "import socket\nsocket.socket(socket.AF_UNIX).connect('\\0x')", &[DENIED]),
    named("a socket to the kernel", "import socket\nsocket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)", &[DENIED]),
    named("a socket to the hypervisor", "import socket\nsocket.socket(socket.AF_VSOCK)", &[DENIED]),
    named(
        "a socket to the crypto of the kernel",
        "import socket\nsocket.socket(socket.AF_ALG, socket.SOCK_SEQPACKET)",
        &[DENIED],
    ),
    named("a name on the network", "import socket\noutput = socket.getaddrinfo('example.com', 80)", &[DENIED, ERROR]),
    named("read a file", "output = open('/etc/passwd').read()", &[DENIED]),
    plain("read a file past the names", past!("output = os.read(os.open('/etc/passwd', 0), 100).decode()"), &[DENIED]),
    plain("read a file by a library", "import io\noutput = io.open('/etc/passwd').read()", &[DENIED]),
    plain("read a file by code", "import io\noutput = io.FileIO('/root/.ssh/id_rsa').read().decode()", &[DENIED]),
    plain("write a file", past!("os.open('/tmp/tidemill-attack', os.O_CREAT | os.O_WRONLY)"), &[DENIED]),
    plain(
        "read the environment of the server",
        past!("output = os.read(os.open('/proc/1/environ', 0), 100).decode()"),
        &[DENIED],
    ),
    plain("write its own memory", past!("os.open('/proc/self/mem', os.O_RDWR)"), &[DENIED]),
    plain("list the root", past!("output = os.listdir('/')"), &[DENIED]),
    plain("look at a file", past!("output = os.stat('/etc/passwd').st_size"), &[DENIED]),
    plain("change the root", past!("os.chroot('../../../..')"), &[DENIED]),
    plain("change the directory", past!("os.chdir('/..')"), &[DENIED]),
    plain("make a directory", past!("for i in range(10 ** 6): os.mkdir(f'/x{i}')"), &[DENIED]),
    plain("a file in memory", past!("os.memfd_create('x')"), &[DENIED]),
    plain("a pipe", past!("os.pipe()"), &[DENIED]),
    plain(
        "read every descriptor",
        past!(
            "found = []\nfor fd in range(4096):\n    try:\n        if fd > 2 and os.isatty(fd) or os.pread(fd, 1, 0): found.append(fd)\n    except OSError: pass\noutput = found or 'nothing'"
        ),
        &[NOTHING],
    ),
    plain(
        "the environment",
        past!("output = [k for k in os.environ if k != 'TZ'] or os.getenv('PATH') or 'nothing'"),
        &[NOTHING],
    ),
    named(
        "the environment of the process as it began",
        "import ctypes\nlibc = ctypes.CDLL(None)\nlibc.getenv.restype = ctypes.c_char_p\noutput = [str(libc.getenv(k)) for k in (b'PATH', b'HOME', b'TIDEMILL_DATABASE_URL') if libc.getenv(k)] or 'nothing'",
        &[NOTHING, DENIED, ERROR],
    ),
    named(
        "look into another process",
        "import ctypes\nlibc = ctypes.CDLL(None)\nlibc.ptrace(16, 1, 0, 0)\noutput = 1",
        &[DENIED],
    ),
    named(
        "read another process",
        "import ctypes\nlibc = ctypes.CDLL(None)\nlibc.syscall(310, 1, 0, 0, 0, 0, 0)\noutput = 1",
        &[DENIED],
    ),
    named("new namespaces", "import ctypes\nlibc = ctypes.CDLL(None)\nlibc.unshare(0x10000000)\noutput = 1", &[DENIED]),
    named("other namespaces", "import ctypes\nlibc = ctypes.CDLL(None)\nlibc.setns(3, 0)\noutput = 1", &[DENIED]),
    named("a mount", "import ctypes\nlibc = ctypes.CDLL(None)\nlibc.mount(b'x', b'/', b'tmpfs', 0, 0)\noutput = 1", &[DENIED]),
    named("programs for the kernel", "import ctypes\nctypes.CDLL(None).syscall(321, 0, 0, 0)\noutput = 1", &[DENIED]),
    named("rings for the kernel", "import ctypes\nctypes.CDLL(None).syscall(425, 1, 0)\noutput = 1", &[DENIED]),
    named("faults in user space", "import ctypes\nctypes.CDLL(None).syscall(323, 0)\noutput = 1", &[DENIED]),
    named("performance events", "import ctypes\nctypes.CDLL(None).syscall(298, 0, 0, 0, 0, 0)\noutput = 1", &[DENIED]),
    named("keys of the kernel", "import ctypes\nctypes.CDLL(None).syscall(250, 0, 0, 0, 0, 0)\noutput = 1", &[DENIED]),
    named(
        "a process by the newest call",
        "import ctypes\noutput = 'nothing' if ctypes.CDLL(None, use_errno=True).syscall(435, 0, 0) == -1 else 'something'",
        &[NOTHING],
    ),
    named(
        "a fork by the oldest call",
        "import ctypes\noutput = 'nothing' if ctypes.CDLL(None, use_errno=True).syscall(57) == -1 else 'something'",
        &[NOTHING],
    ),
    named(
        "calls of the other binary interface",
        "import ctypes\nctypes.CDLL(None).syscall(0x40000000 + 39)\noutput = 'nothing'",
        &[NOTHING, DENIED],
    ),
    named(
        "executable memory",
        "import ctypes\nlibc = ctypes.CDLL(None)\nlibc.mmap.restype = ctypes.c_void_p\noutput = 'nothing' if libc.mmap(0, 4096, 7, 0x22, -1, 0) == 2 ** 64 - 1 else 'something'",
        &[NOTHING],
    ),
    named(
        "back to root",
        "import ctypes\nlibc = ctypes.CDLL(None)\noutput = 'nothing' if libc.setuid(0) == -1 and libc.geteuid() != 0 else 'something'",
        &[NOTHING],
    ),
    plain(
        "kill everybody",
        past!(
            "killed = 0\nfor pid in range(1, 70000):\n    try:\n        os.kill(pid, 9)\n        killed += 1\n    except PermissionError: pass\noutput = killed or 'nothing'"
        ),
        &[NOTHING],
    ),
    plain("kill the group", past!("os.killpg(0, 9)"), &[DENIED]),
    plain("kill by a handle", past!("os.pidfd_open(1)"), &[DENIED]),
    named(
        "raise its own limits",
        "import resource\nresource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))",
        &[ERROR, DENIED],
    ),
    named("limits of another", "import resource\nresource.prlimit(1, resource.RLIMIT_CPU, (1, 1))", &[DENIED]),
    plain("more memory than there is", "output = len(bytearray(2 << 30))", &[MEMORY]),
    plain("a slow leak", "a = []\nwhile True: a.append(bytes(100_000))", &[MEMORY]),
    plain("a leak of small things", "a = []\nwhile True: a.append([len(a)])", &[MEMORY, TIMEOUT]),
    plain("a loop without end", "while True: pass", &[TIMEOUT]),
    plain("a loop in its function", "def main(input):\n    while True: pass", &[TIMEOUT]),
    plain(
        "a loop that catches everything",
        "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
        &[TIMEOUT],
    ),
    plain("sleep", "import time\ntime.sleep(1000)", &[TIMEOUT]),
    named(
        "a loop that ignores signals",
        "import signal\nfor s in (1, 2, 3, 15, 24): signal.signal(s, signal.SIG_IGN)\nwhile True: pass",
        &[TIMEOUT],
    ),
    plain("a large power", "output = len(str(9 ** 9 ** 9))", &[TIMEOUT, MEMORY, ERROR]),
    plain("a long number", "output = int('9' * 10 ** 7)", &[ERROR, TIMEOUT]),
    plain("an expensive pattern", "import re\noutput = re.match(r'(a+)+$', 'a' * 40 + '!')", &[TIMEOUT]),
    plain(
        "keys that collide",
        "class K:\n    def __hash__(self): return 1\n    def __eq__(self, other): return False\noutput = len({K() for _ in range(10 ** 6)})",
        &[TIMEOUT],
    ),
    plain("deep JSON", "import json\njson.loads('[' * 10 ** 5)", &[ERROR]),
    plain(
        "a bomb of zlib",
        "import zlib\nd = zlib.decompress(zlib.compress(bytes(10 ** 7)))\noutput = len(zlib.decompress(zlib.compress(d * 30)))",
        &[MEMORY, TIMEOUT],
    ),
    plain("recursion", "def f(): return f()\nf()", &[ERROR]),
    plain(
        "recursion past its limit",
        past!("sys.setrecursionlimit(10 ** 9)\ndef f(x): return [f([x])]\nf(1)"),
        &[ERROR, MEMORY, TIMEOUT],
    ),
    plain(
        "recursion in C past its limit",
        past!("sys.setrecursionlimit(10 ** 9)\nx = []\nfor _ in range(10 ** 6): x = [x]\noutput = repr(x) and 1"),
        &[ERROR, MEMORY, TIMEOUT],
    ),
    named("an address that is none", "import ctypes\nctypes.string_at(0)", &[ERROR]),
    plain(
        "bytecode that is none",
        "import types\nf = lambda: 0\nf.__code__ = f.__code__.replace(co_code=b'\\x64\\xff' * 50 + b'\\x53\\x00', co_consts=())\nf()",
        &[ERROR, End::Gives("null")],
    ),
    plain("a log without end", "while True: print('A' * 10 ** 6)", &[TIMEOUT]),
    plain("a large output", "output = 'x' * 9_000_000", &[TOO_LARGE]),
    plain("a deep output", "output = []\nfor _ in range(100): output = [output]", &[TOO_LARGE, ERROR]),
    plain("a circle", "output = []\noutput.append(output)", &[ERROR]),
    plain("an output that is no JSON", "output = float('nan')", &[ERROR]),
    plain("an output that is no data", "output = print", &[ERROR]),
    plain("text that is none", "output = '\\ud800'", &[ERROR]),
    plain("an output that raises", "class D(dict):\n    def items(self): raise ValueError('x')\noutput = D(a=1)", &[ERROR]),
    plain("an error that raises", "class E(Exception):\n    def __str__(self): raise ValueError('x')\nraise E()", &[ERROR]),
    plain(
        "an error that loops",
        "class E(Exception):\n    def __str__(self):\n        while True: pass\nraise E()",
        &[TIMEOUT],
    ),
    plain(
        "an error without end",
        "class E(Exception): pass\ne = E('x' * 10 ** 7)\nfor _ in range(50):\n    n = E('y')\n    n.__context__ = e\n    e = n\nraise e",
        &[ERROR],
    ),
    plain("the end", "raise SystemExit(0)", &[ERROR]),
    plain("the end at once", past!("os._exit(0)"), &[ERROR]),
    plain("an abort", past!("os.abort()"), &[ERROR]),
    plain(
        "an answer of its own",
        past!(
            "import struct\nfor fd in range(3, 16):\n    try:\n        os.write(fd, struct.pack('<BI', 5, 9) + b'\"nothing\"')\n        break\n    except OSError: pass\nwhile True: pass"
        ),
        &[NOTHING],
    ),
    plain(
        "an answer that is too long",
        past!(
            "import struct\nfor fd in range(3, 16):\n    try:\n        os.write(fd, struct.pack('<BI', 5, 0xffffffff))\n    except OSError: pass\nwhile True: pass"
        ),
        &[TOO_LARGE],
    ),
    plain(
        "an answer that is none",
        past!(
            "for fd in range(3, 16):\n    try:\n        os.write(fd, b'\\xff' * 100)\n    except OSError: pass\nwhile True: pass"
        ),
        &[ERROR],
    ),
    plain(
        "a failure of its own making",
        past!(
            "import struct, json\nb = json.dumps({'class': 'host_lost', 'message': 'x'}).encode()\nfor fd in range(3, 16):\n    try:\n        os.write(fd, struct.pack('<BI', 6, len(b)) + b)\n    except OSError: pass\nwhile True: pass"
        ),
        &[ERROR],
    ),
    named("code from text", "output = 'nothing' if eval('1 + 1') == 2 else 'something'", &[NOTHING]),
    named("code from text that runs", "exec('x = 1')\noutput = 'nothing'", &[NOTHING]),
    named("code that is compiled", "compile('1', 'x', 'eval')\noutput = 'nothing'", &[NOTHING]),
    named("an import that is computed", "__import__('so'[::-1]).listdir('/')", &[DENIED]),
    named("an import by a library", "import importlib\nimportlib.import_module('os').listdir('/')", &[DENIED, ERROR]),
    plain(
        "builtins by the subclasses",
        "found = [c for c in ().__class__.__base__.__subclasses__() if c.__name__ == '_wrap_close']\noutput = found[0].__init__.__globals__['system']('id') if found else 'nothing'",
        &[NOTHING, DENIED, End::Gives("-1"), End::Gives("32512")],
    ),
    plain(
        "builtins by a generator",
        "g = (x for x in ())\noutput = g.gi_frame.f_builtins['open']('/etc/passwd').read()",
        &[DENIED],
    ),
    plain(
        "builtins by an error",
        "try:\n    raise ValueError\nexcept ValueError as e:\n    f = e.__traceback__.tb_frame\n    while f.f_back: f = f.f_back\n    output = f.f_globals['importlib'].import_module('os').listdir('/')",
        &[DENIED, ERROR],
    ),
    plain("format strings", "import datetime\noutput = '{0.__class__.__init__.__globals__}'.format(datetime.date)", &[ERROR]),
    plain("is no code", "def main(:", &[ERROR]),
    plain(
        "code that is nested too deeply",
        concat!(
            "x = ",
            "((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((("
        ),
        &[ERROR],
    ),
    plain("code with a zero byte", "x = 1\u{0}", &[ERROR]),
];
