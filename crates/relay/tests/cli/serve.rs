//! `serve`: static files, their headers, what is refused, how it ends.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::program::{Relay, relay};
use live_keypoints_pipeline::Options;
use live_keypoints_relay::model_loading::{ModelSource, load};
use live_keypoints_relay::serve::{ServeConfig, ServeError, bind, run};
use tokio::sync::oneshot;

/// The server as a process.
struct Server(Relay);

impl Server {
    fn start(www: &Path) -> Self {
        Self(Relay::start(
            &mut relay(),
            &["--www", www.to_str().unwrap()],
        ))
    }

    /// Sends `METHOD TARGET` as it is, with more header lines, and gives the whole answer.
    fn request(&self, start: &str, headers: &str) -> String {
        let mut stream = TcpStream::connect(&self.0.address).unwrap();
        write!(
            stream,
            "{start} HTTP/1.1\r\nHost: localhost\r\n{headers}Connection: close\r\n\r\n"
        )
        .unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        String::from_utf8(answer).unwrap()
    }
}

fn site() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let www = folder.path().join("www");
    std::fs::create_dir_all(www.join("models")).unwrap();
    for (name, content) in [
        ("www/index.html", "<!doctype html>"),
        ("www/module.wasm", "\0asm"),
        ("www/worker.js", "export {}"),
        ("www/models/pose.onnx", "onnx"),
        ("secret.txt", "secret"),
    ] {
        std::fs::write(folder.path().join(name), content).unwrap();
    }
    folder
}

fn header<'a>(answer: &'a str, name: &str) -> &'a str {
    answer
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
        .unwrap_or_default()
}

#[test]
fn files_come_with_their_types_and_are_to_be_revalidated() {
    let site = site();
    let server = Server::start(&site.path().join("www"));
    for (path, content_type, body) in [
        ("/", "text/html", "<!doctype html>"),
        ("/index.html", "text/html", "<!doctype html>"),
        ("/module.wasm", "application/wasm", "\0asm"),
        ("/worker.js", "text/javascript", "export {}"),
        ("/models/pose.onnx", "application/octet-stream", "onnx"),
    ] {
        let answer = server.request(&format!("GET {path}"), "");
        assert!(answer.starts_with("HTTP/1.1 200"), "{path}: {answer}");
        assert_eq!(header(&answer, "content-type"), content_type, "{path}");
        assert_eq!(header(&answer, "cache-control"), "no-cache");
        assert!(answer.ends_with(&format!("\r\n\r\n{body}")), "{path}");
        let etag = header(&answer, "etag");
        let again = server.request(
            &format!("GET {path}"),
            &format!("If-None-Match: {etag}\r\n"),
        );
        assert!(again.starts_with("HTTP/1.1 304"), "{path}: {again}");
        let modified = header(&answer, "last-modified");
        let headers = format!("If-Modified-Since: {modified}\r\n");
        let again = server.request(&format!("GET {path}"), &headers);
        assert!(again.starts_with("HTTP/1.1 304"), "{path}: {again}");
    }
    let head = server.request("HEAD /module.wasm", "");
    assert!(head.starts_with("HTTP/1.1 200") && head.ends_with("\r\n\r\n"));
}

#[test]
fn what_is_not_in_the_folder_is_not_found() {
    let site = site();
    let server = Server::start(&site.path().join("www"));
    for path in [
        "/no-such-file",
        "/models",
        "/models/",
        "/../secret.txt",
        "/models/../../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/%2e%2e%2fsecret.txt",
        "/..%5csecret.txt",
        "/%00",
        "//etc/passwd",
        "/%2fetc%2fpasswd",
    ] {
        let answer = server.request(&format!("GET {path}"), "");
        let is_refused = ["307", "400", "404"]
            .iter()
            .any(|status| answer.starts_with(&format!("HTTP/1.1 {status}")));
        assert!(is_refused, "{path}: {answer}");
        assert!(
            !answer.contains("secret\n") && !answer.ends_with("secret"),
            "{path}"
        );
        assert!(!answer.contains("root:"), "{path}");
    }
    let post = server.request("POST /index.html", "Content-Length: 0\r\n");
    assert!(post.starts_with("HTTP/1.1 405"), "{post}");
}

#[cfg(unix)]
#[test]
fn only_regular_files_of_the_folder_are_served_and_none_whose_name_starts_with_a_dot() {
    use std::os::unix::fs::symlink;

    let site = site();
    let www = site.path().join("www");
    std::fs::create_dir_all(www.join(".git")).unwrap();
    std::fs::create_dir_all(www.join("fifo")).unwrap();
    for name in [".env", ".git/config"] {
        std::fs::write(www.join(name), "secret").unwrap();
    }
    symlink("../secret.txt", www.join("out.txt")).unwrap();
    symlink("..", www.join("up")).unwrap();
    symlink(".git", www.join("hidden")).unwrap();
    symlink("/dev/zero", www.join("zero")).unwrap();
    symlink("index.html", www.join("in.html")).unwrap();
    for fifo in ["fifo.jpg", "fifo/index.html"] {
        let made = Command::new("mkfifo").arg(www.join(fifo)).status();
        assert!(made.unwrap().success());
    }
    let server = Server::start(&www);
    for path in [
        "/.env",
        "/%2eenv",
        "/.git/config",
        "/.git/",
        "/models/../.env",
        "/out.txt",
        "/up/secret.txt",
        "/hidden/config",
        "/zero",
        "/fifo.jpg",
        "/fifo/",
        "/fifo/index.html",
    ] {
        let answer = server.request(&format!("GET {path}"), "");
        assert!(answer.starts_with("HTTP/1.1 404"), "{path}: {answer}");
        assert!(!answer.contains("secret"), "{path}: {answer}");
    }
    let inside = server.request("GET /in.html", "");
    assert!(inside.ends_with("<!doctype html>"), "{inside}");
}

#[test]
fn pages_come_with_the_policies_that_no_ordinary_page_does_without() {
    let site = site();
    let server = Server::start(&site.path().join("www"));
    let answer = server.request("GET /", "");
    let policy = header(&answer, "content-security-policy");
    assert!(policy.contains("frame-ancestors 'self'"), "{policy}");
    assert_eq!(header(&answer, "permissions-policy"), "camera=(self)");
    assert_eq!(header(&answer, "x-content-type-options"), "nosniff");
    assert!(!header(&answer, "referrer-policy").is_empty());
}

#[cfg(unix)]
#[test]
fn an_interrupt_or_a_termination_ends_it_with_status_zero() {
    let site = site();
    for signal in ["-INT", "-TERM"] {
        let mut server = Server::start(&site.path().join("www"));
        // A connection that is kept alive and idle must not hold the end up.
        let mut idle = TcpStream::connect(&server.0.address).unwrap();
        idle.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            .unwrap();
        idle.read_exact(&mut [0; 16]).unwrap();
        let id = server.0.child.id().to_string();
        assert!(
            Command::new("kill")
                .args([signal, &id])
                .status()
                .unwrap()
                .success()
        );
        let deadline = Instant::now() + Duration::from_secs(10);
        let status = loop {
            if let Some(status) = server.0.child.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < deadline, "{signal}: still running");
            std::thread::sleep(Duration::from_millis(20));
        };
        assert_eq!(status.code(), Some(0), "{signal}");
    }
}

#[test]
fn a_port_that_is_taken_is_named() {
    let site = site();
    let server = Server::start(&site.path().join("www"));
    let address = server.0.address.to_string();
    let output = relay()
        .args(["serve", "--listen", &address])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(
        stderr.contains(&address) && stderr.contains("already"),
        "{stderr}"
    );
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let output = relay()
        .args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--www",
            "no/such/folder",
        ])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("no/such/folder"), "{stderr}");
    assert!(output.stdout.is_empty());
    let wrong = relay()
        .args(["serve", "--listen", "somewhere"])
        .output()
        .unwrap();
    assert_eq!(wrong.status.code(), Some(2));
}

#[tokio::test]
async fn the_library_serves_until_its_future_resolves() {
    let site = site();
    let listener = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = listener.local_addr().unwrap();
    let taken = bind(address).await.unwrap_err();
    assert!(matches!(taken, ServeError::AddressTaken { .. }));
    let models = load(&ModelSource::Embedded, &Options::default()).unwrap();
    let models = Arc::new(models);
    let config = ServeConfig {
        www: Some(site.path().join("www")),
        ..ServeConfig::new(Arc::clone(&models))
    };
    let (end, ended) = oneshot::channel::<()>();
    let server = tokio::spawn(run(listener, config, async move {
        let _ = ended.await;
    }));
    assert!(TcpStream::connect(address).is_ok());
    end.send(()).unwrap();
    server.await.unwrap().unwrap();
    let file = ServeConfig {
        www: Some(site.path().join("secret.txt")),
        ..ServeConfig::new(models)
    };
    let listener = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let error = run(listener, file, std::future::pending())
        .await
        .unwrap_err();
    assert!(matches!(error, ServeError::NoFolder { .. }));
}
