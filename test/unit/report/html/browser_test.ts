/**
 * Tests of report.html in a browser: nothing fails in it, it asks for nothing, nothing has to be scrolled sideways on a phone,
 * tables sort, and light, dark and paper differ as they should.
 */

import { assert, assertEquals, assertGreater, assertNotEquals } from "@std/assert";
import { renderPage } from "../../../../src/report/html/page.ts";
import { type Chromium, chromiumTest, type Look, type OpenPage } from "./_chromium.ts";
import { whole } from "./_whole.ts";

const WIDE: Look = { width: 1280, height: 900, scheme: "light" };
/** A4 across, without its margins. */
const PAPER: Look = { width: 1032, height: 700, scheme: "light", isPrint: true };
const PHONE: Look = { width: 390, height: 844, scheme: "light" };

const PAGE = await renderPage(whole());

/** Opens a page of made-up results from disk. */
async function withPage(
  chromium: Chromium,
  look: Look,
  test: (page: OpenPage) => Promise<void>,
): Promise<void> {
  const file = await Deno.makeTempFile({ prefix: "eventpipe-report-", suffix: ".html" });
  try {
    await Deno.writeTextFile(file, PAGE);
    await chromium.open(`file://${file}`, look, test);
  } finally {
    await Deno.remove(file);
  }
}

chromiumTest("on paper, all of a page fits between the margins", async (chromium) => {
  await withPage(chromium, PAPER, async (page) => {
    assertEquals(
      await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"),
      0,
    );
  });
});

chromiumTest("whoever prints a page gets the tables that are folded, too", async (chromium) => {
  await withPage(chromium, PAPER, async (page) => {
    const folded = `document.querySelectorAll("details:not([open])").length`;
    assertGreater(await page.evaluate<number>(folded), 0);
    await page.evaluate(`dispatchEvent(new Event("beforeprint"))`);
    assertEquals(await page.evaluate(folded), 0);
  });
});

for (const [name, look] of [["a wide screen", WIDE], ["a phone", PHONE]] as const) {
  chromiumTest(
    `on ${name}, light and dark, a page has no error, asks for nothing and shows its charts`,
    async (chromium) => {
      for (const scheme of ["light", "dark"] as const) {
        await withPage(chromium, { ...look, scheme }, async (page) => {
          const sizes = await page.evaluate<number[]>(
            `[...document.querySelectorAll("figure svg")].map((svg) => svg.getBoundingClientRect().height)`,
          );
          assertEquals(sizes.length, 58);
          assert(sizes.every((height) => height > 70), String(sizes));
          assertEquals(page.complaints, []);
        });
      }
    },
  );

  chromiumTest(`on ${name} nothing has to be scrolled sideways`, async (chromium) => {
    await withPage(chromium, look, async (page) => {
      assertEquals(
        await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"),
        0,
      );
    });
  });
}

chromiumTest("the texts of charts are large enough to read on a phone", async (chromium) => {
  await withPage(chromium, PHONE, async (page) => {
    // Heights of capital letters and digits with their line; 8 px is a font of 7.
    const smallest = await page.evaluate<number>(
      `Math.min(...[...document.querySelectorAll("figure:not(.wide) svg text")].filter((text) => text.textContent !== "")
        .map((text) => Math.max(text.getBoundingClientRect().height, text.getBoundingClientRect().width)))`,
    );
    assertGreater(smallest, 5);
    const fonts = await page.evaluate<number>(
      `Math.min(...[...document.querySelectorAll("figure:not(.wide) svg")]
        .map((svg) => svg.getBoundingClientRect().width / svg.viewBox.baseVal.width))`,
    );
    assertGreater(fonts, 0.85);
  });
});

chromiumTest("no text of a chart lies upon another, wide or narrow", async (chromium) => {
  for (const look of [WIDE, PHONE]) {
    await withPage(chromium, look, async (page) => {
      // A label and its halo are the same text at the same place; labels of ticks that have no room are there, but invisible.
      const clashes = await page.evaluate<string[]>(
        `[...document.querySelectorAll("figure")].flatMap((figure) => {
        const texts = [...figure.querySelectorAll("svg text")]
          .filter((text) => text.textContent !== "" && getComputedStyle(text).opacity !== "0")
          .map((text) => ({ text: text.textContent, box: text.getBoundingClientRect() }))
          .filter(({ box }) => box.width > 0);
        return texts.flatMap((one, index) => texts.slice(index + 1).filter((other) =>
          one.text !== other.text && Math.min(one.box.right, other.box.right) - Math.max(one.box.left, other.box.left) > 2 &&
          Math.min(one.box.bottom, other.box.bottom) - Math.max(one.box.top, other.box.top) > one.box.height * 0.4
        ).map((other) => figure.id + ": " + one.text + " | " + other.text));
      })`,
      );
      assertEquals(clashes, []);
    });
  }
});

chromiumTest("no chart is cut off: all its texts lie within its drawing", async (chromium) => {
  await withPage(chromium, WIDE, async (page) => {
    const cut = await page.evaluate<string[]>(`[...document.querySelectorAll("figure svg")].flatMap((svg) => {
      const whole = svg.getBoundingClientRect();
      return [...svg.querySelectorAll("text")].filter((text) => {
        const box = text.getBoundingClientRect();
        return box.width > 0 && (box.left < whole.left - 2 || box.right > whole.right + 2 || box.top < whole.top - 2 ||
          box.bottom > whole.bottom + 2);
      }).map((text) => svg.closest("figure").id + ": " + text.textContent);
    })`);
    assertEquals(cut, []);
    const shortened = await page.evaluate<string[]>(
      `[...document.querySelectorAll("figure svg text")].map((text) => text.textContent).filter((text) => text.includes("…"))`,
    );
    assertEquals(shortened, []);
  });
});

chromiumTest(
  "a click on a heading sorts its table by number, and another one turns it around",
  async (chromium) => {
    await withPage(chromium, WIDE, async (page) => {
      const sorted = await page.evaluate<string[][]>(`(() => {
      const table = [...document.querySelectorAll(".kernel table")].find((table) => table.textContent.includes("events/s"));
      const head = [...table.tHead.rows[0].cells].find((cell) => cell.textContent === "events/s");
      const column = () => [...table.tBodies[0].rows].map((row) => row.cells[head.cellIndex].dataset.by);
      const seen = [column()];
      for (let turn = 0; turn < 2; turn++) { head.click(); seen.push(column()); }
      return seen;
    })()`);
      const [before, up, down] = sorted as [string[], string[], string[]];
      const numbers = before.map(Number).sort((one, other) => one - other).map(String);
      assertNotEquals(before, numbers);
      assertEquals([up, down], [numbers, numbers.toReversed()]);
    });
  },
);

chromiumTest("dark differs from light, in charts too, and paper is light in both", async (chromium) => {
  const colors = async (look: Look): Promise<string> => {
    let found = "";
    await withPage(chromium, look, async (page) => {
      found = await page.evaluate(`JSON.stringify([
        getComputedStyle(document.body).color,
        getComputedStyle(document.querySelector("figure svg path[fill^='var']")).fill,
        getComputedStyle(document.querySelector("figure svg text")).fill,
      ])`);
    });
    return found;
  };
  const light = await colors(WIDE);
  const dark = await colors({ ...WIDE, scheme: "dark" });
  const [lightColors, darkColors] = [light, dark].map((text) => JSON.parse(text)) as [string[], string[]];
  lightColors.forEach((color, index) => assertNotEquals(color, darkColors[index]));
  assertEquals(await colors({ ...WIDE, scheme: "dark", isPrint: true }), light);
});

for (const folder of ["", "2026-11-22-thorough-vm-2cpu/"]) {
  const url = new URL(`../../../../results/${folder}`, import.meta.url).href;
  const name = folder === "" ? "index.html" : "report.html";
  chromiumTest(`the published ${folder}${name} opens from disk without an error`, async (chromium) => {
    await chromium.open(`${url}${name}`, PHONE, async (page) => {
      assertEquals(
        await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"),
        0,
      );
      assertEquals(page.complaints, []);
    });
  });
}
