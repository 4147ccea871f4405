import { expect, test } from "vitest";
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
