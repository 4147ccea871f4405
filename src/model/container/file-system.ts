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
