import { compose, inspect, run, testControl } from "../../../test/support/control-table.ts";
import { engine } from "../../model/engine.ts";
import { set } from "../../model/fact.ts";
import { legacyLink } from "./legacy-link.ts";

const docker29 = engine("configured", { version: set("29.1.0") });
const web = (lines: string) => `services:\n  web:\n    image: nginx\n${lines}  db:\n    image: postgres\n`;

testControl(legacyLink, {
  fails: [
    run("docker run --link db:database nginx", { message: /environment variables of db,/ }),
    run("docker run --network bridge --link db nginx"),
    run("docker run --link db nginx", { context: { engine: docker29 }, severity: "info" }),
    compose(web("    network_mode: bridge\n    links: ['db:database']\n")),
    compose(web("    network_mode: bridge\n    external_links: [other_db_1]\n"), { message: /other_db_1/ }),
    inspect({ HostConfig: { NetworkMode: "default", Links: ["/db:/web/db"] } }, { message: /links db / }),
    inspect({ HostConfig: { NetworkMode: "bridge", Links: ["db:db"] } }),
  ],
  passes: [
    run("docker run nginx"),
    run("docker run --network back --link db nginx"),
    compose(web("    links: [db]\n")),
    inspect({ HostConfig: { NetworkMode: "back", Links: ["/db:/web/db"] } }),
  ],
  unknown: [run('docker run --link "$DB" nginx'), run('docker run --network "$NET" --link db nginx')],
});
