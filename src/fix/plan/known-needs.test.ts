import { expect, test } from "vitest";
import { planForRun } from "../../../test/support/formats/plans.ts";
import { memoryFiles } from "../../../test/support/memory-files.ts";
import { readRunLine } from "../../formats/run-command/read.ts";
import { needsOf } from "./kinds.ts";

function needsFor(line: string) {
  const [subject] = readRunLine(line, "run.sh", memoryFiles()).subjects;
  return subject && needsOf(subject);
}

test("of a server everything is known, with where that stands", () => {
  expect(needsFor("docker run nginx:1.27")).toMatchObject({
    writablePaths: expect.arrayContaining(["/var/cache/nginx"]),
    ports: [{ port: 80, protocol: "tcp" }],
    source: "the image nginx:1.27",
    knownFrom: expect.stringMatching(/^https:/),
  });
  expect(needsFor("docker run nginx")?.capabilities).toContain("SETUID");
  expect(needsFor("docker run postgres")?.user?.name).toBe("postgres");
});

test("what starts as another user holds no capability", () => {
  expect(needsFor("docker run memcached")?.capabilities).toEqual([]);
});

test("of a language it is open what the application needs", () => {
  expect(needsFor("docker run python")).toMatchObject({ capabilities: undefined, writablePaths: undefined });
});

test("of an image of one's own nothing is known", () => {
  expect(needsFor("docker run registry.example/nginx")).toBeUndefined();
});

test("of an image that a script's caller chooses nothing is known; of one that the script itself names everything", () => {
  expect(needsFor('docker run "${IMAGE:-redis:7}"')).toBeUndefined();
  expect(needsFor("docker run ${IMAGE-redis:7}")).toBeUndefined();
  expect(needsFor("docker run redis:${TAG:-7}")?.source).toBe("the image redis:7");
  expect(needsFor("IMAGE=redis:7\ndocker run $IMAGE")?.source).toBe("the image redis:7");
  expect(needsFor("IMAGE=redis:7\ndocker run ${IMAGE:-nginx}")?.source).toBe("the image redis:7");
});

test.each([
  "docker run nginx nginx-debug -g 'daemon off;'",
  "docker run nginx -g 'daemon off;'",
  "docker run -v ./nginx.conf:/etc/nginx/nginx.conf nginx",
  "docker run -v ./conf:/etc/nginx -v state:/run -v ./probe.sh:/usr/local/bin/probe.sh nginx",
  "docker run --entrypoint /docker-entrypoint.sh nginx nginx",
])("what is known of an image holds for its program: %s", (line) => {
  expect(needsFor(line)).toMatchObject({ bare: false, capabilities: expect.arrayContaining(["SETUID"]) });
  expect(needsFor(line)?.writablePaths).toEqual(["/var/cache/nginx", "/run"]);
});

test("an entrypoint hands on options, a configuration and a word of its program", () => {
  for (const line of ["redis --appendonly yes", "redis /usr/local/etc/redis.conf", "registry serve /c.yml"])
    expect(needsFor(`docker run ${line}`)).toMatchObject({ bare: false, capabilities: expect.anything() });
});

test.each([
  "docker run nginx sh -c 'envsubst </t >/etc/nginx/conf.d/default.conf && nginx'",
  "docker run --entrypoint sh nginx -c true",
  "docker run --entrypoint /start.sh nginx",
  "docker run -v ./start.sh:/docker-entrypoint.sh --entrypoint /docker-entrypoint.sh nginx",
  "docker run -v ./bin:/usr/sbin nginx /usr/sbin/nginx",
  'docker run nginx "$COMMAND"',
  // A mount puts another program in its place, and no word says so.
  "docker run -v ./start.sh:/docker-entrypoint.sh nginx",
  "docker run -v ./nginx:/usr/sbin/nginx nginx",
  "docker run -v ./bin:/usr/sbin nginx",
  "docker run -v ./usr:/usr nginx",
  "docker run -w /work -v ./app:/work --entrypoint ./entrypoint.sh nginx",
  "docker run -v ./app:/work --entrypoint /usr/../work/entrypoint.sh nginx",
])("another program may need anything: %s", (line) => {
  expect(needsFor(line)).toMatchObject({
    bare: true,
    capabilities: undefined,
    writablePaths: undefined,
    ports: undefined,
  });
});

test("another program of an image that starts as another user holds no capability either", () => {
  expect(needsFor("docker run memcached sh -c true")?.capabilities).toEqual([]);
});

test("an entrypoint writes where templates are mounted, and its scripts anywhere", () => {
  expect(needsFor("docker run -v ./t:/etc/nginx/templates:ro nginx")?.writablePaths).toContain(
    "/etc/nginx/conf.d",
  );
  expect(
    needsFor("docker run -v ./t:/etc/nginx/templates/default.conf.template nginx")?.writablePaths,
  ).toContain("/etc/nginx/conf.d");
  for (const words of [
    "-v ./env.sh:/docker-entrypoint.d/40-env.sh",
    "-e NGINX_ENVSUBST_OUTPUT_DIR=/etc/nginx",
    "-e NGINX_ENTRYPOINT_WORKER_PROCESSES_AUTOTUNE=1",
  ])
    expect(needsFor(`docker run ${words} nginx`)).toMatchObject({ bare: false, writablePaths: undefined });
});

test.each(["/run", "/run/", "/var/run", "/var/run/", "//run", "/var/./run"])(
  "a folder that is mounted already gets no tmpfs, however its path is spelled: %s",
  (target) => {
    const { steps } = planForRun(`docker run -v state:${target} nginx:1.27`, { needs: needsOf });
    const root = steps.find(({ controls }) => controls.includes("read-only-rootfs"));
    expect(root?.summary).toBe(
      "Make the root file system read-only, with a tmpfs of 64 MiB on /var/cache/nginx.",
    );
  },
);
