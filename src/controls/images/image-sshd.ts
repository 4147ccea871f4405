import { setItems } from "../../model/fact.ts";
import { fail, notApplicable, pass, unknown } from "../../model/verdict.ts";
import { type Control, manual } from "../control.ts";

export const imageSshd: Control = {
  id: "image-sshd",
  title: "The image offers SSH",
  why: "An SSH server in a container has its own keys, passwords and accounts, and is a second way in past Docker's API. Its logs stay inside. `docker exec` and `docker logs` do the same from the host. Images whose purpose is SSH (a Git server, an SFTP server) are the exception.",
  row: undefined,
  severity: "medium",
  guard: "off",
  cis: [],
  attack: ["T1021.004", "T1133"],
  cwe: [1188, 668],
  where: ["D"],
  references: ["https://docs.docker.com/reference/cli/docker/container/exec/"],
  examples: {
    bad: [{ syntax: "dockerfile", text: "FROM debian:12\nEXPOSE 22\n" }],
    good: [{ syntax: "dockerfile", text: "FROM debian:12\nEXPOSE 8080\n" }],
  },
  check: {
    image({ exposedPorts, level }) {
      if (level !== "declared") return notApplicable("what an image offers shows in its Dockerfile");
      const port = setItems(exposedPorts).find(({ value }) => value === "22/tcp");
      if (port) {
        return fail("exposes port 22: an SSH server in it is a second way in, with its own accounts", {
          origins: port.origins,
          evidence: "22/tcp",
          observed: "22/tcp",
        });
      }
      const open = exposedPorts.find(({ state }) => state !== "set");
      return open && open.state !== "set" ? unknown(open.reason, open.origins) : pass("no SSH");
    },
  },
  remedy: {
    image: () => manual("Remove sshd and EXPOSE 22, and use docker exec on the host."),
  },
};
