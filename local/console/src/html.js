/** Preact's parts and htm, from one place: no other module names the libraries. */
import { h } from "preact";
import htm from "htm";

export { Component, createRef, Fragment, render } from "preact";
export { useCallback, useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";

export const html = htm.bind(h);
