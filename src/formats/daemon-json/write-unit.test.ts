import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { factsOf } from "../../../test/support/formats/law.ts";
import { bareContext } from "../../controls/control.ts";
import { controls } from "../../controls/registry.ts";
import type { Engine } from "../../model/engine.ts";
import { applyPatches, type EnginePatch } from "../../model/patch.ts";
import { applyEdits } from "../../model/writing.ts";
import { readDockerdUnit, type UnitSurroundings } from "./unit.ts";
import { writeDockerdUnit } from "./write-unit.ts";

const file = "docker.service";
const unit = (command: string) =>
  `[Unit]\nDescription=Docker\n\n[Service]\nExecStart=${command}\nRestart=always\n`;

function write(text: string, patches: readonly EnginePatch[], around: UnitSurroundings = {}) {
  const { edits, refused } = writeDockerdUnit({ text, file, around, patches });
  const textOf = (name: string, given: string) =>
    applyEdits(
      given,
      edits.filter((edit) => edit.file === name),
    );
  return { textOf, reasons: refused.map(({ reason }) => reason) };
}

const listen = (address: string): EnginePatch => ({
  op: "remove",
  field: "listenAddresses",
  value: { address, tls: "none" },
});
const icc: EnginePatch = { op: "set", field: "icc", value: false };
const toUnix = (address: string): EnginePatch => ({
  op: "replace",
  field: "listenAddresses",
  value: { address, tls: "none" },
  with: { address: "unix:///var/run/docker.sock", tls: "none" },
});

describe("in the unit, where the flag is", () => {
  test.each<[string, string, string, readonly EnginePatch[]]>([
    [
      "an address",
      "dockerd -H fd:// -H tcp://0.0.0.0:2375 --icc",
      "dockerd -H fd:// --icc",
      [listen("tcp://0.0.0.0:2375")],
    ],
    [
      "one without a scheme",
      "dockerd --host=fd:// --host=:2375",
      "dockerd --host=fd://",
      [listen("tcp://:2375")],
    ],
    [
      "one on a line of its own",
      "/usr/bin/dockerd \\\n  -H fd:// \\\n  -H tcp://0.0.0.0:2375 \\\n  --debug",
      "/usr/bin/dockerd \\\n  -H fd:// \\\n  --debug",
      [listen("tcp://0.0.0.0:2375")],
    ],
    [
      "the only address",
      "dockerd -H tcp://0.0.0.0:2375",
      "dockerd -H unix:///var/run/docker.sock",
      [toUnix("tcp://0.0.0.0:2375")],
    ],
    ["true and false", "-dockerd --icc=true --debug", "-dockerd --icc=false --debug", [icc]],
    ["a bare flag", "dockerd --icc -D", "dockerd --icc=false -D", [icc]],
    [
      "a value of its own word",
      'dockerd --log-driver "json-file" --log-opt max-size=-1',
      "dockerd --log-driver local --log-opt max-size=-1",
      [{ op: "set", field: "logDriver", value: "local" }],
    ],
    [
      "an option more",
      "dockerd --log-opt max-file=3 -H fd://",
      "dockerd --log-opt max-file=3 --log-opt max-size=10m -H fd://",
      [{ op: "add", field: "logOptions", value: { name: "max-size", value: "10m" } }],
    ],
    [
      "what is to go",
      "dockerd --userns-remap= --seccomp-profile unconfined -H fd://",
      "dockerd --userns-remap= -H fd://",
      [{ op: "unset", field: "seccompProfile" }],
    ],
  ])("%s", (_, before, after, patches) => {
    const written = write(unit(before), patches);
    expect(written.reasons).toEqual([]);
    expect(written.textOf(file, unit(before))).toBe(unit(after));
  });

  test("in the drop-in that says it", () => {
    const dropIn = {
      file: "docker.service.d/tcp.conf",
      text: "[Service]\nExecStart=\nExecStart=dockerd -H fd:// -H tcp://a:1\n",
    };
    const { textOf, reasons } = write(unit("dockerd -H fd://"), [listen("tcp://a:1")], { dropIns: [dropIn] });
    expect(reasons).toEqual([]);
    expect(textOf(dropIn.file, dropIn.text)).toBe("[Service]\nExecStart=\nExecStart=dockerd -H fd://\n");
    expect(textOf(file, unit("dockerd -H fd://"))).toBe(unit("dockerd -H fd://"));
  });

  test("in the socket unit that opens it", () => {
    const socket = {
      file: "docker.socket",
      text: "[Socket]\nListenStream=/run/docker.sock\nListenStream=2375\nSocketMode=0660\n",
    };
    const { textOf, reasons } = write(unit("dockerd -H fd://"), [listen("tcp://[::]:2375")], { socket });
    expect(reasons).toEqual([]);
    expect(textOf(socket.file, socket.text)).toBe(
      "[Socket]\nListenStream=/run/docker.sock\nSocketMode=0660\n",
    );
  });

  test("in the daemon.json beside it, what the unit does not say", () => {
    const daemonJson = { file: "daemon.json", text: "{}\n" };
    const { textOf, reasons } = write(unit("dockerd -H fd:// -H :2375"), [icc, listen("tcp://:2375")], {
      daemonJson,
    });
    expect(reasons).toEqual([]);
    expect(textOf("daemon.json", "{}\n")).toBe('{\n  "icc": false\n}\n');
    expect(textOf(file, unit("dockerd -H fd:// -H :2375"))).toBe(unit("dockerd -H fd://"));
  });
});

describe("is refused, with the line that is to be changed", () => {
  test.each<[string, string, EnginePatch, RegExp]>([
    [
      "what neither says",
      unit("dockerd -H fd://"),
      icc,
      /daemon\.json \("icc": false\), or as a flag at docker\.service:5/,
    ],
    [
      "what a variable brings",
      `${unit("dockerd $OPTS")}Environment="OPTS=-H tcp://a:1"\n`,
      listen("tcp://a:1"),
      /a variable or a shell command brings it at docker\.service:7/,
    ],
    [
      "what a shell starts",
      unit("/bin/sh -c 'exec dockerd --icc=true'"),
      icc,
      /a variable or a shell command|by hand/,
    ],
    ["flags in one word", unit("dockerd -DHtcp://a:1"), listen("tcp://a:1"), /by hand/],
    [
      "a comment between",
      unit("dockerd \\\n# open\n  -H tcp://a:1 -H fd://"),
      listen("tcp://a:1"),
      /comment/,
    ],
    [
      "a value that needs quotes",
      unit("dockerd --log-driver=x"),
      { op: "set", field: "logDriver", value: "a b" },
      /quotes/,
    ],
  ])("%s", (_, text, patch, reason) => {
    const { textOf, reasons } = write(text, [patch]);
    expect(reasons).toEqual([expect.stringMatching(reason)]);
    expect(textOf(file, text)).toBe(text);
  });
});

const flags = fc.constantFrom(
  "-H fd://",
  "-H tcp://0.0.0.0:2375",
  "--host=:2376",
  "--tlsverify",
  "--tls=false",
  "--icc",
  "--icc=true",
  "--insecure-registry reg:5000",
  "--insecure-registry=10.0.0.0/8",
  "--log-opt max-size=-1",
  "--log-driver=json-file",
  "--log-driver local",
  "--default-ulimit nofile=64:64",
  "--userns-remap=",
  "--seccomp-profile unconfined",
  "--live-restore=false",
  '"--no-new-privileges=false"',
  "--storage-opt dm.basesize=1G",
  "$OPTS",
  "-D",
);

test("reading what was written is what was asked for", () => {
  const separator = fc.constantFrom(" ", "  ", " \\\n    ", " \\\n# why\n ");
  const command = fc
    .tuple(fc.array(fc.tuple(separator, flags), { maxLength: 8 }), fc.constantFrom("", "OPTS=--icc=true"))
    .map(([words, variable]) => `${unit(`dockerd${words.flat().join("")}`)}Environment=${variable}\n`);
  fc.assert(
    fc.property(command, fc.boolean(), (text, hasFile) => {
      const around: UnitSurroundings = hasFile ? { daemonJson: { file: "daemon.json", text: "{}\n" } } : {};
      const read = (given: string, json: string) => {
        const view = readDockerdUnit(
          given,
          file,
          hasFile ? { daemonJson: { file: "daemon.json", text: json } } : {},
        ).subjects[0]?.views[0];
        return view?.kind === "engine" ? view : undefined;
      };
      const before = read(text, "{}\n");
      if (!before) return;
      const patches = remediesFor(before);
      const { edits, refused } = writeDockerdUnit({ text, file, around, patches });
      const made = patches.filter((patch) => !refused.some((each) => each.patch === patch));
      const edited = (name: string, given: string) =>
        applyEdits(
          given,
          edits.filter((edit) => edit.file === name),
        );
      const after = read(edited(file, text), edited("daemon.json", "{}\n"));
      expect(after && factsOf(after), edited(file, text)).toEqual(factsOf(applyPatches(before, made)));
    }),
    { numRuns: 300 },
  );
});

function remediesFor(view: Engine): readonly EnginePatch[] {
  const context = bareContext("daemon-json");
  return controls.flatMap((control) =>
    control.check.engine?.(view, context).verdict === "fail"
      ? (control.remedy.engine?.(view, context).patches ?? [])
      : [],
  );
}
