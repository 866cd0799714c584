//! The glue in a real browser: real workers, real fetch, a worker that is ended, a start that is given up.

#![cfg(target_arch = "wasm32")]
#![expect(clippy::unwrap_used, reason = "a test ends where its own set-up fails")]

use js_sys::{Array, Float32Array, Function, Object, Promise, Reflect, Uint8Array};
use live_keypoints_pipeline::inference::ModelKind;
use live_keypoints_web::{PageStream, version};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

/// What `worker.ts` of the npm package does, with the module of these tests.
const WORKER: &str = r#"
import init, { InferenceWorker } from "ORIGIN/wasm-bindgen-test";
let worker;
addEventListener("message", async ({ data }) => {
  try {
    if (data.compile) {
      const compiled = await WebAssembly.compileStreaming(fetch(data.compile.url));
      return postMessage({ compiled });
    }
    if (data.module)
      worker = init({ module_or_path: data.module }).then(() => new InferenceWorker());
    const started = await worker;
    if (!data.module) started.receive(data);
  } catch ({ code, message }) {
    postMessage({ broken: { code, message } });
  }
});
postMessage({ hello: "VERSION" });
"#;

macro_rules! fixture {
    ($path:literal) => {
        include_bytes!(concat!("../../../tests/", $path))
    };
}

const FRAME: &[u8] = fixture!("fixtures/clips/fingers/000.jpg");

fn get(object: &JsValue, key: &str) -> JsValue {
    Reflect::get(object, &key.into()).unwrap()
}

fn set(object: &JsValue, key: &str, value: impl Into<JsValue>) {
    Reflect::set(object, &key.into(), &value.into()).unwrap();
}

fn number(object: &JsValue, key: &str) -> f64 {
    get(object, key).as_f64().unwrap()
}

fn text(object: &JsValue, key: &str) -> String {
    get(object, key).as_string().unwrap()
}

fn function(arguments: &str, body: &str) -> Function {
    Function::new_with_args(arguments, body)
}

fn bytes(kind: ModelKind) -> Uint8Array {
    Uint8Array::from(kind.embedded_bytes())
}

/// A stream's options, and what happens to it.
struct Test {
    options: JsValue,
    workers: Array,
    /// Results, one after the other, and what ended the stream.
    results: Array,
}

impl Test {
    /// So many workers, which get every model but those of `left_out` without a request.
    fn new(workers: u32, left_out: &[ModelKind]) -> Self {
        let origin = text(&get(&js_sys::global(), "location"), "origin");
        let script = WORKER
            .replace("ORIGIN", &origin)
            .replace("VERSION", &version());
        let (made, results) = (Array::new(), Array::new());
        let create = function(
            "script, made",
            "const url = URL.createObjectURL(new Blob([script], { type: 'text/javascript' }));
             const worker = new Worker(url, { type: 'module' });
             const terminate = () => Worker.prototype.terminate.call(worker);
             worker.terminate = () => { worker.isEnded = true; terminate(); };
             made.push(worker);
             return worker;",
        );
        let models = JsValue::from(Object::new());
        for kind in ModelKind::ALL {
            if !left_out.contains(&kind) {
                set(&models, kind.name(), bytes(kind));
            }
        }
        let assets = JsValue::from(Object::new());
        set(&assets, "models", models);
        let options = JsValue::from(Object::new());
        set(&options, "workers", workers);
        set(&options, "maxPixels", 1e7);
        set(&options, "workerTimeoutMs", 10_000);
        set(&options, "assets", assets);
        set(
            &options,
            "createWorker",
            create.bind2(&JsValue::NULL, &script.into(), &made),
        );
        let address = "return location.origin + (name === 'inference' ? '/wasm-bindgen-test_bg.wasm' : `/nowhere/${name}`);";
        set(&options, "addressOf", function("name", address));
        set(&options, "guard", function("call", "return call;"));
        set(
            &options,
            "onPanic",
            function("message", "console.error(message);"),
        );
        Self {
            options,
            workers: made,
            results,
        }
    }

    fn option(self, key: &str, value: impl Into<JsValue>) -> Self {
        set(&self.options, key, value);
        self
    }

    async fn start(&self) -> Result<PageStream, JsValue> {
        let stream = PageStream::start(self.options.clone()).await?;
        let push = function("results, result", "results.push(result);");
        let push: Function = push.bind1(&JsValue::NULL, &self.results).unchecked_into();
        stream.connect(push.clone(), push);
        Ok(stream)
    }

    /// The error that the start fails with; every worker is ended then.
    async fn error(&self) -> JsValue {
        let Err(error) = self.start().await else {
            panic!("it started");
        };
        for worker in self.workers.iter() {
            assert!(get(&worker, "isEnded").is_truthy());
        }
        error
    }

    /// The result after those that were taken already.
    async fn next(&self, taken: u32) -> JsValue {
        for _ in 0..3000 {
            if self.results.length() > taken {
                return self.results.get(taken);
            }
            pause(10).await;
        }
        panic!("there is no result {taken}");
    }
}

async fn pause(ms: u32) {
    let wait = function(
        "ms",
        "return new Promise((resolve) => setTimeout(resolve, ms));",
    );
    let wait: Promise = wait
        .call1(&JsValue::NULL, &ms.into())
        .unwrap()
        .unchecked_into();
    JsFuture::from(wait).await.unwrap();
}

fn push(stream: &PageStream, jpeg: &[u8], timestamp_ms: f64) {
    let frame = Uint8Array::from(jpeg);
    stream.add_frame(&frame, timestamp_ms, None).unwrap();
    stream.pump();
}

#[wasm_bindgen_test]
async fn two_workers_find_the_landmarks_of_mediapipe() {
    let golden: serde_json::Value =
        serde_json::from_slice(fixture!("golden/fingers.clip.json")).unwrap();
    let clip: [&[u8]; 3] = [
        FRAME,
        fixture!("fixtures/clips/fingers/001.jpg"),
        fixture!("fixtures/clips/fingers/002.jpg"),
    ];
    let test = Test::new(2, &[]).option("face", 468);
    let stream = test.start().await.unwrap();
    for (index, jpeg) in clip.into_iter().enumerate() {
        push(&stream, jpeg, (index + 1) as f64 * 33.333);
    }
    for index in 0..3 {
        let result = test.next(index).await;
        assert_eq!(number(&result, "width"), 320.0);
        // The pixels are jpeg-decoder's, MediaPipe's were libjpeg-turbo's: that alone moves points by tenths of a pixel.
        for (part, name, values, limit_px) in [
            ("pose", "pose", 4, 1.5),
            ("leftHand", "left_hand", 3, 1.5),
            ("face", "face", 3, 0.3),
        ] {
            let points: Float32Array = get(&result, part).dyn_into().unwrap();
            let points = points.to_vec();
            let expected = golden["frames"][index as usize][name].as_array().unwrap();
            assert_eq!(points.len(), expected.len() * values);
            let distance = |(own, expected): (&[f32], &serde_json::Value)| {
                let x = (f64::from(own[0]) - expected[0].as_f64().unwrap()) * 320.0;
                let y = (f64::from(own[1]) - expected[1].as_f64().unwrap()) * 240.0;
                x.hypot(y)
            };
            let sum: f64 = points.chunks(values).zip(expected).map(distance).sum();
            let mean = sum / expected.len() as f64;
            assert!(mean < limit_px, "frame {index}, {part}: {mean} px");
        }
        assert!(get(&result, "rightHand").is_null());
    }
    stream.close();
    for worker in test.workers.iter() {
        assert!(get(&worker, "isEnded").is_truthy());
    }
}

#[wasm_bindgen_test]
async fn bad_pictures_fail_alone() {
    let test = Test::new(1, &[]);
    let stream = test.start().await.unwrap();
    for (index, (jpeg, expected)) in [
        (&b""[..], Some("empty-frame")),
        (b"GIF89a", Some("not-a-jpeg")),
        (&FRAME[..900], Some("malformed-picture")),
        (FRAME, None),
    ]
    .into_iter()
    .enumerate()
    {
        push(&stream, jpeg, index as f64);
        let result = test.next(index as u32).await;
        let code = get(&result, "code").as_string();
        assert_eq!(code.as_deref(), expected);
    }
    stream.close();
}

#[wasm_bindgen_test]
async fn a_worker_that_is_ended_costs_its_frame_and_is_replaced() {
    let test = Test::new(1, &[]);
    set(&test.options, "workerTimeoutMs", 1000);
    let stream = test.start().await.unwrap();
    push(&stream, FRAME, 0.0);
    let terminate: Function = get(&test.workers.get(0), "terminate").unchecked_into();
    terminate.call0(&test.workers.get(0)).unwrap();
    assert_eq!(text(&test.next(0).await, "code"), "worker-died");
    push(&stream, FRAME, 1.0);
    assert_eq!(number(&test.next(1).await, "width"), 320.0);
    assert_eq!(test.workers.length(), 2);
    stream.close();
}

#[wasm_bindgen_test]
async fn a_start_that_is_given_up_leaves_no_worker() {
    let test = Test::new(3, &[]);
    let abort = function(
        "",
        "const controller = new AbortController();
         setTimeout(() => controller.abort(), 20);
         return controller.signal;",
    );
    set(
        &test.options,
        "signal",
        abort.call0(&JsValue::NULL).unwrap(),
    );
    assert_eq!(text(&test.error().await, "code"), "aborted");
    assert_eq!(test.workers.length(), 3);
}

#[wasm_bindgen_test]
async fn a_model_that_is_not_there_or_is_another_is_told() {
    let error = Test::new(2, &[ModelKind::FaceLandmark478]).error().await;
    assert_eq!(text(&error, "code"), "asset-unreachable");
    assert!(text(&error, "message").contains("/nowhere/face_landmarks_478"));

    let test = Test::new(2, &[]);
    let models = get(&get(&test.options, "assets"), "models");
    set(&models, "face_landmarks_478", bytes(ModelKind::HandRecrop));
    assert_eq!(text(&test.error().await, "code"), "model-mismatch");
    set(&models, "face_landmarks_478", Uint8Array::from(&b"{}"[..]));
    assert_eq!(text(&test.error().await, "code"), "model-malformed");
}

#[wasm_bindgen_test]
async fn wrong_options_are_named_and_have_a_code() {
    for (key, value) in [
        ("bufferSize", JsValue::from(0)),
        ("bufferSize", JsValue::from(1.5)),
        ("maxFramesInFlight", JsValue::from(17)),
        ("minPoseDetectionConfidence", JsValue::from(2)),
        ("parts", JsValue::from("pose")),
        ("smoothing", JsValue::from("yes")),
        ("mirrored", JsValue::NULL),
        ("quality", JsValue::from("medium")),
    ] {
        let error = Test::new(1, &[]).option(key, value).error().await;
        assert_eq!(text(&error, "code"), "invalid-option");
        assert!(text(&error, "message").contains(key));
    }
}

#[wasm_bindgen_test]
async fn what_is_no_frame_is_named_and_stills_beyond_the_room_are_busy() {
    let test = Test::new(1, &[]);
    let stream = test.start().await.unwrap();
    let error = stream.add_frame(&"a text".into(), 0.0, None).unwrap_err();
    assert_eq!(text(&error, "code"), "unsupported-frame");
    let frame = Uint8Array::from(FRAME);
    let busy = (0..100).find_map(|_| stream.add_still(&frame, None).err());
    assert_eq!(text(&busy.unwrap(), "code"), "busy");
    stream.close();
}
