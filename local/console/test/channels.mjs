/** What the server writes into the page, from the same channel table: `CONFIG`, as in a stack with a sandbox. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";

const PROGRAM = "import json; from failover.rules.requests import form; print(json.dumps(form.described('v1')))";
const layer = join(import.meta.dirname, "../../../layers/failover");

const described = execFileSync(process.env.PYTHON ?? "python3", ["-c", PROGRAM], { env: { ...process.env, PYTHONPATH: layer }, encoding: "utf8" });

export const CONFIG = { sandbox: true, version: "0.1.0", ...JSON.parse(described) };
