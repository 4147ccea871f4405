import { own, spare } from "../containers/archive.ts";
import type { Way, Ways } from "../experiment/ways.ts";
import { atFdCwd, errnoOf, folder } from "../helper/errno.ts";
import type { Argument, Builder } from "../helper/program.ts";
import { right } from "../right.ts";

/** Errors of a handle that leads nowhere, or of a file system without handles. */
const nowhere = ["ESTALE", "EINVAL", "EOPNOTSUPP"];

/** Who may hold a right that root has by a capability. */
const usual = ["root-user", "no-new-privileges", "seccomp-profile"];

/** The prover's own file in /proc, which goes with it. A strict seccomp profile refuses memfd_create, never openat. */
const ownFile = "/proc/self/comm";

export const chown = right({
  id: "chown",
  control: "capabilities-drop",
  others: usual,
  tries: "give a file to another user (CAP_CHOWN)",
  inPlace: true,
  needs: "CHOWN",
  ways: [
    { what: "chown(uid 2)", make: (builder) => builder.call("chown", builder.text(ownFile), 2, 2) },
    { what: "lchown(uid 2)", make: (builder) => builder.call("lchown", builder.text(ownFile), 2, 2) },
    {
      what: "fchown(uid 2)",
      make(builder) {
        const file = builder.call("openat", atFdCwd, builder.text(ownFile), 0, 0);
        return [file, builder.call("fchown", file, 2, 2)];
      },
    },
    {
      what: "fchownat(uid 2)",
      make: (builder) => builder.call("fchownat", atFdCwd, builder.text(ownFile), 2, 2, 0),
    },
  ],
});

/** A root of its own in the file systems: pivot_root needs CAP_SYS_ADMIN, and gives as much. */
export const chroot = right({
  id: "chroot",
  control: "capabilities-drop",
  others: [...usual, "capabilities-dangerous"],
  tries: "change its root folder (CAP_SYS_CHROOT)",
  inPlace: true,
  needs: "SYS_CHROOT",
  ways: [
    { what: 'chroot("/")', make: (builder) => builder.call("chroot", builder.text("/")) },
    {
      what: 'pivot_root("/", "/")',
      make: (builder) => builder.call("pivot_root", builder.text("/"), builder.text("/")),
      // The root of a namespace cannot be put onto itself: asked only after the right was granted.
      granted: ["EBUSY", "EINVAL"],
      needs: "SYS_ADMIN",
    },
  ],
});

/**
 * On a folder of its own, or on nothing.
 *
 * @see https://man7.org/linux/man-pages/man2/mount.2.html
 */
export const mount = right({
  id: "mount",
  control: "capabilities-dangerous",
  others: [...usual, "apparmor-profile"],
  tries: "mount a file system (CAP_SYS_ADMIN)",
  inPlace: false,
  needs: "SYS_ADMIN",
  refusals: ["EACCES"],
  ways: [
    {
      what: "mount(tmpfs)",
      make: (builder) =>
        unmounted(
          builder,
          builder.call("mount", builder.text("none"), builder.text(spare), builder.text("tmpfs"), 0, 0),
        ),
    },
    {
      what: "mount(MS_BIND)",
      make: (builder) =>
        unmounted(builder, builder.call("mount", builder.text(own), builder.text(spare), 0, 0x1000, 0)),
    },
    {
      what: "fsopen(tmpfs), fsmount, move_mount",
      make(builder) {
        const context = builder.call("fsopen", builder.text("tmpfs"), 0);
        // FSCONFIG_CMD_CREATE
        const configured = builder.call("fsconfig", context, 6, 0, 0, 0);
        const made = builder.call("fsmount", context, 0, 0);
        return [context, configured, made, ...unmounted(builder, moved(builder, made))];
      },
    },
    {
      what: "open_tree(OPEN_TREE_CLONE), move_mount",
      make(builder) {
        const tree = builder.call("open_tree", atFdCwd, builder.text(own), 1);
        return [tree, ...unmounted(builder, moved(builder, tree))];
      },
    },
  ],
});

/** MOVE_MOUNT_F_EMPTY_PATH: the mount that the descriptor is. */
function moved(builder: Builder, from: Argument) {
  return builder.call("move_mount", from, builder.text(""), atFdCwd, builder.text(spare), 4);
}

/**
 * A handle is a number of a file in a whole file system, whatever of it is mounted here. This one leads nowhere: the kernel asks for the
 * right before it looks (fs/fhandle.c). For a folder newer kernels ask in another place.
 *
 * @see https://man7.org/linux/man-pages/man2/open_by_handle_at.2.html
 */
export const openByHandle = right({
  id: "open-by-handle",
  control: "capabilities-dangerous",
  others: [...usual, "capabilities-drop"],
  tries: "open files outside of its mounts by their handles (CAP_DAC_READ_SEARCH)",
  inPlace: true,
  needs: "DAC_READ_SEARCH",
  ways: [
    { what: "open_by_handle_at(a file)", make: (builder) => byHandle(builder, 0), granted: nowhere },
    {
      what: "open_by_handle_at(a folder)",
      make: (builder) => byHandle(builder, folder),
      granted: nowhere,
    },
  ],
});

function byHandle(builder: Builder, flags: Argument) {
  // struct file_handle: the handle has eight bytes, and is of type 1.
  const handle = builder.bytes(new Uint8Array([8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]));
  return builder.call("open_by_handle_at", atFdCwd, handle, flags);
}

/** Takes it away again (MNT_DETACH); what counts is whether it was mounted. */
function unmounted<T>(builder: Builder, mounted: T): readonly [T] {
  builder.call("umount2", builder.text(spare), 2);
  return [mounted];
}

export const setuid = right({
  id: "setuid",
  control: "capabilities-drop",
  others: usual,
  tries: "become another user (CAP_SETUID)",
  inPlace: true,
  needs: "SETUID",
  ways: [
    { what: "setuid(3)", make: (builder) => builder.call("setuid", 3) },
    { what: "setreuid(3)", make: (builder) => builder.call("setreuid", 3, 3) },
    { what: "setresuid(3)", make: (builder) => builder.call("setresuid", 3, 3, 3) },
    {
      what: "setfsuid(3)",
      make(builder) {
        // It never fails: the next call tells what the first one did (setfsuid(2)).
        const before = builder.call("setfsuid", 3);
        const after = builder.call("setfsuid", -1);
        return (ran) => errnoOf(ran.result(before) ?? -1) ?? (ran.result(after) === 3 ? undefined : "EPERM");
      },
    },
  ],
});

const newMounts = 0x00020000;
const newUser = 0x10000000;
/** SIGCHLD: the parent hears of its end. */
const childSignal = 17;

/** unshare, and both calls that start a process in new namespaces. */
function namespaceWays(flag: number, name: string): Ways {
  const started = (what: string, start: (builder: Builder) => ReturnType<Builder["call"]>): Way => ({
    what,
    make(builder) {
      const child = start(builder);
      builder.call("wait4", child, 0, 0, 0);
      return child;
    },
  });
  return [
    { what: `unshare(${name})`, make: (builder) => builder.call("unshare", flag) },
    started(`clone(${name})`, (builder) =>
      builder.childBy("clone", [flag | childSignal, 0, 0, 0, 0], () => {}),
    ),
    started(`clone3(${name})`, (builder) =>
      // struct clone_args: flags, three addresses, the signal at its end, the stack and its size, tls
      builder.childBy("clone3", [builder.words(flag, 0, 0, 0, childSignal, 0, 0, 0), 64], () => {}),
    ),
  ];
}

export const unshareMount = right({
  id: "unshare-mount",
  control: "capabilities-dangerous",
  others: usual,
  tries: "make a mount namespace (CAP_SYS_ADMIN)",
  inPlace: true,
  needs: "SYS_ADMIN",
  ways: namespaceWays(newMounts, "CLONE_NEWNS"),
});

/** @see https://docs.docker.com/engine/security/seccomp/ */
export const unshareUser = right({
  id: "unshare-user",
  control: "seccomp-profile",
  others: ["capabilities-dangerous"],
  tries: "make a user namespace, in which a process holds every capability against the kernel",
  inPlace: true,
  ways: namespaceWays(newUser, "CLONE_NEWUSER"),
});
