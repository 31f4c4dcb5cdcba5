// Before anything is painted: light or dark as was chosen here, else as the system says.
{
  let chosen = null;
  try {
    chosen = localStorage.getItem('stepfold.theme');
  } catch {
    // a browser may keep nothing for a page
  }
  if (chosen === 'light' || chosen === 'dark') document.documentElement.style.colorScheme = chosen;
}
