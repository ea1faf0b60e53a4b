//! Generates the client from the repository's `openapi.json`.

#[path = "build/downgrade.rs"]
mod downgrade;

use std::error::Error;
use std::path::Path;
use std::{env, fs};

use progenitor::{GenerationSettings, Generator, InterfaceStyle};

const DOCUMENT: &str = "../../../openapi.json";

fn main() -> Result<(), Box<dyn Error>> {
    for file in [DOCUMENT, "build.rs", "build/downgrade.rs"] {
        println!("cargo::rerun-if-changed={file}");
    }
    let mut document = serde_json::from_str(&fs::read_to_string(DOCUMENT)?)?;
    downgrade::to_3_0(&mut document);
    let document: openapiv3::OpenAPI = serde_json::from_value(document)?;
    let mut settings = GenerationSettings::default();
    let mut generator = Generator::new(settings.with_interface(InterfaceStyle::Builder));
    let code = generator.generate_tokens(&document)?;
    let file = Path::new(&env::var("OUT_DIR")?).join("client.rs");
    Ok(fs::write(file, code.to_string())?)
}
