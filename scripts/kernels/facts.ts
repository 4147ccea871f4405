// What a setting is, as its own kernel and an Engine that is started in it say: one line of JSON.
import "../../test/support/runner/chosen-engine.ts";
import { existsSync, readFileSync } from "node:fs";
import { release } from "node:os";
import { startEngine } from "../../test/engine/engine.ts";
import type { Facts } from "./results.ts";

const read = (path: string) => (existsSync(path) ? readFileSync(path, "utf8").trim() : "");

function securityModule(): string {
  const modules = read("/sys/kernel/security/lsm").split(",");
  if (modules.includes("selinux"))
    return `SELinux, ${read("/sys/fs/selinux/enforce") === "1" ? "enforcing" : "permissive"}`;
  return modules.includes("apparmor") ? "AppArmor" : "none";
}

const engine = await startEngine();
try {
  const info = JSON.parse(await engine.docker(["info", "--format", "{{json .}}"]));
  const facts: Facts = {
    kernel: release(),
    cgroup: existsSync("/sys/fs/cgroup/cgroup.controllers") ? "v2" : "v1",
    lsm: securityModule(),
    engine: info.ServerVersion,
    store: info.Driver,
  };
  console.log(JSON.stringify(facts));
} finally {
  await engine.stop();
}
