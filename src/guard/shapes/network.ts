import { bool, int, list, map, path, string, struct, text } from "./shape.ts";

/** https://pkg.go.dev/github.com/moby/moby/api/types/network#EndpointSettings */
export const endpoint = struct({
  IPAMConfig: struct({ IPv4Address: string, IPv6Address: string, LinkLocalIPs: list(string) }),
  Links: list(string),
  Aliases: list(string),
  DriverOpts: map(path),
  GwPriority: int,
  NetworkID: string,
  EndpointID: string,
  Gateway: string,
  IPAddress: string,
  MacAddress: string,
  IPPrefixLen: int,
  IPv6Gateway: string,
  GlobalIPv6Address: string,
  GlobalIPv6PrefixLen: int,
  DNSNames: list(string),
});

/** `CheckDuplicate` left in API 1.44. */
export const networkCreate = struct({
  Name: string,
  CheckDuplicate: bool,
  Driver: string,
  Scope: string,
  EnableIPv4: bool,
  EnableIPv6: bool,
  IPAM: struct({
    Driver: string,
    Options: map(path),
    Config: list(
      struct({ Subnet: string, IPRange: string, Gateway: string, AuxiliaryAddresses: map(string) }),
    ),
  }),
  Internal: bool,
  Attachable: bool,
  Ingress: bool,
  ConfigOnly: bool,
  ConfigFrom: struct({ Network: string }),
  Options: map(path),
  Labels: map(text),
});

export const networkConnect = struct({ Container: string, EndpointConfig: endpoint });
export const networkDisconnect = struct({ Container: string, Force: bool });
