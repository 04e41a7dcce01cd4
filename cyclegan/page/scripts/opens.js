// A button that leads to a part of the page further down opens it.
element.addEventListener('click', ({target}) => {
  const button = target.closest('button[data-opens]');
  if (button) openPart(button.dataset.opens);
});
