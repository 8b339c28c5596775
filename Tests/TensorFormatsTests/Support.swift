import Glibc

@testable import TensorFormats

/// Whether to run the long forms of the slow tests (ACCRUE_FULL=1).
let runsFullTests = getenv("ACCRUE_FULL").map { String(cString: $0) } == "1"

/// A small fast generator with a fixed seed, so that failures are reproducible (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
}

/// Runs `body` on a scanner over the UTF-8 bytes of `text`.
func scanning<Result>(_ text: String, _ body: (inout JSONScanner) throws(JSONError) -> Result) throws(JSONError) -> Result {
    try scanning(Array(text.utf8), body)
}

/// Runs `body` on a scanner over `bytes`.
func scanning<Result>(_ bytes: [UInt8], _ body: (inout JSONScanner) throws(JSONError) -> Result) throws(JSONError) -> Result {
    try bytes.withUnsafeBufferPointer { (buffer) throws(JSONError) in
        var scanner = JSONScanner(UnsafeRawBufferPointer(buffer))
        return try body(&scanner)
    }
}

/// The error that `body` throws on a scanner over `text`, or nil.
func scanError<Result>(_ text: String, _ body: (inout JSONScanner) throws(JSONError) -> Result) -> JSONError? {
    do {
        _ = try scanning(text, body)
        return nil
    } catch { return error }
}
