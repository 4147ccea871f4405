import { judgeAttempts, tryCalls } from "../experiment/attempts.ts";
import { probe } from "../probe.ts";

const closeOnExec = 0o2000000;

/** @see https://man7.org/linux/man-pages/man7/raw.7.html */
export const rawSocket = probe({
  id: "raw-socket",
  control: "capabilities-drop",
  tries: "open raw sockets, which forge packets of other hosts (CAP_NET_RAW)",
  touchesHost: false,
  inPlace: true,
  looser: "open",
  experiment: (target) =>
    tryCalls(target, {
      "socket(AF_INET, SOCK_RAW)": (builder) => builder.call("socket", 2, 3 | closeOnExec, 1),
      "socket(AF_PACKET, SOCK_RAW)": (builder) => builder.call("socket", 17, 3 | closeOnExec, 0x0300),
    }),
  judge: (seen) => judgeAttempts(seen, ["EPERM"]),
});
