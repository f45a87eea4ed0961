// Opens report files in a real Chromium and prints, as one line of JSON, what a reader's browser makes of them.
//
// usage: node look.mjs CHROMIUM FILE
//
// Judges nothing: the Rust test that starts it does. Everything that is found wrong is listed in words, so that an empty
// list means "looked at, and nothing found"; counts beside the lists show that there was something to look at.
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const [executablePath, file] = process.argv.slice(2);
const url = pathToFileURL(file).href;

const browser = await chromium.launch({
  executablePath,
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"],
});

/** Opens the report in a context of its own and notes whatever it does. */
async function open(options = {}) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.setDefaultTimeout(120_000);
  const noise = { requests: [], console: [], dialogs: [] };
  page.on("request", (request) => {
    if (request.url() !== url && !request.url().startsWith("data:")) noise.requests.push(request.url());
  });
  page.on("console", (message) => noise.console.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => noise.console.push(`error: ${error.message}`));
  page.on("dialog", async (dialog) => {
    noise.dialogs.push(dialog.message());
    await dialog.dismiss();
  });
  await page.goto(url, { waitUntil: "load" });
  return { context, page, noise };
}

const openEverything = (page) =>
  page.evaluate(() => {
    for (const details of document.querySelectorAll("details")) details.open = true;
  });

/** What could act, load or style from within the document, and links that lead nowhere or where they should not. */
function structure() {
  const describe = (element) => element.outerHTML.slice(0, 160);
  const all = [...document.querySelectorAll("*")];
  const links = [...document.querySelectorAll("a[href]")];
  const inPage = links.filter((link) => link.getAttribute("href").startsWith("#"));
  const ids = all.map((element) => element.id).filter(Boolean);
  const forbidden = "script, img, iframe, frame, object, embed, base, form, input:not([disabled]), audio, video, template, link:not([rel=icon])";
  const icon = document.querySelector("link[rel=icon]");
  return {
    live: [
      ...[...document.querySelectorAll(forbidden)].map(describe),
      ...all.filter((element) => [...element.attributes].some(({ name }) => name.startsWith("on") || name === "style")).map(describe),
      ...[...document.querySelectorAll("meta[http-equiv]")].filter((meta) => meta.httpEquiv !== "Content-Security-Policy").map(describe),
      ...(icon && !icon.href.startsWith("data:") ? [describe(icon)] : []),
      ...(window.pwned === undefined ? [] : ["a script ran"]),
    ],
    strangeLinks: links.filter((link) => !/^(#|https?:\/\/)/.test(link.getAttribute("href"))).map(describe),
    deadLinks: inPage.filter((link) => !document.getElementById(decodeURIComponent(link.hash.slice(1)))).map(describe),
    inPageLinks: inPage.length,
    doubleIds: ids.filter((id, at) => ids.indexOf(id) !== at),
    checks: document.querySelectorAll("details.check").length,
    decisions: [...document.querySelectorAll("details.adr")].map((adr) => adr.id),
    stylesheets: document.querySelectorAll("style").length,
  };
}

/** Text with less contrast than WCAG 2 AA asks of text of any size, and the least contrast of all. */
function contrast() {
  const parse = (color) => {
    const [r, g, b, a = 1] = color.match(/[\d.]+/g).map(Number);
    return { r, g, b, a };
  };
  const over = (top, below) => {
    const mix = (channel) => top[channel] * top.a + below[channel] * (1 - top.a);
    return { r: mix("r"), g: mix("g"), b: mix("b"), a: 1 };
  };
  const canvas = matchMedia("(prefers-color-scheme: dark)").matches ? { r: 18, g: 18, b: 18, a: 1 } : { r: 255, g: 255, b: 255, a: 1 };
  const background = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) layers.push(parse(getComputedStyle(at).backgroundColor));
    return layers.reverse().reduce((below, top) => over(top, below), canvas);
  };
  const luminance = ({ r, g, b }) => {
    const linear = (value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
    return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  };
  const ratio = (a, b) => {
    const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x);
    return (high + 0.05) / (low + 0.05);
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const seen = new Map();
  let texts = 0;
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.data.trim() || !element.checkVisibility()) continue;
    texts += 1;
    const below = background(element);
    const found = ratio(over(parse(getComputedStyle(element).color), below), below);
    const words = `${found.toFixed(2)} in <${element.tagName.toLowerCase()} class="${element.className}">: ${node.data.trim().slice(0, 60)}`;
    const key = `${element.tagName}.${element.className}`;
    if (!seen.has(key) || seen.get(key).found > found) seen.set(key, { found, words });
  }
  const all = [...seen.values()].sort((a, b) => a.found - b.found);
  return { texts, least: all[0]?.found ?? 0, weak: all.filter(({ found }) => found < 4.5).map(({ words }) => words) };
}

/** Elements that reach beyond the window, other than inside something that scrolls by itself. */
function overflow() {
  const scrolls = (element) => element && (/(auto|scroll)/.test(getComputedStyle(element).overflowX) || scrolls(element.parentElement));
  const wide = [...document.querySelectorAll("main *, nav *, footer *")].filter((element) => {
    const { right, width } = element.getBoundingClientRect();
    return width > 0 && right > innerWidth + 0.5 && !scrolls(element.parentElement) && element.checkVisibility();
  });
  return {
    page: document.documentElement.scrollWidth - innerWidth,
    wide: wide.slice(0, 10).map((element) => `${Math.round(element.getBoundingClientRect().right)} px: ${element.outerHTML.slice(0, 120)}`),
  };
}

async function looks(colorScheme, width) {
  const { context, page } = await open({ colorScheme, viewport: { width, height: 900 } });
  await openEverything(page);
  const found = { contrast: await page.evaluate(contrast), overflow: await page.evaluate(overflow) };
  await context.close();
  return found;
}

/** The report with scripts switched off, as a mail client or a careful reader has it. */
async function withoutScripts() {
  const { context, page } = await open({ javaScriptEnabled: false });
  const closed = page.locator("details.check:not([open])").first();
  const check = page.locator(`[id="${await closed.getAttribute("id")}"]`);
  const body = check.locator("> .body");
  const before = await body.isVisible();
  await check.locator("> summary").click();
  const after = await body.isVisible();
  const text = await page.locator("body").innerText();
  await context.close();
  return { text, opens: !before && after };
}

/** Whether a link to a closed check shows what is inside. */
async function anchors() {
  const { context, page } = await open();
  const id = await page.evaluate(() => document.querySelector("details.check:not([open])").id);
  await page.goto(`${url}#${encodeURIComponent(id)}`);
  const height = await page.evaluate((at) => document.getElementById(at).querySelector(".body").getBoundingClientRect().height, id);
  await context.close();
  return { id, height };
}

/** The report on paper: everything is open, and there are pages. */
async function print() {
  const { context, page } = await open();
  await page.emulateMedia({ media: "print" });
  const hidden = () =>
    page.evaluate(() =>
      [...document.querySelectorAll("details.check > .body, details.adr > .body, details.exchange > pre")]
        .filter((element) => !element.checkVisibility({ contentVisibilityAuto: true }) || element.getBoundingClientRect().height === 0)
        .map((element) => element.parentElement.id || element.outerHTML.slice(0, 80)),
    );
  // What a medium changes is laid out with the next frames; on a busy machine, some later.
  let closed = await hidden();
  for (let again = 0; closed.length > 0 && again < 10; again++) {
    await page.waitForTimeout(300);
    closed = await hidden();
  }
  const pdf = (await page.pdf({ format: "A4" })).toString("latin1");
  await context.close();
  return { closed, pages: (pdf.match(/\/Type\s*\/Page\b(?!s)/g) ?? []).length, fonts: (pdf.match(/\/Type\s*\/Font\b/g) ?? []).length };
}

try {
  const { context, page, noise } = await open();
  await openEverything(page);
  await page.mouse.wheel(0, 100_000);
  const found = {
    structure: await page.evaluate(structure),
    noise,
    looks: {
      "light at 1280": await looks("light", 1280),
      "dark at 1280": await looks("dark", 1280),
      "light at 390": await looks("light", 390),
      "dark at 390": await looks("dark", 390),
    },
    withoutScripts: await withoutScripts(),
    anchors: await anchors(),
    print: await print(),
  };
  await context.close();
  console.log(JSON.stringify(found));
} finally {
  await browser.close();
}
