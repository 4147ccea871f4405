import { expect, it } from "vitest";
import type { Job } from "../../../fleet/protocol/job.ts";
import { type JobsOptions, openJobs } from "./jobs.ts";
import type { Ran } from "./own-command.ts";

const job: Job = { id: 1, kind: "prove", container: "web", seconds: null };
const proof = JSON.stringify({
  schemaVersion: 1,
  probes: [{ probe: "write-root", control: "read-only-root", outcome: "held", evidence: "EROFS" }],
});

function jobs(more: Partial<JobsOptions> = {}, answer: Partial<Ran> = {}) {
  const ran: (readonly string[])[] = [];
  let changes = 0;
  let finish: () => void = () => {};
  const opened = openJobs({
    allowed: ["prove", "learn", "fix", "verify"],
    running: () => ["web", "by-hand"],
    compose: (name) =>
      name === "web"
        ? { service: "web", files: ["/srv/a.yaml", "/srv/b.yaml"], environment: "/srv/.env" }
        : undefined,
    engine: ["--host", "unix:///e.sock"],
    kernel: ["--proc", "/proc"],
    tries: (probe) => `tries ${probe}`,
    changed: () => {
      changes += 1;
    },
    say() {},
    async run(words, signal) {
      ran.push(words);
      await new Promise<void>((resolve) => {
        finish = resolve;
        signal.addEventListener("abort", () => resolve());
      });
      return { printed: "", complaint: "", status: 0, ...answer };
    },
    ...more,
  });
  const done = async () => {
    finish();
    await expect.poll(() => opened.told().now).toBeNull();
  };
  return { opened, ran, done, changes: () => changes };
}

it("runs what was asked for, once, and keeps the result until it was told", async () => {
  const { opened, ran, done, changes } = jobs({}, { printed: proof, status: 1 });
  expect(opened.told()).toEqual({ now: null });
  opened.take(job);
  // The server tells it again until it hears that it was taken.
  opened.take(job);
  opened.take({ ...job, id: 2 });
  expect(opened.told()).toEqual({ now: 1 });
  await done();
  expect(ran).toEqual([
    ["prove", "container:web", "--format", "json", "--host", "unix:///e.sock", "--proc", "/proc"],
  ]);
  const probes = [
    {
      ...{ probe: "write-root", control: "read-only-root", outcome: "held", evidence: "EROFS" },
      tries: "tries write-root",
    },
  ];
  expect(opened.told()).toEqual({ now: null, ended: { id: 1, trouble: null, probes, report: null } });
  expect(changes()).toBe(2);
  opened.take({ ...job, id: 2 });
  expect(opened.told()).toMatchObject({ now: null, ended: { id: 1 } });
  opened.kept(1);
  opened.take(job);
  expect(opened.told()).toEqual({ now: null });
  opened.take({ ...job, id: 2 });
  expect(opened.told()).toEqual({ now: 2 });
  await done();
});

it("learn watches in place for as long as was asked for, and its report is kept as it is", async () => {
  const { opened, ran, done } = jobs({}, { printed: "container:web  watched\n" });
  opened.take({ ...job, kind: "learn", seconds: 120 });
  await done();
  expect(ran[0]?.join(" ")).toBe(
    "learn container:web --in-place --for 120s --no-color --host unix:///e.sock",
  );
  expect(opened.told().ended).toMatchObject({ report: "container:web  watched\n", trouble: null });
});

it("fix shows what it would change, as flags and as Compose, and changes nothing", async () => {
  const { opened, ran, done } = jobs({
    run: async (words) => ({ printed: `${words.join(" ")}\n`, complaint: "2 safe", status: 1 }),
  });
  opened.take({ ...job, kind: "fix" });
  await done();
  expect(ran).toEqual([]);
  const command = (form: string) =>
    `fix container:web --as ${form} --no-config --no-color --host unix:///e.sock`;
  expect(opened.told().ended).toMatchObject({
    trouble: null,
    report: `As docker run:\n\n${command("run")}\n\nAs a Compose file:\n\n${command("compose")}\n`,
  });
  expect(opened.told().ended?.report).not.toContain("--apply");
});

it("verify tries the fix of the Compose files that made the container, and writes none of them", async () => {
  const { opened, ran, done } = jobs(
    {},
    { printed: "+    read_only: true\n", complaint: "2 hold", status: 0 },
  );
  opened.take({ ...job, kind: "verify" });
  await done();
  expect(ran.map((words) => words.join(" "))).toEqual([
    "fix --verify --file /srv/a.yaml --file /srv/b.yaml --env-file /srv/.env --no-config --no-color --host unix:///e.sock",
  ]);
  expect(opened.told().ended).toMatchObject({ trouble: null, report: "+    read_only: true\n" });
});

it("verify says where there are no such files", async () => {
  const { opened, ran } = jobs();
  opened.take({ ...job, kind: "verify", container: "by-hand" });
  expect(ran).toEqual([]);
  expect(opened.told().ended?.trouble).toBe("docker compose did not make by-hand from files of this host");
});

it.each([
  [{ allowed: ["learn"] as const }, {}, "this host does not allow prove"],
  [{ running: () => [] }, {}, "web is not running"],
  [{}, { complaint: "the image has no shell", status: 2 }, "the image has no shell"],
  [{}, { printed: "{", status: 2 }, "it ended without a result"],
])("says why it failed: %#", async (more, answer, trouble) => {
  const { opened, done } = jobs(more, answer);
  opened.take(job);
  await done();
  expect(opened.told().ended).toEqual({ id: 1, trouble, probes: null, report: null });
});

it("ends what is under way when the watch ends", async () => {
  const { opened } = jobs();
  opened.take(job);
  await opened.close();
  expect(opened.told()).toMatchObject({ now: null, ended: { trouble: "the watch was stopped" } });
});
