import { delimiter, resolve } from "node:path";

/** BULKHEAD_ENGINE: where scripts/engine-packages.sh unpacked another Engine, which is started and called instead of the machine's. */
const folder = process.env.BULKHEAD_ENGINE;
const own = folder === undefined ? [] : ["usr/sbin", "usr/bin"].map((path) => resolve(folder, "root", path));
if (own.length > 0 && !process.env.PATH?.startsWith(own[0] ?? ""))
  process.env.PATH = [...own, process.env.PATH].join(delimiter);
