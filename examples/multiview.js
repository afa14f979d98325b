// ?live/cam-1&live/cam-2 …: which streams; the same one four times where nothing is said.
const named = location.search.slice(1).split("&").filter(Boolean).map(decodeURIComponent);
const streams = named.length > 0 ? named : Array(4).fill("live/demo");
const page = document.querySelector(".four");

const players = streams.map((stream) => {
  const player = document.createElement("sluice-player");
  player.setAttribute("src", `http://localhost:8080/streams/${stream}`);
  player.setAttribute("autoplay", "muted");
  player.setAttribute("sync-group", "show");
  player.setAttribute("latency", "balanced");
  player.title = stream;
  return player;
});
page.append(...players);

for (const chosen of players) {
  chosen.addEventListener("click", () => {
    for (const player of players) {
      player.muted = player !== chosen;
      player.toggleAttribute("data-chosen", player === chosen);
    }
  });
}
