import AnalyticLearning
import CommandSupport
import Foundation

/// A long-tailed stream: the results of plain ridge regression and of the ways of balancing.
struct LongTail {
    /// Rows of each digit, from the head to the tail.
    static let counts = [129, 94, 55, 44, 29, 19, 12, 9, 5, 3]
    /// Classes with fewer rows are the tail.
    private static let tailBelow = 20

    private let client: HTTPClient
    private let digits: Digits

    init(client: HTTPClient, digits: Digits) {
        self.client = client
        self.digits = digits
    }

    /// Runs the stream through a model of each kind and prints how they compare on the test rows.
    func run(width: Int, ridge: Double) throws {
        let stream = Self.stream(digits)
        print(
            "\nlong-tailed stream: \(stream.count) rows, \(Self.counts.map(String.init).joined(separator: ", ")) of the digits 0 to 9; "
                + "tail: the digits with fewer than \(Self.tailBelow)\n")
        let table = Table([("weights", 17), ("accuracy", 8), ("balanced accuracy", 8), ("tail accuracy", 8)])
        table.printHeader()
        for (title, name, imbalance) in [
            ("plain", "long-tail-plain", #"{"kind":"none"}"#),
            ("pseudo-features", "long-tail-pseudo-features", #"{"kind":"pseudo_features"}"#),
            ("reweight", "long-tail-reweight", #"{"kind":"reweight"}"#),
            ("discriminant", "long-tail-discriminant", #"{"kind":"discriminant"}"#),
        ] {
            let model = DemoModel(name: name, client: client)
            try model.create(width: width, ridge: ridge, imbalance: imbalance)
            for start in stride(from: 0, to: stream.count, by: 32) { try model.learn(stream[start..<min(start + 32, stream.count)]) }
            if title != "plain" { try model.rebalance() }
            let accuracy = Accuracy(digits.test, try model.predict(digits.test))
            table.printRow([
                title, Self.format(accuracy.overall), Self.format(accuracy.balanced(over: 0..<10)),
                Self.format(accuracy.balanced(over: Self.counts.indices.filter { Self.counts[$0] < Self.tailBelow })),
            ])
        }
    }

    /// `counts` rows of each digit, shuffled.
    private static func stream(_ digits: Digits) -> [Digits.Sample] {
        var generator = SeededGenerator(seed: 11)
        let rows = counts.enumerated().flatMap { digit, count in digits.training.filter { $0.label == digit }.prefix(count) }
        return rows.shuffled(using: &generator)
    }

    private static func format(_ value: Double) -> String { String(format: "%.4f", value) }

    /// Correct predictions of each digit.
    private struct Accuracy {
        private var rows = [Int](repeating: 0, count: 10)
        private var correct = [Int](repeating: 0, count: 10)

        init(_ samples: [Digits.Sample], _ predictions: [DemoModel.Prediction]) {
            for (sample, prediction) in zip(samples, predictions) {
                rows[sample.label] += 1
                correct[sample.label] += prediction.label == sample.name ? 1 : 0
            }
        }

        var overall: Double { Double(correct.reduce(0, +)) / Double(rows.reduce(0, +)) }

        /// The mean of some digits' accuracies.
        func balanced(over digits: some Collection<Int>) -> Double {
            digits.reduce(0) { $0 + Double(correct[$1]) / Double(rows[$1]) } / Double(digits.count)
        }
    }
}
