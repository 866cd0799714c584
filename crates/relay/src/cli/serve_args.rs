//! The options of `serve`. Each can also be given in the environment, as `LIVE_KEYPOINTS_` and its name.

use std::net::SocketAddr;
use std::num::{NonZeroU32, NonZeroU64, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use live_keypoints_relay::live::{
    Access, HostName, Limits, Origin, Patience, Replies, Tokens, TokensError,
};
use live_keypoints_relay::serve::TlsFiles;

use super::{ModelArgs, worker_count};

const EXIT_STATUS: &str = "\
Exit status:
  0    it ended when it was told to
  1    it did not start: the models, the files, the address
  2    the command line is wrong
  130  a second signal ended it at once";

#[derive(Debug, Args)]
#[command(after_help = EXIT_STATUS)]
pub(crate) struct ServeArgs {
    /// Address and port to listen on; port 0 takes any free one
    #[arg(
        long,
        value_name = "ADDRESS",
        default_value = "127.0.0.1:8787",
        env = "LIVE_KEYPOINTS_LISTEN"
    )]
    pub(crate) listen: SocketAddr,
    /// Folder of the files to serve
    #[arg(long, value_name = "DIR", env = "LIVE_KEYPOINTS_WWW")]
    pub(crate) www: Option<PathBuf>,
    /// Threads that compute for all sessions, 1 to 4
    #[arg(long, value_name = "N", default_value = "4", value_parser = worker_count, env = "LIVE_KEYPOINTS_WORKERS")]
    pub(crate) workers: NonZeroUsize,
    #[command(flatten)]
    pub(crate) models: ModelArgs,
    /// Folder with a manifest signs.json and the model that it names, or examples.json: clients may have signs recognised by it
    #[arg(long, value_name = "DIR", env = "LIVE_KEYPOINTS_SIGNS")]
    pub(crate) signs: Option<PathBuf>,
    /// Whose messages clients are sent that do not offer the subprotocol live-keypoints.v1: this relay's, or those of the system
    /// that it re-implements, signs and idleness alone. The latter needs --signs
    #[arg(
        long,
        value_enum,
        default_value_t,
        requires_if("original", "signs"),
        env = "LIVE_KEYPOINTS_REPLIES"
    )]
    replies: RepliesArg,
    /// PEM file with the server's certificate, then those that vouch for it. Read anew at SIGHUP, as is the key
    #[arg(
        long,
        value_name = "FILE",
        requires = "tls_key",
        env = "LIVE_KEYPOINTS_TLS_CERT"
    )]
    tls_cert: Option<PathBuf>,
    /// PEM file with the certificate's private key
    #[arg(
        long,
        value_name = "FILE",
        requires = "tls_cert",
        env = "LIVE_KEYPOINTS_TLS_KEY"
    )]
    tls_key: Option<PathBuf>,
    /// File of tokens, one a line; who connects must show one, and who asks for /metrics. Read anew at SIGHUP
    #[arg(long, value_name = "FILE", env = "LIVE_KEYPOINTS_TOKEN_FILE")]
    token_file: Option<PathBuf>,
    /// Name of this relay, as it stands in its address, besides localhost and those of its certificate; addresses need
    /// none. Requests for any other are refused. May be repeated
    #[arg(
        long,
        value_name = "NAME",
        value_delimiter = ',',
        env = "LIVE_KEYPOINTS_ALLOW_HOST"
    )]
    allow_host: Vec<HostName>,
    /// Origin whose pages may connect besides those of the same origin; may be repeated
    #[arg(
        long,
        value_name = "URL",
        value_delimiter = ',',
        env = "LIVE_KEYPOINTS_ALLOW_ORIGIN"
    )]
    allow_origin: Vec<Origin>,
    #[command(flatten)]
    limits: LimitArgs,
    /// Where to serve /healthz, /readyz and /metrics, unencrypted, instead of with everything else
    #[arg(long, value_name = "ADDRESS", env = "LIVE_KEYPOINTS_METRICS_LISTEN")]
    pub(crate) metrics_listen: Option<SocketAddr>,
    /// How log lines look; they go to standard error
    #[arg(long, value_enum, default_value_t, env = "LIVE_KEYPOINTS_LOG_FORMAT")]
    pub(crate) log_format: LogFormatArg,
}

#[derive(Debug, Args)]
struct LimitArgs {
    /// Bytes of a message; a longer one ends its session
    #[arg(long, value_name = "N", default_value_t = Limits::DEFAULT.max_message_bytes, value_parser = message_bytes, env = "LIVE_KEYPOINTS_MAX_MESSAGE_BYTES")]
    max_message_bytes: usize,
    /// Width times height of a picture; a larger one is answered with an error
    #[arg(long, value_name = "N", default_value_t = Limits::DEFAULT.max_pixels, value_parser = clap::value_parser!(u64).range(1..), env = "LIVE_KEYPOINTS_MAX_PIXELS")]
    max_pixels: u64,
    /// Frames a second of a session; above it the newest waits, and what waits before it is dropped and counted [default: any]
    #[arg(long, value_name = "N", env = "LIVE_KEYPOINTS_MAX_FPS")]
    max_fps: Option<NonZeroU32>,
    /// Sessions at once
    #[arg(long, value_name = "N", default_value_t = Limits::DEFAULT.max_sessions, env = "LIVE_KEYPOINTS_MAX_SESSIONS")]
    max_sessions: NonZeroUsize,
    /// Sessions at once from one address [default: as many as in all]
    #[arg(
        long,
        value_name = "N",
        env = "LIVE_KEYPOINTS_MAX_SESSIONS_PER_ADDRESS"
    )]
    max_sessions_per_address: Option<NonZeroUsize>,
    /// Bytes of memory that all sessions may take together, beside the models [default: half of the machine's or container's]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), env = "LIVE_KEYPOINTS_MAX_MEMORY")]
    max_memory: Option<u64>,
    /// Bad frames in a row that end a session
    #[arg(long, value_name = "N", default_value_t = Limits::DEFAULT.max_consecutive_bad, env = "LIVE_KEYPOINTS_MAX_CONSECUTIVE_BAD")]
    max_consecutive_bad: NonZeroU32,
    /// Seconds without a message from the client that end a session
    #[arg(long, value_name = "N", default_value_t = Limits::DEFAULT.idle_timeout.as_secs(), value_parser = clap::value_parser!(u64).range(1..), env = "LIVE_KEYPOINTS_IDLE_TIMEOUT_SECS")]
    idle_timeout_secs: u64,
    /// Seconds after which a session ends, and its client is to connect again [default: never]
    #[arg(long, value_name = "N", env = "LIVE_KEYPOINTS_MAX_SESSION_SECS")]
    max_session_secs: Option<NonZeroU64>,
    /// Seconds that sessions get to answer the frames they have when they are to end
    #[arg(long, value_name = "N", default_value_t = Limits::DEFAULT.drain.as_secs(), env = "LIVE_KEYPOINTS_DRAIN_SECS")]
    drain_secs: u64,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum RepliesArg {
    #[default]
    V1,
    Original,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(crate) enum LogFormatArg {
    #[default]
    Text,
    /// One JSON object a line
    Json,
}

impl ServeArgs {
    /// Both files, or none.
    pub(crate) fn tls(&self) -> Option<TlsFiles> {
        Some(TlsFiles {
            certificates: self.tls_cert.clone()?,
            key: self.tls_key.clone()?,
        })
    }

    pub(crate) fn replies(&self) -> Replies {
        match self.replies {
            RepliesArg::V1 => Replies::V1,
            RepliesArg::Original => Replies::Original,
        }
    }

    /// Whether there are files that can be read anew.
    pub(crate) fn can_reload(&self) -> bool {
        self.tls_cert.is_some() || self.token_file.is_some()
    }

    pub(crate) fn access(&self) -> Result<Access, TokensError> {
        Ok(Access {
            allowed_hosts: self.allow_host.clone(),
            allowed_origins: self.allow_origin.clone(),
            tokens: self.token_file.as_deref().map(Tokens::read).transpose()?,
        })
    }

    pub(crate) fn limits(&self) -> Limits {
        let limits = &self.limits;
        Limits {
            max_message_bytes: limits.max_message_bytes,
            max_pixels: limits.max_pixels,
            max_fps: limits.max_fps,
            max_sessions: limits.max_sessions,
            max_sessions_per_address: limits.max_sessions_per_address,
            max_memory: limits.max_memory.unwrap_or_else(half_of_memory),
            max_consecutive_bad: limits.max_consecutive_bad,
            idle_timeout: Duration::from_secs(limits.idle_timeout_secs),
            max_session: limits
                .max_session_secs
                .map(|seconds| Duration::from_secs(seconds.get())),
            drain: Duration::from_secs(limits.drain_secs),
            max_connections: Limits::DEFAULT.max_connections,
            patience: Patience::DEFAULT,
        }
    }
}

fn message_bytes(text: &str) -> Result<usize, String> {
    text.parse()
        .ok()
        .filter(|bytes| *bytes >= 1024)
        .ok_or_else(|| "a number of at least 1024".to_owned())
}

/// Of what the machine has, or the container that this runs in. Where it is not known, what [`Limits::DEFAULT`] says.
fn half_of_memory() -> u64 {
    let Ok(mut system) = sysinfo::System::new() else {
        return Limits::DEFAULT.max_memory;
    };
    system.refresh_memory();
    let container = system.cgroup_limits().map(|limits| limits.total_memory);
    match container.unwrap_or(u64::MAX).min(system.total_memory()) {
        0 => Limits::DEFAULT.max_memory,
        total => total / 2,
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_default_ceiling_is_half_of_what_there_is() {
        let machine = std::fs::read_to_string("/proc/meminfo").unwrap();
        let kilobytes = machine.split_ascii_whitespace().nth(1).unwrap();
        let machine = kilobytes.parse::<u64>().unwrap() * 1024;
        let files = [
            "/sys/fs/cgroup/memory.max",
            "/sys/fs/cgroup/memory/memory.limit_in_bytes",
        ];
        let container = files
            .iter()
            .find_map(|file| std::fs::read_to_string(file).ok()?.trim().parse().ok());
        assert_eq!(
            half_of_memory(),
            container.unwrap_or(machine).min(machine) / 2
        );
    }
}
