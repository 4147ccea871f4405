import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { expectRunLaw, patchesFor } from "../../../test/support/formats/run-writing.ts";
import { memoryFiles } from "../../../test/support/memory-files.ts";
import { setItems, valueOr } from "../../model/fact.ts";
import type { ContainerPatch } from "../../model/patch.ts";
import type { ContainerSubject } from "../../model/subject.ts";
import { applyEdits } from "../../model/writing.ts";
import { readRunLine } from "./read.ts";
import { spellServicePatch } from "./spell.ts";
import { writeRunCommands } from "./write.ts";

const io = memoryFiles({});

function read(text: string) {
  const reading = readRunLine(text, "--run", io);
  const [subject] = reading.subjects as readonly ContainerSubject[];
  const view = subject?.views[0];
  if (!subject || !view) throw new Error("there is no service");
  return { ...reading, subject, view };
}

function write(text: string, patches: readonly ContainerPatch[]) {
  const { subject } = read(text);
  const changes = [{ subject: subject.id, patches }];
  const [writing] = writeRunCommands({ text, file: "--run", host: "line", io, changes });
  if (!writing) throw new Error("nothing was written");
  return { text: applyEdits(text, writing.edits), refused: writing.refused.map(({ reason }) => reason) };
}

const create = `docker service create --name web --replicas 3 --mode=replicated \\
  --mount type=bind,source=/var/run/docker.sock,target=/var/run/docker.sock,readonly \\
  --publish published=8080,target=80,mode=host -p 443:443 \\
  --limit-memory 512m --limit-cpu 1.5 --limit-pids 100 --reserve-memory 64m \\
  --cap-add NET_ADMIN --cap-drop ALL --read-only -u 1000:1000 --group docker \\
  --network host --secret db --config source=c,target=/c --with-registry-auth \\
  --env TOKEN=abcdefgh12345 --container-label a=b --label service=only \\
  --ulimit nofile=1024 --sysctl net.core.somaxconn=1 --log-driver syslog --constraint node.role==manager \\
  --update-parallelism 2 --rollback-order start-first nginx:1.27 nginx -g 'daemon off;'`;

describe("docker service create", () => {
  const { view, subject, gaps, secrets } = read(create);

  test("is one container, with what its flags say", () => {
    expect(gaps).toEqual([]);
    expect(subject).toMatchObject({ name: "web", source: "service-command" });
    expect(valueOr(view.image, "")).toBe("nginx:1.27");
    expect(setItems(view.mounts).map(({ value }) => [value.hostPath, value.readOnly])).toEqual([
      ["/var/run/docker.sock", true],
    ]);
    expect(setItems(view.ports).map(({ value }) => value.containerPort)).toEqual(["80", "443"]);
    expect([view.memory, view.nanoCpus, view.pidsLimit]).toMatchObject([
      { value: 512 * 1024 ** 2 },
      { value: 1.5e9 },
      { value: 100 },
    ]);
    expect(setItems(view.capAdd).map(({ value }) => value)).toEqual(["NET_ADMIN"]);
    expect(setItems(view.capDrop).map(({ value }) => value)).toEqual(["ALL"]);
    expect(valueOr(view.readonlyRootfs, false)).toBe(true);
    expect(valueOr(view.user, "")).toBe("1000:1000");
    expect(setItems(view.groupAdd).map(({ value }) => value)).toEqual(["docker"]);
    expect(view.networkMode).toMatchObject({ value: { mode: "host" } });
    expect(setItems(view.labels).map(({ value }) => value.name)).toEqual(["a"]);
    expect(setItems(view.ulimits)).toHaveLength(1);
    expect(setItems(view.sysctls)).toHaveLength(1);
    expect(valueOr(view.logDriver, "")).toBe("syslog");
    expect(secrets).toHaveLength(1);
  });

  test("each where it stands", () => {
    const [origin] = setItems(view.capAdd)[0]?.origins ?? [];
    expect(origin).toMatchObject({ startLine: 5, startColumn: 13 });
  });

  test("what Swarm has no setting for is not said; what it never does is as by default", () => {
    for (const fact of [
      view.noNewPrivileges,
      view.blkioWeight,
      ...view.storageOpt,
      ...view.blkioDeviceLimits,
    ]) {
      expect(fact).toMatchObject({ state: "unseen", reason: "Swarm has no setting for it" });
    }
    expect([view.privileged, view.pidMode, view.seccomp].map(({ state }) => state)).toEqual(
      Array(3).fill("unset"),
    );
  });

  test.each([
    [
      "--privileged",
      "docker service create knows no flag --privileged and refuses the line; the rest was judged",
    ],
    [
      "--volume /a:/b",
      "docker service create knows no flag --volume and refuses the line; the rest was judged",
    ],
    ["--limit-memory much", "--limit-memory takes a size such as 512m, not “much”"],
  ])("%s is one clear line", (flag, reason) => {
    const reading = readRunLine(`docker service create ${flag} nginx`, "--run", io);
    expect(reading.gaps.map((each) => [each.reason, each.location?.startColumn])).toEqual([
      [reason, flag.startsWith("--limit") ? 38 : 23],
    ]);
  });

  test("without an image is a gap", () => {
    expect(readRunLine("docker service create --name a", "--run", io).gaps[0]?.reason).toBe(
      "docker service create names no image here",
    );
  });

  test("a variable leaves open what it may hold", () => {
    const { view: open } = read("docker service create --mount $M $IMAGE");
    expect(open.mounts[0]?.state).toBe("unresolved");
    expect(open.image.state).toBe("unresolved");
  });
});

describe("docker service update", () => {
  const { view, subject, gaps } = read(
    "docker service update --mount-add type=bind,source=/,target=/host --env-add A=1 --label-rm x --publish-add 80 --image nginx:1 --force web",
  );

  test("says only what it changes", () => {
    expect(gaps).toEqual([]);
    expect(subject).toMatchObject({ name: "web", source: "service-command" });
    expect(valueOr(view.image, "")).toBe("nginx:1");
    expect(setItems(view.mounts).map(({ value }) => value.hostPath)).toEqual(["/"]);
    expect(setItems(view.ports)).toHaveLength(1);
    for (const fact of [
      view.memory,
      view.user,
      view.readonlyRootfs,
      view.seccomp,
      view.networkMode,
      ...view.capAdd,
    ]) {
      expect(fact).toMatchObject({ state: "unseen", reason: "docker service update leaves it as it is" });
    }
  });

  test("its flags may stand for no image", () => {
    expect(read("docker service update --limit-cpu 1 web")).toMatchObject({
      gaps: [],
      view: { image: { state: "unseen" }, nanoCpus: { value: 1e9 } },
    });
  });
});

describe("written", () => {
  const line = "docker service create --name web --publish 80:80 nginx";

  test("with the flags that a service has", () => {
    expect(
      write(line, [
        { op: "set", field: "memory", value: 2 ** 29 },
        { op: "set", field: "pidsLimit", value: 200 },
        { op: "set", field: "nanoCpus", value: 1e9 },
        { op: "set", field: "readonlyRootfs", value: true },
        { op: "add", field: "capDrop", value: "ALL" },
      ]),
    ).toEqual({
      text: "docker service create --name web --publish 80:80 --limit-memory 512m --limit-pids 200 --limit-cpu 1 --read-only --cap-drop ALL nginx",
      refused: [],
    });
  });

  test("what Swarm has no flag for is refused", () => {
    expect(write(line, [{ op: "set", field: "noNewPrivileges", value: true }])).toEqual({
      text: line,
      refused: ["docker service has no option for --security-opt"],
    });
  });

  test("a mount becomes a read-only one, and goes", () => {
    const text = "docker service update --mount-add type=bind,src=/var/run/docker.sock,dst=/s web";
    const mount = setItems(read(text).view.mounts)[0]?.value;
    if (!mount) throw new Error("no mount");
    expect(
      write(text, [{ op: "replace", field: "mounts", value: mount, with: { ...mount, readOnly: true } }]),
    ).toEqual({
      text: "docker service update --mount-add type=bind,src=/var/run/docker.sock,dst=/s,readonly web",
      refused: [],
    });
    expect(write(text, [{ op: "remove", field: "mounts", value: mount }]).text).toBe(
      "docker service update web",
    );
  });

  test.each([create, line, "docker service update --limit-memory 1g --cap-add SYS_ADMIN web"])(
    "keeps the law of formats: %s",
    (text) => {
      const patches = fc.subarray([...patchesFor(read(text).view)], { maxLength: 6 });
      fc.assert(
        fc.property(patches, (some) => {
          expectRunLaw(text, "line", some);
        }),
        { numRuns: 60 },
      );
    },
  );

  test.each([
    [{ op: "set", field: "memory", value: 2 ** 29 }, "--limit-memory 512m"],
    [{ op: "unset", field: "memory" }, "leave out --limit-memory"],
    [{ op: "add", field: "capDrop", value: "ALL" }, "--cap-drop ALL"],
  ] as const)("%j is said %s", (patch, said) => {
    expect(spellServicePatch(patch)).toBe(said);
  });
});
