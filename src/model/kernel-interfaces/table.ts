import { kernelAdvisories } from "../advisories/kernel.ts";
import { runtimeAdvisories } from "../advisories/runtime.ts";
import { calls } from "./calls.ts";
import type { KernelInterface } from "./interface.ts";
import { sockets } from "./sockets.ts";

/** Every interface of the kernel that is asked for, sockets first. */
export const kernelInterfaces: readonly KernelInterface[] = [...sockets, ...calls].map((row) => ({
  ...row,
  advisories: [...kernelAdvisories, ...runtimeAdvisories].filter(({ interfaces }) =>
    interfaces.includes(row.id),
  ),
}));
