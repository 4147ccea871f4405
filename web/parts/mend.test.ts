import { describe, expect, it } from "vitest";
import { shellCommands } from "../../src/base/shell.ts";
import { fixCommand, quoted } from "./mend.ts";

const fix = { kind: "behavioural", summary: "", snippet: null, breaks: null };
const of = { control: "pids-limit", subject: "container:web", isOfCompose: false, file: undefined, fix };

describe("the command that mends a finding", () => {
  it.each([
    ["a container", {}, "sudo bulkhead fix container:web --only pids-limit --recreate"],
    [
      "a decision",
      { fix: { ...fix, kind: "decision" } },
      "sudo bulkhead fix container:web --only pids-limit --accept pids-limit --recreate",
    ],
    ["the Engine", { subject: "engine" }, "sudo bulkhead fix engine --only pids-limit --apply"],
    [
      "a Compose file",
      { isOfCompose: true, file: "/srv/my shop/compose.yaml" },
      "sudo bulkhead fix '/srv/my shop/compose.yaml' --only pids-limit --apply",
    ],
    // docker compose would undo it.
    ["a container of Compose without its file", { isOfCompose: true }, undefined],
    ["advice", { fix: { ...fix, kind: "manual" } }, undefined],
    ["nothing to mend", { fix: null }, undefined],
    ["a command that docker exec started", { subject: "exec:web" }, undefined],
  ])("%s", (_, more, command) => expect(fixCommand({ ...of, ...more })).toBe(command));

  it.each(["web; curl evil|sh", "$(reboot)", "a'b", "a\nreboot", "a\rb\u001b[2K", "\u202eweb", "-rf", "`x`"])(
    "is one command, whatever a host calls the container: %j",
    (name) => {
      const command = fixCommand({ ...of, subject: `container:${name}` }) ?? "";
      expect(shellCommands(command).filter(({ words }) => words[0] === "sudo")).toHaveLength(1);
      expect(shellCommands(command).every(({ words }) => ["sudo", "bulkhead"].includes(words[0] ?? ""))).toBe(
        true,
      );
      expect(command).not.toMatch(/\p{C}/u);
      expect(quoted(name).replace(/'\\''/g, "")).toMatch(/^'[^']*'$/);
    },
  );
});
