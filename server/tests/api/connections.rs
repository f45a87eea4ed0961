//! What happens before there is a request: addresses, slow clients, keep-alive.

use std::io::Write;
use std::net::{IpAddr, Ipv6Addr, TcpListener};
use std::time::Instant;

use crate::support::http::{Request, connect, read};
use crate::support::postgres::free_port;
use crate::support::{Engine, TestServer, token};

#[test]
fn one_socket_takes_both_ip_versions() {
    assert!(TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok(), "this test needs IPv6 on the loopback interface");
    let url = format!("postgresql://postgres:x@127.0.0.1:{}/tasks", free_port());
    let server = TestServer::at(&url, &[("HOST", "[::]")]);
    for ip in ["127.0.0.1", "::1"] {
        let address = (ip.parse::<IpAddr>().unwrap(), server.address.port()).into();
        assert_eq!(Request::new("GET", "/livez").send(address).status, 200, "{ip}");
    }
}

#[test]
fn headers_that_never_end_are_given_up_on() {
    let server = TestServer::on(Engine::Sqlite);
    let mut slow = connect(server.address);
    slow.write_all(b"GET /livez HTTP/1.1\r\nHost: test\r\nX-Slow: ").unwrap();
    let began = Instant::now();
    let mut left = Vec::new();
    drop(std::io::Read::read_to_end(&mut slow, &mut left));
    let seconds = began.elapsed().as_secs();
    assert!((10..25).contains(&seconds), "closed after {seconds} s");
    assert_eq!(server.get("/livez").status, 200);
}

#[test]
fn a_body_that_never_ends_is_408() {
    let server = TestServer::on(Engine::Sqlite);
    let mut slow = connect(server.address);
    let head = format!(
        "POST /api/tasks HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{{",
        token::of("ann")
    );
    slow.write_all(head.as_bytes()).unwrap();
    let reply = read(&mut slow);
    assert_eq!((reply.status, reply.header("connection")), (408, Some("close")));
    assert_eq!(reply.header("content-type"), Some("application/problem+json"));
}

#[test]
fn a_connection_serves_many_requests() {
    let server = TestServer::on(Engine::Sqlite);
    let mut stream = connect(server.address);
    let request = "GET /livez HTTP/1.1\r\nHost: test\r\n\r\n";
    let last = "GET /livez HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n";
    stream.write_all(format!("{request}{request}{last}").as_bytes()).unwrap();
    let all = read(&mut stream);
    assert_eq!(all.body.matches("HTTP/1.1 200 OK").count(), 2, "two more answers follow the first");
}
