const frame = element.querySelector("iframe"), nothing = element.querySelector("p");

function show() {
  const { document: content } = props.value || {};
  frame.hidden = !content;
  nothing.hidden = Boolean(content);
  // The frame is as high as what is in it: it cannot know how much of that a screen shows.
  if (content) frame.srcdoc = `${content}<style>.stage { max-height: ${0.64 * innerHeight}px; }</style>`;
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
