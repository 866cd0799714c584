//! The table of attacks, and of what is wanted of the relay under each.

use super::connections::Manner;
use super::ends::Log;
use super::floods::Flood;
use super::pictures::Picture;
use super::tls::TLS;
use crate::camera::FRAMES_A_SECOND;

/// One attack, on a relay of its own.
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) attack: Attack,
    /// More arguments of `serve`; `{files}` stands for a folder with a page's folder, a file of tokens, a
    /// certificate and signs.
    pub(super) serve: &'static [&'static str],
    pub(super) wanted: Wanted,
}

/// What a stranger tries.
#[derive(Clone, Copy, Debug)]
pub(super) enum Attack {
    /// Stills that must be refused: sessions, and stills of each.
    Stills(Picture, [usize; 2]),
    /// The same, by clients that are gone before they can be answered.
    StillsAndGone(Picture, [usize; 2]),
    Flood(Flood, usize),
    /// Connections, from so many addresses.
    Connections(Manner, u8),
    UndoneHandshakes,
    RefusedSessions,
    Log(Log),
    Names,
    Tokens,
    Files,
    /// The relay is to end amid work for minutes.
    End,
    /// The same, and is told so a second time.
    EndAtOnce,
}

impl Row {
    /// Whether honest clients speak TLS.
    pub(super) fn is_tls(&self) -> bool {
        self.serve == TLS
    }
}

impl Attack {
    /// What is sent, where making it takes time.
    pub(super) fn picture(self) -> Option<Picture> {
        match self {
            Self::Stills(picture, _)
            | Self::StillsAndGone(picture, _)
            | Self::Flood(Flood::Paced(picture, _) | Flood::Frames(picture), _) => Some(picture),
            Self::End | Self::EndAtOnce => Some(CMYK),
            _ => None,
        }
    }
}

/// What must hold during an attack and after it. Besides, every relay ends by itself after SIGTERM, by its deadline.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    /// Whether there is an honest session beside it, all of whose frames are answered.
    pub(super) honest: bool,
    /// How many frames a second it sends.
    pub(super) frames_a_second: u32,
    /// Its p99 during the attack, in times of that before it.
    pub(super) slowdown: f64,
    /// Whether whoever opens a session meanwhile is welcomed in a moment, as `/healthz` always is.
    pub(super) newcomers: bool,
    /// How far memory may rise, megabytes.
    pub(super) growth_mb: f64,
}

const HELD: Wanted = Wanted {
    honest: true,
    frames_a_second: FRAMES_A_SECOND,
    slowdown: 3.0,
    newcomers: true,
    growth_mb: f64::INFINITY,
};
/// What is small must stay small.
const SMALL: Wanted = Wanted {
    growth_mb: 60.0,
    ..HELD
};
const NOBODY_BESIDE: Wanted = Wanted {
    honest: false,
    ..HELD
};

/// On a relay whose signs are as dear as they can be.
pub(super) const SIGNS: &[&str] = &["--signs", "{files}/signs"];

const GREY: Picture = Picture::Refined { scans: 1 };
const LOSSLESS: Picture = Picture::Lossless { scans: 20 };
const REFINED: Picture = Picture::Refined { scans: 400 };
const CMYK: Picture = Picture::ProgressiveCmyk;

const fn row(name: &'static str, attack: Attack, wanted: Wanted) -> Row {
    Row {
        name,
        attack,
        serve: &[],
        wanted,
    }
}

const fn flood(name: &'static str, sessions: usize, flood: Flood) -> Row {
    row(name, Attack::Flood(flood, sessions), HELD)
}

/// On a relay that speaks TLS, as the honest session does.
const fn tls(name: &'static str, attack: Attack) -> Row {
    Row {
        serve: TLS,
        ..row(name, attack, SMALL)
    }
}

const fn signs(name: &'static str, sessions: usize, flood: Flood) -> Row {
    Row {
        serve: SIGNS,
        ..row(name, Attack::Flood(flood, sessions), SMALL)
    }
}

/// All of them, in the order in which they run.
pub(super) const ROWS: &[Row] = &[
    row("lossless", Attack::Stills(LOSSLESS, [2, 4]), SMALL),
    row(
        "lossless-gone",
        Attack::StillsAndGone(LOSSLESS, [2, 4]),
        SMALL,
    ),
    row("refined-one", Attack::Stills(REFINED, [1, 1]), SMALL),
    row("refined", Attack::Stills(REFINED, [2, 4]), SMALL),
    row(
        "refined-gone",
        Attack::StillsAndGone(REFINED, [2, 4]),
        SMALL,
    ),
    row("heavy-gone", Attack::StillsAndGone(CMYK, [2, 4]), HELD),
    row("end", Attack::End, NOBODY_BESIDE),
    row("end-at-once", Attack::EndAtOnce, NOBODY_BESIDE),
    row(
        "unread-answers",
        Attack::Connections(Manner::Unread, 1),
        SMALL,
    ),
    row(
        "unread-answers-200",
        Attack::Connections(Manner::Unread, 200),
        SMALL,
    ),
    row("silent", Attack::Connections(Manner::Silent, 1), SMALL),
    row(
        "silent-200",
        Attack::Connections(Manner::Silent, 200),
        SMALL,
    ),
    row(
        "trickling",
        Attack::Connections(Manner::Trickling, 1),
        SMALL,
    ),
    tls("hello-none", Attack::Connections(Manner::Silent, 1)),
    tls("hello-none-200", Attack::Connections(Manner::Silent, 200)),
    tls("hello-half", Attack::Connections(Manner::HalfHello, 1)),
    tls(
        "hello-half-200",
        Attack::Connections(Manner::HalfHello, 200),
    ),
    tls(
        "hello-trickling",
        Attack::Connections(Manner::TricklingHello, 1),
    ),
    tls("hello-undone", Attack::UndoneHandshakes),
    Row {
        serve: &["--max-sessions", "1"],
        ..row(
            "refused-sessions",
            Attack::RefusedSessions,
            Wanted {
                newcomers: false,
                ..SMALL
            },
        )
    },
    row("log-gone", Attack::Log(Log::Gone), SMALL),
    row("log-full", Attack::Log(Log::Full), SMALL),
    row("log-unread", Attack::Log(Log::Unread), SMALL),
    flood("cmyk-1", 1, Flood::Paced(CMYK, 10.0)),
    flood("cmyk-2", 2, Flood::Paced(CMYK, 10.0)),
    flood("cmyk-8", 8, Flood::Paced(CMYK, 10.0)),
    Row {
        serve: &["--workers", "1"],
        ..row(
            "one-worker",
            Attack::Flood(Flood::Paced(CMYK, 10.0), 2),
            Wanted {
                // One worker is busy with fifteen even if nobody attacks.
                frames_a_second: 5,
                ..HELD
            },
        )
    },
    flood("grey-1", 1, Flood::Paced(GREY, 10.0)),
    flood("grey-2", 2, Flood::Paced(GREY, 10.0)),
    flood("grey-8", 8, Flood::Paced(GREY, 10.0)),
    flood("baseline-2", 2, Flood::Paced(Picture::Baseline, 10.0)),
    flood("ordinary-1", 1, Flood::Paced(Picture::Ordinary, 100.0)),
    flood("ordinary-3", 3, Flood::Paced(Picture::Ordinary, 100.0)),
    flood("ordinary-8", 8, Flood::Paced(Picture::Ordinary, 100.0)),
    flood("ordinary-8-fast", 8, Flood::Frames(Picture::Ordinary)),
    flood("resets", 3, Flood::Resets),
    flood("stills", 3, Flood::Stills(Picture::Ordinary)),
    flood("exif", 2, Flood::Frames(Picture::Exif)),
    flood("zeros", 3, Flood::Frames(Picture::Zeros)),
    flood("pings", 3, Flood::Pings),
    flood("fragments", 3, Flood::Fragments),
    flood("points", 3, Flood::Points),
    signs("signs-1", 1, Flood::Signs),
    signs("signs-8", 8, Flood::Signs),
    signs("signs-asked-anew", 3, Flood::SignsAskedAnew),
    row(
        "memory",
        Attack::Flood(Flood::Paced(Picture::Padded, 2.0), 16),
        Wanted {
            // What is looked at is what remains.
            slowdown: f64::INFINITY,
            ..HELD
        },
    ),
    // Without anything else to do, an allocator may see no reason to give back.
    row(
        "memory-idle",
        Attack::Flood(Flood::Paced(Picture::Padded, 2.0), 16),
        NOBODY_BESIDE,
    ),
    Row {
        serve: &["--max-memory", "1000000000"],
        ..row(
            "ceiling",
            Attack::Flood(Flood::Frames(Picture::Padded), 16),
            Wanted {
                slowdown: f64::INFINITY,
                growth_mb: 1000.0,
                ..HELD
            },
        )
    },
    Row {
        serve: &["--allow-host", "example.org"],
        ..row("names", Attack::Names, NOBODY_BESIDE)
    },
    Row {
        serve: &["--token-file", "{files}/tokens"],
        ..row("tokens", Attack::Tokens, NOBODY_BESIDE)
    },
    Row {
        serve: &["--www", "{files}/www"],
        ..row("files", Attack::Files, NOBODY_BESIDE)
    },
];
