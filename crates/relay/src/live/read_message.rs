//! For the fuzzer; not part of the API.

use live_keypoints_pipeline::{Options, Parts};
use live_keypoints_protocol::{ClientMessage, FrameMessage, ServerMessage, binary_result};

/// Reads bytes as each kind of message that a client or a relay can send. What can be read can be written, too, and then
/// says the same.
#[doc(hidden)]
pub fn read_message(bytes: &[u8]) {
    let _ = FrameMessage::read(bytes);
    let _ = binary_result::decode(bytes, Parts::ALL);
    let text = str::from_utf8(bytes).unwrap_or_default();
    if let Ok(message) = ClientMessage::read(text) {
        assert_eq!(
            ClientMessage::read(&message.to_json()).as_ref(),
            Ok(&message)
        );
        if let ClientMessage::Configure(configure) = message {
            configure.apply(&mut Options::default());
        }
    }
    if let Ok(Some(message)) = ServerMessage::read(text) {
        assert_eq!(ServerMessage::read(&message.to_json()), Ok(Some(message)));
    }
}
