"""Runs Python steps inside the jail. The jail is the boundary; what is refused here by name is refused for a better message."""

import builtins
import gc
import importlib
import json
import linecache
import sys
import traceback

FILE = "step.py"

# What a step may import. Each is imported before the jail closes; there is no file to import from afterwards.
MODULES = """
abc array asyncio base64 binascii bisect calendar cmath codecs collections collections.abc colorsys contextlib copy csv
dataclasses datetime decimal difflib enum fractions functools graphlib hashlib heapq hmac html html.entities html.parser
inspect io ipaddress itertools json keyword locale logging math numbers operator pprint quopri random re secrets shlex
statistics string struct textwrap time token tokenize traceback types typing unicodedata urllib.parse uuid warnings
xml.etree.ElementTree zlib zoneinfo
""".split()

# What some of those import late, when there is no file any more.
LATE = """
_strptime _pydecimal encodings.ascii encodings.base64_codec encodings.cp1252 encodings.hex_codec encodings.idna encodings.latin_1
encodings.punycode encodings.raw_unicode_escape encodings.unicode_escape encodings.utf_16 encodings.utf_16_be
encodings.utf_16_le encodings.utf_32 encodings.utf_8 encodings.utf_8_sig opcode stringprep xml.etree.ElementPath
pyexpat
""".split()

# What an attacker would like to have. Only for tests that switch the language layer off.
DANGEROUS = "ctypes fcntl mmap multiprocessing os resource select signal socket subprocess sys tarfile threading zipfile".split()

# What is there without being imported, and why it is not there in a step.
REFUSED = {
    "breakpoint": "there is no debugger",
    "compile": "write the code into the step itself",
    "eval": "write the code into the step itself; json.loads reads data",
    "exec": "write the code into the step itself",
    "exit": "use return, or raise an error",
    "help": "there is no terminal",
    "open": "a step has no files; its data comes with `input`, and it returns its output",
    "quit": "use return, or raise an error",
}


class Denied(PermissionError):
    """What a step may not do."""

    __module__ = "builtins"


allowed = frozenset()
user_builtins = {}


def warm(language_layer):
    """Imports everything, reads the time zones, and prepares the names that steps see."""
    global allowed, user_builtins
    import os
    import time

    os.environ.clear()
    os.environ["TZ"] = "UTC0"
    time.tzset()
    names = MODULES if language_layer else MODULES + DANGEROUS
    for name in names + LATE:
        importlib.import_module(name)
    keep_time_zones()
    use_quiet_loop()
    parents = {name.rpartition(".")[0] for name in names}
    allowed = frozenset(names) | (parents - {""})
    user_builtins = dict(vars(builtins))
    if language_layer:
        user_builtins.update({name: refuser(name, why) for name, why in REFUSED.items()})
        user_builtins["__import__"] = import_allowed
        user_builtins.pop("input", None)
    sys.setrecursionlimit(1000)
    # Twice, so that what is made at the first use is made now and shared by all steps.
    for _ in range(2):
        run("import datetime\ndef main(input):\n    print(input)\n    return [datetime.date(2026, 1, 1), f'{1.5:.2f}']", b'{"a": [1.5, "x"]}', len)
        run("def main(input):\n    return 1 / 0", b"null", len)


def freeze():
    """Keeps what is there from being looked at, and so copied, by the collector."""
    linecache.clearcache()
    gc.collect()
    gc.freeze()


def refuser(name, why):
    def refuse(*_args, **_kwargs):
        raise Denied(f"`{name}` is not available in a code step: {why}")

    refuse.__name__ = refuse.__qualname__ = name
    return refuse


def import_allowed(name, globals=None, locals=None, fromlist=(), level=0):
    """The `__import__` of steps."""
    if level == 0 and name in allowed:
        return __import__(name, globals, locals, fromlist, 0)
    near = [known for known in sorted(allowed) if known.partition(".")[0] == name.partition(".")[0]]
    hint = f"; there is {', '.join(near)}" if near else "; the documentation of code steps lists what can be imported"
    raise Denied(f"`import {name}` is not allowed in a code step{hint}")


def keep_time_zones():
    """Reads every time zone, for the jail has no files."""
    import io
    import os
    import zoneinfo
    from zoneinfo import _common, _tzpath

    # Those that came with this interpreter before those of the machine, and the package `tzdata` where there are no files.
    zoneinfo.reset_tzpath([os.path.join(sys.prefix, "share/zoneinfo"), *zoneinfo.TZPATH])
    zones = {}
    for key in zoneinfo.available_timezones():
        try:
            path = _tzpath.find_tzfile(key)
            with open(path, "rb") if path else _common.load_tzdata(key) as file:
                zones[key] = file.read()
        except (OSError, zoneinfo.ZoneInfoNotFoundError):
            continue

    def load_tzdata(key):
        if key not in zones:
            raise zoneinfo.ZoneInfoNotFoundError(f"No time zone found with key {key}")
        return io.BytesIO(zones[key])

    _common.load_tzdata = load_tzdata
    names = frozenset(zones)
    zoneinfo.available_timezones = lambda: set(names)


def use_quiet_loop():
    """An event loop without descriptors: it waits for time only, there being nothing else to wait for."""
    import asyncio
    import time
    from asyncio import base_events

    class Selector:
        def select(self, timeout=None):
            if timeout is None:
                raise RuntimeError("the step waits for something that can never happen")
            time.sleep(max(timeout, 0))
            return ()

    class Loop(base_events.BaseEventLoop):
        def __init__(self):
            super().__init__()
            self._selector = Selector()

        def _process_events(self, event_list):
            pass

        def _write_to_self(self):
            pass

    class Policy(asyncio.DefaultEventLoopPolicy):
        _loop_factory = Loop

    asyncio.set_event_loop_policy(Policy())


class Printed:
    """Standard output of a step."""

    encoding = "utf-8"
    errors = "replace"

    def __init__(self, write):
        self._write = write

    def write(self, text):
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self._write(text)
        return len(text)

    def writelines(self, lines):
        for line in lines:
            self.write(line)

    def flush(self):
        pass

    def isatty(self):
        return False


def plain(value):
    """What JSON has no word for."""
    import base64
    import dataclasses
    import datetime
    import decimal
    import enum
    import fractions
    import uuid

    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        return value.total_seconds()
    if isinstance(value, (decimal.Decimal, fractions.Fraction, uuid.UUID)):
        return str(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, (set, frozenset)):
        return list(value)
    if isinstance(value, enum.Enum):
        return value.value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if hasattr(value, "__next__") or isinstance(value, (type({}.keys()), type({}.values()), type({}.items()))):
        return list(value)
    raise TypeError(f"the output has a value that JSON has no word for: {type(value).__name__}")


def to_json(value):
    text = json.dumps(value, default=plain, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8")


def syntax(error):
    line = (error.text or "").rstrip()
    message = f"{type(error).__name__}: {error.msg}"
    if error.lineno:
        message += f" ({FILE}, line {error.lineno})"
        if line:
            message += f"\n    {line.lstrip()}"
    return "code_error", message, error.lineno, error.offset


def compiled(code):
    """The code object, or the answer that says why there is none."""
    try:
        return compile(code, FILE, "exec", dont_inherit=True), None
    except SyntaxError as error:
        return None, syntax(error)
    except (ValueError, RecursionError, OverflowError) as error:
        return None, ("code_error", f"SyntaxError: {error}", 1, 1)
    except MemoryError:
        return None, ("code_error", "SyntaxError: the code is nested too deeply", 1, 1)


def check(code):
    """Compiles only."""
    _, wrong = compiled(code)
    return wrong or (None, b"null", None, None)


def run(code, data, write):
    """Runs `code` with the JSON in `data`; gives (class or None, text, line, column)."""
    program, wrong = compiled(code)
    if wrong:
        return wrong
    lines = code.splitlines(keepends=True)
    linecache.cache[FILE] = (len(code), None, lines, FILE)
    sys.stdout = sys.stderr = Printed(write)
    try:
        return None, to_json(result(program, json.loads(data))), None, None
    except MemoryError:
        return "out_of_memory", "", None, None
    except BaseException as error:
        return failed(error)


def result(program, data):
    names = {"__name__": "step", "__builtins__": user_builtins, "input": data}
    exec(program, names)
    main = names.get("main")
    if callable(main):
        value = main(data)
        if inspect.iscoroutine(value):
            value = asyncio.run(value)
        return value
    if "output" in names:
        return names["output"]
    raise TypeError("the code has neither `def main(input):` nor a value for `output`")


def failed(error):
    try:
        while isinstance(error, BaseExceptionGroup) and error.exceptions:
            error = error.exceptions[0]
        denied = isinstance(error, PermissionError) or (isinstance(error, OSError) and error.errno in (1, 13, 30))
        text = told(error)
    except MemoryError:
        return "out_of_memory", "", None, None
    except BaseException as second:
        denied, text = False, f"{type(error).__name__}, and its message can't be shown: {type(second).__name__}"
    return ("sandbox_denied" if denied else "code_error"), text[:8000].encode("utf-8", "replace").decode(), None, None


def told(error):
    """The traceback as the author knows it: without the frames of this file."""
    told = traceback.TracebackException.from_exception(error, limit=-20, max_group_depth=3)
    seen, queue = set(), [told]
    while queue:
        part = queue.pop()
        if part is None or id(part) in seen:
            continue
        seen.add(id(part))
        part.stack = traceback.StackSummary.from_list(
            [frame for frame in part.stack if "tidemill/" not in frame.filename and not frame.filename.startswith("<frozen")]
        )
        queue += [part.__cause__, part.__context__]
    lines = list(told.format())
    last = told.stack[-1] if told.stack else None
    where = f" ({FILE}, line {last.lineno})" if last and last.filename == FILE else ""
    only = "".join(told.format_exception_only()).strip()
    short = only.removeprefix("builtins.")
    return short + where + "\n" + "".join(lines).strip()


import asyncio  # noqa: E402
import inspect  # noqa: E402
