/**
 * haproxy as docker-socket-proxy runs it: HTTP mode, a new connection to the Engine for each request, a line of log for
 * each, and a chain of regular expressions over the decoded path, one for each section of the API.
 *
 * @see https://github.com/Tecnativa/docker-socket-proxy
 */
export function haproxyConfig(engine: string, listen: string): string {
  const prefix = "^(/v[\\d\\.]+)?";
  const sections = [
    ...[
      "auth",
      "build",
      "commit",
      "configs",
      "containers",
      "distribution",
      "events",
      "exec",
      "grpc",
      "images",
    ],
    ...["info", "networks", "nodes", "_ping", "plugins", "secrets", "services", "session", "swarm", "system"],
    ...["tasks", "version", "volumes"],
  ];
  const actions = [
    "containers/[a-zA-Z0-9_.-]+/((stop)|(restart)|(kill))",
    "containers/[a-zA-Z0-9_.-]+/start",
  ];
  const rules = [...actions, ...sections].map(
    (path) => `    http-request allow if { path,url_dec -m reg -i ${prefix}/${path} } { env(OPEN) -m bool }`,
  );
  return `
global
    log stdout format raw daemon info
    maxconn 4000
defaults
    mode http
    log global
    option httplog
    option dontlognull
    option http-server-close
    timeout connect 10s
    timeout client 10m
    timeout server 10m
    timeout http-request 10s
    timeout http-keep-alive 10s
    maxconn 3000
backend engine
    server engine ${engine}
frontend guard
    bind ${listen}
    http-request deny unless METH_GET || { env(OPEN) -m bool }
${rules.join("\n")}
    http-request deny
    default_backend engine
`;
}
