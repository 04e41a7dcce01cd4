// A part of the page further down is opened and gone to. Parts come one after the other: one that is
// on its way is waited for.
const openPart = (id, tries = 100) => {
  const heading = document.querySelector(`#${id} button`);
  if (!heading) {
    if (tries) setTimeout(() => openPart(id, tries - 1), 100);
    return;
  }
  if (!heading.classList.contains('open')) heading.click();
  heading.focus({preventScroll: true});
  // Where it ends is known once it is open.
  setTimeout(() => document.getElementById(id)?.scrollIntoView({behavior: 'smooth', block: 'start'}), 60);
};
