watch("value", () => {
  if (!props.value) return;
  const link = document.createElement("a");
  link.href = props.value;
  link.download = "cracks.zip";
  link.click();
});
