import type { ServerImage } from "../image.ts";
import type { Stack } from "../stacks.ts";

/** A program of the team's, with what it needs. */
function python(files: Readonly<Record<string, string>>, more: Partial<ServerImage> = {}): ServerImage {
  return {
    ...more,
    users: { app: 1000 },
    changes: ['CMD ["python3", "-u", "/app/server.py"]', "EXPOSE 8000", ...(more.changes ?? [])],
    packages: ["supervisor", ...(more.packages ?? [])],
    files: { ...files, ...more.files },
  };
}

const sshOptions =
  "-i /keys/ada -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR";
const ssh = `ssh ${sshOptions}`;

/** A server that answers each request with what the function `answer` gives. */
const serving = (answer: string) => `import http.server, os, signal, subprocess, socket, threading
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
${answer}
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = (str(answer(self.path)) + "\\n").encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)
http.server.ThreadingHTTPServer(("", 8000), Handler).serve_forever()
`;

export const ownStacks: readonly Stack[] = [
  {
    name: "supervisord",
    images: {
      "registry.example/jobs:1": {
        packages: ["supervisor", "cron"],
        files: {
          "etc/supervisord.conf": `[supervisord]
nodaemon=true
user=root
logfile=/var/log/supervisor/supervisord.log
pidfile=/run/supervisord.pid
[unix_http_server]
file=/run/supervisor.sock
[supervisorctl]
serverurl=unix:///run/supervisor.sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[program:web]
command=/usr/bin/python3 -m http.server 8000 --directory /srv/site
user=www-data
[program:cron]
command=/usr/sbin/cron -f
`,
          "srv/site/index.html": "the site\n",
          "etc/cron.d/stamp": "* * * * * root date >>/var/log/stamps\n",
        },
        folders: { "var/log/supervisor": 0, run: 0, "var/spool/cron/crontabs": 0 },
        users: { "www-data": 33 },
        changes: ['CMD ["/usr/bin/supervisord", "-c", "/etc/supervisord.conf"]', "EXPOSE 8000"],
      },
    },
    compose: "services:\n  jobs:\n    image: registry.example/jobs:1\n",
    checks: ["--check-http", ":8000/ => the site"],
    uses: [
      ["jobs", "wget -qO- http://127.0.0.1:8000/"],
      ["jobs", "supervisorctl -c /etc/supervisord.conf restart web"],
    ],
  },
  {
    name: "threads",
    images: {
      "registry.example/crawler:1": python({
        "app/server.py": serving(`threading.stack_size(65536)
def answer(path):
    if path != "/crawl": return "ready"
    end = threading.Event()
    threads = [threading.Thread(target=end.wait) for _ in range(4000)]
    try:
        for thread in threads: thread.start()
        return f"{len(threads)} pages"
    finally:
        end.set()`),
      }),
    },
    compose: "services:\n  crawler:\n    image: registry.example/crawler:1\n",
    checks: ["--check-http", ":8000/crawl"],
    uses: [
      ["crawler", "wget -qO- http://127.0.0.1:8000/"],
      ["crawler", "wget -qO- http://127.0.0.1:8000/crawl"],
    ],
  },
  {
    name: "node-upload",
    images: {
      "registry.example/photos:1": {
        packages: [],
        node: true,
        files: {
          "app/server.js": `const { createServer } = require("node:http");
const { createWriteStream, mkdirSync, statSync } = require("node:fs");
createServer((request, response) => {
  if (request.method === "POST") {
    mkdirSync("uploads", { recursive: true });
    const file = createWriteStream("uploads/photo");
    file.on("error", (error) => response.writeHead(500).end(error.code + "\\n"));
    request.pipe(file).on("finish", () => response.end("kept " + statSync("uploads/photo").size + "\\n"));
  } else response.end("photos\\n");
}).listen(3000);
process.on("SIGTERM", () => process.exit(0));
`,
        },
        users: { node: 1000 },
        changes: ['CMD ["node", "server.js"]', "WORKDIR /app", "EXPOSE 3000"],
      },
    },
    compose: "services:\n  photos:\n    image: registry.example/photos:1\n",
    checks: ["--check-http", "POST :3000/ +60m"],
    uses: [
      ["photos", "wget -qO- http://127.0.0.1:3000/"],
      [
        "photos",
        "yes | head -c 60000000 >/dev/shm/photo; wget -qO- --post-file=/dev/shm/photo http://127.0.0.1:3000/; rm /dev/shm/photo",
      ],
    ],
  },
  {
    name: "gosu-chown",
    images: {
      "registry.example/notes:2": {
        packages: ["gosu"],
        node: true,
        files: {
          "app/server.js": `const { createServer } = require("node:http");
const { appendFileSync, existsSync, readFileSync } = require("node:fs");
createServer((request, response) => {
  if (request.method === "POST") {
    request.on("data", (data) => appendFileSync("/data/notes", data));
    request.on("end", () => response.end("kept\\n"));
  } else response.end(existsSync("/data/notes") ? readFileSync("/data/notes") : "no notes\\n");
}).listen(3000);
process.on("SIGTERM", () => process.exit(0));
`,
          "entrypoint.sh": `#!/bin/sh
set -e
mkdir -p /data
chown -R node /data
exec gosu node "$@"
`,
        },
        users: { node: 1000 },
        changes: ['ENTRYPOINT ["/entrypoint.sh"]', 'CMD ["node", "/app/server.js"]', "EXPOSE 3000"],
      },
    },
    compose: `services:
  notes:
    image: registry.example/notes:2
    volumes: ["notes:/data"]
volumes: { notes: {} }
`,
    checks: ["--check-http", ":3000/ => no notes"],
    uses: [
      ["notes", "wget -qO- --post-data 'a note' http://127.0.0.1:3000/"],
      ["host", "docker-compose restart notes 2>/dev/null"],
      ["notes", "wget -qO- http://127.0.0.1:3000/"],
    ],
  },
  {
    name: "sshd",
    images: {
      "registry.example/jump:1": {
        packages: ["openssh-server"],
        files: {
          "etc/ssh/sshd_config":
            "UsePAM no\nPasswordAuthentication no\nStrictModes no\nAuthorizedKeysFile /keys/%u.pub\nSubsystem sftp internal-sftp\n",
          "start.sh": "#!/bin/sh\nssh-keygen -A >/dev/null\nexec /usr/sbin/sshd -D -e\n",
        },
        folders: { "run/sshd": 0, ada: 1000, "var/empty": 0 },
        users: { sshd: 100, ada: 1000 },
        changes: ['CMD ["/start.sh"]', "EXPOSE 22"],
      },
    },
    compose: `services:
  jump:
    image: registry.example/jump:1
    volumes: ["./keys:/keys:ro", "home:/ada"]
volumes: { home: {} }
`,
    prepare: "mkdir keys && ssh-keygen -q -t ed25519 -N '' -f keys/ada && chmod 600 keys/ada",
    checks: ["--check-exec", `${ssh} ada@127.0.0.1 id -un`],
    uses: [
      ["jump", `${ssh} ada@127.0.0.1 'id -un; umask 077; echo kept >note; ls -l note | cut -c 1-10'`],
      ["jump", `printf 'get note /dev/stdout\\n' | sftp ${sshOptions} -q -b - ada@127.0.0.1 | tail -n 1`],
    ],
  },
  {
    name: "sudo-helper",
    images: {
      "registry.example/renew:1": python(
        {
          "app/server.py": serving(
            `def answer(path): return "ready" if path != "/renew" else subprocess.run(["sudo", "-n", "/usr/local/bin/renew"], capture_output=True, text=True).stdout.strip()`,
          ),
          "usr/local/bin/renew": "#!/bin/sh\nid -un\n",
          "etc/sudoers": "root ALL=(ALL) ALL\napp ALL=(root) NOPASSWD: /usr/local/bin/renew\n",
          "etc/pam.d/sudo":
            "auth required pam_permit.so\naccount required pam_permit.so\nsession required pam_permit.so\n",
          "etc/pam.d/other": "auth required pam_deny.so\n",
        },
        { packages: ["sudo"], modes: { "etc/sudoers": 0o440 }, changes: ["USER app"] },
      ),
    },
    compose: "services:\n  renew:\n    image: registry.example/renew:1\n",
    checks: ["--check-http", ":8000/renew => root"],
    uses: [["renew", "wget -qO- http://127.0.0.1:8000/renew"]],
  },
  {
    name: "file-capabilities",
    images: {
      "registry.example/probe:1": python(
        {
          "app/server.py": serving(
            `def answer(path): return "ready" if path != "/ping" else subprocess.run(["/usr/local/bin/rawsocket", "-c", "import socket; socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP); print('a raw socket')"], capture_output=True, text=True).stdout.strip()`,
          ),
        },
        {
          folders: { "usr/local/bin": 0 },
          copies: { "usr/local/bin/rawsocket": "usr/bin/python3.13" },
          capabilities: { "usr/local/bin/rawsocket": "cap_net_raw=ep" },
          changes: ["USER app"],
        },
      ),
    },
    compose: "services:\n  probe:\n    image: registry.example/probe:1\n",
    checks: ["--check-http", ":8000/ping => a raw socket"],
    uses: [["probe", "wget -qO- http://127.0.0.1:8000/ping"]],
  },
];
