import { expect, it, onTestFinished } from "vitest";
import { changeOf, findingOf } from "../../../test/support/changes.ts";
import type { Finding } from "../../audit/finding.ts";
import type { LiveContainer } from "../../engine/read/live-reading.ts";
import { container } from "../../model/container.ts";
import { set } from "../../model/fact.ts";
import type { Change } from "../../watch/change.ts";
import type { Accepted, HostAcceptance } from "../protocol/report.ts";
import { openAcceptedFilter } from "./accepted.ts";

const privileged = findingOf("privileged");
const hostPid = findingOf("host-pid");
const onImage = { control: "privileged", image: "nginx:1", reason: "the driver", until: "2027-02-10" };
const onFinding = { control: "host-pid", subject: "container:web", reason: "it counts", until: "2027-02-10" };

function list(...ignores: HostAcceptance[]): Accepted {
  return { revision: `list-${ignores.length}`, ignores };
}

/** `web` runs nginx:1 in the project shop. */
function stage(
  options: {
    accepted?: Accepted;
    remembered?: readonly Finding[];
    day?: string;
    silenced?: readonly Finding[];
  } = {},
) {
  const alerts: string[] = [];
  const kept: Accepted[] = [];
  let open: readonly Finding[] = options.remembered ?? [];
  let day = options.day ?? "2027-02-01";
  let isRead = false;
  let silenced = options.silenced ?? [];
  const label = set({ name: "com.docker.compose.project", value: "shop" });
  const view = container("configured", { image: set("nginx:1"), labels: [label] });
  const subject = { kind: "container", id: "container:web", name: "web", views: [view] } as unknown;
  const web = { id: "a", name: "web", running: true, subject } as LiveContainer;
  const say = (changes: readonly Change[]) => {
    for (const { change, finding, cause } of changes)
      alerts.push(`${change} ${finding.control}${cause.kind === "acceptance" ? " by acceptance" : ""}`);
  };
  const filter = openAcceptedFilter({
    accepted: options.accepted,
    remembered: options.remembered ?? [],
    watch: () => ({ open: () => open, container: (name) => (isRead && name === "web" ? web : undefined) }),
    alert: say,
    silenced: () => (finding) => silenced.includes(finding),
    keep: (accepted) => kept.push(accepted),
    clock: () => Date.parse(`${day}T12:00:00Z`),
  });
  onTestFinished(filter.close);
  return {
    filter,
    kept,
    /** What alerts were told since the last time. */
    alerts: () => alerts.splice(0),
    change(change: Change["change"], finding: Finding) {
      open = open.filter(({ control }) => control !== finding.control);
      if (change !== "resolved") open = [...open, finding];
      say(filter.pass([changeOf(change, finding)]));
    },
    ready(now: readonly Finding[] = open) {
      open = now;
      isRead = true;
      filter.ready();
    },
    endSilence() {
      silenced = [];
    },
    setDay(next: string) {
      day = next;
    },
    open: () => filter.open().map(({ control }) => control),
  };
}

it("what is accepted while it is open is resolved for alerts, and opened when it no longer is", () => {
  const { filter, change, ready, alerts, open, kept } = stage();
  ready();
  change("opened", privileged);
  change("opened", hostPid);
  expect(alerts()).toEqual(["opened privileged", "opened host-pid"]);
  filter.set(list(onImage));
  expect(alerts()).toEqual(["resolved privileged by acceptance"]);
  expect(open()).toEqual(["host-pid"]);
  expect(filter.revision()).toBe("list-1");
  filter.set(list());
  expect(alerts()).toEqual(["opened privileged by acceptance"]);
  expect(kept).toHaveLength(2);
});

it("what is accepted already comes and goes in silence", () => {
  const { filter, change, ready, alerts, open } = stage();
  ready();
  filter.set(list(onImage, onFinding, { ...onImage, control: "*", image: "other:1" }));
  change("opened", privileged);
  change("changed", privileged);
  change("opened", hostPid);
  change("opened", findingOf("memory-limit"));
  expect(alerts()).toEqual(["opened memory-limit"]);
  expect(open()).toEqual(["memory-limit"]);
  change("resolved", privileged);
  change("resolved", findingOf("memory-limit"));
  expect(alerts()).toEqual(["resolved memory-limit"]);
});

it("covers a project, and nothing but its containers", () => {
  const { filter, change, ready, alerts } = stage();
  ready();
  filter.set(list({ control: "*", project: "shop", reason: "x", until: "2027-02-10" }));
  change("opened", privileged);
  change("opened", findingOf("live-restore", { subject: "engine" }));
  change("opened", findingOf("host-pid", { subject: "container:other" }));
  change("opened", findingOf("privileged-exec", { subject: "exec:web/1" }));
  expect(alerts()).toEqual(["opened live-restore", "opened host-pid", "opened privileged-exec"]);
});

it("all execs of a container are one finding", () => {
  const { filter, change, ready, alerts } = stage();
  ready();
  filter.set(list({ ...onFinding, control: "privileged-exec", subject: "exec:web/*" }));
  change("opened", findingOf("privileged-exec", { subject: "exec:web/1" }));
  change("opened", findingOf("privileged-exec", { subject: "exec:other/1" }));
  expect(alerts()).toEqual(["opened privileged-exec"]);
});

it("ends with its day, without a word of serve, and is kept no longer", () => {
  const { filter, change, ready, alerts, setDay, kept } = stage({ accepted: list(onImage, onFinding) });
  ready();
  change("opened", privileged);
  change("opened", hostPid);
  expect(alerts()).toEqual([]);
  setDay("2027-02-10");
  filter.ready();
  expect(alerts()).toEqual([]);
  setDay("2027-02-11");
  filter.ready();
  expect(alerts()).toEqual(["opened privileged by acceptance", "opened host-pid by acceptance"]);
  expect(kept).toEqual([{ revision: "list-2", ignores: [] }]);
  filter.ready();
  expect(alerts()).toEqual([]);
});

it("after a restart tells nothing again, and what ended while nobody watched", () => {
  const remembered = [privileged, hostPid];
  const again = stage({ accepted: list(onImage), remembered });
  again.change("changed", hostPid);
  expect(again.alerts()).toEqual(["changed host-pid"]);
  again.ready();
  expect(again.alerts()).toEqual([]);
  expect(again.open()).toEqual(["host-pid"]);
  const late = stage({ accepted: list(onImage), remembered, day: "2027-03-01" });
  late.ready();
  expect(late.alerts()).toEqual(["opened privileged by acceptance"]);
});

it("a list that comes before everything was read waits for it", () => {
  const { filter, ready, alerts } = stage({ accepted: list(onImage), remembered: [privileged, hostPid] });
  filter.set(list());
  expect([filter.revision(), alerts()]).toEqual(["list-1", []]);
  ready();
  expect([filter.revision(), alerts()]).toEqual(["list-0", ["opened privileged by acceptance"]]);
});

it("where a silence holds back what an ended acceptance opened, the next watch opens it again", () => {
  const open = [privileged];
  const first = stage({ accepted: list(onImage), remembered: open, day: "2027-02-11", silenced: open });
  first.ready(open);
  expect(first.alerts()).toEqual(["opened privileged by acceptance"]);
  const { image: _, ...rest } = onImage;
  const over = { ...rest, subject: "container:web" };
  expect(first.kept).toEqual([{ revision: "list-1", ignores: [over] }]);
  const next = stage({ accepted: list(over), remembered: open, day: "2027-02-11", silenced: open });
  next.ready(open);
  expect(next.alerts()).toEqual(["opened privileged by acceptance"]);
  next.endSilence();
  next.ready(open);
  expect(next.alerts()).toEqual([]);
  expect(next.kept).toEqual([{ revision: "list-1", ignores: [] }]);
});

it("likewise where somebody took the acceptance back: it is kept as over", () => {
  const { filter, ready, alerts, kept, endSilence } = stage({
    ...{ accepted: list(onImage, onFinding), remembered: [privileged], silenced: [privileged] },
  });
  ready([privileged]);
  filter.set(list());
  expect(alerts()).toEqual(["opened privileged by acceptance"]);
  const { image: _, ...rest } = onImage;
  const over = { ...rest, subject: "container:web", until: "2027-01-31" };
  expect(kept).toEqual([{ revision: "list-0", ignores: [over] }]);
  expect(filter.revision()).toBe("list-0");
  endSilence();
  ready([privileged]);
  expect(kept.at(-1)).toEqual({ revision: "list-0", ignores: [] });
  expect(alerts()).toEqual([]);
});

it("what is not accepted by its new name opens by that name alone", () => {
  const { filter, ready } = stage();
  ready();
  filter.set(list(onFinding));
  expect(filter.pass([changeOf("opened", hostPid)])).toEqual([]);
  const change = changeOf("changed", findingOf("host-pid", { subject: "container:shop" }));
  expect(filter.pass([{ ...change, was: "container:web" }])).toEqual([{ ...change, change: "opened" }]);
});
