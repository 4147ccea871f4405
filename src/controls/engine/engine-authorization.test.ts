import { daemonJson, dockerd, testControl, view } from "../../../test/support/control-table.ts";
import { engine } from "../../model/engine.ts";
import { set } from "../../model/fact.ts";
import { engineAuthorization } from "./engine-authorization.ts";

testControl(engineAuthorization, {
  fails: [daemonJson("{}"), dockerd("dockerd"), view("live", engine("configured"))],
  passes: [
    daemonJson('{ "authorization-plugins": ["opa-docker-authz"] }'),
    dockerd("dockerd --authorization-plugin=bulkhead"),
  ],
  unknown: [dockerd("dockerd $DOCKER_OPTS")],
  notApplicable: [view("Podman", engine("configured", { product: set("podman") }))],
});
