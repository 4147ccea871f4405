import type { Attack } from "./attack.ts";
import { creates, type Json, runs } from "./make.ts";

/** What is not remapped: uid 0 inside is uid 0 outside. */
const isRoot = /\b0\s+0\s+4294967295\b/;

/** Runs with this HostConfig, and is not remapped. */
const escapes = (name: string, hostConfig: Json): Attack =>
  runs(name, { HostConfig: { ...hostConfig, UsernsMode: "host" } }, "cat /proc/self/uid_map", (_, heard) =>
    isRoot.test(heard),
  );

const unmapped = { HostConfig: { UsernsMode: "host", NetworkMode: "none" }, Cmd: ["sleep", "1000"] };

/** Ways out of the mapping of users. */
export const remappedAttacks: readonly Attack[] = [
  escapes("the host's user namespace", {}),
  escapes("the host's user namespace, with privileges", { Privileged: true }),
  escapes("the host's user namespace, and its network", { NetworkMode: "host" }),
  escapes("the host's user namespace, and its processes", { PidMode: "host" }),
  creates(
    "the host's user namespace, by a name in lower case",
    { HostConfig: { usernsmode: "host" } },
    { HostConfig: { UsernsMode: "host" } },
  ),
  {
    name: "a command in a container that is not remapped",
    prepare: (stage) => stage.make("other", unmapped, "start"),
    attempt: async (door) => {
      const { json } = await door.call("POST", "/containers/other/exec", {
        AttachStdout: true,
        Cmd: ["cat", "/proc/self/uid_map"],
      });
      const id = (json as { readonly Id: string }).Id;
      await door.call("POST", `/exec/${id}/start`, { Detach: false });
    },
    seen: (_, heard) => isRoot.test(heard),
  },
];
