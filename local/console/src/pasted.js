/**
 * Credentials in a pasted text: lines of `credentials.env`, `key:secret`, or a curl's `-u key:secret`.
 *
 * @returns {{key: string, secret: string} | null}
 */
export function pasted(text) {
  const line = (name) => text.match(new RegExp(`^\\s*(?:export\\s+)?${name}=["']?([^"'\\s]+)`, "m"))?.[1];
  const [key, secret] = [line("API_KEY"), line("API_SECRET")];
  if (key && secret) return { key, secret };
  const [, ...found] = text.match(CURL) ?? text.match(/^\s*([^\s:]+):(?!\/\/)(\S+)\s*$/) ?? [];
  const [one, two] = found.filter((part) => part !== undefined);
  return one ? { key: one, secret: two } : null;
}

/** `-u` in single quotes, in double quotes or without any; not if it names a variable of the shell. */
const CURL = /(?:^|\s)(?:-u\s*|--user[\s=]\s*)(?:'([^':]+):([^']+)'|"([^":$]+):([^"]+)"|([^\s:'"$]+):([^\s'"]+))/;
