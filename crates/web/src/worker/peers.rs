//! The other workers of a stream: pixels go from one to the other, never through the page's thread.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Array, ArrayBuffer, Uint8Array};
use live_keypoints_pipeline::picture::RgbImage;
use wasm_bindgen::prelude::*;
use web_sys::{MessageEvent, MessagePort};

use crate::worker_id::WorkerId;

/// Buffers that wait to be used again, for each peer: one under way, one being read.
const MAX_SPARES: usize = 2;

/// Ports to the others, the newest of each place.
pub(super) struct Peers {
    ports: RefCell<Vec<Peer>>,
    take: Rc<dyn Fn(u64, RgbImage)>,
}

struct Peer {
    worker: WorkerId,
    port: MessagePort,
    /// Buffers come back once they are read. Made anew for every frame, they would lie about as garbage by hundreds of
    /// megabytes.
    spares: Rc<RefCell<Vec<ArrayBuffer>>>,
    _listener: Closure<dyn FnMut(MessageEvent)>,
}

impl Peers {
    /// Peers whose pixels go to `take`.
    pub(super) fn new(take: impl Fn(u64, RgbImage) + 'static) -> Self {
        Self {
            ports: RefCell::default(),
            take: Rc::new(take),
        }
    }

    /// Another worker, in place of the one before it.
    pub(super) fn connect(&self, worker: WorkerId, port: MessagePort) {
        let spares: Rc<RefCell<Vec<ArrayBuffer>>> = Rc::default();
        let listener = {
            let (port, spares, take) = (port.clone(), Rc::clone(&spares), Rc::clone(&self.take));
            Closure::new(move |event: MessageEvent| match event.data().dyn_into() {
                Ok(spare) => give(&spares, spare),
                Err(pixels) => read(&pixels, &port, take.as_ref()),
            })
        };
        port.set_onmessage(Some(listener.as_ref().unchecked_ref()));
        let mut ports = self.ports.borrow_mut();
        ports.retain(|peer| {
            let stays = peer.worker.place != worker.place;
            if !stays {
                peer.port.close();
            }
            stays
        });
        ports.push(Peer {
            worker,
            port,
            spares,
            _listener: listener,
        });
    }

    /// Sends a copy of a frame's pixels, unless that worker is gone.
    pub(super) fn send(&self, to: WorkerId, frame: u64, image: &RgbImage) {
        let ports = self.ports.borrow();
        let Some(peer) = ports.iter().find(|peer| peer.worker == to) else {
            return;
        };
        let pixels = image.pixels();
        let length = pixels.len() as u32;
        let spare = peer.spares.borrow_mut().pop();
        let buffer = spare
            .filter(|spare| spare.byte_length() == length)
            .unwrap_or_else(|| ArrayBuffer::new(length));
        Uint8Array::new(&buffer).copy_from(pixels);
        let message = Array::of4(
            &(frame as f64).into(),
            &image.width().into(),
            &image.height().into(),
            &buffer,
        );
        // What can be posted is posted; a port that is closed swallows it.
        let _ = peer
            .port
            .post_message_with_transferable(&message, &Array::of1(&buffer));
    }
}

fn give(spares: &RefCell<Vec<ArrayBuffer>>, spare: ArrayBuffer) {
    let mut spares = spares.borrow_mut();
    if spares.len() < MAX_SPARES {
        spares.push(spare);
    }
}

fn read(message: &JsValue, port: &MessagePort, take: &dyn Fn(u64, RgbImage)) {
    let Some(parcel) = message.dyn_ref::<Array>() else {
        return;
    };
    let number = |at: u32| parcel.get(at).as_f64().unwrap_or_default();
    let (frame, width, height) = (number(0) as u64, number(1) as u32, number(2) as u32);
    let Ok(buffer) = parcel.get(3).dyn_into::<ArrayBuffer>() else {
        return;
    };
    let pixels = Uint8Array::new(&buffer).to_vec();
    let _ = port.post_message_with_transferable(&buffer, &Array::of1(&buffer));
    if let Ok(image) = RgbImage::from_rgb(width, height, pixels) {
        take(frame, image);
    }
}
