// The arrow keys move among tabs, and among radio buttons, which the library leaves each on its own.
const ways = {ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1};
const group = (target) => {
  if (target.role === 'tab')
    return target.closest('[role="tablist"]').querySelectorAll('[role="tab"]');
  if (target.type === 'radio')
    return target.closest('.block').querySelectorAll('input[type="radio"]:enabled');
  return [];
};
document.addEventListener('keydown', (event) => {
  const listed = [...group(event.target)], way = ways[event.key];
  if (!way || listed.length < 2) return;
  event.preventDefault();
  const next = listed[(listed.indexOf(event.target) + way + listed.length) % listed.length];
  next.focus();
  next.click();
});
