//! Options that the package reads by itself, before a module is there or without one.

use super::{Check, OptionKey};

/// Options of one call.
pub(super) struct PackageOptions {
    pub(super) name: &'static str,
    pub(super) doc: &'static str,
    /// The type of other options that it has as well.
    pub(super) extends: Option<&'static str>,
    pub(super) keys: Vec<OptionKey>,
}

const COORDINATE: Check = Check::Package("number", r#"kind: "number", default: NaN"#);
const COLOR: Check = Check::Package("string", r#"kind: "any""#);
const SIGNAL: Check = Check::Package("AbortSignal", r#"kind: "signal""#);
const ASSETS: Check = Check::Package(
    "AssetsOption",
    r#"kind: "nested", options: ASSET_SOURCES, or: "address""#,
);
const CREATE_SOCKET: Check = function("((url: string, protocols: string[]) => SocketLike)");
const ON_PROGRESS: Check = function("((progress: Progress) => void)");
const ASSET: Check = address("AssetSource | WebAssembly.Module");

const fn function(type_name: &'static str) -> Check {
    Check::Package(type_name, r#"kind: "function""#)
}

const fn address(type_name: &'static str) -> Check {
    Check::Package(type_name, r#"kind: "address""#)
}

macro_rules! package {
    ($(
        $(#[doc = $doc:literal])+
        $Name:ident $(extends $Base:literal)? {
            $($(#[doc = $text:literal])+ $key:ident $(is $required:ident)?: $check:expr $(, $default:expr)?;)+
        }
    )+) => {
        [$(PackageOptions {
            name: stringify!($Name),
            doc: concat!($($doc, "\n"),+),
            extends: [$($Base)?].first().copied(),
            keys: vec![$(OptionKey {
                name: super::js_name!($key),
                doc: concat!($($text, "\n"),+),
                check: $check,
                default: <[String]>::first(&[$($default.to_string())?]).cloned(),
                is_required: !<[&str]>::is_empty(&[$(stringify!($required))?]),
            }),+],
        }),+]
    };
}

/// Those that are named by others come first.
pub(super) fn package_options() -> [PackageOptions; 13] {
    package! {
        /// Where assets come from, one by one; what is not named comes from `baseUrl`.
        AssetSources {
            /// Folder that holds `wasm/` and `models/` as the package's `dist` does. Default: next to this module.
            base_url: address("string | URL");
            /// The page's module, `wasm/session/session_bg.wasm`.
            session: ASSET;
            /// The workers' module: `wasm/inference/inference_relaxed_bg.wasm` where the browser has relaxed SIMD, else
            /// `wasm/inference/inference_bg.wasm`.
            inference: ASSET;
            /// The client of a relay, `wasm/relay/relay_bg.wasm`, which only `connect()` and a fallback load.
            relay: ASSET;
            /// The recogniser of signs, `wasm/signs/signs_bg.wasm`, which only option `signs` and `SignRecognizer` load.
            signs: ASSET;
            /// Model files by name.
            models: Check::Package("Partial<Record<ModelName, AssetSource>>", r#"kind: "nested", options: MODEL_SOURCES"#);
        }
        /// A relay to fall back to.
        RelayFallback extends "RelayOptions" {
            /// Such as `wss://host/live-signs`.
            url is required: Check::Package("string | URL", r#"kind: "any""#);
            /// Makes the socket, as `new WebSocket(url, protocols)` does.
            create_socket: CREATE_SOCKET;
            /// Where the client's WebAssembly comes from. Default: as of `create()`.
            assets: ASSETS;
        }
        /// What signs are recognised by. Everything is optional: without a manifest, they are taught by example.
        SignsOptions {
            /// `signs.json`, which says what is recognised, by which points and when it is told: its address, or itself. Its
            /// schema is `live-keypoints/signs.schema.json`. Default: one for signs of both hands, by example.
            manifest: address("AssetSource | object");
            /// The ONNX model that the manifest names. Default: the file of that name beside the manifest.
            model: address("AssetSource");
            /// Examples that `export()` gave, to begin with. Only where the manifest names no model.
            examples: Check::Secret;
        }
        /// What `SignRecognizer.create` may be told.
        SignRecognizerOptions extends "SignsOptions" {
            /// Where the module comes from, as for `LiveKeypoints.create`. Default: next to this module.
            assets: ASSETS;
            /// Aborts `create()`, which then rejects with code `aborted`; without effect afterwards.
            signal: SIGNAL;
        }
        /// What `LiveKeypoints.create` may be told. Everything is optional.
        CreateOptions extends "StreamOptions" {
            /// Where WebAssembly and models come from. Default: next to this module.
            assets: ASSETS;
            /// Signs to recognise, told by events `sign` and `idle` and by `LiveKeypoints.signs`. Frames are computed as the
            /// manifest needs it, with `skipStill`; an option that says otherwise is refused. A relay that is fallen back to is
            /// asked for its own signs.
            signs: Check::Package("SignsOptions", r#"kind: "nested", options: SIGNS_OPTIONS"#);
            /// Address of the worker script, where the bundler does not find it by itself. Must be of the page's origin.
            worker_url: address("string | URL");
            /// Makes a worker that runs `live-keypoints/worker`; goes before `workerUrl`.
            create_worker: function("(() => WorkerLike)");
            /// The relay that computes where WebAssembly SIMD is missing or workers cannot start: its address, or that and its
            /// options; those that both have are taken over. `LiveKeypoints.engine` says which it was. A slow line is no reason: then
            /// `create()` takes as long as it takes, or rejects with `asset-unreachable`.
            fallback: Check::Package("string | URL | RelayFallback", r#"kind: "nested", options: RELAY_FALLBACK, or: "address""#);
            /// Told why the relay of `fallback` will compute, before anything is sent there. `create()` waits for what it returns, and
            /// rejects with what it throws.
            on_fallback: function("((reason: LiveKeypointsError) => void | Promise<void>)");
            /// Aborts `create()`, which then rejects with code `aborted`; without effect afterwards.
            signal: SIGNAL;
            /// Told how far downloading, compiling and loading have come.
            on_progress: ON_PROGRESS;
        }
        /// What `LiveKeypoints.connect` may be told. Everything is optional.
        ConnectOptions extends "RelayOptions" {
            /// Makes the socket, as `new WebSocket(url, protocols)` does.
            create_socket: CREATE_SOCKET;
            /// Where the client's WebAssembly comes from, as with `create()`. Default: next to this module.
            assets: ASSETS;
            /// Aborts `connect()`, which then rejects with code `aborted`; without effect afterwards.
            signal: SIGNAL;
            /// Told when frames can be pushed.
            on_progress: ON_PROGRESS;
        }
        /// How one frame is given.
        FrameOptions {
            /// Capture time in milliseconds, which comes back as it was given. Default: `VideoFrame.timestamp / 1000`, else
            /// `performance.now()`. Any finite number, also below 0. A step back in time, as of a video that loops, restarts
            /// smoothing and leaves tracking alone; a frame of the same time as the one before it is not smoothed. (MediaPipe
            /// ends with an error at both.)
            timestamp_ms: Check::Package("number", r#"kind: "number""#);
            /// Whether the frame is taken over: a VideoFrame or ImageBitmap is closed, the buffer behind bytes or ImageData is
            /// detached. Default true for VideoFrame and ImageBitmap, false for bytes and ImageData, which are copied (33 MB at
            /// 4K, for which the page is busy some 8 ms); without meaning for the others.
            transfer: Check::Boolean;
        }
        /// How a single picture is given to `detect`.
        DetectOptions {
            /// As of `FrameOptions`.
            transfer: Check::Boolean;
            /// Gives the answer up.
            signal: SIGNAL;
        }
        /// How frames are taken.
        AttachOptions {
            /// Ends it, as the returned function does.
            signal: SIGNAL;
            /// What happens while the page is hidden: `pause` skips frames, the stream stays as it is; `continue` takes them
            /// where they come from a track (a `<video>` stops with its page).
            when_hidden: Check::Word(None, &["pause", "continue"]), r#""pause""#;
        }
        /// How a recording is made. Everything is optional.
        PoseRecorderOptions {
            /// Frames a second that the file names, above 0. Default: as the capture times say, or 30 where fewer than two do.
            fps: Check::Package("number", r#"kind: "number", above: 0"#);
            /// Frames after which `add` throws `too-many-bytes`, 1 to 4,294,967,295, which is the format's own limit. The
            /// default is an hour at 30 frames a second, about 1 GB.
            max_frames: Check::Whole(1..=u32::MAX), 108_000;
            /// Points of every face of the file, as of the stream: what a face has more is left out, what it lacks is zero.
            face: Check::OneOf(&[468, 478]), 478;
            /// Where the session module comes from, as for `LiveKeypoints.create`. Default: next to this module.
            assets: ASSETS;
            /// Aborts `create()`, which then rejects with code `aborted`; without effect afterwards.
            signal: SIGNAL;
        }
        /// A rectangle of the canvas, in canvas pixels.
        Area {
            /// Left edge.
            x is required: COORDINATE;
            /// Upper edge.
            y is required: COORDINATE;
            /// Greater than 0.
            width is required: COORDINATE;
            /// Greater than 0.
            height is required: COORDINATE;
        }
        /// Colours of the parts, as CSS colours.
        DrawColors {
            /// Lines and points of the body.
            pose is required: COLOR;
            /// The subject's left hand.
            left_hand is required: COLOR;
            /// The subject's right hand.
            right_hand is required: COLOR;
            /// Contours or points of the face.
            face is required: COLOR;
            /// Drawn under every line, so that it stands out from any picture.
            outline is required: COLOR;
        }
        /// How keypoints are drawn. Everything is optional.
        DrawOptions {
            /// Body.
            pose: Check::Boolean, true;
            /// Hands.
            hands: Check::Boolean, true;
            /// Face: its contours, with irises where it has them; all points; or nothing.
            face: Check::Word(None, &["contours", "points", "none"]), r#""contours""#;
            /// Body landmarks below this visibility are left out, 0 to 1.
            min_visibility: Check::Number(0..=1), 0.5;
            /// Width of lines in canvas pixels. Default: a 160th of the picture's shorter side, at least 1.5.
            line_width: Check::Package("number", r#"kind: "number", least: 0"#);
            /// Where the picture lies on the canvas, in canvas pixels. Default: all of it.
            area: Check::Package("Area", r#"kind: "nested", options: AREA"#);
            /// Colours; those not given have their default.
            colors: Check::Package("Partial<DrawColors>", r#"kind: "nested", options: DRAW_COLORS"#);
        }
    }
}
