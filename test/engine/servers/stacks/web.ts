import { servers } from "../images.ts";
import type { Stack } from "../stacks.ts";

const nginx = servers.nginx;

/** As the official image's entrypoint: envsubst over /etc/nginx/templates, and no word where that is asked for. */
const templating = `#!/bin/sh
say() { [ -n "$NGINX_ENTRYPOINT_QUIET_LOGS" ] || echo "$@"; }
for template in /etc/nginx/templates/*.template; do
  [ -e "$template" ] || continue
  name=$(basename "$template" .template)
  if [ ! -w /etc/nginx/conf.d ]; then say "/etc/nginx/conf.d is not writable"; continue; fi
  sed "s|\\\${NGINX_HOST}|$NGINX_HOST|g" "$template" >"/etc/nginx/conf.d/$name"
done
exec "$@"
`;

const defaultSite = "server { listen 80; location / { return 200 'Welcome to nginx!\\n'; } }\n";

/** The image's own server serves nothing here: conf.d does. */
const nginxConfigured = nginx.files["etc/nginx/nginx.conf"].replace(/ {2}server \{[\s\S]*? {2}\}\n\}/, "}");

const answers = `php8.4 -n -r 'exit(fsockopen("127.0.0.1", 9000) ? 0 : 1);' && echo open`;

const modules = "/usr/lib/apache2/modules";
const apacheConf = `ServerRoot /etc/apache2
PidFile /run/apache2/apache2.pid
${["mpm_prefork", "authz_core", "dir", "mime"].map((name) => `LoadModule ${name}_module ${modules}/mod_${name}.so\n`).join("")}LoadModule php_module ${modules}/libphp8.4.so
User www-data
Group www-data
Listen 80
ServerName localhost
DocumentRoot /var/www/html
DirectoryIndex index.php
ErrorLog /proc/self/fd/2
TypesConfig /dev/null
php_admin_value upload_max_filesize 200M
php_admin_value post_max_size 200M
<FilesMatch \\.php$>
  SetHandler application/x-httpd-php
</FilesMatch>
`;

/** A file from the client, of 50 MB, that lies in memory. */
const body = "/dev/shm/body";
const uploading = `{ printf -- '--b\\r\\nContent-Disposition: form-data; name="f"; filename="a"\\r\\n\\r\\n'; yes | head -c 50000000; printf '\\r\\n--b--\\r\\n'; } >${body}; wget -qO- --header 'Content-Type: multipart/form-data; boundary=b' --post-file=${body} http://127.0.0.1/; rm ${body}`;

export const webStacks: readonly Stack[] = [
  {
    name: "nginx-templates",
    images: {
      "nginx:1.26": {
        ...nginx,
        files: {
          ...nginx.files,
          "etc/nginx/nginx.conf": nginxConfigured,
          "etc/nginx/conf.d/default.conf": defaultSite,
          "docker-entrypoint.sh": templating,
        },
        changes: ['ENTRYPOINT ["/docker-entrypoint.sh"]', ...nginx.changes],
      },
    },
    compose: `services:
  web:
    image: nginx:1.26
    environment: { NGINX_HOST: the-shop, NGINX_ENTRYPOINT_QUIET_LOGS: "1" }
    volumes: ["./templates:/etc/nginx/templates:ro"]
`,
    files: {
      "templates/default.conf.template":
        "server { listen 80; location / { return 200 'the site of ${NGINX_HOST}\\n'; } }\n",
    },
    checks: ["--check-http", "/"],
    uses: [["web", "wget -qO- http://127.0.0.1/"]],
  },
  {
    name: "nginx-plain",
    images: { "nginx:1.26": nginx },
    compose: "services:\n  web:\n    image: nginx:1.26\n",
    checks: ["--check-http", "/"],
    uses: [["web", "wget -qO- http://127.0.0.1/"]],
  },
  {
    name: "nginx-upload",
    images: { "nginx:1.26": nginx },
    compose:
      "services:\n  web:\n    image: nginx:1.26\n    volumes: [./big.conf:/etc/nginx/conf.d/big.conf:ro, ./body:/body:ro]\n",
    files: { "big.conf": "client_max_body_size 200m;\n" },
    // busybox's wget posts nothing behind a byte of zero.
    prepare: "yes | head -c 100000000 >body",
    checks: ["--check-http", "POST /upload +100m => nginx serves"],
    uses: [["web", "wget -qO- --post-file=/body http://127.0.0.1/upload"]],
  },
  {
    name: "nginx-tls",
    images: { "nginx:1.26": nginx },
    compose: `services:
  web:
    image: nginx:1.26
    volumes: ["./tls:/etc/nginx/tls:ro", "./tls.conf:/etc/nginx/conf.d/tls.conf:ro"]
`,
    files: {
      "tls.conf":
        "server { listen 8443 ssl; ssl_certificate /etc/nginx/tls/cert.pem; ssl_certificate_key /etc/nginx/tls/key.pem; location / { return 200 'by TLS\\n'; } }\n",
    },
    // The key is root's.
    prepare:
      "mkdir tls && openssl req -x509 -newkey rsa:2048 -nodes -keyout tls/key.pem -out tls/cert.pem -subj /CN=shop -days 2 2>/dev/null && chmod 600 tls/key.pem",
    checks: ["--check-http", "/"],
    uses: [
      ["web", "wget --no-check-certificate -qO- https://127.0.0.1:8443/"],
      ["web", "nginx -s reload && sleep 1 && wget --no-check-certificate -qO- https://127.0.0.1:8443/"],
    ],
  },
  {
    name: "apache-php-upload",
    images: {
      "php:8.4-apache": {
        packages: ["apache2", "libapache2-mod-php8.4"],
        files: {
          "etc/apache2/all.conf": apacheConf,
          "usr/local/bin/apache2-foreground":
            '#!/bin/sh\nexec apache2 -D FOREGROUND -f /etc/apache2/all.conf "$@"\n',
          "var/www/html/index.php":
            "<?php if (isset($_FILES['f'])) { move_uploaded_file($_FILES['f']['tmp_name'], 'uploads/a'); echo 'kept '; } echo is_file('uploads/a') ? filesize('uploads/a') : 'nothing', \"\\n\";\n",
        },
        folders: { "var/www/html/uploads": 33, "run/apache2": 0, "run/lock": 0 },
        modes: { "run/lock": 0o1777 },
        changes: ['CMD ["apache2-foreground"]', ...["EXPOSE 80", "STOPSIGNAL SIGWINCH"]],
      },
    },
    compose: `services:
  web:
    image: php:8.4-apache
    volumes: ["uploads:/var/www/html/uploads"]
volumes: { uploads: {} }
`,
    checks: ["--check-exec", uploading],
    uses: [
      ["web", uploading],
      ["web", replacesWorkers("USR1")],
      ["web", "wget -qO- http://127.0.0.1/"],
      ["host", "docker-compose restart web 2>/dev/null"],
      ["web", "wget -qO- http://127.0.0.1/"],
    ],
  },
  {
    name: "php-fpm",
    images: {
      "php:8.4-fpm": {
        packages: ["php8.4-fpm"],
        files: {
          "etc/php-fpm.conf": `[global]
error_log = /proc/self/fd/2
daemonize = no
process_control_timeout = 5
[www]
user = www-data
group = www-data
listen = 9000
pm = static
pm.max_children = 2
`,
        },
        changes: [
          'CMD ["php-fpm8.4", "-F", "-y", "/etc/php-fpm.conf"]',
          ...["EXPOSE 9000", "STOPSIGNAL SIGQUIT"],
        ],
      },
    },
    compose: "services:\n  app:\n    image: php:8.4-fpm\n",
    checks: ["--check-exec", answers],
    uses: [
      ["app", answers],
      ["app", replacesWorkers("USR2")],
    ],
  },
  {
    name: "haproxy",
    images: { "haproxy:3.0": servers.haproxy, "nginx:1.26": nginx },
    compose: `services:
  proxy:
    image: haproxy:3.0
    volumes: ["./haproxy.cfg:/usr/local/etc/haproxy/haproxy.cfg:ro"]
    depends_on: [web]
  web:
    image: nginx:1.26
`,
    files: {
      "haproxy.cfg":
        "defaults\n  mode http\n  timeout connect 5s\n  timeout client 5s\n  timeout server 5s\nlisten web\n  bind :8080\n  server web web:80\n",
    },
    checks: ["--check-http", "proxy:8080/ => nginx serves"],
    uses: [
      ["proxy", "wget -qO- http://127.0.0.1:8080/"],
      ["proxy", "kill -USR2 1; sleep 1; wget -qO- http://127.0.0.1:8080/"],
    ],
  },
  {
    name: "registry",
    images: {
      "registry:2": {
        packages: ["docker-registry"],
        files: {
          "etc/docker/registry/config.yml":
            'version: 0.1\nlog: { level: warn }\nstorage: { filesystem: { rootdirectory: /var/lib/registry }, delete: { enabled: true } }\nhttp: { addr: ":5000" }\n',
        },
        folders: { "var/lib/registry": 0 },
        changes: [
          'ENTRYPOINT ["docker-registry", "serve"]',
          'CMD ["/etc/docker/registry/config.yml"]',
          ...["EXPOSE 5000", "VOLUME /var/lib/registry"],
        ],
      },
    },
    compose: `services:
  registry:
    image: registry:2
    ports: ["127.0.0.1:5000:5000"]
    volumes: ["layers:/var/lib/registry"]
volumes: { layers: {} }
`,
    checks: ["--check-http", "/v2/ => {}"],
    uses: [
      [
        "host",
        "head -c 60000000 /dev/urandom >big && tar -cf - big | docker import - 127.0.0.1:5000/team/app:1 >/dev/null && docker push -q 127.0.0.1:5000/team/app:1",
      ],
      [
        "host",
        "docker rmi 127.0.0.1:5000/team/app:1 >/dev/null && docker pull -q 127.0.0.1:5000/team/app:1 && docker rmi 127.0.0.1:5000/team/app:1 >/dev/null",
      ],
    ],
  },
];

/** A reload by the signal replaces the workers. */
function replacesWorkers(signal: string): string {
  return `read -r worker others </proc/1/task/1/children; kill -${signal} 1; for i in 1 2 3 4 5 6 7 8; do sleep 0.5; [ -e "/proc/$worker" ] || { echo reloaded; exit; }; done; exit 1`;
}
