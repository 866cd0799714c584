//! Attackers that speak HTTP: names, tokens, files. Each gives what was not as it should be.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use futures_util::future::join_all;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use super::MOMENT;
use super::floods::upgrade_request;
use crate::server::Server;

/// More than the threads that a runtime has for files.
const PIPES_OPENED: usize = 600;
const TOKEN: &str = "correct-horse-battery-staple";
const NEXT_TOKEN: &str = "tr0ub4dor-and-3-of-its-friends";

/// Files that such a row needs: a page's folder, a file of tokens.
pub(super) fn files() -> Result<TempDir> {
    let folder = tempfile::tempdir()?;
    let www = folder.path().join("www");
    fs::create_dir_all(www.join(".git"))?;
    for (name, content) in [
        ("www/index.html", "<!doctype html>"),
        ("www/.env", "secret"),
        ("www/.git/config", "secret"),
        ("outside.txt", "secret"),
        ("tokens", TOKEN),
    ] {
        fs::write(folder.path().join(name), content)?;
    }
    #[cfg(unix)]
    std::os::unix::fs::symlink("../outside.txt", www.join("link.txt"))?;
    let made = Command::new("mkfifo").arg(www.join("pipe")).status()?;
    ensure!(made.success(), "no FIFO can be made");
    Ok(folder)
}

/// The status of an answer, and the whole of it where it ends in a moment.
async fn answer(address: SocketAddr, request: &str) -> Option<(u16, String)> {
    let mut text = Vec::new();
    let read = async {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(request.as_bytes()).await?;
        // An upgraded connection stays open.
        while !text.starts_with(b"HTTP/1.1 101") && stream.read_buf(&mut text).await? > 0 {}
        anyhow::Ok(())
    };
    let _ = timeout(MOMENT, read).await;
    let text = String::from_utf8_lossy(&text).into_owned();
    let status = text.split(' ').nth(1)?.parse().ok()?;
    Some((status, text))
}

async fn expect(address: SocketAddr, request: &str, what: &str, status: u16) -> Option<String> {
    let found = answer(address, request).await.map(|(status, _)| status);
    (found != Some(status)).then(|| format!("{what}: {found:?}, not {status}"))
}

fn get(path: &str, headers: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{headers}Connection: close\r\n\r\n")
}

/// Names that are the relay's own, or an attacker's. `example.org` is allowed.
pub(super) async fn names(address: SocketAddr) -> Vec<String> {
    let port = address.port();
    let mut faults = Vec::new();
    for (what, headers, status) in [
        (
            "a page whose name leads here",
            format!("Host: evil.example:{port}\r\nOrigin: http://evil.example:{port}\r\n"),
            403,
        ),
        ("no Host", String::new(), 400),
        (
            "two of them",
            format!("Host: {address}\r\nHost: evil.example\r\n"),
            400,
        ),
        (
            "a name that is allowed",
            "Host: example.org\r\nOrigin: https://example.org\r\n".to_owned(),
            101,
        ),
        (
            "its default port",
            "Host: example.org:443\r\nOrigin: https://example.org\r\n".to_owned(),
            101,
        ),
        (
            "localhost",
            format!("Host: localhost:{port}\r\nOrigin: http://localhost:{port}\r\n"),
            101,
        ),
    ] {
        let request = upgrade_request(&headers);
        faults.extend(expect(address, &request, what, status).await);
    }
    let request = "GET /metrics HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n";
    faults.extend(expect(address, request, "its metrics", 403).await);
    faults
}

/// What needs a token, and how many are tried.
pub(super) async fn tokens(server: &Server, folder: &Path) -> Result<Vec<String>> {
    let address = server.address;
    let bearer = |token: &str| format!("Authorization: Bearer {token}\r\n");
    let session = |headers: &str| upgrade_request(&format!("Host: {address}\r\n{headers}"));
    let mut faults = Vec::new();
    let many: String = (0..1000).map(|n| bearer(&format!("wrong-{n}"))).collect();
    for (what, request, status) in [
        ("metrics without a token", get("/metrics", ""), 401),
        ("metrics with it", get("/metrics", &bearer(TOKEN)), 200),
        ("health without it", get("/healthz", ""), 200),
        ("a session without it", session(""), 401),
        ("a session with it", session(&bearer(TOKEN)), 101),
    ] {
        faults.extend(expect(address, &request, what, status).await);
    }
    let guesses = session(&(many + &bearer(TOKEN)));
    let tried = answer(address, &guesses).await.map(|(status, _)| status);
    if tried == Some(101) {
        faults.push("a thousand tokens of one request are tried".to_owned());
    }
    fs::write(folder.join("tokens"), NEXT_TOKEN)?;
    server.signal("-HUP")?;
    sleep(MOMENT).await;
    for (what, token, status) in [
        ("the new token after SIGHUP", NEXT_TOKEN, 101),
        ("the old one", TOKEN, 401),
    ] {
        faults.extend(expect(address, &session(&bearer(token)), what, status).await);
    }
    Ok(faults)
}

/// Files that are none of the page's.
pub(super) async fn foreign_files(address: SocketAddr) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    for path in ["/.env", "/.git/config", "/link.txt", "/pipe"] {
        faults.extend(expect(address, &get(path, ""), path, 404).await);
    }
    let pipe = get("/pipe", "");
    let opened = (0..PIPES_OPENED).map(|_| async {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(pipe.as_bytes()).await?;
        anyhow::Ok(stream)
    });
    let held = join_all(opened).await;
    let page = answer(address, &get("/", "")).await;
    match page.context("the page is not served beside pipes") {
        Ok((_, page)) => {
            let page = page.to_lowercase();
            for header in ["content-security-policy", "permissions-policy"] {
                if !page.contains(&format!("\r\n{header}: ")) {
                    faults.push(format!("no {header}"));
                }
            }
        }
        Err(error) => faults.push(error.to_string()),
    }
    drop(held);
    Ok(faults)
}
