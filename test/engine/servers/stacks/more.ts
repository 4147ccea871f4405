import type { Stack } from "../stacks.ts";

const zone = `$TTL 60
@ IN SOA ns.example.test. root.example.test. 1 60 60 60 60
@ IN NS ns
ns IN A 192.0.2.53
www IN A 192.0.2.1
`;

/** Servers that the table of images does not have, or hardly. */
export const moreStacks: readonly Stack[] = [
  {
    name: "memcached",
    images: {
      "memcached:1.6": {
        packages: ["memcached"],
        files: {
          "usr/local/bin/docker-entrypoint.sh": `#!/bin/sh
set -e
if [ "\${1#-}" != "$1" ]; then set -- memcached "$@"; fi
exec "$@"
`,
        },
        users: { memcache: 11211 },
        changes: [
          'ENTRYPOINT ["docker-entrypoint.sh"]',
          'CMD ["memcached"]',
          ...["EXPOSE 11211", "USER memcache"],
        ],
      },
    },
    compose: `services:
  cache:
    image: memcached:1.6
    command: ["-m", "96"]
`,
    checks: ["--check-exec", "printf 'version\\r\\nquit\\r\\n' | nc 127.0.0.1 11211"],
    uses: [
      ["cache", "printf 'set a 0 0 4\\r\\nkept\\r\\nget a\\r\\nquit\\r\\n' | nc 127.0.0.1 11211"],
      [
        "cache",
        "{ for i in $(seq 600); do printf 'set k%s 0 0 100000 noreply\\r\\n%0100000d\\r\\n' $i $i; done; printf 'get k600\\r\\nquit\\r\\n'; } | nc 127.0.0.1 11211 | wc -c",
      ],
    ],
  },
  {
    name: "bind9",
    images: {
      "internetsystemsconsortium/bind9:9.20": {
        packages: ["bind9", "bind9-dnsutils"],
        files: {
          "etc/bind/rndc.key": `key "rndc-key" { algorithm hmac-sha256; secret "c2VjcmV0IG9mIHRoaXMgdGVzdA=="; };\n`,
        },
        folders: { "etc/bind": 53, "var/cache/bind": 53, "var/lib/bind": 53, "var/log": 53, "run/named": 53 },
        users: { bind: 53 },
        changes: [
          'CMD ["/usr/sbin/named", "-f", "-c", "/etc/bind/named.conf", "-u", "bind"]',
          ...["EXPOSE 53/udp 53/tcp 953/tcp", "VOLUME /var/cache/bind", "VOLUME /var/lib/bind"],
        ],
      },
    },
    compose: `services:
  dns:
    image: internetsystemsconsortium/bind9:9.20
    volumes: ["./named.conf:/etc/bind/named.conf:ro", "./zones:/zones:ro"]
`,
    files: {
      "named.conf": `options { directory "/var/cache/bind"; recursion no; listen-on-v6 { none; }; };
zone "example.test" { type primary; file "/zones/example.test"; };
`,
      "zones/example.test": zone,
    },
    checks: ["--check-exec", "dig +short @127.0.0.1 www.example.test | grep 192.0.2.1"],
    uses: [
      ["dns", "dig +short @127.0.0.1 www.example.test | grep ."],
      ["host", "sed -i 's/ 1 60 60/ 2 60 60/; s/192.0.2.1$/192.0.2.2/' zones/example.test"],
      ["dns", "rndc reload && sleep 1 && dig +short @127.0.0.1 www.example.test | grep 192.0.2.2"],
      ["dns", "dig +tcp +short @127.0.0.1 www.example.test | grep ."],
      ["dns", "rndc stats && ls /var/cache/bind/named.stats"],
    ],
  },
  {
    name: "etcd",
    images: {
      "gcr.io/etcd-development/etcd:v3.5.16": {
        packages: ["etcd-server", "etcd-client"],
        changes: ["EXPOSE 2379 2380", 'CMD ["etcd"]'],
      },
    },
    compose: `services:
  store:
    image: gcr.io/etcd-development/etcd:v3.5.16
    command: etcd --data-dir /etcd-data --listen-client-urls http://0.0.0.0:2379 --advertise-client-urls http://store:2379
    volumes: ["store:/etcd-data"]
volumes: { store: {} }
`,
    checks: ["--check-exec", "etcdctl endpoint health 2>&1 | grep 'is healthy'"],
    uses: [
      ["store", "etcdctl put color kept && etcdctl get color"],
      [
        "store",
        "i=0; while [ $i -lt 60 ]; do etcdctl put key$i value$i >/dev/null; i=$((i+1)); done; etcdctl get --prefix --keys-only key | grep -c key",
      ],
      ["store", "etcdctl snapshot save /etcd-data/backup >/dev/null 2>&1 && ls /etcd-data/backup"],
      ["host", "docker-compose restart store 2>/dev/null"],
      ["store", "etcdctl get color"],
    ],
  },
  {
    name: "caddy",
    images: {
      "caddy:2.6": {
        packages: ["caddy"],
        files: { "etc/caddy/Caddyfile": ":80 {\n  respond default\n}\n" },
        folders: { config: 0, data: 0 },
        capabilities: { "usr/bin/caddy": "cap_net_bind_service=+ep" },
        changes: [
          "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin XDG_CONFIG_HOME=/config XDG_DATA_HOME=/data",
          'CMD ["caddy", "run", "--config", "/etc/caddy/Caddyfile", "--adapter", "caddyfile"]',
          ...["EXPOSE 80 443 2019", "WORKDIR /srv"],
        ],
      },
    },
    compose: `services:
  site:
    image: caddy:2.6
    volumes: ["./conf:/etc/caddy:ro", "./site:/srv:ro", "data:/data", "config:/config"]
volumes: { data: {}, config: {} }
`,
    files: {
      "conf/Caddyfile":
        ":80 {\n  root * /srv\n  file_server\n}\nhttps://own.test {\n  tls internal\n  respond encrypted\n}\n",
      "site/index.html": "the site\n",
    },
    checks: ["--check-http", ":80/ => the site"],
    uses: [
      ["site", "wget -qO- http://127.0.0.1/"],
      ["host", `sed -i 's/file_server/respond reloaded/' conf/Caddyfile`],
      [
        "site",
        "caddy reload --config /etc/caddy/Caddyfile --adapter caddyfile 2>/dev/null && wget -qO- http://127.0.0.1/",
      ],
      ["site", "ls /data/caddy/pki/authorities/local/root.crt"],
    ],
  },
  {
    name: "gunicorn",
    images: {
      "registry.example/notes:1": {
        packages: ["gunicorn"],
        files: {
          "app/notes.py": `import os
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    if environ["REQUEST_METHOD"] == "POST":
        os.makedirs("media", exist_ok=True)
        size = 0
        with open("media/note", "wb") as note:
            while part := environ["wsgi.input"].read(65536):
                size += note.write(part)
        return [f"kept {size}\\n".encode()]
    return [b"notes\\n"]
`,
        },
        changes: [
          'CMD ["gunicorn", "-b", "0.0.0.0:8000", "-w", "3", "notes:app"]',
          ...["EXPOSE 8000", "WORKDIR /app"],
        ],
      },
    },
    compose: "services:\n  notes:\n    image: registry.example/notes:1\n",
    checks: ["--check-http", "POST :8000/ +20m"],
    uses: [
      ["notes", "wget -qO- http://127.0.0.1:8000/"],
      [
        "notes",
        `python3 -c "import urllib.request; print(urllib.request.urlopen('http://127.0.0.1:8000/', bytes(40000000)).read())"`,
      ],
      ["notes", "kill -HUP 1; sleep 2; wget -qO- http://127.0.0.1:8000/"],
    ],
  },
];
