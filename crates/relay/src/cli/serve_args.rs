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
  0    ended by a signal, after draining
  1    could not start: a model, a file or the address
  2    an error in the command line
  130  ended at once by a second signal";

#[derive(Debug, Args)]
#[command(after_help = EXIT_STATUS)]
pub(crate) struct ServeArgs {
    /// Address and port to listen on. Port 0 picks a free one
    #[arg(
        long,
        value_name = "ADDRESS",
        default_value = "127.0.0.1:8787",
        env = "LIVE_KEYPOINTS_LISTEN"
    )]
    pub(crate) listen: SocketAddr,
    /// Folder with the files of a page to serve as well
    #[arg(long, value_name = "DIR", env = "LIVE_KEYPOINTS_WWW")]
    pub(crate) www: Option<PathBuf>,
    /// Number of threads that compute for all sessions, 1 to 4
    #[arg(long, value_name = "N", default_value = "4", value_parser = worker_count, env = "LIVE_KEYPOINTS_WORKERS")]
    pub(crate) workers: NonZeroUsize,
    #[command(flatten)]
    pub(crate) models: ModelArgs,
    /// Folder with the manifest signs.json and its model, or with examples.json. Clients may then ask for signs
    #[arg(long, value_name = "DIR", env = "LIVE_KEYPOINTS_SIGNS")]
    pub(crate) signs: Option<PathBuf>,
    /// Messages for clients that do not offer the subprotocol live-keypoints.v1: this protocol's, or those of the original
    /// application, which are about signs only and need --signs
    #[arg(
        long,
        value_enum,
        default_value_t,
        requires_if("original", "signs"),
        env = "LIVE_KEYPOINTS_REPLIES"
    )]
    replies: RepliesArg,
    /// PEM file with the server's certificate, followed by its chain. SIGHUP reloads certificate and key
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
    /// File with tokens, one a line. Clients, and requests for /metrics, must show one. SIGHUP reloads it
    #[arg(long, value_name = "FILE", env = "LIVE_KEYPOINTS_TOKEN_FILE")]
    token_file: Option<PathBuf>,
    /// Host name under which clients reach the relay, besides localhost, IP addresses and the names in its certificate.
    /// Requests for other hosts are refused. May be repeated
    #[arg(
        long,
        value_name = "NAME",
        value_delimiter = ',',
        env = "LIVE_KEYPOINTS_ALLOW_HOST"
    )]
    allow_host: Vec<HostName>,
    /// Origin whose pages may connect, besides the relay's own. May be repeated
    #[arg(
        long,
        value_name = "URL",
        value_delimiter = ',',
        env = "LIVE_KEYPOINTS_ALLOW_ORIGIN"
    )]
    allow_origin: Vec<Origin>,
    #[command(flatten)]
    limits: LimitArgs,
    /// Separate address for /healthz, /readyz and /metrics, without TLS
    #[arg(long, value_name = "ADDRESS", env = "LIVE_KEYPOINTS_METRICS_LISTEN")]
    pub(crate) metrics_listen: Option<SocketAddr>,
    /// Format of log lines, which go to standard error
    #[arg(long, value_enum, default_value_t, env = "LIVE_KEYPOINTS_LOG_FORMAT")]
    pub(crate) log_format: LogFormatArg,
}

#[derive(Debug, Args)]
struct LimitArgs {
    /// Maximum length of a message in bytes; a longer one ends its session
    #[arg(long, value_name = "N", default_value_t = Limits::DEFAULT.max_message_bytes, value_parser = message_bytes, env = "LIVE_KEYPOINTS_MAX_MESSAGE_BYTES")]
    max_message_bytes: usize,
    /// Maximum width times height of a picture; a larger one gets an error
    #[arg(long, value_name = "N", default_value_t = Limits::DEFAULT.max_pixels, value_parser = clap::value_parser!(u64).range(1..), env = "LIVE_KEYPOINTS_MAX_PIXELS")]
    max_pixels: u64,
    /// Maximum frames a second of a session. Above it, the newest frame waits, and older waiting ones are dropped [default: any]
    #[arg(long, value_name = "N", env = "LIVE_KEYPOINTS_MAX_FPS")]
    max_fps: Option<NonZeroU32>,
    /// Maximum number of sessions
    #[arg(long, value_name = "N", default_value_t = Limits::DEFAULT.max_sessions, env = "LIVE_KEYPOINTS_MAX_SESSIONS")]
    max_sessions: NonZeroUsize,
    /// Maximum number of sessions from one address [default: as many as in all]
    #[arg(
        long,
        value_name = "N",
        env = "LIVE_KEYPOINTS_MAX_SESSIONS_PER_ADDRESS"
    )]
    max_sessions_per_address: Option<NonZeroUsize>,
    /// Bytes of memory for all sessions together, besides the models [default: half of the machine's or container's]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), env = "LIVE_KEYPOINTS_MAX_MEMORY")]
    max_memory: Option<u64>,
    /// Number of bad frames in a row that ends a session
    #[arg(long, value_name = "N", default_value_t = Limits::DEFAULT.max_consecutive_bad, env = "LIVE_KEYPOINTS_MAX_CONSECUTIVE_BAD")]
    max_consecutive_bad: NonZeroU32,
    /// Seconds without a message from the client after which a session ends
    #[arg(long, value_name = "N", default_value_t = Limits::DEFAULT.idle_timeout.as_secs(), value_parser = clap::value_parser!(u64).range(1..), env = "LIVE_KEYPOINTS_IDLE_TIMEOUT_SECS")]
    idle_timeout_secs: u64,
    /// Maximum age of a session in seconds; its client may reconnect [default: never]
    #[arg(long, value_name = "N", env = "LIVE_KEYPOINTS_MAX_SESSION_SECS")]
    max_session_secs: Option<NonZeroU64>,
    /// Seconds for answering received frames when a session ends
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
