import { url } from "../api.js";
import { stringify } from "../exact.js";

/** A curl command that posts a workflow; address, key and secret are variables, as in the README, and never written. */
export function curl(request) {
  const json = stringify(request).replaceAll("'", String.raw`'\''`);
  const path = url("workflows").slice(location.origin.length);
  return `curl -X POST "$API_URL${path}" -u "$API_KEY:$API_SECRET" \\\n  -H 'Content-Type: application/json' -d '${json}'`;
}
