import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ChangedPath, type PathEntry, placesOf } from "./places.ts";

const folder = (names: readonly string[], more: Partial<PathEntry> = {}): PathEntry => ({
  ...{ type: "folder", uid: 0, gid: 0, mode: 0o755, size: 10, names },
  ...more,
});
const file: PathEntry = { type: "file", uid: 0, gid: 0, mode: 0o644, size: 5, names: [] };

function sorted(
  changes: readonly string[],
  entries: Readonly<Record<string, PathEntry>>,
  mounted: readonly string[] = [],
) {
  const kinds = { A: "added", C: "changed", D: "deleted" } as const;
  const parsed = changes.map((line): ChangedPath => {
    const [kind = "A", path = ""] = line.split(" ");
    return { kind: kinds[kind as keyof typeof kinds], path };
  });
  const { scratch, data, among } = placesOf(parsed, mounted, (path) => entries[path]);
  return { scratch: scratch.map(({ path }) => path), data: data.map(({ path }) => path), among };
}

describe("placesOf", () => {
  it("takes the folder of the image that a file was written into, with its owner", () => {
    const entries = {
      "/run": folder(["postgresql"]),
      "/run/postgresql": folder([".s.PGSQL"], { uid: 999, gid: 999, mode: 0o2775 }),
      "/run/postgresql/.s.PGSQL": { ...file, type: "other" as const },
    };
    const changes: readonly ChangedPath[] = [
      { kind: "changed", path: "/run" },
      { kind: "changed", path: "/run/postgresql" },
      { kind: "added", path: "/run/postgresql/.s.PGSQL" },
    ];
    expect(placesOf(changes, [], (path) => Reflect.get(entries, path)).scratch).toEqual([
      {
        ...{ path: "/run/postgresql", uid: 999, gid: 999, mode: 0o2775, bytes: 10 },
        written: ["/run/postgresql/.s.PGSQL"],
      },
    ]);
  });

  it("takes /run and /tmp whatever else is in them", () => {
    const entries = { "/run": folder(["lock", "nginx.pid"]), "/run/nginx.pid": file };
    expect(sorted(["C /run", "A /run/nginx.pid"], entries).scratch).toEqual(["/run"]);
  });

  it("calls a folder whose files must stay data", () => {
    const entries = { "/srv": folder(["state"]), "/srv/state": file };
    expect(sorted(["C /srv", "A /srv/state"], entries)).toEqual({ scratch: [], data: ["/srv"], among: [] });
  });

  it("calls caches, logs and folders of sockets scratch", () => {
    const entries = {
      "/var/cache/nginx": folder(["client"]),
      "/var/cache/nginx/client": folder([]),
      "/opt/app/logs": folder(["a.txt"]),
      "/opt/app/logs/a.txt": file,
      "/opt/ipc": folder(["app.sock"]),
      "/opt/ipc/app.sock": { ...file, type: "other" as const },
    };
    const changes = ["A /var/cache/nginx/client", "A /opt/app/logs/a.txt", "A /opt/ipc/app.sock"];
    expect(sorted(changes, entries)).toEqual({
      scratch: ["/opt/app/logs", "/opt/ipc", "/var/cache/nginx"],
      data: [],
      among: [],
    });
  });

  it("finds no mount for files among the image's", () => {
    const entries = {
      "/app": folder(["server.js", "notes.txt"]),
      "/app/notes.txt": file,
      "/etc/passwd": file,
    };
    expect(sorted(["C /app", "A /app/notes.txt", "C /etc/passwd"], entries)).toEqual({
      scratch: [],
      data: [],
      among: ["/app/notes.txt", "/etc/passwd"],
    });
  });

  it("leaves out volumes, the folders that hold them, and what Docker puts in", () => {
    const entries = { "/": folder(["data", "etc"]), "/data": folder(["db"]) };
    const changes = ["A /data", "A /data/db", "A /.dockerenv", "A /etc/hosts", "A /dev/console"];
    expect(sorted(changes, entries, ["/data/db"])).toEqual({ scratch: [], data: [], among: [] });
  });

  it("never takes / for a folder of either kind, whatever was written and whatever can be seen", () => {
    const name = fc.constantFrom("tmp", "run", "data", "a.pid", "x.sock", "var", "etc", "core", "log");
    const path = fc.array(name, { maxLength: 4 }).map((parts) => `/${parts.join("/")}`);
    const change = fc.record({ path, kind: fc.constantFrom("changed", "added", "deleted") });
    const entry = fc.record({
      type: fc.constantFrom("folder", "file", "other"),
      ...{ uid: fc.nat(1000), gid: fc.nat(1000), mode: fc.nat(0o7777), size: fc.nat() },
      names: fc.array(name, { maxLength: 3 }),
    });
    fc.assert(
      fc.property(
        fc.array(change, { maxLength: 12 }),
        fc.array(path, { maxLength: 3 }),
        // Without root nothing can be looked at.
        fc.dictionary(path, entry, { maxKeys: 8 }),
        (changes, mounted, entries) => {
          const { scratch, data } = placesOf(changes as readonly ChangedPath[], mounted, (each) =>
            Object.hasOwn(entries, each) ? (entries[each] as PathEntry) : undefined,
          );
          const places = [...scratch, ...data].map((place) => place.path);
          expect(places.filter((each) => !/^(?:\/[^/]+)+$/.test(each))).toEqual([]);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it("says that a file was written in / without root, where nothing can be looked at", () => {
    expect(sorted(["A /notes"], {})).toEqual({ scratch: [], data: [], among: ["/notes"] });
    expect(sorted(["C /tmp"], {})).toEqual({ scratch: ["/tmp"], data: [], among: [] });
    const nginx = [
      "C /run",
      "A /run/nginx.pid",
      "C /var",
      "C /var/cache",
      "A /var/cache/x",
      "C /etc",
      "A /etc/x",
    ];
    expect(sorted(nginx, {})).toEqual({ scratch: ["/run", "/var/cache"], data: [], among: ["/etc/x"] });
  });
});
