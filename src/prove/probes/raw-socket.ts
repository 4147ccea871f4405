import { judgeAttempts } from "../experiment/attempts.ts";
import { tryRights } from "../experiment/rights.ts";
import { probe } from "../probe.ts";

const closeOnExec = 0o2000000;

/** @see https://man7.org/linux/man-pages/man7/raw.7.html */
export const rawSocket = probe({
  id: "raw-socket",
  control: "capabilities-drop",
  others: ["root-user", "no-new-privileges", "seccomp-profile"],
  tries: "open raw sockets, which forge packets of other hosts (CAP_NET_RAW)",
  inPlace: true,
  looser: "open",
  experiment: (target) =>
    tryRights(
      target,
      {
        "socket(AF_INET, SOCK_RAW)": (builder) => builder.call("socket", 2, 3 | closeOnExec, 1),
        "socket(AF_PACKET, SOCK_RAW)": (builder) => builder.call("socket", 17, 3 | closeOnExec, 0x0300),
      },
      { needs: "NET_RAW" },
    ),
  judge: (seen) => judgeAttempts(seen, ["EPERM"]),
});
