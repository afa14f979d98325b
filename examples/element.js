const player = document.querySelector("sluice-player");
const said = document.querySelector("#said");

player.addEventListener("statuschange", ({ detail }) => {
  said.textContent = detail.state;
});
player.addEventListener("latencychange", ({ detail }) => {
  if (detail.delay !== undefined)
    said.textContent = `${Math.round(detail.delay)} ms from the server`;
});
for (const mode of ["instant", "smooth"]) {
  document.querySelector(`#${mode}`).onclick = () => {
    player.latency = mode;
  };
}
