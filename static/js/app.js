// The one script of every page.

import { abx } from "./abx.js";
import { audition } from "./audio/audition.js";
import { battle } from "./battle/battle.js";
import { start } from "./components.js";
import { centered } from "./parts/centered.js";
import { copy } from "./parts/copy.js";
import { dismissErrors } from "./parts/errors.js";
import { live } from "./parts/live.js";
import { menu } from "./parts/menu.js";
import { endPolls } from "./parts/polls.js";
import { reveal } from "./parts/reveal.js";
import { themeButton } from "./parts/theme.js";
import { upload } from "./parts/upload.js";

start({ abx, audition, battle, centered, copy, live, menu, reveal, upload });
themeButton();
dismissErrors();
endPolls();
