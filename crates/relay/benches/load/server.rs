//! The program under load, with all processes below it: what it takes of the machine, as Linux tells it in `/proc`.

use std::collections::HashMap;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep};

/// Stands for the port in the program's arguments.
const PORT: &str = "{port}";
/// The kernel counts processor time for programs in hundredths of a second everywhere.
const TICKS_A_SECOND: f64 = 100.0;
/// Until it listens: Python imports for a while.
const STARTING: Duration = Duration::from_secs(60);

/// A server on a free port of loopback; ends when it is dropped.
pub(crate) struct Server {
    pub(crate) child: Child,
    pub(crate) address: SocketAddr,
}

/// What it took of the machine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage {
    /// Processor time since the start, seconds.
    pub(crate) cpu_secs: f64,
    /// Proportional set size now, megabytes.
    pub(crate) memory_mb: f64,
}

impl Server {
    /// Starts a program and waits until it listens. `{port}` in its arguments stands for the port.
    pub(crate) async fn start(command: &[String]) -> Result<Self> {
        Self::start_with(command, "error", Stdio::inherit()).await
    }

    /// The same with a level of its log and a standard error.
    pub(crate) async fn start_with(command: &[String], log: &str, stderr: Stdio) -> Result<Self> {
        ensure!(
            cfg!(target_os = "linux"),
            "processor time and memory can only be told on Linux"
        );
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = free.local_addr()?;
        drop(free);
        let (program, arguments) = command.split_first().context("a program is needed")?;
        let port = address.port().to_string();
        let child = Command::new(program)
            .args(arguments.iter().map(|text| text.replace(PORT, &port)))
            .env("RUST_LOG", log)
            .stdout(Stdio::null())
            .stderr(stderr)
            .spawn()
            .with_context(|| format!("cannot start {program}"))?;
        let mut server = Self { child, address };
        let began = Instant::now();
        while TcpStream::connect(address).await.is_err() {
            if let Some(status) = server.child.try_wait()? {
                bail!("{program} ended before it listened: {status}");
            }
            ensure!(began.elapsed() < STARTING, "{program} does not listen");
            sleep(Duration::from_millis(50)).await;
        }
        Ok(server)
    }

    /// What the program and all below it have taken.
    pub(crate) fn usage(&self) -> Result<Usage> {
        let mut usage = Usage {
            cpu_secs: 0.0,
            memory_mb: 0.0,
        };
        for process in tree(self.child.id())? {
            usage.cpu_secs += cpu_secs(process).unwrap_or_default();
            usage.memory_mb += proportional_mb(process).unwrap_or_default();
        }
        ensure!(usage.memory_mb > 0.0, "the server is gone");
        Ok(usage)
    }

    /// What the program itself holds of the memory now, megabytes.
    pub(crate) fn resident_mb(&self) -> Result<f64> {
        status_mb(self.child.id(), "VmRSS:").context("the server is gone")
    }

    /// The most that it has held since [`Self::forget_peak`], megabytes.
    pub(crate) fn peak_mb(&self) -> Result<f64> {
        peak_mb(self.child.id()).context("the server is gone")
    }

    pub(crate) fn forget_peak(&self) -> Result<()> {
        // See proc(5): 5 resets the peak resident set size.
        Ok(fs::write(
            format!("/proc/{}/clear_refs", self.child.id()),
            "5",
        )?)
    }

    /// Sends it a signal, such as `-TERM`.
    pub(crate) fn signal(&self, signal: &str) -> Result<()> {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args([signal, &id]).status()?;
        ensure!(sent.success(), "{signal} cannot be sent");
        Ok(())
    }

    /// The status that it ends with, if it does so in time.
    pub(crate) async fn ended(&mut self, within: Duration) -> Result<Option<ExitStatus>> {
        let began = Instant::now();
        loop {
            let status = self.child.try_wait()?;
            if status.is_some() || began.elapsed() > within {
                return Ok(status);
            }
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// The value of a line of `/metrics`; 0 where there is none.
    pub(crate) async fn metric(&self, name: &str) -> Result<f64> {
        let mut stream = TcpStream::connect(self.address).await?;
        let request = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        let value = answer
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.map_or(Ok(0.0), |value| Ok(value.trim().parse()?))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Processor time of this program, seconds.
pub(crate) fn own_cpu_secs() -> f64 {
    cpu_secs(std::process::id()).unwrap_or_default()
}

/// A process and all below it.
fn tree(root: u32) -> Result<Vec<u32>> {
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(process) = name.to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        if let Some(parent) = stat_field(process, 1) {
            children.entry(parent as u32).or_default().push(process);
        }
    }
    let mut found = vec![root];
    let mut next = 0;
    while let Some(process) = found.get(next) {
        found.extend(children.remove(process).unwrap_or_default());
        next += 1;
    }
    Ok(found)
}

/// User and system time.
fn cpu_secs(process: u32) -> Option<f64> {
    let ticks = stat_field(process, 11)? + stat_field(process, 12)?;
    Some(ticks as f64 / TICKS_A_SECOND)
}

/// A number of `/proc/PID/stat`, counted from what follows the program's name, which may hold spaces and brackets.
fn stat_field(process: u32, position: usize) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let (_, fields) = text.rsplit_once(") ")?;
    fields.split_whitespace().nth(position)?.parse().ok()
}

/// Memory shared with others counts by its share.
fn proportional_mb(process: u32) -> Option<f64> {
    megabytes(&format!("/proc/{process}/smaps_rollup"), "Pss:")
}

/// The most that a process has held of the memory, megabytes; none where it has ended.
pub(crate) fn peak_mb(process: u32) -> Option<f64> {
    status_mb(process, "VmHWM:")
}

fn status_mb(process: u32, name: &str) -> Option<f64> {
    megabytes(&format!("/proc/{process}/status"), name)
}

/// A line of such a file of `/proc`.
fn megabytes(path: &str, name: &str) -> Option<f64> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    let kilobytes: f64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kilobytes / 1024.0)
}
