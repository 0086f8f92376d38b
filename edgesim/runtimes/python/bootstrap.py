"""The Python side of an execution environment. Runs on Python 3.9 to 3.14 without site-packages; knows nothing of
CloudFront.

One inherited socket carries frames (runtimes/wire.py). The first names the function, each further one is an event.
Between events the main thread stands still in a blocking read: that is Lambda's freeze.

How handlers are found, called and judged follows what Lambda's Python runtime client does (observed). Catching
Exception is this module's business: a user's function may raise anything. What is not an Exception ends the process,
as on Lambda.
"""

import json
import logging
import marshal
import os
import signal
import struct
import sys
import time
from contextlib import suppress
from decimal import Decimal
from importlib import import_module

READY, INIT_FAILED, RESULT, ERROR, PEAK = 3, 4, 5, 7, 9
HEADER = struct.Struct(">IBI")
RESULT_LIMIT = 6291556  # observed in Lambda's runtime clients
EVENT_LIMIT = 262144  # documented: CloudWatch Logs keeps 256 KB of one event
SCALARS = frozenset({str, int, float, bool, type(None)})
monotonic = time.monotonic  # deadlines are real time, whatever clock the function sees, or makes for itself
# A function may replace these, as some do to make json tolerant; Lambda's client has an encoder of its own.
JSONEncoder, loads, write, wall_clock, marshalled = json.JSONEncoder, json.loads, os.write, time.time, marshal.dumps
dumps = JSONEncoder().encode
NBSP = "\u00a0"
UNHANDLED = (
    "LAMBDA_WARNING: Unhandled exception. The most likely cause is an issue in the function code. However, in rare "
    "cases, a Lambda runtime update can cause unexpected function behavior."
)


class RuntimeFault(Exception):
    """A failure under a name of Lambda's. `frames` is what it shows for a stack trace."""

    def __init__(self, error_type, message, frames=()):
        super().__init__(message)
        self.error_type = f"Runtime.{error_type}"
        self.frames = list(frames)


# ── bytes ──────────────────────────────────────────────────────────────────────────────────────────────────────────


class Control:
    """The emulator's socket, bare: an object would close it at the end. What is sent has the token of what was read."""

    def __init__(self, number):
        self._number = number
        self._file = os.fdopen(number, "rb", buffering=65536, closefd=False)
        os.set_inheritable(number, False)
        self.is_lost = False
        self._token = 0
        os.register_at_fork(after_in_child=self._lose)

    def _lose(self):
        """A process that the function forks answers nothing: the socket is its parent's."""
        self.is_lost = True
        with suppress(OSError):
            os.close(self._number)

    def read(self):
        """The next frame's contents. The emulator gone, we go too, with every process in our group."""
        header = self._exactly(HEADER.size)
        if len(header) < HEADER.size:
            os.killpg(0, signal.SIGKILL)
        length, _, self._token = HEADER.unpack(header)
        return loads(self._exactly(length))

    def _exactly(self, count):
        """So many bytes, or what there is before the end, also where the function made the socket non-blocking."""
        data = self._file.read(count) or b""
        if len(data) < count and not os.get_blocking(self._number):
            os.set_blocking(self._number, True)
            data += self._file.read(count - len(data))
        return data

    def send(self, kind, payload):
        write_all(self._number, HEADER.pack(len(payload), kind, self._token) + payload)


def write_all(number, data):
    while data:
        data = data[write(number, data) :]


class Log:
    """Where log events go: a descriptor of its own, as Lambda's client has one, since a function may close its
    stdout. A log that can't be written to fails no function."""

    number = 1

    @classmethod
    def open(cls):
        cls.number = os.dup(1)

    @classmethod
    def write(cls, data):
        with suppress(OSError):
            write_all(cls.number, data)


def log_event(text):
    """One log event, newlines and all: stdout and stderr are one pipe, and marks keep an event in one piece."""
    event = text[:EVENT_LIMIT].encode("utf-8", "backslashreplace").replace(b"\0", b"\0\x03")
    Log.write(b"\0\x01" + event + b"\0\x02")


def tolerant_streams():
    """Any text can be printed. That it appears at once is the option -u."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")


# ── logging ────────────────────────────────────────────────────────────────────────────────────────────────────────


class LambdaLoggerHandler(logging.Handler):
    """The handler that Lambda puts on the root logger, which makes basicConfig() do nothing. What it can't format
    raises, other than with logging's own handlers, and fails the function. observed"""

    def __init__(self):
        super().__init__()
        formatter = logging.Formatter(
            "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s", "%Y-%m-%dT%H:%M:%S"
        )
        formatter.converter = time.gmtime
        self.setFormatter(formatter)
        self.request_id = ""

    def emit(self, record):
        record.aws_request_id = self.request_id
        log_event(self.format(record))


def log_error(document):
    """An error as the text format shows it: the stack indented with no-break spaces."""
    said = f": {document['errorMessage']}" if document["errorMessage"] else ""
    frames = "\n".join(document["stackTrace"]).split("\n")
    lines = [f"[ERROR] {document['errorType']}{said}", "Traceback (most recent call last):"]
    log_event("\n".join([*lines, *(_indented(line) for line in frames if line.strip())]))


def _indented(line):
    text = line.lstrip(" ")
    return NBSP * (len(line) - len(text)) + text


# ── errors ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def error_document(error, request_id):
    return {
        "errorMessage": str(error),
        "errorType": error.error_type if isinstance(error, RuntimeFault) else type(error).__name__,
        "requestId": request_id,
        "stackTrace": error.frames if isinstance(error, RuntimeFault) else user_frames(error),
    }


def user_frames(error):
    """The formatted frames from the first one on that is not this module's, without the marks below their lines."""
    import traceback  # late: it is not needed where nothing fails

    frames = traceback.extract_tb(error.__traceback__)
    while frames and frames[0].filename == __file__:
        del frames[0]
    return traceback.format_list([(one.filename, one.lineno, one.name, one.line) for one in frames])


def place_of(error, root):
    """[file, line] in the user's code that an error points to."""
    if isinstance(error, SyntaxError) and error.filename and error.filename.startswith(root):
        return [error.filename, error.lineno]
    place, step = None, error.__traceback__
    while step is not None:
        if step.tb_frame.f_code.co_filename.startswith(root + "/"):
            place = [step.tb_frame.f_code.co_filename, step.tb_lineno]
        step = step.tb_next
    return place or getattr(error, "place", None)


# ── finding the handler ────────────────────────────────────────────────────────────────────────────────────────────


def split_handler(handler):
    """(module, attribute): cut at the last dot, with slashes for the dots of packages."""
    try:
        module, attribute = handler.rsplit(".", 1)
    except ValueError as error:
        raise RuntimeFault("MalformedHandlerName", f"Bad handler '{handler}': {error}") from error
    return module.replace("/", "."), attribute


def import_named(name):
    """Import the user's module, with failures under Lambda's names."""
    if name.split(".")[0] in sys.builtin_module_names:
        raise RuntimeFault("BuiltInModuleConflict", f"Cannot use built-in module {name} as a handler module")
    try:
        return import_module(name)
    except ImportError as error:
        raise RuntimeFault("ImportModuleError", f"Unable to import module '{name}': {error}") from error
    except SyntaxError as error:
        frames = [f'  File "{error.filename}" Line {error.lineno}\n    {error.text}']
        raise RuntimeFault("UserCodeSyntaxError", f"Syntax error in module '{name}': {error}", frames) from error


def find_handler(handler):
    name, attribute = split_handler(handler)
    module = import_named(name)
    try:
        return getattr(module, attribute)
    except AttributeError:
        fault = RuntimeFault("HandlerNotFound", f"Handler '{attribute}' missing on module '{name}'")
        fault.place = [module.__file__, None] if getattr(module, "__file__", None) else None
        raise fault from None


# ── results ────────────────────────────────────────────────────────────────────────────────────────────────────────


def encode(value, ascii_only):
    """A result as JSON, by the rules of the encoder that Lambda uses (simplejson): Decimal as a number, a named tuple
    as an object, bytes within as the UTF-8 text they are, NaN as it is; bytes by themselves are not touched."""
    if isinstance(value, bytes):
        return value
    if _is_plain(value):
        with suppress(TypeError):  # bytes are marshalled too
            return ENCODERS[ascii_only](value).encode("utf-8", "surrogatepass")
    decimals = []
    mark = f"decimal-{id(decimals)}-{monotonic()}-"

    def unknown(item):
        if isinstance(item, Decimal):
            decimals.append("NaN" if item.is_nan() else str(item))
            return f"{mark}{len(decimals) - 1}."
        raise TypeError(f"Object of type {type(item).__name__} is not JSON serializable")

    text = JSONEncoder(default=unknown, ensure_ascii=ascii_only).encode(_converted(value, frozenset()))
    for index, number in enumerate(decimals):
        text = text.replace(f'"{mark}{index}."', number, 1)
    return text.encode("utf-8", "surrogatepass")


ENCODERS = {ascii_only: JSONEncoder(ensure_ascii=ascii_only).encode for ascii_only in (False, True)}


def _is_plain(value):
    """Is there nothing in it but Python's own types, of which none is a named tuple? Only those can be marshalled,
    which is much quicker than to look."""
    try:
        marshalled(value)
    except (ValueError, RecursionError):
        return False
    return True


def _converted(value, above):
    """The same value of Python's own types, but for what JSONEncoder knows or refuses: whatever has `_asdict` as a
    dict, bytes as text."""
    if type(value) in SCALARS or isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode()
    has_fields = callable(getattr(value, "_asdict", None))
    if not has_fields and not isinstance(value, (dict, list, tuple)):
        return value
    if id(value) in above:
        raise ValueError("Circular reference detected")
    above = above | {id(value)}
    if has_fields:
        value = value._asdict()
        if not isinstance(value, dict):
            raise TypeError(f"_asdict() must return a dict, not {type(value).__name__}")
    if isinstance(value, dict):
        return {_key(key): _converted(item, above) for key, item in value.items()}
    return [_converted(item, above) for item in value]


def _key(key):
    return key.decode() if isinstance(key, bytes) else key


# ── context ────────────────────────────────────────────────────────────────────────────────────────────────────────


class CognitoIdentity:
    """Always empty at the edge."""

    cognito_identity_id = None
    cognito_identity_pool_id = None

    def __repr__(self):
        return "CognitoIdentity([cognito_identity_id=None,cognito_identity_pool_id=None])"


class LambdaContext:
    """What a handler gets as its second argument."""

    def __init__(self, fields, request_id, remaining):
        self.aws_request_id = request_id
        self.log_group_name = fields["logGroupName"]
        self.log_stream_name = fields["logStreamName"]
        self.function_name = fields["functionName"]
        self.memory_limit_in_mb = fields["memoryLimitInMB"]
        self.function_version = fields["functionVersion"]
        self.invoked_function_arn = fields["invokedFunctionArn"]
        self.tenant_id = None
        self.client_context = None
        self.identity = CognitoIdentity()
        self._deadline = monotonic() * 1000 + remaining

    def get_remaining_time_in_millis(self):
        return max(int(self._deadline - monotonic() * 1000), 0)

    def w3c(self):
        """The caller's trace context: at the edge there is none."""
        return {}

    def log(self, message):
        """A raw write: no prefix, no newline."""
        Log.write(str(message).encode("utf-8", "backslashreplace"))

    def __repr__(self):
        fields = ",".join(f"{name}={value}" for name, value in vars(self).items() if not name.startswith("_"))
        return f"LambdaContext([{fields}])"


# ── the loop ───────────────────────────────────────────────────────────────────────────────────────────────────────


def trace_of(request_id, second):
    """The form is observed. inferred: nobody samples at the edge, so the numbers are those of the request's id."""
    digits = request_id.replace("-", "")
    return f"Root=1-{second:08x}-{digits[:24]};Parent={digits[16:]};Sampled=0;Lineage=1:{digits[:8]}:0"


class Environment:
    """Answers events, one at a time, with the user's handler."""

    def __init__(self, control, settings, log_handler, seen_time):
        self._control = control
        self._settings = settings
        self._seen_time = seen_time
        self._log_handler = log_handler
        self._ascii_only = settings["asciiOnly"]
        self._handler = find_handler(settings["handler"])

    def serve(self):
        self._report_peak()
        self._control.send(READY, b"")
        while True:
            call = self._control.read()
            kind, payload = self._answer(call)
            if self._control.is_lost:
                os._exit(0)  # inferred: a fork of the function's that comes back from the handler ends there
            self._report_peak()
            self._control.send(kind, payload)

    def _answer(self, call):
        if self._seen_time is not None:
            self._seen_time.set(call.get("clock"))
        self._log_handler.request_id = call["id"]
        os.environ["_X_AMZN_TRACE_ID"] = trace_of(call["id"], self._second())
        context = LambdaContext(self._settings["context"], call["id"], call["remaining"])
        try:
            return self._result(self._handler(call["event"], context))
        except Exception as error:
            document = error_document(error, call["id"])
            log_error(document)
            return ERROR, dumps(document).encode()

    def _second(self):
        return self._seen_time.second() if self._seen_time is not None else int(wall_clock())

    def _result(self, value):
        try:
            payload = encode(value, self._ascii_only)
        except Exception as error:
            raise RuntimeFault("MarshalError", f"Unable to marshal response: {error}") from error
        if len(payload) > RESULT_LIMIT:
            fault = RuntimeFault(
                "ResponseSizeTooLarge",
                f"Response payload size ({len(payload)} bytes) exceeded maximum allowed payload size "
                f"({RESULT_LIMIT} bytes).",
            )
            fault.error_type = "Function.ResponseSizeTooLarge"
            raise fault
        return RESULT, payload

    def _report_peak(self):
        """The peak of resident memory in kilobytes, where the emulator can't read it from /proc."""
        if sys.platform != "linux":
            import resource

            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            self._control.send(PEAK, str(peak // 1024 if sys.platform == "darwin" else peak).encode())


def install_site_builtins():
    """What the module site gives to programs, which is left out here for its time (-S)."""
    import builtins
    from _sitebuiltins import Quitter

    builtins.exit, builtins.quit = (Quitter(name, "Ctrl-D (i.e. EOF)") for name in ("exit", "quit"))


def prepare(settings):
    """Make the process look like one of Lambda's: variables, folder, module path."""
    os.environ.pop("LC_CTYPE", None)  # Python's own doing
    os.environ.update(settings["env"])
    time.tzset()
    install_site_builtins()
    os.chdir(settings["root"])
    sys.path[:0] = [settings["root"]]
    sys.path += settings["paths"]
    sys.argv = ["/var/runtime/bootstrap.py"]


def steer(clock):
    """See this clock from here on. None where there is none: then nothing of the interpreter's is touched."""
    if clock is None:
        return None
    seen_time = load_seen_time().install()
    seen_time.set(clock)
    return seen_time


def load_seen_time():
    """The module seen_time, without leaving its name in the user's way."""
    sys.path.insert(0, os.path.dirname(__file__))
    import seen_time

    del sys.path[0], sys.modules["seen_time"]
    return seen_time


def listen_for_debugger(debugger):
    """Let a debugger attach. `debugger` is {"port", "path"}, the folder in which debugpy is; None for no debugger."""
    if debugger is None:
        return
    sys.dont_write_bytecode = True  # the code runs where its author has it
    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"
    sys.path.append(debugger["path"])
    import debugpy  # noqa: T100

    debugpy.listen(("127.0.0.1", debugger["port"]))  # noqa: T100
    sys.path.remove(debugger["path"])


def fail_init(control, error, root):
    logging.getLogger().warning(UNHANDLED)
    document = error_document(error, "")
    log_error(document)
    document["place"] = place_of(error.__cause__ or error, root)
    control.send(INIT_FAILED, dumps(document).encode())
    sys.exit(1)


REHEARSED = "colorsys"  # of the standard library, in Python, and imports nothing


def rehearse():
    """Do once what every start does, before there is anything to start: what is only now read from disk, or copied
    from the process that this one is a fork of, is not waited for later (measured: half of a start)."""
    if REHEARSED not in sys.modules:
        import_module(REHEARSED)
        del sys.modules[REHEARSED]
    exec(compile("def handler(event, context):\n    return event\n", "", "exec"), {})  # noqa: S102  a text of ours
    encode(json.loads(json.dumps({"uri": "/", "headers": {"host": [{"key": "Host", "value": "a"}]}})), True)
    time.tzset()


def main(number):
    """Run until the emulator goes. `number` is the inherited socket's."""
    sys.modules.pop("bootstrap", None)  # the name is the user's
    control = Control(number)
    Log.open()
    tolerant_streams()
    logging.getLogger().addHandler(log_handler := LambdaLoggerHandler())
    rehearse()
    settings = control.read()
    seen_time = steer(settings.get("clock"))
    prepare(settings)
    listen_for_debugger(settings.get("debugger"))
    try:
        environment = Environment(control, settings, log_handler, seen_time)
    except Exception as error:
        fail_init(control, error, settings["root"])
    environment.serve()
