import type { UnderstoodRequest } from "../request/request.ts";
import { checkBuild, checkBuildPrune, checkOwnPrune } from "./build.ts";
import { checkCreate } from "./container/create.ts";
import { checkRename } from "./container/create-names.ts";
import { checkCopy, checkExisting, checkStarted } from "./container/existing.ts";
import { checkCheckpoint, checkCommit, checkStart, withContainerInBody } from "./container/lifecycle.ts";
import { checkTop } from "./container/top.ts";
import { checkUpdate } from "./container/update.ts";
import { checkExecCreate, checkExecStart } from "./exec.ts";
import {
  checkImageCreate,
  checkImageDelete,
  checkImageLoad,
  checkImagePrune,
  checkImagePush,
  checkImageSave,
  checkImageTag,
  checkLogin,
} from "./image/images.ts";
import { checkNetworkConnect, checkNetworkCreate } from "./network/networks.ts";
import { checkImageList, checkNetworkInspect, withOwnerFilter } from "./policy/filters.ts";
import { labelled } from "./policy/owner.ts";
import { isShutRoute, shut } from "./policy/rules.ts";
import { type CheckContext, type CheckResult, inTurn, type RouteCheck } from "./route-check.ts";
import { checkSession } from "./session.ts";
import { checkService } from "./swarm.ts";
import { checkVolumeCreate } from "./volume/volumes.ts";

/** Names are all there is to judge: they are full ids by then, and their owner was looked at. */
const byItsNames: RouteCheck = () => ({});

const plugin = shutWhole("deals with plugins, which run as root beside the Engine");
const swarm = shutWhole("deals with the swarm, whose managers own every machine in it");
const secret = shutWhole("makes or changes what services are given as secrets and settings");
const outgoing = shutWhole(
  "makes the Engine connect from the host's network to a registry that the client chooses",
);

const withLabel: RouteCheck = (request, context) => {
  const own = labelled(request.body, context);
  return {
    request: own.body === request.body ? request : { ...request, body: own.body },
    reasons: own.reasons,
  };
};

/** The check of each route, by its id. Every route of the table is listed. */
export const routeChecks: Readonly<Record<string, RouteCheck>> = {
  ping: byItsNames,
  "ping-head": byItsNames,
  version: byItsNames,
  info: byItsNames,
  events: withOwnerFilter,
  "disk-usage": byItsNames,
  auth: checkLogin,

  "container-list": withOwnerFilter,
  "container-create": checkCreate,
  "container-inspect": byItsNames,
  "container-top": checkTop,
  "container-logs": byItsNames,
  "container-changes": byItsNames,
  "container-export": checkExisting,
  "container-stats": byItsNames,
  "container-archive-stat": checkExisting,
  "container-archive-get": checkExisting,
  "container-archive-put": checkCopy,
  "container-start": checkStart,
  "container-stop": byItsNames,
  "container-restart": checkStart,
  "container-kill": byItsNames,
  "container-pause": byItsNames,
  "container-unpause": checkStart,
  "container-wait": byItsNames,
  "container-resize": byItsNames,
  "container-rename": inTurn(checkStarted, checkRename),
  "container-update": checkUpdate,
  "container-attach": checkExisting,
  "container-attach-websocket": checkExisting,
  "container-delete": byItsNames,
  "container-prune": withOwnerFilter,
  "container-commit": checkCommit,

  "exec-create": checkExecCreate,
  "exec-inspect": byItsNames,
  "exec-start": checkExecStart,
  "exec-resize": byItsNames,

  "checkpoint-list": checkCheckpoint,
  "checkpoint-create": checkCheckpoint,
  "checkpoint-delete": checkCheckpoint,

  "image-list": checkImageList,
  "image-search": outgoing,
  "image-save": byItsNames,
  "image-save-many": checkImageSave,
  "image-history": byItsNames,
  "image-inspect": byItsNames,
  "image-load": checkImageLoad,
  "image-create": checkImageCreate,
  "image-push": checkImagePush,
  "image-tag": checkImageTag,
  "image-prune": inTurn(checkImagePrune, withOwnerFilter),
  "image-delete": checkImageDelete,
  "distribution-inspect": outgoing,

  build: checkBuild,
  "build-prune": checkBuildPrune,
  "build-cancel": byItsNames,
  // What they carry is judged call by call: see src/guard/buildkit.
  session: checkSession,
  grpc: checkOwnPrune,

  "network-list": withOwnerFilter,
  "network-inspect": checkNetworkInspect,
  "network-create": checkNetworkCreate,
  "network-connect": checkNetworkConnect,
  "network-disconnect": withContainerInBody,
  "network-prune": withOwnerFilter,
  "network-delete": byItsNames,

  "volume-list": withOwnerFilter,
  "volume-inspect": byItsNames,
  "volume-create": checkVolumeCreate,
  "volume-update": swarm,
  "volume-prune": withOwnerFilter,
  "volume-delete": byItsNames,

  "plugin-list": byItsNames,
  "plugin-inspect": byItsNames,
  "plugin-privileges": plugin,
  "plugin-pull": plugin,
  "plugin-upgrade": plugin,
  "plugin-create": plugin,
  "plugin-push": plugin,
  "plugin-set": plugin,
  "plugin-enable": plugin,
  "plugin-disable": plugin,
  "plugin-delete": plugin,

  "swarm-inspect": swarm,
  "swarm-unlock-key": swarm,
  "swarm-init": swarm,
  "swarm-join": swarm,
  "swarm-leave": swarm,
  "swarm-update": swarm,
  "swarm-unlock": swarm,
  "node-list": byItsNames,
  "node-inspect": byItsNames,
  "node-update": swarm,
  "node-delete": swarm,

  "service-list": withOwnerFilter,
  "service-inspect": byItsNames,
  "service-create": checkService,
  "service-update": checkService,
  "service-delete": byItsNames,
  "service-logs": byItsNames,
  "task-list": withOwnerFilter,
  "task-inspect": byItsNames,
  "task-logs": byItsNames,

  "secret-list": withOwnerFilter,
  "secret-inspect": byItsNames,
  "secret-create": inTurn(secret, withLabel),
  "secret-update": inTurn(secret, withLabel),
  "secret-delete": secret,
  "config-list": withOwnerFilter,
  "config-inspect": byItsNames,
  "config-create": inTurn(secret, withLabel),
  "config-update": inTurn(secret, withLabel),
  "config-delete": secret,
};

/** Checks of which the names and the parameters that the audit log has are all that they look at. */
const namesOnly: ReadonlySet<RouteCheck> = new Set([
  ...[byItsNames, withOwnerFilter, checkImageList, plugin, swarm, secret],
  ...[outgoing, checkImageLoad, checkImageCreate, checkImagePush],
]);

/** Whether what the audit log has of a request on this route is all that a decision on it needs, but for whose an object is. */
export function isJudgedByNames(route: string): boolean {
  const check = Object.hasOwn(routeChecks, route) ? routeChecks[route] : undefined;
  return check !== undefined && namesOnly.has(check);
}

/** A route without a check is closed, so that a new route cannot slip through. */
export function checkRoute(request: UnderstoodRequest, context: CheckContext): CheckResult {
  const { id } = request.route;
  const check = Object.hasOwn(routeChecks, id) ? routeChecks[id] : undefined;
  if (check) return check(request, context);
  return {
    reasons: [
      { rule: "guard-route", message: `${id} is a route that this version of the guard does not judge` },
    ],
  };
}

/** A route that a rule shuts as a whole. */
function shutWhole(message: string): RouteCheck {
  return ({ route: { id } }, { policy }) => (isShutRoute(id) ? { reasons: shut(id, policy, message) } : {});
}
