import { describe, expect, test } from "vitest";
import { planForCompose, planForRun } from "../../../test/support/formats/plans.ts";
import { needsByBundle, needsOf, withSeen } from "./kinds.ts";
import type { SeenNeeds } from "./needs.ts";
import type { PlanRequest } from "./plan.ts";
import type { Step, SubjectPlan } from "./step.ts";

/** The kind that a control's step has, for each of its steps. */
function kinds({ steps }: SubjectPlan, control: string): readonly Step["kind"][] {
  return steps.filter(({ controls }) => controls.includes(control)).map(({ kind }) => kind);
}

const known = { needs: needsOf };

describe("a step of a known server can be tried; of an unknown workload it is a decision", () => {
  test.each([
    ["nginx:1.27", "capabilities-drop", "behavioural"],
    ["acme/own:1", "capabilities-drop", "decision"],
    ["nginx:1.27", "read-only-rootfs", "behavioural"],
    ["acme/own:1", "read-only-rootfs", "decision"],
    ["python:3.13", "read-only-rootfs", "decision"],
    ["--user 1000 acme/own:1", "capabilities-drop", "behavioural"],
    ["nginx:1.27", "no-new-privileges", "safe"],
    ["acme/own:1", "no-new-privileges", "behavioural"],
    ["debian:13", "no-new-privileges", "behavioural"],
    ["--security-opt no-new-privileges=false nginx:1.27", "no-new-privileges", "behavioural"],
    // As root its folder for uploads is a volume; for another user it would be a tmpfs, of a size that nobody knows.
    ["nginx:1.27", "root-user", "decision"],
    ["--user 101:101 nginx:1.27", "read-only-rootfs", "decision"],
    ["-v /srv/site:/usr/share/nginx/html nginx:1.27", "root-user", "decision"],
    ["python:3.13", "root-user", "decision"],
    ["--privileged nginx:1.27", "privileged", "behavioural"],
    ["--privileged acme/own:1", "privileged", "decision"],
    ["--pid host acme/agent:1", "host-pid", "decision"],
    ["--net host nginx:1.27", "host-network", "decision"],
    ["-p 80:80 nginx:1.27", "published-port", "decision"],
    ["-v data:/data nginx:1.27", "root-user", "decision"],
    ["redis:8", "root-user", "decision"],
    ["nginx:1.27", "pids-limit", "behavioural"],
    ["--device /dev/kvm nginx:1.27", "device-access", "decision"],
    ["--runtime nvidia acme/own:1", "runtime-handler", "decision"],
    ["--group-add docker acme/own:1", "supplementary-groups", "decision"],
    ["--sysctl net.ipv4.ip_forward=1 acme/own:1", "unsafe-sysctl", "decision"],
    ["--cap-add SYS_ADMIN acme/own:1", "capabilities-dangerous", "decision"],
    ["-v /var/run/docker.sock:/var/run/docker.sock traefik:3", "docker-socket-mount", "decision"],
    ["-v /etc:/backup/etc acme/own:1", "sensitive-host-mount", "decision"],
    ["-v /etc/localtime:/etc/localtime acme/own:1", "sensitive-host-mount", "safe"],
  ] as const)("docker run %s: %s is %s", (words, control, kind) => {
    expect(kinds(planForRun(`docker run ${words}`, known), control)).toEqual([kind]);
  });
});

describe("what a container shows on the Engine counts more than what is known of its image", () => {
  const seenAs = (seen: SeenNeeds) => (words: string, control: string) => {
    const plan = planForRun(`docker run ${words}`, { needs: (subject) => withSeen(needsOf(subject), seen) });
    return plan.steps.find(({ controls }) => controls.includes(control));
  };

  test("a file that it wrote outside of its volumes makes a read-only root a decision, which names it", () => {
    const step = seenAs({ wrote: ["/etc/nginx/conf.d/default.conf"], owners: [] })(
      "nginx:1.27",
      "read-only-rootfs",
    );
    expect(step?.kind).toBe("decision");
    expect(step?.breaks.join(" ")).toContain("/etc/nginx/conf.d/default.conf");
    const harmless = seenAs({ wrote: ["/var/cache/nginx/client_temp"], owners: [] });
    expect(harmless("nginx:1.27", "read-only-rootfs")?.kind).toBe("behavioural");
  });

  test("an image that the caller chooses, or that is built here, gets nothing from a bundle", () => {
    const id = `sha256:${"a".repeat(64)}`;
    const shown = { source: "it", capabilities: [] };
    const known = (subject: Parameters<typeof needsByBundle>[0]) =>
      needsByBundle(subject, { needsOf: () => shown }, { id, repoDigests: [] });
    const of = (line: string) => planForRun(line).subject;
    expect(known(of("docker run shop:1"))).toBe(shown);
    expect(known(of('docker run "${IMAGE:-shop:1}"'))).toBeUndefined();
    const built = planForCompose("services:\n  a:\n    image: shop:1\n    build: .\n");
    expect(known(built.subject)).toBeUndefined();
  });

  test("a volume that belongs to another user makes the user a decision", () => {
    const known = { source: "it", user: { name: "101:101" }, capabilities: [], writablePaths: ["/run"] };
    const kindWith = (owner: number) => {
      const needs = () => withSeen(known, { wrote: [], owners: [owner] });
      return kinds(planForRun("docker run nginx:1.27", { needs }), "root-user");
    };
    expect(kindWith(0)).toEqual(["decision"]);
    expect(kindWith(101)).toEqual(["behavioural"]);
  });
});

describe("a program of the image that gains rights makes taking them away a decision", () => {
  const planned = (image: string, by: "mode" | "capabilities", control: string) => {
    const gains = [{ path: "/usr/bin/helper", by }];
    const needs: PlanRequest["needs"] = (subject) => withSeen(needsOf(subject), undefined, gains);
    const { steps } = planForRun(`docker run ${image}`, { needs });
    return steps.find(({ controls }) => controls.includes(control));
  };

  test.each([
    ["nginx:1.27", "mode", "no-new-privileges", "decision"],
    ["nginx:1.27", "capabilities", "no-new-privileges", "decision"],
    ["acme/own:1", "mode", "no-new-privileges", "decision"],
    ["nginx:1.27", "capabilities", "capabilities-drop", "decision"],
    ["--user 1000 acme/own:1", "capabilities", "capabilities-drop", "decision"],
    ["nginx:1.27", "mode", "capabilities-drop", "behavioural"],
  ] as const)("%s with one by its %s: %s is a %s", (image, by, control, kind) => {
    const step = planned(image, by, control);
    expect(step?.kind).toBe(kind);
    if (kind === "decision") expect(step?.summary).toContain("/usr/bin/helper");
  });
});

describe("only what is clearly configuration is made read-only without a decision", () => {
  test.each([
    ["./nginx.conf:/etc/nginx/nginx.conf", "behavioural"],
    ["./init.sql:/docker-entrypoint-initdb.d/init.sql", "behavioural"],
    ["./data:/data", "decision"],
    ["./pgdata:/var/lib/postgresql/data", "decision"],
    ["./conf.d:/etc/nginx/conf.d", "decision"],
    ["./acme.json:/acme.json", "decision"],
    ["./sentinel.conf:/etc/redis/sentinel.conf", "decision"],
    ["./app:/app", "decision"],
  ] as const)("%s is %s", (volume, kind) => {
    const plan = planForCompose(`services: { a: { image: "acme/own:1", volumes: ["${volume}"] } }`);
    expect(kinds(plan, "read-only-volume")).toEqual([kind]);
  });
});

test("a decision that nobody made leaves the rest as if it were not there", () => {
  const takes = ({ kind }: Step) => kind !== "decision";
  const line = "docker run --user 0 -v /srv/site:/usr/share/nginx/html nginx:1.27";
  const plan = planForRun(line, { ...known, takes });
  expect(plan.open.map(({ controls }) => controls[0])).toContain("root-user");
  const dropped = plan.steps.find(({ controls }) => controls.includes("capabilities-drop"));
  // It still starts as root, so it needs what a start as root needs.
  expect(dropped?.summary).toContain("SETUID");
});

test("a mount whose removal is a decision is left as it is until somebody decides", () => {
  const takes = ({ kind }: Step) => kind !== "decision";
  const plan = planForRun("docker run -v /etc:/source/etc acme/own:1", { takes });
  expect(plan.steps.flatMap(({ patches }) => patches).filter(({ field }) => field === "mounts")).toEqual([]);
});
