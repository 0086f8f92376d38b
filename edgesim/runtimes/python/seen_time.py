"""The clock as a function sees it where edgesim's is not the machine's: an offset to it, or an instant at which time
stands still. Imported only then, and before any of the function's code. Runs on Python 3.9 to 3.14.

What is monotonic stays the machine's: time.monotonic, time.perf_counter, time.sleep. So do other processes, and what
native code asks the machine itself.
"""

import gc
import sys
import time
from datetime import date, datetime, timezone

# Nanoseconds of real time that a function sees the clock stand still: enough for one that does not wait for it, so
# that it comes to the same results every time. Then it runs on, so that one that waits comes to an end.
STANDSTILL = 1_000_000_000

_NAMES = ("time", "time_ns", "clock_gettime", "clock_gettime_ns", "gmtime", "localtime", "ctime", "asctime", "strftime")
_REAL = {name: getattr(time, name) for name in _NAMES if hasattr(time, name)}
_real_ns, _monotonic_ns = time.time_ns, time.monotonic_ns


class SeenTime:
    """What is seen. Milliseconds come in, nanoseconds go out."""

    def __init__(self):
        self._offset = 0
        self._at = None
        self._runs_from = 0

    def set(self, clock):
        """From now on: {"offset": …} or {"at": …}, or None for the machine's own time."""
        clock = clock or {"offset": 0}
        self._offset = clock.get("offset", 0) * 1_000_000
        self._at = clock["at"] * 1_000_000 if "at" in clock else None
        self._runs_from = _monotonic_ns() + STANDSTILL

    def now_ns(self):
        if self._at is None:
            return _real_ns() + self._offset
        return self._at + max(0, _monotonic_ns() - self._runs_from)

    def now(self):
        second, rest = divmod(self.now_ns(), 1_000_000_000)
        return second + rest / 1e9  # more exact than all of it divided

    def second(self):
        return self.now_ns() // 1_000_000_000

    # ── the module time ────────────────────────────────────────────────────────────────────────────────────────────

    def clock_gettime(self, clock):
        return self.now() if clock == time.CLOCK_REALTIME else _REAL["clock_gettime"](clock)

    def clock_gettime_ns(self, clock):
        return self.now_ns() if clock == time.CLOCK_REALTIME else _REAL["clock_gettime_ns"](clock)

    def of_second(self, name):
        """gmtime, localtime and ctime: of now where no second is given, or None."""
        real = _REAL[name]
        return lambda *seconds: real(self.second()) if seconds in ((), (None,)) else real(*seconds)

    def asctime(self, *when):
        return _REAL["asctime"](*when or (_REAL["localtime"](self.second()),))

    def strftime(self, *form_and_when):
        now = (_REAL["localtime"](self.second()),) if len(form_and_when) == 1 else ()
        return _REAL["strftime"](*form_and_when, *now)


class Function:
    """A function of the module time. Like the built-in one, and unlike a plain function, it is no method where it is
    found on a class: `converter = time.gmtime`."""

    __module__ = "time"

    def __init__(self, real, call):
        self._call = call
        self.__name__ = self.__qualname__ = real.__name__
        self.__doc__ = real.__doc__
        self.__self__ = time

    def __call__(self, *values):
        return self._call(*values)

    def __repr__(self):
        return f"<built-in function {self.__name__}>"

    def __reduce__(self):
        return self.__name__


def install():
    """Everything that says what time it is says it by the SeenTime that is returned, from now on."""
    seen = SeenTime()
    _install_time(seen)
    _install_datetime(seen)
    return seen


def _install_time(seen):
    calls = {
        "time": seen.now,
        "time_ns": seen.now_ns,
        "clock_gettime": seen.clock_gettime,
        "clock_gettime_ns": seen.clock_gettime_ns,
        "asctime": seen.asctime,
        "strftime": seen.strftime,
        **{name: seen.of_second(name) for name in ("gmtime", "localtime", "ctime")},
    }
    for name, real in _REAL.items():
        setattr(time, name, Function(real, calls[name]))


def _install_datetime(seen):
    def now(cls, tz=None):
        second, rest = divmod(seen.now_ns(), 1_000_000_000)
        return cls.fromtimestamp(second, tz).replace(microsecond=rest // 1000)

    def utcnow(cls):
        return now(cls, timezone.utc).replace(tzinfo=None)

    def today(cls):
        return cls.fromtimestamp(seen.now())

    _put_into_type(datetime, now)
    _put_into_type(datetime, utcnow)
    _put_into_type(date, today)


def _put_into_type(cls, function):
    """Replace a class method of a type that is written in C, in place, so that every instance, subclass and module
    goes on with the one type there is. The interpreter has no way to do so but the dict itself."""
    name = function.__name__
    function.__qualname__, function.__module__ = f"{cls.__name__}.{name}", cls.__module__
    function.__doc__ = getattr(cls, name).__doc__
    (members,) = gc.get_referents(cls.__dict__)
    members[name] = classmethod(function)
    forget = getattr(sys, "_clear_internal_caches", None) or sys._clear_type_cache  # the first from 3.13 on
    forget()
