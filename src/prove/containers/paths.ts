/** The paths that bulkhead brings into its throw-away containers. */

/** An anonymous volume. */
export const own = "/.bulkhead-prove";
/** The helper, and the same as a program that is setuid root. */
export const helper = `${own}/helper`;
export const setuidHelper = `${own}/setuid-helper`;
/** Where everybody may write. */
export const work = `${own}/work`;
/** A folder to mount on. */
export const spare = `${own}/spare`;
/** In the open container: a tmpfs without a limit, that runs programs. */
export const openTmpfs = "/.bulkhead-tmpfs";
/** In the container on the host's namespaces: the Engine's socket. */
export const engineSocket = "/.bulkhead-engine.sock";
