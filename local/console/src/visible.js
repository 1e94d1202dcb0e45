/**
 * Text from elsewhere, with everything in it that cannot be seen made visible: control characters, invisible characters
 * and those that turn the direction of writing. What spells an emoji, or a word of Persian or Hindi, stays as it is.
 */

const NAMES = {
  0x00: "null", 0x07: "bell", 0x08: "backspace", 0x0b: "vertical tab", 0x0c: "form feed", 0x0d: "carriage return",
  0x1b: "escape", 0x7f: "delete", 0x85: "next line", 0xa0: "no-break space", 0xad: "soft hyphen",
  0x34f: "grapheme joiner", 0x61c: "Arabic letter mark", 0x115f: "Hangul filler", 0x1160: "Hangul filler",
  0x1680: "Ogham space", 0x180e: "Mongolian vowel separator", 0x2000: "en quad", 0x2001: "em quad", 0x2002: "en space",
  0x2003: "em space", 0x2004: "third-em space", 0x2005: "quarter-em space", 0x2006: "sixth-em space",
  0x2007: "figure space", 0x2008: "punctuation space", 0x2009: "thin space", 0x200a: "hair space",
  0x200b: "zero-width space", 0x200c: "zero-width non-joiner", 0x200d: "zero-width joiner",
  0x200e: "left-to-right mark", 0x200f: "right-to-left mark", 0x2028: "line separator", 0x2029: "paragraph separator",
  0x202a: "left-to-right embedding", 0x202b: "right-to-left embedding", 0x202c: "end of direction",
  0x202d: "left-to-right override", 0x202e: "right-to-left override", 0x202f: "narrow no-break space",
  0x205f: "mathematical space", 0x2060: "word joiner", 0x2066: "left-to-right isolate", 0x2067: "right-to-left isolate",
  0x2068: "first-strong isolate", 0x2069: "end of isolate", 0x2800: "Braille blank", 0x3000: "ideographic space",
  0x3164: "Hangul filler", 0xfe0e: "text variation selector", 0xfe0f: "emoji variation selector",
  0xfeff: "byte order mark", 0xffa0: "Hangul filler", 0xfffd: "replacement character",
};

const INVISIBLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Default_Ignorable_Code_Point}\u2800\ufff9-\ufffb\ufffd]/u;
const BLANK = /^[\p{Zs}\t\n]$/u;
/** An emoji with what joins, colours and varies it; a keycap; the flag of a region. */
const EMOJI =
  /[#*0-9]\ufe0f?\u20e3|\p{RI}\p{RI}|\p{ExtPict}(?:\p{EMod}|\ufe0f)?(?:[\u{e0020}-\u{e007e}]+\u{e007f})?(?:\u200d\p{ExtPict}(?:\p{EMod}|\ufe0f)?)*/uy;
/** Scripts whose spelling needs a joiner or non-joiner between two letters. */
const JOINING =
  /[\p{Script=Arabic}\p{Script=Syriac}\p{Script=Mongolian}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Gurmukhi}\p{Script=Gujarati}\p{Script=Oriya}\p{Script=Tamil}\p{Script=Telugu}\p{Script=Kannada}\p{Script=Malayalam}\p{Script=Sinhala}\p{Script=Khmer}\p{Script=Myanmar}]$/u;
const RIGHT_TO_LEFT = /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}\p{Script=Adlam}]/u;

/**
 * Return the parts of a text: a list of {text} to show as they are, and {mark: "U+202E", name: "right-to-left override"}
 * in the place of a character that cannot be seen. Line ends (also \r\n) and tabs stay in the text.
 *
 * strict: for numbers, names and ids, where a line end, a tab and every blank but the ordinary space are marked as well.
 */
export function parts(text, { strict = false } = {}) {
  const found = [];
  let plain = "";
  const source = strict ? text : text.replaceAll("\r\n", "\n");
  for (let index = 0; index < source.length; ) {
    EMOJI.lastIndex = index;
    const emoji = EMOJI.exec(source)?.[0];
    const char = String.fromCodePoint(source.codePointAt(index));
    if (emoji && emoji.length > char.length) {
      plain += emoji;
      index += emoji.length;
      continue;
    }
    index += char.length;
    if (isHidden(char, strict) && !(!strict && spells(char, plain, source.slice(index)))) {
      if (plain) found.push({ text: plain });
      plain = "";
      found.push(mark(char));
    } else {
      plain += char;
    }
  }
  if (plain) found.push({ text: plain });
  return found;
}

/** Return a text on one line with each hidden character spelled out, for SVG, titles and accessible names. */
export function spelled(text, options) {
  return parts(text, options).map((part) => part.text ?? `[${part.mark}]`).join("").replaceAll("\n", " ");
}

/**
 * Return a number, a name or an id as one line that cannot turn the direction of what is around it. In HTML use
 * `<bdi dir="ltr">` around `spelled(…, {strict: true})` instead.
 */
export function isolated(text) {
  const line = spelled(String(text), { strict: true });
  return RIGHT_TO_LEFT.test(line) ? `\u2066${line}\u2069` : line;
}

/** A part of a text that cannot turn the direction of what is around it, as `isolated` makes it. */
const ISOLATED = /\u2066([^\u2066-\u2069]*)\u2069/;

/**
 * Return a text with the hidden characters that are still in it spelled out, for the one place that writes texts into
 * the page (html.js). What the other functions of this module return stays as it is.
 */
export function guarded(text) {
  if (!INVISIBLE.test(text)) return text;
  const marked = (one) => parts(one).map((part) => part.text ?? `[${part.mark}]`).join("");
  return text.split(ISOLATED).map((one, at) => (at % 2 ? `\u2066${marked(one)}\u2069` : marked(one))).join("");
}

/** Return a JSON text with each hidden character as its escape, such as `\\u202e`. */
export function escaped(json) {
  return parts(json).map(({ text, mark: code }) => text ?? units(String.fromCodePoint(parseInt(code.slice(2), 16)))).join("");
}

const units = (char) => char.split("").map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`).join("");


function isHidden(char, strict) {
  if (char === " ") return false;
  if (BLANK.test(char)) return strict;
  return INVISIBLE.test(char);
}

/** A joiner or non-joiner between two letters of a script that needs it. */
function spells(char, before, after) {
  return (char === "\u200c" || char === "\u200d") && JOINING.test(before) && JOINING.test([...after.slice(0, 2)][0] ?? "");
}

function mark(char) {
  const point = char.codePointAt(0);
  const name = NAMES[point] ?? (/\p{Cc}/u.test(char) ? "control character" : "invisible character");
  return { mark: `U+${point.toString(16).toUpperCase().padStart(4, "0")}`, name };
}
