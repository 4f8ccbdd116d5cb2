const frame = element.querySelector("iframe"), nothing = element.querySelector("p");

function show() {
  const { document: content } = props.value || {};
  frame.hidden = !content;
  nothing.hidden = Boolean(content);
  if (content) frame.srcdoc = content;
}

window.addEventListener("message", ({ source, data }) => {
  if (source !== frame.contentWindow) return;
  if (data.height) frame.style.height = `${Math.ceil(data.height)}px`;
  if ("scale" in data) {
    const [mm, uncertainty] = data.scale || [0, 0];
    trigger("rescale", { key: props.value.key, mm, uncertainty, for_all: false });
  }
});
watch("value", show);
show();
