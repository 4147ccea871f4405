/*
 * The report's only script: filters, and the matrix as a filter. Plain JavaScript for any recent browser. It reads the
 * page and writes no markup. It must not contain the text of a closing script tag.
 */

(() => {
  const form = document.getElementById("filters");
  if (!form) return;
  const sections = [...document.querySelectorAll(".subject")].map((element) => ({
    element,
    subject: element.dataset.subject,
    name: element.querySelector("header").textContent.toLowerCase(),
    findings: [...element.querySelectorAll(".finding")].map((article) => ({
      article,
      data: article.dataset,
      text: "",
    })),
  }));
  const total = sections.reduce((sum, section) => sum + section.findings.length, 0);
  const showing = document.getElementById("showing");
  const reset = document.getElementById("reset");
  const none = document.getElementById("none");
  const field = (name) => form.elements.namedItem(name);
  const ticked = (name) =>
    new Set([...form.querySelectorAll(`input[name="${name}"]:checked`)].map((box) => box.value));
  const chosen = (name) => (field(name) ? field(name).value : "");

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
    let shown = 0;
    for (const section of sections) {
      const here = subject === "" || subject === section.subject;
      let visible = 0;
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
        if (match) visible += 1;
      }
      shown += visible;
      section.element.classList.toggle("narrowed", narrowed);
      section.element.hidden = !here || (narrowed && visible === 0);
    }
    const filtered = narrowed || subject !== "";
    showing.textContent = filtered ? `Showing ${shown} of ${total} findings` : `${total} findings`;
    reset.hidden = !filtered;
    none.hidden = !(filtered && sections.every((section) => section.element.hidden));
    mark(subject, chosen("area"));
  }

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
    if (event.target.name === "text") timer = setTimeout(apply, 120);
    else apply();
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(apply, 0));

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
    apply();
    if (again) return;
    const target = document.getElementById("findings");
    target.focus({ preventScroll: true });
    target.scrollIntoView({ block: "start" });
  });

  form.hidden = false;
  apply();
})();
