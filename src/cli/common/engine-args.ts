interface Places {
  readonly host?: string;
  readonly context?: string;
  readonly proc: string;
  readonly cgroup: string;
}

/** The same Engine for another command of this bulkhead. */
export function engineArgs({ host, context }: Places): readonly string[] {
  return [
    ...(host === undefined ? [] : ["--host", host]),
    ...(context === undefined ? [] : ["--context", context]),
  ];
}

/** The same kernel. */
export function kernelArgs({ proc, cgroup }: Places): readonly string[] {
  return ["--proc", proc, "--cgroup", cgroup];
}
