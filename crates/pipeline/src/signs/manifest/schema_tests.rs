//! The JSON schema of the package is that of the types.

use schemars::schema_for;

use super::Manifest;
use super::file::ManifestFile;

const PATH: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../www/src/signs.schema.json"
);

#[test]
fn the_packages_schema_is_that_of_the_manifest() {
    let schema = schema_for!(ManifestFile);
    let mut expected = serde_json::to_string_pretty(&schema).unwrap();
    expected.push('\n');
    if std::env::var_os("LIVE_KEYPOINTS_GENERATE").is_some() {
        std::fs::write(PATH, &expected).unwrap();
    }
    let found = std::fs::read_to_string(PATH).unwrap();
    assert!(
        found == expected,
        "run LIVE_KEYPOINTS_GENERATE=1 cargo test -p live-keypoints-pipeline schema"
    );
}

#[test]
fn the_committed_manifests_are_sound_and_read_back_as_they_are() {
    let original = include_str!("../../../signs/original.json");
    let manifest = Manifest::from_json(original).unwrap();
    assert_eq!(manifest.features_per_frame(), 184 * 4);
    let window = manifest.window();
    assert_eq!((window.least, window.most), (15, 50));
    for manifest in [manifest, Manifest::by_example()] {
        assert_eq!(
            Manifest::from_json(&manifest.to_json()).as_ref(),
            Ok(&manifest)
        );
    }
}
