import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { memoryFiles } from "../../../test/support/memory-files.ts";
import type { ContainerPatch } from "../../model/patch.ts";
import { readRunArguments, writeRunArguments } from "./argv.ts";

const io = memoryFiles();

function written(words: readonly string[], ...patches: readonly ContainerPatch[]): readonly string[] {
  return writeRunArguments(words, patches, io).arguments;
}

const pids: ContainerPatch = { op: "set", field: "pidsLimit", value: 99 };

describe("reading arguments", () => {
  it("takes words for what they are: no shell looks at them", () => {
    const { container, name, image } = readRunArguments(
      ["--name", "a b", "-v", "$HOME:/x", "$IMG", "sh", "-c", "rm --privileged"],
      io,
    );
    expect(name).toBe("a b");
    expect(image).toBe("$IMG");
    expect(container.privileged.state).toBe("unset");
    expect(container.mounts).toMatchObject([{ value: { source: "$HOME", target: "/x" } }]);
  });

  it("tells --quiet and --help from the container's own arguments", () => {
    expect(readRunArguments(["-q", "nginx"], io)).toMatchObject({ quiet: true, help: false });
    expect(readRunArguments(["nginx", "-q", "--help"], io)).toMatchObject({ quiet: false, help: false });
    expect(readRunArguments(["--quiet=false", "--help", "nginx"], io)).toMatchObject({
      quiet: false,
      help: true,
    });
  });
});

describe("writing arguments", () => {
  it("puts what is new in front of the image, and leaves every other word as it is", () => {
    const words = ["-it", "-e", "", "--name=x", "-v/a:/b", "nginx", "--pids-limit", "3", ""];
    expect(written(words, pids)).toEqual([...words.slice(0, 5), "--pids-limit", "99", ...words.slice(5)]);
  });

  it("keeps the -- in front of the image", () => {
    expect(written(["-i", "--", "nginx"], pids)).toEqual(["-i", "--pids-limit", "99", "--", "nginx"]);
  });

  it("changes and takes out flags, also one of several letters", () => {
    const patches: readonly ContainerPatch[] = [
      { op: "set", field: "privileged", value: false },
      { op: "set", field: "publishAllPorts", value: false },
      { op: "set", field: "memory", value: 1024 ** 3 },
    ];
    expect(written(["-itP", "--privileged", "-m", "4g", "nginx", "-P"], ...patches)).toEqual([
      "--interactive",
      "--tty",
      "--memory",
      "1g",
      "nginx",
      "-P",
    ]);
  });

  it("refuses what a flag cannot say, and makes the rest", () => {
    const health: ContainerPatch = { op: "set", field: "healthcheck", value: "command" };
    const { arguments: words, refused } = writeRunArguments(["nginx"], [health, pids], io);
    expect(words).toEqual(["--pids-limit", "99", "nginx"]);
    expect(refused).toMatchObject([{ patch: health }]);
  });

  it("never throws, and changes nothing without a patch", () => {
    const word = fc.oneof(
      fc.constantFrom(
        "-it",
        "-v",
        "--name",
        "--",
        "-",
        "-e",
        "nginx",
        "--memory=1g",
        "--read-only",
        "-m",
        "",
      ),
      fc.string({ maxLength: 6 }),
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 8 }), (words) => {
        expect(written(words)).toEqual(words);
        const once = written(words, pids);
        expect(written(once, pids)).toEqual(once);
      }),
    );
  });
});
