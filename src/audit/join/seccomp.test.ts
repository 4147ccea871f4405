import { expect, test } from "vitest";
import { memoryFiles } from "../../../test/support/memory-files.ts";
import { readDaemonJson } from "../../formats/daemon-json/read.ts";
import { joinSeccomp } from "./seccomp.ts";

const open = '{"defaultAction": "SCMP_ACT_ALLOW"}';
const closed = '{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": []}';

test.each<[string, string, Readonly<Record<string, string>>, boolean | undefined]>([
  ["this machine's", "/etc/docker/daemon.json", { "/srv/all.json": open }, true],
  ["beside another machine's", "host/daemon.json", { "host/all.json": open }, true],
  ["one that filters", "host/daemon.json", { "host/all.json": closed }, false],
  ["one that nobody sees", "host/daemon.json", { "/srv/all.json": open }, undefined],
  ["one that is none", "host/daemon.json", { "host/all.json": "{" }, undefined],
])("the profile of an engine: %s", (_, file, texts, allowsAll) => {
  const [subject] = readDaemonJson('{"seccomp-profile": "/srv/all.json"}', file).subjects;
  const joined = subject && joinSeccomp(subject, memoryFiles(texts));
  const view = joined?.kind === "engine" ? joined.views[0] : undefined;
  expect(view?.seccompAllowsAll.state === "set" ? view.seccompAllowsAll.value : undefined).toBe(allowsAll);
});
