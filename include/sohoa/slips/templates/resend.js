const data = JSON.parse(document.getElementById("data").textContent);
const form = document.getElementById("form");
const list = document.getElementById("documents");

function element(tag, values = {}, ...children) {
  const made = Object.assign(document.createElement(tag), values);
  made.append(...children);
  return made;
}

function labelled(text, field) {
  return element("label", {}, element("span", { textContent: text }), field);
}

function localDay(date) {
  const two = (number) => String(number).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

function showDocument(entry, place) {
  const { listed } = entry;
  const box = element("article", { className: "document" + (entry.must ? " to_scan" : "") });
  entry.chosen = element("input", { type: "checkbox", checked: entry.must });
  const title = element("bdi", { textContent: listed.title });
  box.append(element("h3", {}, element("label", { className: "pick" }, entry.chosen, ` ${place + 1}. `, title)));
  const dossier = listed.dossier_code ? ` · Mã hồ sơ ${listed.dossier_code}` : "";
  box.append(element("p", { className: "soft", textContent: `Mã cũ ${listed.replaces} → mã mới ${listed.document_id}${dossier}` }));
  box.append(element("p", { textContent: `${entry.must ? "Vì sao phải làm lại" : "Vì sao chưa quét"}: ${entry.reasons.join("; ") || "theo yêu cầu của người kiểm tra"}.` }));
  entry.input = element("input", { type: "file", multiple: true, accept: ".pdf,.jpg,.jpeg,.png,.tif,.tiff" });
  entry.pages = element("input", { type: "number", min: 1, max: 2000, value: listed.physical_pages });
  entry.noted = element("input", { type: "text", placeholder: "ví dụ 2, 5", size: 20 });
  const fields = element("div", { className: "fields" },
    labelled("Tệp mới", entry.input), labelled("Số trang giấy", entry.pages));
  fields.append(labelled("Trang có dán ghi chú (quét hai lần)", entry.noted));
  if (entry.notes) box.append(element("p", { textContent: `Lần trước có ${entry.notes} trang có dán ghi chú: điền lại số các trang đó.` }));
  entry.parts = element("ul", { className: "parts" });
  entry.fault = element("p", { className: "bad fault" });
  entry.input.addEventListener("change", () => { entry.chosen.checked = true; showParts(entry); });
  box.append(fields, entry.parts, entry.fault);
  list.append(box);
}

function showParts(entry) {
  entry.roles = [...entry.input.files].map((file) => ({
    file,
    role: element("select", {},
      element("option", { value: "page", textContent: "cả trang" }),
      element("option", { value: "tile", textContent: "một mảnh của tờ lớn" }),
      element("option", { value: "reference", textContent: "ảnh chụp toàn tờ" })),
    sheet: element("input", { type: "number", min: 1, max: 2000, value: 1 }),
  }));
  for (const part of entry.roles) if (entry.was_tiled) part.role.value = "tile";
  entry.parts.replaceChildren(...entry.roles.map(({ file, role, sheet }) => {
    const size = `${Math.ceil(file.size / 1000).toLocaleString("vi")} kB`;
    const row = element("li", {}, element("bdi", { textContent: file.name }), ` (${size}) `);
    if (entry.may_be_tiled) row.append(role, " tờ số ", sheet);
    return row;
  }));
}

function ask(name) {
  return form.elements[name].value.trim();
}

function faultOfHead() {
  const day = ask("scan_date");
  if (!day) return "Chọn ngày quét.";
  if (day > localDay(new Date())) return "Ngày quét sau ngày hôm nay: kiểm tra lại.";
  if (!/^\d{3}$/.test(ask("number"))) return "Số lô gồm đúng 3 chữ số.";
  for (const [name, what] of [["operator", "người quét"], ["device_id", "mã máy quét"], ["device_model", "kiểu máy quét"], ["device_kind", "loại máy quét"]]) {
    if (!ask(name)) return `Điền ${what}.`;
  }
  return data.documents.some((entry) => entry.chosen.checked) ? "" : "Chưa chọn tài liệu nào để gửi lại.";
}

function notedPages(entry) {
  return (entry.noted.value.match(/\d+/g) || []).map(Number);
}

function faultOf(entry, names) {
  const files = [...entry.input.files];
  if (!files.length) return "Chọn tệp mới của tài liệu này, hoặc bỏ dấu chọn để gửi sau.";
  const pages = Number(entry.pages.value);
  if (!Number.isInteger(pages) || pages < 1 || pages > 2000) return "Số trang giấy phải từ 1 đến 2000.";
  const noted = notedPages(entry);
  if (new Set(noted).size < noted.length || noted.some((page) => page < 1 || page > pages)) {
    return "Trang có dán ghi chú: ghi số trang, mỗi trang một lần, không quá số trang giấy.";
  }
  for (const file of files) {
    if (!file.size) return `Tệp ${file.name} rỗng.`;
    if (file.name.length > 200 || /[\\\x00-\x1f\x7f]/.test(file.name)) return `Đổi tên tệp ${file.name}: tên quá dài hoặc có ký tự lạ.`;
    const name = file.name.normalize("NFC");
    if (names.has(name)) return `Tệp ${file.name} được chọn hai lần, hoặc hai tệp trùng tên: đổi tên một tệp.`;
    names.add(name);
  }
  return "";
}

function findFaults() {
  const names = new Set();
  let found = faultOfHead();
  document.getElementById("head-fault").textContent = found;
  for (const entry of data.documents) {
    const fault = entry.chosen.checked ? faultOf(entry, names) : "";
    entry.fault.textContent = fault;
    found = found || fault;
  }
  return found;
}

async function listDocument(entry, tell) {
  const files = [];
  for (const { file, role, sheet } of entry.roles) {
    const hash = await sha256(file, (done) => tell(`Đang đọc tệp ${file.name}: ${Math.floor((100 * done) / file.size)} %`));
    const part = entry.may_be_tiled && role.value !== "page" ? { role: role.value, sheet: Number(sheet.value) } : {};
    files.push({ path: file.name, sha256: hash, bytes: file.size, ...part });
  }
  const noted = notedPages(entry);
  const listed = { ...entry.listed, physical_pages: Number(entry.pages.value), files };
  delete listed.note_pages;
  return noted.length ? { ...listed, note_pages: noted } : listed;
}

async function makeManifest(tell) {
  const day = ask("scan_date");
  const manifest = {
    schema_version: 1,
    agency: data.agency,
    batch: `${data.agency}-${day.replaceAll("-", "")}-${ask("number")}`,
    scan_date: day,
    operator: ask("operator"),
    device: { id: ask("device_id"), model: ask("device_model"), kind: ask("device_kind") },
    documents: [],
  };
  if (ask("operator_org")) manifest.operator_org = ask("operator_org");
  for (const entry of data.documents) if (entry.chosen.checked) manifest.documents.push(await listDocument(entry, tell));
  return manifest;
}

function offer(manifest) {
  const text = `${JSON.stringify(manifest, null, 1)}\n`;
  const name = `${manifest.batch}.json`;
  const link = document.getElementById("download");
  URL.revokeObjectURL(link.href);
  Object.assign(link, { href: URL.createObjectURL(new Blob([text], { type: "application/json" })), download: name, textContent: `Tải bản kê ${name}` });
  document.getElementById("folder").textContent = `landing/batches/${manifest.agency}/${manifest.scan_date}/${manifest.batch}/`;
  document.getElementById("inbox").textContent = `landing/inbox/${manifest.agency}/`;
  const names = manifest.documents.flatMap((one) => one.files.map((file) => file.path));
  document.getElementById("names").replaceChildren(...names.map((name) => element("li", {}, element("bdi", { textContent: name }))));
  document.getElementById("count").textContent = names.length;
  document.getElementById("done").hidden = false;
  link.click();
  document.getElementById("done").scrollIntoView();
}

async function submit(event) {
  event.preventDefault();
  const button = form.querySelector("button");
  const state = document.getElementById("state");
  document.getElementById("done").hidden = true;
  state.textContent = "";
  if (findFaults()) {
    state.textContent = "Chưa lập được bản kê: xem các dòng chữ đỏ.";
    return;
  }
  button.disabled = true;
  try {
    offer(await makeManifest((text) => { state.textContent = text; }));
    state.textContent = "Đã lập xong bản kê.";
  } catch (error) {
    state.textContent = `Không đọc được tệp (${error.message}): chọn lại tệp rồi thử lần nữa.`;
  } finally {
    button.disabled = false;
  }
}

data.documents.forEach(showDocument);
form.elements.scan_date.value = localDay(new Date());
form.elements.scan_date.max = localDay(new Date());
form.elements.number.value = data.number;
form.elements.operator.value = data.operator;
form.elements.operator_org.value = data.operator_org;
form.elements.device_id.value = data.device.id;
form.elements.device_model.value = data.device.model;
form.elements.device_kind.value = data.device.kind;
form.addEventListener("submit", submit);
form.hidden = false;
