"use strict";
(() => {
  document.documentElement.classList.add("js");
  const note = document.getElementById("note");
  const texts = [...document.querySelectorAll(".text")];

  // One stop of the Tab key for each text; inside it, keys go from annotation to annotation.
  for (const text of texts) {
    const first = text.querySelector(".u[id]");
    for (const mark of text.querySelectorAll(".u[id]")) mark.tabIndex = mark === first ? 0 : -1;
  }

  const entryOf = (mark) => {
    const text = mark.closest(".text");
    return document.getElementById(`${text.dataset.set}i${mark.dataset.a}`);
  };
  const strokesOf = (text, number) => text.querySelectorAll(`.u[data-a="${number}"]:not(.g)`);
  const hidden = (mark) =>
    getComputedStyle(mark).getPropertyValue("--off").trim() === "1" || mark.getClientRects().length === 0;

  const clear = () => {
    for (const mark of document.querySelectorAll(".u.on, .u.to")) mark.classList.remove("on", "to");
  };

  // The entries of the list are what there is to say: they are shown again beside the text.
  const show = (marks) => {
    clear();
    note.replaceChildren();
    for (const mark of marks) {
      const entry = entryOf(mark);
      if (!entry) continue;
      const text = mark.closest(".text");
      for (const stroke of strokesOf(text, mark.dataset.a)) stroke.classList.add("on");
      for (const link of entry.querySelectorAll(".roles a")) {
        const number = link.hash.slice(`#${text.dataset.set}i`.length);
        if (/^\d+$/.test(number)) for (const stroke of strokesOf(text, number)) stroke.classList.add("to");
      }
      const copy = document.createElement("div");
      copy.className = entry.className;
      for (const child of entry.childNodes) copy.append(child.cloneNode(true));
      note.append(copy);
    }
    if (marks.length) place(marks[0]);
  };

  // Beside the line that is read where there is room, else at the foot of the window.
  const place = (mark) => {
    const text = mark.closest(".text").getBoundingClientRect();
    const from = text.right + 24;
    note.classList.toggle("beside", innerWidth - from > 240);
    if (!note.classList.contains("beside")) return;
    note.style.setProperty("--from", `${from}px`);
    const at = Math.min(mark.getClientRects()[0].top - 8, innerHeight - note.offsetHeight - 24);
    note.style.setProperty("--at", `${Math.max(16, at)}px`);
  };

  const around = (place) => {
    const found = [];
    for (let mark = place.closest(".u"); mark; mark = mark.parentElement.closest(".u")) {
      if (!hidden(mark) && !mark.classList.contains("g")) found.push(mark);
    }
    return found;
  };

  document.addEventListener("mouseover", (event) => {
    if (event.target.closest(".text")) {
      const found = around(event.target);
      if (found.length) show(found);
    }
  });

  document.addEventListener("focusin", (event) => {
    if (event.target.matches(".u[id]")) show([event.target]);
  });

  const focus = (mark) => {
    for (const other of mark.closest(".text").querySelectorAll('.u[tabindex="0"]')) other.tabIndex = -1;
    mark.tabIndex = 0;
    mark.focus({ preventScroll: true });
    mark.scrollIntoView({ block: "nearest" });
  };

  const nearestText = () =>
    texts.find((text) => text.getClientRects().length && text.getBoundingClientRect().bottom > 80) || texts[0];

  const step = (by) => {
    const here = document.activeElement.closest(".u[id]");
    const text = here ? here.closest(".text") : nearestText();
    if (!text) return;
    const marks = [...text.querySelectorAll(".u[id]")].filter((mark) => !hidden(mark));
    const at = here ? marks.indexOf(here) + by : 0;
    if (marks[at]) focus(marks[at]);
  };

  const article = (by) => {
    const titles = [...document.querySelectorAll("article.doc h3")];
    const top = titles.findIndex((title) => title.getBoundingClientRect().top > 40);
    const passed = top < 0 ? titles.length : top;
    const next = titles[by > 0 ? passed : Math.max(0, passed - 2)];
    if (next) {
      next.scrollIntoView();
      next.focus({ preventScroll: true });
    }
  };

  const reveal = (element) => {
    for (let box = element.closest("details"); box; box = box.parentElement.closest("details")) box.open = true;
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select, textarea")) return;
    const mark = event.target.closest(".u[id]");
    const arrows = mark ? { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 } : {};
    const by = { j: 1, k: -1, ...arrows }[event.key];
    if (by) step(by);
    else if (event.key === "n" || event.key === "p") article(event.key === "n" ? 1 : -1);
    else if (event.key === "Enter" && mark) location.hash = entryOf(mark).id;
    else if (event.key === "Escape") {
      clear();
      note.replaceChildren();
      if (mark) mark.blur();
    } else return;
    event.preventDefault();
  });

  const follow = () => {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    if (!target) return;
    reveal(target);
    target.scrollIntoView({ block: "center" });
    const mark = target.matches(".u[id]") ? target : null;
    if (mark) focus(mark);
  };
  addEventListener("hashchange", follow);
  follow();
})();
