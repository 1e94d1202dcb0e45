/** What the server has written into the page: docs/console.md, "The page". */
const element = document.getElementById("config");

/** `{sandbox, version, channels}`: the channel table, and whether this stack has a sandbox. */
export const config = { sandbox: false, version: "", channels: [], ...JSON.parse(element?.textContent || "{}") };
