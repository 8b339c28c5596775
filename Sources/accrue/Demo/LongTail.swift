import AnalyticLearning
import CommandSupport
import Foundation

/// The results of plain ridge regression and of the ways of balancing, on all digits and on a long-tailed stream of them.
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

    /// A way of balancing: the model's imbalance, and the balances of the predictions, with their titles.
    private static let ways: [(name: String, imbalance: String, balances: [(title: String, balance: Double)])] = [
        ("plain", "none", [("plain", 0), ("balance 0.5", 0.5), ("balance 1", 1)]),
        ("discriminant", "discriminant", [("discriminant", 0)]),
        ("pseudo-features", "pseudo_features", [("pseudo-features", 0)]),
        ("reweight", "reweight", [("reweight", 0)]),
    ]

    /// Runs both streams through a model of each kind and prints how they compare on the test rows.
    func run(width: Int, ridge: Double) throws {
        let tail = Self.stream(digits)
        print(
            "\nways of balancing: all digits (\(digits.training.count) rows), and a long tail (\(tail.count) rows: "
                + "\(Self.counts.map(String.init).joined(separator: ", ")) of the digits 0 to 9); "
                + "tail: the digits with fewer than \(Self.tailBelow)\n")
        let table = Table([
            ("weights", 17), ("accuracy, all digits", 12), ("balanced accuracy", 8), ("accuracy, long tail", 12), ("balanced accuracy", 8),
            ("tail accuracy", 8),
        ])
        table.printHeader()
        for way in Self.ways {
            let even = try learned(digits.training, "digits-" + way.name, way.imbalance, width, ridge)
            let long = try learned(tail, "long-tail-" + way.name, way.imbalance, width, ridge)
            for (title, balance) in way.balances {
                let (all, few) = (try accuracy(even, balance), try accuracy(long, balance))
                let values = [
                    all.overall, all.balanced(over: 0..<10), few.overall, few.balanced(over: 0..<10),
                    few.balanced(over: Self.counts.indices.filter { Self.counts[$0] < Self.tailBelow }),
                ]
                table.printRow([title] + values.map(Self.format))
            }
        }
    }

    /// A model that has learned some rows.
    private func learned(
        _ samples: [Digits.Sample], _ name: String, _ imbalance: String, _ width: Int, _ ridge: Double
    ) throws -> DemoModel {
        let model = DemoModel(name: name, client: client)
        try model.create(width: width, ridge: ridge, imbalance: #"{"kind":"\#(imbalance)"}"#)
        for start in stride(from: 0, to: samples.count, by: 32) { try model.learn(samples[start..<min(start + 32, samples.count)]) }
        if imbalance != "none" { try model.rebalance() }
        return model
    }

    private func accuracy(_ model: DemoModel, _ balance: Double) throws -> Accuracy {
        Accuracy(digits.test, try model.predict(digits.test, balance: balance))
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
