/** Preact's parts and htm, from one place: no other module names the libraries, or writes a text into the page. */
import { h } from "preact";
import htm from "htm";

import { guarded } from "./visible.js";

export { Component, createRef, Fragment, render } from "preact";
export { useCallback, useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";

/** The attributes that are read to people, or shown to them. Others, such as `value` and `href`, must stay exact. */
const READ = /^(aria-.+|title|alt|placeholder|label)$/;

export const html = htm.bind(create);

/** `h`, but the texts of an element and of its attributes have no hidden character, wherever they come from. */
function create(type, props, ...children) {
  if (typeof type !== "string") return h(type, props, ...children);
  return h(type, props && attributes(props), ...children.map(child));
}

function attributes(props) {
  const unsafe = Object.keys(props).filter((name) => READ.test(name) && typeof props[name] === "string");
  return unsafe.length ? { ...props, ...Object.fromEntries(unsafe.map((name) => [name, guarded(props[name])])) } : props;
}

function child(one) {
  if (Array.isArray(one)) return one.map(child);
  return typeof one === "string" ? guarded(one) : one;
}
