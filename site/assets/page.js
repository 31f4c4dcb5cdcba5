// What a page does beyond being read: search, light or dark, and the list of pages on a phone.
const site = new URL('..', import.meta.url);
const byId = (id) => document.getElementById(id);

const root = document.documentElement;
byId('theme').addEventListener('click', () => {
  const shown =
    root.style.colorScheme ||
    (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');
  const other = shown === 'dark' ? 'light' : 'dark';
  root.style.colorScheme = other;
  try {
    localStorage.setItem('stepfold.theme', other);
  } catch {
    // it holds for this page alone
  }
});

const menu = byId('menu');
menu.addEventListener('click', () => {
  const open = menu.getAttribute('aria-expanded') !== 'true';
  menu.setAttribute('aria-expanded', String(open));
});

const navigation = byId('navigation');
navigation.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest' });

const dialog = byId('search');
let loading;

/** The engine of the search and its index come with the first search. */
const load = () =>
  new Promise((resolve, reject) => {
    const style = document.createElement('link');
    style.rel = 'stylesheet';
    style.href = new URL('pagefind/pagefind-ui.css', site).href;
    // before the page's own, which sets its colours
    document.head.prepend(style);
    const script = document.createElement('script');
    script.src = new URL('pagefind/pagefind-ui.js', site).href;
    script.onload = () =>
      resolve(
        new window.PagefindUI({
          element: '#found',
          bundlePath: new URL('pagefind/', site).pathname,
          baseUrl: site.pathname,
          showSubResults: true,
          showImages: false,
          resetStyles: false,
          pageSize: 8,
          // titles of decisions are sentences, and would come first for every word in them
          ranking: { metaWeights: { title: 2 } },
        }),
      );
    script.onerror = () => reject(new Error(`${script.src} does not load`));
    document.head.append(script);
  });

async function search() {
  if (!dialog.open) dialog.showModal();
  loading ??= load();
  await loading;
  dialog.querySelector('input')?.focus();
}

byId('find').addEventListener('click', search);
// a click beside what is found, or on a result that lies on this page
dialog.addEventListener('click', (event) => {
  if (event.target === dialog || event.target.closest('a')) dialog.close();
});
addEventListener('keydown', (event) => {
  const typing = event.target.closest?.('input, textarea, select');
  const asked = event.key === '/' || (event.key === 'k' && (event.ctrlKey || event.metaKey));
  if (!asked || typing || dialog.open) return;
  event.preventDefault();
  search();
});
