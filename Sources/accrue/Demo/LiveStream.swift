import CommandSupport
internal import Concurrency
import Foundation

/// Streams digits into two new models until stopped, slowly enough to watch: `live-digits`, where digits appear one after another, and
/// `live-long-tail`, where some are rare.
///
/// No row repeats: each image is shifted by up to a pixel and its values are perturbed, so that test-then-train accuracy stays meaningful
/// however long it runs.
final class LiveStream: Sendable {
    static let digitsModel = "live-digits"
    static let longTailModel = "live-long-tail"

    /// Digits at the start of `live-digits`, and rows after which another one appears.
    private static let firstDigits = 3
    private static let rowsPerDigit = 150
    private static let beat = 0.2

    private let port: UInt16
    private let digits: Digits
    private let isStopping = Guarded(false)
    private let ended = DispatchSemaphore(value: 0)

    init(port: UInt16, digits: Digits) {
        self.port = port
        self.digits = digits
    }

    /// Creates the models and starts.
    func start(width: Int, ridge: Double) throws {
        try model(Self.digitsModel).create(width: width, ridge: ridge)
        try model(Self.longTailModel).create(width: width, ridge: ridge, imbalance: #"{"kind":"pseudo_features"}"#)
        try Threads.start("stream") { [self] in
            run()
            ended.signal()
        }
    }

    /// Ends after the request in flight.
    func stop() {
        isStopping.withLock { $0 = true }
        ended.wait()
    }

    private func model(_ name: String) -> DemoModel {
        DemoModel(name: name, client: HTTPClient(host: "127.0.0.1", port: port))
    }

    private func run() {
        var sources = [
            Source(model: model(Self.digitsModel), rows: 8, digits: digits) { digit, rows in
                digit < Self.firstDigits + rows / Self.rowsPerDigit ? 1 : 0
            },
            Source(model: model(Self.longTailModel), rows: 4, digits: digits) { digit, _ in LongTail.counts[digit] },
        ]
        while !isStopping.withLock({ $0 }), !sources.isEmpty {
            // A user who deletes a model has seen enough of it.
            sources = sources.compactMap { source in
                var source = source
                return (try? source.send()) == nil ? nil : source
            }
            Thread.sleep(forTimeInterval: Self.beat)
        }
    }

    /// One model's stream.
    private struct Source {
        let model: DemoModel
        /// Rows per request.
        let rows: Int
        /// Images of each digit.
        private let images: [[Digits.Sample]]
        /// The relative frequency of a digit after `rows` rows.
        private let frequency: (_ digit: Int, _ rows: Int) -> Int
        private var sent = 0
        private var generator = SeededGenerator(seed: 19)

        init(model: DemoModel, rows: Int, digits: Digits, frequency: @escaping (_ digit: Int, _ rows: Int) -> Int) {
            self.model = model
            self.rows = rows
            self.frequency = frequency
            images = (0..<10).map { digit in digits.training.filter { $0.label == digit } }
        }

        /// Learns some rows and predicts one.
        mutating func send() throws {
            try model.learn((0..<rows).map { _ in draw() })
            sent += rows
            _ = try model.predict([draw()])
        }

        private mutating func draw() -> Digits.Sample {
            let frequencies = (0..<10).map { frequency($0, sent) }
            var position = Int.random(in: 0..<frequencies.reduce(0, +), using: &generator)
            var digit = 0
            while position >= frequencies[digit] {
                position -= frequencies[digit]
                digit += 1
            }
            return images[digit].randomElement(using: &generator)!.disturbed(using: &generator)
        }
    }
}

extension Digits.Sample {
    /// The image shifted by up to one pixel, each value changed by up to an eighth.
    fileprivate func disturbed(using generator: inout SeededGenerator) -> Digits.Sample {
        let (right, down) = (Int.random(in: -1...1, using: &generator), Int.random(in: -1...1, using: &generator))
        var moved = [Double](repeating: 0, count: Digits.dimension)
        for row in 0..<8 {
            for column in 0..<8 where (0..<8).contains(row - down) && (0..<8).contains(column - right) {
                let value = features[(row - down) * 8 + column - right]
                moved[row * 8 + column] = min(max(value + Double(Int.random(in: -2...2, using: &generator)) / 16, 0), 1)
            }
        }
        return Digits.Sample(label: label, features: moved)
    }
}
