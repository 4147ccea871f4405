import { expect, test } from "vitest";
import { compose, daemonJson, dockerfile, run, testControl } from "../../../test/support/control-table.ts";
import { type Comparison, comparisons, ownControl, ownFacts, ownSubjects } from "./own-control.ts";

const rule = (fact: string, compare: Comparison, more: object = {}) =>
  ownControl({
    id: "own-x",
    title: "X",
    severity: "high",
    fact,
    compare,
    message: "has {value}",
    fix: "Change it.",
    ...more,
  });

testControl(rule("memory", { atMost: "2g" }), {
  fails: [
    run("docker run -m 3g x", { message: /has 3221225472/ }),
    run("docker run x", { message: /has nothing/ }),
  ],
  passes: [run("docker run -m 2g x"), compose("services: { a: { image: x, mem_limit: 512m } }")],
  unknown: [compose("services: { a: { image: x, mem_limit: '${M:?}' } }")],
});
testControl(rule("labels", { matches: "^team-" }, { name: "owner" }), {
  fails: [run("docker run x"), run("docker run -l owner=me x", { message: /has me/ })],
  passes: [run("docker run -l owner=team-a -l b=c x")],
});
testControl(rule("mounts", { matchesNot: "^/mnt" }), {
  fails: [run("docker run -v /mnt/a:/a -v /srv:/s x", { message: /has \/mnt\/a:\/a/ })],
  passes: [run("docker run -v /srv:/s x"), run("docker run x")],
});
testControl(rule("restart", { oneOf: ["always", "unless-stopped"] }), {
  fails: [run("docker run x"), run("docker run --restart on-failure x")],
  passes: [run("docker run --restart always x")],
});
testControl(rule("networkMode", { isNot: "host" }), {
  fails: [run("docker run --net host x")],
  passes: [run("docker run x"), run("docker run --net back x")],
});
testControl(rule("privileged", { is: true }), {
  fails: [run("docker run x")],
  passes: [run("docker run --privileged x")],
});
testControl(rule("capAdd", { noneOf: ["NET_RAW"] }), {
  fails: [run("docker run --cap-add net_raw x")],
  passes: [run("docker run --cap-add CHOWN x")],
});
testControl(rule("user", { isSet: true }), {
  fails: [run("docker run x")],
  passes: [run("docker run -u 1 x")],
});
testControl(rule("base", { matches: "^registry\\.example/" }, { subject: "image" }), {
  fails: [dockerfile("FROM debian:12")],
  passes: [dockerfile("FROM registry.example/debian:12")],
});
testControl(rule("icc", { is: false }, { subject: "engine" }), {
  fails: [daemonJson("{}")],
  passes: [daemonJson('{ "icc": false }')],
});

test("a variable's value is not shown", () => {
  const control = rule("environment", { matches: "^https:" }, { name: "URL" });
  const judged = run("docker run -e URL=http://hunter2 x").read();
  const said = judged.view.kind === "container" && control.check.container?.(judged.view, judged.context);
  expect(said).toMatchObject({ verdict: "fail" });
  expect(JSON.stringify(said)).not.toContain("hunter2");
});

test("every comparison and every kind has facts to name", () => {
  expect(comparisons).toHaveLength(9);
  for (const subject of ownSubjects) expect(ownFacts(subject).length).toBeGreaterThan(5);
});
