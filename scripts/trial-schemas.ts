import * as z from "zod/mini";
import { checkKinds } from "../src/trial/checks.ts";
import { layers } from "../src/why/setting.ts";

const version = z.literal(1);
const count = z.int().check(z.minimum(0));
const amount = z.number().check(z.minimum(0));
const reason = z.nullable(z.string());
const names = z.array(z.string());

const check = z.object({
  kinds: z.array(z.enum(checkKinds)),
  strength: z.enum(["weak", "strong"]),
  unseen: z.array(z.string()).check(z.meta({ description: "What no run showed, as clauses." })),
});
const step = z.object({
  controls: names,
  summary: z.string(),
  outcome: z.enum(["holds", "breaks", "notTried"]),
  reason,
  evidence: z.optional(names),
});

export const verify = z.object({
  schemaVersion: version,
  workloads: z.array(
    z.object({
      subject: z.string(),
      steady: z.boolean(),
      reason,
      check,
      steps: z.array(z.extend(step, { control: z.nullable(z.string()), evidence: names })),
      starts: count,
      seconds: amount,
    }),
  ),
});

const user = z.object({ uid: count, gid: count });
const place = z.object({
  path: z.string(),
  uid: z.nullable(count),
  gid: z.nullable(count),
  mode: z.nullable(z.string()).check(z.meta({ description: "Octal digits." })),
  bytes: count,
  written: names,
});
const files = z.object({
  scratch: z.array(z.extend(place, { tmpfs: count })),
  data: z.array(place),
  amongTheImages: names,
});
const peaks = z
  .object({
    memory: z.optional(count),
    pids: z.optional(count),
    pidsSampled: z.optional(z.boolean()),
    cpus: z.optional(amount),
    disks: z.array(
      z.object({
        path: z.string(),
        readBytes: count,
        writtenBytes: count,
        readRate: count,
        writeRate: count,
      }),
    ),
  })
  .check(
    z.meta({
      description:
        "Memory in bytes, rates of disks in bytes a second. `pidsSampled`: the kernel kept no peak of processes.",
    }),
  );
const limits = {
  peaks,
  memory: z.optional(count),
  pids: z.optional(count),
  cpus: z.optional(amount),
  disks: z.array(z.object({ kind: z.enum(["read-bps", "write-bps"]), path: z.string(), rate: count })),
};
const network = { listens: names, peers: names, sentBytes: z.optional(count) };

const learnt = z.object({
  subject: z.string(),
  verified: z.boolean(),
  steady: z.boolean(),
  reason,
  check,
  loaded: z.boolean(),
  capabilities: z.object({
    before: names,
    traced: z.boolean(),
    untraced: reason,
    used: names,
    deniedWithoutHarm: names,
    needed: z.array(z.object({ name: z.string(), reason: z.string() })),
  }),
  user: z.object({
    startsAs: z.nullable(z.string()),
    endsAs: z.nullable(user),
    canStartAsIt: z.nullable(z.boolean()),
    reason,
  }),
  files,
  seccomp: z.nullable(
    z.object({
      path: z.string(),
      calls: names,
      refusedWithoutHarm: names,
      socketFamilies: z.nullable(z.array(z.number())),
      widerThanDockers: names,
    }),
  ),
  apparmor: z.nullable(
    z.object({
      path: z.string(),
      name: z.string(),
      parsed: z.nullable(z.boolean()),
      reason,
      runsHere: z.boolean(),
      tried: z.literal(false),
    }),
  ),
  volumes: z.nullable(
    z.object({
      mounts: z.array(z.object({ name: z.string(), target: z.string() })),
      works: z.boolean(),
      reason,
    }),
  ),
  limits: z.nullable(
    z.object({
      ...limits,
      headRoom: z.object({ memory: count, pids: count, cpus: count, disks: count }),
    }),
  ),
  network: z.nullable(z.object({ ...network, silent: z.boolean() })),
  steps: z.array(step),
  starts: count,
  seconds: amount,
});

export const learn = z.object({
  schemaVersion: version,
  workloads: z.array(learnt),
  hardened: z.optional(z.string()),
  notes: z.optional(names),
});

export const learnInPlace = z.object({
  schemaVersion: version,
  subject: z.string(),
  verified: z.literal(false),
  seconds: amount,
  runs: count,
  traced: z.boolean(),
  untraced: reason,
  lost: count,
  capabilities: z.object({ used: names, denied: names }),
  calls: names,
  users: z.object({ main: z.optional(user), others: z.array(user) }),
  files: z.nullable(files),
  limits: z.object(limits),
  network: z.object(network),
});

export const why = z.object({
  schemaVersion: version,
  containers: z.array(z.object({ id: z.string(), name: z.string(), image: z.string() })),
  refusals: z.array(
    z.object({
      container: z.string(),
      call: z.string().check(z.meta({ description: "With its arguments; … is one that could not be read." })),
      error: z.string().check(z.meta({ description: "EROFS; OOM and SIGSYS where it was killed." })),
      layer: z.enum(layers),
      message: z.string(),
      settings: z
        .array(z.object({ compose: z.string(), run: z.string(), note: reason }))
        .check(z.meta({ description: "What to change, the smallest first." })),
      process: z.string(),
      pid: count,
      time: z.string(),
      count,
      outcome: z.enum(["survived", "exit", "signal", "error"]),
      status: z.nullable(count),
      line: reason,
    }),
  ),
  unexplained: z
    .optional(z.array(z.object({ container: z.string(), status: z.number(), reason, time: z.string() })))
    .check(z.meta({ description: "With --last: containers that failed while no log shows why." })),
  seconds: amount,
  lost: count,
});
