// A click on an arrow of the diagram, or on a button beside what is seen, looks inside the network
// that it stands for. Parts of the page come one after the other, so all are looked for when needed.
const ask = (row, key) => trigger('click', {row: Number(row), key});
const arrow = (target) => target.closest?.('#result .loop .step i');
function enter(step) {
  const place = step.classList.contains('aside') ? step.previousElementSibling : step.nextElementSibling;
  const rows = [...step.closest('.loop').querySelectorAll('.row:not(:has(.absent))')];
  ask(rows.indexOf(step.closest('.row')), place.dataset.view);
  const accordion = document.getElementById('inside'), heading = accordion.querySelector('button');
  if (!heading.classList.contains('open')) heading.click();
  accordion.scrollIntoView({behavior: 'smooth', block: 'start'});
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
// Where a page has no insides to show, arrows are arrows alone.
const mark = () => {
  for (const letter of document.querySelectorAll('#result .loop .step i:not([role], :empty)')) {
    letter.setAttribute('role', 'button');
    letter.setAttribute('aria-label', `Look inside ${letter.textContent}`);
    letter.tabIndex = 0;
  }
};
mark();
new MutationObserver(mark).observe(document.body, {childList: true, subtree: true});
