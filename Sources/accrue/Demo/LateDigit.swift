import CommandSupport
import Foundation

/// A digit that arrives last: how many of its rows the model must learn until it predicts the digit, by the plain weights and by the
/// discriminant of the same model.
struct LateDigit {
    /// The digits are examined after each of these numbers of rows.
    private static let rows = [1, 2, 3, 4, 5, 7, 10, 15, 20, 30, 50]

    private let client: HTTPClient
    private let digits: Digits

    init(client: HTTPClient, digits: Digits) {
        self.client = client
        self.digits = digits
    }

    /// Leaves out one digit after another, then learns its rows, and prints how soon half of its test rows are recognised.
    func run(width: Int, ridge: Double) throws {
        print("\nnine digits, then the tenth: its rows until half of its test rows are recognised, and then the accuracy on all\n")
        let table = Table([
            ("new digit", 9), ("rows, plain", 8), ("rows, discriminant", 12), ("accuracy, plain", 8), ("accuracy, discriminant", 12),
        ])
        table.printHeader()
        for digit in 0..<10 {
            let model = DemoModel(name: "late-\(digit)", client: client)
            try model.create(width: width, ridge: ridge, imbalance: #"{"kind":"discriminant"}"#)
            let early = digits.training.filter { $0.label != digit }
            for start in stride(from: 0, to: early.count, by: 64) { try model.learn(early[start..<min(start + 64, early.count)]) }
            let late = digits.training.filter { $0.label == digit }
            var (learned, plain, discriminant): (Int, (Int, Double)?, (Int, Double)?) = (0, nil, nil)
            for count in Self.rows where plain == nil || discriminant == nil {
                try model.learn(late[learned..<count])
                learned = count
                try model.rebalance()
                if plain == nil { plain = try accuracy(model, digit, "plain").map { (count, $0) } }
                if discriminant == nil { discriminant = try accuracy(model, digit, "balanced").map { (count, $0) } }
            }
            table.printRow(
                ["\(digit)"] + [plain, discriminant].map { $0.map { "\($0.0)" } ?? "more than 50" }
                    + [plain, discriminant].map { $0.map { String(format: "%.4f", $0.1) } ?? "" })
        }
    }

    /// The accuracy on all test rows, if at least half of the digit's are recognised.
    private func accuracy(_ model: DemoModel, _ digit: Int, _ weights: String) throws -> Double? {
        let predictions = try model.predict(digits.test, weights: weights)
        var (rows, recognised, correct) = (0, 0, 0)
        for (sample, prediction) in zip(digits.test, predictions) {
            let isRight = prediction.label == sample.name
            correct += isRight ? 1 : 0
            guard sample.label == digit else { continue }
            rows += 1
            recognised += isRight ? 1 : 0
        }
        return 2 * recognised >= rows ? Double(correct) / Double(digits.test.count) : nil
    }
}
