import { serviceShape } from "./schema-service.ts";
import {
  either,
  flag,
  integer,
  list,
  map,
  mapOfAny,
  nothing,
  number,
  type Shape,
  single,
  text,
} from "./shape.ts";

/** What names of services, volumes, networks may be made of. */
const name = /^[a-zA-Z0-9._-]+$/;
const textOrList = either(text, list(text));
const namesAndValues = either(mapOfAny(single), list(text));
const options = mapOfAny(either(text, number));
const external = either(flag, map({ name: text }));

const volume = either(
  nothing,
  map({ name: text, driver: text, driver_opts: options, external, labels: namesAndValues }),
);

const network = either(
  nothing,
  map({
    name: text,
    driver: text,
    driver_opts: options,
    ipam: map({
      driver: text,
      config: list(map({ subnet: text, ip_range: text, gateway: text, aux_addresses: mapOfAny(text) })),
      options: mapOfAny(text),
    }),
    external,
    internal: flag,
    enable_ipv4: flag,
    enable_ipv6: flag,
    attachable: flag,
    labels: namesAndValues,
  }),
);

const config = {
  name: text,
  content: text,
  environment: text,
  file: text,
  external,
  labels: namesAndValues,
  template_driver: text,
};

/** The Compose file as the specification's schema has it (compose-go: schema/compose-spec.json), as far as types go. */
export const projectShape: Shape = map({
  version: either(text, nothing),
  name: text,
  include: list(
    either(text, map({ path: textOrList, env_file: textOrList, project_directory: text }, ["path"])),
  ),
  services: mapOfAny(serviceShape, name),
  networks: mapOfAny(network),
  volumes: mapOfAny(volume, name),
  secrets: mapOfAny(map({ ...config, driver: text, driver_opts: options }), name),
  configs: mapOfAny(map(config), name),
  models: mapOfAny(map({ name: text, model: text, context_size: integer, runtime_flags: list(text) }), name),
});
