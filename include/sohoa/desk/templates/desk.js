"use strict";
// The order in which files are chosen is the order of their pages.
const chosen = [];
const form = document.getElementById("sort");
const said = document.getElementById("said");

function showChosen() {
  const boxes = [...document.querySelectorAll("#loose input[name=file]")];
  const there = new Set(boxes.map((box) => box.value));
  for (let at = chosen.length - 1; at >= 0; at--) if (!there.has(chosen[at])) chosen.splice(at, 1);
  for (const box of boxes) {
    box.checked = chosen.includes(box.value);
    const name = box.nextElementSibling;
    name.dataset.name ??= name.textContent;
    name.textContent = box.checked ? chosen.indexOf(box.value) + 1 + ". " + name.dataset.name : name.dataset.name;
  }
  document.getElementById("chosen").textContent =
    chosen.length ? "Đã chọn " + chosen.length + " tệp, theo thứ tự đã chọn" : "Chưa chọn tệp nào";
}

document.addEventListener("change", (event) => {
  if (event.target.name !== "file") return;
  const at = chosen.indexOf(event.target.value);
  if (event.target.checked && at < 0) chosen.push(event.target.value);
  if (!event.target.checked && at >= 0) chosen.splice(at, 1);
  if (chosen.length) form.elements.physical_pages.placeholder = chosen.length + " (nếu mỗi tệp một trang)";
  showChosen();
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-act]");
  if (!button) return;
  const body = new URLSearchParams(new FormData(form));
  body.delete("file");
  for (const name of chosen) body.append("file", name);
  if (button.dataset.place) body.set("place", button.dataset.place);
  if (button.dataset.act === "ask") {
    const reason = prompt("Vì sao bản quét này đúng? Người kiểm tra của tỉnh sẽ đọc lý do.");
    if (reason === null) return;
    body.set("reason", reason);
  }
  button.disabled = true;
  try {
    const answer = await (await fetch("do/" + button.dataset.act, { method: "POST", body })).json();
    said.textContent = answer.said;
    said.className = answer.ok ? "good" : "bad";
    if (answer.ok && ["group", "rescan", "remove"].includes(button.dataset.act)) {
      chosen.length = 0;
      form.elements.title.value = form.elements.physical_pages.value = "";
    }
  } catch {
    lost();
  }
  button.disabled = false;
  await refresh();
});

function lost() {
  said.textContent = "Chương trình sohoa desk đã dừng. Mở lại chương trình; không có gì bị mất.";
  said.className = "bad";
}

const known = {};
async function refresh() {
  let parts;
  try {
    parts = await (await fetch("parts")).json();
  } catch {
    lost();
    return;
  }
  for (const [name, html] of Object.entries(parts.html)) {
    if (known[name] === html) continue;
    known[name] = html;
    document.getElementById(name).innerHTML = html;
  }
  const select = form.elements.place, value = select.value;
  select.replaceChildren(new Option("–", ""), ...parts.places.map(([place, words]) => new Option(words, place)));
  select.value = value;
  showChosen();
}
refresh();
setInterval(refresh, 1000);
