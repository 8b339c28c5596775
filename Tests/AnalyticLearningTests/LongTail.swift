import LinearAlgebra

@testable import AnalyticLearning

/// The long-tailed digits of the golden case `aefocl_digits`.
struct LongTail {
    let digits: Digits
    let order: [Int]
    let sizes: [Int]
    let test: [Int]
    static let labels = (0..<10).map(String.init)

    init() throws {
        // Bits depend on how products are cut; tests running in parallel must not change that.
        BLASLibrary.current.setThreadCount(1)
        digits = try Digits()
        let file = try Vectors("aefocl_digits")
        order = try file.integers("order")
        sizes = try file.integers("batch_sizes")
        test = try Vectors("acil_digits").integers("test")
    }

    /// A classifier that has learned the stream, in its own batches or in given ones.
    func classifier(
        _ imbalance: Imbalance = .none, rank: SketchRank? = nil, ridge: Double = 0.1, batches: [Int]? = nil
    ) throws -> Classifier {
        let configuration = ModelConfiguration(
            dimension: Digits.dimension, featureMap: .randomRelu(width: Digits.width, seed: 0), ridge: ridge, imbalance: imbalance,
            sketchRank: rank)
        let map = FeatureMap.randomRelu(
            try RandomProjection(inputs: Digits.dimension, outputs: Digits.width, elements: digits.projection))
        let classifier = try Classifier(configuration, featureMap: map)
        var start = 0
        for size in batches ?? sizes {
            try learn(start..<(start + size), classifier)
            start += size
        }
        return classifier
    }

    /// Learns some rows of the stream.
    func learn(_ range: Range<Int>, _ classifier: Classifier) throws {
        try classifier.learn(features: digits.rows(order[range]), labels: order[range].map { "\(digits.labels[$0])" })
    }

    /// The test rows after the map, [D×n].
    func mappedTest() throws -> Matrix {
        var h = try Matrix(rows: Digits.width, columns: test.count)
        for (column, row) in digits.mapped(test).enumerated() {
            h.withMutableColumn(column) { _ = $0.update(fromContentsOf: row) }
        }
        return h
    }

    /// The share of correct predictions: over all test rows, and the mean over the classes.
    func accuracies(
        _ weights: borrowing Matrix, _ classifier: Classifier, _ h: borrowing Matrix
    ) throws -> (plain: Double, balanced: Double) {
        var scores = try Matrix(rows: h.columns, columns: weights.columns)
        scores.multiply(h, transposed: true, by: weights)
        var (right, rows) = ([Double](repeating: 0, count: 10), [Double](repeating: 0, count: 10))
        for (row, index) in test.enumerated() {
            let best = (0..<scores.columns).max { scores[row, $0] < scores[row, $1] }!
            let label = digits.labels[index]
            rows[label] += 1
            if classifier.registry.labels[best] == "\(label)" { right[label] += 1 }
        }
        let recalls = zip(right, rows).map { $0 / $1 }
        return (right.reduce(0, +) / rows.reduce(0, +), recalls.reduce(0, +) / 10)
    }
}
