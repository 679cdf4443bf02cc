"""Names that every MicroPython has in its flash already: whatever else is called so takes no memory for its name."""

# Methods and attributes of MicroPython's own types and modules (py/objstr.c, objlist.c, objdict.c, objset.c, objint.c,
# stream.c, modsys.c, modgc.c, modmath.c, modstruct.c; extmod/: modos, modtime, modrandom, modbinascii, modheapq, modre,
# moductypes).
METHODS = (
    *("center", "count", "decode", "encode", "endswith", "find", "format", "index", "isalpha", "isdigit", "islower", "isspace", "isupper", "join", "lower", "lstrip"),
    *("partition", "replace", "rfind", "rindex", "rpartition", "rsplit", "rstrip", "split", "splitlines", "startswith", "strip"),
    *("append", "clear", "copy", "extend", "insert", "pop", "remove", "reverse", "sort"),
    *("fromkeys", "get", "items", "keys", "popitem", "setdefault", "update", "values"),
    *("add", "difference", "difference_update", "discard", "intersection", "intersection_update", "isdisjoint", "issubset", "issuperset"),
    *("symmetric_difference", "symmetric_difference_update", "union", "upper"),
    *("from_bytes", "to_bytes", "read", "readinto", "readline", "readlines", "write", "getvalue", "send", "throw", "close", "value"),
    *("argv", "byteorder", "exit", "implementation", "maxsize", "modules", "path", "platform", "print_exception", "stderr", "stdin", "stdout", "version"),
    "version_info",
    *("collect", "disable", "enable", "isenabled", "mem_alloc", "mem_free", "threshold"),
    *("acos", "asin", "atan", "atan2", "ceil", "copysign", "cos", "degrees", "exp", "fabs", "floor", "fmod", "frexp", "isfinite", "isinf", "isnan", "ldexp", "log", "modf"),
    *("radians", "sin", "sqrt", "tan", "trunc"),
    *("calcsize", "pack", "pack_into", "unpack", "unpack_from"),
    *("chdir", "getcwd", "ilistdir", "listdir", "mkdir", "mount", "rename", "rmdir", "stat", "statvfs", "umount", "uname"),
    *("localtime", "mktime", "sleep_us", "ticks_add", "ticks_cpu", "ticks_diff", "ticks_us", "time_ns"),
    *("choice", "getrandbits", "randint", "randrange", "seed", "uniform"),
    *("a2b_base64", "b2a_base64", "unhexlify", "heapify", "heappop", "heappush", "group", "match", "search", "sub"),
    *("addressof", "bytearray_at", "bytes_at", "sizeof"),
)  # fmt: skip
# Builtins, and constants of extmod/modframebuf.c and moductypes.c: good for attributes, not for what a module calls by
# its name.
BUILTINS = (
    *("abs", "all", "any", "bin", "bool", "bytearray", "bytes", "callable", "chr", "classmethod", "dict", "dir", "divmod", "enumerate", "eval", "exec", "filter", "float"),
    *("frozenset", "getattr", "globals", "hasattr", "hash", "hex", "id", "int", "isinstance", "issubclass", "iter", "len", "list", "locals", "map", "max", "memoryview", "min"),
    *("next", "object", "oct", "open", "ord", "pow", "print", "property", "range", "repr", "reversed", "round", "set", "setattr", "slice", "sorted", "staticmethod", "str", "sum"),
    *("super", "tuple", "type", "zip"),
    *("ArithmeticError", "AssertionError", "AttributeError", "BaseException", "EOFError", "Exception", "GeneratorExit", "ImportError", "IndexError"),
    *("KeyError", "KeyboardInterrupt", "LookupError", "MemoryError", "NameError", "NotImplementedError", "OSError", "OverflowError", "RuntimeError"),
    *("StopIteration", "SyntaxError", "SystemExit", "TypeError", "ValueError", "ZeroDivisionError"),
    *("GS2_HMSB", "GS4_HMSB", "GS8", "MONO_HLSB", "MONO_HMSB", "MVLSB", "RGB565"),
    *("BF_LEN", "BF_POS", "BFINT16", "BFINT32", "BFINT8", "BFUINT16", "BFUINT32", "BFUINT8", "FLOAT32", "FLOAT64", "INT16", "INT32", "INT64", "INT8", "LITTLE_ENDIAN"),
    *("NATIVE", "PTR", "UINT16", "UINT32", "UINT64", "UINT8", "VOID"),
)  # fmt: skip
