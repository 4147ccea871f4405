import { describe, expect, test } from "vitest";
import { readRequest } from "./read.ts";
import type { ReceivedBody, ReceivedRequest } from "./request.ts";
import { writeRequest } from "./write.ts";

const limits = { maxBytes: 10_000, maxDepth: 20, maxItems: 256 };

type Headers = ReceivedRequest["headers"];

const json: Headers = [["Content-Type", "application/json"]];
const upgrade: Headers = [
  ["Connection", "Upgrade"],
  ["Upgrade", "tcp"],
];

function bytes(text: string): ReceivedBody {
  return { kind: "bytes", bytes: new TextEncoder().encode(text) };
}

function read(method: string, target: string, headers: Headers = [], body: ReceivedBody = { kind: "none" }) {
  return readRequest({ method, target, headers, body }, limits);
}

/** The rule and the reason, or what goes out. */
function pass(method: string, target: string, headers: Headers = [], body: ReceivedBody = { kind: "none" }) {
  const result = read(method, target, headers, body);
  if (!result.ok) return `${result.rule}: ${result.message}`;
  const out = writeRequest(result.request);
  const lines = out.headers.map(([name, value]) => `${name}: ${value}`);
  const text = out.body instanceof Uint8Array ? new TextDecoder().decode(out.body) : out.body;
  return [`${out.method} ${out.target}`, ...lines, ...(text === undefined ? [] : [text])].join("\n");
}

const create = "/v1.45/containers/create";

describe("headers", () => {
  test("none of the client's goes through: what carries the request is the guard's own", () => {
    const headers: Headers = [
      ["Host", "evil.example"],
      ["User-Agent", "x"],
      ["Accept", "*/*"],
      ["Accept-Encoding", "gzip"],
      ["Cookie", "a=b"],
      ["Authorization", "Bearer x"],
      ["X-Forwarded-For", "1.2.3.4"],
      ["X-Meta-Thing", "x"],
      ["Expect", "100-continue"],
      ["Keep-Alive", "timeout=5"],
      ["X-Registry-Auth", "e30="],
    ];
    expect(pass("GET", "/v1.45/containers/json", headers)).toBe("GET /v1.45/containers/json\nHost: docker");
  });

  test.each([
    [
      "Content-Length",
      [
        ["Content-Length", "2"],
        ["content-length", "2"],
      ],
    ],
    [
      "Content-Type",
      [
        ["Content-Type", "application/json"],
        ["Content-Type", "text/plain"],
      ],
    ],
    [
      "Transfer-Encoding",
      [
        ["Transfer-Encoding", "chunked"],
        ["Transfer-Encoding", "chunked"],
      ],
    ],
    [
      "Host",
      [
        ["Host", "a"],
        ["host", "b"],
      ],
    ],
    [
      "X-Registry-Auth",
      [
        ["X-Registry-Auth", "e30="],
        ["X-Registry-Auth", "e30="],
      ],
    ],
    [
      "Upgrade",
      [
        ["Upgrade", "tcp"],
        ["upgrade", "h2c"],
      ],
    ],
    [
      "Connection",
      [
        ["Connection", "close"],
        ["Connection", "Upgrade"],
      ],
    ],
  ] as [string, Headers][])("not %s twice", (_, headers) => {
    expect(pass("POST", "/v1.45/images/create?fromImage=a", headers)).toMatch(
      /^guard-header: .* stands twice$/,
    );
  });

  test.each([
    [
      "a length beside chunks",
      [
        ["Content-Length", "2"],
        ["Transfer-Encoding", "chunked"],
      ],
    ],
    ["gzip as a transfer coding", [["Transfer-Encoding", "gzip, chunked"]]],
    ["identity as a transfer coding", [["Transfer-Encoding", "identity"]]],
    ["a tab before chunked", [["Transfer-Encoding", "\u000bchunked"]]],
    ["a length with a sign", [["Content-Length", "+2"]]],
    ["a length below 0", [["Content-Length", "-1"]]],
    ["a length in hexadecimal", [["Content-Length", "0x2"]]],
    ["two lengths in one", [["Content-Length", "2, 2"]]],
    ["a trailer", [["Trailer", "X-Registry-Auth"]]],
    ["another method in a header", [["X-HTTP-Method-Override", "DELETE"]]],
    ["a space in a name", [["Content-Length ", "2"]]],
    ["an empty name", [["", "2"]]],
    ["a line break in a value", [["X-A", "b\r\nX-C: d"]]],
    ["a NUL in a value", [["X-A", "b\u0000"]]],
    ["a page that asks", [["Origin", "https://evil.example"]]],
    [
      "HTTP/2 by upgrade",
      [
        ["Connection", "Upgrade, HTTP2-Settings"],
        ["Upgrade", "h2c"],
        ["HTTP2-Settings", "AAMAAABk"],
      ],
    ],
    [
      "an upgrade where no stream is",
      [
        ["Connection", "Upgrade"],
        ["Upgrade", "tcp"],
      ],
    ],
  ] as [string, Headers][])("not %s", (_, headers) => {
    expect(pass("POST", "/v1.45/containers/a/stop", headers)).toMatch(/^guard-header: /);
  });

  test.each([
    "application/x-www-form-urlencoded",
    "APPLICATION/X-WWW-FORM-URLENCODED",
    "application/x-www-form-urlencoded; charset=utf-8",
    "multipart/form-data; boundary=x",
    "multipart/mixed",
  ])("not a form, on any route: %s", (type) => {
    for (const [method, target] of [
      ["POST", "/v1.45/images/create?fromImage=a"],
      ["POST", "/v1.45/images/a/tag?repo=b"],
      ["POST", "/v1.45/containers/a/rename?name=b"],
      ["POST", create],
      ["PUT", "/v1.45/containers/a/archive?path=/"],
      ["GET", "/v1.45/containers/json"],
    ] as const)
      expect(pass(method, target, [["Content-Type", type]], bytes("name=c"))).toMatch(
        /^guard-header: .*form/,
      );
  });
});

describe("X-Registry-Auth", () => {
  const encode = (text: string) =>
    Buffer.from(text).toString("base64").replaceAll("+", "-").replaceAll("/", "_");
  const pull = (value: string) =>
    pass("POST", "/v1.45/images/create?fromImage=a", [["X-Registry-Auth", value]]);
  const sent = (text: string) => {
    const value = /X-Registry-Auth: (.*)/.exec(pull(encode(text)))?.[1];
    return value === undefined ? undefined : Buffer.from(value, "base64url").toString();
  };

  test.each([
    ['{"username":"a","password":"b~~?"}', '{"username":"a","password":"b~~?"}'],
    ["{}", "{}"],
    ["null", "null"],
    [' { "identitytoken" : "x" } ', '{"identitytoken":"x"}'],
    ['{"ServerAddress":"r.example","Username":"a"}', '{"serveraddress":"r.example","username":"a"}'],
    ['{"auth":"\\u0061"}', '{"auth":"a"}'],
  ])("%s", (text, printed) => {
    expect(sent(text)).toBe(printed);
  });

  test("loses a member that no Engine reads", () => {
    expect(sent('{"username":"a","x":"hunter2"}')).toBe('{"username":"a"}');
  });

  test("is left out where it is empty, and where the route has none", () => {
    expect(pull("")).not.toContain("X-Registry-Auth");
    expect(pass("GET", "/v1.45/containers/json", [["X-Registry-Auth", "%%%"]])).not.toContain("Auth");
  });

  test.each([
    ["no base64", "%%%%"],
    ["base64 with + and /", Buffer.from('{"username":"??>>"}').toString("base64")],
    ["no padding", "e30"],
    ["bits that lie over", "e31="],
    ["text", encode("hunter2")],
    ["two documents", encode("{}{}")],
    ["a member twice", encode('{"username":"a","username":"hunter2"}')],
    ["a member in two cases", encode('{"username":"a","UserName":"hunter2"}')],
    ["a member with a long s", encode('{"u\u017fername":"hunter2"}')],
    ["a member that is not a string", encode('{"username":["hunter2"]}')],
    ["a list", encode('["hunter2"]')],
  ])("not %s", (_, value) => {
    const result = pull(value);
    expect(result).toMatch(/^guard-header: the header x-registry-auth /);
    expect(result).not.toContain("hunter2");
  });

  test("X-Registry-Config has many, by registry", () => {
    const text = '{"r.example":{"Username":"a"},"__proto__":{"password":"b"}}';
    const out = pass("POST", "/v1.45/build", [["X-Registry-Config", encode(text)]]);
    const value = /X-Registry-Config: (.*)/.exec(out)?.[1] ?? "";
    expect(Buffer.from(value, "base64url").toString()).toBe(
      '{"r.example":{"username":"a"},"__proto__":{"password":"b"}}',
    );
  });
});

describe("a JSON body", () => {
  test("is printed anew", () => {
    expect(
      pass(
        "POST",
        `${create}?name=a`,
        json,
        bytes(' {"Image" : "a\\u0062", "Labels": {"A":"1","a":"2","__proto__":"3"} } '),
      ),
    ).toBe(
      `POST ${create}?name=a\nHost: docker\nContent-Type: application/json\nContent-Length: 57\n{"Image":"ab","Labels":{"A":"1","a":"2","__proto__":"3"}}`,
    );
  });

  test.each(["application/json", "application/json; charset=utf-8", 'Application/JSON;charset="UTF-8"'])(
    "is taken as %s",
    (type) => {
      expect(read("POST", create, [["Content-Type", type]], bytes('{"Image":"a"}')).ok).toBe(true);
    },
  );

  test.each([
    ["unlabelled", []],
    ["as text", [["Content-Type", "text/plain"]]],
    ["as JSON of another kind", [["Content-Type", "application/problem+json"]]],
    ["as JSON and more", [["Content-Type", "application/json, text/plain"]]],
    ["as JSON in another charset", [["Content-Type", "application/json; charset=utf-16"]]],
    ["as JSON with a parameter", [["Content-Type", "application/json; a=b"]]],
    [
      "as gzip",
      [
        ["Content-Type", "application/json"],
        ["Content-Encoding", "gzip"],
      ],
    ],
    [
      "as deflate",
      [
        ["Content-Type", "application/json"],
        ["Content-Encoding", "Deflate"],
      ],
    ],
  ] as [string, Headers][])("is not taken %s", (_, headers) => {
    expect(pass("POST", create, headers, bytes('{"Image":"a"}'))).toMatch(/^guard-(body|header): /);
  });

  test.each([
    ["missing", { kind: "none" }],
    ["empty", bytes("")],
    ["space", bytes(" ")],
    ["unseen", { kind: "unseen", reason: "it has more than 1 MiB" }],
    ["a stream", { kind: "stream" }],
    ["over the limit", bytes(`{"Image":"${"a".repeat(10_000)}"}`)],
    ["too deep", bytes(`{"Image":${"[".repeat(30)}${"]".repeat(30)}}`)],
    ["two documents", bytes('{"Image":"a"}{"Image":"b"}')],
    ["a name twice", bytes('{"Image":"a","Image":"b"}')],
    ["a list", bytes("[]")],
  ] as [string, ReceivedBody][])("is not taken where it is %s", (_, body) => {
    expect(pass("POST", create, json, body)).toMatch(/^guard-(body|json): /);
  });

  test("that headers announce and nobody saw is not skipped", () => {
    expect(pass("POST", "/v1.45/commit", [...json, ["Content-Length", "20"]])).toMatch(/^guard-body: /);
    expect(pass("POST", "/v1.45/commit", [...json, ["Transfer-Encoding", "chunked"]])).toMatch(
      /^guard-body: /,
    );
    expect(pass("POST", "/v1.45/commit", [...json, ["Content-Length", "0"]])).not.toMatch(/^guard/);
  });

  test("may be missing where the Engine makes something of that", () => {
    expect(pass("POST", "/v1.45/volumes/create")).toBe(
      "POST /v1.45/volumes/create\nHost: docker\nContent-Length: 0",
    );
    expect(pass("POST", "/v1.45/commit?container=a", json, bytes("null"))).toContain("\nnull");
    expect(pass("POST", "/v1.45/exec/0a/start", upgrade)).not.toMatch(/^guard/);
  });
});

describe("a body where none is read", () => {
  test.each(["", "{}", "null", " {} "])("%j is left out", (text) => {
    expect(pass("POST", "/v1.45/containers/a/start", json, bytes(text))).toBe(
      "POST /v1.45/containers/a/start\nHost: docker\nContent-Length: 0",
    );
  });

  test.each(['{"Privileged":true}', '{"Binds":["/:/h"]}', "[]x", "        {}"])(
    "%j is denied where the Engine takes it for a mistake",
    (text) => {
      expect(pass("POST", "/v1.45/containers/a/start", json, bytes(text))).toMatch(/^guard-body: /);
    },
  );

  test.each(['{"Privileged":true}', '{"Binds":["/:/h"]}', "[]", "        {}"])(
    "%j is left out where the Engine reads no body",
    (text) => {
      expect(pass("POST", "/v1.45/containers/a/wait", json, bytes(text))).toBe(
        "POST /v1.45/containers/a/wait\nHost: docker\nContent-Length: 0",
      );
      expect(pass("GET", "/v1.45/containers/json", json, bytes(text))).toBe(
        "GET /v1.45/containers/json\nHost: docker",
      );
    },
  );

  test.each(["x", "[]x", "\u0000"])("%j is denied: it is no document", (text) => {
    for (const [method, target] of [
      ["POST", "/v1.45/containers/a/wait"],
      ["POST", "/v1.45/images/prune"],
      ["POST", "/v1.45/images/a/push"],
      ["GET", "/v1.45/containers/json"],
      ["DELETE", "/v1.45/containers/a"],
      ["GET", "/_ping"],
    ] as const)
      expect(pass(method, target, json, bytes(text))).toMatch(/^guard-body: /);
  });

  test("the kind of an empty one does not matter: the docker CLI says text/plain", () => {
    expect(
      pass("POST", "/v1.45/containers/a/kill", [
        ["Content-Type", "text/plain"],
        ["Content-Length", "0"],
      ]),
    ).toBe("POST /v1.45/containers/a/kill\nHost: docker\nContent-Length: 0");
  });
});

describe("an archive", () => {
  test("is handed on, with its length where it is known", () => {
    expect(
      pass("PUT", "/v1.45/containers/a/archive?path=/x", [["Content-Length", "512"]], { kind: "stream" }),
    ).toBe(
      "PUT /v1.45/containers/a/archive?path=%2Fx\nHost: docker\nContent-Type: application/x-tar\nContent-Length: 512\nstream",
    );
    expect(
      pass(
        "POST",
        "/v1.45/build?t=a",
        [
          ["Transfer-Encoding", "chunked"],
          ["Content-Type", "application/x-tar"],
        ],
        { kind: "stream" },
      ),
    ).toBe(
      "POST /v1.45/build?t=a\nHost: docker\nContent-Type: application/x-tar\nTransfer-Encoding: chunked\nstream",
    );
  });

  test("is not there for a pull", () => {
    expect(pass("POST", "/v1.45/images/create?fromImage=a&tag=b")).toBe(
      "POST /v1.45/images/create?fromImage=a&tag=b\nHost: docker\nContent-Length: 0",
    );
  });
});

describe("a connection that becomes another", () => {
  test("attach and exec, with and without an upgrade", () => {
    expect(pass("POST", "/v1.45/containers/a/attach?stream=1&stdin=1", upgrade)).toBe(
      "POST /v1.45/containers/a/attach?stream=1&stdin=1\nHost: docker\nConnection: Upgrade\nUpgrade: tcp",
    );
    expect(pass("POST", "/v1.45/containers/a/attach")).toBe("POST /v1.45/containers/a/attach\nHost: docker");
    expect(pass("POST", "/v1.45/exec/0a/start", [...upgrade, ...json], bytes('{"Tty":true}'))).toBe(
      'POST /v1.45/exec/0a/start\nHost: docker\nConnection: Upgrade\nUpgrade: tcp\nContent-Type: application/json\nContent-Length: 12\n{"Tty":true}',
    );
  });

  test("a websocket, by its key", () => {
    const key = Buffer.alloc(16, 7).toString("base64");
    const headers: Headers = [
      ["Host", "127.0.0.1:2375"],
      ["Origin", "http://127.0.0.1:2375"],
      ["Connection", "keep-alive, Upgrade"],
      ["Upgrade", "WebSocket"],
      ["Sec-WebSocket-Key", key],
      ["Sec-WebSocket-Version", "13"],
      ["Sec-WebSocket-Extensions", "permessage-deflate"],
    ];
    const target = "/v1.45/containers/a/attach/ws?stream=1";
    expect(pass("GET", target, headers)).toBe(
      `GET ${target}\nHost: docker\nConnection: Upgrade\nUpgrade: websocket\nSec-WebSocket-Key: ${key}\nSec-WebSocket-Version: 13`,
    );
    const without = (name: string) => headers.filter(([own]) => own !== name);
    expect(pass("GET", target, without("Sec-WebSocket-Key"))).toMatch(/^guard-header: /);
    expect(pass("GET", target, without("Sec-WebSocket-Version"))).toMatch(/^guard-header: /);
    expect(pass("GET", target, without("Upgrade"))).toMatch(/^guard-header: /);
    expect(pass("GET", target, [...without("Origin"), ["Origin", "http://evil.example"]])).toMatch(
      /^guard-header: /,
    );
  });

  test("a build session, with each of its methods", () => {
    const headers: Headers = [
      ["Connection", "Upgrade"],
      ["Upgrade", "h2c"],
      ["X-Docker-Expose-Session-Uuid", "abc"],
      ["X-Docker-Expose-Session-Grpc-Method", "/moby.filesync.v1.FileSync/DiffCopy"],
      ["X-Docker-Expose-Session-Grpc-Method", "/moby.filesync.v1.Auth/Credentials"],
    ];
    expect(pass("POST", "/session", headers)).toBe(
      [
        "POST /session",
        "Host: docker",
        "Connection: Upgrade",
        "Upgrade: h2c",
        "X-Docker-Expose-Session-Uuid: abc",
        "X-Docker-Expose-Session-Grpc-Method: /moby.filesync.v1.FileSync/DiffCopy",
        "X-Docker-Expose-Session-Grpc-Method: /moby.filesync.v1.Auth/Credentials",
      ].join("\n"),
    );
    expect(pass("POST", "/grpc")).toMatch(/^guard-header: /);
    expect(pass("POST", "/grpc", upgrade)).toMatch(/^guard-header: /);
  });
});

describe("names that Go would fold", () => {
  test.each([
    ['{"Image":"a","Ho\u017ftConfig":{"Privileged":true}}', "HostConfig"],
    ['{"Image":"a","HostConfig":{"Networ\u212aMode":"host"}}', "NetworkMode"],
    ['{"Image":"a","hostconfig":{}}', "HostConfig"],
    ['{"Image":"a","HostConfig":{"privileged":true}}', "Privileged"],
    ['{"Image":"a","HostConfig":{"BIND\\u017f":["/:/h"]}}', "Binds"],
    ['{"Image":"a","HostConfig":{"Mounts":[{"\u017fource":"/"}]}}', "Source"],
    ['{"Image":"a","HostConfig":{"mA\u017f\\u212aedPaths":[]}}', "MaskedPaths"],
  ])("%s", (text, known) => {
    expect(pass("POST", create, json, bytes(text))).toMatch(
      new RegExp(`^guard-json: .* would be read as ${known}`),
    );
  });

  test.each([
    '{"Image":"a","Privileged":true}',
    '{"Image":"a","Binds":["/:/h"]}',
    '{"Image":"a","binds":["/:/h"]}',
    '{"Image":"a","Cpuset":"0"}',
  ])("and those that Engines before 28 read at the top: %s", (text) => {
    expect(pass("POST", create, json, bytes(text))).toMatch(/^guard-json: .* it belongs into HostConfig/);
  });

  test("docker-py's own spelling is read as Go reads it, and not beside the usual one", () => {
    expect(pass("POST", create, json, bytes('{"Image":"a","HostConfig":{"CPURealtimePeriod":5}}'))).toContain(
      '{"Image":"a","HostConfig":{"CpuRealtimePeriod":5}}',
    );
    const both = '{"Image":"a","HostConfig":{"CPURealtimePeriod":5,"CpuRealtimePeriod":0}}';
    expect(pass("POST", create, json, bytes(both))).toMatch(
      /^guard-json: .* would be read as CpuRealtimePeriod/,
    );
  });

  test("a number that JavaScript rounds goes on with its own digits", () => {
    const text = '{"Image":"a","HostConfig":{"Memory":9223372036854775807,"ShmSize":9007199254740993}}';
    expect(pass("POST", create, json, bytes(text))).toContain(text);
    const close = '{"Image":"a","HostConfig":{"Memory":9223372036854775807,"ShmSize":9223372036854775806}}';
    expect(pass("POST", create, json, bytes(close))).toMatch(/^guard-json: .* too close to another number/);
    expect(
      pass("POST", create, json, bytes('{"Image":"a","HostConfig":{"Memory":9223372036854775808}}')),
    ).toMatch(/^guard-json: /);
  });

  test.each([
    '{"Image":"a","HostConfig":{"Capabilities":["ALL"]}}',
    '{"Image":"a","HostConfig":{"HostConfig":{}}}',
    '{"Image":"a","HostConfig ":{}}',
    '{"Image":"a","HostConfig\\u0000":{}}',
    '{"Image":"a","":{}}',
    '{"Image":"a","__proto__":{"HostConfig":{}}}',
    '{"Image":"a","constructor":{}}',
    '{"Image":"a","HostConfig":{"toString":{}}}',
  ])("and names that no Engine knows are dropped: %s", (text) => {
    expect(pass("POST", create, json, bytes(text))).toMatch(/\{"Image":"a"(,"HostConfig":\{\})?\}$/);
  });

  test("but the client's own names are told apart by case", () => {
    const text = '{"Image":"a","Labels":{"a":"1","A":"2","\u017f":"3","s":"4","constructor":"5"}}';
    expect(pass("POST", create, json, bytes(text))).toContain(text);
  });
});
