import { expect, it } from "vitest";
import { planForCompose } from "../../../test/support/formats/plans.ts";
import type { Container } from "../../model/container.ts";
import { ownPart } from "./own-part.ts";

it("a file that only changes another one is changed where it loosens, and hardened nowhere", () => {
  const plan = planForCompose(
    "services:\n  web:\n    privileged: true\n    pids_limit: -1\n    security_opt: [seccomp=unconfined]\n",
  );
  const controls = ({ steps, open }: Pick<typeof plan, "steps" | "open">) =>
    [...steps, ...open].filter(({ patches }) => patches.length > 0).map(({ controls: [first] }) => first);
  const own = ownPart(plan, plan.subject.views[0] as Container);
  expect(controls(plan)).toEqual(expect.arrayContaining(["read-only-rootfs", "no-new-privileges"]));
  expect(controls(own).toSorted()).toEqual(["pids-limit", "privileged", "seccomp-profile"]);
});
