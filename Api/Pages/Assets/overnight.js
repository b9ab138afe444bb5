// What is nicer with a script; every page is complete without it.
"use strict";

const tell = (text) => {
  const live = document.getElementById("live");
  live.textContent = "";
  live.textContent = text;
};

// Times are sent in UTC, for the server does not know the reader's time zone.
const localTimes = (part) => {
  for (const time of part.querySelectorAll("time[data-local]")) {
    const moment = new Date(time.dateTime);
    const language = document.documentElement.dataset.formats || "sv-SE";
    time.title = time.textContent;
    time.textContent = new Intl.DateTimeFormat(language, { dateStyle: "short", timeStyle: "short" }).format(moment);
  }
};
localTimes(document);

// "Copy as text" is a link to the text.
for (const link of document.querySelectorAll("a[data-copy]")) {
  if (!navigator.clipboard) continue;
  link.textContent = link.dataset.copy;
  link.addEventListener("click", async (event) => {
    event.preventDefault();
    try {
      const answer = await fetch(link.href);
      if (!answer.ok) throw new Error(answer.statusText);
      await navigator.clipboard.writeText(await answer.text());
      link.textContent = "Copied";
      tell("Copied as text.");
      setTimeout(() => (link.textContent = link.dataset.copy), 2000);
    } catch {
      location.assign(link.href);
    }
  });
}

// A chosen theme is seen before it is kept.
for (const form of document.querySelectorAll("form[data-display]")) {
  form.addEventListener("change", () => {
    const theme = new FormData(form).get("theme");
    if (theme) document.documentElement.dataset.theme = theme;
    else delete document.documentElement.dataset.theme;
  });
}

// An open menu closes by Escape and by a click beside it.
for (const menu of document.querySelectorAll("details.menu")) {
  document.addEventListener("click", (event) => {
    if (!menu.contains(event.target)) menu.open = false;
  });
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
}
