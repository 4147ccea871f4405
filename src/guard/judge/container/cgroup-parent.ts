import { recordAt, textAt } from "../../../base/json.ts";
import { against } from "../policy/rules.ts";
import type { Reason } from "../result.ts";
import type { CheckContext } from "../route-check.ts";

/**
 * `HostConfig.CgroupParent`. The control cgroup-parent leaves the choice to the Engine; what it takes for the Engine's own may be
 * the other driver's (`system.slice` on cgroupfs is where the host's services are), or lead out of it again.
 */
export function checkCgroupParent(value: unknown, context: CheckContext): readonly Reason[] {
  const parent = String(value);
  const path = `/${parent
    .split("/")
    .filter((part) => part !== "")
    .join("/")}`;
  const isPlain = !parent.split("/").some((part) => part === "." || part === "..") && !parent.includes("//");
  const others = ["/docker", "/system.slice", "/user.slice"].filter((each) => each !== ownParent(context));
  const isOthers = others.some((each) => path === each || path.startsWith(`${each}/`));
  if (isPlain && !isOthers) return [];
  return against(
    context.policy,
    "guard-cgroup",
    `asks for the cgroup ${parent}, where other services of the host are: its limits and theirs would be one`,
  );
}

function ownParent({ ask }: CheckContext): string {
  const answer = ask({ kind: "engine" });
  const info = answer.state === "found" ? recordAt({ at: answer.document }, "at", "info") : {};
  return textAt({ info }, "info", "CgroupDriver") === "systemd" ? "/system.slice" : "/docker";
}
