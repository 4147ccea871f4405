/** The operator's line on a bug in the guard. Its message may quote the request, so only the error's name and place are shown. */
export function faultLine(error: unknown): string {
  return `this is a fault of bulkhead's own, please report it: ${placeOf(error)}`;
}

function placeOf(error: unknown): string {
  if (!(error instanceof Error)) return "no error";
  const place = /at .*?([\w.-]+:\d+:\d+)\)?$/m.exec(error.stack ?? "")?.[1] ?? "";
  return `${error.name} ${place}`;
}
