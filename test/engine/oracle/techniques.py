"""
What an intruder tries in a container, by the C library and by plain files, apart from bulkhead's own probes. Prints for each right
whether one technique worked. Nothing here changes the host: what is opened is not written, what is set is set to what it was.
"""
import ctypes
import errno
import json
import os
import socket
import sys

libc = ctypes.CDLL(None, use_errno=True)


def in_child(technique):
    """True if the technique succeeds in a process of its own."""
    pid = os.fork()
    if pid == 0:
        try:
            technique()
            os._exit(0)
        except BaseException:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def call(name, *arguments, granted=()):
    """Calls a function of the C library; fails unless it succeeds, or with an error that comes after the right was granted."""
    if getattr(libc, name)(*arguments) == -1:
        number = ctypes.get_errno()
        if errno.errorcode.get(number) not in granted:
            raise OSError(number, name)


def opened(path, flags=os.O_WRONLY):
    os.close(os.open(path, flags | os.O_NONBLOCK))


def read_some(path):
    if os.path.isdir(path):
        if not os.listdir(path):
            raise OSError(path)
    else:
        with open(path, "rb", buffering=0) as file:
            if not file.read(1):
                raise OSError(path)


def mounted():
    os.makedirs("/tmp/oracle", exist_ok=True)
    call("mount", b"none", b"/tmp/oracle", b"tmpfs", 0, None)
    call("umount2", b"/tmp/oracle", 2)


def new_mount():
    # The three calls that replaced mount(2), by number: 430, 431, 432 on every architecture.
    context = libc.syscall(430, b"tmpfs", 0)
    if context < 0 or libc.syscall(431, context, 6, None, None, 0) < 0 or libc.syscall(432, context, 0, 0) < 0:
        raise OSError("fsopen")


def owned():
    path = f"/proc/self/task/{os.getpid()}/comm"
    os.chown(path, 3, 3)


def node():
    path = f"/tmp/oracle-node-{os.getuid()}"
    try:
        os.mknod(path, 0o020600, os.makedev(1, 11))
        opened(path, os.O_RDONLY)
    finally:
        if os.path.lexists(path):
            os.unlink(path)


def estimated():
    """Sets the clock's estimated error to what it is."""
    timex = (ctypes.c_long * 32)()
    libc.adjtimex(timex)
    first = ctypes.cast(timex, ctypes.POINTER(ctypes.c_int))
    first[0] = 0x0008
    call("adjtimex", timex)


def cloned(flag):
    """Starts a child in a new namespace by the raw call, which ends at once."""
    number = 56 if os.uname().machine == "x86_64" else 220
    pid = libc.syscall(number, flag | 17, None, None, None, None)
    if pid == 0:
        os._exit(0)
    if pid < 0:
        raise OSError("clone")
    os.waitpid(pid, 0)


def traced(pid):
    opened(f"/proc/{pid}/mem", os.O_RDONLY)


def by_handle():
    """A real file's handle, taken and opened again."""
    path = b"/etc/hostname"
    handle = (ctypes.c_uint32 * 34)(128)
    call("name_to_handle_at", -100, path, handle, ctypes.byref(ctypes.c_int()), 0)
    call("open_by_handle_at", os.open(path, os.O_RDONLY), handle, os.O_RDONLY)


neighbour = int(sys.argv[1])
hosts = sys.argv[2]
masked = ["/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/acpi", "/sys/firmware"]

techniques = {
    "unshare-user": [lambda: call("unshare", 0x10000000), lambda: cloned(0x10000000)],
    "unshare-mount": [lambda: call("unshare", 0x00020000), lambda: cloned(0x00020000)],
    "mount": [mounted, new_mount],
    "chown": [owned],
    "chroot": [lambda: os.chroot("/")],
    "setuid": [lambda: os.setuid(3), lambda: os.setreuid(3, 3), lambda: os.setresuid(3, 3, 3)],
    "raw-socket": [
        lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1),
        lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0x0300),
    ],
    "kernel-log": [
        lambda: call("klogctl", 3, ctypes.create_string_buffer(64), 64),
        lambda: opened("/dev/kmsg", os.O_RDONLY),
    ],
    "core-pattern": [lambda: opened("/proc/sys/kernel/core_pattern")],
    "sysctl": [lambda: opened("/proc/sys/vm/overcommit_memory")],
    "cgroup-write": [
        lambda: opened("/sys/fs/cgroup/cgroup.procs"),
        lambda: opened("/sys/fs/cgroup/memory/cgroup.procs"),
    ],
    "masked-paths": [lambda path=path: read_some(path) for path in masked],
    "set-hostname": [
        lambda: socket.sethostname(socket.gethostname()),
        lambda: opened("/proc/sys/kernel/hostname"),
    ],
    "set-clock": [estimated],
    "swapoff": [lambda: call("swapoff", b"/no-such-swap", granted=("ENOENT", "EINVAL"))],
    "reboot": [lambda: call("reboot", 0, granted=("EINVAL",))],
    "mknod-open": [node],
    "ptrace-neighbour": [lambda: traced(neighbour), lambda: call("ptrace", 0x4206, neighbour, None, None)],
    "write-root": [lambda: opened("/etc/oracle", os.O_WRONLY | os.O_CREAT)],
    "open-by-handle": [by_handle],
    "host-name": [lambda: None if socket.gethostname() == hosts else os._exit(1)],
}

print(json.dumps({right: any(in_child(one) for one in ways) for right, ways in techniques.items()}))
