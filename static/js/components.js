// Gives every [data-component] its script when it appears, and takes it away when it goes, however that happens.

import { Scope } from "./scope.js";

const scopes = new Map();

export function start(mounts) {
  const mount = (root) => {
    for (const element of [root, ...root.querySelectorAll("[data-component]")]) {
      const setUp = mounts[element.dataset?.component];
      if (!setUp || scopes.has(element)) continue;
      const scope = new Scope();
      scopes.set(element, scope);
      setUp(element, scope);
    }
  };
  const sweep = () => {
    for (const [element, scope] of scopes) {
      if (element.isConnected) continue;
      scopes.delete(element);
      scope.close();
    }
  };
  mount(document.documentElement);
  new MutationObserver((records) => {
    sweep();
    for (const record of records) for (const node of record.addedNodes) if (node.nodeType === Node.ELEMENT_NODE) mount(node);
  }).observe(document.documentElement, { childList: true, subtree: true });
}
