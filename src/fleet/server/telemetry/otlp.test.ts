import { expect, it, onTestFinished } from "vitest";
import { changeOf, findingOf } from "../../../../test/support/changes.ts";
import { type OtlpReceiver, startOtlpReceiver } from "../../../../test/support/fleet/otlp-receiver.ts";
import { describeStores } from "../../../../test/support/fleet/postgres.ts";
import { testService } from "../../../../test/support/fleet/serve.ts";
import { otlp } from "../../../watch/outputs/otlp.ts";
import { putChanges, putHost } from "../../store/hosts/hosts.ts";
import { addRule, listRules, type NewRule } from "../../store/notifications/rules.ts";
import type { FleetDatabase } from "../../store/open.ts";
import { isPostgres } from "../../store/postgres.ts";
import { addTeam } from "../../store/teams/teams.ts";
import { openSender } from "../notify/sender.ts";
import { openMeter } from "./meter.ts";

const patience = { timeout: 20_000 };
/** On a busy machine. */
const longest = 60_000;

const to = (target: string, more: Partial<NewRule> = {}): NewRule => ({
  ...{ name: "collector", kind: "changes", team: null, severity: "info", controls: [], labels: [] },
  ...{ type: "otlp", target, secret: null, token: null, facility: null, author: "ada" },
  ...more,
});

async function host(database: FleetDatabase, id: string, at: string): Promise<void> {
  const state = { id, name: `${id}.example`, engine: "e", version: "1", connected: true, containers: [] };
  await putHost(database, { ...state, labels: { at } }, Date.now());
}

const told = ({ records }: OtlpReceiver) =>
  records.map(({ source, name, attributes }) =>
    [source["host.name"], name, attributes["bulkhead.control"]].join(" "),
  );

describeStores((open) => {
  function replica(database: FleetDatabase) {
    const { service, said } = testService(database);
    const [sender, meter] = [openSender(service), openMeter(service)];
    const close = async () => {
      await sender.close();
      await meter.close();
    };
    onTestFinished(close);
    return { said, news: service.news, close };
  }

  it(
    "findings are log records and counts are metrics, of the team alone, and no secret is among them",
    async () => {
      const database = await open();
      await host(database, "west", "west");
      await host(database, "east", "east");
      const team = Number(await addTeam(database, { name: "the-team", labels: ["at=west"] }, 1));
      const [all, ofTeam] = [await startOtlpReceiver(), await startOtlpReceiver()];
      await addRule(database, to(`${all.url}/`, { token: "t0ken" }), 1);
      await addRule(database, to(ofTeam.url, { name: "other", team }), 1);
      const fix = { kind: "safe", summary: "s", snippet: "PASSWORD: hunter2", breaks: null } as const;
      const open1 = changeOf("opened", findingOf("privileged", { severity: "critical", fix }), 1, {
        kind: "start",
      });
      await putChanges(database, "west", [open1], () => "");
      await putChanges(
        database,
        "east",
        [
          changeOf("opened", findingOf("host-pid", { subject: "engine", verdict: "unknown" }), 2),
          changeOf("opened", findingOf("quiet", { severity: "low", message: "a\u202eb\0c" }), 3),
          changeOf("resolved", findingOf("host-pid", { subject: "engine", verdict: "unknown" }), 4),
        ],
        () => "",
      );
      // A file is used by one process: there, each of two would send.
      const replicas = Array.from({ length: isPostgres(database) ? 2 : 1 }, () => replica(database));
      await expect
        .poll(() => told(all), patience)
        .toEqual([
          "west.example bulkhead.finding.opened privileged",
          "east.example bulkhead.finding.opened host-pid",
          "east.example bulkhead.finding.opened quiet",
          "east.example bulkhead.finding.resolved host-pid",
        ]);
      expect(all.records[0]).toEqual({
        source: {
          ...{ "service.name": "bulkhead", "service.version": "1.2.3" },
          ...{ "host.id": "west", "host.name": "west.example" },
        },
        ...{ time: Date.parse(open1.time), name: "bulkhead.finding.opened" },
        ...{ severityNumber: 21, severityText: "critical" },
        body: "opened: privileged on container:web: Mounts something: it could be bad.",
        attributes: {
          ...{ "bulkhead.id": expect.stringMatching(/^1-1-/), "bulkhead.change": "opened" },
          ...{
            "bulkhead.control": "privileged",
            "bulkhead.severity": "critical",
            "bulkhead.verdict": "fail",
          },
          ...{ "bulkhead.level": "effective", "bulkhead.subject": "container:web" },
          ...{ "bulkhead.fingerprint": "privileged-1", "bulkhead.cause": "when the watch began" },
          "container.name": "web",
        },
      });
      expect(all.records.map(({ severityNumber }) => severityNumber)).toEqual([21, 17, 13, 9]);
      expect(all.records[2]?.body).not.toMatch(/[\0\u202e]/);
      await expect.poll(() => [all.counts.length, ofTeam.counts.length], patience).toEqual([1, 1]);
      expect(all.counts[0]).toEqual({
        source: {
          ...{ "service.name": "bulkhead", "service.version": "1.2.3" },
          "bulkhead.notification": "collector",
        },
        numbers: {
          ...{ "bulkhead.findings.open info": 0, "bulkhead.findings.open low": 1 },
          ...{ "bulkhead.findings.open medium": 0, "bulkhead.findings.open high": 0 },
          ...{ "bulkhead.findings.open critical": 1, "bulkhead.findings.unknown": 0 },
          ...{ "bulkhead.findings.accepted": 0, "bulkhead.hosts.known": 2 },
          ...{ "bulkhead.hosts.silent": 0, "bulkhead.engines.unreachable": 0 },
        },
      });
      expect(ofTeam.counts[0]?.numbers).toMatchObject({
        "bulkhead.findings.open low": 0,
        "bulkhead.hosts.known": 1,
      });
      expect(told(ofTeam)).toEqual(["west.example bulkhead.finding.opened privileged"]);
      for (const { headers } of all.requests) {
        expect(headers).toMatchObject({
          authorization: "Bearer t0ken",
          "content-type": "application/x-protobuf",
        });
      }
      for (const { bytes } of [...all.requests, ...ofTeam.requests]) {
        expect(bytes.toString("latin1")).not.toMatch(/hunter2|t0ken|the-team/);
      }
      for (const each of replicas) {
        await each.close();
        expect(each.said).toEqual([]);
      }
      expect([all.records.length, all.counts.length]).toEqual([4, 1]);
    },
    longest,
  );

  it(
    "a collector that is down is said once and loses no change; what it rejects is counted",
    async () => {
      const database = await open();
      await host(database, "h", "west");
      const collector = await startOtlpReceiver();
      collector.treat({ status: 503 });
      await addRule(database, to(collector.url), 1);
      const opened = (...controls: readonly string[]) =>
        putChanges(
          database,
          "h",
          controls.map((each) => changeOf("opened", findingOf(each))),
          () => "",
        );
      await opened("one", "odd", "two");
      const { said } = replica(database);
      await expect.poll(async () => (await listRules(database))[0]?.failures, patience).toBeGreaterThan(1);
      await expect
        .poll(() => said.toSorted(), patience)
        .toEqual([
          `otlp ${collector.url} answers 503: these counts are lost; newer ones are sent each minute`,
          `otlp ${collector.url} answers 503: tried again until taken`,
        ]);
      collector.treat({
        rejects: (records) =>
          records.filter(({ attributes }) => attributes["bulkhead.control"] === "odd").length,
      });
      await expect
        .poll(() => told(collector).map((each) => each.split(" ")[2]), patience)
        .toEqual(["one", "two"]);
      await expect
        .poll(() => listRules(database), patience)
        .toMatchObject([{ waiting: 0, sent: 2, lost: 1, trouble: null, failures: 0 }]);
      expect(said.slice(2)).toEqual([
        `otlp ${collector.url} takes notifications again`,
        `otlp ${collector.url} rejects 1 of 1 log record: it will not take a change, which is dropped`,
      ]);
    },
    longest,
  );
});

it.each([
  ["https://collector.example.org:4318/v1/logs", true],
  ["https://collector.example.org:4318/?x=1", true],
  ["https://collector.example.org/otlp", false],
])("%s is the address of no collector: %s", (url, isWrong) => {
  expect(otlp.whyNot(url) !== undefined).toBe(isWrong);
});
