/*
 * The report's only script: filters, which stand in the address (`#?severity=critical,high&subject=…`), the matrix as a
 * filter, and groups that fold. Plain JavaScript for any recent browser. It reads the page and writes no markup. It must
 * not contain the text of a closing script tag.
 */

(() => {
  const form = document.getElementById("filters");
  if (!form) return;
  const sections = [...document.querySelectorAll(".subject")].map((element) => ({
    element,
    subject: element.dataset.subject,
    members: Number(element.dataset.members),
    name: [...element.querySelectorAll(":scope > summary, :scope > .members")]
      .map((part) => part.textContent.toLowerCase())
      .join(" "),
    findings: [...element.querySelectorAll(".finding")].map((article) => ({
      article,
      data: article.dataset,
      text: "",
    })),
  }));
  const total = sections.reduce((sum, { findings, members }) => sum + findings.length * members, 0);
  const byId = (id) => document.getElementById(id);
  const showing = byId("showing");
  const reset = byId("reset");
  const none = byId("none");
  const fold = byId("fold");
  const headline = byId("headline");
  const whole = { headline: headline.textContent, title: document.title };
  const tiles = [...document.querySelectorAll("[data-counts]")].map((element) => ({
    element,
    kind: element.dataset.counts,
    number: element.querySelector("b"),
    all: element.querySelector("b").textContent,
  }));
  const field = (name) => form.elements.namedItem(name);
  const boxes = (name) => [...form.querySelectorAll(`input[name="${name}"]`)];
  const ticked = (name) =>
    new Set(
      boxes(name)
        .filter((box) => box.checked)
        .map((box) => box.value),
    );
  const chosen = (name) => (field(name) ? field(name).value : "");
  const choices = ["text", "subject", "area", "control", "level", "baseline"];
  const toggles = ["severity", "state"];

  /** What the filters say, as the part of the address behind `#?`. Empty where nothing is filtered. */
  function written() {
    const query = new URLSearchParams();
    for (const name of toggles) {
      const on = ticked(name);
      if (on.size < boxes(name).length) query.set(name, [...on].join(","));
    }
    for (const name of choices) if (chosen(name) !== "") query.set(name, chosen(name));
    return query.toString().replaceAll("%2C", ",");
  }

  function take(query) {
    for (const name of toggles) {
      const on = query.has(name) ? query.get(name).split(",") : undefined;
      for (const box of boxes(name)) box.checked = on === undefined || on.includes(box.value);
    }
    for (const name of choices) if (field(name)) field(name).value = query.get(name) || "";
    // A name that this page does not have selects nothing: then all are shown.
    for (const list of form.querySelectorAll("select")) if (list.selectedIndex < 0) list.value = "";
  }

  /** Any other address is that of a place on the page, and leaves the filters alone. */
  function isFilter(hash) {
    return hash === "" || hash.startsWith("#?");
  }

  function remember(way) {
    const query = written();
    const hash = query === "" ? "" : `#?${query}`;
    if (hash === location.hash || (hash === "" && !location.hash.startsWith("#?"))) return;
    history[way](null, "", hash === "" ? location.pathname + location.search : hash);
  }

  function apply() {
    const words = chosen("text").toLowerCase().split(/\s+/).filter(Boolean);
    const severity = ticked("severity");
    const state = ticked("state");
    const subject = chosen("subject");
    const equal = ["area", "control", "level", "baseline"]
      .map((name) => [name, chosen(name)])
      .filter(([, value]) => value !== "");
    const allTicked = form.querySelectorAll("input[type=checkbox]:not(:checked)").length === 0;
    const narrowed = words.length > 0 || equal.length > 0 || !allTicked;
    const counts = {};
    const add = (kind, number) => {
      counts[kind] = (counts[kind] || 0) + number;
    };
    for (const section of sections) {
      const { members } = section;
      const here = subject === "" || subject === section.subject;
      let visible = 0;
      let isOpen = false;
      for (const finding of section.findings) {
        const { data } = finding;
        let match =
          here &&
          severity.has(data.severity) &&
          state.has(data.state) &&
          equal.every(([name, value]) => data[name] === value);
        if (match && words.length > 0) {
          if (finding.text === "")
            finding.text = `${section.name} ${finding.article.textContent.toLowerCase()}`;
          match = words.every((word) => finding.text.includes(word));
        }
        finding.article.hidden = !match;
        if (!match) continue;
        visible += 1;
        add("shown", members);
        if (data.state !== "fail") add(data.state === "suppressed" ? "accepted" : data.state, members);
        else {
          isOpen = true;
          add("open", members);
          add(data.severity, members);
          add(data.baseline, members);
        }
      }
      if (isOpen) add("subjects", members);
      section.element.classList.toggle("narrowed", narrowed);
      section.element.hidden = !here || (narrowed && visible === 0);
      if (visible > 0 && (narrowed || subject !== "")) section.element.open = true;
    }
    const filtered = narrowed || subject !== "";
    const shown = counts.shown || 0;
    showing.textContent = filtered ? `Showing ${shown} of ${total}` : sum(counts);
    reset.hidden = !filtered;
    none.hidden = !(filtered && sections.every((section) => section.element.hidden));
    count(counts, filtered);
    mark(subject, chosen("area"));
    nameFold();
  }

  const several = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;

  /** What is listed, by the words of the head: what is unknown or suppressed is no finding. */
  function sum({ open = 0, unknown = 0, accepted = 0 }) {
    const others = [
      [unknown, "unknown"],
      [accepted, "suppressed"],
    ].filter(([number]) => number > 0);
    return [several(open, "finding"), ...others.map((words) => words.join(" "))].join(", ");
  }

  /** The numbers in the head of the page. What passed, and what is not read, is no finding: a filter hides it. */
  function count(counts, filtered) {
    headline.textContent = filtered
      ? `${several(counts.open || 0, "finding")} in ${several(counts.subjects || 0, "subject")} with this filter`
      : whole.headline;
    document.title = filtered ? `bulkhead: ${headline.textContent}` : whole.title;
    for (const { element, kind, number, all } of tiles) {
      const counted = !["pass", "notApplicable", "gaps", "fixed"].includes(kind);
      number.textContent = filtered && counted ? String(counts[kind] || 0) : all;
      element.classList.toggle("zero", number.textContent === "0");
      element.hidden = filtered && !counted;
    }
  }

  const seen = () => sections.filter(({ element }) => !element.hidden).map(({ element }) => element);

  function nameFold() {
    fold.textContent = seen().some((element) => element.open) ? "Collapse" : "Expand";
  }

  fold.addEventListener("click", () => {
    const open = !seen().some((element) => element.open);
    for (const element of seen()) element.open = open;
    nameFold();
  });
  let waits = false;
  for (const { element } of sections)
    element.addEventListener("toggle", () => {
      if (waits) return;
      waits = true;
      setTimeout(() => {
        waits = false;
        nameFold();
      }, 0);
    });

  // Paper cannot be unfolded.
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = seen().filter((element) => !element.open);
    for (const element of folded) element.open = true;
  });
  addEventListener("afterprint", () => {
    for (const element of folded) element.open = false;
  });

  function mark(subject, area) {
    for (const cell of document.querySelectorAll(".matrix [aria-current]"))
      cell.removeAttribute("aria-current");
    if (subject === "" && area === "") return;
    for (const cell of document.querySelectorAll(".matrix [data-subject], .matrix [data-area]")) {
      const data = cell.dataset;
      if ((data.subject || "") === subject && (data.area || "") === area)
        cell.setAttribute("aria-current", "true");
    }
  }

  let timer = 0;
  form.addEventListener("input", (event) => {
    clearTimeout(timer);
    if (event.target.name === "text") timer = setTimeout(() => change("replaceState"), 120);
    else change("pushState");
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(() => change("pushState"), 0));
  addEventListener("popstate", fromAddress);
  addEventListener("hashchange", fromAddress);

  function change(way) {
    apply();
    remember(way);
  }

  function fromAddress() {
    if (!isFilter(location.hash)) return;
    take(new URLSearchParams(location.hash.slice(2)));
    apply();
  }

  const matrix = document.querySelector(".matrix");
  for (const head of matrix.querySelectorAll("th.area")) {
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.area = head.dataset.area;
    button.append(...head.childNodes);
    head.removeAttribute("data-area");
    head.append(button);
  }
  matrix.addEventListener("click", (event) => {
    const cell = event.target.closest("[data-subject], [data-area]");
    if (!cell) return;
    event.preventDefault();
    const again = cell.getAttribute("aria-current") === "true";
    field("subject").value = again ? "" : cell.dataset.subject || "";
    field("area").value = again ? "" : cell.dataset.area || "";
    change("pushState");
    if (again) return;
    const target = document.getElementById("findings");
    target.focus({ preventScroll: true });
    target.scrollIntoView({ block: "start" });
  });

  form.hidden = false;
  apply();
  if (location.hash.startsWith("#?")) fromAddress();
})();
