// A click on an arrow of the diagram, or on a button beside what is seen, looks inside the network
// that it stands for. Parts of the page come one after the other, so all are looked for when needed.
const ask = (row, key) => trigger('click', {row: Number(row), key});
const arrow = (target) => target.closest?.('#result .loop .step i[role]');
function enter(step) {
  const place = step.classList.contains('aside') ? step.previousElementSibling : step.nextElementSibling;
  const rows = [...step.closest('.loop').querySelectorAll('.row:not(:has(.absent))')];
  ask(rows.indexOf(step.closest('.row')), place.dataset.view);
  openPart('inside');
}
document.addEventListener('click', ({target}) => {
  const button = target.closest?.('#insides button[data-key]');
  if (button) ask(button.dataset.row, button.dataset.key);
  else if (arrow(target)) enter(arrow(target).parentElement);
});
document.addEventListener('keydown', (event) => {
  if (!arrow(event.target) || !['Enter', ' '].includes(event.key)) return;
  event.preventDefault();
  enter(arrow(event.target).parentElement);
});
// Where there is nothing to look into, as of voices, arrows are arrows alone.
const mark = () => {
  const isThere = document.getElementById('inside') !== null;
  for (const letter of document.querySelectorAll('#result .loop .step i:not(:empty)')) {
    if (letter.hasAttribute('role') === isThere) continue;
    const said = {role: 'button', 'aria-label': `Look inside ${letter.textContent}`, tabindex: 0};
    for (const [name, value] of Object.entries(said))
      if (isThere) letter.setAttribute(name, value); else letter.removeAttribute(name);
  }
};
mark();
new MutationObserver(mark).observe(document.body, {childList: true, subtree: true});
