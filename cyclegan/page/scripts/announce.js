// Reads out what a comparison says when it changes, and not all of its markup.
const region = document.createElement('div');
region.className = 'unseen';
region.setAttribute('role', 'status');
region.setAttribute('aria-live', 'polite');
element.after(region);
let said = element.querySelector('.verdict')?.textContent;
new MutationObserver(() => {
  const says = element.querySelector('.verdict')?.textContent ?? '';
  if (says !== said) region.textContent = said = says;
}).observe(element, {childList: true, subtree: true, characterData: true});
