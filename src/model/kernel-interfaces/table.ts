import { calls } from "./calls.ts";
import type { KernelInterface } from "./interface.ts";
import { sockets } from "./sockets.ts";

/** Every interface of the kernel that is asked for, sockets first. */
export const kernelInterfaces: readonly KernelInterface[] = [...sockets, ...calls];
