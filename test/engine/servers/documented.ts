/**
 * What `bulkhead audit` may still find in a file that learn has hardened, by control, with why. Entries that the tests' one
 * workload does not need are for the other thirteen of scripts/learn-servers.ts.
 */
export const documentedFindings: ReadonlyMap<string, string> = new Map([
  [
    "custom-profile",
    "a learnt AppArmor profile is loaded on the host: what it allows is not visible to an audit",
  ],
  [
    "root-user",
    "it stays root, or steps down by itself and cannot start as that user: learn tried it and says why",
  ],
  ["read-only-rootfs", "it writes among the image's files: learn tried it and says which"],
  ["cpu-limit", "twice what it used is all that the host has"],
  ["io-limit", "what it reads and writes in a short run says nothing of a limit"],
  ["published-port", "a decision: who may reach it is not seen in a run"],
  ["read-only-volume", "a decision: data may be written at another time"],
  ["sensitive-host-mount", "a decision: the job exists to read these folders"],
  ["image-secret", "a decision: the secret moves where --accept says so"],
]);

/** Where `bulkhead prove` may not answer "held" for a container that learn has hardened, by probe, with why. Likewise. */
export const documentedProofs: ReadonlyMap<string, string> = new Map([
  ["host-ports", "another service of the project publishes a port on every address: see published-port"],
  ["uid-map", "the Engine's user namespaces are no property of a container"],
  ["io-past-limit", "a weight of disk access does not limit anything"],
  ["burn-cpu", "without a limit of CPUs that the host exceeds, and on a busy host, nothing makes it wait"],
  ["load-module", "a kernel without modules refuses everybody"],
  ["run-as-root", "see root-user"],
  ["write-root", "see read-only-rootfs"],
  ["setuid", "what steps down needs SETUID: learn has shown that it fails without"],
  ["chown", "what gives its data away needs CHOWN: learn has shown that it fails without"],
  ["fill-tmpfs", "the learnt seccomp profile refuses fallocate, with which the prover would fill it"],
  ["write-read-only-volume", "a bind of a single file has no folder to write into"],
]);
