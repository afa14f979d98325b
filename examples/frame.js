import { SluiceEmbed } from "http://localhost:8080/embed.js";

const said = document.querySelector("#said");
const player = new SluiceEmbed(document.querySelector("#stage"), {
  stream: "live/demo",
  autoplay: "muted",
  sandbox: true,
  statsEvery: 1000,
});

let words = "";
player.addEventListener("statuschange", ({ detail }) => {
  words = detail.state;
  said.textContent = words;
});
player.addEventListener("stats", ({ detail }) => {
  const delay = detail.delay === undefined ? "" : `, ${Math.round(detail.delay)} ms`;
  said.textContent = `${words}${delay}, by ${detail.transport ?? "nothing yet"}`;
});

const commands = {
  play: () => player.play(),
  pause: () => player.pause(),
  back: () => player.seek(-10),
  live: () => player.seekToLive(),
};
for (const [id, command] of Object.entries(commands)) {
  document.querySelector(`#${id}`).onclick = () => {
    command().catch((error) => {
      said.textContent = `${error.name}: ${error.message}`;
    });
  };
}
