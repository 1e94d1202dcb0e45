/** All words of the console about workflows: the views, the picture and the tests import them from here. */

export * from "./words/names.js";
export * from "./words/reasons.js";
export * from "./words/sentence.js";
export * from "./words/entries.js";
export * from "./words/lanes.js";
export * from "./words/actions.js";
export * from "./words/webhooks.js";
export * from "./words/whatif.js";
