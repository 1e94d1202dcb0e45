/** Where a text stops being JSON. Browsers say it each in its own way, and often not at all. Pure. */

const SPACE = /[ \t\r\n]*/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const PLAIN = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.])/y;

/** Return "Line 3, column 16: unexpected “}”." for a text that is not JSON. */
export function jsonFault(text) {
  const at = end(text);
  const before = text.slice(0, at).split("\n");
  const [found] = text.slice(at);
  return `Line ${before.length}, column ${[...before.at(-1)].length + 1}: ${found === undefined ? "the text ends too early" : `unexpected “${found}”`}.`;
}

/** The place up to which a text can be the beginning of JSON. */
function end(text) {
  let at = 0;
  const next = (pattern) => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    if (found !== undefined) at = pattern.lastIndex;
    return found;
  };
  const token = (pattern) => {
    next(SPACE);
    return next(pattern) ?? stop();
  };
  const peek = (sign) => {
    next(SPACE);
    return text[at] === sign;
  };
  const many = (item, close) => {
    at += 1;
    if (peek(close)) return void (at += 1);
    do item(); while (token(close === "}" ? /[,}]/y : /[,\]]/y) === ",");
  };
  const value = () => {
    if (peek("{")) return many(() => { token(STRING); token(/:/y); value(); }, "}");
    if (peek("[")) return many(value, "]");
    return text[at] === '"' ? token(STRING) : token(PLAIN);
  };
  try {
    value();
    next(SPACE);
  } catch (error) {
    if (error !== STOP) throw error;
  }
  return at;
}

const STOP = new Error("not JSON");

function stop() {
  throw STOP;
}
