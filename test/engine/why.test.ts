import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { builtCommand, runCli } from "../support/cli.ts";
import { expectDocument } from "../support/documents.ts";
import { describeWithEngine } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { busybox, importBusybox } from "./images.ts";

interface Refusal {
  readonly container: string;
  readonly layer: string;
  readonly message: string;
  readonly outcome: string;
  readonly settings: readonly { readonly compose: string; readonly run: string }[];
}

describeWithEngine("bulkhead why", () => {
  let engine: TestEngine;
  let program: string;

  beforeAll(async () => {
    program = builtCommand();
    engine = await startEngine();
    await importBusybox(engine);
  });
  afterAll(async () => {
    await engine?.stop();
  });

  const why = (...words: readonly string[]) =>
    runCli(program, ["why", "-H", engine.host, ...words], { env: engine.environment });

  /** Each with one right taken away: the flags, what it runs, and what is to be told. */
  const taken = {
    root: ["--read-only", "mkdir /var/cachex", "read-only root", "--tmpfs /var/cachex"],
    mount: ["--volume=why:/data:ro", "touch /data/x", "read-only mount", ":/data"],
    chown: ["--cap-drop=CHOWN", "chown 5 /tmp", "capability", "--cap-add CHOWN"],
    port: [
      "--cap-drop=NET_BIND_SERVICE --sysctl=net.ipv4.ip_unprivileged_port_start=1024",
      "httpd -f -p 80",
      "capability",
      "--cap-add NET_BIND_SERVICE",
    ],
    seccomp: ["--name=seccomp", "unshare -m true", "seccomp", "--security-opt seccomp=profile.json"],
    chroot: ["--cap-drop=SYS_CHROOT", "chroot / true", "seccomp", "--cap-add SYS_CHROOT"],
    own: ["--security-opt=seccomp=PROFILE", "sync", "seccomp", "--security-opt seccomp=profile.json"],
    user: ["--user=1000", "mkdir /root/x", "user", "chown 1000 /root"],
    pids: ["--pids-limit=5", "for i in 1 2 3 4 5 6 7 8; do sleep 1 & done", "pids limit", "--pids-limit 10"],
    full: [
      "--tmpfs=/scratch:size=1m",
      "dd if=/dev/zero of=/scratch/x bs=64k count=50",
      "full file system",
      "--tmpfs /scratch:size=2m",
    ],
    memory: [
      "--memory=20m --memory-swap=20m",
      "x=a; while :; do x=$x$x; done",
      "memory limit",
      "--memory 40m",
    ],
    probe: ["--read-only", "true 2>/dev/null >/etc/passwd || true", "read-only root", ""],
    untouched: ["", "mkdir /x && chown 5 /x && touch /x/y && echo done", "", ""],
  } as const;

  it("names the rule and the setting of each right that is taken away, and nothing of an untouched run", async () => {
    // Of a try before this one.
    await engine.docker(["rm", "-f", ...Object.keys(taken)]);
    const profile = join(engine.folder, "profile.json");
    writeFileSync(
      profile,
      JSON.stringify({
        defaultAction: "SCMP_ACT_ALLOW",
        syscalls: [{ names: ["sync"], action: "SCMP_ACT_KILL_PROCESS" }],
      }),
    );
    const lines = Object.entries(taken).map(([name, [flags, script]]) => {
      const own = flags.replace("PROFILE", profile).replace("--name=seccomp", "");
      return `docker run --name ${name} --network none ${own} ${busybox} sh -c '${script}' &`;
    });
    const ran = await why("--format", "json", "--", "sh", "-c", `(${lines.join("\n")} wait) >/dev/null 2>&1`);
    expect(ran.stderr).toBe("");
    const document = JSON.parse(ran.stdout) as {
      readonly refusals: readonly Refusal[];
      readonly lost: number;
    };
    expectDocument("why", document);
    expect(document.lost).toBe(0);
    for (const [name, [, , layer, setting]] of Object.entries(taken)) {
      const own = document.refusals.filter(({ container }) => container === name);
      const harmful = own.filter(({ outcome }) => outcome !== "survived");
      if (name === "probe" || name === "untouched") {
        expect(harmful, name).toEqual([]);
        expect(own.map((each) => each.layer)).toEqual(layer === "" ? [] : [layer]);
        continue;
      }
      expect(
        harmful.map((each) => each.layer),
        name,
      ).toEqual([layer]);
      expect(harmful.flatMap(({ settings }) => settings.map(({ run }) => run)).join("\n"), name).toContain(
        setting,
      );
    }
    const killed = document.refusals.find(({ container }) => container === "own");
    // The call is in the kernel's log, unless auditd or a limit of lines keeps it out.
    expect(killed?.message).toMatch(/^(?:sync|a system call) refused by seccomp, which killed it$/);
    expect(ran.status).toBe(1);
  });

  it("watches a container that runs, and what is run in it meanwhile", async () => {
    await engine.docker([
      ...["run", "-d", "--name", "live", "--network=none", "--read-only", "--cap-drop=CHOWN", "--tmpfs=/own"],
      ...[busybox, "sh", "-c", "while sleep 0.2; do mkdir -p /srv/data/x; done"],
    ]);
    const watched = why("live", "--for", "3s");
    // Its own start takes a moment.
    const timer = setInterval(
      () => void engine.docker(["exec", "live", "chown", "5", "/own"]).catch(() => {}),
      400,
    );
    const ran = await watched;
    clearInterval(timer);
    expect(ran.stderr).toBe("");
    expect(ran.stdout).toMatch(
      /✗ live: mkdir\(.*\) refused by the read-only root\n {4}mkdir \(PID \d+, \d+ times\)/,
    );
    expect(ran.stdout).toContain("Read-only file system");
    expect(ran.stdout).toMatch(
      /✗ live: chown\(.*\) refused: CHOWN is dropped\n.*\n {4}change: --cap-add CHOWN/,
    );
    expect(ran.status).toBe(1);
    await engine.docker(["rm", "-f", "live"]);
  });

  it("looks back: what the logs, the ends and the kernel's log show of the last minutes", async () => {
    const past = {
      root: ["--read-only", "mkdir /var/cachex", "read-only root", "--tmpfs /var/cachex"],
      chown: ["--cap-drop=CHOWN", "chown 5 /tmp", "capability", "--cap-add CHOWN"],
      user: ["--user=1000", "mkdir /root/x", "user", "chown 1000 /root"],
      full: ["--tmpfs=/s:size=1m", "dd if=/dev/zero of=/s/x bs=64k count=50", "full file system", "size=2m"],
      memory: [
        "--memory=20m --memory-swap=20m",
        "x=a; while :; do x=$x$x; done",
        "memory limit",
        "--memory 40m",
      ],
    } as const;
    await Promise.all(
      Object.entries(past).map(([name, [flags, script]]) =>
        engine
          .docker([
            "run",
            "--name",
            `past-${name}`,
            "--network=none",
            ...flags.split(" "),
            busybox,
            "sh",
            "-c",
            script,
          ])
          .catch(() => {}),
      ),
    );
    await engine
      .docker(["run", "--name=past-silent", "--network=none", busybox, "sh", "-c", "exit 3"])
      .catch(() => {});
    await engine.docker(["run", "--name=past-good", "--network=none", busybox, "true"]);
    const ran = await why("--last", "5m", "--format", "json");
    expect(ran.stderr).toBe("");
    const document = JSON.parse(ran.stdout) as {
      readonly refusals: readonly Refusal[];
      readonly unexplained: readonly { readonly container: string; readonly status: number }[];
    };
    expectDocument("why", document);
    for (const [name, [, , layer, setting]] of Object.entries(past)) {
      const own = document.refusals.filter(({ container }) => container === `past-${name}`);
      expect(new Set(own.map((each) => each.layer)), name).toEqual(new Set([layer]));
      expect(own.flatMap(({ settings }) => settings.map(({ run }) => run)).join("\n"), name).toContain(
        setting,
      );
    }
    const killed = document.refusals.filter(({ layer }) => layer === "seccomp");
    expect(killed).toMatchObject([
      { container: "own", message: expect.stringMatching(/seccomp, which killed it$/) },
    ]);
    expect(document.unexplained).toMatchObject([{ container: "past-silent", status: 3 }]);
    expect(ran.status).toBe(1);
    const one = await why("--last", "5m", "past-root");
    expect(one.stdout).toMatch(
      /^✗ past-root: mkdir\(\/var\/cachex\) refused by the read-only root\n {4}mkdir then ended with status 1\n/,
    );
    const good = await why("--last", "5m", "past-good");
    expect(good).toMatchObject({ status: 0, stdout: expect.stringContaining("nothing was refused") });
  });

  it.each([
    [["nobody"], "there is no container nobody"],
    [["--last", "5m", "nobody"], "there is no container nobody"],
    [["--last", "5m", "--for", "1m"], "--last looks back; --for looks ahead: give one of them"],
    [[], "name a running container, or a command after --: bulkhead why -- docker run …"],
    [
      ["docker", "run", "x"],
      "to watch what a command starts, put -- before it: bulkhead why -- docker run x",
    ],
  ] as const)("says in a line what is wrong with %j", async (words, reason) => {
    const ran = await why(...words);
    expect(ran).toMatchObject({ status: 2, stdout: "", stderr: `bulkhead: ${reason}\n` });
  });
});
