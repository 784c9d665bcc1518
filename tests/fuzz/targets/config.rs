#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| zonewright_fuzz::config(octets));
