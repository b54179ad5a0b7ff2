/** A page with the ballot and nothing else, for a phone. */

import { openRoom } from "../classroom/room.js";
import { watchBallot } from "./ballot.js";

watchBallot();
openRoom(document.documentElement.dataset.roomSocket ?? "");
