import AnalyticLearning
import CommandSupport

/// 8×8 images of handwritten digits: real data for the demonstration.
struct Digits {
    /// The length of a feature vector.
    static let dimension = 64

    struct Sample {
        var label: Int
        /// Its label in the service: the digit itself.
        var name: Label { try! Label("\(label)") }
        /// 64 values from 0 to 1, multiples of a sixteenth.
        var features: [Double]
    }

    let training: [Sample]
    let test: [Sample]

    /// The samples, shuffled by a fixed generator; a quarter of them is set aside for testing.
    init(seed: UInt64) {
        let bytes = UnsafeBufferPointer(start: Self.text.utf8Start, count: Self.text.utf8CodeUnitCount)
        var samples = bytes.split(separator: UInt8(ascii: "\n")).map { line in
            Sample(
                label: Int(line.first! - UInt8(ascii: "0")), features: line.dropFirst().map { Double($0 - UInt8(ascii: "a")) / 16 })
        }
        var generator = SeededGenerator(seed: seed)
        samples.shuffle(using: &generator)
        let split = samples.count * 3 / 4
        training = Array(samples[..<split])
        test = Array(samples[split...])
    }
}
