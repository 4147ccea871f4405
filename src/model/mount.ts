export const propagations = ["private", "rprivate", "shared", "rshared", "slave", "rslave"] as const;

export type Propagation = (typeof propagations)[number];

/**
 * One mount of a container, from `-v`, `--mount`, `--tmpfs`, Compose `volumes:`/`tmpfs:`, an inspect
 * document or mountinfo.
 */
export interface Mount {
  readonly type: "bind" | "volume" | "tmpfs" | "npipe" | "image" | "cluster";
  /** As written: a host path, a volume's name, or undefined for an anonymous volume and a tmpfs. */
  readonly source: string | undefined;
  /** The path inside the container. */
  readonly target: string;
  /** `ro`. Docker makes it recursive where the kernel can (5.12). */
  readonly readOnly: boolean;
  readonly propagation: Propagation | undefined;
  /**
   * The absolute, normalised host path that the mount exposes: a bind's source, or the device that a volume's
   * `driver_opts` bind. Undefined where the Engine manages the storage itself.
   */
  readonly hostPath: string | undefined;
  /** `hostPath` with its symlinks resolved, from readers that see the host's file system. */
  readonly resolvedPath: string | undefined;
  /**
   * Engine and containerd sockets that a reader with sight of the host found at or below the path, by
   * name or by dev:inode. Empty where nobody looked.
   */
  readonly sockets: readonly string[];
  /** True where `ro` is asked not to reach what is mounted below the source (`bind-recursive=writable`). */
  readonly isWritableBelow?: true | undefined;
  /** For a tmpfs. */
  readonly tmpfs: TmpfsOptions | undefined;
  /** The driver of a volume and its options, where the source tells; options may hold a password. */
  readonly driver?: VolumeDriver | undefined;
  /** The part of a volume that is mounted, where it is not the whole. */
  readonly subpath?: string | undefined;
  /** The container that a `--volumes-from` took it from. */
  readonly from: string | undefined;
}

/** `local` mounts what its options say; every other driver is a plugin. */
export interface VolumeDriver {
  readonly name: string;
  readonly options: Readonly<Record<string, string>>;
}

export interface TmpfsOptions {
  /** Bytes; undefined where no size is given (then half of the host's memory). */
  readonly size: number | undefined;
  /** Permission bits, e.g. 0o1777. */
  readonly mode: number | undefined;
  /** The owner, in the container. Left out: root. */
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
  /** Docker's default is noexec, nosuid, nodev; true where the option turns it back on. */
  readonly exec: boolean;
  readonly suid: boolean;
  readonly dev: boolean;
}

/** A mount with the defaults filled in, so that a reader names only what its syntax says. */
export function mount(
  given: Pick<Mount, "type" | "target"> & { readonly [K in keyof Mount]?: Mount[K] | undefined },
): Mount {
  return {
    source: undefined,
    propagation: undefined,
    hostPath: undefined,
    resolvedPath: undefined,
    tmpfs: undefined,
    from: undefined,
    ...given,
    readOnly: given.readOnly ?? false,
    sockets: given.sockets ?? [],
  };
}

/** A file system that is mounted in a running container where the runtime mounts none of its type. */
export interface FileSystem {
  /** As mountinfo names it: `proc`, `debugfs`, `overlay`, `ext4`. */
  readonly type: string;
  /** The path inside the container. */
  readonly target: string;
  readonly readOnly: boolean;
  /** A procfs that shows the host's processes. */
  readonly showsHost: boolean;
  /** The disk (`/dev/sda1`), or the lower folders of an overlay; undefined for a kernel file system. */
  readonly device: string | undefined;
}
