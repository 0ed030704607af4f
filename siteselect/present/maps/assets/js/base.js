// Elements made without markup: whatever text comes in stays text.

const SVG_NAMESPACE = 'http://www.w3.org/2000/svg';

function dress(element, properties, children) {
  for (const [key, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (key === 'text') element.textContent = value;
    else if (key === 'style') for (const [k, v] of Object.entries(value)) element.style.setProperty(k, v);
    else if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? '' : String(value));
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** An HTML element: h('button', {class: 'x', text: name, onclick: act}, ...children). */
export function h(tag, properties = {}, ...children) {
  return dress(document.createElement(tag), properties, children);
}

/** An SVG element, in the same way. */
export function svg(tag, properties = {}, ...children) {
  return dress(document.createElementNS(SVG_NAMESPACE, tag), properties, children);
}

/** Put children in the place of whatever an element holds. */
export function fill(element, ...children) {
  element.replaceChildren(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** The same, but what is equal already stays, so that only what differs is laid out anew; for children that listen to nothing. */
export function refill(element, ...children) {
  const fresh = children.filter((child) => child !== null && child !== undefined).map((child) => (child instanceof Node ? child : document.createTextNode(child)));
  const there = [...element.childNodes];
  fresh.forEach((child, k) => {
    if (k >= there.length) element.append(child);
    else if (!there[k].isEqualNode(child)) there[k].replaceWith(child);
  });
  there.slice(fresh.length).forEach((node) => node.remove());
}

export function byId(id) {
  return document.getElementById(id);
}

/** Draw a box anew and give the focus back to the control in it that had it. */
export function keepFocus(box, draw) {
  const held = box.contains(document.activeElement) ? document.activeElement.id : '';
  draw();
  if (held) byId(held)?.focus({ preventScroll: true });
}

export function clamp(value, low, high) {
  return Math.min(high, Math.max(low, value));
}

/** A text that changes nothing outside itself, whichever way it reads. */
export function apart(text) {
  return h('bdi', { text });
}

/** Whole numbers near given ones that sum to a total: the largest remainders are rounded up. */
export function wholes(numbers, total) {
  const sum = numbers.reduce((a, b) => a + b, 0);
  if (!(sum > 0)) return numbers.map(() => 0);
  const exact = numbers.map((n) => (n / sum) * total);
  const result = exact.map(Math.floor);
  const left = total - result.reduce((a, b) => a + b, 0);
  const order = exact.map((n, i) => [n - result[i], i]).sort((a, b) => b[0] - a[0] || a[1] - b[1]);
  for (const [, i] of order.slice(0, Math.round(left))) result[i] += 1;
  return result;
}
