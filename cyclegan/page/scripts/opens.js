// A button that leads to a part of the page further down opens it.
element.addEventListener('click', ({target}) => {
  const button = target.closest('button[data-opens]');
  if (!button) return;
  const accordion = document.getElementById(button.dataset.opens);
  const heading = accordion.querySelector('button');
  if (!heading.classList.contains('open')) heading.click();
  heading.focus({preventScroll: true});
  // Where it ends is known once it is open.
  setTimeout(() => accordion.scrollIntoView({behavior: 'smooth', block: 'start'}), 60);
});
