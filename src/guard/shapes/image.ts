import { ulimit } from "./resources.ts";
import { list, map, nullable, path, string, struct, text } from "./shape.ts";

/** https://pkg.go.dev/github.com/opencontainers/image-spec/specs-go/v1#Platform */
export const platform = struct({
  architecture: string,
  os: string,
  "os.version": string,
  "os.features": list(string),
  variant: string,
});

/** Where a build leaves what it made: https://docs.docker.com/reference/api/engine/version/v1.45/#operation/ImageBuild */
export const buildOutputs = list(struct({ Type: string, Attrs: map(path) }));

/** Null is an argument that was named without a value, and whose variable the client does not have. */
export const buildArgs = map(nullable);
export const buildLabels = map(text);
export const buildCacheFrom = list(path);
export const buildUlimits = list(ulimit);

/** How the Engine logs in: https://pkg.go.dev/github.com/moby/moby/api/types/registry#AuthConfig */
export const authConfig = struct({
  username: string,
  password: text,
  auth: text,
  email: string,
  serveraddress: string,
  identitytoken: text,
  registrytoken: text,
});

/** By registry: https://docs.docker.com/reference/api/engine/version/v1.45/#operation/ImageBuild */
export const authConfigs = map(authConfig);
