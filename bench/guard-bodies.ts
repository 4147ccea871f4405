import { readFileSync } from "node:fs";

type BodyOf = (variable: string) => unknown;

/** What `docker create -e JOB=1 -p 127.0.0.1:8080:80 nginx` sends, every zero of it: docker 28.2.2's own. */
const ofDocker: Readonly<Record<string, unknown>> = JSON.parse(
  readFileSync(new URL("docker-create.json", import.meta.url), "utf8"),
);

/** Bodies of create requests by who sends them, each with this variable in its environment. */
export const createBodies: Readonly<Record<string, BodyOf>> = {
  "from a program": (variable) => ({
    Image: "nginx",
    Env: [variable],
    HostConfig: { PortBindings: { "80/tcp": [{ HostIp: "127.0.0.1", HostPort: "8080" }] } },
  }),
  "from docker": (variable) => ({ ...ofDocker, Env: [variable] }),
};
