//! Drives a client as a page does, over sockets that a test plays the relay on.

use live_keypoints_pipeline::format::jsonl::HandWorld;
use live_keypoints_pipeline::signs::SignEvent;
use live_keypoints_pipeline::{
    ErrorCode, FailedFrame, FrameError, FrameKeypoints, FrameResult, Landmarks,
};
use live_keypoints_protocol::{
    FrameHeader, FrameMessage, Label, PROTOCOL, ServerMessage, Welcome, WelcomeLimits,
    binary_result,
};

use crate::relay::{
    ConnectionState, LinkState, Reconnect, RelayClient, RelayEvent, RelayOptions, SocketId,
    Transmit,
};

/// More steps at one moment than any driver needs.
const MANY_STEPS: usize = 10_000;

/// What a relay has of one connection.
#[derive(Debug)]
pub(super) struct Socket {
    pub(super) id: SocketId,
    pub(super) subprotocols: Vec<String>,
    pub(super) texts: Vec<String>,
    pub(super) headers: Vec<FrameHeader>,
    /// The byte behind `FF D8` of each frame.
    pub(super) marks: Vec<u8>,
    pub(super) is_open: bool,
    pub(super) unsent_bytes: u64,
    pub(super) is_closed_by_client: bool,
}

impl Socket {
    pub(super) fn ids(&self) -> Vec<u32> {
        self.headers.iter().map(|header| header.frame_id).collect()
    }
}

/// A client, all that it said, and what it is to be told next.
pub(super) struct Driver {
    pub(super) client: RelayClient<u8>,
    pub(super) now_ms: f64,
    pub(super) sockets: Vec<Socket>,
    /// Whether frames are encoded at once.
    pub(super) encodes: bool,
    /// The frame that is being encoded.
    pub(super) encoding: Option<(u64, u8)>,
    /// The indices of those frames that are stills.
    pub(super) stills: Vec<u64>,
    pub(super) results: Vec<FrameResult>,
    pub(super) timestamps_ms: Vec<f64>,
    pub(super) states: Vec<ConnectionState>,
    pub(super) signs: Vec<SignEvent<Label>>,
    pub(super) is_started: bool,
    pub(super) forgotten: usize,
    pub(super) ended: Option<FrameError>,
}

pub(super) fn options() -> RelayOptions {
    RelayOptions {
        reconnect: Reconnect {
            first_ms: 10,
            ..Reconnect::default()
        },
        ..RelayOptions::default()
    }
}

pub(super) fn in_flight(max_frames_in_flight: u32) -> RelayOptions {
    RelayOptions {
        max_frames_in_flight,
        ..options()
    }
}

impl Driver {
    /// A client whose first socket is not open yet.
    pub(super) fn new(options: RelayOptions) -> Self {
        let name = "wss://relay.example/live-signs";
        let mut driver = Self {
            client: RelayClient::new(name, options, 1, 1000.0).unwrap(),
            now_ms: 1000.0,
            sockets: Vec::new(),
            encodes: true,
            encoding: None,
            stills: Vec::new(),
            results: Vec::new(),
            timestamps_ms: Vec::new(),
            states: Vec::new(),
            signs: Vec::new(),
            is_started: false,
            forgotten: 0,
            ended: None,
        };
        driver.drive();
        driver
    }

    /// A client that has started, on a relay with these limits.
    pub(super) fn started_with(options: RelayOptions, limits: WelcomeLimits) -> Self {
        let mut driver = Self::new(options);
        driver.accept_with(limits);
        assert!(driver.is_started);
        driver
    }

    pub(super) fn started(options: RelayOptions) -> Self {
        Self::started_with(options, WelcomeLimits::default())
    }

    /// Does all that the client asks for now.
    pub(super) fn drive(&mut self) {
        for _ in 0..MANY_STEPS {
            if !(self.encode_next() | self.transmit_next() | self.hear_next()) {
                return;
            }
        }
        panic!("the client never rests");
    }

    fn encode_next(&mut self) -> bool {
        if let Some(socket) = self.sockets.last() {
            let (id, is_open, bytes) = (socket.id, socket.is_open, socket.unsent_bytes);
            if is_open {
                self.client.observe(id, is_open, bytes, self.now_ms);
            }
        }
        let Some(frame) = self.client.poll_encode(self.now_ms) else {
            return false;
        };
        assert_eq!(self.encoding, None, "one at a time");
        self.encoding = Some((frame.index, frame.frame));
        if self.encodes {
            self.encoded();
        }
        true
    }

    /// The encoder has done its work.
    pub(super) fn encoded(&mut self) {
        if let Some((index, mark)) = self.encoding.take() {
            let jpeg = vec![0xFF, 0xD8, mark];
            self.client.encoded(index, Ok(jpeg), self.now_ms);
        }
    }

    fn transmit_next(&mut self) -> bool {
        match self.client.poll_transmit() {
            None => return false,
            Some(Transmit::Open {
                socket,
                subprotocols,
            }) => self.sockets.push(Socket {
                id: socket,
                subprotocols,
                texts: Vec::new(),
                headers: Vec::new(),
                marks: Vec::new(),
                is_open: false,
                unsent_bytes: 0,
                is_closed_by_client: false,
            }),
            Some(Transmit::Text { socket, text }) => self.socket(socket).texts.push(text),
            Some(Transmit::Frame {
                socket,
                header,
                jpeg,
            }) => {
                let message = [&header[..], &jpeg].concat();
                let FrameMessage::Jpeg(Some(header), jpeg) = FrameMessage::read(&message) else {
                    panic!("no frame: {message:?}");
                };
                let socket = self.socket(socket);
                socket.headers.push(header);
                socket.marks.push(jpeg[2]);
            }
            Some(Transmit::Close { socket }) => {
                let socket = self.socket(socket);
                socket.is_closed_by_client = true;
                socket.is_open = false;
            }
        }
        true
    }

    fn socket(&mut self, id: SocketId) -> &mut Socket {
        let socket = self
            .sockets
            .iter_mut()
            .find(|socket| socket.id == id)
            .unwrap();
        assert!(!socket.is_closed_by_client, "it is closed");
        socket
    }

    fn hear_next(&mut self) -> bool {
        match self.client.poll_event() {
            None => return false,
            Some(_) if self.ended.is_some() => panic!("there is an event after the last one"),
            Some(RelayEvent::Started) => self.is_started = true,
            Some(RelayEvent::Result {
                result,
                timestamp_ms,
            }) => {
                self.results.push(result);
                self.timestamps_ms.push(timestamp_ms);
            }
            Some(RelayEvent::Connection(state)) => self.states.push(state),
            Some(RelayEvent::Sign(event)) => self.signs.push(event),
            Some(RelayEvent::Forgotten) => self.forgotten += 1,
            Some(RelayEvent::Ended(error)) => self.ended = Some(error),
        }
        true
    }

    /// Lets time pass, with all that is due in it.
    pub(super) fn advance(&mut self, ms: f64) {
        let end_ms = self.now_ms + ms;
        for _ in 0..MANY_STEPS {
            match self.client.next_timeout() {
                Some(due_ms) if due_ms <= end_ms => {
                    self.now_ms = self.now_ms.max(due_ms);
                    self.client.handle_timeout(self.now_ms);
                    self.drive();
                }
                _ => {
                    self.now_ms = end_ms;
                    return;
                }
            }
        }
        panic!("timeouts never end");
    }

    pub(super) fn push(&mut self, mark: u8) -> u64 {
        self.push_at(mark, f64::from(mark))
    }

    pub(super) fn push_at(&mut self, mark: u8, timestamp_ms: f64) -> u64 {
        let index = self
            .client
            .add_frame(mark, timestamp_ms, self.now_ms)
            .unwrap();
        self.drive();
        index
    }

    pub(super) fn still(&mut self, mark: u8) -> Result<u64, ErrorCode> {
        let index = self.client.add_still(mark, self.now_ms);
        self.drive();
        index.map_err(|error| error.code)
    }

    pub(super) fn reset(&mut self) {
        self.client.reset();
        self.drive();
    }

    pub(super) fn last(&self) -> &Socket {
        self.sockets.last().unwrap()
    }

    pub(super) fn open(&mut self) {
        self.sockets.last_mut().unwrap().is_open = true;
        let id = self.last().id;
        self.client.handle_open(id);
        self.drive();
    }

    pub(super) fn say(&mut self, text: &str) {
        let id = self.last().id;
        self.client.handle_text(id, text, self.now_ms);
        self.drive();
    }

    pub(super) fn welcome(&mut self, limits: WelcomeLimits) {
        let welcome = Welcome {
            protocol: PROTOCOL.to_owned(),
            limits,
            ..Welcome::default()
        };
        self.say(&ServerMessage::Welcome(Box::new(welcome)).to_json());
    }

    /// Opens, welcomes and accepts what it is configured to.
    pub(super) fn accept_with(&mut self, limits: WelcomeLimits) {
        self.open();
        self.welcome(limits);
        self.say(&ServerMessage::Configured { next_index: 0 }.to_json());
    }

    pub(super) fn accept(&mut self) {
        self.accept_with(WelcomeLimits::default());
    }

    /// Answers with a pose.
    pub(super) fn answer(&mut self, frame_id: u32) {
        let bytes = binary_result::encode(
            &keypoints(),
            Some(frame_id),
            HandWorld::Omitted,
            binary_result::Version::One,
        );
        let id = self.last().id;
        self.client.handle_binary(id, &bytes.unwrap(), self.now_ms);
        self.drive();
    }

    pub(super) fn answer_all(&mut self, frame_ids: &[u32]) {
        for frame_id in frame_ids {
            self.answer(*frame_id);
        }
    }

    /// Answers with an error.
    pub(super) fn refuse(&mut self, frame_id: u32, code: ErrorCode) {
        let failed = FailedFrame {
            index: 99,
            timestamp_us: 0,
            error: FrameError::new(code, "of set purpose"),
            dropped: 0,
        };
        self.say(&ServerMessage::of_failed(failed, Some(frame_id)).to_json());
    }

    pub(super) fn end(&mut self, code: u16, reason: &str) {
        self.sockets.last_mut().unwrap().is_open = false;
        let id = self.last().id;
        self.client.handle_close(id, code, reason, self.now_ms);
        self.drive();
    }

    /// Index and `dropped` of the frames that have keypoints.
    pub(super) fn keypoints(&self) -> Vec<(u64, u64)> {
        let results = self.results.iter();
        results
            .filter_map(|result| match result {
                FrameResult::Keypoints(keypoints) => Some((keypoints.index, keypoints.dropped)),
                FrameResult::Failed(_) => None,
            })
            .collect()
    }

    /// Index and code of the frames that failed.
    pub(super) fn failures(&self) -> Vec<(u64, ErrorCode)> {
        let results = self.results.iter();
        results
            .filter_map(|result| match result {
                FrameResult::Failed(failed) => Some((failed.index, failed.error.code)),
                FrameResult::Keypoints(_) => None,
            })
            .collect()
    }

    pub(super) fn state_words(&self) -> Vec<LinkState> {
        self.states.iter().map(|state| state.state).collect()
    }

    /// Received, dropped, completed, failed, buffered, in flight.
    pub(super) fn counts(&self) -> [u64; 6] {
        let stats = self.client.stats();
        let counts = [
            stats.received,
            stats.dropped,
            stats.completed,
            stats.failed,
            stats.buffered as u64,
            stats.in_flight as u64,
        ];
        assert_eq!(counts[0], counts[1..].iter().sum::<u64>(), "{counts:?}");
        counts
    }
}

/// Keypoints of a pose alone.
pub(super) fn keypoints() -> FrameKeypoints {
    FrameKeypoints {
        pose: Some(Landmarks::from_fn(|n| [n as f32; 4])),
        ..FrameKeypoints::empty(99, 77, [640, 480])
    }
}
