/**
 * Where a fact comes from. The shapes are those of `locations` in the JSON report, so that no
 * reporter has to translate them.
 */
export type Origin = FileOrigin | ApiOrigin | KernelOrigin;

/** A range in a text. Lines and columns count from 1, columns in UTF-16 units; the end is exclusive (as in SARIF). */
export interface FileOrigin {
  readonly file: string;
  readonly startLine: number;
  readonly startColumn: number;
  readonly endLine: number;
  readonly endColumn: number;
}

/** A place in an Engine API document, as a JSON pointer (RFC 6901): `/HostConfig/Binds/0`. */
export interface ApiOrigin {
  readonly pointer: string;
}

/** A place in the kernel's own files: `/proc/4242/status`, field `CapEff`. */
export interface KernelOrigin {
  readonly kernel: string;
  readonly field?: string;
}

export function isFileOrigin(origin: Origin): origin is FileOrigin {
  return "file" in origin;
}

export function isApiOrigin(origin: Origin): origin is ApiOrigin {
  return "pointer" in origin;
}

export function isKernelOrigin(origin: Origin): origin is KernelOrigin {
  return "kernel" in origin;
}
