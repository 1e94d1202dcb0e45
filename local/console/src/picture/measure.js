/** Widths of text without a browser: estimates on the wide side, so that labels never touch. */

const NARROW = /[iljI.,:;'|!’ ]/;
const SLIM = /[ftr()[\]\-“”/]/;
const WIDE = /[mwMW@…—%]/;
const CAPITAL = /[A-Z]/;

/** Return the width of a text in px, at a font size in px. */
export function measure(text, size = 12, bold = false) {
  let em = 0;
  for (const char of text) {
    if (NARROW.test(char)) em += 0.33;
    else if (SLIM.test(char)) em += 0.42;
    else if (WIDE.test(char)) em += 0.95;
    else if (CAPITAL.test(char)) em += 0.7;
    else em += char.codePointAt(0) > 0x2e80 ? 1.05 : 0.62;
  }
  return em * size * (bold ? 1.1 : 1);
}

/** Return a text shortened with "…" to at most `width` px; "" if not even a few characters fit. */
export function shortened(text, width, size = 12, bold = false) {
  if (measure(text, size, bold) <= width) return text;
  const chars = [...text];
  while (chars.length && measure(`${chars.join("")}…`, size, bold) > width) chars.pop();
  return chars.length > 3 ? `${chars.join("").trimEnd()}…` : "";
}
